"""Stream frames as text: the topics that are pushed, and what comes back."""

import json
import time
from dataclasses import dataclass
from typing import Any

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement: whose, with which code, and its data as it came (a JSON string, if it is right)."""

    message_id: str
    code: int
    data: object

    def response(self) -> dict[str, Any] | None:
        """The `response` in the data of a good acknowledgement ({} for an empty one); None for any other."""
        if self.code != 200 or not isinstance(self.data, str):  # noqa: PLR2004  # the only good code
            return None
        try:
            data = json.loads(self.data)
        except ValueError:
            return None
        response = (data.get("response") if isinstance(data, dict) else None) or {}
        return response if isinstance(response, dict) else None


def frame_text(client_id: str, connection_id: str, message_id: str, kind: str, topic: str, data: str) -> str:
    """A frame; `data` is JSON text, and stays a string in it."""
    headers = {
        "appId": client_id,
        "connectionId": connection_id,
        "contentType": "application/json",
        "messageId": message_id,
        "time": str(int(time.time() * 1000)),
        "topic": topic,
    }
    return json.dumps({"specVersion": "1.0", "type": kind, "headers": headers, "data": data}, ensure_ascii=False)


def read_ack(raw: str) -> Ack | None:
    """What a client sent, if it is an acknowledgement."""
    try:
        ack = json.loads(raw)
        message_id, code = ack["headers"]["messageId"], ack["code"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(message_id, str) or not isinstance(code, int):
        return None
    return Ack(message_id, code, ack.get("data"))


def same_json(text: object, wanted: str) -> bool:
    """Whether both are JSON texts of the same value."""
    try:
        return isinstance(text, str) and json.loads(text) == json.loads(wanted)
    except ValueError:
        return False
