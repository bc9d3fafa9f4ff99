"""What gateways say of a failure, as they really write it, becomes the right error; and what may pass is asked again."""

import pytest

import errors
from backends.openai.failures import from_response
from errors import BackendError
from handlers.texts import Texts
from tests.backends.conftest import KEY, ServeGateway, refusal, words
from tests.dify.server import Exchange


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, refusal("Incorrect API key provided", code="invalid_api_key"), errors.KeyRefused),
        (401, refusal("Unauthorized", type="unauthorized"), errors.KeyRefused),  # OpenClaw
        (403, b"Forbidden", errors.KeyRefused),
        (405, b"Method Not Allowed", errors.EndpointOff),  # OpenClaw, its endpoint off
        (404, b"Not Found", errors.BackendUnreachable),
        (404, b'{"detail": "Not Found"}', errors.BackendUnreachable),
        (404, refusal("model 'x' not found", type="api_error"), errors.ModelUnknown),  # Ollama
        (404, b'{"error": "model \'x\' not found, try pulling it first"}', errors.ModelUnknown),
        (404, b'{"object": "error", "message": "The model `x` does not exist.", "code": 404}', errors.ModelUnknown),  # vLLM
        (400, refusal("Model Not Exist", type="invalid_request_error"), errors.ModelUnknown),  # DeepSeek
        (503, refusal("当前分组 default 下对于模型 x 无可用渠道", type="one_api_error"), errors.ModelUnknown),
        (404, refusal("nothing", code="model_not_found"), errors.ModelUnknown),
        (429, refusal("You exceeded your current quota", code="insufficient_quota"), errors.QuotaExceeded),
        (403, refusal("用户额度不足", code="insufficient_user_quota"), errors.QuotaExceeded),  # One-API
        (402, refusal("Insufficient Balance"), errors.QuotaExceeded),  # DeepSeek
        (429, refusal("Rate limit reached", code="rate_limit_exceeded"), errors.BackendBusy),
        (429, refusal("Please slow down", type="rate_limit_error"), errors.BackendBusy),
        (429, refusal("upstream load balancer: too many requests"), errors.BackendBusy),
        (
            429,
            refusal("Your account reached max RPM quota: 3, please try again after 1 seconds"),
            errors.BackendBusy,
        ),  # Moonshot
        (429, refusal("You exceeded your current quota, please check your plan and billing details"), errors.QuotaExceeded),
        (403, refusal("no", code="insufficient_balance"), errors.QuotaExceeded),
        (429, b"", errors.BackendBusy),
        (400, refusal("This model's maximum context length is 4096 tokens"), errors.InputRefused),
        (400, refusal("the request exceeds the available context size", code=400), errors.InputRefused),
        (422, b'{"detail": [{"loc": ["body", "temperature"], "msg": "too large"}]}', errors.InputRefused),
        (413, b"", errors.InputRefused),
        (400, refusal("filtered", code="content_filter"), errors.ModelFailed),
        (500, b"<html>oh</html>", errors.BackendDown),
        (502, b"", errors.BackendDown),
        (302, b"", errors.BackendDown),
        (400, b"[" * 100_000, errors.InputRefused),
        (400, b'{"error": 5}', errors.InputRefused),
        (400, b'{"detail": [5, {}]}', errors.InputRefused),
    ],
)
def test_a_refusal_s_class(status: int, body: bytes, kind: type[BackendError]) -> None:
    """By its code, by what it says of the model, else by its status; each is told as this kind's."""
    error = from_response(status, body, request_id="r-1")
    assert (type(error), error.status, error.request_id, error.ai) == (kind, status, "r-1", "openai")


def test_a_context_that_is_too_small_has_one_code() -> None:
    """Whatever the gateway calls it."""
    assert from_response(400, refusal("maximum context length", code=400)).code == "context_length_exceeded"


@pytest.mark.parametrize(
    "kind",
    [
        errors.BackendUnreachable,
        errors.BackendDown,
        errors.BackendBusy,
        errors.KeyRefused,
        errors.EndpointOff,
        errors.ModelUnknown,
        errors.InputRefused,
        errors.QuotaExceeded,
        errors.ModelFailed,
        errors.NoAnswer,
        errors.AnswerTooLong,
        errors.AnswerInterrupted,
    ],
)
@pytest.mark.parametrize("ai", ["openai", "codebuddy"])
def test_no_fix_sends_an_admin_to_another_ai(kind: type[BackendError], ai: str) -> None:
    """Each error that these kinds raise has a fix of its own or one that fits all."""
    for language in ("zh", "en"):
        assert "dify" not in Texts(language).fix(kind("", ai=ai)).lower()


@pytest.mark.parametrize("body", [b"", refusal("slow down", type="rate_limit_error")])
def test_what_passes_is_asked_again(gateway: ServeGateway, body: bytes) -> None:
    """503 and 429, three times, whatever it is called; the fourth try answers."""
    statuses = iter(["503 Service Unavailable", "429 Too Many Requests", "502 Bad Gateway"])

    def run(exchange: Exchange) -> None:
        if status := next(statuses, ""):
            exchange.answer(body, status=status)
        else:
            exchange.stream(*words("好"))

    place = gateway(run)
    assert place.ask().text == "好"
    assert len(place.bodies) == 4


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [
        ("429 Too Many Requests", refusal("quota", code="insufficient_quota"), "0"),
        ("429 Too Many Requests", refusal("slow down"), "3600"),
        ("503 Service Unavailable", refusal("no", code="model_not_found"), "0"),
        ("500 Oh", b"", "0"),
    ],
    ids=["quota", "an hour", "model", "500"],
)
def test_what_does_not_pass_is_told_at_once(gateway: ServeGateway, status: str, body: bytes, wait: str) -> None:
    """A quota, a model, a gateway that wants to be left alone for long: nobody is kept waiting for them."""
    place = gateway(lambda exchange: exchange.answer(body, status=status, Retry_After=wait))
    assert place.ask().error
    assert len(place.bodies) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200 OK", None),
        ("404 Not Found", None),
        ("405 Method Not Allowed", None),
        ("401 Unauthorized", errors.KeyRefused),
        ("302 Found", errors.BackendDown),
        ("503 Service Unavailable", errors.BackendDown),
    ],
)
def test_ping_asks_for_the_models(gateway: ServeGateway, status: str, kind: type[BackendError] | None) -> None:
    """With the key; a gateway without a list of models is there all the same."""
    place = gateway(lambda exchange: exchange.answer(b"<html>", status=status, content_type="text/html"))
    if kind:
        with pytest.raises(kind):
            place.backend.ping()
    else:
        place.backend.ping()
    (exchange,) = place.server.exchanges
    assert (exchange.method, exchange.path) == ("GET", "/v1/models")
    assert exchange.headers["authorization"] == f"Bearer {KEY}"


def test_a_page_is_no_answer(gateway: ServeGateway) -> None:
    """A wrong address mostly shows somebody's page, with 200."""
    page = b"<html>hello"
    error = gateway(lambda exchange: exchange.answer(page, content_type="text/html")).ask().error
    assert type(error) is errors.BackendDown
    assert "openai_base_url" in str(error)
