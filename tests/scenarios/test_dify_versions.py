"""One bridge for every Dify from 0.6 to 1.16: each version's way to tell an answer comes out as the same card."""

import re
from collections.abc import Mapping

import pytest

import errors
from handlers.texts import Texts
from sandbox.client import Json
from tests.conftest import Bridge, MakeBridge

PROFILES = "ABCDEFGH"  # 0.6.3, 0.15.3, 1.7.1, 1.9.1, 1.12.1, 1.13.0, 1.14.2, 1.16.1
CHAT_KINDS = ("chat", "agent-chat", "advanced-chat")
APP_TYPES = {**dict.fromkeys(CHAT_KINDS, "chatbot"), "completion": "completion", "workflow": "workflow"}
FAST: Json = {"pace": {"tokens_per_second": 400, "chunk_chars": 5}}
SAY = Texts("zh").say
ASKED = ("plain", "think", "replace", "fail", "error", "tool", "empty", "annotation")

every_version = pytest.mark.parametrize("profile", PROFILES)
every_kind = pytest.mark.parametrize("kind", APP_TYPES)


def sentence(error: str) -> str:
    """Return what a person is told about an error of this name."""
    return Texts("zh").error(getattr(errors, error)())


def stored(bridge: Bridge, person: str, since: int = 0, *, failed: bool = True) -> Json:
    """Wait for Dify's own record of its answer to a person; one that failed counts unless it is not wanted."""
    answers = bridge.sandbox.follow(since, side="dify", kind="answer", app=bridge.client_id, user=person)
    return next(answer for answer in answers if failed or answer["status"] == "succeeded")


def shown(card: Json) -> str:
    """Return a card's text, its visible breaks as newlines."""
    return str(card["text"]).replace("<br>", "\n")


def ask_all(bridge: Bridge, questions: Mapping[str, str]) -> dict[str, str]:
    """Let each person ask at once; return what each one's card says in the end."""
    bridge.since = bridge.sandbox.last()
    chats = {bridge.say(question, sender=person)["conversation_id"]: person for person, question in questions.items()}
    return {chats[card["conversation_id"]]: shown(card) for card in bridge.ended_cards(len(chats))}


def expected(kind: str, order: str, answer: str) -> str:
    """Return what a card says when Dify's answer was this and the question held this order."""
    graph = kind in {"advanced-chat", "workflow"}
    match order:
        case "think":
            return re.split(r"</think>|</details>", answer)[-1].strip()
        case "fail" if graph:
            return sentence("RunFailed")
        case "error" if graph:
            return f"{answer.rstrip()}\n\n{sentence('RunFailed')}"
        case "fail" | "error":
            return f"{answer.rstrip()}\n\n{sentence('ModelFailed')}"
        case "tool" if kind == "agent-chat":
            return answer.replace("\n", "", 1)  # Dify stores a line break between the rounds that it did not stream
        case "empty":
            return SAY("empty_answer")
        case _:
            return answer


@every_kind
@every_version
def test_whatever_a_version_tells_is_shown(make_bridge: MakeBridge, profile: str, kind: str) -> None:
    """Plain text, thinking, moderation, a failing run and model, a tool, nothing at all, a stored answer: exactly."""
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify=FAST)
    told = ask_all(bridge, {order: f"[[{order}]]你好，{order}" for order in ASKED})
    assert told == {order: expected(kind, order, stored(bridge, order)["text"]) for order in ASKED}


@every_kind
@every_version
def test_a_second_turn_and_a_forgotten_conversation(make_bridge: MakeBridge, profile: str, kind: str) -> None:
    """A chatbot's conversation goes on; one that Dify forgot is begun anew, and the person is told nothing of it."""
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify=FAST, variables={"DIFY_FIRST_EVENT_SECONDS": "3"})
    rounds = []
    for question in ("你好", "再说一次", "忘了吗"):
        since = bridge.sandbox.last()
        text = ask_all(bridge, {"staff-1": question})["staff-1"]
        answer = stored(bridge, "staff-1", since, failed=False)
        assert text == answer["text"]
        assert f"**{question}**" in text
        rounds.append(re.findall(r"第 (\d) 轮", text))
        if question == "再说一次" and kind in CHAT_KINDS:
            bridge.sandbox.forget_dify_conversation(answer["conversation_id"])
    assert rounds == ([["1"], ["2"], ["1"]] if kind in CHAT_KINDS else [[], [], []])


