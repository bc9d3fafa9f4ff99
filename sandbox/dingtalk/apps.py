"""The DingTalk apps that exist here: their credentials, what they may do, and how the platform behaves to them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sandbox.dingtalk.address import is_web_address
from sandbox.keyring import Keyring

CARD_WRITE = "Card.Instance.Write"
CARD_STREAMING = "Card.Streaming.Write"
ROBOT_SEND = "qyapi_robot_sendmsg"

_CHOICES = {
    "existing_card": ("refuse", "ignore"),
    "after_finalize": ("refuse", "accept"),
    "click_updates": ("clicker", "everyone"),
    "unfinalised": ("template", "ends", "spins"),
}


@dataclass(frozen=True, slots=True)
class App:
    """One internal app with a robot; everything after `permissions` is a rule of the platform towards it.

    A robot with a `callback_url` is in HTTP mode: its messages are POSTed there, and never pushed by Stream.
    Seconds and bytes are as the names say. Rules that DingTalk does not publish are settings, with the strict
    reading as default.
    """

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    corp_id: str = "dingsandboxcorp"
    permissions: tuple[str, ...] = (CARD_WRITE, CARD_STREAMING, ROBOT_SEND)
    qps: int = 20
    monthly_calls: int = 0
    monthly_pushes: int = 0
    callback_url: str = ""
    max_connections: int = 50
    token_seconds: float = 7200
    ticket_seconds: float = 90
    ping_seconds: float = 30
    ready_frames: bool = True
    drain_seconds: float = 10
    redeliver_after: float = 60
    redeliver_max: int = 3
    webhook_seconds: float = 5400
    webhook_per_minute: int = 20
    file_seconds: float = 3600
    stream_content_bytes: int = 20_000
    card_value_bytes: int = 20_000
    existing_card: str = "refuse"
    after_finalize: str = "refuse"
    click_updates: str = "clicker"
    click_value: bool = False
    unfinalised: str = "template"

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "App":
        """Build an app from the control API's JSON; ValueError names the first field that is wrong."""
        known = {each.name: each.type for each in fields(cls)}
        for name, value in body.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}; there are {', '.join(sorted(known))}")
            if not _fits(known[name], value):
                # The value is not repeated: it may be the secret.
                raise ValueError(f"{name} must be {_spoken(known[name])}, not {type(value).__name__}")
            if name in _CHOICES and value not in _CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}, not {value!r}")
        if missing := [name for name in ("client_id", "client_secret", "name") if not body.get(name)]:
            raise ValueError(f"{missing[0]} is missing")
        app = cls(**body)
        if app.callback_url and not is_web_address(app.callback_url):
            raise ValueError("callback_url must be a whole http or https address")
        return replace(app, permissions=tuple(app.permissions))

    def to_json(self) -> dict[str, Any]:
        """Everything but the secret, and how it receives messages."""
        shown = asdict(self) | {"receive": "webhook" if self.callback_url else "stream"}
        del shown["client_secret"]
        return shown


class Apps:
    """The registered apps by client id (= AppKey = robotCode); what they must keep to themselves is on the keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._apps: dict[str, App] = {}
        self._addresses: dict[str, str] = {}

    def register(self, app: App) -> None:
        """Add the app, or replace the one of the same client id."""
        self._apps[app.client_id] = app
        self.keyring.keep(app.client_secret)

    def find(self, client_id: object) -> App | None:
        """The app of this client id."""
        return self._apps.get(client_id) if isinstance(client_id, str) else None

    def authentic(self, client_id: object, client_secret: object) -> App | None:
        """The app, if the secret is its own."""
        app = self.find(client_id)
        return app if app and app.client_secret == client_secret else None

    def reached_at(self, app: App, address: str) -> None:
        """Remember under which address the app's bot sees this server."""
        self._addresses[app.client_id] = address

    def address(self, app: App) -> str | None:
        """Where the app's bot last saw this server: the base of addresses that the platform hands out."""
        return self._addresses.get(app.client_id)

    def all(self) -> list[App]:
        """Every app, in the order of registration."""
        return [*self._apps.values()]


def _spoken(wanted: object) -> str:
    return wanted.__name__ if isinstance(wanted, type) else str(wanted)


def _fits(wanted: object, value: object) -> bool:
    if wanted is bool or isinstance(value, bool):
        return wanted is bool and isinstance(value, bool)
    if wanted in (int, float):
        return isinstance(value, int if wanted is int else (int, float)) and value >= 0
    if wanted is str:
        return isinstance(value, str)
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
