"""What the sandbox saw, collected while it happens: it keeps the last of everything only."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from chaos.script import marks

Json = dict[str, Any]

OPEN: Final = frozenset({"processing", "inputing"})
_CALL_SECONDS: Final = 30
_TOLD_CHARACTERS: Final = 60


@dataclass
class Card:
    """A card as it looks by now; `opened` and `ended` are times (epoch seconds), `ended` 0 while it looks unfinished."""

    out_track_id: str
    client_id: str
    conversation_id: str
    opened: float
    ended: float = 0.0
    state: str = ""
    text: str = ""
    marks: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Message:
    """What a bot said without a card; `answers` is the message through whose session it was said, "" if said as the robot."""

    at: float
    conversation_id: str
    text: str
    answers: str = ""


@dataclass
class Delivery:
    """A message of a person's on its way: when its frames left, and when it was first acknowledged (0: never)."""

    frames: list[float] = field(default_factory=list)
    acked: float = 0.0


@dataclass(frozen=True)
class Closed:
    """A connection that ended, and why."""

    at: float
    client_id: str
    reason: str
    was_announced: bool


class Tape:
    """Reads records and wire from where they are now; `keep_up` is to be called every second at least, or raises OSError."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox"
        self._http = requests.Session()
        self._http.trust_env = False
        self.cards: dict[str, Card] = {}
        self.messages: list[Message] = []
        self.deliveries: defaultdict[str, Delivery] = defaultdict(Delivery)
        self.asks: defaultdict[int, list[float]] = defaultdict(list)  # by a line's number: when the AI took the question
        self.opened: list[tuple[float, str]] = []  # (time, client id) of each connection
        self.closed: list[Closed] = []
        self.live: defaultdict[str, set[str]] = defaultdict(set)  # connections that take messages, by client id
        self.refusals: Counter[str] = Counter()  # DingTalk's, by code
        self._leaving: set[str] = set()  # connections whose end was announced
        self._lines: list[tuple[float, str, str]] = []  # (time, what it is about, what happened)
        self.newest = 0.0
        news = self._get("feed")
        self._records, self._wire = int(news["last"]["records"]), int(news["last"]["wire"])

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def keep_up(self, wait: float = 0.0) -> None:
        """Read what is new; wait up to so many seconds if that is nothing."""
        while True:
            news = self._get("feed", records=self._records, wire=self._wire, wait=wait)
            if news["oldest"]["records"] > self._records + 1 or news["oldest"]["wire"] > self._wire + 1:
                raise OSError("the sandbox forgot what had not been read yet: this machine is too slow for so many messages")
            for record in news["records"]:
                self._take(record)
            for entry in news["wire"]:
                self._take_from_wire(entry)
            self._records = news["records"][-1]["seq"] if news["records"] else self._records
            self._wire = news["wire"][-1]["seq"] if news["wire"] else self._wire
            if self._records >= news["last"]["records"] and self._wire >= news["last"]["wire"]:
                return
            wait = 0.0

    def about(self, *subjects: str) -> list[str]:
        """Return the timeline of some messages and cards, in order; times are seconds since the first of it."""
        lines = sorted(line for line in self._lines if line[1] in subjects)
        return [f"{at - lines[0][0]:.2f} s {told}" for at, _, told in lines]

    def growing(self, number: int) -> Card | None:
        """Return the card that is growing with the answer to a line, if there is one."""
        return next((card for card in self.cards.values() if number in card.marks and card.state == "inputing"), None)

    def _take(self, record: Json) -> None:
        at = float(record["time"])
        match record["kind"]:
            case "card":
                self._take_card(record, at)
            case "said":
                if str(record["msgtype"]).startswith("sample"):  # the robot's own way; the session's is on the wire
                    self.messages.append(Message(at, record["conversation_id"], record["text"]))
                self._tell(at, record["conversation_id"], f"said ({record['msgtype']}) {record['text']}")
            case "frame" if "msg_id" in record:
                self.deliveries[record["msg_id"]].frames.append(at)
                self._tell(at, record["msg_id"], f"frame{' (lost)' if record['lost'] else ''}")
            case "frame" if record["topic"] == "disconnect":
                self._leaving.add(record["connection_id"])
                self.live[record["client_id"]].discard(record["connection_id"])
            case "ack" if "msg_id" in record:
                delivery = self.deliveries[record["msg_id"]]
                delivery.acked = delivery.acked or at
                self._tell(at, record["msg_id"], f"ack after {record['after']:.3f} s")
            case "request" if record["status"] == requests.codes.ok:
                for number in marks(json.dumps([record.get("query"), record.get("inputs")], ensure_ascii=False)):
                    self.asks[number].append(at)
                    self._tell(at, f"line {number}", "the AI was asked")
            case "api" if record["status"] != requests.codes.ok or "code" in record:
                self.refusals[str(record.get("code"))] += 1
                about = record.get("out_track_id") or record.get("conversation_id") or ""
                self._tell(at, about, f"{record['api']} refused: {record['status']} {record.get('code')}")
            case "stream.connected":
                self.opened.append((at, record["client_id"]))
                self.live[record["client_id"]].add(record["connection_id"])
            case "stream.closed" if record["side"] == "dingtalk":
                self.closed.append(Closed(at, record["client_id"], record["reason"], record["connection_id"] in self._leaving))
                self.live[record["client_id"]].discard(record["connection_id"])
        if record["kind"] not in {"frame", "ack"} or "msg_id" in record:  # pings go on for ever
            self.newest = at

    def _take_card(self, record: Json, at: float) -> None:
        track = record["out_track_id"]
        card = self.cards.setdefault(track, Card(track, record["client_id"], record["conversation_id"], at))
        if record["state"] != card.state:
            self._tell(at, track, f"card {track[:8]} {record['state']}: {record['text']}")
        card.state, card.text = record["state"], record["text"]
        card.conversation_id = card.conversation_id or record["conversation_id"]
        card.marks |= marks(card.text)
        card.ended = 0.0 if card.state in OPEN else card.ended or at

    def _take_from_wire(self, entry: Json) -> None:
        if entry.get("api") != "webhook" or entry["verdict"] != "ok" or not entry.get("answer"):
            return
        whole = self._get(f"wire/{entry['seq']}")
        body = whole["request"]["body"]
        text = body[body["msgtype"]]["text"]
        self.messages.append(Message(float(entry["time"]), "", text, entry["answer"]))
        self._tell(float(entry["time"]), entry["answer"], f"answered through its session: {text}")

    def _tell(self, at: float, subject: str, told: str) -> None:
        self._lines.append((at, subject, " ".join(told.split())[:_TOLD_CHARACTERS]))

    def _get(self, path: str, **query: float) -> Json:
        with self._http.get(f"{self._url}/{path}", params=query, timeout=_CALL_SECONDS) as answer:
            answer.raise_for_status()
            return dict(answer.json())
