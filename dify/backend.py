"""Dify as a Backend: a chatbot, a completion or a workflow app behind one key."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing

from backends.base import Event, Question
from backends.stream import EventStream
from backends.watch import Limits, Silence
from dify import events
from dify.client import DifyClient
from dify.failures import for_log
from dify.fold import Fold
from dify.settings import DifySettings
from errors import AnswerInterrupted, BackendError, ConversationGone, NoAnswer

log = logging.getLogger("dingbridge.dify")

_RUN_PATH = {"chatbot": "/chat-messages", "completion": "/completion-messages", "workflow": "/workflows/run"}
_STOP_PATH = {**_RUN_PATH, "workflow": "/workflows/tasks"}


class DifyBackend:
    """One app of Dify; shared by all threads of a bot.

    The usual limits suit it: it pings every 10 s while a run lives, except before a queued run (1.13+) begins, and ends a
    run itself after 1200 s.
    """

    sees_pictures = False

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
        try:
            self.client.check_key()
        except BackendError as error:
            raise for_log(error, self.settings.dify_app_api_key.get_secret_value()) from None

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self.client.close()


class DifyAnswer:
    """One run. Iterate it once, in one thread; `stop` may come from any other."""

    def __init__(self, backend: DifyBackend, question: Question) -> None:
        self._client, self._settings, self._question = backend.client, backend.settings, question
        self._limits = backend.limits
        self.conversation = question.conversation if self._settings.dify_app_type == "chatbot" else ""
        self.ref = ""
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # guards the two below
        self._stream: EventStream | None = None
        self._task = ""

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
            if not self._stopping.is_set():
                raise self._for_log(error) from None

    def stop(self) -> None:
        """Stop Dify's task, then the reading; what was written stays.

        Before its first event a run has no name to stop it by: then the reading goes on until it has one.
        """
        with self._lock:
            self._stopping.set()
            task, stream = self._task, self._stream
        if task and stream:
            self._stop_task(task)
            stream.abort()

    def _ask(self) -> Iterator[Event]:
        """Make one run of it: ask, read, and judge how it ended."""
        if self._stopping.is_set():
            return
        fold = Fold(
            self._settings.dify_app_type,
            output_key=self._settings.dify_output_key,
            place=self._settings.dify_api_url.removesuffix("/v1"),
        )
        with closing(self._open()) as stream:
            for payload in stream:
                if not (self._task and self.ref):  # every event tells them again
                    self._note(events.ids(payload))
                if self._stopping.is_set():
                    stream.abort()
                    break
                if event := events.decode(payload):
                    yield from fold.feed(event)
                if fold.end == "over":
                    break
                if fold.end == "settling":
                    stream.settle()
            if stream.begun and fold.end == "open" and stream.silence in {None, Silence.IDLE}:
                yield from fold.flush()
                yield from self._recover(fold)
            with self._lock:
                self._stream = None  # from now on there is nothing to stop
        if self._stopping.is_set():
            return
        yield from fold.flush()
        if not stream.begun:
            raise self._unanswered(stream.silence)
        if stream.silence and fold.end == "open":
            raise AnswerInterrupted(stream.silence.value, code="silent")
        fold.judge()

    def _recover(self, fold: Fold) -> Iterator[Event]:
        """Go on without the stream: in most versions the run does, and Dify has its answer when it is whole.

        A completion's answer cannot be asked for.
        """
        deadline = time.monotonic() + self._limits.recovery
        if self._settings.dify_app_type == "completion" or not self.ref:
            return
        while fold.end == "open" and time.monotonic() < deadline and not self._stopping.wait(self._limits.look):
            try:
                saved = self._saved(of_chatflow=fold.is_run)
            except BackendError as error:
                log.info("the rest of a broken answer could not be asked for: %s", self._for_log(error))
                return
            for event in saved:
                yield from fold.feed(event)

    def _saved(self, *, of_chatflow: bool) -> tuple[events.DifyEvent, ...]:
        """Return what Dify has stored of this run."""
        if self._settings.dify_app_type == "workflow":
            return events.saved_run(self._client.saved_run(self.ref))
        message = self._client.saved_message(self.conversation, self.ref, self._question.user)
        return events.saved_message(message, of_chatflow=of_chatflow)

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
        on_doubt = self._doubt if self.conversation else None
        stream = self._client.stream(_RUN_PATH[kind], body, stopping=self._stopping, on_doubt=on_doubt)
        with self._lock:
            self._stream, self._task = stream, ""
        return stream

    def _note(self, ids: events.Ids) -> None:
        """Keep the ids that an event tells; a stop that came too early for a task id is made up for."""
        self.conversation = ids.conversation or self.conversation
        self.ref = ids.message or ids.run or self.ref
        if not ids.task:
            return
        with self._lock:
            late_stop = self._stopping.is_set() and not self._task
            self._task = ids.task
        if late_stop:
            self._stop_task(ids.task)

    def _stop_task(self, task: str) -> None:
        try:
            self._client.stop(_STOP_PATH[self._settings.dify_app_type], task, self._question.user)
        except BackendError as error:
            log.warning("Dify did not take the stop: %s", self._for_log(error))

    def _doubt(self, stream: EventStream) -> None:
        """Ask beside the silent stream whether the conversation still exists (Dify 1.13 and 1.14 do not say)."""

        def ask() -> None:
            if self._forgotten() and not stream.begun:
                stream.abort(Silence.FORGOTTEN)

        threading.Thread(target=ask, name="dify-doubt", daemon=True).start()

    def _forgotten(self) -> bool:
        try:
            return not self._client.knows_conversation(self.conversation, self._question.user)
        except BackendError as error:
            log.info("could not ask whether a silent conversation exists: %s", self._for_log(error))
            return False

    def _unanswered(self, silence: Silence | None) -> BackendError:
        """Find out why not one event came: 1.13 and 1.14 say nothing of a lost conversation or a missing input."""
        closed = silence is None  # before anybody had doubts
        if silence is Silence.FORGOTTEN or (closed and self.conversation and self._forgotten()):
            return ConversationGone(Silence.FORGOTTEN.value, code="silent")
        missing = self._missing_inputs()
        hint = f"; the app requires inputs that the bot does not give: {', '.join(missing)}" if missing else ""
        return NoAnswer(("an empty stream" if silence is None else silence.value) + hint, code="silent")

    def _missing_inputs(self) -> list[str]:
        given = self._settings.inputs(self._question.text, self._question.facts)
        try:
            return [name for name in self._client.required_inputs() if name not in given]
        except BackendError:
            return []

    def _for_log(self, error: BackendError) -> BackendError:
        return for_log(error, self._question.text, self._settings.dify_app_api_key.get_secret_value())