@every_kind
@every_version
def test_an_answer_whose_stream_breaks_off_is_fetched(make_bridge: MakeBridge, profile: str, kind: str) -> None:
    """From Dify's messages or the run's detail. A completion has neither, and 1.16 ends what nobody listens to."""
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify={"pace": {"tokens_per_second": 100}})
    told = ask_all(bridge, {"staff-1": "[[cut=12]][[len=200]]"})["staff-1"]
    answer = stored(bridge, "staff-1")["text"]
    broken = sentence("AnswerInterrupted")
    if kind == "completion" or (profile == "H" and kind in {"chat", "agent-chat"}):
        assert told.endswith(broken)
        assert answer.startswith(told.removesuffix(broken).rstrip())
    else:
        assert told == expected(kind, "plain", answer)


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
@every_version
def test_a_stop_reaches_the_run(make_bridge: MakeBridge, profile: str, kind: str) -> None:
    """A stop ends Dify's run, however the version tells that, and the card keeps what was written."""
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify={"pace": {"tokens_per_second": 20}})
    chat = bridge.say("[[len=3000]]", sender="staff-1")["conversation_id"]
    growing = (record for record in bridge.sandbox.follow(bridge.since, kind="card", client_id=bridge.client_id))
    card = next(card for record in growing if (card := bridge.sandbox.card(record["out_track_id"]))["text"])
    assert card["conversation_id"] == chat
    bridge.say("/stop", sender="staff-1")
    text = shown(bridge.ended_cards()[0])
    assert text.endswith(SAY("stopped"))
    assert text.startswith(card["text"])
    bridge.sandbox.wait_for(bridge.since, kind="stopped", app=bridge.client_id)
    assert stored(bridge, "staff-1")["status"] in {"stopped", "failed"}


CITY = [{"text-input": {"variable": "city", "label": "City", "required": True, "max_length": 48, "default": ""}}]
SILENT = "FG"  # of these, chatflow and workflow only fall silent


@pytest.mark.parametrize("kind", ["advanced-chat", "chat"])
@every_version
def test_a_missing_input_is_told(make_bridge: MakeBridge, profile: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """An input that the app requires and the bot does not give: the person gets a sentence, the log names the input."""
    dify = {"form": CITY, **FAST}
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify=dify, variables={"DIFY_FIRST_EVENT_SECONDS": "1"})
    silent = kind == "advanced-chat" and profile in SILENT
    assert ask_all(bridge, {"staff-1": "你好"}) == {"staff-1": sentence("NoAnswer" if silent else "InputRefused")}
    assert "city" in caplog.text


@every_version
def test_an_input_that_is_given_is_sent_with_every_turn(make_bridge: MakeBridge, profile: str) -> None:
    """From 1.0 on required inputs count on every turn: they are sent on every turn."""
    bridge = make_bridge(
        "chatbot", kind="advanced-chat", profile=profile, dify={"form": CITY, **FAST}, bot='dify_inputs: {city: "杭州"}'
    )
    for turn in "12":
        assert f"第 {turn} 轮" in ask_all(bridge, {"staff-1": "你好"})["staff-1"]


@pytest.mark.parametrize(("key", "text"), [("", "{answer}"), ("n", "42"), ("city", "杭州")])
@pytest.mark.parametrize("profile", ["B", "G"])
def test_a_workflow_s_outputs_decide(make_bridge: MakeBridge, profile: str, key: str, text: str) -> None:
    """Without a key what was streamed counts, with one that output; in one version all stream, in the other one does."""
    outputs = {"text": "{answer}", "n": 42} if not key else {"text": "{answer}", "n": 42, "city": "杭州"}
    bot = f"dify_output_key: {key}" if key else ""
    bridge = make_bridge("workflow", profile=profile, dify={"outputs": outputs, **FAST}, bot=bot)
    told = ask_all(bridge, {"staff-1": "你好"})["staff-1"]
    answer = stored(bridge, "staff-1")["text"]
    assert told == text.format(answer=answer)


@pytest.mark.parametrize("kind", ["agent-chat", "advanced-chat", "workflow"])
@pytest.mark.parametrize("profile", ["B", "H"])
def test_a_picture_that_was_made_is_shown(make_bridge: MakeBridge, profile: str, kind: str) -> None:
    """A file that a tool or a workflow makes stands in the card, under an address that can be opened."""
    bridge = make_bridge(APP_TYPES[kind], kind=kind, profile=profile, dify=FAST)
    told = ask_all(bridge, {"staff-1": "[[file]]画一张图"})["staff-1"]
    assert re.search(rf"!\[[^\]]+\]\({re.escape(bridge.sandbox.url)}/files/tools/[^)]+\)", told)


def test_reasoning_that_is_told_apart_is_not_shown(make_bridge: MakeBridge) -> None:
    """From 1.15 on a model's reasoning may come beside the answer: the card has the answer alone."""
    bridge = make_bridge("chatbot", kind="advanced-chat", dify={"separated_reasoning": True, **FAST})
    assert ask_all(bridge, {"staff-1": "[[think]]你好"})["staff-1"] == stored(bridge, "staff-1")["text"]
    assert "先看清楚" not in stored(bridge, "staff-1")["text"]
