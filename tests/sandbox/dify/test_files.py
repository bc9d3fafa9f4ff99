"""Files: uploaded, referred to, made by tools, served by signature."""

import pytest
import requests

from tests.sandbox.dify.caller import App
from tests.sandbox.dify.conftest import MakeApp

_PNG = ("a.png", b"\x89PNG not really", "image/png")


def _upload(made: App, user: str | None = "u1", **files: tuple[str, bytes, str]) -> requests.Response:
    data = {"user": user} if user else {}
    return made.call("POST", "/v1/files/upload", files=files or {"file": _PNG}, data=data)


@pytest.mark.parametrize(("profile", "more"), [("B", 0), ("C", 0), ("D", 7), ("H", 7)])
def test_an_upload_answers_201(app: MakeApp, profile: str, more: int) -> None:
    """With more fields since 1.9; the extension has no dot."""
    answer = _upload(app("chat", profile))
    assert (answer.status_code, len(answer.json())) == (201, 7 + more)
    assert (answer.json()["extension"], answer.json()["mime_type"]) == ("png", "image/png")


def test_what_cannot_be_uploaded(app: MakeApp) -> None:
    """No file, a name with a slash, too large a document."""
    chat = app("chat")
    assert _upload(chat, other=_PNG).json()["code"] == "no_file_uploaded"
    assert _upload(chat, file=("a/b.png", b"x", "image/png")).json()["code"] == "invalid_param"
    too_large = _upload(chat, file=("a.txt", b"x" * (15 * 1024 * 1024 + 1), "text/plain"))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "file_too_large")


@pytest.mark.parametrize("profile", ["B", "G", "H"])
def test_an_uploaded_picture_is_seen(app: MakeApp, profile: str) -> None:
    """The answer counts it; message_end lists the user's files since 1.13.1."""
    chat = app("chat", profile)
    file_id = _upload(chat).json()["id"]
    heard = chat.ask("看图", files=[{"type": "image", "transfer_method": "local_file", "upload_file_id": file_id}])
    assert "1 个文件" in heard.text
    listed = heard.only("message_end")["files"]
    assert (listed[0]["upload_file_id"] if listed else None) == (file_id if profile in "GH" else None)


def test_a_file_belongs_to_its_uploader_since_1_14(app: MakeApp) -> None:
    """A multipart `user` that is missing or another one makes the file unknown to the question's user."""
    for profile, status in (("C", 200), ("H", 400)):
        chat = app("chat", profile)
        file_id = _upload(chat, user=None).json()["id"]
        reference = {"type": "image", "transfer_method": "local_file", "upload_file_id": file_id}
        answer = chat.post("看图", files=[reference])
        assert answer.status_code == status
        assert status == 200 or answer.json()["message"] == "Invalid upload file"


def test_a_bad_reference_is_named(app: MakeApp) -> None:
    """Each kind of wrong reference has its own words."""
    chat = app("chat")
    document = _upload(chat, file=("a.txt", b"x", "text/plain")).json()["id"]
    for reference, words in (
        ({"type": "image"}, "transfer_method is required in file mapping"),
        ({"type": "image", "transfer_method": "local_file"}, "Invalid upload file id"),
        ({"type": "image", "transfer_method": "remote_url", "url": "a.png"}, "Invalid file url"),
        ({"type": "image", "transfer_method": "local_file", "upload_file_id": document}, "File validation failed"),
    ):
        status, body = chat.refused("看图", files=[reference])
        assert status == 400
        assert body["message"].startswith(words)
    assert chat.refused("看图", files=[{}] * 4)[1]["message"].startswith("Number of files exceeds")


def test_files_are_ignored_in_silence_where_the_app_takes_none(app: MakeApp) -> None:
    """Not even a bad reference is noticed."""
    assert "文件" not in app("chat", file_upload=False).ask("看图", files=[{"type": "image"}]).text


def test_a_file_input_is_checked_too(app: MakeApp) -> None:
    """One object for `file`, and it must lead somewhere."""
    workflow = app("workflow", form=[{"file": {"variable": "doc", "required": True}}])
    file_id = _upload(workflow).json()["id"]
    good = {"type": "image", "transfer_method": "local_file", "upload_file_id": file_id}
    assert workflow.ask("", inputs={"doc": good}).text
    status, body = workflow.refused("", inputs={"doc": {**good, "upload_file_id": "gone"}}, mode="blocking")
    assert (status, body["message"]) == (400, "Invalid upload file")


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "advanced-chat", "workflow"])
def test_a_made_picture_is_served_by_its_signed_address(app: MakeApp, kind: str) -> None:
    """Relative, readable without a key, and of the promised type."""
    made = app(kind)
    heard = made.ask("画[[file]]")
    if kind == "workflow":
        url = heard.only("workflow_finished")["data"]["outputs"]["picture"]["url"]
    elif kind == "advanced-chat":
        url = heard.only("message_end")["files"][0]["url"]
        assert f"![picture.png]({url})" in heard.text
    else:
        url = heard.only("message_file")["url"]
    assert url.startswith("/files/tools/")
    picture = requests.get(made.client.url + url, timeout=10)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    assert requests.get(made.client.url + url[:-6], timeout=10).status_code == 403


def test_a_signature_expires(app: MakeApp) -> None:
    """Here at once, in Dify after five minutes."""
    chat = app("chat", file_seconds=-1)
    url = chat.ask("画[[file]]").only("message_file")["url"]
    assert requests.get(chat.client.url + url, timeout=10).status_code == 403
