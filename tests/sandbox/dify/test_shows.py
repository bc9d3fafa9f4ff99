"""Scripted talk: what `/show NAME` makes each kind of app do."""

import re
from typing import Any

import pytest
import requests

from sandbox.dify import shows
from sandbox.dify.apps import KINDS
from sandbox.scripted.script import Script
from tests.sandbox.dify.caller import App
from tests.sandbox.dify.conftest import MakeApp

_NAMES = [show.name for show in shows.SHOWS]
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def _script(question: str, kind: str = "chat", app: str = "聊天助手") -> Script | None:
    return shows.script(question, kind=kind, app=app, rate=30, chunk=6)


def _text(question: str, **where: str) -> str:
    found = _script(question, **where)
    assert found is not None
    return found.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", _NAMES)
def test_each_show_has_words_for_each_kind_of_app_in_both_languages(name: str, language: str, kind: str) -> None:
    """What a kind cannot do, it says instead; only the show of nothing says nothing."""
    text = _text(f"/show {name} {language}", kind=kind)
    assert bool(text) is (name != "empty")
    assert "<!--" not in text
    assert "{" not in re.sub(r"```.*?```|\$\$?.*?\$\$?|<style>.*?</style>|\$\{\w+\}", "", text, flags=re.DOTALL)
    if text:
        assert bool(_CHINESE.search(text)) is (language == "zh" or name == "file")  # people keep their names


def test_the_shows_are_listed(app: MakeApp) -> None:
    """The control API names them with both titles; the page lists them from there."""
    told = requests.get(f"{app().client.url}/sandbox/dify/shows", timeout=10).json()
    assert [show["name"] for show in told["shows"]] == _NAMES
    assert all(show["title"].keys() == {"zh", "en"} for show in told["shows"])


@pytest.mark.parametrize("question", ["/show", "/show nothing", "  /SHOW  ", "/show en", "/show list-of-all"])
def test_without_a_name_the_answer_lists_what_there_is(question: str) -> None:
    """A table of all of them; a name that is not there is named."""
    text = _text(question)
    assert all(f"| `/show {name}` |" in text for name in _NAMES)
    assert ("nothing" in text) is ("nothing" in question)


@pytest.mark.parametrize("question", ["/showtable", "请 /show table", "show table", "你好"])
def test_other_questions_are_no_shows(question: str) -> None:
    """The command stands at the beginning, as a word."""
    assert _script(question) is None


def test_the_language_is_the_asked_one_or_the_apps() -> None:
    """An app with a Chinese name speaks Chinese; a word behind the show's name decides otherwise."""
    assert _CHINESE.search(_text("/show long", app="助手"))
    assert not _CHINESE.search(_text("/show long", app="Assistant"))
    assert not _CHINESE.search(_text("/show long en", app="助手"))
    assert _CHINESE.search(_text("/show long zh", app="Assistant"))


def test_a_question_may_change_the_pace_of_a_show() -> None:
    """Directives of pace go with it; others have no effect."""
    found = _script("/show table [[rate=500]][[first=3]]")
    assert found is not None
    assert (found.rate, found.first) == (500, 3)
    assert "[[" not in found.text


def _sources(profile: str) -> set[str]:
    known = {"position", "dataset_id", "dataset_name", "document_id", "document_name", "data_source_type", "segment_id"}
    known |= {"retriever_from", "score", "hit_count", "word_count", "segment_position", "index_node_hash", "content", "page"}
    more = {"B": set(), "C": {"doc_metadata", "title"}, "H": {"doc_metadata", "title", "files", "summary"}}
    return known | more[profile]


@pytest.mark.parametrize("profile", "BCH")
@pytest.mark.parametrize("kind", ["chat", "completion", "agent-chat", "advanced-chat"])
def test_citations_stand_in_message_end(app: MakeApp, kind: str, profile: str) -> None:
    """Numbered, with the fields of the version, and the same in a blocking answer."""
    made_app = app(kind, profile)
    told = made_app.ask("/show citation").only("message_end")["metadata"]["retriever_resources"]
    assert [source["position"] for source in told] == [1, 2, 3]
    assert all(source.keys() == _sources(profile) for source in told)
    if kind != "agent-chat":
        assert made_app.post("/show citation", mode="blocking").json()["metadata"]["retriever_resources"] == told


def test_citations_come_from_a_tool_of_an_agent_and_a_node_of_a_graph(app: MakeApp) -> None:
    """dataset_ and the dataset's id, and knowledge-retrieval with a result; a workflow tells them nowhere else."""
    thoughts = [event for event in app("agent-chat").ask("/show citation").events if event["event"] == "agent_thought"]
    assert any(thought["tool"].startswith("dataset_") for thought in thoughts)
    for kind in ("advanced-chat", "workflow"):
        finished = _node(app(kind), "/show citation", "knowledge-retrieval")
        assert [found["metadata"]["position"] for found in finished["outputs"]["result"]] == [1, 2, 3]


def _node(made_app: App, question: str, node_type: str) -> dict[str, Any]:
    events = made_app.ask(question).events
    finished = [event["data"] for event in events if event["event"] == "node_finished"]
    found: dict[str, Any] = next(data for data in finished if data["node_type"] == node_type)
    return found


