"""Fixtures to test anybody's DingTalk bot against the sandbox: `pytest_plugins = ["sandbox.pytest_plugin"]`.

docs/testing-a-bot.md has a worked example.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from sandbox.client import SandboxClient, SandboxProcess
from sandbox.testbed import CodeBuddyAgent, DifyApp, DingTalkApp, OpenAiGateway

MakeDingTalkApp = Callable[..., DingTalkApp]
MakeDifyApp = Callable[..., DifyApp]
MakeOpenAiGateway = Callable[..., OpenAiGateway]
MakeCodeBuddyAgent = Callable[..., CodeBuddyAgent]


@pytest.fixture(scope="session")
def dingtalk_sandbox() -> Iterator[SandboxClient]:
    """The sandbox, one for all tests: a child process on a free port; `url` is its address, the methods its levers."""
    with SandboxProcess() as client:
        yield client


@pytest.fixture
def make_dingtalk_app(dingtalk_sandbox: SandboxClient) -> Iterator[MakeDingTalkApp]:
    """A function that makes a DingTalk app; what is named is how DingTalk treats it: `make_dingtalk_app(qps=5)`."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(contextlib.closing(DingTalkApp(dingtalk_sandbox, **settings)))


@pytest.fixture
def dingtalk_app(make_dingtalk_app: MakeDingTalkApp) -> DingTalkApp:
    """A DingTalk app of the test's own, for the bot under test."""
    return make_dingtalk_app()


@pytest.fixture
def make_dify_app(dingtalk_sandbox: SandboxClient) -> MakeDifyApp:
    """A function that makes an app of the embedded Dify: `make_dify_app("workflow", profile="C", pace={...})`."""

    def make(kind: str = "chat", **settings: object) -> DifyApp:
        name = f"{kind}-{uuid.uuid4().hex[:8]}"
        dingtalk_sandbox.put_dify_app(f"app-{name}", name, kind, **settings)
        return DifyApp(name, kind, f"app-{name}", f"{dingtalk_sandbox.url}/v1")

    return make


@pytest.fixture
def dify_app(make_dify_app: MakeDifyApp) -> DifyApp:
    """A chat app of the embedded Dify, for a bot that asks Dify."""
    return make_dify_app()


@pytest.fixture
def make_openai_gateway(dingtalk_sandbox: SandboxClient) -> MakeOpenAiGateway:
    """A function that makes an OpenAI-compatible gateway: `make_openai_gateway("qwen", flavor="strict", pace={...})`."""

    def make(model: str = "sandbox", **settings: object) -> OpenAiGateway:
        name = f"openai-{uuid.uuid4().hex[:8]}"
        dingtalk_sandbox.put_openai_gateway(f"sk-{name}", name, [model], **settings)
        return OpenAiGateway(name, model, f"sk-{name}", f"{dingtalk_sandbox.url}/openai/v1")

    return make


@pytest.fixture
def openai_gateway(make_openai_gateway: MakeOpenAiGateway) -> OpenAiGateway:
    """An OpenAI-compatible gateway, for a bot that asks one."""
    return make_openai_gateway()


@pytest.fixture
def make_codebuddy_agent(dingtalk_sandbox: SandboxClient) -> MakeCodeBuddyAgent:
    """A function that makes a CodeBuddy agent: `make_codebuddy_agent(form="json", field="result", seconds=2)`."""

    def make(**settings: object) -> CodeBuddyAgent:
        name = f"codebuddy-{uuid.uuid4().hex[:8]}"
        dingtalk_sandbox.put_codebuddy_agent(f"token-{name}", name, **settings)
        return CodeBuddyAgent(name, f"token-{name}", f"{dingtalk_sandbox.url}/codebuddy/agent")

    return make


@pytest.fixture
def codebuddy_agent(make_codebuddy_agent: MakeCodeBuddyAgent) -> CodeBuddyAgent:
    """A CodeBuddy agent, for a bot that asks one."""
    return make_codebuddy_agent()
