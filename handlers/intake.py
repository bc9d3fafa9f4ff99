"""What happens to a message as it arrives: read, kept unless it is known, refused, answered aside, or let to the gate."""

import json
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from errors import HandlerFailed
from handlers import commands
from handlers.account import PUSH, Account
from handlers.admission import Admission, Refusal
from handlers.aside import Aside
from handlers.commands import Command
from handlers.gate import Gate, Verdict
from handlers.message import QUOTA_USED_UP, Incoming, UnreadableMessage, parse
from handlers.own_code import own_code, text_from
from handlers.say import Speaker
from handlers.stops import Stops
from handlers.texts import Texts
from handlers.turn import Turn
from settings import SessionScope
from stores.base import ConversationKey, Inbox, MessageKey, Sessions, Signal, Signals

log = logging.getLogger("dingbridge.intake")

_KIND_SENTENCES = frozenset({"picture", "audio", "video", "file", "chatRecord"})
OBEYED = "obeyed"  # in the inbox, in place of a card's name: a command that was done


class Intake:
    """Takes the messages of one bot in."""

    def __init__(
        self,
        name: str,
        client_id: str,
        account: Account,
        *,
        scope: SessionScope,
        inbox: Inbox,
        admission: Admission,
        gate: Gate,
        sessions: Sessions,
        signals: Signals,
        speaker: Speaker,
        texts: Texts,
        aside: Aside,
        stops: Stops,
        own: Mapping[str, Callable[[Incoming], str]] = MappingProxyType({}),
        errands: Aside | None = None,
        sees_pictures: bool = False,
    ) -> None:
        self.name, self._client_id, self._scope, self._gate = name, client_id, scope, gate
        self._sessions, self._signals, self._speaker, self._texts = sessions, signals, speaker, texts
        self._aside, self._stops = aside, stops
        self._own, self._errands = own, errands or aside
        self._sees_pictures = sees_pictures
        self._account = account
        self._inbox, self._admission = inbox, admission

    def accept(self, raw: object) -> None:
        """Take one delivery in; it is acknowledged when this returns, or sooner when the store takes long."""
        try:
            incoming = parse(raw)
        except UnreadableMessage as error:
            log.error("bot=%s a delivery is no robot message: %s", self.name, error)
            return
        if not self._inbox.accept(self._message(incoming), json.dumps(raw)):
            log.info("bot=%s msg=%s delivered again, ignored", self.name, incoming.message_id)
            return
        self._account.belongs_to(incoming.corp_id)
        if incoming.error_code == QUOTA_USED_UP:
            self._account.exhausted("pushes")
        else:
            self._account.add(PUSH)
        self.take(incoming)

    def take(self, incoming: Incoming, *, again: bool = False, obeyed: bool = False) -> None:
        """Take in a message that is in the inbox, just now or `again`, because another process left it behind.

        A command that was `obeyed` before is only confirmed.
        """
        try:
            sentence = self._outcome(incoming, again=again, obeyed=obeyed)
        except Exception as bug:  # somebody waits for an end all the same
            log.exception("bot=%s msg=%s was not taken in", self.name, incoming.message_id)
            sentence = self._texts.error(bug)
        if sentence is not None:
            self._end(incoming, sentence)

    def _outcome(self, incoming: Incoming, *, again: bool, obeyed: bool) -> str | None:
        """Let a question to the gate, do or refuse at once what is none; return what there is to say, None for an answer."""
        turn, command = Turn(incoming, self.key(incoming)), commands.parse(incoming.text)
        own = None if command else commands.own(incoming.text, self._own)
        # Who was let in by another process is not asked twice.
        if not again and (refusal := self._admission.refusal(incoming, is_question=not (command or own))):
            return self._refuse(incoming, refusal)
        if sentence := self._unreadable(incoming):
            return self._texts.say(sentence)
        if own:
            return self._texts.say("interrupted") if obeyed else self._do(own, turn)
        if command:
            if not obeyed:
                self._inbox.ask(turn.message, OBEYED)  # whoever comes after a crash must not do it twice
            return self._obey(command, turn, obeyed=obeyed)
        verdict = self._gate.admit(turn, again=again)
        log.info("bot=%s msg=%s kind=%s %s", self.name, incoming.message_id, incoming.kind, verdict.value)
        if verdict in {Verdict.READY, Verdict.QUEUED}:
            return None
        return self._texts.say("queue_full" if verdict is Verdict.FULL else "shutting_down")

    def _end(self, incoming: Incoming, sentence: str) -> None:
        """Say the sentence, if there is one; then the message has ended, and not before."""

        def say() -> None:
            self._speaker.say(incoming, sentence)
            self._inbox.end(self._message(incoming))

        if not sentence or not self._aside.run(say):
            self._inbox.end(self._message(incoming))

    def _refuse(self, incoming: Incoming, refusal: Refusal) -> str:
        """Return what to say of it, if that is news; the log names the ids, for an administrator to put into the lists."""
        chat = f"group={incoming.conversation_id}" if incoming.is_group else "in private"
        log.info("bot=%s msg=%s refused by %s: user=%s %s", self.name, incoming.message_id, refusal.key, incoming.user, chat)
        sentence = refusal.sentence
        return self._texts.say(sentence, limit=refusal.limit, seconds=refusal.seconds) if sentence else ""

    def key(self, incoming: Incoming) -> ConversationKey:
        """Return whose conversation a message belongs to."""
        return ConversationKey(
            client_id=self._client_id,
            corp=incoming.corp_id,
            chat="" if self._scope == "user" else incoming.conversation_id,
            person="" if self._scope == "chat" else incoming.user,
        )

    def _message(self, incoming: Incoming) -> MessageKey:
        return MessageKey(self._client_id, incoming.robot_code, incoming.message_id)

    def _unreadable(self, incoming: Incoming) -> str:
        """Return the name of the sentence for a message that holds no question, or ""."""
        if incoming.error_code:
            log.error("bot=%s DingTalk delivered a message without content: errorCode=%s", self.name, incoming.error_code)
            return "quota_used_up" if incoming.error_code == QUOTA_USED_UP else "no_text"
        if incoming.text or (incoming.pictures and self._sees_pictures):
            return ""
        if incoming.pictures:  # perhaps in rich text
            return "picture"
        if incoming.kind in _KIND_SENTENCES:
            return incoming.kind
        return "no_text" if incoming.kind in {"text", "richText", "markdown"} else "other_kind"

    def _obey(self, command: Command, turn: Turn, *, obeyed: bool) -> str:
        """Do it now, so that the next message finds it done; return the sentence that tells."""
        match command:
            case Command.NEW if obeyed:
                return self._texts.say("new")
            case Command.STOP if obeyed:
                return self._texts.say("stopping")
            case Command.NEW:
                self._signals.send(Signal("new", turn.key, generation=self._sessions.renew(turn.key)))
                return self._texts.say("new")
            case Command.STOP:
                return self._texts.say("stopping" if self._stops.stop(turn.key, user=turn.incoming.user) else "nothing_to_stop")
            case Command.STATUS:
                return self._status(turn)
            case Command.HELP:
                return self._texts.say("help")

    def _do(self, word: str, turn: Turn) -> str | None:
        """Let a command of the team's own be done aside, however long it takes; its answer ends the message."""
        self._inbox.ask(turn.message, OBEYED)
        incoming = turn.incoming

        def do() -> None:
            try:
                with own_code(f"the command {word}"):
                    sentence = text_from(f"the command {word}", self._own[word](incoming))
            except HandlerFailed as error:  # somebody waits for an end all the same
                sentence, fix = self._texts.error(error), self._texts.fix(error)
                log.error("bot=%s msg=%s HandlerFailed: %s; %s", self.name, incoming.message_id, error, fix)
            self._end(incoming, sentence)

        return None if self._errands.run(do) else self._texts.say("queue_full")

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
