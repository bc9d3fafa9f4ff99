"""Every sentence that a user can read in DingTalk, and every fix that an admin reads in the log, in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from errors import BridgeError, PermissionMissing

Language = Literal["zh", "en"]

_MOST_TITLES = 5
_TITLE_CHARACTERS = 60


@dataclass(frozen=True)
class Texts:
    """The sentences of one language."""

    language: Language = "zh"

    def say(self, name: str, **values: object) -> str:
        """Return the sentence of that name, its values filled in."""
        return _SENTENCES[name][self.language].format(**values)

    def citations(self, titles: Sequence[str]) -> str:
        """Return the line that names the documents an answer rests on."""
        left, right = ("《", "》") if self.language == "zh" else ("“", "”")
        named = [f"{left}{' '.join(title.split())[:_TITLE_CHARACTERS]}{right}" for title in titles[:_MOST_TITLES]]
        return self.say("citations", titles=" ".join(named))

    def error(self, error: BaseException) -> str:
        """Return what the person who asked is told about an error; never a detail of it."""
        return _of_class(error, _FOR_USERS)[self.language]

    def fix(self, error: BaseException) -> str:
        """Return what the admin can do about it."""
        fix = _of_class(error, _FOR_ADMINS)[self.language]
        if isinstance(error, PermissionMissing):
            return fix.format(scopes=", ".join(error.scopes) or "?", url=error.apply_url or "open-dev.dingtalk.com")
        return fix


def _of_class(error: BaseException, sentences: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    for kind in type(error).__mro__:
        if kind.__name__ in sentences:
            return sentences[kind.__name__]
    return sentences[BridgeError.__name__]


_SENTENCES: dict[str, dict[str, str]] = {
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
    "stop_refused": {"zh": "只有提问的人可以停止。", "en": "Only the person who asked may stop it."},
    "stop_button": {"zh": "停止", "en": "Stop"},
    "picture": {"zh": "暂时还看不了图片，请用文字描述。", "en": "I cannot see pictures yet, please describe it."},
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

_FOR_USERS: dict[str, dict[str, str]] = {
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
}

_FOR_ADMINS: dict[str, dict[str, str]] = {
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
    "DingTalkUnreachable": {
        "zh": "检查网络、代理和 DINGTALK_OPENAPI_ENDPOINT",
        "en": "check the network, the proxy and DINGTALK_OPENAPI_ENDPOINT",
    },
    "ProxyFailed": {
        "zh": "检查 HTTPS_PROXY、HTTP_PROXY、ALL_PROXY 和 NO_PROXY：代理要能连上，并且放行钉钉的地址；SOCKS 代理还需要 requirements.txt 中的库；会解开 TLS 的代理还需要 REQUESTS_CA_BUNDLE",
        "en": "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY: the proxy must be up and let DingTalk's addresses through; a "
        "SOCKS one needs the libraries of requirements.txt, one that opens TLS its authority in REQUESTS_CA_BUNDLE",
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
}
