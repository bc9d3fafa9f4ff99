"""What the platform pushes for a message: every msgtype, quotes, the quota notice."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.chats import Chat, Person, stable_id

Json = dict[str, Any]

# One pixel, so that a picture is a picture.
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
EVER_IN_GROUPS = ("text", "richText", "picture")


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who writes to which bot, where, under which id, and when (epoch milliseconds).

    `mentioned` are the encrypted ids of those who were named beside the bot; a text has lost their names.
    """

    app: App
    chat: Chat
    person: Person
    msg_id: str
    created: int
    mentioned: tuple[str, ...] = ()


def envelope(occasion: Occasion, session: tuple[str, int]) -> Json:
    """The fields that every message has; `session` is the address of its webhook, and the millisecond of its end."""
    app, chat, person = occasion.app, occasion.chat, occasion.person
    message: Json = {
        "conversationId": chat.conversation_id,
        "chatbotCorpId": app.corp_id,
        "chatbotUserId": bot_user_id(app),
        "msgId": occasion.msg_id,
        "senderNick": person.nick,
        "isAdmin": False,
        "sessionWebhookExpiredTime": session[1],
        "createAt": occasion.created,
        "conversationType": chat.conversation_type,
        "senderId": person.sender_id,
        "sessionWebhook": session[0],
        "robotCode": app.client_id,
        "senderPlatform": "Mac",
    }
    if person.staff_id:
        message |= {"senderStaffId": person.staff_id, "senderCorpId": app.corp_id}
    if chat.conversation_type == "2":
        message |= {
            "conversationTitle": chat.title,
            "isInAtList": True,
            "atUsers": [{"dingtalkId": each} for each in (bot_user_id(app), *occasion.mentioned)],
        }
    return message


def content_of(msgtype: str, text: str, given: Any, keep: Callable[[str, bytes], str], *, group: bool) -> Json:
    """The payload of a message: msgtype and its text or content.

    `given` replaces the made-up content; `keep` stores a file by name and bytes and returns its downloadCode. In a
    group the mention is taken out of a text, the blank behind it stays.
    """
    if msgtype == "text":
        return {"msgtype": "text", "text": {"content": f" {text}" if group else text, **(given or {})}}
    if msgtype == "markdown" and given is None:
        return {"msgtype": "markdown", "text": {"content": text}}
    content = given if given is not None else _made_up(msgtype, text, keep)
    return {"msgtype": msgtype, "content": content}


def quota_notice(message: Mapping[str, Any]) -> Json:
    """The same message as it comes once the month's pushes are used up: without its content."""
    kept = {name: value for name, value in message.items() if name not in ("text", "content")}
    return kept | {"errorCode": 20001, "errorMessage": "当前企业Webhook和Stream推送次数已超限"}


def with_quote(message: Json, app: App, quote: Mapping[str, Any], carrier_id: str | None) -> Json:
    """The message as a reply to another one.

    `quote`: {"form": "full" (default) | "id_only" | "card", "msg_id"?, "msgtype"?, "text"?, "content"?, "sender_id"?,
    "nick"?, "created_at"?}; `carrier_id` is that of the quoted card.
    """
    msg_id = str(quote.get("msg_id") or f"msg{stable_id('quoted', message['msgId'])}==")
    quoting = {**message, "originalMsgId": msg_id}
    form = quote.get("form", "full")
    if form == "id_only":
        return quoting
    if form == "card":
        quoting["originalProcessQueryKey"] = carrier_id or ""
        replied = {"msgType": "interactiveCard", "senderId": bot_user_id(app), "senderNick": app.name}
        replied |= {"content": quote["content"]} if "content" in quote else {}
    else:
        kind = quote.get("msgtype", "text")
        content = quote.get("content", {"text": quote.get("text", "")} if kind == "text" else {})
        nick = quote.get("nick", "李四")
        sender_id = quote.get("sender_id") or f"$:LWCP_v1:${stable_id('person', nick)}"
        replied = {"msgType": kind, "senderId": sender_id, "senderNick": nick, "content": content}
    replied |= {"msgId": msg_id, "createdAt": quote.get("created_at", message["createAt"] - 60_000)}
    holder = "content" if isinstance(message.get("content"), dict) else "text"
    quoting[holder] = {**message.get(holder, {}), "isReplyMsg": True, "repliedMsg": replied}
    return quoting


def bot_user_id(app: App) -> str:
    """The robot's own encrypted id, as in chatbotUserId."""
    return f"$:LWCP_v1:${stable_id('bot', app.client_id)}"


def _made_up(msgtype: str, text: str, keep: Callable[[str, bytes], str]) -> Json:
    match msgtype:
        case "picture":
            content = _picture(keep)
        case "video":
            code = keep("video.mp4", b"\0\0\0\x18ftypmp42")
            content = {"duration": "5", "videoType": "mp4", "downloadCode": code}
        case "file":
            name = text or "报告.txt"
            code = keep(name, "沙箱里的文件\n".encode())
            content = {"downloadCode": code, "fileName": name, "spaceId": "2461", "fileId": "9873"}
        case "richText":
            content = {"richText": [{"text": text or "看图"}, {"type": "picture", **_picture(keep)}]}
        case "chatRecord":
            said = json.dumps([{"senderNick": "李四", "content": text or "昨天的会议纪要"}], ensure_ascii=False)
            content = {"title": "群聊的聊天记录", "summary": text, "chatRecord": said}
        case "interactiveCard":
            url = "dingtalk://dingtalkclient/page?route=previewDentry&type=file&spaceId=2461&fileId=9873"
            content = {"biz_custom_action_url": url}
        case "actionCard":
            links = [{"actionUrl": "https://www.dingtalk.com"}]
            content = {"title": text or "通知", "text": text or "通知内容", "actionUrlItemList": links}
        case "unknownMsgType":
            content = {"unknownMsgType": "用户发送了一条消息，机器人暂不支持接收。"}
        case _:
            content = {"text": text}
    return content


def _picture(keep: Callable[[str, bytes], str]) -> Json:
    code = keep("image.png", PIXEL)
    return {"downloadCode": code, "pictureDownloadCode": keep("image.png", PIXEL)}
