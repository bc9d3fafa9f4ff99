"""What several tests start: an app of the sandbox, bots that DingTalk calls, and bots that take pushes."""

import contextlib
from collections.abc import Iterator
from functools import partial

import pytest

from handlers.account import Account, Companies
from handlers.dingtalk import DingTalkClient
from sandbox.client import SandboxClient
from settings import Endpoints
from tests.handlers.calling import MakeWay, start_way
from tests.handlers.pushing import MakePushing, start_pushing
from tests.sandbox.dingtalk.foreign import Bot


@pytest.fixture
def bot(sandbox: SandboxClient) -> Bot:
    """An app of the test's own, seen from outside."""
    bot = Bot(sandbox)
    bot.register(qps=0)
    return bot


@pytest.fixture
def account() -> Account:
    """What the app uses."""
    return Account(Companies())


@pytest.fixture
def client(bot: Bot, account: Account) -> Iterator[DingTalkClient]:
    """The same app, as the product calls DingTalk for it."""
    url = bot.sandbox.url
    with contextlib.closing(DingTalkClient(Endpoints(url, url), bot.client_id, bot.secret, account)) as client:
        yield client


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
