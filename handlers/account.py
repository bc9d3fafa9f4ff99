"""What DingTalk apps use of their companies' month: each call and push is counted as it happens, and nothing waits."""

import threading
from collections.abc import Callable
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
    """The companies that this process has met, by corpId; `used_before` tells what one had used when it is met."""

    def __init__(self, used_before: Callable[[str], Usage] = lambda _: Usage()) -> None:
        self._used_before = used_before
        self._lock = threading.Lock()
        self._companies: dict[str, Company] = {}

    def get(self, corp: str) -> Company:
        """Return the company, a new one when it was not met before."""
        with self._lock:
            if corp not in self._companies:
                company = self._companies[corp] = Company()
                company.learn(self._used_before(corp))
            return self._companies[corp]

    def met(self) -> dict[str, Company]:
        """Return all of them."""
        with self._lock:
            return dict(self._companies)


class Account:
    """One DingTalk app's counting. Whose app it is, its first message tells; what came before is counted then."""

    def __init__(self, companies: Companies) -> None:
        self._companies = companies
        self._lock = threading.Lock()
        self._company = Company()
        self.corp = ""

    def belongs_to(self, corp: str) -> None:
        """The company's corpId, as messages name it; only the first counts."""
        if self.corp or not corp:
            return
        company = self._companies.get(corp)
        with self._lock:
            if self.corp:
                return  # another listener was faster
            nobody, self._company, self.corp = self._company, company, corp
            company.add(nobody.take())

    def add(self, usage: Usage) -> None:
        """Count what the app used."""
        with self._lock:
            self._company.add(usage)

    def exhausted(self, kind: Literal["calls", "pushes"]) -> None:
        """DingTalk says that the company's month is used up."""
        with self._lock:
            self._company.gone |= {kind}

    @property
    def used(self) -> Usage:
        """What its company has used this month."""
        return self._company.used
