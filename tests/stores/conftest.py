"""What the tests of stores share: two processes over one file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.stores.outages import Process


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Process]:
    """The process that the test is about."""
    with closing(Process(tmp_path / "kept.db")) as process:
        yield process


@pytest.fixture
def other(ours: Process) -> Iterator[Process]:
    """Another process over the same file."""
    with closing(Process(ours.path)) as process:
        yield process
