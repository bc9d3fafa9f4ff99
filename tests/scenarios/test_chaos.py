"""The short form of `make chaos`: some messages, most troubles, one kill -9; the long one is told in docs/reliability.md."""

import pytest

from chaos.__main__ import main


def test_every_message_has_exactly_one_end_whatever_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    """No card stays open, nothing is asked or answered twice or out of order, no thread, file or memory is left behind."""
    code = main(["--short", "--seed", "1", "--store", "sqlite"])

    assert code == 0, capsys.readouterr().out
