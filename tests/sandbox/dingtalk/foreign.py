"""A bot as somebody else would write it: requests and websockets against the wire, nothing of the product."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from sandbox.client import SandboxClient

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
PUBLIC = "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"
SECONDS = 10.0
Json = dict[str, Any]


@dataclass
class Socket:
    """One Stream connection."""

    raw: ClientConnection

    def frame(self, topic: str, seconds: float = SECONDS) -> Json:
        """The next frame of the topic; others before it are dropped."""
        while True:
            frame: Json = json.loads(self.raw.recv(timeout=seconds))
            if frame["headers"]["topic"] == topic:
                return frame

    def message(self, seconds: float = SECONDS) -> Json:
        """The payload of the next robot message, acknowledged."""
        frame = self.frame(BOT_TOPIC, seconds)
        self.ack(frame)
        payload: Json = json.loads(frame["data"])
        return payload

    def ack(self, frame: Json, data: str = '{"response":null}', code: int = 200) -> None:
        """Acknowledge a frame."""
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        self.raw.send(json.dumps({"code": code, "headers": headers, "message": "OK", "data": data}))


@dataclass
class Bot:
    """One DingTalk app seen from outside."""

    sandbox: SandboxClient
    client_id: str = field(default_factory=lambda: f"ding{uuid.uuid4().hex[:16]}")
    secret: str = "s3cret"

    def register(self, **settings: object) -> None:
        """Tell the sandbox of the app."""
        self.sandbox.put_app(self.client_id, self.secret, "测试机器人", **settings)

    def open(self, *topics: str, **changes: object) -> requests.Response:
        """Ask the gateway for a ticket."""
        subscriptions = [{"type": "CALLBACK", "topic": topic} for topic in topics or (BOT_TOPIC, CARD_TOPIC)]
        body = {"clientId": self.client_id, "clientSecret": self.secret, "subscriptions": subscriptions, **changes}
        url = f"{self.sandbox.url}/v1.0/gateway/connections/open"
        return requests.post(url, json=body, headers={"Accept": "application/json"}, timeout=SECONDS)

    @contextmanager
    def connected(self, *topics: str) -> Iterator[Socket]:
        """A live Stream connection."""
        ticket = self.open(*topics).json()
        before = self.sandbox.last()
        with connect(f"{ticket['endpoint']}?ticket={ticket['ticket']}", close_timeout=1, proxy=None) as raw:
            self.sandbox.wait_for(before, kind="stream.connected", client_id=self.client_id)
            yield Socket(raw)

    def token(self) -> str:
        """A token by the new endpoint."""
        body = {"appKey": self.client_id, "appSecret": self.secret}
        answer = requests.post(f"{self.sandbox.url}/v1.0/oauth2/accessToken", json=body, timeout=SECONDS)
        return str(answer.json()["accessToken"])

    def call(self, method: str, path: str, body: Json, token: str | None = None) -> requests.Response:
        """A REST call with a token."""
        headers = {"x-acs-dingtalk-access-token": token or self.token()}
        return requests.request(method, f"{self.sandbox.url}/v1.0{path}", json=body, headers=headers, timeout=SECONDS)

    def create(self, **changes: object) -> requests.Response:
        """CreateAndDeliver into the private chat with staff-1, of an own template, with changes; None removes."""
        body: Json = {
            "cardTemplateId": "own.schema",
            "outTrackId": uuid.uuid4().hex,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": {"content": ""}},
            "openSpaceId": "dtv1.card//IM_ROBOT.staff-1",
            "imRobotOpenSpaceModel": {"supportForward": True},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.client_id},
            **changes,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", "/card/instances/createAndDeliver", body)

    def card(self, **changes: object) -> str:
        """The outTrackId of a card that was made and delivered."""
        return str(self.create(**changes).json()["result"]["outTrackId"])

    def stream(self, card: str, content: object, **changes: object) -> requests.Response:
        """One streaming call with the whole text; None removes a field."""
        body: Json = {
            "outTrackId": card,
            "guid": uuid.uuid4().hex,
            "key": "content",
            "content": content,
            "isFull": True,
            "isFinalize": False,
            "isError": False,
            **changes,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return self.call("PUT", "/card/streaming", body)

    def update(self, card: str, variables: object, **changes: object) -> requests.Response:
        """One update call."""
        body = {"outTrackId": card, "cardData": {"cardParamMap": variables}, **changes}
        return self.call("PUT", "/card/instances", body)


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refused call, which must carry a request id in body and header."""
    body = answer.json()
    assert body["requestid"] == answer.headers["x-acs-request-id"]
    assert body["message"]
    return answer.status_code, body["code"]
