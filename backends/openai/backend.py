"""A gateway that speaks OpenAI's protocol, as a Backend."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from backends import memory
from backends.base import Event, Question
from backends.failures import for_log
from backends.openai.client import OpenAiClient
from backends.openai.failures import AI
from backends.openai.fold import Fold
from backends.openai.messages import messages, remembered
from backends.openai.settings import OpenAiSettings
from backends.stoppable import Stop
from backends.stream import EventStream
from backends.watch import Limits
from errors import AnswerInterrupted, BackendError, NoAnswer

_LONGEST_REF = 200
_USER_KEY = re.compile(r"[^\s\[\]{}\"]{0,200}-[0-9a-f]{8}")  # as made below; not what another kind of AI left


class OpenAiBackend:
    """One model of one gateway; shared by all threads of a bot. `token` returns so many random bytes in hex."""

    sees_pictures = True

    def __init__(
        self,
        settings: OpenAiSettings,
        *,
        connections: int,
        limits: Limits | None = None,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.settings, self._token = settings, token
        self.client = OpenAiClient(settings, limits=limits or settings.limits, connections=connections)

    def start(self, question: Question) -> "OpenAiAnswer":
        """Return the answer to come; the gateway is asked when it is iterated."""
        return OpenAiAnswer(self.settings, self.client, question, new_user=f"{question.user}-{self._token(4)}")

    def ping(self) -> None:
        """Raise BackendError when the gateway cannot be reached or refuses the key."""
        try:
            self.client.check_key()
        except BackendError as error:
            raise for_log(error, self.settings.openai_api_key.get_secret_value()) from None

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self.client.close()


class OpenAiAnswer:
    """One completion. Iterate it once, in one thread; `stop` may come from any other.

    With `history: gateway`, the conversation is the `user` key under which the gateway remembers it (`new_user` begins
    anew); else it is what was said, this answer included as far as it came.
    """

    def __init__(self, settings: OpenAiSettings, client: OpenAiClient, question: Question, *, new_user: str) -> None:
        self._settings, self._client, self._question = settings, client, question
        self._user, self._earlier = "", memory.read("")
        if settings.history == "gateway":
            self._user = question.conversation if _USER_KEY.fullmatch(question.conversation) else new_user
        else:
            self._earlier = memory.newest(memory.read(question.conversation), settings.history_tokens)
        self.ref = ""
        self._fold = Fold()
        self._stop = Stop()

    @property
    def conversation(self) -> str:
        """What to ask the next question of this conversation with."""
        if self._user or not self._fold.text:
            return self._user or self._question.conversation
        exchange = memory.Exchange(remembered(self._question), self._fold.text)
        return memory.write(memory.newest((*self._earlier, exchange), self._settings.history_tokens))

    def __iter__(self) -> Iterator[Event]:
        try:
            yield from self._ask()
        except BackendError as error:
            if not self._stop.asked.is_set():
                raise for_log(error, *self._unspeakable()) from None

    def stop(self) -> None:
        """Leave the gateway, which ends its work; what was written stays."""
        self._stop.ask()

    def _ask(self) -> Iterator[Event]:
        """Ask, read, and judge how it ended."""
        if self._stop.asked.is_set():
            return
        fold = self._fold
        with closing(self._open()) as reading, self._stop.ends(reading.abort):
            for payload in reading:
                if self._stop.asked.is_set():
                    break
                self.ref = self.ref or _ref(payload)
                yield from fold.feed(payload)
                if fold.end == "over":
                    break
                if fold.end == "settling":
                    reading.settle()
        if self._stop.asked.is_set():
            return
        yield from fold.flush()
        silence = reading.silence
        if not reading.begun:
            raise NoAnswer("an empty stream" if silence is None else silence.value, code="silent", ai=AI)
        if silence and fold.end == "open":
            raise AnswerInterrupted(silence.value, code="silent", ai=AI)
        fold.judge()

    def _open(self) -> EventStream:
        body: dict[str, Any] = {
            "model": self._settings.openai_model,
            "messages": messages(self._settings, self._question, self._earlier),
        }
        if self._settings.temperature is not None:
            body["temperature"] = self._settings.temperature
        if self._user:
            body["user"] = self._user
        return self._client.chat(body, self._stop)

    def _unspeakable(self) -> Iterator[str]:
        """Yield what no log may hold, though a gateway may quote it."""
        yield self._question.text
        yield self._settings.openai_api_key.get_secret_value()
        yield self._settings.system_prompt
        for exchange in self._earlier:
            yield exchange.question
            yield exchange.answer


def _ref(payload: Mapping[str, Any]) -> str:
    """Return how the gateway calls its answer, fit to be kept."""
    identity = payload.get("id")
    return "".join(filter(str.isprintable, identity))[:_LONGEST_REF] if isinstance(identity, str) else ""
