"""Access tokens: one per app, the same one for as long as it is valid."""

import time
import uuid
from dataclasses import dataclass

from sandbox.dingtalk.apps import App, Apps


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the epoch second at which it ends."""

    client_id: str
    text: str
    expires: float


class Tokens:
    """The tokens of all apps; a token ends at its time, or when `forget` takes it back."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._by_app: dict[str, Token] = {}

    def issue(self, app: App) -> tuple[str, int]:
        """The app's token and the whole seconds it is valid from now; asking again gives the same one."""
        now = time.time()
        token = self._by_app.get(app.client_id)
        if token is None or token.expires <= now:
            token = Token(app.client_id, self._apps.keyring.lend(uuid.uuid4().hex), now + app.token_seconds)
            self._by_app[app.client_id] = token
        return token.text, max(1, int(token.expires - now))

    def app_of(self, text: str) -> App | None:
        """The app whose valid token this is."""
        for token in self._by_app.values():
            if token.text == text and token.expires > time.time():
                return self._apps.find(token.client_id)
        return None

    def forget(self, client_id: str) -> None:
        """Invalidate the app's token before its time, as a change of its secret does."""
        self._by_app.pop(client_id, None)
