"""Fixtures to test anybody's DingTalk bot against the sandbox: `pytest_plugins = ["sandbox.pytest_plugin"]`.

docs/testing-a-bot.md has a worked example.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from sandbox.client import SandboxClient, SandboxProcess
from sandbox.testbed import DifyApp, DingTalkApp

MakeDingTalkApp = Callable[..., DingTalkApp]
MakeDifyApp = Callable[..., DifyApp]


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
