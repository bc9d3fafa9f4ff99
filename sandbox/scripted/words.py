"""The written words of the scripted AI: the Markdown files under `talk/`, by name and language."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from sandbox.scripted.makes import attendance
from sandbox.scripted.roster import roster

_PART: Final = re.compile(r"^<!-- (.+?) -->$", re.MULTILINE)
_TALK: Final = Path(__file__).parent / "talk"


@cache
def words(name: str, language: str) -> Mapping[str, str]:
    """A file's text by part: what comes first is the part "", the others follow lines such as `<!-- thoughts -->`.

    `{roster}` and `{attendance}` stand for the year's roster and the week's attendance.
    """
    written = (_TALK / language / f"{name}.md").read_text(encoding="utf-8")
    if "{roster}" in written:
        written = written.replace("{roster}", roster(language))
    answer, *rest = _PART.split(written.replace("{attendance}", attendance().strip()))
    return {"": answer.strip(), **{part: text.strip() for part, text in zip(rest[::2], rest[1::2], strict=True)}}