def test_what_an_answer_rests_on_is_kept(app: MakeApp) -> None:
    """GET /messages tells the sources, and the files that the agent made beside those that the user sent."""
    agent = app("agent-chat")
    conversation_id = agent.ask("/show citation").events[0]["conversation_id"]
    agent.ask("/show file", conversation_id=conversation_id)
    agent.client.wait_for(kind="answer", app=agent.key)
    page = agent.call("GET", f"/v1/messages?user=u1&conversation_id={conversation_id}").json()["data"]
    assert len(page[1]["retriever_resources"]) == 3
    (file,) = page[0]["message_files"]
    assert (file["belongs_to"], file["filename"], file["type"]) == ("assistant", "attendance.csv", "document")
    assert requests.get(agent.client.url + file["url"], timeout=10).ok


def test_tools_work_one_after_the_other(app: MakeApp) -> None:
    """An agent's rounds, a graph's nodes."""
    thoughts = [event for event in app("agent-chat").ask("/show tool").events if event["event"] == "agent_thought"]
    assert [(thought["position"], thought["tool"]) for thought in thoughts if thought["observation"]] == [
        (1, "current_time"),
        (2, "meeting_rooms"),
    ]
    for kind in ("advanced-chat", "workflow"):
        started = [event["data"] for event in app(kind).ask("/show tool").events if event["event"] == "node_started"]
        assert [data["node_id"] for data in started if data["node_type"] == "tool"] == ["tool-1", "tool-2"]


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_made_and_linked(app: MakeApp, kind: str) -> None:
    """One as the kind tells files, one as a relative link in the text; both are served."""
    made_app = app(kind)
    heard = made_app.ask("/show picture")
    links = re.findall(r"!\[[^\]]*\]\((/files/[^)]+)\)", heard.text)
    told = [file["url"] for file in heard.made]
    assert (len(links), len(told)) == ((2, 0) if kind in {"advanced-chat", "workflow"} else (1, 1))
    for url in links + told:
        picture = requests.get(made_app.client.url + url, timeout=10)
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_made_where_a_tool_or_node_can(app: MakeApp, kind: str) -> None:
    """A table that Excel reads; a chatbot and a text generator write it out instead."""
    made_app = app(kind)
    heard = made_app.ask("/show file")
    if kind in {"chat", "completion"}:
        assert "```csv" in heard.text
        return
    if kind == "workflow":
        told = heard.only("workflow_finished")["data"]["outputs"]["file"]
        assert f"[attendance.csv]({told['url']})" in heard.text
    elif kind == "advanced-chat":
        (told,) = heard.only("message_end")["files"]
    else:
        (told,) = heard.made
    assert told["type"] == "document"
    file = requests.get(made_app.client.url + told["url"], timeout=10)
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.content.startswith("\ufeff姓名,".encode())


def test_a_show_suggests_questions(app: MakeApp) -> None:
    """Those of the show, in place of the usual ones."""
    chat = app()
    message_id = chat.ask("/show questions zh").events[0]["message_id"]
    told = chat.call("GET", f"/v1/messages/{message_id}/suggested?user=u1").json()["data"]
    assert told[0] == "试用期小结有范文吗？"
    assert len(told) == 3


@pytest.mark.parametrize(
    ("kind", "name", "last"),
    [
        ("chat", "moderated", "message_end"),
        ("chat", "error", "error"),
        ("agent-chat", "quota", "error"),
        ("workflow", "error", "workflow_finished"),
        ("advanced-chat", "node", "workflow_finished"),
    ],
)
def test_what_goes_wrong_goes_wrong_as_in_dify(app: MakeApp, kind: str, name: str, last: str) -> None:
    """Each ends with the event of its kind."""
    heard = app(kind).ask(f"/show {name}")
    assert heard.names[-1] == last
    if name == "moderated":
        assert heard.only("message_replace")["answer"]
    if name == "quota":
        assert heard.only("error")["code"] == "provider_quota_exceeded"
    if last == "workflow_finished":
        assert heard.only(last)["data"]["status"] == "failed"


def test_the_line_breaks_before_the_answer_is_whole(app: MakeApp) -> None:
    """In every kind."""
    for kind in KINDS:
        heard = app(kind).ask("/show cut")
        assert heard.names[-1] not in {"message_end", "workflow_finished", "error"}
        assert heard.text


def test_the_slow_show_is_bridged_by_pings(app: MakeApp) -> None:
    """It takes longer than the time between two pings; here the test shortens both."""
    slow = next(show for show in shows.SHOWS if show.name == "slow")
    assert slow.first > App(app().client, "chat", "H").client.dify_apps()[0].get("ping_seconds", 10)
    heard = app(ping_seconds=0.2).ask("/show slow [[first=0.7]]")
    assert heard.names[:2] == ["ping", "message"]


def test_a_greeting_is_answered_with_where_to_go_from_here(app: MakeApp) -> None:
    """Once, in the language of the greeting; it repeats the question and counts the turn as ever."""
    chat = app()
    first = chat.ask("你好")
    conversation_id = first.events[0]["conversation_id"]
    assert "/show" in first.text
    assert "**你好**" in first.text
    assert "第 1 轮" in first.text
    assert "/show" not in chat.ask("你好", conversation_id=conversation_id).text
    assert "You said: **hello**" in chat.ask("hello").text
