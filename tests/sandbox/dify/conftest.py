"""One sandbox process for all tests of its Dify; every test makes apps of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.dify.caller import App

MakeApp = Callable[..., App]


@pytest.fixture(scope="package")
def sandbox() -> Iterator[SandboxClient]:
    """A running sandbox."""
    with SandboxProcess() as client:
        yield client


@pytest.fixture
def app(sandbox: SandboxClient) -> MakeApp:
    """Makes an app: kind, profile, then its settings."""

    def make(kind: str = "chat", profile: str = "H", **settings: Any) -> App:
        return App(sandbox, kind, profile, settings)

    return make
