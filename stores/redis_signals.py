"""Words between the processes that share a Redis, by publishing and subscribing."""

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import astuple

from errors import StoreUnavailable
from stores.base import ConversationKey, Signal
from stores.redis_server import LISTENS, RedisServer, RedisSubscription, Script

log = logging.getLogger("dingbridge.stores")

_ALL = "dingbridge:all"
_HEAR_SECONDS = 0.2  # at a time, so that a closed store's thread ends soon
_SILENCE_SECONDS = 5.0  # after which the server is asked whether it is still there; after twice as many it is not
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0  # seconds between two tries; a process is taken for gone after more of them
_FIRST_SECONDS = 1.0  # to subscribe for the first time
_GOODBYE_SECONDS = 2.0

_SEND = Script(f"redis.call('PUBLISH', '{_ALL}', ARGV[3])")
_SAY = Script("redis.call('SET', 'dingbridge:owner:' .. me, ARGV[3], 'XX', 'KEEPTTL')")


class RedisSignals:
    """Signals to all; a process does not hear its own. One is lost to a process whose connection is just broken.

    The thread that listens also shows the others that this process lives: it has subscribed to a channel of the process's own,
    where nobody speaks.
    """

    def __init__(self, server: RedisServer, *, silence_seconds: float = _SILENCE_SECONDS) -> None:
        self._server, self._silence_seconds = server, silence_seconds
        self._own = f"dingbridge:to:{server.owner}"
        self._closing, self._listening = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def is_listening(self) -> bool:
        """Return whether this process hears the others now."""
        return self._listening.is_set()

    def send(self, signal: Signal) -> None:
        """Let all other processes know, soon."""
        self._server.run(_SEND, json.dumps((self._server.owner, astuple(signal))))

    def listen(self, receive: Callable[[Signal], None]) -> None:
        """From now on, call this for what others send, in a thread of the store's, until the store is closed."""
        self._thread = threading.Thread(target=self._listen, args=(receive,), name="store-signals", daemon=True)
        self._thread.start()
        self._listening.wait(_FIRST_SECONDS)  # what is sent from now on is heard, if the server is there

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        if self._thread:
            self._thread.join(_GOODBYE_SECONDS)

    def _listen(self, receive: Callable[[Signal], None]) -> None:
        pause = 0.0
        while not self._closing.wait(pause):
            try:
                with closing(self._server.subscribe(_ALL, self._own)) as subscription:
                    self._hear(subscription, receive)
            except StoreUnavailable as error:
                log.debug("the others are not heard: %s", error)  # the calls of other threads tell of an outage
            except Exception:
                log.exception("the others are not heard")
            pause = min(_LONGEST_PAUSE, 2 * pause or _FIRST_PAUSE)
            if self._listening.is_set():
                pause = _FIRST_PAUSE
                self._fall_silent()

    def _hear(self, subscription: RedisSubscription, receive: Callable[[Signal], None]) -> None:
        """Pass on what is heard until the store is closed; StoreUnavailable when the connection breaks."""
        heard_at, prompted = time.monotonic(), False
        while not self._closing.is_set():
            match subscription.hear(_HEAR_SECONDS):
                case ["subscribe", channel, _] if channel == self._own:
                    self._server.run(_SAY, LISTENS)
                    self._listening.set()
                case ["message", _, str(text)]:
                    self._pass_on(text, receive)
                case []:
                    silence = time.monotonic() - heard_at
                    if silence >= 2 * self._silence_seconds:
                        raise StoreUnavailable("the server has fallen silent")
                    if silence >= self._silence_seconds and not prompted:
                        subscription.prompt()
                        prompted = True
                    continue
            heard_at, prompted = time.monotonic(), False

    def _fall_silent(self) -> None:
        """Let nobody take this process for gone, whether it can listen again or not."""
        self._listening.clear()
        with suppress(StoreUnavailable):
            self._server.run(_SAY, "")

    def _pass_on(self, text: str, receive: Callable[[Signal], None]) -> None:
        try:
            owner, (kind, key, *rest) = json.loads(text)
            if owner != self._server.owner:
                receive(Signal(kind, ConversationKey(*key), *rest))
        except Exception:
            log.exception("a signal could not be heeded")
