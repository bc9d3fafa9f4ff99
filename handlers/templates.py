"""Card templates: which variable holds the answer, and by which calls a card of this template begins, grows and ends."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from handlers.pacing import PACES, Pace, PaceName

Flow = Literal["streaming", "flow_status"]

PUBLIC_TEMPLATE = "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"


@dataclass(frozen=True)
class Template:
    """A card template.

    `streaming`: the states follow the streaming calls by themselves (templates made on DingTalk's card platform).
    `flow_status`: the variable flowStatus has to be set beside them (DingTalk's public AI cards).
    `shows_question`: the question stands above the answer.
    """

    template_id: str
    content_key: str
    flow: Flow
    shows_question: bool = False

    def written(self) -> str:
        """Return it as text, to be kept with a card."""
        return json.dumps(astuple(self))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what `written` wrote; None when another version did, which this one cannot read."""
        try:
            return cls(*json.loads(text))
        except (ValueError, TypeError):
            return None


# DingTalk's ready-made AI cards, usable by every company's apps without any set-up.
_PUBLIC: Mapping[str, Template] = {
    template_id: Template(template_id, "msgContent", "flow_status")
    for template_id in (PUBLIC_TEMPLATE, "382e4302-551d-4880-bf29-a30acfab2e71.schema")
}


class CardSettings(BaseModel):
    """The keys of `.bots.yaml` that say which card a bot answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    card_template_id: str = ""
    card_content_key: str = ""
    card_flow: Flow | None = None
    card_pace: PaceName = "balanced"
    card_max_updates: int | None = Field(None, ge=0, le=1000)
    card_status: bool = False
    card_question: bool = False

    @property
    def pace(self) -> Pace:
        """How closely the cards follow their answers."""
        return replace(PACES[self.card_pace], most=self.card_max_updates)

    @property
    def template(self) -> Template:
        """The template to use: the public one when none is named; known ids bring their own key and flow."""
        template_id = self.card_template_id or PUBLIC_TEMPLATE
        known = _PUBLIC.get(template_id, Template(template_id, "content", "streaming"))
        key, flow = self.card_content_key or known.content_key, self.card_flow or known.flow
        return Template(template_id, key, flow, self.card_question)


class MessageSettings(BaseModel):
    """The keys of `.bots.yaml` for a bot that answers with messages; lengths are bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_message_length: int = Field(18_000, ge=500, le=20_000)
