"""One sandbox per test module, one app of its own per test."""

from collections.abc import Iterator

import pytest

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.dingtalk.foreign import Bot

BLOCKS = {"name": "blocks", "type": "complex"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """The real server as a child process."""
    with SandboxProcess() as client:
        client.put_template("own.schema", variables=["hasAction", {"name": "plain", "type": "text"}, BLOCKS])
        yield client


@pytest.fixture
def bot(sandbox: SandboxClient) -> Bot:
    """A registered app without connections, to which staff-1 has written."""
    bot = Bot(sandbox)
    bot.register()
    sandbox.say(bot.client_id, "在吗")
    return bot
