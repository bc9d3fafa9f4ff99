"""What the README says is not imitated: it says so, and it is so."""

from pathlib import Path

import pytest

import sandbox
from tests.sandbox.dingtalk.foreign import Bot, refusal

README = (Path(sandbox.__path__[0]) / "README.md").read_text("utf-8").split("## What is not imitated")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("words", "method", "path"),
    [
        ("recall", "POST", "/robot/groupMessages/recall"),
        ("recall", "POST", "/robot/otoMessages/batchRecall"),
        ("message reactions", "POST", "/robot/emotion/reply"),
        ("group management", "POST", "/im/interconnections/groups"),
        ("template copy", "POST", "/card/templates/copy"),
        ("storage", "GET", "/storage/spaces/1/dentries/2"),
    ],
)
def test_call_is_named_and_not_found(bot: Bot, words: str, method: str, path: str) -> None:
    """A call that is not there says so in DingTalk's words, and the README names it."""
    assert words in README
    assert refusal(bot.call(method, path, {"robotCode": bot.client_id})) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize("words", ["`EVENT`", "`KEEPALIVE`", "directory", "unionId", "content review", "mentions", "media id"])
def test_limit_is_named(words: str) -> None:
    """The rest of what differs cannot be called, but must be told."""
    assert words in README


def test_space_is_named_and_fails(bot: Bot) -> None:
    """Other spaces are parsed, and then fail in deliverResults."""
    assert "`IM_ROBOT`" in README
    answer = bot.create(openSpaceId="dtv1.card//IM_SINGLE.staff-1", imSingleOpenDeliverModel={"x": 1})
    [result] = answer.json()["result"]["deliverResults"]
    assert (result["success"], result["errorMsg"]) == (False, "IM_SINGLE is not imitated by the sandbox")
