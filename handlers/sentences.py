"""The bots' own sentences: what a user can read in DingTalk besides answers and errors."""

SENTENCES: dict[str, dict[str, str]] = {
    "new": {"zh": "好的，我们重新开始。", "en": "All right, let us begin anew."},
    "help": {
        "zh": "直接提问即可。也可以发送：\n\n- **/new**（新会话、重新开始、清空对话）：重新开始对话\n"
        "- **/stop**（停止）：停止正在生成的回答\n- **/status**（状态）：查看当前状态\n- **/help**（帮助）：显示本说明",
        "en": "Just ask. You can also send:\n\n- **/new** (/reset, /clear): begin a new conversation\n"
        "- **/stop**: stop the answer that is being written\n- **/status**: what is going on\n- **/help**: this text",
    },
    "status": {
        "zh": "机器人：{bot}\n\n会话：{conversation}\n\n正在回答：{answering}，排队：{waiting}",
        "en": "Bot: {bot}\n\nConversation: {conversation}\n\nAnswering: {answering}, waiting: {waiting}",
    },
    "status_group": {"zh": "本群的 conversationId：{group}", "en": "This group's conversationId: {group}"},
    "conversation_open": {"zh": "进行中", "en": "going on"},
    "conversation_new": {"zh": "尚未开始", "en": "not begun"},
    "stopping": {"zh": "已停止。", "en": "Stopped."},
    "nothing_to_stop": {"zh": "没有正在生成的回答。", "en": "There is no answer to stop."},
    "made_picture": {"zh": "图片", "en": "picture"},
    "made_file": {"zh": "文件", "en": "file"},
    "citations": {"zh": "参考资料：{titles}", "en": "Sources: {titles}"},
    "shortened": {"zh": "（达到模型的长度上限，没有写完）", "en": "(cut off at the model's limit of length)"},
    "stopped": {"zh": "（已停止）", "en": "(stopped)"},
    "interrupted": {"zh": "回答被中断，请重新提问。", "en": "The answer was interrupted, please ask again."},
    "calls_80": {
        "zh": "本企业本月的钉钉 API 调用已用 {used} 次，额度 {quota} 次（{share} %）。为节省调用，从现在起回答卡片只更新很少几次；"
        "到 95 % 时改用普通消息回答。需要更多额度可升级钉钉版本，再修改 .env 里的 DINGTALK_MONTHLY_CALLS 并重启。",
        "en": "{used} of the company's {quota} DingTalk API calls of this month are used ({share} %). To save calls, cards are "
        "updated rarely from now on; at 95 % answers come as plain messages. For more, upgrade DingTalk, correct "
        "DINGTALK_MONTHLY_CALLS in .env and restart.",
    },
    "calls_95": {
        "zh": "本企业本月的钉钉 API 调用已用 {used} 次，额度 {quota} 次（{share} %）。从现在起回答写完后用普通消息发送，不再用卡片逐步显示"
        "（消息推送额度也快用完时，卡片只显示写完的回答）；下月 1 日自动恢复。"
        "需要更多额度可升级钉钉版本，再修改 .env 里的 DINGTALK_MONTHLY_CALLS 并重启。",
        "en": "{used} of the company's {quota} DingTalk API calls of this month are used ({share} %). From now on answers come "
        "as plain messages once they are whole (in cards that show only the whole answer, should the pushes be as scarce), "
        "until the month ends. For more, upgrade DingTalk, correct DINGTALK_MONTHLY_CALLS in .env, restart.",
    },
    "pushes_80": {
        "zh": "本企业本月的钉钉消息推送（机器人收到的消息和 Webhook 发出的消息）已用 {used} 次，额度 {quota} 次（{share} %）。"
        "用完后机器人收不到消息内容，无法回答。需要更多额度可升级钉钉版本，再修改 .env 里的 DINGTALK_MONTHLY_PUSHES 并重启。",
        "en": "{used} of the company's {quota} DingTalk pushes of this month (messages to robots, and webhook messages) are used "
        "({share} %). When they are gone, messages reach the bot without content and cannot be answered. For more, upgrade "
        "DingTalk, correct DINGTALK_MONTHLY_PUSHES in .env and restart.",
    },
    "pushes_95": {
        "zh": "本企业本月的钉钉消息推送（机器人收到的消息和 Webhook 发出的消息）已用 {used} 次，额度 {quota} 次（{share} %），很快用完；"
        "之后机器人收不到消息内容，无法回答，下月 1 日恢复。需要更多额度可升级钉钉版本，再修改 .env 里的 DINGTALK_MONTHLY_PUSHES 并重启。",
        "en": "{used} of the company's {quota} DingTalk pushes of this month (messages to robots, and webhook messages) are used "
        "({share} %), and soon all of them: then messages reach the bot without content and cannot be answered until the month "
        "ends. For more, upgrade DingTalk, correct DINGTALK_MONTHLY_PUSHES in .env, restart.",
    },
    "neighbour": {
        "zh": "本机还有一个进程在用同一个 Client ID（{client_id}）：钉钉会把消息随机分给其中一个，对话会乱。请停掉其中一个，或让它们共用 SESSION_STORE=redis://…",
        "en": "another process on this machine uses the same Client ID ({client_id}): DingTalk spreads messages over both at "
        "random, and conversations get mixed up; stop one of them, or let them share SESSION_STORE=redis://…",
    },
    "store_away": {
        "zh": "连不上 SESSION_STORE（{reason}）：先用内存顶替，恢复后会补记；在此期间，重启会丢失正在进行的对话，多个进程之间也不再协调",
        "en": "SESSION_STORE cannot be reached ({reason}): memory stands in for it and is written back later; until then a restart "
        "loses what is under way, and several processes do not know of each other",
    },
    "acknowledged_early": {
        "zh": "最近一小时有 {number} 条消息在保存之前就回复了钉钉“已收到”，因为 SESSION_STORE 太慢：如果那一刻进程崩溃，这些消息会丢失",
        "en": "{number} messages of the last hour were acknowledged before they were kept, because SESSION_STORE is slow: a crash at that moment "
        "would have lost them",
    },
    "taken_for_gone": {
        "zh": "本进程停顿太久，或者 SESSION_STORE 丢失了数据：其他进程可能已接手它没做完的消息",
        "en": "this process paused for too long, or SESSION_STORE has lost what was kept: others may have taken over the messages "
        "that it had not ended",
    },
    "calls_gone": {
        "zh": "钉钉说本企业本月的 API 调用已经用完（机器人自己用了 {used} 次）。在恢复之前，回答用普通消息发送，每五分钟再试一次卡片；下月 1 日恢复，"
        "或升级钉钉版本。",
        "en": "DingTalk says that the company's API calls of this month are used up ({used} of them by the bots). Until there are "
        "more, answers come as plain messages, and a card is tried every five minutes. The next month begins anew, or upgrade "
        "DingTalk.",
    },
    "pushes_gone": {
        "zh": "钉钉说本企业本月的消息推送已经用完（机器人自己用了 {used} 次）：机器人收到的消息没有内容，无法回答。下月 1 日恢复，或升级钉钉版本。",
        "en": "DingTalk says that the company's pushes of this month are used up ({used} of them by the bots): messages come "
        "without content and cannot be answered. The next month begins anew, or upgrade DingTalk.",
    },
    "webhook_listens": {"zh": "机器人正在接收消息。", "en": "This bot is listening."},
    "webhook_stops": {"zh": "机器人正在停止，暂不接收消息。", "en": "This bot is stopping and takes no messages now."},
    "webhook_address": {
        "zh": "请把浏览器地址栏里的这个地址，填到钉钉开放平台该应用“机器人”页面的“消息接收地址”（消息接收模式选 HTTP 模式）。",
        "en": "Enter the address of this page in DingTalk's developer console: the app's robot, receive mode HTTP (消息接收地址).",
    },
    "clock_differs": {
        "zh": "检查本机时钟：与钉钉相差超过一小时；也可能是有人在重放旧请求",
        "en": "check this machine's clock, which is more than an hour from DingTalk's; or somebody sends an old request again",
    },
    "not_signed_for_us": {
        "zh": "如果是钉钉发来的：检查 dingtalk_app_client_secret 和反向代理是否转发 timestamp、sign 等请求头；否则是陌生人，不必理会",
        "en": "if DingTalk sent it, check dingtalk_app_client_secret, and that the proxy passes the headers timestamp and sign on; "
        "else it was a stranger",
    },
    "no_public_url": {
        "zh": "没有设置 HTTP_PUBLIC_URL：卡片上没有停止按钮（发送“停止”仍然有效）",
        "en": "HTTP_PUBLIC_URL is not set: cards have no stop button (/stop works all the same)",
    },
    "push_wrong_token": {"zh": "push_token 不对", "en": "that is not the push_token"},
    "push_no_object": {"zh": "请求体必须是一个 JSON 对象", "en": "the body must be a JSON object"},
    "push_unknown_key": {"zh": "没有 {key} 这个字段；可用的有：{known}", "en": "there is no key {key}, only {known}"},
    "push_no_ids": {
        "zh": "{key} 必须是一个列表，每项是一个不为空的字符串",
        "en": "{key} must be a list of strings that are not empty",
    },
    "push_no_text": {"zh": "{key} 必须是一个字符串", "en": "{key} must be a string"},
    "push_no_flag": {"zh": "{key} 必须是 true 或 false", "en": "{key} must be true or false"},
    "push_too_many": {"zh": "{key} 最多 {most} 个，请分几次推送", "en": "{key} holds {most} at most; push several times"},
    "push_too_long": {"zh": "{key} 最多 {most} 个字符", "en": "{key} has {most} characters at most"},
    "push_nobody": {
        "zh": "没有写发给谁：{key} 和 groups 都是空的",
        "en": "there is nobody to send it to: {key} and groups are empty",
    },
    "push_empty": {"zh": "{key} 是空的", "en": "{key} is empty"},
    "push_crowded": {"zh": "正在推送的太多，请稍后再试", "en": "too many pushes at once, please try again later"},
    "push_shutting_down": {"zh": "机器人正在重启，没有发送", "en": "the bot is restarting, it was not sent"},
    "push_too_late": {"zh": "一分钟内没有轮到，没有发送", "en": "there was no room for it within a minute, it was not sent"},
    "push_unanswered": {
        "zh": "钉钉没有及时回应，可能已送达，也可能没有",
        "en": "DingTalk did not answer in time: it may have arrived, or not",
    },
    "push_unsent": {"zh": "这条通知没有发出。", "en": "This notice was not sent."},
    "push_unknown_group": {
        "zh": "没有这个群，或者机器人不在群里",
        "en": "there is no such group, or the bot is not in it",
    },
    "push_refused": {
        "zh": "钉钉没有接受，请按错误码查钉钉开放平台文档",
        "en": "DingTalk did not take it: look the code up in its documents",
    },
    "push_throttled": {
        "zh": "调用太快，钉钉没有收下，请稍后再试",
        "en": "too many calls at once for DingTalk, please try again later",
    },
    "push_unknown_person": {
        "zh": "钉钉说企业里没有这个 userId，或者此人不在应用的可用范围内",
        "en": "DingTalk knows no such userId in the company, or the app is not visible to them",
    },
    "push_held_back": {
        "zh": "钉钉限制了发给此人的消息数量，没有发送",
        "en": "DingTalk limits how many messages this person gets, and did not send it",
    },
    "no_admins": {
        "zh": "没有人收到这条提醒：在 .bots.yaml 里用 admins 写上管理员的 userId",
        "en": "nobody was told: name the administrators' userIds under admins in .bots.yaml",
    },
    "queue_full": {
        "zh": "前面还有太多问题没有回答，这一条没有收下，请稍后再发。",
        "en": "Too many questions are still waiting, and this one was not taken. Please send it again later.",
    },
    "not_for_you": {
        "zh": "您没有使用这个机器人的权限。如有需要，请联系管理员。",
        "en": "You may not use this bot; if you need it, please ask your administrator.",
    },
    "not_in_this_group": {
        "zh": "这个机器人不在本群回答问题。如有需要，请联系管理员。",
        "en": "This bot does not answer in this group; if you need it here, please ask your administrator.",
    },
    "groups_only": {
        "zh": "这个机器人只在指定的群里回答问题，请到群里 @ 它提问。",
        "en": "This bot answers in certain groups only; please ask it there, with an @.",
    },
    "user_limit": {
        "zh": "您每分钟最多可以提问 {limit} 次：这一条没有收下，请 {seconds} 秒后再发。（一分钟内只提醒一次）",
        "en": "You may ask up to {limit} times a minute: this one was not taken, please send it again in {seconds} s. "
        "(You are told once a minute at most.)",
    },
    "bot_limit": {
        "zh": "现在提问的人太多：这一条没有收下，请 {seconds} 秒后再发。（一分钟内只提醒一次）",
        "en": "Too many people are asking: this one was not taken, please send it again in {seconds} s. "
        "(You are told once a minute at most.)",
    },
    "shutting_down": {
        "zh": "机器人正在重启，请稍后再发一次。",
        "en": "The bot is restarting, please send it again in a moment.",
    },
    "draining": {
        "zh": "正在等 {number} 个回答写完，最多 {seconds} 秒；再按一次 Ctrl-C（或再发一次 SIGTERM）立即结束",
        "en": "waiting for {number} answers to end, {seconds} s at most; a second Ctrl-C (or SIGTERM) leaves at once",
    },
    "quota_used_up": {
        "zh": "本企业本月的钉钉消息额度已用完，机器人收不到消息内容，请联系管理员。",
        "en": "The company's DingTalk messages of this month are used up; please tell your administrator.",
    },
    "no_text": {"zh": "没有读到文字，请再发一次。", "en": "There was no text in it, please send it again."},
    "empty_answer": {"zh": "（没有生成内容）", "en": "(no content)"},
    "continued_below": {"zh": "（内容较长，全文见下方消息）", "en": "(a long answer: see the messages below)"},
    "status_begun": {"zh": "正在分析您的问题…", "en": "Looking into your question…"},
    "status_step": {"zh": "正在处理：{title}…", "en": "Working on: {title}…"},
    "status_thinking": {"zh": "正在思考…", "en": "Thinking…"},
    "status_working": {
        "zh": "正在处理，可能需要几分钟，请稍候…",
        "en": "At work, which may take a few minutes, please wait…",
    },
    "stop_refused": {"zh": "只有提问的人可以停止。", "en": "Only the person who asked may stop it."},
    "stop_button": {"zh": "停止", "en": "Stop"},
    "picture": {"zh": "暂时还看不了图片，请用文字描述。", "en": "I cannot see pictures yet, please describe it."},
    "picture_not_shown": {"zh": "{caption}（图片无法显示）", "en": "{caption} (the picture cannot be shown)"},
    "audio": {"zh": "暂时还听不了语音，请发文字。", "en": "I cannot hear voice messages yet, please write."},
    "video": {"zh": "暂时还看不了视频，请发文字。", "en": "I cannot watch videos yet, please write."},
    "file": {"zh": "暂时还读不了文件，请把内容发成文字。", "en": "I cannot read files yet, please paste the text."},
    "chatRecord": {
        "zh": "暂时还读不了转发的聊天记录，请把内容发成文字。",
        "en": "I cannot read forwarded chats yet, please paste the text.",
    },
    "other_kind": {
        "zh": "暂时还读不了这种消息，请发文字。",
        "en": "I cannot read this kind of message yet, please write.",
    },
}
