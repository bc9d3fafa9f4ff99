"""What DingTalk apps use of their companies' month: each call and push is counted as it happens, and nothing waits."""

import threading
from collections.abc import Callable, Mapping
from typing import Literal

from stores.base import Usage

CALL, PUSH = Usage(calls=1), Usage(pushes=1)


class Company:
    """One company's counts: `known` is what the meter had last, of all processes; the rest was used here since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = self._since = Usage()
        self.gone: frozenset[str] = frozenset()  # "calls" or "pushes", when DingTalk said so this month

    def add(self, usage: Usage) -> None:
        """Count what was used."""
        with self._lock:
            self._since += usage

    def exhausted(self, kind: Literal["calls", "pushes"]) -> None:
        """DingTalk says that the month is used up."""
        with self._lock:
            self.gone |= {kind}

    @property
    def used(self) -> Usage:
        """What is used, as far as it is known here."""
        with self._lock:
            return self._known + self._since

    def take(self) -> Usage:
        """Return what the meter has not been told yet; it is taken for told from now on."""
        with self._lock:
            taken, self._since = self._since, Usage()
            self._known += taken
            return taken

    def learn(self, sums: Usage) -> None:
        """The meter's sums, in place of what was known."""
        with self._lock:
            self._known = sums


class Companies:
    """The companies that this process has met, by corpId; `used_before` tells what one had used when it is met.

    An app whose company nobody knows yet is one by itself, by its client id. What was counted so stays there, and is its
    company's as well once that is known: sums are made when they are asked for. So nothing is ever moved from one count to
    another, and no process can be too late with what it has counted.
    """

    def __init__(self, used_before: Callable[[str], Usage] = lambda _: Usage()) -> None:
        self._used_before = used_before
        self._lock = threading.Lock()
        self._companies: dict[str, Company] = {}
        self._apps: dict[str, str] = {}  # corpIds by client id
        self._heard: set[str] = set()  # the apps of whose company a message has told here
        self._untold: dict[str, str] = {}  # what the meter was not told of them

    def get(self, payer: str) -> Company:
        """Return the counts of a company, or of an app by itself; new ones when it was not met before."""
        if payer in self._companies:
            return self._companies[payer]
        with self._lock:
            if payer not in self._companies:
                company = Company()
                company.learn(self._used_before(payer))
                self._companies[payer] = company
            return self._companies[payer]

    def met(self) -> dict[str, Company]:
        """Return all of them."""
        with self._lock:
            return dict(self._companies)

    def payers(self) -> list[str]:
        """Return whose month is used: the corpIds, and the client ids of apps that are by themselves."""
        return sorted({self.corp(payer) or payer for payer in self.met()})

    def used(self, payer: str) -> Usage:
        """Return what a company has used this month, as far as it is known here."""
        return sum((company.used for company in self._counts(payer)), Usage())

    def gone(self, payer: str) -> frozenset[str]:
        """Return "calls" or "pushes", when DingTalk said that they are used up this month."""
        return frozenset[str]().union(*(company.gone for company in self._counts(payer)))

    def corp(self, client_id: str) -> str:
        """Return the corpId of an app's company, "" while nobody knows it."""
        return self._apps.get(client_id, "")

    def hear(self, client_id: str, corp: str) -> None:
        """A message has told whose app it is; only the first counts."""
        if not corp or client_id in self._heard:
            return
        with self._lock:
            if client_id in self._heard:
                return  # another listener was faster
            self._heard.add(client_id)
            if self._apps.get(client_id) != corp:
                self._apps[client_id] = self._untold[client_id] = corp

    def learn(self, apps: Mapping[str, str]) -> None:
        """The meter's apps; a message has the last word, and what the meter has lost is to be told again."""
        with self._lock:
            self._untold |= {client_id: corp for client_id, corp in self._apps.items() if client_id not in apps}
            self._apps |= {client_id: corp for client_id, corp in apps.items() if client_id not in self._heard}

    def take(self) -> dict[str, str]:
        """Return the apps of which the meter has not been told yet; they are taken for told from now on."""
        with self._lock:
            taken, self._untold = self._untold, {}
            return taken

    def _counts(self, payer: str) -> list[Company]:
        """Return all that is its: what was counted for it, and for its apps before anybody knew whose they are."""
        with self._lock:
            apps = [client_id for client_id, corp in self._apps.items() if corp == payer]
        return [self.get(each) for each in (payer, *apps)]


class Account:
    """One DingTalk app's counting: for its company, which the meter knows from before, or else the first message tells.

    Until then it is counted for the app by itself.
    """

    def __init__(self, companies: Companies, client_id: str = "") -> None:
        self._companies, self._client_id = companies, client_id
        companies.get(self.payer)

    @property
    def corp(self) -> str:
        """Its company's corpId, "" while nobody knows it."""
        return self._companies.corp(self._client_id)

    @property
    def payer(self) -> str:
        """For whom it is counted: its company's corpId, or its own client id."""
        return self.corp or self._client_id

    def belongs_to(self, corp: str) -> None:
        """The company's corpId, as messages name it; only the first counts."""
        self._companies.hear(self._client_id, corp)

    def add(self, usage: Usage) -> None:
        """Count what the app used."""
        self._companies.get(self.payer).add(usage)

    def exhausted(self, kind: Literal["calls", "pushes"]) -> None:
        """DingTalk says that the company's month is used up."""
        self._companies.get(self.payer).exhausted(kind)

    @property
    def used(self) -> Usage:
        """What its company has used this month."""
        return self._companies.used(self.payer)
