"""The month of each company: its counts are kept, held against the quota, and told to the administrators in time."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
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
        self.companies = Companies()
        self._month = self._this_month()
        self._tellers: list[Teller] = []
        self._reached: set[tuple[str, str]] = set()  # events of this month that need no more asking, by corp
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
        """Return what each company has used this month, as far as it is known here."""
        return {corp: company.used for corp, company in self.companies.met().items()}

    def settle(self) -> None:
        """Tell the meter what was used, learn what other processes used, and say what has to be said."""
        with self._settling:
            before, self._month, now = self._month, self._this_month(), self._clock()
            asking = now - self._asked_at >= _ASK_SECONDS
            if before != self._month:
                self._reached.clear()
                asking = True
            for corp, company in self.companies.met().items():
                taken = company.take()
                if taken != Usage():
                    company.learn(self._meter.add(corp, before, taken))
                if asking:
                    company.learn(self._meter.add(corp, self._month, Usage()))
                self._say_levels(corp, company.used)
            if asking:
                self._asked_at = now
            if now - self._logged_at >= _LOG_SECONDS:
                self._logged_at = now
                self._log()

    def close(self, timeout: float) -> None:
        """Settle for the last time, and wait for what is being said."""
        self.settle()
        self._log()
        self._aside.close(timeout)

    def _say_levels(self, corp: str, used: Usage) -> None:
        """Say once a month, over all processes, that a share of the quota is used; of several at once only the highest."""
        for kind, number, quota in (("calls", used.calls, self._quota.calls), ("pushes", used.pushes, self._quota.pushes)):
            new = ""
            for share, level in ((SPARING, "80"), (MESSAGES_ONLY, "95")):
                event = f"{kind}_{level}"
                if _share(number, quota) >= share and (corp, event) not in self._reached:
                    self._reached.add((corp, event))
                    new = event if self._meter.first(corp, self._month, event) else new
            if new:
                self._say(corp, new, {"used": number, "quota": quota, "share": 100 * number // quota})

    def _say(self, corp: str, event: str, facts: dict[str, int]) -> None:
        log.warning("corp=%s %s", corp, self._texts.say(event, **facts))
        tellers = [teller for teller in self._tellers if teller.account.corp == corp]
        admins = dict.fromkeys(admin for teller in tellers for admin in teller.admins)
        if not admins:
            log.warning("corp=%s %s", corp, self._texts.say("no_admins"))
        for admin in admins:
            self._aside.run(partial(_tell, admin, [one for one in tellers if admin in one.admins], event, facts))

    def _log(self) -> None:
        """Write what each company has used, when that is news."""
        for corp, used in self.used().items():
            if self._logged.get(corp) != used:
                self._logged[corp] = used
                calls, pushes = _of(used.calls, self._quota.calls), _of(used.pushes, self._quota.pushes)
                log.info("corp=%s month=%s calls=%s pushes=%s", corp, self._month, calls, pushes)

    def _this_month(self) -> str:
        return datetime.fromtimestamp(self._clock(), _CHINA).strftime("%Y-%m")


def _tell(admin: str, tellers: Sequence[Teller], event: str, facts: dict[str, int]) -> None:
    """Tell one administrator, by the first of the bots that can."""
    for teller in tellers:
        if teller.speaker.tell(admin, teller.texts.say(event, **facts)):
            return


def _share(used: int, quota: int) -> float:
    return used / quota if quota else 0.0


def _of(used: int, quota: int) -> str:
    return f"{used}/{quota}" if quota else str(used)
