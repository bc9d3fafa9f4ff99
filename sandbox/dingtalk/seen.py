"""Puts what goes over Stream connections on the wire: handshakes, frames, acknowledgements, ends."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.capture import tell_upgrade
from sandbox.dingtalk.frames import BOT_TOPIC, CARD_TOPIC, Ack
from sandbox.wire import Body, Call, Facts, Frame, Whole, Wire

_NAMES = {BOT_TOPIC: "message", CARD_TOPIC: "click"}
_ENDS = {"cut": "cut", "client": "left", "persistent connection is timeout": "failed"}


class Seen:
    """The account of one Stream, for all of its connections."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def opened(self, request: web.Request, client_id: str) -> None:
        """A connection stands."""
        tell_upgrade(request)
        status, empty = int(HTTPStatus.SWITCHING_PROTOCOLS), Body()
        call = Call(request.method, request.raw_path, request.headers, empty, status, {}, empty)
        self._add("call", call, client_id, "in", f"GET {request.path}", api="connect", status=status)

    def closed(self, client_id: str, reason: str) -> None:
        """A connection has ended; `reason` is "client" where the bot ended it."""
        way, verdict = "in" if reason == "client" else "out", _ENDS.get(reason, "ok")
        self._add("frame", Frame(""), client_id, way, "connection closed", api="closed", verdict=verdict, reason=reason)

    def sent(
        self, client_id: str, kind: str, topic: str, frame: str, data: Mapping[str, Any], *, lost: bool, fault: bool
    ) -> None:
        """A frame left, or was lost as ordered."""
        again = _NAMES.get(topic) == "message" and self._wire.pushed(data)
        self._add(
            "frame",
            Frame(frame),
            client_id,
            "out",
            f"{kind} {topic}",
            api=_NAMES.get(topic, topic.lower()),
            answer=_answer(topic, data),
            verdict="lost" if lost else "ok",
            again=again or None,
            fault=fault or None,
            bytes_out=len(frame.encode(errors="replace")),
        )

    def acknowledged(
        self, client_id: str, topic: str, raw: str, ack: Ack, took: float, answer: str | None, *, late: bool
    ) -> None:
        """An acknowledgement of a CALLBACK came."""
        good = ack.code == HTTPStatus.OK
        verdict = "late" if late else "ok" if good else "refused"
        code = None if good else str(ack.code)
        what, name = f"ack {topic}", f"ack.{_NAMES.get(topic, 'other')}"
        self._heard(client_id, raw, what, api=name, verdict=verdict, code=code, took=took, answer=answer)

    def pong(self, client_id: str, raw: str) -> None:
        """The answer to a ping, or to another SYSTEM frame."""
        self._heard(client_id, raw, "pong", api="pong", verdict="ok")

    def stray(self, client_id: str, raw: str, reason: str) -> None:
        """Something came that acknowledges nothing."""
        self._heard(client_id, raw, "ack", api="stray", verdict="stray", reason=reason)

    def unanswered(self, client_id: str, topic: str, seconds: float, answer: str | None) -> None:
        """No acknowledgement came in time."""
        name = f"ack.{_NAMES.get(topic, 'other')}"
        facts = {"api": name, "verdict": "unanswered", "took": seconds, "answer": answer}
        self._add("ack", Frame(""), client_id, "in", f"ack {topic}", **facts)

    def _heard(self, client_id: str, raw: str, what: str, **facts: object) -> None:
        self._add("ack", Frame(raw), client_id, "in", what, bytes_in=len(raw.encode(errors="replace")), **facts)

    def _add(self, kind: str, whole: Whole, client_id: str, way: str, what: str, **facts: object) -> None:
        told: Facts = {"time": time.time(), "way": way, "what": what, "client_id": client_id, "verdict": "ok"}
        told |= {"bytes_in": 0, "bytes_out": 0} | {name: fact for name, fact in facts.items() if fact is not None}
        self._wire.add("dingtalk", kind, whole, told)


def _answer(topic: str, data: Mapping[str, Any]) -> str | None:
    name = {"message": "msgId", "click": "outTrackId"}.get(_NAMES.get(topic, ""))
    found = data.get(name) if name else None
    return found if isinstance(found, str) else None
