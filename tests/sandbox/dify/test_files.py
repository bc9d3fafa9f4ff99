"""Files: uploaded, referred to, made by tools, served by signature."""

import pytest
import requests

from tests.sandbox.dify.caller import App
from tests.sandbox.dify.conftest import MakeApp

_UNKNOWN = "5b7d3f5e-0000-4000-8000-000000000000"
_PNG = ("a.png", b"\x89PNG not really", "image/png")


def _upload(made: App, user: str | None = "u1", **files: tuple[str, bytes, str]) -> requests.Response:
    data = {"user": user} if user else {}
    return made.call("POST", "/v1/files/upload", files=files or {"file": _PNG}, data=data)


@pytest.mark.parametrize(("profile", "more"), [("B", 0), ("C", 0), ("D", 7), ("G", 7), ("H", 8)])
def test_an_upload_answers_201(app: MakeApp, profile: str, more: int) -> None:
    """With more fields since 1.9; the extension has no dot."""
    answer = _upload(app("chat", profile))
    assert (answer.status_code, len(answer.json())) == (201, 7 + more)
    assert (answer.json()["extension"], answer.json()["mime_type"]) == ("png", "image/png")


def test_what_cannot_be_uploaded(app: MakeApp) -> None:
    """No file, a name with a slash, a second file, one of no type, too large a document."""
    chat = app("chat")
    assert _upload(chat, other=_PNG).json()["code"] == "no_file_uploaded"
    assert _upload(chat, file=("a/b.png", b"x", "image/png")).json()["code"] == "invalid_param"
    assert _upload(chat, file=_PNG, other=_PNG).json()["code"] == "too_many_files"
    typeless = chat.call("POST", "/v1/files/upload", files={"file": ("a", b"x")})
    assert (typeless.status_code, typeless.json()["code"]) == (415, "unsupported_file_type")
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


@pytest.mark.parametrize("kind", ["chat", "advanced-chat"])
def test_a_bad_reference_is_named(app: MakeApp, kind: str) -> None:
    """Each kind of wrong reference has its own words, all of them invalid_param."""
    made = app(kind)
    local = {"type": "image", "transfer_method": "local_file"}
    for reference, words in (
        ({"type": "image"}, "transfer_method is required in file mapping"),
        ({**local, "transfer_method": "by_mail"}, "No matching enum found for value 'by_mail'"),
        (local, "Invalid upload file id"),
        ({**local, "upload_file_id": "not-a-uuid"}, "Invalid upload file id format"),
        ({**local, "upload_file_id": _UNKNOWN}, "Invalid upload file"),
        ({"type": "image", "transfer_method": "remote_url", "url": "a.png"}, "Invalid file url"),
        ({"type": "image", "transfer_method": "tool_file", "tool_file_id": _UNKNOWN}, f"ToolFile {_UNKNOWN} not found"),
    ):
        status, body = made.refused("看图", files=[reference], mode="blocking")
        assert (status, body["code"], body["message"]) == (400, "invalid_param", words)


def test_an_id_that_is_no_uuid_was_an_accident_before_1_0(app: MakeApp) -> None:
    """The database stumbled over it."""
    reference = {"type": "image", "transfer_method": "local_file", "upload_file_id": "not-a-uuid"}
    assert app("chat", "B").refused("看图", files=[reference]) == (500, {"code": "unknown", "message": "Internal Server Error"})


@pytest.mark.parametrize("profile", "BCDEH")
@pytest.mark.parametrize("files", [["abc"], "abc", [None]])
def test_what_is_no_reference_at_all_is_refused(app: MakeApp, profile: str, files: object) -> None:
    """The place is named since 1.11; before, it was an accident inside Dify, told as such."""
    status, body = app("chat", profile).refused("看图", files=files)
    if profile in "EH":
        place = "files" if files == "abc" else "files.0"
        assert (status, body["code"]) == (400, "invalid_param")
        assert f"\n{place}\n" in body["message"]
    else:
        code = "internal_server_error" if profile == "D" else "unknown"
        assert (status, body["code"], "status" in body) == (500, code, profile == "D")


