"""The faults that have a switch: their words, and what each of them orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.dingtalk.apps import CARD_STREAMING, CARD_WRITE
from sandbox.dingtalk.frames import BOT_TOPIC
from sandbox.dingtalk.refusal import (
    OldRefusal,
    Refusal,
    month_over,
    month_over_old,
    not_permitted,
    pushes_over,
    session_over,
    template_unpublished,
)

Side = Literal["dingtalk", "ai"]
Deed = Literal["forget the token", "cut", "announce a disconnect"]

_VERY_LONG = 3_600  # seconds: longer than anybody waits
_CARDS = ("create", "deliver", "create_and_deliver", "update", "spaces")
_ALL_OF_CARDS = (*_CARDS, "streaming")


@dataclass(frozen=True, slots=True)
class Said:
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Order:
    """A fault to put up: where, what goes wrong, and for which calls (all of them by default)."""

    point: str
    params: Mapping[str, Any]
    match: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault by name: standing `orders` while it is on, or a momentary `deed` done to every bot."""

    name: str
    side: Side
    title: Said
    sentence: Said
    orders: tuple[Order, ...] = ()
    deed: Deed | None = None


def _refuse(refusal: Refusal | OldRefusal, *apis: str) -> tuple[Order, ...]:
    return tuple(Order("dingtalk.api", refusal.as_fault(), {"api": api}) for api in apis)


def _in_every_stream(params: Mapping[str, Any]) -> tuple[Order, ...]:
    return tuple(Order(f"{ai}.stream", params) for ai in ("dify", "openai"))


def _at_every_ai(status: int, dify: tuple[str, str], openai: tuple[str, str], codebuddy: str) -> tuple[Order, ...]:
    """The same refusal in the words of each AI: a code and a message, of CodeBuddy the message only."""
    said = {"dify.http": dify, "openai.http": openai, "codebuddy.http": ("", codebuddy)}
    return tuple(Order(at, {"status": status, "code": code, "message": words}) for at, (code, words) in said.items())


_NO_KEY = _at_every_ai(
    401,
    ("unauthorized", "Access token is invalid"),
    ("invalid_api_key", "Incorrect API key provided."),
    "Unauthorized",
)
_TOO_MANY = _at_every_ai(
    429,
    ("too_many_requests", "Too many requests. Please try again later."),
    ("rate_limit_exceeded", "Rate limit reached. Please try again later."),
    "Too Many Requests",
)
_ACCIDENT = _at_every_ai(
    500,
    ("internal_server_error", "The server encountered an internal error."),
    ("internal_error", "The server had an error while answering your request."),
    "Internal Server Error",
)

