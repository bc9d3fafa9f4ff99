"""An app's form against the inputs it gets, by each version's rules."""

from typing import Any

import pytest

from sandbox.dify.errors import RefusalError
from sandbox.dify.inputs import checked
from sandbox.dify.profiles import PROFILES
from tests.sandbox.dify.conftest import MakeApp

_NAME = {"text-input": {"variable": "name", "required": True, "max_length": 4, "default": ""}}


def _taken(reference: object, variable: object, *, alone: bool) -> object:
    return reference, variable, alone


def _checked(item: dict[str, Any], given: dict[str, Any], profile: str = "H") -> dict[str, Any]:
    return checked([item], given, PROFILES[profile], _taken)


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        (_NAME, None, "name is required in input form"),
        (_NAME, 5, "(type 'text-input') name in input form must be a string"),
        (_NAME, "fivec", "name in input form must be less than 4 characters"),
        ({"select": {"variable": "name", "options": ["a"]}}, "b", "must be one of the following: ['a']"),
        ({"number": {"variable": "name"}}, "four", "name in input form must be a valid number"),
        ({"number": {"variable": "name"}}, "1e3", "name in input form must be a valid number"),
        ({"paragraph": {"variable": "name", "max_length": 2}}, "三个字", "name in input form must be less than 2 characters"),
        ({"select": {"variable": "name", "options": ["1"]}}, 1, "(type 'select') name in input form must be a string"),
        ({"json_object": {"variable": "name"}}, "[]", "name in input form must be a dict"),
        ({"checkbox": {"variable": "name"}}, {"a": 1}, "Invalid input type for ['name']"),
        ({"file-list": {"variable": "name", "max_length": 1}}, [{}, {}], "name in input form must be less than 1 files"),
        ({"file-list": {"variable": "name"}}, ["x"], "name in input form must be a list of files"),
        ({"file": {"variable": "name"}}, "http://x", "name in input form must be a file"),
        ({"file-list": {"variable": "name"}}, {}, "name in input form must be a list of files"),
    ],
)
def test_a_bad_input_is_named(item: dict[str, Any], value: Any, words: str) -> None:
    """Each rule has its own words, all of them invalid_param."""
    with pytest.raises(RefusalError) as refused:
        _checked(item, {"name": value})
    assert refused.value.code == "invalid_param"
    assert words in refused.value.message


def test_good_inputs_pass_and_unknown_ones_are_dropped() -> None:
    """A numeric string is a number; what the form does not know is gone."""
    assert _checked(_NAME, {"name": "四个字啊", "more": 1}) == {"name": "四个字啊"}
    assert _checked({"number": {"variable": "n"}}, {"n": "4.5"}) == {"n": 4.5}


def test_a_number_may_be_text_and_blank_text_is_none() -> None:
    """What is neither text nor number is an accident since pydantic."""
    item = {"number": {"variable": "n"}}
    assert [_checked(item, {"n": given})["n"] for given in ("12", " ", 4, 1.5)] == [12, None, 4, 1.5]
    with pytest.raises(RefusalError) as refused:
        _checked(item, {"n": [1]})
    assert refused.value.status == 500


def test_an_optional_file_may_be_left_as_empty_text() -> None:
    """As a web form leaves it; a required one may not."""
    for control in ("file", "file-list"):
        assert _checked({control: {"variable": "f"}}, {"f": ""}) == {"f": None}
        with pytest.raises(RefusalError):
            _checked({control: {"variable": "f", "required": True}}, {"f": ""})


def test_a_default_is_checked_like_an_answer() -> None:
    """Since 1.10.1: a default of text becomes a number, an empty one stays empty."""
    assert _checked({"number": {"variable": "n", "default": "7"}}, {}) == {"n": 7}
    assert _checked({"paragraph": {"variable": "p", "default": ""}}, {}) == {"p": ""}


def test_a_forms_file_has_types_of_its_own(app: MakeApp) -> None:
    """Those of the variable, not of the app."""
    form = [{"file": {"variable": "doc", "required": True, "allowed_file_types": ["document"]}}]
    workflow = app("workflow", form=form)
    picture = {"type": "image", "transfer_method": "remote_url", "url": "https://example.com/a.png"}
    status, body = workflow.refused("", inputs={"doc": picture}, mode="blocking")
    assert (status, body["message"]) == (400, "File validation failed for file: a.png")


def test_only_0_6_takes_a_falsy_value_for_missing() -> None:
    """Later versions let an empty text pass."""
    assert _checked(_NAME, {"name": ""}, "B") == {"name": ""}
    with pytest.raises(RefusalError):
        _checked(_NAME, {"name": ""}, "A")


def test_a_missing_optional_input_becomes_blank_null_or_its_default() -> None:
    """0.6: default or blank; then null; since 1.10 the default, else null."""
    item = {"paragraph": {"variable": "p", "default": "d"}}
    assert [_checked(item, {}, profile)["p"] for profile in "ABE"] == ["d", None, "d"]


@pytest.mark.parametrize("profile", "ABCH")
def test_inputs_are_frozen_with_the_conversation_until_0_15(app: MakeApp, profile: str) -> None:
    """Old versions remember the first inputs; newer ones want them with every question."""
    chat = app("chat", profile, form=[_NAME])
    conversation_id = chat.ask("一", inputs={"name": "a"}).events[0]["conversation_id"]
    answer = chat.post("二", inputs={}, conversation_id=conversation_id)
    assert answer.status_code == (200 if profile in "AB" else 400)
