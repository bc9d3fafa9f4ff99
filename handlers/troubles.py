"""What an error becomes: a sentence for the person who asked, and for the admin what to do about it."""

FOR_USERS: dict[str, dict[str, str]] = {
    "BridgeError": {"zh": "出了点问题，请稍后再试。", "en": "Something went wrong, please try again later."},
    "BackendUnreachable": {
        "zh": "暂时连不上 AI 服务，请稍后再试。",
        "en": "The AI service cannot be reached now, please try again later.",
    },
    "BackendDown": {
        "zh": "AI 服务暂时出了故障，请稍后再试。",
        "en": "The AI service has a problem now, please try again later.",
    },
    "BackendBusy": {
        "zh": "现在提问的人太多，请稍后再试。",
        "en": "Too many people are asking, please try again later.",
    },
    "KeyRefused": {
        "zh": "机器人的 AI 密钥无效，请联系管理员。",
        "en": "The bot's AI key is not valid, please tell your administrator.",
    },
    "EndpointOff": {
        "zh": "AI 服务没有开放对话接口，请联系管理员。",
        "en": "The AI service does not take questions, please tell your administrator.",
    },
    "ModelUnknown": {
        "zh": "机器人配置的 AI 模型不存在，请联系管理员。",
        "en": "The bot is set up for a model that does not exist, please tell your administrator.",
    },
    "AgentFailed": {
        "zh": "AI 程序运行出错，请稍后再试或联系管理员。",
        "en": "The AI program failed; please try again later or tell your administrator.",
    },
    "AgentsStuck": {
        "zh": "AI 程序没有响应，机器人需要重启，请联系管理员。",
        "en": "The AI program does not respond and the bot must be restarted; please tell your administrator.",
    },
    "AnswerTooLong": {
        "zh": "回答太长，已经截断。",
        "en": "The answer was far too long and was cut off.",
    },
    "WrongAppKind": {
        "zh": "机器人的 AI 应用类型配置不对，请联系管理员。",
        "en": "The bot is set up for another kind of AI app, please tell your administrator.",
    },
    "InputRefused": {
        "zh": "AI 应用没有接受这个问题：缺少它需要的内容，请联系管理员。",
        "en": "The AI app did not take the question: an input is missing or wrong, please tell your administrator.",
    },
    "QuotaExceeded": {
        "zh": "AI 模型的额度已用完，请联系管理员。",
        "en": "The AI model's quota is used up, please tell your administrator.",
    },
    "ModelFailed": {
        "zh": "AI 模型没有正常回答，请稍后再试。",
        "en": "The AI model did not answer properly, please try again later.",
    },
    "RunFailed": {
        "zh": "AI 流程运行失败，请稍后再试或联系管理员。",
        "en": "The AI workflow failed; please try again later or tell your administrator.",
    },
    "RunPaused": {
        "zh": "AI 流程在等待人工处理，请到 Dify 中继续。",
        "en": "The AI workflow waits for a person; please go on in Dify.",
    },
    "ConversationGone": {
        "zh": "这段对话已结束，请发送 /new 重新开始。",
        "en": "This conversation has ended, please send /new to begin anew.",
    },
    "NoAnswer": {
        "zh": "AI 一直没有回应，请稍后再试。",
        "en": "The AI did not respond, please try again later.",
    },
    "AnswerInterrupted": {
        "zh": "回答中途断开了，请重新提问。",
        "en": "The answer broke off, please ask again.",
    },
    "PictureLost": {"zh": "图片没有取到，请重新发送。", "en": "The picture did not arrive, please send it again."},
    "PictureUnreadable": {
        "zh": "图片看不了：请发送 PNG、JPEG、GIF、WebP 或 BMP 图片，一次合计不超过 10 MB。",
        "en": "I cannot see this picture: please send PNG, JPEG, GIF, WebP or BMP, at most 10 MB in one message.",
    },
}

