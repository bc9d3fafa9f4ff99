"""One Redis server: reached within a bounded time, asked by scripts that run in it, its failures told as StoreUnavailable.

Everything of ours stands below one prefix, `dingbridge:`, and expires. A script builds the names of its keys itself, so the
server has to be a single one, not a cluster. A user of its own needs the keys `~dingbridge:*`, the channels
`&dingbridge:*` and the commands `+@all -@dangerous` (without `info`, its version is taken on trust).
"""

import hashlib
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

from redis.exceptions import (
    AskError,
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    NoScriptError,
    RedisError,
)

from errors import StoreUnavailable
from stores.redis_place import Place, Wire

WAIT_SECONDS = 0.5  # for a connection, and for an answer
LISTENS = "listens"  # what the lease of a process says that has a subscription, so that its end can be told by that
_CONNECTIONS = 16
_NEEDED = (6, 2)
_FENCE_SECONDS = 3_600  # longer than any network keeps what was given up

# What each script begins with. A call that was given up may still lie in a socket's buffer, and would change something after
# the outage that it began: it bears the number of its epoch (`reach` begins the next one), and comes too late.
_BEGINNING = """
local me, epoch = ARGV[1], tonumber(ARGV[2])
local fence = 'dingbridge:epoch:' .. me
if tonumber(redis.call('GET', fence) or 0) > epoch then return redis.error_reply('LATE the call was given up') end
local function now()  -- in microseconds
    local clock = redis.call('TIME')
    return clock[1] * 1000000 + clock[2]
end
local function whole(number) return string.format('%.0f', number) end
local alive = {[me] = true}
local function is_alive(owner)
    if alive[owner] == nil then alive[owner] = redis.call('EXISTS', 'dingbridge:owner:' .. owner) == 1 end
    return alive[owner]
end
"""


class RedisRefused(StoreUnavailable):
    """Something answers there, but will not do before somebody changes it: a password, an address, a version."""


class Script:
    """What is to happen in the server at one go: ARGV[1] says who calls, ARGV[2] in which epoch, then the call's own come."""

    def __init__(self, body: str) -> None:
        self.text = _BEGINNING + body

    @cached_property
    def digest(self) -> str:
        """The name by which the server knows it, once it was sent."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()  # Redis's own choice


_BEGIN_EPOCH = Script(f"redis.call('SET', fence, ARGV[2], 'EX', {_FENCE_SECONDS})")


class RedisServer:
    """The server that a URL names: redis://[user:password@]host[:port][/db], or rediss:// for TLS, with checked certificates.

    `owner` is this process's name among those that share it. A call takes `wait_seconds` for a free connection at most, and as
    long for each answer; the first that is missing ends it. Names are resolved by `reach` only, for there is no time limit for
    that: until it was called, nothing can be.
    """

    def __init__(self, url: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.owner = secrets.token_hex(8)
        self._reaching, self._epoch = threading.Lock(), 0
        self._place, self._wait_seconds = Place(url, wait_seconds), wait_seconds
        self._pool = self._place.pool("dingbridge", _CONNECTIONS)

    def run(self, script: Script, *values: str | float) -> Any:
        """Run a script and return its answer: texts, whole numbers, lists of them."""
        arguments = (self.owner, self._epoch, *values)
        with self.failures(), self._connection() as connection:
            try:
                return _ask(connection, "EVALSHA", script.digest, 0, *arguments)
            except NoScriptError:
                return _ask(connection, "EVAL", script.text, 0, *arguments)

    def reach(self) -> None:
        """Find the server, whatever has become of it, and begin an epoch: calls given up before come too late from now on.

        RedisRefused when it is not one that we can use.
        """
        with self._reaching, self.failures():
            self._epoch += 1
            self._place.resolve()
            self._pool.disconnect(inuse_connections=False)
            with self._connection() as connection:
                self._recognise(connection)
        self.run(_BEGIN_EPOCH)

    def subscribe(self, *channels: str) -> "RedisSubscription":
        """Return what hears these channels, on a connection of its own."""
        with self.failures():
            self._place.resolve()
            connection = self._place.wire("dingbridge-signals")
            connection.connect()
            connection.send_command("SUBSCRIBE", *channels)
            return RedisSubscription(connection, self.failures)

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.disconnect()

    @contextmanager
    def alone(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a lock over a call; StoreUnavailable when others hold it for too long."""
        if not lock.acquire(timeout=2 * self._wait_seconds):
            raise StoreUnavailable(f"{self._place}: other threads have kept it busy for {2 * self._wait_seconds:g} s")
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _connection(self) -> Iterator[Wire]:
        connection = self._pool.get_connection()
        try:
            yield connection
        finally:
            self._pool.release(connection)

    def _recognise(self, connection: Wire) -> None:
        try:
            lines = str(_ask(connection, "INFO", "server")).splitlines()
        except NoPermissionError:
            return
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
        version = facts.get("redis_version", "")
        if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _NEEDED:
            raise RedisRefused(f"{self._place}: Redis {version or 'of no version'} is too old, 6.2 is needed")
        if (mode := facts.get("redis_mode", "standalone")) != "standalone":
            raise RedisRefused(f"{self._place}: is a {mode}, a single Redis is needed")

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn every failure of the server, or on the way to it, into StoreUnavailable."""
        try:
            yield
        except (RedisError, OSError, ValueError) as error:
            kind = RedisRefused if _is_refusal(error) else StoreUnavailable
            raise kind(f"{self._place}: {self._words(error)}") from None

    def _words(self, error: Exception) -> str:
        """Return the server's own words, without what was sent to it: a server that does not know a command repeats it."""
        code = getattr(error, "status_code", None)
        words = f"{code} {error}" if code and code != "ERR" else str(error) or type(error).__name__
        return self._place.without_password(" ".join(words.partition(", with args beginning with")[0].split()))[:200]


class RedisSubscription:
    """A connection that hears channels."""

    def __init__(self, connection: Wire, failures: Callable[[], AbstractContextManager[None]]) -> None:
        self._connection, self._failures = connection, failures

    def hear(self, seconds: float) -> list[Any]:
        """Return what comes next, as the server words it, or [] when nothing does within so many seconds."""
        with self._failures():
            heard: list[Any] = self._connection.read_response() if self._connection.can_read(seconds) else []
            return heard

    def prompt(self) -> None:
        """Make the server say something, if it is still there."""
        with self._failures():
            self._connection.send_command("PING")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.disconnect()


def _ask(connection: Wire, *command: str | float) -> Any:
    connection.send_command(*command)
    return connection.read_response()


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, (AuthenticationError, NoPermissionError, InvalidResponse, AskError)):
        return True
    cause = error.__context__  # the library turns what TLS refuses into an error of the connection
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLSyscallError)):
        return True
    return str(error).startswith(("unknown command", "DB index is out of range"))
