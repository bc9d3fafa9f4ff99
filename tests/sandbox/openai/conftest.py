"""One sandbox process for all tests of its gateways; every test makes gateways of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.openai.caller import Gateway

MakeGateway = Callable[..., Gateway]


@pytest.fixture(scope="package")
def sandbox() -> Iterator[SandboxClient]:
    """A running sandbox."""
    with SandboxProcess() as client:
        yield client


@pytest.fixture
def gateway(sandbox: SandboxClient) -> MakeGateway:
    """Makes a gateway with these settings."""

    def make(**settings: Any) -> Gateway:
        return Gateway(sandbox, settings)

    return make
