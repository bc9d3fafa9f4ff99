"""What the command line says to an admin, sentence by sentence, in Chinese and English."""

SENTENCES: dict[str, dict[str, str]] = {
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
    "used": {
        "zh": "企业 {corp} 本月已用：API 调用 {calls} 次，消息推送 {pushes} 次",
        "en": "company {corp}, this month: {calls} API calls, {pushes} pushes",
    },
    "sandbox_slow": {
        "zh": "沙箱在 {seconds} 秒内没有启动。请重试；如果一直这样，请看上面的输出",
        "en": "the sandbox did not start within {seconds} s; try again, and see what it wrote above",
    },
    "sandbox_ended": {
        "zh": "沙箱意外结束了（退出码 {code}），演示也只能结束。请重新运行",
        "en": "the sandbox has ended unexpectedly (exit code {code}), and the demo with it; start it again",
    },
    "sandbox_silent": {
        "zh": "沙箱没有应答（{kind}）。请重新运行演示",
        "en": "the sandbox does not answer ({kind}); start the demo again",
    },
    "sandbox_refused": {"zh": "沙箱没有接受 {path}：{answer}", "en": "the sandbox refused {path}: {answer}"},
    "demo_chatbot": {"zh": "聊天助手", "en": "Chatbot"},
    "demo_completion": {"zh": "文案生成", "en": "Copywriter"},
    "demo_workflow": {"zh": "工作流", "en": "Workflow"},
    "demo_openai": {"zh": "大模型", "en": "Model gateway"},
    "demo_codebuddy": {"zh": "CodeBuddy", "en": "CodeBuddy"},
    "demo_python": {"zh": "Python 程序", "en": "Python agent"},
    "demo_echo": {"zh": "回声", "en": "Echo"},
    "demo_ai": {"zh": "演示自带的 AI", "en": "the demo's own AI"},
    "demo_page": {"zh": "演示已启动，请用浏览器打开：", "en": "the demo is running; open this in a browser:"},
    "demo_bot": {"zh": "{name}：已连接 → {ai}", "en": "{name}: connected -> {ai}"},
    "demo_ai_failed": {
        "zh": "！{name}：AI 暂时不可用（{error}），提问时机器人会如实告知。处理办法：{fix}",
        "en": "! {name}: its AI cannot be used now ({error}), and the bot will say so when asked; what to do: {fix}",
    },
    "demo_ai_silent": {
        "zh": "！{name}：AI 在 {seconds} 秒内没有应答，提问时可能要等很久",
        "en": "! {name}: its AI has not answered within {seconds} s; an answer may take long",
    },
    "demo_own": {
        "zh": "钉钉由本机的沙箱代替，不会有消息发到真正的钉钉；提问会发给上面列出的 AI。",
        "en": "The sandbox on this machine stands in for DingTalk: nothing is sent to the real one. Questions go to the AI above.",
    },
    "demo_embedded": {
        "zh": "全部都在本机上运行，不需要账号。用自己的机器人和 AI 来试：python app.py demo --bots .bots.yaml",
        "en": "All of it runs on this machine, without any account. To try bots and an AI of your own: "
        "python app.py demo --bots .bots.yaml",
    },
    "demo_end": {"zh": "按 Ctrl-C 结束。", "en": "Ctrl-C ends it."},
    "demo_not_connected": {
        "zh": "机器人在 {seconds} 秒内没有连上沙箱，原因见上面的输出",
        "en": "the bots could not connect to the sandbox within {seconds} s; see above",
    },
    "demo_not_delivered": {"zh": "消息没有送到机器人：{reason}", "en": "the message did not reach the bot: {reason}"},
    "demo_not_complete": {
        "zh": "回答已有 {seconds} 秒没有进展，不再等待",
        "en": "the answer has not gone on for {seconds} s; no longer waited for",
    },
    "no_such_bot": {
        "zh": "没有名为“{name}”的机器人。--bot 可以是：{names}",
        "en": 'there is no bot "{name}"; --bot may be: {names}',
    },
    "bot_without_say": {
        "zh": "--bot 要和 --say 一起用：它指明对哪个机器人说",
        "en": "--bot goes with --say: it names the bot that is spoken to",
    },
    "help_app": {
        "zh": "钉桥 DingBridge：让 AI 在钉钉机器人里回答。",
        "en": "DingBridge: DingTalk bots, answered by AI.",
    },
    "help_bots": {
        "zh": "机器人列表文件（默认 {file}）；写在 demo 之前或之后都一样，表示演示其中的机器人",
        "en": "the list of bots ({file}); with demo, before or after that word, it means: try these bots",
    },
    "help_env": {"zh": "环境变量文件（默认 {file}）", "en": "the variables ({file})"},
    "help_run": {"zh": "运行机器人（默认命令）", "en": "run the bots (the default)"},
    "help_check": {"zh": "检查 .bots.yaml 和 .env", "en": "check .bots.yaml and .env"},
    "help_ready": {
        "zh": "机器人已连接则退出码为 0（Docker 健康检查）",
        "en": "exit 0 if the bots are connected (Docker's health check)",
    },
    "help_demo": {
        "zh": "在沙箱里试用，不需要钉钉账号：每种 AI 一个演示机器人，或用 --bots 指定自己的",
        "en": "try bots in the sandbox, without DingTalk: one of each kind of AI, or with --bots your own",
    },
    "help_demo_bots": {
        "zh": "试用这个文件里的机器人，由它们自己的 AI 回答，只有钉钉是模拟的；不写文件名则为 {file}",
        "en": "try the bots of this file, answered by their own AI, with DingTalk alone stood in for ({file} if none is named)",
    },
    "help_say": {
        "zh": "对机器人说这句话，在终端里看回答逐步生成，然后结束",
        "en": "say this to a bot and watch its answer grow, then leave",
    },
    "help_bot": {
        "zh": "与 --say 一起用：哪个机器人，即 {kinds}，或 --bots 文件里的名称（默认第一个）",
        "en": "with --say: which bot, one of {kinds}, or a name of --bots (the first if none is named)",
    },
    "help_port": {
        "zh": "网页的端口，0 表示任选一个空闲的（默认 SANDBOX_PORT 或 8090，被占用时用下一个）",
        "en": "the page's port, 0 for any free one (SANDBOX_PORT, 8090, or the next free one)",
    },
    "help_host": {
        "zh": "网页监听的地址（默认 127.0.0.1，只有本机能访问；0.0.0.0 则同一网络的人都能访问）",
        "en": "the page's address (127.0.0.1, for this machine alone; 0.0.0.0 lets its network in)",
    },
    "help_commands": {"zh": "命令", "en": "commands"},
    "port_range": {
        "zh": "端口应在 0（任选一个空闲的）到 {last} 之间",
        "en": "a port lies between 0 (any free one) and {last}",
    },
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
    "key_of_another_kind": {
        "zh": "这一项属于 {owner}，而这个机器人是 {own}。请删除，或者改写 {choice}",
        "en": "this key belongs to {owner}, but this bot has {own}; remove it, or change {choice}",
    },
    "import_missing": {
        "zh": "找不到模块 {module}。应写成 模块:对象，例如 agents.hello:answer，文件放在 app.py 所在的文件夹（或 PYTHONPATH）里",
        "en": "there is no module {module}; write module:object, such as agents.hello:answer, and put the file beside app.py (or on PYTHONPATH)",
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
        "zh": "应写成 模块:对象，例如 agents.hello:answer",
        "en": "this has to be module:object, such as agents.hello:answer",
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
    "handler_words": {
        "zh": "{name} 的 words 里，{word} 不是可以改写的句子，或者用了它没有的占位符",
        "en": "in the words of {name}, {word} is no sentence that can be replaced, or holds a placeholder that it does not have",
    },
    "repeated_path": {
        "zh": "HTTP 地址“{value}”与第 {first} 个机器人重复。请用 webhook_path 换一个",
        "en": 'the path "{value}" is that of bot {first} too; choose another by webhook_path',
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