SWITCHES = (
    Switch(
        "rate_limit",
        "dingtalk",
        Said("限流：每个接口每秒 1 次", "Rate limit: one call a second"),
        Said(
            "卡片更新得少一些，每次多出一截；回答照样完整。", "The card grows in fewer, larger steps; the answer is complete."
        ),
        (Order("dingtalk.throttle", {"qps": 1}),),
    ),
    Switch(
        "no_permission",
        "dingtalk",
        Said("没有卡片权限", "Card permission refused"),
        Said(
            "卡片建不成，回答写完后用普通消息发来；关掉之后的五分钟内也还是普通消息。",
            "No card: the answer comes as a message once it is whole, also for five minutes after this is switched off.",
        ),
        _refuse(not_permitted(CARD_WRITE), *_CARDS) + _refuse(not_permitted(CARD_STREAMING), "streaming"),
    ),
    Switch(
        "unpublished_template",
        "dingtalk",
        Said("卡片模板没有发布", "Card template not published"),
        Said("卡片建不成，回答写完后用普通消息发来。", "No card: the answer comes as a message once it is whole."),
        _refuse(template_unpublished(), "create", "create_and_deliver"),
    ),
    Switch(
        "slow_cards",
        "dingtalk",
        Said("卡片接口很慢：每次 2 秒", "Slow card calls: 2 seconds each"),
        Said(
            "卡片过 2 秒才出现，一大截一大截地长，结束得更晚；回答照样完整。",
            "The card appears after 2 seconds, grows in large steps and ends later; the answer is complete.",
        ),
        tuple(Order("dingtalk.api", {"delay": 2}, {"api": api}) for api in _ALL_OF_CARDS),
    ),
    Switch(
        "expired_webhook",
        "dingtalk",
        Said("会话 webhook 已过期", "Session webhook expired"),
        Said(
            "用户看不出：卡片不走 webhook；/help 这样的普通消息改由机器人主动发出，内容不变。",
            "Nothing: cards do not need the webhook, and messages such as the answer to /help are sent by the robot API.",
        ),
        _refuse(session_over(), "webhook"),
    ),
    Switch(
        "api_quota",
        "dingtalk",
        Said("本月 API 调用量用完", "Monthly API calls used up"),
        Said(
            "卡片建不成，回答写完后用普通消息发来：会话 webhook 用的是另一份额度；关掉之后的五分钟内也还是普通消息。",
            "No card: the answer comes as a message once it is whole, since session webhooks have a quota of their own; it "
            "does so for five minutes after this is switched off, too.",
        ),
        _refuse(month_over(), *_ALL_OF_CARDS, "standard_send", "standard_update", "group_send", "oto_send", "download")
        + _refuse(month_over_old(), "media"),
    ),
    Switch(
        "push_quota",
        "dingtalk",
        Said("本月消息推送量用完", "Monthly pushes used up"),
        Said(
            "机器人只能回一句“本企业本月的钉钉消息额度已用完，机器人收不到消息内容，请联系管理员。”",
            "The bot gets messages without their content, and says that the company's messages of this month are used up.",
        ),
        (Order("dingtalk.inbound", {"errorCode": 20001}), *_refuse(pushes_over(), "webhook")),
    ),
    Switch(
        "redelivery",
        "dingtalk",
        Said("消息重复推送", "Messages pushed twice"),
        Said("用户看不出：同一条消息推送了两次，只得到一个回答。", "Nothing: a message that is pushed twice is answered once."),
        (
            Order("dingtalk.stream", {"copies": 2}, {"topic": BOT_TOPIC}),
            Order("dingtalk.push", {"copies": 2}, {"api": "message"}),
        ),
    ),
    Switch(
        "expired_token",
        "dingtalk",
        Said("access token 现在失效", "Expire the access token now"),
        Said(
            "用户看不出：机器人换一个新的 token 再试，回答照常。", "Nothing: the bot fetches a new token and repeats its call."
        ),
        deed="forget the token",
    ),
    Switch(
        "cut_socket",
        "dingtalk",
        Said("现在切断连接", "Cut the connections now"),
        Said(
            "正在写的回答不受影响；机器人一两秒后自己连回来，在这之前发的消息会显示没有送达。",
            "Answers under way go on; the bot is back in a second or two, and what is written before that is not delivered.",
        ),
        deed="cut",
    ),
    Switch(
        "disconnect",
        "dingtalk",
        Said("现在预告断开一条连接", "Announce a disconnect now"),
        Said(
            "用户看不出：机器人先连上新的连接，再放下旧的。",
            "Nothing: the bot opens a new connection before it leaves the old one.",
        ),
        deed="announce a disconnect",
    ),
    Switch(
        "ai_401",
        "ai",
        Said("401：密钥无效", "401: key refused"),
        Said(
            "卡片马上显示“机器人的 AI 密钥无效，请联系管理员。”，状态为出错。",
            "The card fails at once and says that the bot's AI key is not valid.",
        ),
        _NO_KEY,
    ),
    Switch(
        "ai_429",
        "ai",
        Said("429：请求太多", "429: too many requests"),
        Said(
            "机器人重试几秒，仍不行就在卡片上显示“现在提问的人太多，请稍后再试。”",
            "The bot tries again for a few seconds, then the card fails and says that too many people are asking.",
        ),
        _TOO_MANY,
    ),
    Switch(
        "ai_500",
        "ai",
        Said("500：服务器出错", "500: server error"),
        Said(
            "卡片显示“AI 服务暂时出了故障，请稍后再试。”，状态为出错。",
            "The card fails and says that the AI service has a problem now.",
        ),
        _ACCIDENT,
    ),
    Switch(
        "ai_html",
        "ai",
        Said("返回 HTML 错误页", "HTML error page"),
        Said(
            "用户看不到网页代码：重试几秒后，卡片显示“AI 服务暂时出了故障，请稍后再试。”",
            "No HTML is shown: after a few seconds of trying, the card fails and says that the AI service has a problem now.",
        ),
        tuple(Order(f"{ai}.http", {"status": 502}) for ai in ("dify", "openai", "codebuddy")),
    ),
    Switch(
        "ai_cut",
        "ai",
        Said("回答写到一半断开", "Stream stops in the middle"),
        Said(
            "已经写出的开头留着，下面接一句“回答中途断开了，请重新提问。”",
            "What was written stays, with a sentence below it: the answer broke off, please ask again.",
        ),
        (*_in_every_stream({"cut": 5}), Order("codebuddy.http", {"cut": True})),
    ),
    Switch(
        "ai_pings",
        "ai",
        Said("只有心跳，没有回答", "Only pings, no answer"),
        Said(
            "卡片一直显示处理中，约一分钟后变成“AI 一直没有回应，请稍后再试。”",
            "The card keeps on processing, then, after about a minute, says that the AI did not respond.",
        ),
        (*_in_every_stream({"pings": True}), Order("codebuddy.http", {"delay": _VERY_LONG})),
    ),
    Switch(
        "ai_torn",
        "ai",
        Said("汉字被拆成两半", "Characters torn in two"),
        Said(
            "用户看不出：一个字的 UTF-8 字节分在两个数据包里，回答一字不差。",
            "Nothing: the bytes of a character come in two packets, and the answer is exact to the letter.",
        ),
        _in_every_stream({"split": True}),
    ),
    Switch(
        "ai_megabyte",
        "ai",
        Said("夹一行 1 MB 的数据", "A line of a megabyte"),
        Said(
            "用户看不出：回答中间夹着一行 1 MB 的陌生事件，回答一字不差。",
            "Nothing: an unknown event of a megabyte comes amid the answer, which is exact to the letter.",
        ),
        _in_every_stream({"huge": 1_000_000}),
    ),
)
