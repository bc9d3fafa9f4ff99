"""What happens to a message as it arrives: read, known or refused, answered aside, or let to the gate. Never blocks."""

import logging

from handlers import commands
from handlers.account import PUSH, Account
from handlers.admission import Admission, Refusal
from handlers.aside import Aside
from handlers.commands import Command
from handlers.duplicates import Duplicates
from handlers.gate import Gate, Verdict
from handlers.message import QUOTA_USED_UP, Incoming, UnreadableMessage, parse
from handlers.say import Speaker
from handlers.texts import Texts
from handlers.turn import Turn
from settings import SessionScope
from stores.base import ConversationKey, Sessions

log = logging.getLogger("dingbridge.intake")

_KIND_SENTENCES = frozenset({"picture", "audio", "video", "file", "chatRecord"})
_VERDICT_SENTENCES = {Verdict.FULL: "queue_full", Verdict.CLOSED: "shutting_down"}


class Intake:
    """Takes the messages of one bot in."""

    def __init__(
        self,
        name: str,
        client_id: str,
        account: Account,
        *,
        scope: SessionScope,
        duplicates: Duplicates,
        admission: Admission,
        gate: Gate,
        sessions: Sessions,
        speaker: Speaker,
        texts: Texts,
        aside: Aside,
        stops: Aside,
    ) -> None:
        self.name, self._client_id, self._scope, self._gate = name, client_id, scope, gate
        self._sessions, self._speaker, self._texts = sessions, speaker, texts
        self._aside, self._stops = aside, stops  # a stop must not wait behind sentences
        self._account = account
        self._duplicates, self._admission = duplicates, admission

    def accept(self, raw: object) -> None:
        """Take one delivery in; it is acknowledged as soon as this returns."""
        try:
            incoming = parse(raw)
        except UnreadableMessage as error:
            log.error("bot=%s a delivery is no robot message: %s", self.name, error)
            return
        if not self._duplicates.is_new(incoming):
            log.info("bot=%s msg=%s delivered again, ignored", self.name, incoming.message_id)
            return
        self._account.belongs_to(incoming.corp_id)
        if incoming.error_code == QUOTA_USED_UP:
            self._account.exhausted("pushes")
        else:
            self._account.add(PUSH)
        if not self._take(incoming):
            self._duplicates.ended(incoming)

    def _take(self, incoming: Incoming) -> bool:
        """Let a question to the gate, and do or refuse at once what is none; return whether it is being answered now."""
        turn, command = Turn(incoming, self.key(incoming)), commands.parse(incoming.text)
        if refusal := self._admission.refusal(incoming, is_question=command is None):
            self._refuse(incoming, refusal)
        elif sentence := self._unreadable(incoming):
            self._say(incoming, self._texts.say(sentence))
        elif command:
            self._say(incoming, self._obey(command, turn))
        else:
            verdict = self._gate.admit(turn)
            log.info("bot=%s msg=%s kind=%s %s", self.name, incoming.message_id, incoming.kind, verdict.value)
            if told := _VERDICT_SENTENCES.get(verdict):
                self._say(incoming, self._texts.say(told))
            return verdict in {Verdict.READY, Verdict.QUEUED}
        return False

    def _refuse(self, incoming: Incoming, refusal: Refusal) -> None:
        """Say it, if it is news; the log names the ids, for an administrator to put into the lists."""
        chat = f"group={incoming.conversation_id}" if incoming.is_group else "in private"
        log.info("bot=%s msg=%s refused by %s: user=%s %s", self.name, incoming.message_id, refusal.key, incoming.user, chat)
        if refusal.sentence:
            self._say(incoming, self._texts.say(refusal.sentence, limit=refusal.limit, seconds=refusal.seconds))

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

    def _say(self, incoming: Incoming, sentence: str) -> None:
        self._aside.run(lambda: self._speaker.say(incoming, sentence))

    def _obey(self, command: Command, turn: Turn) -> str:
        """Do it now, so that the next message finds it done; return the sentence that tells."""
        match command:
            case Command.NEW:
                self._sessions.renew(turn.key)
                return self._texts.say("new")
            case Command.STOP:
                return self._texts.say("stopping" if self._stop(turn) else "nothing_to_stop")
            case Command.STATUS:
                return self._status(turn)
            case Command.HELP:
                return self._texts.say("help")

    def _stop(self, turn: Turn) -> bool:
        """Stop all turns of this conversation that the same person asked for; return whether there were any."""
        own = [one for one in self._gate.turns(turn.key) if one.incoming.user == turn.incoming.user]
        for one in reversed(own):  # those that wait first, or the next would begin as this one ends
            one.stop()
            self._gate.release(one)
            self._stops.run(one.silence_backend)  # a call, so not here
        return bool(own)

    def _status(self, turn: Turn) -> str:
        going_on = bool(self._sessions.load(turn.key).conversation)
        answering, waiting = self._gate.counts()
        status = self._texts.say(
            "status",
            bot=self.name,
            conversation=self._texts.say("conversation_open" if going_on else "conversation_new"),
            answering=answering,
            waiting=waiting,
        )
        incoming = turn.incoming
        if not incoming.is_group or not self._admission.is_admin(incoming.user):
            return status
        # DingTalk shows a group's id nowhere, and the lists of groups need it.
        return f"{status}\n\n{self._texts.say('status_group', group=incoming.conversation_id)}"
