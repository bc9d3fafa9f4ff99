"""Commands in every form in which people type them."""

import pytest

from handlers.commands import Command, parse


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/new", Command.NEW),
        (" /NEW ", Command.NEW),
        ("／ｎｅｗ", Command.NEW),
        ("\u200b/reset", Command.NEW),
        ("　清空对话", Command.NEW),
        ("/新会话", Command.NEW),
        ("重新开始", Command.NEW),
        ("停止", Command.STOP),
        ("/Stop", Command.STOP),
        ("/status", Command.STATUS),
        ("帮助", Command.HELP),
        ("＠聊天助手 停止", Command.STOP),
        ("停止。", Command.STOP),
        ("new", None),
        ("/new please", None),
        ("怎么重新开始？", None),
        ("", None),
        ("/", None),
    ],
)
def test_a_text_is_a_command_or_a_question(text: str, command: Command | None) -> None:
    """Width, case and blanks do not matter; a sentence that holds a command is a question."""
    assert command == parse(text)
