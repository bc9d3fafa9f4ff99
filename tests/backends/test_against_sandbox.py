"""The gateway and the agent of the sandbox, which knows nothing of our client, answer as the kinds need it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import errors
from backends.base import Backend, Picture, Progress, Question, Shortened, Text, Tokens, Working
from backends.codebuddy.backend import CodeBuddyBackend
from backends.codebuddy.settings import CodeBuddySettings
from backends.openai.backend import OpenAiBackend
from backends.openai.settings import OpenAiSettings
from backends.watch import Limits
from errors import BackendError
from sandbox.client import SandboxClient
from tests.dify.conftest import Heard, Reader, hear

MODEL = "tiny"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5b0d5e80000000049454e44ae426082"
)

Gateway = Callable[..., OpenAiBackend]
Agent = Callable[..., CodeBuddyBackend]


@pytest.fixture
def gateway(sandbox: SandboxClient) -> Iterator[Gateway]:
    """Return a function that registers a gateway of these settings, and gives what asks it with these keys."""
    with ExitStack() as stack:

        def make(keys: dict[str, object] | None = None, **settings: object) -> OpenAiBackend:
            key = f"sk-{uuid.uuid4().hex}"
            sandbox.put_openai_gateway(key, f"g-{key[-6:]}", [MODEL], **{"pace": {"tokens_per_second": 0}, **settings})
            section = {"openai_base_url": f"{sandbox.url}/openai/v1", "openai_api_key": key, "openai_model": MODEL}
            chosen = OpenAiSettings.model_validate({**section, "system_prompt": "简短", **(keys or {})})
            backend = OpenAiBackend(chosen, connections=4, limits=Limits(pause=0.01))
            stack.callback(backend.close)
            return backend

        yield make


@pytest.fixture
def agent(sandbox: SandboxClient) -> Iterator[Agent]:
    """Return a function that registers an agent of these settings, and gives what asks it."""
    with ExitStack() as stack:

        def make(**settings: object) -> CodeBuddyBackend:
            token = f"cb-{uuid.uuid4().hex}"
            sandbox.put_codebuddy_agent(token, f"a-{token[-6:]}", **{"seconds": 0, **settings})
            section = {"codebuddy_api_url": f"{sandbox.url}/codebuddy/agent", "codebuddy_api_token": token}
            backend = CodeBuddyBackend(CodeBuddySettings.model_validate(section), connections=4, pause=0.01)
            stack.callback(backend.close)
            return backend

        yield make


def ask(backend: Backend, text: str, conversation: str = "", *pictures: Picture) -> tuple[Heard, str]:
    """Ask, and return what was heard and what to ask the next question with."""
    answer = backend.start(Question(text, "user-1", conversation, pictures=pictures))
    return hear(answer), answer.conversation


@pytest.mark.parametrize(
    ("flavor", "history"),
    [
        ("openai", "bridge"),
        ("openai", "gateway"),
        ("strict", "bridge"),  # it knows no user key either, and so remembers nothing
        ("litellm", "bridge"),
        ("openclaw", "bridge"),
        ("openclaw", "gateway"),
    ],
)
def test_each_flavor_goes_on_with_a_conversation(gateway: Gateway, flavor: str, history: str) -> None:
    """Whoever remembers it; a gateway that knows no stream_options counts no tokens, and answers all the same."""
    backend = gateway({"history": history}, flavor=flavor, remembers=history == "gateway")
    first, conversation = ask(backend, "一")
    assert first.error is None
    assert "一" in first.text
    assert any(isinstance(event, Tokens) for event in first.events) == (flavor != "strict")
    second, _ = ask(backend, "二", conversation)
    anew, _ = ask(backend, "二")
    assert (second.error, anew.error) == (None, None)
    assert second.text != anew.text  # the AI says which turn it is


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("order", ["[[think]]", "[[thinktag]]"])
def test_thoughts_are_no_answer(gateway: Gateway, field: str, order: str) -> None:
    """In a field of their own, under either name, or between tags."""
    heard, _ = ask(gateway(reasoning_field=field), f"{order}问")
    assert heard.error is None
    assert "再想想" in heard.thoughts
    assert "再想想" not in heard.text
    assert "问" in heard.text


def test_a_tool_is_progress(gateway: Gateway) -> None:
    """Once for each call."""
    heard, _ = ask(gateway(), "[[tool]]几点了")
    assert [event for event in heard.events if isinstance(event, Progress)] == [Progress("current_time")]


@pytest.mark.parametrize(("order", "told"), [("[[length]]", True), ("[[filter]]", False), ("", False)])
def test_an_answer_that_ends_early_is_no_error(gateway: Gateway, order: str, told: bool) -> None:  # noqa: FBT001  # a table's column
    """What was said was said; that the model stopped at its limit is told behind it."""
    heard, _ = ask(gateway(), f"{order}问")
    assert heard.error is None
    assert heard.text
    assert (Shortened() in heard.events) == told


def test_a_picture_is_seen(gateway: Gateway) -> None:
    """The AI tells what came; one that sees none refuses."""
    picture = Picture(PNG, "image/png")
    assert "png" in ask(gateway(), "[[image]]", "", picture)[0].text.lower()
    assert type(ask(gateway(vision=False), "看", "", picture)[0].error) is errors.InputRefused


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ("[[status=400]]", errors.InputRefused),
        ("[[status=401]]", errors.KeyRefused),
        ("[[status=403]]", errors.KeyRefused),
        ("[[status=404]]", errors.ModelUnknown),
        ("[[status=405]]", errors.EndpointOff),
        ("[[status=429]]", errors.BackendBusy),
        ("[[status=500]]", errors.BackendDown),
        ("[[status=502]]", errors.BackendDown),
        ("[[status=503]]", errors.BackendDown),
        ("[[cut]][[len=300]]", errors.AnswerInterrupted),
        ("[[torn]][[len=300]]", errors.AnswerInterrupted),
        ("[[error]]", errors.ModelFailed),
    ],
)
def test_failures(gateway: Gateway, order: str, kind: type[BackendError]) -> None:
    """Each has its class."""
    heard, _ = ask(gateway({}), f"{order}问题")
    assert type(heard.error) is kind
    assert "问题" not in str(heard.error)


@pytest.mark.parametrize(
    ("settings", "keys", "kind"),
    [
        ({"endpoint_off": True}, {}, errors.EndpointOff),
        ({}, {"openai_api_key": "sk-wrong"}, errors.KeyRefused),
        ({}, {"openai_model": "unheard-of"}, errors.ModelUnknown),
        ({}, {"openai_base_url": "/nowhere/v1"}, errors.BackendUnreachable),
    ],
)
def test_a_gateway_that_is_set_up_wrongly(
    gateway: Gateway, sandbox: SandboxClient, settings: dict[str, object], keys: dict[str, str], kind: type[BackendError]
) -> None:
    """The endpoint, the key, the model, the address: each is told apart."""
    keys = {key: sandbox.url + value if value.startswith("/") else value for key, value in keys.items()}
    assert type(ask(gateway(keys, **settings), "问")[0].error) is kind


@pytest.mark.parametrize(
    ("order", "keys", "kind"),
    [
        ("", {"openai_api_key": "sk-wrong"}, errors.KeyRefused),
        ("", {"openai_api_key": ""}, errors.KeyRefused),
        ("", {"openai_model": "unheard-of"}, errors.ModelUnknown),
        ("[[status=401]]", {}, errors.KeyRefused),
        ("[[status=429]]", {}, errors.BackendBusy),
        ("[[status=503]]", {}, errors.BackendDown),
        ("[[error]]", {}, errors.BackendDown),
    ],
)
def test_failures_of_litellm(gateway: Gateway, order: str, keys: dict[str, str], kind: type[BackendError]) -> None:
    """It has words of its own for each, and no mark behind an answer whose model died."""
    heard, _ = ask(gateway(keys, flavor="litellm"), f"{order}问题")
    assert type(heard.error) is kind
    assert (heard.text != "") == (order == "[[error]]")


def test_a_stop_is_noticed(gateway: Gateway, sandbox: SandboxClient) -> None:
    """The gateway sees its client leave in the middle of an answer."""
    backend = gateway(pace={"tokens_per_second": 20})
    since = sandbox.last()
    answer = backend.start(Question("[[len=3000]]", "user-1"))
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    assert reader.end().error is None
    name = next(each["name"] for each in reversed(sandbox.openai_gateways()))
    assert sandbox.wait_for(since, kind="stream.closed", app=name)["by"] == "client"


def test_ping(gateway: Gateway, agent: Agent) -> None:
    """Both are there; a wrong key is told by either."""
    gateway().ping()
    agent().ping()
    with pytest.raises(errors.KeyRefused):
        gateway({"openai_api_key": "sk-wrong"}).ping()


@pytest.mark.parametrize(
    "settings", [{}, *({"form": "json", "field": field} for field in ("content", "response", "message", "result"))]
)
def test_each_form_of_the_agent(agent: Agent, settings: dict[str, str]) -> None:
    """Plain text, or JSON with the text in any of its fields; the question is what the agent heard."""
    heard, _ = ask(agent(**settings), "做点事")
    assert heard.events[0] == Working()
    assert isinstance(heard.events[1], Text)
    assert "做点事" in heard.text


def test_the_agent_hears_what_was_said_before(agent: Agent, sandbox: SandboxClient) -> None:
    """In the prompt of the second question, not in that of the first."""
    backend = agent()
    _, conversation = ask(backend, "一")
    ask(backend, "二", conversation)
    name = sandbox.codebuddy_agents()[-1]["name"]
    first, second = (request["prompt"] for request in sandbox.codebuddy_requests(name))
    assert first == "一"
    assert "User: 一" in second
    assert second.endswith("二")


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ("[[status=401]]", errors.KeyRefused),
        ("[[status=405]]", errors.EndpointOff),
        ("[[status=429]]", errors.BackendBusy),
        ("[[status=500]]", errors.BackendDown),
        ("[[status=504]]", errors.NoAnswer),
        ("[[html]]", errors.BackendDown),
        ("[[empty]]", errors.NoAnswer),
    ],
)
def test_failures_of_the_agent(agent: Agent, order: str, kind: type[BackendError]) -> None:
    """Each has its class."""
    assert type(ask(agent(), order)[0].error) is kind
