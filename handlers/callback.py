"""Registers the public address at which a bot that is called over HTTP takes clicks on its cards."""

import logging
import random
import threading
from collections.abc import Callable

from errors import BridgeError, DingTalkUnreachable, Throttled
from handlers.card_calls import NO_CALLBACK, Callback
from handlers.dingtalk import DingTalkClient
from handlers.texts import Texts

log = logging.getLogger("dingbridge.callback")

_FIRST_PAUSE = 1.0  # seconds between tries; they double
# What DingTalk cannot take now it may take in a minute; what it refuses an admin has to mend, and each try counts as a call.
_LONGEST_PASSING, _LONGEST = 60.0, 3_600.0


class CardCallback:
    """The card callback of one bot: `url` is where, "" when no public address is known; `secret` signs what comes.

    `current` says how a card that is made now is to send its clicks.
    """

    def __init__(
        self,
        name: str,
        client: DingTalkClient,
        url: str,
        secret: str,
        texts: Texts,
        *,
        first_pause: float = _FIRST_PAUSE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name, self._client, self._texts = name, client, texts
        self._url, self._secret = url, secret
        self._first_pause, self._chance = first_pause, chance
        self._current = NO_CALLBACK

    def current(self) -> Callback:
        """Return the HTTP callback once it is registered, none before."""
        return self._current

    def register(self, stopping: threading.Event) -> None:
        """Register the address, again and again until DingTalk takes it or `stopping` is set; nothing to do without one."""
        if not self._url:
            log.info("bot=%s %s", self.name, self._texts.say("no_public_url"))
            return
        pause, route_key = self._first_pause, f"dingbridge-{self._client.client_id}"
        while not stopping.is_set():
            try:
                self._client.register_card_callback(route_key, self._url, self._secret)
            except BridgeError as error:
                passing = isinstance(error, DingTalkUnreachable | Throttled)
                pause = min(pause, _LONGEST_PASSING if passing else _LONGEST)
                what, fix = f"{type(error).__name__}: {error}", self._texts.fix(error)
                log.error("bot=%s the card callback is not registered (%s), again in %.0f s; %s", self.name, what, pause, fix)
                stopping.wait(pause * (1 - self._chance() / 5))
                pause *= 2
            else:
                self._current = Callback("HTTP", route_key)
                log.info("bot=%s the card callback is registered", self.name)
                return
