"""A person presses a button on a card: the callback by Stream or HTTP, two seconds of patience, the response applied."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.callbacks import Callbacks
from sandbox.dingtalk.card import Card
from sandbox.dingtalk.card_bodies import read_variables
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.frames import CARD_TOPIC
from sandbox.dingtalk.refusal import Refusal
from sandbox.dingtalk.stream import Stream
from sandbox.records import Records


class Clicks:
    """Presses buttons."""

    def __init__(self, cards: Cards, stream: Stream, callbacks: Callbacks, records: Records) -> None:
        self._cards = cards
        self._stream = stream
        self._callbacks = callbacks
        self._records = records

    async def click(self, app: App, card: Card, user_id: str, action_id: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Press `action_id` as `user_id`; whether the bot answered within 2 s, what, and after how many seconds."""
        began = time.monotonic()
        response = await self._ask(card, callback(app, card, user_id, action_id, params))
        took = round(time.monotonic() - began, 6)
        if response is not None:
            self._apply(app, card, user_id, response)
        self._records.add(
            "dingtalk",
            "click",
            client_id=app.client_id,
            out_track_id=card.out_track_id,
            user_id=user_id,
            action_id=action_id,
            answered=response is not None,
            took=took,
        )
        return {"answered": response is not None, "response": response or {}, "took": took}

    async def _ask(self, card: Card, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        if card.callback_type == "HTTP":
            return await self._callbacks.ask(card, frame)
        if card.callback_type != "STREAM":
            return None
        unacked = await self._stream.push(card.client_id, CARD_TOPIC, frame)
        if unacked is None:
            return None
        await asyncio.wait([unacked.ack], timeout=unacked.patience)
        return unacked.ack.result().response() if unacked.ack.done() else None

    def _apply(self, app: App, card: Card, user_id: str, response: Mapping[str, Any]) -> None:
        try:
            public = read_variables(response.get("cardData"))
            own = read_variables(response.get("userPrivateData"))
        except Refusal:
            return
        if app.click_updates == "clicker" and (public or own):
            public, own = None, {**(public or {}), **(own or {})}
        self._cards.apply(card, public, {} if own is None else {user_id: own}, response.get("cardUpdateOptions"))


def callback(app: App, card: Card, user_id: str, action_id: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a card callback frame, and the body of a card callback over HTTP."""
    content = json.dumps({"cardPrivateData": {"actionIds": [action_id], "params": dict(params)}}, ensure_ascii=False)
    where = card.places[0] if card.places else None
    return {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": app.corp_id,
        "userId": user_id,
        "userIdType": card.user_id_type,
        "spaceId": where.conversation_id if where else "",
        "spaceType": where.space_type if where else "",
        "extension": "{}",
        "content": content,
        **({"value": content} if app.click_value else {}),
    }
