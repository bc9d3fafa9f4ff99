"""What the embedded Dify remembers: conversations, runs, running tasks and uploaded files, each kind up to a limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.dify.apps import App
from sandbox.kept import Kept, weight

_MOST_CHARACTERS = 64_000_000
_MOST_BYTES = 256 * 1024 * 1024


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

    def weight(self) -> int:
        """About how many characters it keeps."""
        return weight([self.query, self.inputs, self.answer, self.files, self.thoughts, self.sources])


@dataclass
class Conversation:
    """A row of questions of one user to one app, with the inputs of the first; `turns` counts also those forgotten since.

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
    turns: int = 0
    messages: list[Message] = field(default_factory=list)

    def title(self) -> str:
        """A title made from the first question that is still kept."""
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

    def weight(self) -> int:
        """About how many characters it keeps."""
        return weight([self.inputs, self.outputs])


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


class Memory:
    """All that outlives a request."""

    def __init__(self) -> None:
        self.conversations: Kept[str, Conversation] = Kept(10_000, _MOST_CHARACTERS, lambda each: weight(each.inputs))
        self.messages: Kept[str, Message] = Kept(20_000, _MOST_CHARACTERS, Message.weight)
        self.runs: Kept[str, Run] = Kept(20_000, _MOST_CHARACTERS, Run.weight)
        self.tasks: Kept[str, Task] = Kept(10_000)
        self.uploads: Kept[str, Upload] = Kept(200, _MOST_BYTES, lambda each: len(each.content))
        self._run_numbers: dict[str, int] = {}

    def conversation(self, conversation_id: str, app: App, user: str) -> Conversation | None:
        """A conversation, for the app and the user that began it only."""
        found = self.conversations.get(conversation_id)
        return found if found and (found.api_key, found.user) == (app.api_key, user) else None

    def message(self, message_id: str, app: App, user: str) -> Message | None:
        """A message, for the app and the user that asked only."""
        found = self.messages.get(message_id)
        return found if found and (found.api_key, found.user) == (app.api_key, user) else None

    def ask(self, message: Message, conversation: Conversation | None) -> None:
        """Keep a question, as the next one of its conversation if it has one."""
        if conversation:
            conversation.messages.append(message)
            conversation.turns += 1
            conversation.updated_at = message.created_at
        self._keep(message)

    def weigh(self, message_id: str | None, run_id: str | None) -> None:
        """Notice that an answer has grown."""
        if message := self.messages.get(message_id or ""):
            self._keep(message)
        if run := self.runs.get(run_id or ""):
            self.runs.put(run.id, run)

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

    def _keep(self, message: Message) -> None:
        for gone in self.messages.put(message.id, message):
            conversation = self.conversations.get(gone.conversation_id or "")
            if conversation and gone in conversation.messages:
                conversation.messages.remove(gone)


def end_user_id(app: App, user: str) -> str:
    """Dify's own id of the person whom the caller names `user`: stable, and another one in each app."""
    return str(uuid5(NAMESPACE_URL, f"user:{app.name}:{user}"))
