"""What the commands say of themselves, sentence by sentence, in Chinese and English: their help, the demo, `ready`."""

COMMANDS: dict[str, dict[str, str]] = {
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
}
