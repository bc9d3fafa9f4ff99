"""What the embedded Dify remembers: conversations, runs, running tasks and uploaded files, each kind up to a limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import NAMESPACE_URL, uuid5

from sandbox.dify.apps import App

T = TypeVar("T")


@dataclass
class Message:
    """One question and its answer, which is kept when it is complete or stopped. Times are Unix seconds.

    A completion app's message has no conversation. `files` are the user's, `made` are the AI's; `questions` could follow.
    """

    id: str
    api_key: str = field(repr=False)
    user: str
    conversation_id: str | None
    query: str
    inputs: Mapping[str, Any]
    created_at: int
    files: list[dict[str, Any]]
    answer: str = ""
    status: str = "normal"
    error: str | None = None
    rating: str | None = None
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    made: Sequence[Mapping[str, Any]] = ()
    sources: list[dict[str, Any]] = field(default_factory=list)
    questions: Sequence[str] = ()


@dataclass
class Conversation:
    """A row of questions of one user to one app, with the inputs of the first.

    Dify makes its title in a thread of its own; here it comes with the end of the first answer.
    """

    id: str
    api_key: str = field(repr=False)
    user: str
    inputs: Mapping[str, Any]
    created_at: int
    updated_at: int
    name: str = "New conversation"
    names_itself: bool = True
    messages: list[Message] = field(default_factory=list)

    def title(self) -> str:
        """A title made from the first question."""
        return (self.messages[0].query.strip()[:20] if self.messages else "") or self.name

    def take_title(self) -> None:
        """Be called by that title, unless it has a name already or was not to have one."""
        if self.names_itself:
            self.name, self.names_itself = self.title(), False


@dataclass
class Run:
    """One run of a workflow or chatflow."""

    id: str
    api_key: str = field(repr=False)
    inputs: Mapping[str, Any]
    created_at: int
    status: str = "running"
    outputs: Mapping[str, Any] | None = None
    error: str | None = None
    elapsed_time: float = 0.0
    total_tokens: int = 0
    total_steps: int = 0
    finished_at: int | None = None


@dataclass
class Task:
    """A generation under way, which its starter may stop."""

    id: str
    api_key: str = field(repr=False)
    user: str
    stopped: bool = False


@dataclass(frozen=True)
class Upload:
    """A file that a user sent, or one that a tool made (`tool`)."""

    id: str
    api_key: str = field(repr=False)
    user: str
    name: str
    mime_type: str
    content: bytes = field(repr=False)
    created_at: int
    tool: bool = False

    @property
    def extension(self) -> str:
        """The name's ending, without the dot."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else "bin"


class Kept(Generic[T]):
    """The last `keep` things by id; a new one beyond that lets the oldest go."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._things: dict[str, T] = {}

    def put(self, key: str, thing: T) -> None:
        """Keep a thing."""
        self._things[key] = thing
        if len(self._things) > self._keep:
            del self._things[next(iter(self._things))]

    def get(self, key: str) -> T | None:
        """The thing of this id, if it is still there."""
        return self._things.get(key)

    def drop(self, key: str) -> bool:
        """Forget a thing; False if it was not there."""
        return self._things.pop(key, None) is not None

    def all(self) -> list[T]:
        """Everything kept, oldest first."""
        return list(self._things.values())


class Memory:
    """All that outlives a request."""

    def __init__(self) -> None:
        self.conversations: Kept[Conversation] = Kept(10_000)
        self.messages: Kept[Message] = Kept(20_000)
        self.runs: Kept[Run] = Kept(20_000)
        self.tasks: Kept[Task] = Kept(10_000)
        self.uploads: Kept[Upload] = Kept(200)
        self._run_numbers: dict[str, int] = {}

    def conversation(self, conversation_id: str, app: App, user: str) -> Conversation | None:
        """A conversation, for the app and the user that began it only."""
        found = self.conversations.get(conversation_id)
        return found if found and (found.api_key, found.user) == (app.api_key, user) else None

    def message(self, message_id: str, app: App, user: str) -> Message | None:
        """A message, for the app and the user that asked only."""
        found = self.messages.get(message_id)
        return found if found and (found.api_key, found.user) == (app.api_key, user) else None

    def forget_conversation(self, conversation_id: str) -> bool:
        """Drop a conversation with its messages."""
        if found := self.conversations.get(conversation_id):
            for message in found.messages:
                self.messages.drop(message.id)
        return self.conversations.drop(conversation_id)

    def next_run_number(self, app: App) -> int:
        """Counts an app's runs from 1."""
        number = self._run_numbers.get(app.api_key, 0) + 1
        self._run_numbers[app.api_key] = number
        return number


def end_user_id(app: App, user: str) -> str:
    """Dify's own id of the person whom the caller names `user`: stable, and another one in each app."""
    return str(uuid5(NAMESPACE_URL, f"user:{app.name}:{user}"))
