"""A button clicked on a card -> an action; the acknowledgement carries its answer, so all of it takes no time."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.card_calls import STOP_ACTION
from handlers.stops import Stops
from handlers.texts import Texts
from stores.base import Cards

log = logging.getLogger("dingbridge.clicks")


@dataclass(frozen=True)
class Click:
    """Who clicked what on which card."""

    out_track_id: str
    user_id: str
    action_ids: tuple[str, ...]
    params: Mapping[str, Any]


def parse(raw: object) -> Click:
    """Return the click; what a delivery lacks is empty. `content`, or in some clients `value`, is JSON in a string."""
    delivery = _object(raw)
    private = _object(_object(delivery.get("content") or delivery.get("value")).get("cardPrivateData"))
    actions = private.get("actionIds")
    return Click(
        out_track_id=_text(delivery.get("outTrackId")),
        user_id=_text(delivery.get("userId")),
        action_ids=tuple(_text(action) for action in actions) if isinstance(actions, list) else (),
        params=_object(private.get("params")),
    )


class Clicks:
    """The actions of one bot's cards."""

    def __init__(self, name: str, *, cards: Cards, stops: Stops, texts: Texts) -> None:
        self.name, self._cards, self._stops, self._texts = name, cards, stops, texts

    def click(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Act on a click and return the answer for its acknowledgement: what the one who clicked sees change."""
        click = parse(raw)
        if STOP_ACTION not in click.action_ids and click.params.get("action") != STOP_ACTION:
            log.info("bot=%s a click without an action of ours: %s", self.name, ", ".join(click.action_ids))
            return {}
        card = self._cards.find(click.out_track_id)
        if card is None:
            return {}
        if click.user_id != card.asker:
            return _privately({"tips": self._texts.say("stop_refused")})
        self._stops.stop(card.key, message_id=card.message.message_id)
        return {}


def _privately(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer that sets variables for the one who clicked only."""
    return {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        "userPrivateData": {"cardParamMap": dict(variables)},
    }


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half of a character could be neither looked up nor logged
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
