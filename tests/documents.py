"""Reads the documents: their code, their tables, and what those tell of a key."""

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

ROOT = Path(__file__).resolve().parent.parent
REQUIRED, EMPTY = {"required", "必填"}, {"empty", "空"}


def text_of(name: str) -> str:
    """Return a document."""
    return (ROOT / name).read_text("utf-8")


def without_code(text: str) -> str:
    """Return a text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return each code block as its language and its text, comments left out: they are in the reader's own language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(language, re.sub(r"\s+# .*", "", code)) for language, code in found]


def tables_of(text: str) -> list[list[list[str]]]:
    """Return the tables as rows of cells, without their heads."""
    tables = re.findall(r"(?:^\|.*\|\n)+", without_code(text), re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()[2:]] for table in tables]


def spans_in(cell: str) -> list[str]:
    """Return what stands in code marks."""
    return re.findall(r"`([^`]+)`", cell)


def choices_of(annotation: Any) -> set[str]:
    """Return the words that a type allows, none if it is no choice of words."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {word for part in get_args(annotation) for word in choices_of(part)}


def defaults_in(table: list[list[str]]) -> dict[str, str | None]:
    """Return what the rows say: the default's text, "" for empty, None for required."""
    shown: dict[str, str | None] = {}
    for key_cell, default, *_ in table:
        (key,) = spans_in(key_cell)
        assert key not in shown
        shown[key] = None if default in REQUIRED else "" if default in EMPTY else spans_in(default)[0]
    return shown


def shown_as(default: Any) -> str:
    """Return a default as a table shows it: as it is written in YAML, nothing as nothing."""
    assert default is not PydanticUndefined
    shown = "" if default is None or default in ({}, ()) else str(default)
    return shown.lower() if isinstance(default, bool) else shown
