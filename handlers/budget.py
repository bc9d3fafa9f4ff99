"""The month of each company: its counts are kept, held against the quota, and told to the administrators in time."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial

from handlers.account import Account, Companies
from handlers.aside import Aside
from handlers.pacing import MESSAGES_ONLY, SPARING, Pace, spare
from handlers.say import Speaker
from handlers.texts import Texts
from stores.base import Meter, Usage

log = logging.getLogger("dingbridge.budget")

_CHINA = timezone(timedelta(hours=8))  # whose months DingTalk counts
_ASK_SECONDS = 30.0  # how often the meter is asked for what other processes use
_LOG_SECONDS = 3_600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3_600.0  # seconds, until an administrator who was not reached is tried again


@dataclass(frozen=True)
class Teller:
    """How one bot reaches its administrators (staff ids)."""

    account: Account
    admins: Sequence[str]
    speaker: Speaker
    texts: Texts


class Budget:
    """All companies of this process. `settle` is called every few seconds, by one thread.

    `quota` is what a company may use in a month; 0 is no quota, and what has none is only counted.
    """

    def __init__(self, meter: Meter, quota: Usage, texts: Texts, *, clock: Callable[[], float] = time.time) -> None:
        self._meter, self._quota, self._texts, self._clock = meter, quota, texts, clock
        self._month = self._this_month()
        self.companies = Companies(lambda payer: self._meter.add(payer, self._month, Usage()))
        self.companies.learn(meter.apps())  # so that what is used before the first message is counted for the right one
        self._tellers: list[Teller] = []
        # How often this month's events were told by company and administrator ("" is the log), and when again at the earliest.
        self._tries: dict[tuple[str, str, str], tuple[int, float]] = {}
        self._aside = Aside(threads=1)
        self._settling = threading.Lock()
        self._asked_at = self._logged_at = 0.0
        self._logged: dict[str, Usage] = {}

    def watch(self, teller: Teller) -> None:
        """Let a bot's administrators be told; before `settle` is first called."""
        self._tellers.append(teller)

    def pace(self, account: Account, wanted: Pace) -> Pace | None:
        """Return the pace that the month still allows a card, or None for one message instead."""
        used, quota = account.used, self._quota
        return spare(wanted, _share(used.calls, quota.calls), _share(used.pushes, quota.pushes))

    def used(self) -> dict[str, Usage]:
        """Return what each company that used something has used this month, as far as it is known here.

        What an app used whose company nobody knows yet stands under its client id.
        """
        sums = {payer: self.companies.used(payer) for payer in self.companies.payers()}
        return {payer: used for payer, used in sums.items() if used != Usage()}

    def settle(self) -> None:
        """Tell the meter what was used, learn what other processes used, and say what has to be said."""
        with self._settling:
            before, self._month, now = self._month, self._this_month(), self._clock()
            asking = now - self._asked_at >= _ASK_SECONDS
            if before != self._month:
                self._tries.clear()
                asking = True
            for client_id, corp in self.companies.take().items():
                self._meter.remember(client_id, corp)
            for payer, company in self.companies.met().items():
                if before != self._month:
                    company.gone = frozenset()
                taken = company.take()
                if taken != Usage():
                    company.learn(self._meter.add(payer, before, taken))
                if asking:
                    company.learn(self._meter.add(payer, self._month, Usage()))
            for payer in self.companies.payers():
                self._look_at(payer)
            if asking:
                self.companies.learn(self._meter.apps())
                self._asked_at = now
            if now - self._logged_at >= _LOG_SECONDS:
                self._logged_at = now
                self._log()

    def close(self, timeout: float) -> None:
        """Settle for the last time, and wait for what is being said."""
        self.settle()
        self._log()
        self._aside.close(timeout)

    def _look_at(self, payer: str) -> None:
        """Say what is to be said of a company's month: the highest level that was reached, and what is used up."""
        used, gone = self.companies.used(payer), self.companies.gone(payer)
        for kind, number, quota in (("calls", used.calls, self._quota.calls), ("pushes", used.pushes, self._quota.pushes)):
            facts = {"used": number, "quota": quota, "share": 100 * number // quota if quota else 0}
            if kind in gone:
                self._say(payer, f"{kind}_gone", "", facts)
                continue
            for share, level in ((MESSAGES_ONLY, "95"), (SPARING, "80")):
                if _share(number, quota) >= share:
                    # A quota that was raised since has levels of its own.
                    self._say(payer, f"{kind}_{level}", f" of {quota}", facts)
                    break

    def _say(self, corp: str, sentence: str, which: str, facts: Mapping[str, int]) -> None:
        """Write it to the log once, and tell each administrator once a month, over all processes: until it is taken."""
        event = sentence + which
        if (corp, event, "") not in self._tries:
            self._tries[corp, event, ""] = 0, 0.0
            log.warning("corp=%s %s", corp, self._texts.say(sentence, **facts))
            if not any(teller.admins for teller in self._tellers if teller.account.corp in {corp, ""}):
                log.warning("corp=%s %s", corp, self._texts.say("no_admins"))
        tellers = [teller for teller in self._tellers if teller.account.payer == corp]
        for admin in dict.fromkeys(admin for teller in tellers for admin in teller.admins):
            key = corp, event, admin
            tries, again_at = self._tries.get(key, (0, 0.0))
            if self._clock() < again_at or self._meter.has(corp, self._month, f"{event} {admin}"):
                continue
            self._tries[key] = tries + 1, self._clock() + _LONGEST_PAUSE  # for as long as it is being told
            able = [teller for teller in tellers if admin in teller.admins]
            self._aside.run(partial(self._tell, able, key, sentence, dict(facts)))

    def _tell(self, tellers: Sequence[Teller], key: tuple[str, str, str], sentence: str, facts: Mapping[str, int]) -> None:
        """Tell one administrator, by the first of the bots that can; what was taken is never said again."""
        corp, event, admin = key
        tries, _ = self._tries.get(key, (1, 0.0))
        if any(teller.speaker.tell(admin, teller.texts.say(sentence, **facts)) for teller in tellers):
            self._meter.first(corp, self._month, f"{event} {admin}")
            if event.partition("_")[2].startswith("95"):
                self._meter.first(corp, self._month, f"{event.replace('_95', '_80')} {admin}")
        self._tries[key] = tries, self._clock() + min(_FIRST_PAUSE * 2.0**tries, _LONGEST_PAUSE)

    def _log(self) -> None:
        """Write what each company has used, when that is news."""
        for corp, used in self.used().items():
            if self._logged.get(corp) != used:
                self._logged[corp] = used
                calls, pushes = _of(used.calls, self._quota.calls), _of(used.pushes, self._quota.pushes)
                log.info("corp=%s month=%s calls=%s pushes=%s", corp, self._month, calls, pushes)

    def _this_month(self) -> str:
        return datetime.fromtimestamp(self._clock(), _CHINA).strftime("%Y-%m")


def _share(used: int, quota: int) -> float:
    return used / quota if quota else 0.0


def _of(used: int, quota: int) -> str:
    return f"{used}/{quota}" if quota else str(used)
