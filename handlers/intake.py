"""What happens to a message as it arrives: read, told from a repetition, answered aside or let to the gate. Never blocks."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable

from handlers import commands
from handlers.commands import Command
from handlers.gate import Duplicates, Gate, Verdict
from handlers.message import QUOTA_USED_UP, Incoming, UnreadableMessage, parse
from handlers.say import Speaker
from handlers.texts import Texts
from handlers.turn import Turn
from settings import SessionScope
from stores.base import ConversationKey, Sessions

log = logging.getLogger("dingbridge.intake")

_ASIDE_LIMIT = 1_000  # sentences and commands waiting for the side threads
_KIND_SENTENCES = frozenset({"picture", "audio", "video", "file", "chatRecord"})
_VERDICT_SENTENCES = {Verdict.FULL: "queue_full", Verdict.CLOSED: "shutting_down"}


class Aside:
    """A few threads for what must not wait for an answer nor hold up the socket: commands and sentences."""

    def __init__(self, threads: int = 4) -> None:
        self._jobs: queue.Queue[Callable[[], object] | None] = queue.Queue(_ASIDE_LIMIT)
        self._threads = [threading.Thread(target=self._work, name="aside", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def run(self, job: Callable[[], object]) -> bool:
        """Run it soon; False when too much waits already."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            log.error("too many commands at once, one was dropped")
            return False
        return True

    def close(self, timeout: float = 5) -> None:
        """Run what waits, then end the threads."""
        for _ in self._threads:
            with contextlib.suppress(queue.Full):
                self._jobs.put(None, timeout=timeout)
        for thread in self._threads:
            thread.join(timeout)

    def _work(self) -> None:
        while job := self._jobs.get():
            try:
                job()
            except Exception:  # one job's bug must not end the thread that serves the next
                log.exception("a command failed")


class Intake:
    """Takes the messages of one bot in."""

    def __init__(
        self,
        name: str,
        client_id: str,
        *,
        scope: SessionScope,
        gate: Gate,
        sessions: Sessions,
        speaker: Speaker,
        texts: Texts,
        aside: Aside,
    ) -> None:
        self.name, self._client_id, self._scope, self._gate = name, client_id, scope, gate
        self._sessions, self._speaker, self._texts, self._aside = sessions, speaker, texts, aside
        self._duplicates = Duplicates()

    def accept(self, raw: object) -> None:
        """Take one delivery in; it is acknowledged as soon as this returns."""
        try:
            incoming = parse(raw)
        except UnreadableMessage as error:
            log.error("bot=%s a delivery is no robot message: %s", self.name, error)
            return
        if not self._duplicates.is_new(incoming.robot_code or self._client_id, incoming.message_id):
            log.info("bot=%s msg=%s delivered again, ignored", self.name, incoming.message_id)
            return
        turn = Turn(incoming, self.key(incoming))
        if sentence := self._unreadable(incoming):
            self._aside.run(lambda: self._speaker.say(incoming, self._texts.say(sentence)))
        elif command := commands.parse(incoming.text):
            self._aside.run(lambda: self._obey(command, turn))
        else:
            verdict = self._gate.admit(turn)
            log.info("bot=%s msg=%s kind=%s %s", self.name, incoming.message_id, incoming.kind, verdict.value)
            if refusal := _VERDICT_SENTENCES.get(verdict):
                self._aside.run(lambda: self._speaker.say(incoming, self._texts.say(refusal)))

    def key(self, incoming: Incoming) -> ConversationKey:
        """Return whose conversation a message belongs to."""
        return ConversationKey(
            client_id=self._client_id,
            corp=incoming.corp_id,
            chat="" if self._scope == "user" else incoming.conversation_id,
            person="" if self._scope == "chat" else incoming.user,
        )

    def _unreadable(self, incoming: Incoming) -> str:
        """Return the name of the sentence for a message that holds no question, or ""."""
        if incoming.error_code:
            log.error("bot=%s DingTalk delivered a message without content: errorCode=%s", self.name, incoming.error_code)
            return "quota_used_up" if incoming.error_code == QUOTA_USED_UP else "no_text"
        if incoming.text:
            return ""
        if incoming.kind in _KIND_SENTENCES:
            return incoming.kind
        return "no_text" if incoming.kind in {"text", "richText", "markdown"} else "other_kind"

    def _obey(self, command: Command, turn: Turn) -> None:
        match command:
            case Command.NEW:
                self._sessions.renew(turn.key)
                sentence = self._texts.say("new")
            case Command.STOP:
                sentence = self._texts.say("stopping" if self._stop(turn) else "nothing_to_stop")
            case Command.STATUS:
                sentence = self._status(turn)
            case Command.HELP:
                sentence = self._texts.say("help")
        self._speaker.say(turn.incoming, sentence)

    def _stop(self, turn: Turn) -> bool:
        """Stop all turns of this conversation that the same person asked for; return whether there were any."""
        own = [one for one in self._gate.turns(turn.key) if one.incoming.user == turn.incoming.user]
        for one in reversed(own):  # those that wait first, or the next would begin as this one ends
            one.stop()
        return bool(own)

    def _status(self, turn: Turn) -> str:
        going_on = bool(self._sessions.load(turn.key).conversation)
        answering, waiting = self._gate.counts()
        return self._texts.say(
            "status",
            bot=self.name,
            conversation=self._texts.say("conversation_open" if going_on else "conversation_new"),
            answering=answering,
            waiting=waiting,
        )
