"""A tiny HTTP server over raw sockets: a test decides about every byte of an answer and when it is sent."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]

_PATIENCE = 20.0  # seconds, for a client that never comes back


class Exchange:
    """One request and the answer to it; `begin`, `send` and `end` write the answer."""

    def __init__(self, connection: socket.socket, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.connection, self.method, self.path, self.headers, self.body = connection, method, path, headers, body
        self.chunked = True
        self.kept = False  # whether the connection takes another request

    @property
    def json(self) -> Json:
        """The request's body."""
        parsed: Json = json.loads(self.body or b"{}")
        return parsed

    def begin(self, *, status: str = "200 OK", chunked: bool = True, **headers: str) -> Self:
        """Write the head: of an event stream unless `Content_Type` says otherwise."""
        self.chunked = chunked
        told = {"Content-Type": "text/event-stream; charset=utf-8"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        told |= {"Transfer-Encoding": "chunked"} if chunked else {"Connection": "close"}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items()), "", ""]
        self.connection.sendall("\r\n".join(lines).encode())
        return self

    def send(self, *pieces: bytes) -> Self:
        """Write some of the body, each piece in a write and a chunk of its own."""
        for piece in filter(None, pieces):  # an empty chunk would be the end
            self.connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if self.chunked else piece)
        return self

    def end(self) -> None:
        """End the body as HTTP does."""
        if self.chunked:
            self.connection.sendall(b"0\r\n\r\n")
            self.kept = True

    def stream(self, *pieces: bytes) -> None:
        """Answer with a whole event stream."""
        self.begin().send(*pieces).end()

    def answer(self, body: bytes, *, status: str = "200 OK", content_type: str = "application/json", **headers: str) -> None:
        """Answer with a body that is no stream."""
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *lines, "", ""]
        self.connection.sendall("\r\n".join(head).encode() + body)
        self.kept = True

    def reset(self) -> None:
        """Break the connection with an RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait_until_left(self) -> None:
        """Send nothing more, and return when the client has closed its side."""
        self.connection.settimeout(_PATIENCE)
        with suppress(ConnectionResetError):
            assert self.connection.recv(1) == b"", "the client spoke where it should have left"


class RawServer:
    """Serves until it is left; `run` answers the calls that begin a run, `others` the rest by the path's last word."""

    def __init__(self, run: Callable[[Exchange], None]) -> None:
        self.run = run
        self.others: dict[str, Callable[[Exchange], None]] = {
            "stop": lambda exchange: exchange.answer(b'{"result": "success"}'),
            "messages": lambda exchange: exchange.answer(b'{"data": []}'),
            "parameters": lambda exchange: exchange.answer(b'{"user_input_form": []}'),
        }
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.errors: list[BaseException] = []
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        accepting = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(accepting)
        accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for open_one in list(self._sockets):
            with suppress(OSError):
                open_one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_PATIENCE)
        if self.errors and not error:
            raise self.errors[0]

    def calls(self, last_word: str) -> list[Exchange]:
        """The requests so far whose path ends with this word."""
        return [exchange for exchange in self.exchanges if _last_word(exchange.path) == last_word]

    def wait_for_call(self, last_word: str, number: int = 1) -> Exchange:
        """Wait until so many such requests came, and return the last of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls(last_word)) >= number, _PATIENCE), f"no call {last_word}"
            return self.calls(last_word)[number - 1]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serving = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(serving)
            serving.start()

    def _serve(self, connection: socket.socket) -> None:
        self._sockets.add(connection)
        try:
            with connection, connection.makefile("rb") as reader:
                while (exchange := _read(connection, reader)) and self._answered(exchange):
                    pass
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client left in the middle, which is its right
        except BaseException as error:  # told to the test at its end
            self.errors.append(error)
        finally:
            self._sockets.discard(connection)

    def _answered(self, exchange: Exchange) -> bool:
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()
        self.others.get(_last_word(exchange.path), self.run)(exchange)
        return exchange.kept


def ping_until_left(exchange: Exchange) -> None:
    """Send a ping now and then, until the client has closed its side."""
    exchange.connection.settimeout(0.05)
    while True:
        try:
            if not exchange.connection.recv(1):
                return
        except TimeoutError:
            exchange.send(PING)


PING = b"event: ping\n\n"


def event(name: str, **fields: object) -> bytes:
    """Return one frame of Dify's stream, raw UTF-8 as from 1.8.1 on, with the ids that every event carries."""
    ids = {"event": name, "conversation_id": "c-1", "message_id": "m-1", "task_id": "t-1"}
    return b"data: " + json.dumps({**ids, **fields}, ensure_ascii=False).encode() + b"\n\n"


def message(text: str) -> bytes:
    """Return a text delta."""
    return event("message", answer=text)


END = event("message_end", metadata={})


def run_frames(*deltas: str, status: str = "succeeded", **data: object) -> Iterable[bytes]:
    """Return the frames of a workflow's run with these text chunks."""
    yield event("workflow_started", workflow_run_id="r-1", data={"id": "r-1"})
    for delta in deltas:
        yield event("text_chunk", workflow_run_id="r-1", data={"text": delta})
    yield event("workflow_finished", workflow_run_id="r-1", data={"id": "r-1", "status": status, **data})


def _last_word(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


def _read(connection: socket.socket, reader: Any) -> Exchange | None:
    line = reader.readline().decode().split()
    if not line:
        return None
    headers: dict[str, str] = {}
    while (header := reader.readline().decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Exchange(connection, line[0], line[1], headers, reader.read(int(headers.get("content-length", "0"))))
