"""Conversations: whose they are, what is kept, how they go."""

import pytest

from tests.sandbox.dify.caller import App
from tests.sandbox.dify.conftest import MakeApp


def _begin(chat: App, query: str = "一", user: str = "u1") -> str:
    return str(chat.ask(query, user=user).events[0]["conversation_id"])


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "advanced-chat"])
def test_a_second_question_goes_on(app: MakeApp, kind: str) -> None:
    """The same conversation id, and an answer that counts turns."""
    chat = app(kind)
    conversation_id = _begin(chat)
    second = chat.ask("二", conversation_id=conversation_id)
    assert {event["conversation_id"] for event in second.events if "conversation_id" in event} == {conversation_id}
    assert "第 2 轮" in second.text
    kept = chat.client.dify_conversation(conversation_id)
    assert [message["query"] for message in kept] == ["一", "二"]
    assert kept[1]["answer"] == second.text


def test_a_conversation_belongs_to_its_user_and_app(app: MakeApp) -> None:
    """Another user or another key gets a 404 for it."""
    chat, other = app("chat"), app("chat")
    conversation_id = _begin(chat)
    assert chat.refused("二", conversation_id=conversation_id, user="u2")[0] == 404
    assert other.refused("二", conversation_id=conversation_id)[0] == 404
    path = f"/v1/messages?conversation_id={conversation_id}&user="
    assert chat.call("GET", f"{path}u1").status_code == 200
    assert chat.call("GET", f"{path}u2").status_code == 404


def test_dify_forgets_a_conversation_when_told_to(app: MakeApp) -> None:
    """Then the next question to it is a 404."""
    chat = app("chat")
    conversation_id = _begin(chat)
    chat.client.forget_dify_conversation(conversation_id)
    assert chat.refused("二", conversation_id=conversation_id)[0] == 404
    with pytest.raises(ValueError, match="404"):
        chat.client.dify_conversation(conversation_id)


def test_messages_come_newest_first_in_pages(app: MakeApp) -> None:
    """`first_id` leads to the older ones."""
    chat = app("chat")
    conversation_id = _begin(chat)
    for query in ("二", "三"):
        chat.ask(query, conversation_id=conversation_id)
    path = f"/v1/messages?user=u1&conversation_id={conversation_id}&limit=2"
    page = chat.call("GET", path).json()
    assert ([item["query"] for item in page["data"]], page["has_more"]) == (["三", "二"], True)
    older = chat.call("GET", f"{path}&first_id={page['data'][-1]['id']}").json()
    assert ([item["query"] for item in older["data"]], older["has_more"]) == (["一"], False)


@pytest.mark.parametrize(("profile", "more"), [("B", 0), ("G", 1), ("H", 7)])
def test_a_message_has_the_fields_of_its_version(app: MakeApp, profile: str, more: int) -> None:
    """Thirteen fields, and what came later."""
    chat = app("chat", profile)
    conversation_id = _begin(chat)
    page = chat.call("GET", f"/v1/messages?user=u1&conversation_id={conversation_id}").json()
    assert len(page["data"][0]) == 13 + more


def test_conversations_are_listed_renamed_and_deleted(app: MakeApp) -> None:
    """The user's own only."""
    chat = app("chat")
    first, second = _begin(chat), _begin(chat, "二")
    _begin(chat, user="u2")
    listed = chat.call("GET", "/v1/conversations?user=u1").json()["data"]
    assert {item["id"] for item in listed} == {first, second}
    renamed = chat.call("POST", f"/v1/conversations/{first}/name", json={"name": "新名字", "user": "u1"})
    assert renamed.json()["name"] == "新名字"
    assert chat.call("DELETE", f"/v1/conversations/{first}", json={"user": "u2"}).status_code == 404
    assert chat.call("DELETE", f"/v1/conversations/{first}", json={"user": "u1"}).status_code == 204
    assert len(chat.call("GET", "/v1/conversations?user=u1").json()["data"]) == 1


@pytest.mark.parametrize(("profile", "status"), [("A", 200), ("B", 200), ("C", 204), ("G", 204)])
def test_deleting_answers_as_the_version_does(app: MakeApp, profile: str, status: int) -> None:
    """200 with a body until 1.1, then 204 with none."""
    chat = app("chat", profile)
    answer = chat.call("DELETE", f"/v1/conversations/{_begin(chat)}", json={"user": "u1"})
    assert (answer.status_code, bool(answer.content)) == (status, status == 200)


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_feedback_reaches_the_users_own_message(app: MakeApp, kind: str) -> None:
    """A message of a completion app takes it too; another user's is a 404."""
    made = app(kind)
    message_id = made.ask("一").events[0]["message_id"]
    path = f"/v1/messages/{message_id}/feedbacks"
    assert made.call("POST", path, json={"rating": "like", "user": "u1"}).json() == {"result": "success"}
    assert made.call("POST", path, json={"rating": "great", "user": "u1"}).status_code == 400
    assert made.call("POST", path, json={"rating": "like", "user": "u2"}).status_code == 404


def test_suggestions_follow_a_message(app: MakeApp) -> None:
    """Three questions; 400 where the app has them switched off."""
    chat, silent = app("chat"), app("chat", suggestions=False)
    for made, status in ((chat, 200), (silent, 400)):
        message_id = made.ask("一").events[0]["message_id"]
        answer = made.call("GET", f"/v1/messages/{message_id}/suggested?user=u1")
        assert answer.status_code == status
        assert status == 400 or len(answer.json()["data"]) == 3
