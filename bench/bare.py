"""The floor: the least that answers at all, one acknowledging websocket loop and one plain thread per answer.

It makes as many card calls as it is told, asks Dify with requests, reads with sseclient-py, and knows no retries, no
order, no duplicates and no errors: what a bridge costs beyond this is the price of its safety.
"""

import asyncio
import json
import sys
import threading
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import requests
import sseclient
from requests.adapters import HTTPAdapter
from websockets.asyncio.client import connect

TOPIC = "/v1.0/im/bot/messages/get"
_TIMEOUT = 60


@dataclass(frozen=True)
class Bot:
    """What one bot needs to know.

    `calls` is the number of card calls, at least 3, that an answer of `tokens` pieces shall take; 0 means no answer at all.
    """

    url: str
    client_id: str
    client_secret: str
    api_key: str
    template_id: str
    calls: int
    tokens: int


class BareBot:
    """One bot, on as many connections as wanted."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.mount("http://", HTTPAdapter(pool_maxsize=2_000))  # a stream and a call for each of 1,000
        self._token_lock = threading.Lock()
        self._token = ""

    async def listen(self) -> None:
        """Hold one connection and acknowledge everything at once."""
        bot = self._bot
        wanted = [{"type": "CALLBACK", "topic": TOPIC}]
        body = {"clientId": bot.client_id, "clientSecret": bot.client_secret, "subscriptions": wanted}
        way = await asyncio.to_thread(self._call, "POST", "/v1.0/gateway/connections/open", body)
        async with connect(f"{way['endpoint']}?ticket={quote_plus(way['ticket'])}") as socket:
            async for raw in socket:
                frame = json.loads(raw)
                headers, system = frame["headers"], frame["type"] == "SYSTEM"
                ack = {"code": 200, "headers": headers, "message": "OK", "data": frame["data"] if system else "{}"}
                await socket.send(json.dumps(ack))
                if headers["topic"] == TOPIC and bot.calls:
                    threading.Thread(target=self._answer, args=(json.loads(frame["data"]),), daemon=True).start()

    def _answer(self, message: dict[str, Any]) -> None:
        card, user = uuid.uuid4().hex, message["senderStaffId"]
        making = threading.Thread(target=self._create, args=(card, user), daemon=True)
        making.start()
        body = {"inputs": {}, "query": message["text"]["content"], "response_mode": "streaming", "user": user}
        key = {"Authorization": f"Bearer {self._bot.api_key}"}
        url = f"{self._bot.url}/v1/chat-messages"
        with self._http.post(url, json=body, headers=key, stream=True, timeout=_TIMEOUT) as response:
            text, pieces, shown = "", 0, 0
            updates = self._bot.calls - 2  # beside the creation and the end
            for event in sseclient.SSEClient(response.iter_content(None)).events():
                payload = json.loads(event.data)
                if payload["event"] != "message":
                    continue
                text, pieces = text + payload["answer"], pieces + 1
                if pieces > shown * self._bot.tokens / updates and shown < updates:
                    shown += 1
                    making.join()
                    self._show(card, text)
        self._show(card, text, end=True)

    def _create(self, card: str, user: str) -> None:
        body = {
            "cardTemplateId": self._bot.template_id,
            "outTrackId": card,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": {"content": ""}},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
            "imRobotOpenSpaceModel": {"supportForward": True},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self._bot.client_id},
        }
        self._call("POST", "/v1.0/card/instances/createAndDeliver", body, self._access_token())

    def _show(self, card: str, text: str, *, end: bool = False) -> None:
        body = {"outTrackId": card, "guid": uuid.uuid4().hex, "key": "content", "content": text}
        flags = {"isFull": True, "isFinalize": end, "isError": False}
        self._call("PUT", "/v1.0/card/streaming", body | flags, self._access_token())

    def _access_token(self) -> str:
        with self._token_lock:
            if not self._token:
                body = {"appKey": self._bot.client_id, "appSecret": self._bot.client_secret}
                self._token = self._call("POST", "/v1.0/oauth2/accessToken", body)["accessToken"]
            return self._token

    def _call(self, method: str, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"x-acs-dingtalk-access-token": token, "Accept": "application/json"}
        with self._http.request(method, self._bot.url + path, json=body, headers=headers, timeout=_TIMEOUT) as response:
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
            return answer


async def main(bots: list[Bot], listeners: int) -> None:
    """Run every bot on so many connections each, until this process is ended."""
    await asyncio.gather(*(bare.listen() for bare in map(BareBot, bots) for _ in range(listeners)))


if __name__ == "__main__":
    asyncio.run(main([Bot(**bot) for bot in json.loads(sys.argv[1])], int(sys.argv[2])))
