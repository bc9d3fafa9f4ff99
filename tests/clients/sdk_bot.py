"""A bot of DingTalk's own Python SDK, all of whose card classes it uses unchanged; run as a child by test_sdk.py."""

import asyncio
import json
import os
from typing import Any

import dingtalk_stream
from dingtalk_stream import AckMessage, AICardReplier, AICardStatus, CallbackMessage, ChatbotHandler, ChatbotMessage
from dingtalk_stream.interactive_card import INTERACTIVE_CARD_JSON_SAMPLE_2, generate_multi_text_line_card_data

BUTTONS = [{"text": "详情", "url": "https://example.com", "iosUrl": "https://example.com", "color": "gray"}]
OWN_TEMPLATE = "own.schema"
SDK_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"


class Everything(ChatbotHandler):  # type: ignore[misc]  # the SDK ships no types
    """Answers each word with the method of the SDK that it names."""

    async def process(self, callback: CallbackMessage) -> tuple[int, str]:
        """Take one message."""
        incoming = ChatbotMessage.from_dict(callback.data)
        if incoming.message_type == "picture":
            media_ids = self.extract_image_from_incoming_message(incoming)
            self.reply_markdown("图", f"![图]({media_ids[0]})", incoming)
            return AckMessage.STATUS_OK, "OK"
        word = incoming.text.content.strip()
        if word.startswith("async"):
            await getattr(self, f"say_{word}")(incoming)
        else:
            getattr(self, f"say_{word}")(incoming)
        return AckMessage.STATUS_OK, "OK"

    def say_text(self, incoming: ChatbotMessage) -> None:
        """By the session's webhook."""
        assert self.reply_text("一句话", incoming)["errcode"] == 0

    def say_markdown(self, incoming: ChatbotMessage) -> None:
        """By the session's webhook."""
        assert self.reply_markdown("标题", "# 一段话", incoming)["errcode"] == 0

    def say_markdown_card(self, incoming: ChatbotMessage) -> None:
        """MarkdownCardInstance, updated once."""
        card = self.reply_markdown_card("第一稿", incoming, title="标题", logo="@lALPDfJ6V_FPDmvNAfTNAfQ", at_sender=True)
        card.update("第二稿")

    def say_button_card(self, incoming: ChatbotMessage) -> None:
        """MarkdownButtonCardInstance, updated once."""
        card = self.reply_markdown_button(incoming, "第一稿", BUTTONS, tips="提示", title="标题")
        card.update("第二稿", BUTTONS, tips="新提示")

    def say_ai_card(self, incoming: ChatbotMessage) -> None:
        """AIMarkdownCardInstance from its start to its end."""
        card = self.ai_markdown_card_start(incoming, title="标题", logo="@lALPDfJ6V_FPDmvNAfTNAfQ")
        card.ai_streaming("你", append=True)
        card.ai_streaming("好", append=True)
        card.ai_finish(button_list=[{"text": "再来", "id": "again", "request": True, "color": "blue"}])

    def say_ai_card_at_once(self, incoming: ChatbotMessage) -> None:
        """The same in one call, with a static block afterwards."""
        card = self.reply_ai_markdown_button(incoming, "你好", BUTTONS, title="标题")
        card.update(static_markdown="补充")

    def say_ai_failure(self, incoming: ChatbotMessage) -> None:
        """AIMarkdownCardInstance that fails."""
        card = self.ai_markdown_card_start(incoming)
        card.ai_streaming("你")
        card.ai_fail()

    def say_carousel(self, incoming: ChatbotMessage) -> None:
        """CarouselCardInstance."""
        slides = [("第一张", "@lADPDe7s2ySi18PNA6XNBXg"), ("第二张", "@lADPDf0i1beuNF3NAxTNBXg")]
        self.reply_carousel_card(incoming, "选一张", slides, "就这张", title="轮播")

    def say_rpa(self, incoming: ChatbotMessage) -> None:
        """RPAPluginCardInstance."""
        self.reply_rpa_plugin_card(incoming, "id", "1.0", "plugin", "run", {"a": 1}, goal="打开网页", corp_id="ding1")

    def say_old_card(self, incoming: ChatbotMessage) -> None:
        """The interactive card of before 2023, updated once."""
        card_id = self.reply_card(INTERACTIVE_CARD_JSON_SAMPLE_2, incoming, at_sender=True)
        answer = self.update_card(card_id, generate_multi_text_line_card_data("新标题", "", ["甲", "乙"]))
        assert "processQueryKey" in answer

    def say_own_card(self, incoming: ChatbotMessage) -> None:
        """CardReplier's one-step call with a company's own template, everybody mentioned."""
        replier = AICardReplier(self.dingtalk_client, incoming)
        card = replier.create_and_deliver_card(OWN_TEMPLATE, {"content": ""}, at_all=True, recipients=["staff-1"])
        replier.streaming(card, "content", "你好", append=False, finished=True, failed=False)

    async def say_async_flow(self, incoming: ChatbotMessage) -> None:
        """AICardReplier's asynchronous life of a card of the SDK's template."""
        replier = AICardReplier(self.dingtalk_client, incoming)
        shown = {"staticMsgContent": "", "sys_full_json_obj": json.dumps({"order": ["msgContent"]})}
        card = await replier.async_start(SDK_TEMPLATE, {})
        await replier.async_put_card_data(card, {**shown, "flowStatus": AICardStatus.INPUTING, "msgContent": ""})
        await replier.async_streaming(card, "msgContent", "你", append=False, finished=False, failed=False)
        await replier.async_finish(card, {**shown, "msgContent": "你好"})

    async def say_async_ai_card(self, incoming: ChatbotMessage) -> None:
        """AICardReplier's asynchronous methods over a company's own template."""
        replier = AICardReplier(self.dingtalk_client, incoming)
        card = await replier.async_create_and_deliver_card(OWN_TEMPLATE, {"content": ""})
        await replier.async_streaming(card, "content", "你", append=False, finished=False, failed=False)
        await replier.async_streaming(card, "content", "你好", append=False, finished=True, failed=False)
        await replier.async_put_card_data(card, {"content": "你好", "config": json.dumps({"autoLayout": True})})


class Clicks(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK ships no types
    """Answers every click."""

    async def process(self, callback: CallbackMessage) -> tuple[int, dict[str, Any]]:
        """Take one click."""
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        action = click.content["cardPrivateData"]["actionIds"][0]
        options = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
        data = {"cardParamMap": {"msgTitle": f"{click.user_id} 选了 {action}"}}
        return AckMessage.STATUS_OK, {"cardUpdateOptions": options, "userPrivateData": data}


if __name__ == "__main__":
    credential = dingtalk_stream.Credential(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    client = dingtalk_stream.DingTalkStreamClient(credential)
    client.register_callback_handler(ChatbotMessage.TOPIC, Everything())
    client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Clicks())
    asyncio.run(client.start())
