"""Dify's refusals become errors that say who can do something about it, and no person's words get into them."""

import json

import pytest

import errors
from dify.failures import for_log, from_event, from_response, from_run

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"

RESPONSES: list[tuple[int, str, str, type[errors.BackendError]]] = [
    (401, "unauthorized", "Access token is invalid", errors.KeyRefused),
    (403, "forbidden", "The app's API service has been disabled.", errors.KeyRefused),
    (400, "not_chat_app", "Please check if your app mode matches the right API route.", errors.WrongAppKind),
    (400, "not_completion_app", "", errors.WrongAppKind),
    (400, "not_workflow_app", "", errors.WrongAppKind),
    (400, "app_unavailable", "App unavailable, please check your app configurations.", errors.WrongAppKind),
    (400, "invalid_param", "name is required in input form", errors.InputRefused),
    (400, "bad_request", "", errors.InputRefused),
    (400, "a_code_of_a_later_version", "", errors.InputRefused),
    (413, "file_too_large", "", errors.InputRefused),
    (400, "provider_not_initialize", "", errors.ModelFailed),
    (400, "provider_quota_exceeded", "", errors.QuotaExceeded),
    (400, "model_currently_not_support", "", errors.ModelFailed),
    (400, "completion_request_error", "", errors.ModelFailed),
    (502, "plugin_runtime_error", "", errors.ModelFailed),
    (429, "too_many_requests", "", errors.BackendBusy),
    (429, "rate_limit_error", "", errors.BackendBusy),
    (400, "conversation_completed", "", errors.ConversationGone),
    (404, "not_found", "Conversation Not Exists.", errors.ConversationGone),
    (404, "not_found", "Conversation Not Exists. You have requested this URI [/v1/x]", errors.ConversationGone),
    (404, "not_found", "Workflow not found with id: x", errors.WrongAppKind),
    (404, "not_found", "The requested URL was not found on the server.", errors.BackendUnreachable),
    (500, "internal_server_error", "", errors.BackendDown),
    (500, "unknown", "Internal Server Error", errors.BackendDown),
]


@pytest.mark.parametrize(("status", "code", "message", "kind"), RESPONSES, ids=[f"{row[0]}-{row[1]}" for row in RESPONSES])
def test_a_refusal_of_dify_becomes(status: int, code: str, message: str, kind: type[errors.BackendError]) -> None:
    """Each code of Dify's, with what it says, its status and the request's id kept."""
    error = from_response(status, json.dumps({"code": code, "message": message}).encode(), request_id="r-1")
    assert type(error) is kind
    assert (error.code, error.status, error.detail, error.request_id) == (code, status, message, "r-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InputRefused),
        (401, errors.KeyRefused),
        (403, errors.KeyRefused),
        (404, errors.BackendUnreachable),
        (413, errors.InputRefused),
        (429, errors.BackendBusy),
        (500, errors.BackendDown),
        (502, errors.BackendDown),
        (504, errors.BackendDown),
        (524, errors.BackendDown),
    ],
)
@pytest.mark.parametrize(
    "body", [HTML, b"", b"null", b"[1]", b"{}", b"\xff\xfe", b'{"code": 5, "message": {"a": 1}}', b"[" * 100_000]
)
def test_a_refusal_that_is_not_dify_s_is_told_by_its_status(status: int, kind: type[errors.BackendError], body: bytes) -> None:
    """A proxy's page, an empty body and broken JSON never fail, and none of them is quoted."""
    error = from_response(status, body)
    assert isinstance(error, kind) or body.startswith(b'{"code"')
    assert "<h1>" not in str(error)


EVENTS: list[tuple[str, str, int, type[errors.BackendError]]] = [
    ("completion_request_error", "[openai] 401 Incorrect API key provided", 400, errors.ModelFailed),
    ("invalid_param", "Run failed: boom", 400, errors.RunFailed),
    ("invalid_param", "Model x not exist.", 400, errors.ModelFailed),
    ("invalid_param", "query is required", 400, errors.InputRefused),
    ("provider_quota_exceeded", "", 400, errors.QuotaExceeded),
    ("rate_limit_error", "", 429, errors.BackendBusy),
    ("internal_server_error", "Internal Server Error, please contact support.", 500, errors.BackendDown),
    ("", "", 0, errors.ModelFailed),
]


@pytest.mark.parametrize(("code", "message", "status", "kind"), EVENTS)
def test_an_error_event_becomes(code: str, message: str, status: int, kind: type[errors.BackendError]) -> None:
    """The same codes inside a stream that was answered with 200; a run's own failure is told by its words."""
    error = from_event(code, message, status)
    assert type(error) is kind
    assert (error.code, error.detail) == (code, message)


def test_a_failed_run_over_a_missing_input_is_the_bot_s_fault() -> None:
    """From 1.15 on a missing input shows only as a failed run."""
    assert isinstance(from_run("query is required in input form"), errors.InputRefused)
    assert isinstance(from_run("Traceback: boom\n"), errors.RunFailed)


@pytest.mark.parametrize(
    ("detail", "words", "kept"),
    [
        ("ValueError: boom 我的工资是多少", "我的工资是多少 ", "ValueError: boom …"),
        ("this is a hint", "hi", "this is a hint"),
        ("ValueError: 'hi'", "hi", "ValueError: '…'"),
        ("no words at all", "", "no words at all"),
        (
            "inputs\n  Field required [type=missing, input_value={'query': '我的工…少'}, input_type=dict]",
            "我的工资是多少",
            "inputs Field required [type=missing, input_value=…, input_type=dict]",
        ),
        ("bad: 'salary of the chair", "what is the salary of the chairman?", "bad: '…"),
        ('{"query": "我的\\n工资"}', "我的\n工资", '{"query": "…"}'),
        ("\\u6211\\u7684\\u5de5\\u8d44", "我的工资", "…"),
    ],
)
def test_what_people_wrote_is_taken_out(detail: str, words: str, kept: str) -> None:
    """Dify quotes questions in some messages: whole, in part, shortened in the middle, escaped as in JSON. A log must not."""
    error = for_log(errors.RunFailed(detail, code="failed", status=400, request_id="r"), words)
    assert (type(error), error.detail, error.code, error.status, error.request_id) == (
        errors.RunFailed,
        kept,
        "failed",
        400,
        "r",
    )


def test_a_traceback_of_any_length_keeps_its_last_line() -> None:
    """Which names what failed; a quotation that is cut in two at the limit of what is looked at is none the less gone."""
    for length in range(900, 1_100):
        error = for_log(
            errors.RunFailed(f"{'a' * length}我的工资是多少{'b' * length}我的工资是多少 ValueError: boom"), "我的工资是多少"
        )
        assert error.detail.endswith("ValueError: boom")
        assert len(error.detail) < 310
        assert not set("我的工资是多少") & set(error.detail)


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    """A traceback names what failed in its last line; and a question in it is taken out before it is cut in two."""
    question = "问" * 400
    error = for_log(errors.RunFailed(f"Run failed: {question} {'x' * 900} ValueError: boom"), question)
    assert error.detail.startswith("Run failed: …")
    assert error.detail.endswith("ValueError: boom")
    assert len(error.detail) < 310
    assert "问" not in error.detail
