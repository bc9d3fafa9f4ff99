"""What the command line says to an admin, sentence by sentence, in Chinese and English: above all what is wrong."""

from command_sentences import COMMANDS

SENTENCES: dict[str, dict[str, str]] = COMMANDS | {
    "environment": {"zh": "环境变量", "en": "the environment's variable"},
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
    "backend_left_out": {
        "zh": "没有写 backend（不写就是 {usual}），而这一项属于 {name}。要由 {name} 回答，请加上：",
        "en": "there is no backend (left out, it is {usual}), and this key belongs to {name}; for an answer by {name} add:",
    },
    "key_of_another_kind": {
        "zh": "这一项属于 {owner}，而这个机器人是 {own}。请删除，或者改写 {choice}",
        "en": "this key belongs to {owner}, but this bot has {own}; remove it, or change {choice}",
    },
    "import_missing": {
        "zh": "找不到模块 {module}：它应是 app.py 所在文件夹（或 PYTHONPATH）里的文件，写成 模块:名字",
        "en": "there is no module {module}; it has to be a file beside app.py (or on PYTHONPATH), written as module:name",
    },
    "import_failed": {
        "zh": "导入模块 {module} 时出错：{error}（{place}）",
        "en": "importing the module {module} failed: {error} ({place})",
    },
    "import_nothing": {
        "zh": "模块 {module} 里没有 {name}",
        "en": "there is no {name} in the module {module}",
    },
    "import_form": {
        "zh": "应写成 模块:名字，例如文件 ours/sales.py 里的 answer 写成 ours.sales:answer",
        "en": "this has to be module:name, such as ours.sales:answer for answer in the file ours/sales.py",
    },
    "handler_form": {
        "zh": "应为其中之一：{choices}，或自己的类，写成 模块:类，例如 handlers_of_ours.sales:SalesBotHandler",
        "en": "this has to be one of: {choices}, or a class of your own as module:Class, such as handlers_of_ours.sales:SalesBotHandler",
    },
    "agent_shape": {
        "zh": "{name} 不能回答问题：应为带一个参数的函数，或有 answer(question) 或 run(params, chatId, stream_callback) 方法的对象；如果是类，要能不带参数创建",
        "en": "{name} takes no question: it has to be a function of one argument, or an object with answer(question) or "
        "run(params, chatId, stream_callback); a class has to be made without arguments",
    },
    "agent_async": {
        "zh": "{name} 是 async 函数，不支持。请另写一个普通函数，在里面用 asyncio.run(…) 调用它",
        "en": "{name} is an async function, which is not supported; write a plain one that calls it by asyncio.run(...)",
    },
    "not_a_handler": {
        "zh": "{name} 不是 BotHandler 的子类（from handlers.chat import BotHandler）",
        "en": "{name} is no subclass of BotHandler (from handlers.chat import BotHandler)",
    },
    "handler_attribute": {
        "zh": "{name} 的 {attribute} 不对：reply_by 是 card、markdown 或 text，Settings 是 CardSettings 或 MessageSettings 的子类，words 是字典",
        "en": "{attribute} of {name} is not right: reply_by is card, markdown or text, Settings a subclass of CardSettings or "
        "MessageSettings, words a dict",
    },
    "own_code_failed": {
        "zh": "自己的 handler 不能使用：{reason}。请修改该程序",
        "en": "a handler of your own cannot be used: {reason}; mend it",
    },
    "handler_words": {
        "zh": "{name} 的 words 里，{word} 不是可以改写的句子，或者用了它没有的占位符",
        "en": "in the words of {name}, {word} is no sentence that can be replaced, or holds a placeholder that it does not have",
    },
    "repeated_path": {
        "zh": "HTTP 地址“{value}”与第 {first} 个机器人重复。请用 webhook_path 换一个",
        "en": 'the path "{value}" is that of bot {first} too; choose another by webhook_path',
    },
    "public_url": {
        "zh": "应为这台机器从外面看的地址，例如 https://bots.example.com，后面不带 ? 和 #；不是某个机器人的地址",
        "en": "this has to be the address of this machine from outside, such as https://bots.example.com, without ? and #; not that of a bot",
    },
    "host": {
        "zh": "应为本机的地址，例如 127.0.0.1 或 0.0.0.0，不含 http:// 和端口",
        "en": "this has to be an address of this machine, such as 127.0.0.1 or 0.0.0.0, without http:// and port",
    },
    "public_url_of_a_bot": {
        "zh": "这是机器人“{name}”自己的地址。这里只写到主机名为止，路径会自动加上：",
        "en": "this is the address of the bot {name} itself; write it up to the host only, the path is put behind it:",
    },
    "public_url_here": {
        "zh": "钉钉访问不到 {host}：这个地址只有本机能用。请写钉钉能访问到的地址：",
        "en": "DingTalk cannot reach {host}, which is an address for this machine alone; write one that it can reach:",
    },
    "url_path": {
        "zh": "应为以 / 开头的路径，不含空格、? # % {{ }}，不能是 / 和 /push/ 开头的路径",
        "en": "this has to be a path that begins with /, without spaces and ? # % {{ }}, but not / itself nor below /push/",
    },
    "weak_token": {
        "zh": "至少 16 个英文字母、数字或符号，不能有空格；可以用 openssl rand -hex 16 生成",
        "en": "this has to be 16 letters, digits or signs at least, without spaces; openssl rand -hex 16 makes one",
    },
    "no_public_url": {
        "zh": "这个机器人用 HTTP 回调接收消息，但没有设置 HTTP_PUBLIC_URL：卡片上不会有“停止”按钮。要有按钮，请在 .env 里写上钉钉能访问到的地址：",
        "en": "this bot receives by HTTP callback, but HTTP_PUBLIC_URL is not set: its cards have no stop button; to have it, put the address "
        "at which DingTalk reaches this machine into .env:",
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
    "not_a_list": {
        "zh": "应为列表：写在方括号里，用英文逗号隔开，或每项一行以“- ”开头",
        "en": 'this has to be a list: in brackets, separated by commas, or a line for each that begins with "- "',
    },
    "store": {
        "zh": "应为 memory，或 sqlite:///文件路径，或 redis://主机（密码里的特殊字符要写成 %XX）",
        "en": "this has to be memory, sqlite:/// and the path of a file, or redis:// and a host (in a password, write odd "
        "characters as %XX)",
    },
    "readable_by_all": {
        "zh": "这台机器上的所有用户都能读取这个文件，里面有密钥。请只留给它的所有者：",
        "en": "everybody on this machine can read this file, and there are secrets in it; leave it to its owner alone:",
    },
    "counts_forgotten": {
        "zh": "设置了每月额度，但用量只记在内存里，重启后从零数起。要保留请加上：",
        "en": "a monthly quota is set, but what is used is counted in memory, and from nothing after a restart; to keep it add:",
    },
    "store_failed": {
        "zh": "SESSION_STORE 打不开：{reason}。如果是文件，请检查文件夹是否存在、权限和磁盘空间；如果是 Redis，请检查地址和密码",
        "en": "SESSION_STORE cannot be opened: {reason}; for a file, check that its folder exists, its permissions "
        "and the disk; for a Redis, its address and its password",
    },
    "port_taken": {
        "zh": "HTTP 端口打不开：{reason}。请换一个 HTTP_PORT，或停掉占用它的程序；HTTP_HOST 必须是本机的地址",
        "en": "the HTTP port cannot be opened: {reason}; choose another HTTP_PORT, or stop the program that has it; HTTP_HOST must be "
        "an address of this machine",
    },
    "nobody_to_warn": {
        "zh": "设置了每月额度，但没有一个机器人写了 admins，快用完时没有人会收到通知。请在 .bots.yaml 里加上：",
        "en": "a monthly quota is set, but no bot has admins, so nobody is told when it runs low; add to .bots.yaml:",
    },
    "not_whole_number": {"zh": "应为整数", "en": "this has to be a whole number"},
    "not_bool": {"zh": "应为 true 或 false", "en": "this has to be true or false"},
    "not_number": {"zh": "应为数字", "en": "this has to be a number"},
    "too_small": {"zh": "不能小于 {ge:g}", "en": "this has to be at least {ge:g}"},
    "not_above": {"zh": "必须大于 {gt:g}", "en": "this has to be more than {gt:g}"},
    "too_large": {"zh": "不能大于 {le:g}", "en": "this may be {le:g} at most"},
    "not_one_of": {"zh": "应为其中之一：{choices}", "en": "this has to be one of: {choices}"},
    "counts_as": {
        "zh": "agent（智能助手）和 chatflow 都算 {meant}。请写 {meant}",
        "en": "an agent or a chatflow counts as {meant}; write {meant}",
    },
    "codebuddy_option": {
        "zh": "codebuddy_options 里不能写 {name}：它由钉桥填写，请删掉这一行",
        "en": "codebuddy_options cannot hold {name}: DingBridge itself fills it in; delete that line",
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
