"""What the command line says to an admin, in Chinese and English: above all what is wrong, and what to do about it."""

import re
from collections.abc import Mapping
from typing import Any, Literal

Language = Literal["zh", "en"]


def sentence(name: str, language: Language, /, **values: object) -> str:
    """Return the sentence of that name with its values filled in."""
    return _SENTENCES[name][language].format(**values)


def where(file: str, line: int, language: Language) -> str:
    """Return the place of a problem: the file and its line."""
    return f"{file} 第 {line} 行" if language == "zh" else f"{file} line {line}"


def explain(error: Mapping[str, Any], language: Language) -> str:
    """Return our own sentence for one of pydantic's errors; its own message may quote a secret."""
    kind, context = str(error["type"]), dict(error.get("ctx", {}))
    if kind == "literal_error":
        context["choices"] = " | ".join(re.findall(r"'([^']+)'", context["expected"]))
    name = _PYDANTIC.get(kind, kind)
    return sentence(name if name in _SENTENCES else "wrong", language, **context)


# pydantic's error types; those that our own validators raise are named like their sentences.
_PYDANTIC = {
    "string_type": "not_text",
    "int_parsing": "not_whole_number",
    "int_parsing_size": "not_whole_number",
    "int_type": "not_whole_number",
    "int_from_float": "not_whole_number",
    "float_parsing": "not_number",
    "float_type": "not_number",
    "finite_number": "not_number",
    "greater_than_equal": "too_small",
    "greater_than": "not_above",
    "less_than_equal": "too_large",
    "literal_error": "not_one_of",
    "dict_type": "not_a_mapping",
}

