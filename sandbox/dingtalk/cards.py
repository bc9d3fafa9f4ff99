"""The card calls of api.dingtalk.com: create, deliver, createAndDeliver, update, spaces, streaming."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Json
from sandbox.dingtalk.apps import CARD_STREAMING, CARD_WRITE, App
from sandbox.dingtalk.card import Card, Variables
from sandbox.dingtalk.card_bodies import card_variables, private_variables, required, streamed
from sandbox.dingtalk.chats import Chats
from sandbox.dingtalk.refusal import Refusal, template_unpublished
from sandbox.dingtalk.spaces import Delivery, is_text_list, place, read_spaces, space_models
from sandbox.dingtalk.templates import Template, Templates
from sandbox.faults import Faults
from sandbox.kept import Kept
from sandbox.records import Records

_CARDS_KEPT = 10_000
_MOST_CHARACTERS = 256_000_000


class Cards:
    """All cards, and the calls that make and change them."""

    def __init__(self, templates: Templates, chats: Chats, records: Records, faults: Faults) -> None:
        self._templates = templates
        self._chats = chats
        self._records = records
        self._faults = faults
        self._cards: Kept[str, Card] = Kept(_CARDS_KEPT, _MOST_CHARACTERS, Card.weight)

    def add_routes(self, app: web.Application, front: ApiFront) -> None:
        """Put the calls where DingTalk has them."""
        root = "/v1.0/card"
        instances = f"{root}/instances"
        app.router.add_post(instances, front.v1("create", CARD_WRITE, self.create))
        app.router.add_post(f"{instances}/deliver", front.v1("deliver", CARD_WRITE, self.deliver, _reached))
        both = front.v1("create_and_deliver", CARD_WRITE, self.create_and_deliver, _reached)
        app.router.add_post(f"{instances}/createAndDeliver", both)
        app.router.add_put(instances, front.v1("update", CARD_WRITE, self.update))
        app.router.add_put(f"{instances}/spaces", front.v1("spaces", CARD_WRITE, self.spaces))
        app.router.add_put(f"{root}/streaming", front.v1("streaming", CARD_STREAMING, self.streaming))

    def create(self, app: App, body: Json) -> Json:
        """Make a card that nobody sees yet."""
        card = self._make(app, body)
        card.calls += 1
        return {"success": True, "result": card.out_track_id}

    def deliver(self, app: App, body: Json) -> Json:
        """Show a card in conversations."""
        card = self._own(app, body)
        card.calls += 1
        spaces = read_spaces(body)
        return {"success": True, "result": [self._deliver(app, card, space, body).to_json() for space in spaces]}

    def create_and_deliver(self, app: App, body: Json, template: Template | None = None) -> Json:
        """Both in one; a space that did not work is only told in deliverResults. `template` spares the body's."""
        required(body, "outTrackId", "param.outTrackIdEmpty")
        spaces = read_spaces(body)
        card = self._make(app, body, template)
        card.calls += 1
        results = [self._deliver(app, card, space, body).to_json() for space in spaces]
        return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}

    def update(self, app: App, body: Json) -> Json:
        """Set variables; without cardUpdateOptions the whole map is replaced."""
        card = self._own(app, body)
        card.calls += 1
        public = card_variables(app, body.get("cardData"))
        private = private_variables(app, body.get("privateData"))
        if public is None and not private:
            raise Refusal(400, "param.cardDataAndPrivateDataBothEmpty", "cardData and privateData are both empty")
        self.apply(card, public, private, body.get("cardUpdateOptions"))
        return {"success": True, "result": True}

    def spaces(self, app: App, body: Json) -> Json:
        """Set what the conversation list shows for the card."""
        card = self._own(app, body)
        card.calls += 1
        models = space_models(body, new=False)
        if not models:
            raise Refusal(400, "param.openSpaceModelInvalid", "no openSpaceModel given")
        card.preview.update(models)
        return {"success": True, "result": True}

    def streaming(self, app: App, body: Json) -> Json:
        """Write into one variable as it grows."""
        call = streamed(body)
        card = self._cards.get(str(body.get("outTrackId")))
        if card is None or card.client_id != app.client_id:
            raise Refusal(400, "param.stream.outTrackId", "card is not exist")
        card.calls += 1
        if len(card.grown(call).encode()) > app.stream_content_bytes:
            raise Refusal(400, "param.stream.content", "content is too large (200092)")
        card.stream(call, after_finalize=app.after_finalize)
        self._note(card)
        return {"success": True, "result": True}

    def apply(self, card: Card, public: Variables | None, private: Mapping[str, Variables], options: object) -> None:
        """Set variables the way cardUpdateOptions say, and note what became visible."""
        by_key = options if isinstance(options, dict) else {}
        card.update(public, by_key=by_key.get("updateCardDataByKey") is True)
        for user_id, variables in private.items():
            card.update_private(user_id, variables, by_key=by_key.get("updatePrivateDataByKey") is True)
        self._note(card)

    def find(self, out_track_id: str) -> Card | None:
        """The card of this id."""
        return self._cards.get(out_track_id)

    def all(self, client_id: str | None = None, conversation_id: str | None = None) -> list[Card]:
        """The kept cards, oldest first, of a bot or a conversation if one is named."""
        return [
            card
            for card in self._cards.all()
            if client_id in (None, card.client_id) and conversation_id in (None, card.conversation_id)
        ]

    def _make(self, app: App, body: Json, template: Template | None = None) -> Card:
        out_track_id = required(body, "outTrackId", "param.outTrackIdEmpty")
        template = template or self._template(required(body, "cardTemplateId", "param.cardTemplateIdEmpty"))
        if body.get("callbackType", "STREAM") not in ("STREAM", "HTTP") or body.get("userIdType", 1) not in (1, 2):
            raise Refusal(400, "param.invalid", "callbackType or userIdType is invalid")
        if not is_text_list(body.get("cardAtUserIds", [])) or not isinstance(body.get("userId", ""), str):
            raise Refusal(400, "param.invalid", "cardAtUserIds or userId is invalid")
        over_http = body.get("callbackType") == "HTTP"
        route_key = required(body, "callbackRouteKey", "param.callbackRouteKeyEmpty") if over_http else ""
        variables = card_variables(app, body.get("cardData"))
        if variables is None:
            raise Refusal(400, "param.cardPublicDataEmpty", "cardData is empty")
        private = private_variables(app, body.get("privateData"))
        preview = space_models(body, new=True)
        if existing := self._cards.get(out_track_id):
            if app.existing_card == "refuse" or existing.client_id != app.client_id:
                raise Refusal(400, "param.cardAlreadyExist", "card is already exist")
            return existing
        card = Card(
            out_track_id,
            app.client_id,
            template,
            variables,
            private,
            callback_type=str(body.get("callbackType", "")),
            route_key=route_key,
            user_id_type=body.get("userIdType", 1),
            preview=preview,
            unfinalised=app.unfinalised,
        )
        self._cards.put(out_track_id, card)
        return card

    def _deliver(self, app: App, card: Card, space: Any, body: Json) -> Delivery:
        delivery = place(app, self._chats, space, body)
        fault = self._faults.take("dingtalk.deliver", client_id=app.client_id, space_id=space.space_id)
        if fault:
            return Delivery(space, None, str(fault.params.get("errorMsg", "deliver failed")))
        if delivery.place and delivery.chat and delivery.place.conversation_id not in _conversations(card):
            card.places.append(delivery.place)
            delivery.chat.say("bot", app.name, "card", card=card.out_track_id)
            self._note(card)
        return delivery

    def _own(self, app: App, body: Json) -> Card:
        card = self._cards.get(required(body, "outTrackId", "param.outTrackIdEmpty"))
        if card is None or card.client_id != app.client_id:
            raise Refusal(400, "param.cardNotExist", "card is not exist")
        return card

    def _template(self, template_id: str) -> Template:
        template = self._templates.find(template_id)
        if template is None:
            raise Refusal(400, "param.templateNotExist", "template is not exist")
        if not template.published:
            raise template_unpublished()
        return template

    def _note(self, card: Card) -> None:
        seen = card.note()
        if self._cards.get(card.out_track_id) is card:
            self._cards.put(card.out_track_id, card)  # it has grown
        if seen and card.places:
            self._records.add(
                "dingtalk",
                "card",
                client_id=card.client_id,
                out_track_id=card.out_track_id,
                state=card.state,
                text=card.text,
                conversation_id=card.conversation_id,
            )


def _reached(answer: Json) -> str | None:
    """A card that reached nobody is a success to DingTalk, and none to people."""
    result = answer["result"]
    deliveries = result["deliverResults"] if isinstance(result, dict) else result
    return None if all(each["success"] for each in deliveries) else "refused"


def _conversations(card: Card) -> list[str]:
    return [where.conversation_id for where in card.places]
