"""What the tests of HTTP doors start: bots that DingTalk calls, and bots that take pushes."""

import contextlib
from collections.abc import Iterator
from functools import partial

import pytest

from sandbox.client import SandboxClient
from tests.handlers.calling import MakeWay, start_way
from tests.handlers.pushing import MakePushing, start_pushing


@pytest.fixture
def make_way() -> Iterator[MakeWay]:
    """Return a function that puts a bot at an address of its own; what it does with messages is up to the test."""
    with contextlib.ExitStack() as stack:
        yield partial(start_way, stack)


@pytest.fixture
def make_pushing(dingtalk_sandbox: SandboxClient) -> Iterator[MakePushing]:
    """Return a function that starts a bot's push door on a port of its own."""
    with contextlib.ExitStack() as stack:
        yield partial(start_pushing, stack, dingtalk_sandbox)