_SENTENCES: dict[str, dict[str, str]] = {
    "environment": {"zh": "环境变量", "en": "the environment's variable"},
    "found": {"zh": "配置有 {number} 处需要修改：", "en": "{number} to put right in the configuration:"},
    "fine": {
        "zh": "配置没有问题，共 {number} 个机器人（只检查了文件，没有连接钉钉和 AI）：",
        "en": "the configuration is right, bots: {number} (the files were checked; DingTalk and the AI were not asked):",
    },
    "crashed": {
        "zh": "程序内部错误 {kind}（{place}），这不是配置的问题，请把这一行反馈给开发者",
        "en": "an error inside the program, {kind} ({place}); it is not your configuration's: please report this line",
    },
    "not_running": {"zh": "没有在运行", "en": "not running"},
    "silent": {"zh": "已有 {seconds:.0f} 秒没有心跳", "en": "no sign of life for {seconds:.0f} s"},
    "connected": {"zh": "{name}：{number}/{of} 个连接正常", "en": "{name}: {number}/{of} connected"},
    "missing_file": {
        "zh": "文件不存在（在文件夹 {folder} 中）。请复制 {example}，改成这个名字并填写",
        "en": "there is no such file in the folder {folder}; copy {example} to this name and fill it in",
    },
    "folder": {
        "zh": "这是一个文件夹，不是文件（文件不存在时 Docker 会建同名文件夹）。请删除该文件夹，再放入文件",
        "en": "this is a folder, not a file (Docker makes one when the file is missing); remove it and put the file there",
    },
    "unreadable": {
        "zh": "文件无法读取（{reason}）。请检查路径和文件权限",
        "en": "the file cannot be read ({reason}); check its path and permissions",
    },
    "encoding": {
        "zh": "文件不是 UTF-8 编码（可能是 GBK）。请在编辑器中另存为 UTF-8",
        "en": "the file is not UTF-8; save it as UTF-8 in your editor",
    },
    "huge": {
        "zh": "内容太多，不像一份机器人列表。请检查文件是否放错",
        "en": "this is far more than a list of bots can be; check whether it is the right file",
    },
    "yaml_tab": {
        "zh": "这一行有制表符（Tab）。YAML 只能用空格缩进，请换成空格",
        "en": "there is a tab in this line; YAML takes spaces only",
    },
    "yaml_wide_colon": {
        "zh": "用了中文冒号“：”。请换成英文冒号，后面加一个空格",
        "en": 'this colon is a full-width one; write ":" and a space',
    },
    "yaml_dash": {"zh": "“-”后面缺少一个空格", "en": 'there has to be a space after "-"'},
    "yaml_no_space": {"zh": "冒号后面缺少一个空格", "en": 'there has to be a space after ":"'},
    "yaml_no_colon": {
        "zh": "缺少冒号。请写成“键: 值”，冒号用英文的，后面加一个空格",
        "en": 'a colon is missing; write "key: value"',
    },
    "yaml_colon": {
        "zh": "冒号的位置不对：值里有冒号时要加英文引号，同级的键要左对齐",
        "en": "a colon is out of place: quote a value that holds a colon, align the keys of one level",
    },
    "yaml_indent": {
        "zh": "缩进不一致：同一个机器人的各行要左对齐，各个“-”也要左对齐",
        "en": "the indentation is uneven: align the lines of one bot, and the dashes of all bots",
    },
    "yaml_spaces": {
        "zh": "用了全角空格等特殊空格。请换成普通（半角）空格",
        "en": "there is an unusual kind of space in this line; use plain ones",
    },
    "yaml_special": {
        "zh": "值里有 YAML 的特殊字符（如 {{ [ * & ! % @ ` >）。请给整个值加上英文引号",
        "en": "the value holds a character with a meaning in YAML (such as {{ [ * & ! % @ ` >); put quotes around it",
    },
    "yaml_quotation": {"zh": "引号没有成对", "en": "a quote is opened here but not closed"},
    "yaml_tag": {
        "zh": "值以“!”开头。请给它加上英文引号（不支持 YAML 标签）",
        "en": 'the value begins with "!"; put quotes around it (YAML tags are not supported)',
    },
    "yaml_key": {"zh": "键应为一段文字", "en": "a key has to be a plain text"},
    "yaml_merge": {"zh": "“<<”后面应引用一组“键: 值”", "en": '"<<" takes a reference to a set of keys with values'},
    "yaml_documents": {
        "zh": "文件被“---”分成了几份，只能有一份。请删除这一行",
        "en": 'the file is split by "---", but may be one document only; remove this line',
    },
    "yaml_character": {
        "zh": "有看不见的控制字符。请删除后重新输入这一行",
        "en": "there is an invisible control character in this line; type the line anew",
    },
    "yaml_too_large": {
        "zh": "内容太多，不像一份机器人列表。请检查文件是否放错、引用是否重复太多",
        "en": "this is far more than a list of bots can be; check whether it is the right file, and its references",
    },
    "yaml_too_deep": {
        "zh": "层级太深。请检查括号、缩进和引用（引用不能包含自己）",
        "en": "this is nested too deep; check brackets, indentation and references (none may hold itself)",
    },
    "yaml_other": {
        "zh": "不是正确的 YAML：请检查这一行附近的缩进、引号和冒号",
        "en": "this is not valid YAML: check indentation, quotes and colons near this line",
    },
    "env_line": {
        "zh": "这一行不是“变量名=值”。请检查等号（要用英文的）和引号",
        "en": "this line is not NAME=value; check its equals sign and quotes",
    },
    "env_guess": {
        "zh": "没有用到这个变量，是不是 {guess}？",
        "en": "this variable is not used; is {guess} meant?",
    },
    "no_bots": {
        "zh": "没有机器人。bots 下至少要有一个",
        "en": "there are no bots; at least one is needed",
    },
    "bots_not_a_list": {
        "zh": "bots 下应为列表：每个机器人的第一行以“- ”开头",
        "en": 'bots has to be a list: the first line of each bot begins with "- "',
    },
    "list_at_top": {
        "zh": "列表前缺少一行 bots:",
        "en": "the line bots: is missing above the list",
    },
    "not_a_mapping": {
        "zh": "应为“键: 值”的形式（英文冒号，后面加一个空格）",
        "en": 'this has to be keys with values: "key: value"',
    },
    "repeated_key": {"zh": "同一个键写了两次。请删除一个", "en": "the same key stands here twice; remove one"},
    "unknown_key": {"zh": "没有这个配置项。请删除", "en": "there is no such key; remove it"},
    "unknown_key_guess": {
        "zh": "没有这个配置项，是不是 {guess}？",
        "en": "there is no such key; is {guess} meant?",
    },
    "missing": {"zh": "缺少这一项。请补上", "en": "this is missing; add it"},
    "empty": {
        "zh": "不能为空。请填写（以 # 或 & 开头的值要加英文引号）",
        "en": "this must not be empty; fill it in (a value that begins with # or & needs quotes)",
    },
    "placeholder": {
        "zh": "还是示例中的占位内容。请换成真实的值",
        "en": "this is still the example's placeholder; put the real value",
    },
    "repeated_name": {
        "zh": "名称“{value}”与第 {first} 个机器人重复。请换一个",
        "en": 'the name "{value}" is that of bot {first} too; choose another',
    },
    "repeated_client_id": {
        "zh": "“{value}”与第 {first} 个机器人重复。一个钉钉应用只能用于一个机器人，否则消息会随机分给其中一个",
        "en": '"{value}" is that of bot {first} too; an app serves one bot, or DingTalk spreads its messages at random',
    },
    "unset_variable": {
        "zh": "引用的变量 {variable} 没有设置。请在 .env 中加上",
        "en": "the variable {variable} that it refers to is not set; add it to .env",
    },
    "bad_reference": {
        "zh": "变量的写法不对。请写成 ${{变量名}}，变量名只含字母、数字和下划线",
        "en": "a variable is written as ${{NAME}}, its name of letters, digits and underscores only",
    },
    "not_text": {"zh": "应为一段文字", "en": "this has to be a text"},
    "not_whole_number": {"zh": "应为整数", "en": "this has to be a whole number"},
    "not_number": {"zh": "应为数字", "en": "this has to be a number"},
    "too_small": {"zh": "不能小于 {ge}", "en": "this has to be at least {ge}"},
    "not_above": {"zh": "必须大于 {gt}", "en": "this has to be more than {gt}"},
    "too_large": {"zh": "不能大于 {le}", "en": "this may be {le} at most"},
    "not_one_of": {"zh": "应为其中之一：{choices}", "en": "this has to be one of: {choices}"},
    "counts_as": {
        "zh": "agent（智能助手）和 chatflow 都算 {meant}。请写 {meant}",
        "en": "an agent or a chatflow counts as {meant}; write {meant}",
    },
    "unknown_placeholder": {
        "zh": "大括号里不是可用的占位符，可用的有：{known}",
        "en": "what stands in braces is no placeholder; these are: {known}",
    },
    "unquoted_placeholder": {
        "zh": "占位符要加英文引号，否则 YAML 会当作别的内容；可用的有：{known}",
        "en": "a placeholder needs quotes, or YAML takes it for something else; these are: {known}",
    },
    "http_url": {
        "zh": "应为 http:// 或 https:// 开头的地址，不含空格、用户名和密码",
        "en": "this has to be an address that begins with http:// or https://, without spaces, user or password",
    },
    "wrong": {"zh": "值不正确", "en": "this value is not right"},
}
