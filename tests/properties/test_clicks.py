"""Whatever a click holds, it is a click: what cannot be read of it is empty."""

import json
from typing import Any

import pytest
from hypothesis import given

from handlers.clicks import Click, parse
from tests.properties.strategies import JSON, WORDS, nested, spoilt

_PRIVATE = {"cardPrivateData": {"actionIds": ["stop"], "params": {"action": "stop", "local_input": WORDS}}}
CLICK: dict[str, Any] = {
    "type": "actionCallback",
    "corpId": "dingcorp",
    "userId": "0421",
    "outTrackId": "card-1",
    "spaceId": "cidA==",
    "spaceType": "IM_GROUP",
    "content": json.dumps(_PRIVATE),
    "extension": "{}",
}


def check(click: Click) -> None:
    """Every field is of its type and can be looked up, compared and written."""
    for text in (click.out_track_id, click.user_id, *click.action_ids):
        assert isinstance(text, str)
        text.encode()
    assert isinstance(click.action_ids, tuple)
    assert hasattr(click.params, "get")


@given(JSON | spoilt(CLICK) | spoilt({**CLICK, "content": _PRIVATE}) | spoilt({**CLICK, "content": "", "value": _PRIVATE}))
def test_any_json_is_a_click(raw: Any) -> None:
    """Reading one never raises: an error would leave the click without its acknowledgement."""
    check(parse(raw))


@given(spoilt(_PRIVATE).filter(lambda private: "outTrackId" not in private))
def test_the_ids_of_a_click_are_read_whatever_its_content(private: Any) -> None:
    """An odd content takes nothing from the rest."""
    click = parse({**CLICK, "content": private})
    assert (click.out_track_id, click.user_id) == ("card-1", "0421")


@pytest.mark.parametrize("name", CLICK)
def test_nothing_is_nested_too_deep(name: str) -> None:
    """Not even five times deeper than a parser of JSON goes."""
    for deep in nested(5_000):
        check(parse({**CLICK, name: deep}))
        check(parse({**CLICK, "content": {"cardPrivateData": {"actionIds": [deep], "params": deep}}}))
