"""The month's quota of an organisation: API calls, and pushes by webhook and Stream."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from sandbox.dingtalk.apps import App

_CHINA = timezone(timedelta(hours=8))  # whose months DingTalk counts


class Quota:
    """Counts per organisation and month; each app names the limits that it meets (0: none).

    What a limit refuses is not counted.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._spent: Counter[tuple[str, str, str]] = Counter()

    def call(self, app: App) -> bool:
        """Count one API call; False if it is beyond the app's `monthly_calls`."""
        return self._spend(app, "calls", app.monthly_calls)

    def push(self, app: App) -> bool:
        """Count one message pushed to the bot, or said through a webhook; False beyond `monthly_pushes`."""
        return self._spend(app, "pushes", app.monthly_pushes)

    def spent(self, app: App) -> dict[str, int]:
        """What the app's organisation has used this month: {"calls", "pushes"}."""
        return {kind: self._spent[self._key(app, kind)] for kind in ("calls", "pushes")}

    def _spend(self, app: App, kind: str, limit: int) -> bool:
        key = self._key(app, kind)
        if limit and self._spent[key] >= limit:
            return False
        self._spent[key] += 1
        return True

    def _key(self, app: App, kind: str) -> tuple[str, str, str]:
        return app.corp_id, datetime.fromtimestamp(self._clock(), _CHINA).strftime("%Y-%m"), kind
