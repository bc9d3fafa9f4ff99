"""What a person may say to the bot itself instead of the AI. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum


class Command(Enum):
    """Each acts at once, also while an answer is growing."""

    NEW = "new"
    STOP = "stop"
    STATUS = "status"
    HELP = "help"


_NAMES = {
    Command.NEW: ("/new", "/reset", "/clear", "新会话", "重新开始", "清空对话"),
    Command.STOP: ("/stop", "停止"),
    Command.STATUS: ("/status", "状态"),
    Command.HELP: ("/help", "帮助"),
}
_BY_NAME = {name: command for command, names in _NAMES.items() for name in names}
_MENTIONS = re.compile(r"^(?:@\S+\s+)+")  # typed by hand; DingTalk takes out its own
_INVISIBLE = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff"))  # some clients put them after a mention


def parse(text: str) -> Command | None:
    """Return the command that this text is, whatever its width, case and surrounding blanks; else None.

    The Chinese names also go with a slash. A sentence that only begins like a command is a question.
    """
    word = _plain(text).rstrip("。.!").rstrip()  # NFKC makes the wide ones plain
    return _BY_NAME.get(word) or _BY_NAME.get(word.removeprefix("/"))


def own(text: str, words: Iterable[str]) -> str | None:
    """Return which of a team's own words this text is, or begins with; the longest, if several do."""
    plain = _plain(text)
    found = [word for word in words if (name := _plain(word)) and (plain == name or plain.startswith(f"{name} "))]
    return max(found, key=len, default=None)


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip().casefold()
    return _MENTIONS.sub("", plain)
