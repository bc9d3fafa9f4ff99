"""Dify as a Backend: a chatbot, a completion or a workflow app behind one key."""

import logging
import threading
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from backends.base import Event, File, Question
from dify import events
from dify.client import DifyClient
from dify.fold import Fold
from dify.settings import DifySettings
from dify.stream import EventStream
from dify.watch import Limits, Silence
from errors import AnswerInterrupted, BackendError, ConversationGone, NoAnswer

log = logging.getLogger("dingbridge.dify")

_RUN_PATH = {"chatbot": "/chat-messages", "completion": "/completion-messages", "workflow": "/workflows/run"}
_STOP_PATH = {**_RUN_PATH, "workflow": "/workflows/tasks"}


class DifyBackend:
    """One app of Dify; shared by all threads of a bot."""

    def __init__(self, settings: DifySettings, *, limits: Limits, connections: int) -> None:
        self.settings, self.limits = settings, limits
        self.client = DifyClient(
            settings.dify_api_url,
            settings.dify_app_api_key.get_secret_value(),
            limits=limits,
            connections=connections,
        )

    def start(self, question: Question) -> "DifyAnswer":
        """Return the answer to come; Dify is asked when it is iterated."""
        return DifyAnswer(self, question)

    def ping(self) -> None:
        """Raise BackendError when Dify cannot be reached or refuses the key."""
        self.client.check_key()

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self.client.close()


class DifyAnswer:
    """One run. Iterate it once, in one thread; `stop` may come from any other."""

    def __init__(self, backend: DifyBackend, question: Question) -> None:
        self._backend, self._question = backend, question
        self._client, self._settings = backend.client, backend.settings
        self.conversation = question.conversation if self._settings.dify_app_type == "chatbot" else ""
        self.ref = ""
        self._lock = threading.Lock()  # guards the three below
        self._stream: EventStream | None = None
        self._task = ""
        self._stop_asked = False
        self._conversation_gone = False

    def __iter__(self) -> Iterator[Event]:
        try:
            try:
                yield from self._ask()
            except ConversationGone:
                if not self.conversation:
                    raise
                log.info("conversation forgotten by Dify, begun anew")
                self.conversation = ""
                yield from self._ask()
        except BackendError as error:
            # Dify quotes what was asked in some messages; people's words stay out of logs.
            raise _without_words(error, self._question.text) from error

    def stop(self) -> None:
        """Stop Dify's task, then the reading; what was written stays.

        Before its first event a run has no name to stop it by: then the reading goes on until it has one.
        """
        with self._lock:
            self._stop_asked = True
            task, stream = self._task, self._stream
        if task and stream:
            self._stop_task(task)
            stream.abort()

    def _ask(self) -> Iterator[Event]:
        """Make one run of it: ask, read, and judge how it ended."""
        if self._stopped():
            return
        fold = Fold(self._settings.dify_app_type, self._settings.dify_output_key)
        stream = self._open()
        for payload in stream:
            self._note(events.ids(payload))
            if self._stopped():
                break
            event = events.decode(payload)
            for change in fold.feed(event) if event else ():
                yield self._absolute(change)
            if fold.end == "over":
                break
            if fold.end == "settling":
                stream.settle()
        stream.close()
        if self._stopped():
            return
        if self._conversation_gone:
            raise ConversationGone(code="silent")
        if stream.silence in {Silence.FIRST_EVENT, Silence.IDLE, Silence.NO_EVENT, Silence.WHOLE}:
            raise self._silent(stream.silence, begun=bool(self._task))
        for change in fold.close():
            yield self._absolute(change)

    def _open(self) -> EventStream:
        question, kind = self._question, self._settings.dify_app_type
        body: dict[str, object] = {
            "inputs": self._settings.inputs(question.text, question.facts),
            "response_mode": "streaming",
            "user": question.user,
        }
        if kind == "chatbot":
            body["query"] = question.text
            if self.conversation:  # 1.11.0 refuses an empty one
                body["conversation_id"] = self.conversation
        stream = self._client.stream(
            _RUN_PATH[kind], body, on_doubt=self._doubt if self.conversation else None, stopped=self._stopped
        )
        with self._lock:
            self._stream, self._task = stream, ""
        return stream

    def _note(self, ids: events.Ids) -> None:
        """Keep the ids that an event tells; a stop that came too early for a task id is made up for."""
        if ids.conversation:
            self.conversation = ids.conversation
        self.ref = ids.message or ids.run or self.ref
        if not ids.task:
            return
        with self._lock:
            late_stop = self._stop_asked and not self._task
            self._task = ids.task
        if late_stop:
            self._stop_task(ids.task)

    def _stop_task(self, task: str) -> None:
        try:
            self._client.stop(_STOP_PATH[self._settings.dify_app_type], task, self._question.user)
        except BackendError as error:
            log.warning("Dify did not take the stop: %s", error)

    def _stopped(self) -> bool:
        with self._lock:
            return self._stop_asked

    def _doubt(self) -> None:
        """Ask beside the silent stream whether the conversation still exists (Dify 1.13 and 1.14 do not say)."""
        threading.Thread(target=self._check_conversation, name="dify-doubt", daemon=True).start()

    def _check_conversation(self) -> None:
        try:
            known = self._client.knows_conversation(self.conversation, self._question.user)
        except BackendError as error:
            log.info("could not ask whether a silent conversation exists: %s", error)
            return
        with self._lock:
            stream = self._stream
        if not known and stream and not self._task:
            self._conversation_gone = True
            stream.abort()

    def _silent(self, silence: Silence, *, begun: bool) -> BackendError:
        if begun:
            return AnswerInterrupted(silence.value, code="silent")
        missing = self._missing_inputs()
        hint = f"; the app requires inputs that the bot does not give: {', '.join(missing)}" if missing else ""
        return NoAnswer(silence.value + hint, code="silent")

    def _missing_inputs(self) -> list[str]:
        """Return required inputs that were not sent: since 1.13 a workflow only falls silent over them."""
        given = self._settings.inputs(self._question.text, self._question.facts)
        try:
            return [name for name in self._client.required_inputs() if name not in given]
        except BackendError:
            return []

    def _absolute(self, change: Event) -> Event:
        """Resolve a file's relative URL against Dify's origin (self-hosted servers without FILES_URL)."""
        if not isinstance(change, File) or urlsplit(change.url).scheme:
            return change
        return File(urljoin(self._settings.dify_api_url, change.url), change.name, change.is_image)


def _without_words(error: BackendError, words: str) -> BackendError:
    detail = error.detail.replace(words, "…") if words else error.detail
    return type(error)(detail, code=error.code, status=error.status, request_id=error.request_id)
