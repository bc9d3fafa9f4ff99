"""People who all write in the same moment: the requests leave over connections that were opened before."""

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """One message on its way; `user` is the person's staff id, `at` the time (epoch seconds) when all began to write."""

    user: str
    msg_id: str
    conversation_id: str
    at: float


def say_at_once(url: str, client_id: str, people: Sequence[str], text: str) -> list[Said]:
    """Let each person write this to the bot, in private; return what was said.

    Raises OSError when a message reached no connection. One thread writes all requests before it reads an answer, which
    takes a few milliseconds, where a thread for each would still be starting threads.
    """
    with contextlib.ExitStack() as open_connections:
        lines = []
        for _ in people:
            line = HTTPConnection(urlsplit(url).netloc, timeout=_SECONDS)
            open_connections.callback(line.close)
            line.connect()
            lines.append(line)
        bodies = [_message(client_id, person, text) for person in people]
        began = time.time()
        for line, body in zip(lines, bodies, strict=True):
            line.request("POST", "/sandbox/messages", body, {"Content-Type": "application/json"})
        answers = [json.load(line.getresponse()) for line in lines]
    lost = [answer for answer in answers if not answer.get("delivered")]
    if lost:
        raise OSError(f"{len(lost)} messages were not delivered: {lost[0]}")
    said = zip(people, answers, strict=True)
    return [Said(person, answer["msg_id"], answer["conversation_id"], began) for person, answer in said]


def _message(client_id: str, person: str, text: str) -> bytes:
    message = {"client_id": client_id, "text": text, "sender": {"staff_id": person, "nick": person}}
    return json.dumps(message).encode()
