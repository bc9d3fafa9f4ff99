"""The sentences of configuration problems, in Chinese and English; each names what is wrong and ends in what to do."""

from typing import Literal

Language = Literal["zh", "en"]


def sentence(name: str, language: Language, **values: object) -> str:
    """Return the sentence of that name with its values filled in."""
    return _SENTENCES[name][language].format(**values)


def where(file: str, line: int, language: Language) -> str:
    """Return the place of a problem: the file and its line."""
    return f"{file} 第 {line} 行" if language == "zh" else f"{file} line {line}"


_SENTENCES: dict[str, dict[str, str]] = {
    "missing_file": {
        "zh": "文件不存在。请复制 .bots.yaml.example 为 .bots.yaml 并填写",
        "en": "there is no such file; copy .bots.yaml.example to .bots.yaml and fill it in",
    },
    "folder": {
        "zh": "这是一个文件夹，不是文件（文件不存在时 Docker 会建同名文件夹）。请删除该文件夹，再放入文件",
        "en": "this is a folder, not a file (Docker makes one when the file is missing); remove it and put the file there",
    },
    "unreadable": {
        "zh": "无法读取：{reason}。请检查文件的权限",
        "en": "it cannot be read: {reason}; check the file's permissions",
    },
    "encoding": {"zh": "不是 UTF-8 编码。请另存为 UTF-8", "en": "it is not UTF-8; save it as UTF-8"},
    "yaml_tab": {
        "zh": "用了制表符（Tab）缩进。YAML 只能用空格缩进",
        "en": "indented with a tab; YAML takes spaces only",
    },
    "yaml_colon": {
        "zh": "冒号的位置不对：键与值之间写成“键: 值”，含冒号的值要加引号，同级的键要对齐",
        "en": 'a colon is out of place: write "key: value", quote a value that holds a colon, align keys of one level',
    },
    "yaml_other": {
        "zh": "不是正确的 YAML：检查这一行附近的缩进、引号和冒号",
        "en": "this is not valid YAML: check indentation, quotes and colons near this line",
    },
    "no_bots": {"zh": "没有机器人。至少要有一个", "en": "there are no bots; at least one is needed"},
    "not_a_mapping": {"zh": "应为“键: 值”的形式", "en": "this must be a set of keys with values"},
    "repeated_key": {"zh": "同一个键写了两次。请删除一个", "en": "the same key stands here twice; remove one"},
    "unknown_key": {"zh": "没有这个配置项。请删除", "en": "there is no such key; remove it"},
    "unknown_key_guess": {
        "zh": "没有这个配置项，是不是 {guess}？",
        "en": "there is no such key; is {guess} meant?",
    },
    "missing": {"zh": "缺少这一项", "en": "this is missing"},
    "empty": {"zh": "不能为空", "en": "this must not be empty"},
    "placeholder": {
        "zh": "还是示例中的占位内容，请换成真实的值",
        "en": "this is still the example's placeholder; put the real value",
    },
    "repeated_name": {
        "zh": "名称“{value}”与第 {first} 个机器人重复。请换一个",
        "en": 'the name "{value}" is that of bot {first} too; choose another',
    },
    "repeated_client_id": {
        "zh": "“{value}”与第 {first} 个机器人重复：一个钉钉应用只能用于一个机器人，否则消息会随机分给其中一个",
        "en": '"{value}" is that of bot {first} too: an app serves one bot, or DingTalk spreads its messages at random',
    },
    "unset_variable": {
        "zh": "引用的环境变量 {variable} 没有设置",
        "en": "the variable {variable} that it refers to is not set",
    },
    "not_text": {"zh": "应为一段文字", "en": "this must be a text"},
    "not_whole_number": {"zh": "应为整数", "en": "this must be a whole number"},
    "not_number": {"zh": "应为数字", "en": "this must be a number"},
    "too_small": {"zh": "不能小于 {limit}", "en": "this must be at least {limit}"},
    "too_large": {"zh": "不能大于 {limit}", "en": "this must be at most {limit}"},
    "not_one_of": {"zh": "应为其中之一：{choices}", "en": "this must be one of: {choices}"},
    "unknown_placeholder": {
        "zh": "{name} 中的 {placeholder} 不是可用的占位符，可用的有：{known}",
        "en": "{placeholder} in {name} is not a placeholder; known are: {known}",
    },
    "http_url": {
        "zh": "应为 http:// 或 https:// 开头的地址",
        "en": "this must be an address that begins with http:// or https://",
    },
    "wrong": {"zh": "值不正确", "en": "this value is not right"},
}