def test_more_files_than_are_taken_are_refused(app: MakeApp) -> None:
    """Pictures have a limit of their own."""
    chat = app()
    for kind, name, words in (("image", "a.png", "Number of image files"), ("document", "a.txt", "Number of files")):
        file = {"type": kind, "transfer_method": "remote_url", "url": f"https://example.com/{name}"}
        assert chat.refused("看", files=[file] * 4)[1]["message"] == f"{words} exceeds the maximum limit 3"


def test_a_file_must_be_of_a_type_that_the_app_takes(app: MakeApp) -> None:
    """By the type that the reference names; a custom one goes by its ending, and so does one without a type."""
    chat = app(file_types=["document"], file_extensions=[".dwg"])
    parameters = chat.call("GET", "/v1/parameters").json()["file_upload"]
    assert (parameters["allowed_file_types"], parameters["allowed_file_extensions"]) == (["document"], [".dwg"])
    for kind, name, taken in (
        ("document", "a.txt", True),
        ("image", "a.png", False),
        ("custom", "a.dwg", True),
        ("custom", "a.txt", False),
        (None, "a.dwg", True),
        (None, "a.txt", False),
    ):
        reference = {"type": kind, "transfer_method": "remote_url", "url": f"https://example.com/{name}"}
        answer = chat.post("看", files=[{key: value for key, value in reference.items() if value}])
        assert answer.status_code == (200 if taken else 400)
        assert taken or answer.json()["message"] == f"File validation failed for file: {name}"


@pytest.mark.parametrize(
    ("kind", "profile", "status"), [("chat", "H", 200), ("advanced-chat", "B", 200), ("advanced-chat", "C", 400)]
)
def test_a_graph_wants_the_type_to_be_the_files_own_since_1_0(app: MakeApp, kind: str, profile: str, status: int) -> None:
    """A text sent as a picture; chat apps do not look."""
    made = app(kind, profile)
    document = _upload(made, file=("a.txt", b"x", "text/plain")).json()["id"]
    reference = {"type": "image", "transfer_method": "local_file", "upload_file_id": document}
    answer = made.post("看图", files=[reference], mode="blocking")
    assert answer.status_code == status
    assert status == 200 or answer.json()["message"].startswith("Detected file type does not match")


@pytest.mark.parametrize(("profile", "more"), [("B", "tenant_id"), ("F", "tenant_id"), ("G", "reference"), ("H", "reference")])
def test_a_file_object_has_the_fields_of_its_version(app: MakeApp, profile: str, more: str) -> None:
    """tenant_id until 1.13, then an opaque reference."""
    told = app("workflow", profile).ask("画[[file]]").only("workflow_finished")["data"]["files"][0]
    always = "dify_model_identity id type transfer_method remote_url related_id filename extension mime_type size url"
    assert told.keys() == {*always.split(), more}
    assert more == "tenant_id" or told["reference"].startswith("dify-file-ref:")


def test_files_are_ignored_in_silence_where_the_app_takes_none(app: MakeApp) -> None:
    """Not even a bad reference is noticed."""
    assert "文件" not in app("chat", file_upload=False).ask("看图", files=[{"type": "image"}]).text


def test_a_file_input_is_checked_too(app: MakeApp) -> None:
    """One object for `file`, and it must lead somewhere."""
    workflow = app("workflow", form=[{"file": {"variable": "doc", "required": True}}])
    file_id = _upload(workflow).json()["id"]
    good = {"type": "image", "transfer_method": "local_file", "upload_file_id": file_id}
    assert workflow.ask("", inputs={"doc": good}).text
    status, body = workflow.refused("", inputs={"doc": {**good, "upload_file_id": _UNKNOWN}}, mode="blocking")
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
        url = heard.made[0]["url"]
    assert url.startswith("/files/tools/")
    picture = requests.get(made.client.url + url, timeout=10)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    assert requests.get(made.client.url + url[:-6], timeout=10).status_code == 403


def test_a_signature_expires(app: MakeApp) -> None:
    """Here at once, in Dify after five minutes."""
    chat = app("chat", file_seconds=-1)
    url = chat.ask("画[[file]]").made[0]["url"]
    assert requests.get(chat.client.url + url, timeout=10).status_code == 403
