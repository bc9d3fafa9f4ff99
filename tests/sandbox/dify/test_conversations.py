"""Conversations: whose they are, what is kept, how they go."""

import pytest

from tests.sandbox.dify.caller import App, Heard
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


def test_pages_have_a_size_and_a_place(app: MakeApp) -> None:
    """1 to 100, 20 by default; a place that is not there is a 404."""
    chat = app()
    conversation_id = _begin(chat)
    messages = f"/v1/messages?user=u1&conversation_id={conversation_id}"
    assert chat.call("GET", messages).json()["limit"] == 20
    for path in ("/v1/conversations?user=u1", messages):
        for limit in ("0", "101", "x"):
            answer = chat.call("GET", f"{path}&limit={limit}")
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    missing = {"/v1/conversations?user=u1&last_id=x": "Last Conversation", f"{messages}&first_id=x": "First Message"}
    for path, words in missing.items():
        answer = chat.call("GET", path)
        assert answer.status_code == 404
        assert answer.json()["message"].startswith(f"{words} Not Exists.")


def test_without_a_user_dify_takes_a_shared_one(app: MakeApp) -> None:
    """Where none is required; it is nobody who asked."""
    chat = app()
    conversation_id = _begin(chat)
    assert chat.call("GET", "/v1/conversations").json()["data"] == []
    assert chat.call("GET", f"/v1/messages?conversation_id={conversation_id}").status_code == 404


def test_a_broken_answer_is_kept_with_its_error(app: MakeApp) -> None:
    """What was said before is in it, as it is in a stopped one."""
    chat = app()
    heard = chat.ask("嗯[[error]]")
    conversation_id = heard.events[0]["conversation_id"]
    (item,) = chat.call("GET", f"/v1/messages?user=u1&conversation_id={conversation_id}").json()["data"]
    assert (item["status"], item["answer"]) == ("error", heard.text)
    assert item["error"]


def test_suggestions_follow_a_message(app: MakeApp) -> None:
    """Three questions; 400 where the app has them switched off."""
    chat, silent = app("chat"), app("chat", suggestions=False)
    for made, status in ((chat, 200), (silent, 400)):
        message_id = made.ask("一").events[0]["message_id"]
        answer = made.call("GET", f"/v1/messages/{message_id}/suggested?user=u1")
        assert answer.status_code == status
        assert status == 400 or len(answer.json()["data"]) == 3


def test_a_conversation_gets_its_title_afterwards(app: MakeApp) -> None:
    """Until its first answer is told it has Dify's name for a new one; without auto_generate_name it keeps that."""
    chat = app(pace={"tokens_per_second": 20})

    def names() -> list[str]:
        return [item["name"] for item in chat.call("GET", "/v1/conversations?user=u1").json()["data"]]

    with chat.post("讲讲年假怎么算 [[tokens=20]]", stream=True) as answer:
        parts = answer.iter_content(None)
        assert next(parts)
        assert names() == ["New conversation"]
        assert list(parts)
    chat.client.wait_for(kind="stream.closed", app=chat.key)
    assert names() == ["讲讲年假怎么算 [[tokens=20]]"[:20]]
    chat.ask("[[len=6]]", auto_generate_name=False)
    assert "New conversation" in names()


def test_a_name_given_by_hand_is_kept(app: MakeApp) -> None:
    """Later answers do not change it."""
    chat = app()
    conversation_id = _begin(chat)
    chat.call("POST", f"/v1/conversations/{conversation_id}/name", json={"name": "年假", "user": "u1"})
    chat.ask("二", conversation_id=conversation_id)
    assert chat.call("GET", "/v1/conversations?user=u1").json()["data"][0]["name"] == "年假"


def test_settings_replaced_hold_from_the_next_question_on(app: MakeApp) -> None:
    """The conversation goes on; an answer under way ends as it began."""
    chat = app("chat", "G", pace={"tokens_per_second": 20})
    with chat.post("[[tokens=20]]", stream=True) as answer:
        parts = answer.iter_content(None)
        first = next(parts)
        chat.client.put_dify_app(chat.key, chat.key, "chat", profile="H", pace={"tokens_per_second": 0, "chunk_chars": 60})
        under_way = Heard(first + b"".join(parts))
    conversation_id = under_way.events[0]["conversation_id"]
    assert "reasoning" not in under_way.only("message_end")["metadata"]
    second = chat.ask("二", conversation_id=conversation_id)
    assert "第 2 轮" in second.text
    assert "reasoning" in second.only("message_end")["metadata"]
