"""How one bot is reached: by Stream connections, or by DingTalk's signed HTTP callbacks; its messages and its clicks alike."""

from urllib.parse import quote

from pydantic import BaseModel

from handlers.callback import CardCallback
from handlers.card_calls import BY_STREAM, Callback
from handlers.dingtalk import DingTalkClient
from handlers.hand_over import Arrivals
from handlers.signature import card_secret
from handlers.stream import StreamListener
from handlers.texts import Texts
from handlers.webhook import WebhookReceiver
from ops.door import Door
from settings import StreamSettings, WebhookSettings

Receiver = StreamListener | WebhookReceiver


class Reception:
    """The receivers of one bot, as its settings want them; `public_url` is where DingTalk reaches our HTTP port, or ""."""

    def __init__(
        self, settings: BaseModel, name: str, client: DingTalkClient, client_secret: str, public_url: str, texts: Texts
    ) -> None:
        self._settings, self._name, self._client, self._secret, self._texts = settings, name, client, client_secret, texts
        self._card_secret = card_secret(client_secret, client.client_id)
        self._registered: CardCallback | None = None
        if isinstance(settings, WebhookSettings):
            url = public_url + quote(settings.places(name)[1]) if public_url else ""
            self._registered = CardCallback(name, client, url, self._card_secret, texts)

    def callback(self) -> Callback:
        """Return how a card that is made now sends its clicks."""
        return self._registered.current() if self._registered else BY_STREAM

    def receivers(self, arrivals: Arrivals) -> tuple[Receiver, ...]:
        """Return what brings messages and clicks in, each to be run in a thread."""
        match self._settings:
            case StreamSettings(max_workers=number):
                return tuple(StreamListener(self._name, self._client, arrivals, self._texts) for _ in range(number))
            case WebhookSettings() as webhook if self._registered:
                path, callback = webhook.path(self._name), self._registered
                signed = self._card_secret
                return (WebhookReceiver(self._name, self._secret, arrivals, path, self._texts, callback, card_secret=signed),)
            case other:
                raise AssertionError(f"nothing is received by {type(other).__name__}")


def doors_of(receivers: tuple[Receiver, ...]) -> tuple[Door, ...]:
    """Return where DingTalk calls over HTTP."""
    return tuple(door for receiver in receivers if isinstance(receiver, WebhookReceiver) for door in receiver.doors())
