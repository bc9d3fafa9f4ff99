"""A bot in HTTP mode as somebody else would write it: a small server that keeps what it is sent, and checks nothing of it."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

from tests.sandbox.dingtalk.foreign import SECONDS, Json


@dataclass(frozen=True)
class Heard:
    """One request: its path, headers and body."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Json:
        """The JSON of the body."""
        payload: Json = json.loads(self.body)
        return payload


@dataclass
class Reply:
    """What the bot answers with from now on, after so many seconds."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    seconds: float = 0.0


@dataclass
class Door:
    """The bot's server: where it is, what it heard, how it answers."""

    url: str
    reply: Reply = field(default_factory=Reply)
    heard: "Queue[Heard]" = field(default_factory=Queue)
    ended: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Heard:
        """The next request."""
        return self.heard.get(timeout=SECONDS)

    def says(self, body: object, status: int = 200) -> None:
        """Answer with this JSON."""
        self.reply = Reply(status, json.dumps(body).encode())


@contextmanager
def listening() -> Iterator[Door]:
    """A bot's server on a free port."""
    door = Door("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = door.reply
            door.heard.put(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if reply.seconds and door.ended.wait(reply.seconds):
                return
            try:
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                return  # whoever asked has hung up

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_port}/bot"
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    try:
        yield door
    finally:
        door.ended.set()
        server.shutdown()
        server.server_close()
        serving.join()


def now_ms() -> int:
    """The millisecond of this moment."""
    return int(time.time() * 1000)
