"""Where a Redis is, by its URL, and how connections to it come about: to addresses resolved before, in a bounded time."""

import socket
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from redis.connection import BlockingConnectionPool, Connection, SSLConnection


class Wire(Protocol):
    """What is used of the library's connections, which bear few types themselves."""

    def connect(self) -> None:
        """Connect, log in, choose the database."""

    def send_command(self, *command: str | float) -> None:
        """Send a command."""

    def can_read(self, timeout: float) -> bool:
        """Return whether something comes within so many seconds."""

    def read_response(self) -> Any:
        """Return what comes next."""

    def disconnect(self) -> None:
        """Let go of the socket."""


class Pool(Protocol):
    """What is used of its pools."""

    def get_connection(self) -> Wire:
        """Return a connection, connected."""

    def release(self, connection: Wire) -> None:
        """Take it back."""

    def disconnect(self, *, inuse_connections: bool = True) -> None:
        """Let go of the sockets."""


_POOL: Callable[..., Pool] = BlockingConnectionPool


class Place:
    """Host and port, and what it takes to be let in.

    A URL that cannot be read is a ValueError, which never repeats it. `wait_seconds` is the time for all addresses of the host
    together, and for each answer.
    """

    def __init__(self, url: str, wait_seconds: float) -> None:
        try:
            parts = urlsplit(url)
            self._port, database = parts.port or 6379, int(parts.path.strip("/") or 0)
        except ValueError:
            parts, database = urlsplit(""), 0
        if not parts.hostname or database < 0 or parts.query or parts.fragment:
            raise ValueError("a Redis is named by redis://[user:password@]host[:port][/number], rediss:// for TLS")
        self._host, self._wait_seconds = parts.hostname, wait_seconds
        self._resolved: tuple[str, ...] = ()
        self._password = unquote(parts.password or "")
        self._kind = _TlsConnection if parts.scheme.lower() == "rediss" else _PlainConnection
        self._options: dict[str, Any] = {
            "place": self,
            "host": self._host,
            "port": self._port,
            "db": database,
            "username": unquote(parts.username or "") or None,
            "password": self._password or None,
            "socket_timeout": wait_seconds,
            "protocol": 2,
            "driver_info": None,
            "decode_responses": True,
            "encoding_errors": "surrogatepass",  # half a surrogate pair, which JSON can carry to us, is kept as it is
        }

    def __str__(self) -> str:
        return f"{self._host}:{self._port}"

    def resolve(self) -> None:
        """Ask for the host's addresses, however long that takes; OSError when there is none."""
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        self._resolved = tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    def connected(self) -> socket.socket:
        """Return a socket to the first of those addresses that takes one; OSError when none does."""
        error = OSError("its address is not known yet")
        for address in self._resolved:
            try:
                return socket.create_connection((address, self._port), self._wait_seconds / len(self._resolved))
            except OSError as refused:
                error = refused
        raise error

    def wire(self, name: str) -> Wire:
        """Return a connection of that name, which is to be connected."""
        return self._kind(**self._options, client_name=name)

    def pool(self, name: str, size: int) -> Pool:
        """Return up to so many connections of that name; who waits for a free one waits no longer than for an answer."""
        return _POOL(
            **self._options,
            client_name=name,
            connection_class=self._kind,
            max_connections=size,
            timeout=self._wait_seconds,
        )

    def without_password(self, words: str) -> str:
        """Return words that somebody else chose, without the password, should they hold it."""
        return words.replace(self._password, "***") if self._password else words


class _PlainConnection(Connection):
    """A connection that resolves no name: that can take far longer than a caller may wait."""

    def __init__(self, *, place: Place, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._place, self._answer_seconds = place, options["socket_timeout"]

    def _connect(self) -> socket.socket:
        connected = self._place.connected()
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.settimeout(self._answer_seconds)
        return connected


class _TlsConnection(SSLConnection, _PlainConnection):
    """The same below TLS; the certificate has to be the host's, by the system's authorities (or those of SSL_CERT_FILE)."""