FOR_ADMINS: dict[str, dict[str, str]] = {
    "BridgeError": {"zh": "请查看上文日志", "en": "see the log above"},
    "DingTalkError": {
        "zh": "按错误码查钉钉开放平台文档；向钉钉提工单时附上 request_id",
        "en": "look the code up in DingTalk's documents; give its support the request_id",
    },
    "CredentialRefused": {
        "zh": "检查 dingtalk_app_client_id 和 dingtalk_app_client_secret；确认应用已发布，机器人的消息接收模式是 Stream",
        "en": "check dingtalk_app_client_id and dingtalk_app_client_secret; the app must be published, its robot in Stream mode",
    },
    "TokenExpired": {"zh": "会自动换取新的 access token", "en": "a new access token is fetched by itself"},
    "PermissionMissing": {
        "zh": "在钉钉开放平台「应用 → 权限管理」（{url}）为应用开通权限 {scopes}，然后发布新版本；"
        "互动卡片需要 Card.Instance.Write 和 Card.Streaming.Write",
        "en": "grant the app the permission {scopes} at {url} (app, permissions), then publish a new version; cards need "
        "Card.Instance.Write and Card.Streaming.Write",
    },
    "Throttled": {
        "zh": "调用太快，会自动放慢并重试",
        "en": "too many calls a second; slowed down and repeated by itself",
    },
    "QuotaUsedUp": {
        "zh": "本企业本月的钉钉 API 调用量已用完：升级钉钉版本或等到下月",
        "en": "the company's DingTalk calls of this month are used up: upgrade, or wait for the next month",
    },
    "CardRefused": {
        "zh": "检查 card_template_id（模板已发布且属于本企业）、card_content_key 和 card_flow；留空则使用钉钉公共模板",
        "en": "check card_template_id (published, of this company), card_content_key and card_flow; left out, DingTalk's public "
        "template is used",
    },
    "TextTooLong": {"zh": "回答超过钉钉的长度限制，改为分条发送", "en": "longer than DingTalk takes; sent in parts"},
    "WebhookExpired": {"zh": "会话回复地址已过期", "en": "the message's reply address has expired"},
    "WebhookElsewhere": {
        "zh": "如果使用专属钉钉，请把 DINGTALK_OAPI_ENDPOINT 改为该地址；否则不要理会这个地址",
        "en": "with a private DingTalk, set DINGTALK_OAPI_ENDPOINT to that place; else leave that place alone",
    },
    "PictureLost": {
        "zh": "给应用开通权限 qyapi_robot_sendmsg（下载用户发来的图片要用），并检查本机能否访问日志中的地址；图片的下载码过期后，请用户重新发送",
        "en": "give the app the permission qyapi_robot_sendmsg (which downloading pictures takes), and check that this machine "
        "reaches the address in this line; a download code that has expired is sent anew by its person",
    },
    "PictureUnreadable": {
        "zh": "无需处理：用户发来的不是图片，或者图片太大",
        "en": "nothing to mend: what was sent is no picture, or too large",
    },
    "DingTalkUnreachable": {
        "zh": "检查网络、代理和 DINGTALK_OPENAPI_ENDPOINT",
        "en": "check the network, the proxy and DINGTALK_OPENAPI_ENDPOINT",
    },
    "ProxyFailed": {
        "zh": "检查 HTTPS_PROXY、HTTP_PROXY、ALL_PROXY 和 NO_PROXY：代理要能连上，并且放行钉钉的地址；SOCKS 代理还需要 requirements.txt 中的库；会解开 TLS 的代理还需要 REQUESTS_CA_BUNDLE",
        "en": "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY: the proxy must be up and let DingTalk's addresses through; a "
        "SOCKS one needs the libraries of requirements.txt, one that opens TLS its authority in REQUESTS_CA_BUNDLE",
    },
    "HandlerFailed": {
        "zh": "自己的 handler 抛出了错误（类型和位置见本行，LOG_LEVEL=DEBUG 时有 traceback）：请修改该程序",
        "en": "a handler of your own raised an error (its class and place are in this line, its trace at LOG_LEVEL=DEBUG): mend it",
    },
    "StoreUnavailable": {
        "zh": "检查 SESSION_STORE：如果是文件，看磁盘空间、目录权限，以及是否被其他程序锁住；如果是 Redis，看它是否在运行、地址和端口"
        "（用 Compose 时要加 --profile scale）；恢复之前使用内存，之后自动补写",
        "en": "check SESSION_STORE: for a file, space on the disk, the folder's permissions, another program's lock; for a Redis, "
        "whether it runs, its address and port (with Compose, --profile scale); until then memory is used, and written down afterwards",
    },
    "BackendError": {"zh": "查看 Dify 的日志", "en": "see Dify's log"},
    "BackendUnreachable": {
        "zh": "检查 dify_api_url（DIFY_OPEN_API_URL）、网络和代理",
        "en": "check dify_api_url (DIFY_OPEN_API_URL), the network and the proxy",
    },
    "BackendDown": {"zh": "查看 Dify 及其反向代理的日志", "en": "see the logs of Dify and of the proxy before it"},
    "BackendBusy": {
        "zh": "提高 Dify 的并发上限（应用的 max_active_requests，或服务器的 APP_MAX_ACTIVE_REQUESTS）",
        "en": "raise Dify's limit of concurrent requests (the app's max_active_requests, the server's APP_MAX_ACTIVE_REQUESTS)",
    },
    "KeyRefused": {
        "zh": "检查 dify_app_api_key（Dify 应用 → 访问 API → API 密钥），并确认该应用的 API 已启用",
        "en": "check dify_app_api_key (the Dify app's API access page) and that the app's API is switched on",
    },
    "EndpointOff": {
        "zh": "AI 服务没有开放对话接口：检查它的地址和设置",
        "en": "the AI service does not offer its chat endpoint: check its address and its settings",
    },
    "ModelUnknown": {
        "zh": "AI 服务没有这个模型：检查模型名称",
        "en": "the AI service has no such model: check the model's name",
    },
    "AgentFailed": {
        "zh": "agent 抛出了错误，或者给出的不是文字（类型和位置见本行，LOG_LEVEL=DEBUG 时有 traceback）：请修改该程序",
        "en": "the agent raised an error, or gave what is no text (class and place are in this line, a trace at LOG_LEVEL=DEBUG): mend that program",
    },
    "python.NoAnswer": {
        "zh": "agent 在 agent_timeout 秒内没有给出任何内容：检查 agent 里没有超时的等待；如果它确实需要更久，请调大 agent_timeout，或在等待时 yield 空字符串",
        "en": "the agent said nothing for agent_timeout seconds: look for waits without a time-out in it; if it does need longer, raise "
        "agent_timeout, or let it yield an empty text while it waits",
    },
    "python.BackendBusy": {
        "zh": "agent_isolation: process 的 8 个进程一直都在回答：减少每个回答的时间，或改用 agent_isolation: thread；"
        "或者无法再启动线程：检查这台机器的限制",
        "en": "all 8 processes of agent_isolation: process were at work: make answers shorter, or use agent_isolation: thread; "
        "or no more threads could be started: see the machine's limits",
    },
    "AgentsStuck": {
        "zh": "有 8 个 agent 一直没有返回：请重启机器人，再检查 agent 里没有超时的等待；或者设置 agent_isolation: process",
        "en": "8 agents never returned: restart the bots, look for waits without a time-out in the agent, or set agent_isolation: process",
    },
    "AnswerTooLong": {
        "zh": "AI 的回答没有尽头：检查模型的设置（最大长度），或 agent 里的循环",
        "en": "the answer would not end: check the model's settings (its maximum length), or the agent's loops",
    },
    "PortUnavailable": {
        "zh": "换一个 HTTP_PORT，或停掉占用它的程序；HTTP_HOST 必须是本机的地址",
        "en": "choose another HTTP_PORT, or stop the program that has it; HTTP_HOST must be an address of this machine",
    },
    "WrongAppKind": {
        "zh": "dify_app_type 与密钥对应的应用类型不符：聊天助手、Agent、Chatflow 用 chatbot，文本生成用 completion，工作流用 workflow",
        "en": "dify_app_type does not fit the key's app: chatbot for chatbots, agents and chatflows, completion for text "
        "generators, workflow for workflows",
    },
    "InputRefused": {
        "zh": "对照应用的输入表单检查 dify_inputs 和 dify_query_variable",
        "en": "check dify_inputs and dify_query_variable against the app's input form",
    },
    "QuotaExceeded": {"zh": "为 Dify 中的模型供应商充值", "en": "top up the model provider in Dify"},
    "ModelFailed": {
        "zh": "在 Dify 的「设置 → 模型供应商」检查模型和密钥",
        "en": "check the model and its key under Dify's model providers",
    },
    "RunFailed": {"zh": "在 Dify 该应用的日志中查看失败的节点", "en": "see the failed node in the app's log in Dify"},
    "RunPaused": {
        "zh": "流程含有人工介入节点，目前只能在 Dify 中处理",
        "en": "the workflow has a human-input node, which can only be handled in Dify for now",
    },
    "ConversationGone": {"zh": "Dify 中的会话已删除或结束", "en": "the conversation was deleted or ended in Dify"},
    "NoAnswer": {
        "zh": "Dify 1.13–1.14 在缺少必填输入时会一直沉默：检查 dify_inputs 和 dify_query_variable；也可能是 Dify 的 worker 没有运行"
        "（等待时间由 DIFY_FIRST_EVENT_SECONDS 设定）",
        "en": "Dify 1.13 and 1.14 stay silent when a required input is missing: check dify_inputs and dify_query_variable; or its "
        "worker is not running (the wait is DIFY_FIRST_EVENT_SECONDS)",
    },
    "AnswerInterrupted": {
        "zh": "与 Dify 的连接中途断开：检查反向代理的超时和缓冲设置",
        "en": "the connection to Dify broke off: check the time-outs and buffering of the proxy between",
    },
    "openai.BackendUnreachable": {
        "zh": "检查 openai_base_url（通常以 /v1 结尾）、网关是否在运行、网络和代理；OpenClaw 还要打开 gateway.http.endpoints.chatCompletions.enabled",
        "en": "check openai_base_url (it mostly ends in /v1), that the gateway runs, the network and the proxy; OpenClaw needs "
        "gateway.http.endpoints.chatCompletions.enabled too",
    },
    "openai.BackendDown": {
        "zh": "查看网关（openai_base_url）及其反向代理的日志",
        "en": "see the logs of the gateway (openai_base_url) and of the proxy before it",
    },
    "openai.BackendBusy": {
        "zh": "网关限制了请求的频率：稍后再试，提高它的限额，或用 user_questions_per_minute 限制提问",
        "en": "the gateway limits how often it is asked: wait, raise its limit, or limit questions by user_questions_per_minute",
    },
    "openai.KeyRefused": {
        "zh": "检查 openai_api_key：网关的令牌或密码（OpenClaw 是 gateway.auth 的 token 或 password）",
        "en": "check openai_api_key: the gateway's token or password (with OpenClaw, the token or password of gateway.auth)",
    },
    "openai.EndpointOff": {
        "zh": "网关没有打开对话接口：OpenClaw 请把 gateway.http.endpoints.chatCompletions.enabled 设为 true 再重启；其他网关请检查 openai_base_url",
        "en": "the gateway's chat endpoint is off: with OpenClaw, set gateway.http.endpoints.chatCompletions.enabled to true and "
        "restart it; with others, check openai_base_url",
    },
    "openai.ModelUnknown": {
        "zh": "检查 openai_model：GET openai_base_url/models 会列出可用的模型；Ollama 要先 ollama pull",
        "en": "check openai_model: GET openai_base_url/models lists what there is; Ollama needs an ollama pull before",
    },
    "openai.InputRefused": {
        "zh": "网关不接受这次请求（原因见本行）：超出模型的上下文长度时减小 history_tokens；模型不支持图片或 temperature 时请换模型或删掉该项",
        "en": "the gateway refused the request (this line says why): beyond the model's context, lower history_tokens; a model that "
        "takes no pictures or no temperature needs another model or that key removed",
    },
    "openai.QuotaExceeded": {
        "zh": "openai_api_key 的额度或余额已用完：请充值",
        "en": "the quota or balance of openai_api_key is used up: top it up",
    },
    "openai.ModelFailed": {
        "zh": "模型没有回答（原因见本行）：查看网关的日志；content_filter 表示内容被过滤",
        "en": "the model gave no answer (this line says why): see the gateway's log; content_filter means that it was filtered",
    },
    "openai.NoAnswer": {
        "zh": "网关在 openai_silence_seconds 秒内没有回应：本地模型加载较慢时请加大它，并查看网关的日志",
        "en": "the gateway said nothing for openai_silence_seconds: raise it for a local model that loads slowly, and see the "
        "gateway's log",
    },
    "openai.AnswerInterrupted": {
        "zh": "与网关的连接中途断开，或停顿超过 openai_silence_seconds：查看网关的日志和反向代理的超时设置",
        "en": "the gateway broke off, or paused for longer than openai_silence_seconds: see its log and the time-outs of the proxy "
        "between",
    },
    "codebuddy.BackendUnreachable": {
        "zh": "检查 codebuddy_api_url（完整的接口地址）、CodeBuddy 是否在运行、网络和代理",
        "en": "check codebuddy_api_url (the whole address of the agent), that CodeBuddy runs, the network and the proxy",
    },
    "codebuddy.BackendDown": {
        "zh": "查看 CodeBuddy 的日志；返回的是网页时，检查 codebuddy_api_url 是否是接口地址",
        "en": "see CodeBuddy's log; where the answer is a page, check that codebuddy_api_url is the agent's address",
    },
    "codebuddy.BackendBusy": {
        "zh": "CodeBuddy 同时处理的请求太多：稍后再试，或减小 max_concurrency",
        "en": "CodeBuddy has too many requests at once: wait, or lower max_concurrency",
    },
    "codebuddy.KeyRefused": {"zh": "检查 codebuddy_api_token", "en": "check codebuddy_api_token"},
    "codebuddy.EndpointOff": {
        "zh": "这个地址不接受 POST：检查 codebuddy_api_url",
        "en": "this address takes no POST: check codebuddy_api_url",
    },
    "codebuddy.InputRefused": {
        "zh": "CodeBuddy 不接受这次请求（原因见本行）：检查 codebuddy_options",
        "en": "CodeBuddy refused the request (this line says why): check codebuddy_options",
    },
    "codebuddy.QuotaExceeded": {"zh": "CodeBuddy 的额度已用完：请充值", "en": "CodeBuddy's quota is used up: top it up"},
    "codebuddy.ModelFailed": {
        "zh": "CodeBuddy 报告了错误（原因见本行）：查看它的日志，检查 codebuddy_options 里的 model",
        "en": "CodeBuddy told of an error (this line says why): see its log, and check the model in codebuddy_options",
    },
    "codebuddy.NoAnswer": {
        "zh": "CodeBuddy 在 codebuddy_timeout 秒内没有回答，或回答里没有文字：加大 codebuddy_timeout（以及反向代理的超时），查看 CodeBuddy 的日志",
        "en": "CodeBuddy gave no answer within codebuddy_timeout, or one without a text: raise codebuddy_timeout (and the time-out of "
        "a proxy between), and see CodeBuddy's log",
    },
    "codebuddy.AnswerInterrupted": {
        "zh": "CodeBuddy 的回答没有传完，或超过了 codebuddy_timeout：查看它和反向代理的日志",
        "en": "CodeBuddy's answer came only in part, or took longer than codebuddy_timeout: see its log and that of the proxy between",
    },
}
