"""Who may ask a bot, and how often: its lists and limits, decided at once and from memory."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from handlers.lately import Lately, PerMinute
from handlers.message import Incoming
from settings import AdmissionSection

_REFUSAL_SECONDS = 600  # for which a person or a group that was told of a refusal is not told again: each sentence is a push
_WAIT_SECONDS = 60  # the same for a person who was told to wait
_REMEMBERED = 10_000  # people and groups; beyond, the limits are kept a little less strictly


@dataclass(frozen=True)
class Refusal:
    """Why a message is not taken: the key of `.bots.yaml` behind it, and what its sender is told."""

    key: str
    sentence: str  # its name; "" when it was said lately
    limit: int = 0  # questions a minute
    seconds: int = 0  # after which one more is taken


class Admission:
    """Lets the messages of one bot in, or says why not."""

    def __init__(self, rules: AdmissionSection, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules, self._clock = rules, clock
        self._lock = threading.Lock()
        self._told, self._told_to_wait = Lately(_REFUSAL_SECONDS, _REMEMBERED), Lately(_WAIT_SECONDS, _REMEMBERED)
        self._of_user = PerMinute(rules.user_questions_per_minute, _REMEMBERED)
        self._of_bot = PerMinute(rules.bot_questions_per_minute, 1)

    def is_admin(self, user: str) -> bool:
        """Whether this is one of the bot's administrators, whom neither lists nor limits hold back."""
        return user in self._rules.admins

    def refusal(self, incoming: Incoming, *, is_question: bool) -> Refusal | None:
        """Return why the message is not taken, or None; a question that is taken counts against the limits."""
        user, group = incoming.user, incoming.conversation_id if incoming.is_group else ""
        if self.is_admin(user):
            return None
        with self._lock:
            now = self._clock()
            if key := closed_by(self._rules, user, group):
                by_group = key.endswith("_groups")
                is_news = self._told.meet(group if by_group and group else user, now)
                return Refusal(key, _sentence(by_group, group) if is_news else "")
            return self._beyond_limit(user, now) if is_question else None

    def _beyond_limit(self, user: str, now: float) -> Refusal | None:
        """Count the question, or return the limit that is reached; where both are, the one that takes longer."""
        of_user, of_bot = self._of_user.wait(user, now), self._of_bot.wait("", now)
        if not of_user and not of_bot:
            self._of_user.come(user, now)
            self._of_bot.come("", now)
            return None
        whose = "user" if of_user >= of_bot else "bot"
        limit = self._rules.user_questions_per_minute if whose == "user" else self._rules.bot_questions_per_minute
        sentence = f"{whose}_limit" if self._told_to_wait.meet(user, now) else ""
        return Refusal(f"{whose}_questions_per_minute", sentence, limit, math.ceil(max(of_user, of_bot)))


def closed_by(rules: AdmissionSection, user: str, group: str) -> str:
    """Return the key that keeps a person, no administrator, out of a chat, or ""; `group` is "" in private. Pure.

    Every list that is set has to agree. A private chat is in no group: where only some groups may ask, it takes a list of
    people to open it.
    """
    if user in rules.deny_users:
        return "deny_users"
    if group in rules.deny_groups:
        return "deny_groups"
    if rules.allow_users and user not in rules.allow_users:
        return "allow_users"
    if rules.allow_groups and (group not in rules.allow_groups if group else not rules.allow_users):
        return "allow_groups"
    return ""


def _sentence(by_group: bool, group: str) -> str:  # noqa: FBT001  # two facts, one table
    if not by_group:
        return "not_for_you"
    return "not_in_this_group" if group else "groups_only"
