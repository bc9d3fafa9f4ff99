"""CodeBuddy's HTTP agent as a Backend."""

from collections.abc import Iterator

from backends import memory
from backends.base import Event, Question, Text, Working
from backends.codebuddy.client import CodeBuddyClient
from backends.codebuddy.prompt import prompt
from backends.codebuddy.settings import CodeBuddySettings
from backends.failures import for_log
from backends.stoppable import Stop
from errors import BackendError

_HISTORY_TOKENS = 4_000  # of what was said before, in front of a question
_PAUSE = 1.0


class CodeBuddyBackend:
    """One agent; shared by all threads of a bot."""

    sees_pictures = False

    def __init__(self, settings: CodeBuddySettings, *, connections: int, pause: float = _PAUSE) -> None:
        self.settings = settings
        self.client = CodeBuddyClient(settings, connections=connections, pause=pause)

    def start(self, question: Question) -> "CodeBuddyAnswer":
        """Return the answer to come; the agent is asked when it is iterated."""
        return CodeBuddyAnswer(self.settings, self.client, question)

    def ping(self) -> None:
        """Raise BackendError when the agent cannot be reached or refuses the token."""
        try:
            self.client.check_key()
        except BackendError as error:
            raise for_log(error, self.settings.codebuddy_api_token.get_secret_value()) from None

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self.client.close()


class CodeBuddyAnswer:
    """One call, whose answer comes whole. Iterate it once, in one thread; `stop` may come from any other.

    The conversation is what was said, unless the options say that CodeBuddy remembers it itself.
    """

    ref = ""

    def __init__(self, settings: CodeBuddySettings, client: CodeBuddyClient, question: Question) -> None:
        self._settings, self._client, self._question = settings, client, question
        earlier = () if settings.goes_on_itself else memory.read(question.conversation)
        self._earlier = memory.newest(earlier, _HISTORY_TOKENS)
        self._stop = Stop()
        self.conversation = question.conversation

    def __iter__(self) -> Iterator[Event]:
        if self._stop.asked.is_set():
            return
        yield Working()
        try:
            text = self._client.ask(prompt(self._question.text, self._earlier), self._stop)
        except BackendError as error:
            if not self._stop.asked.is_set():
                raise for_log(error, *self._unspeakable()) from None
            return
        if self._stop.asked.is_set():
            return
        if not self._settings.goes_on_itself:
            said = (*self._earlier, memory.Exchange(self._question.text, text))
            self.conversation = memory.write(memory.newest(said, _HISTORY_TOKENS))
        yield Text(text)

    def stop(self) -> None:
        """Leave the agent, at once."""
        self._stop.ask()

    def _unspeakable(self) -> Iterator[str]:
        """Yield what no log may hold, though the agent may quote it."""
        yield self._question.text
        yield self._settings.codebuddy_api_token.get_secret_value()
        for exchange in self._earlier:
            yield exchange.question
            yield exchange.answer
