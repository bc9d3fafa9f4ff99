"""What the properties are tried with: any JSON, and valid JSON with something wrong in it."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import reduce
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Path = tuple[str | int, ...]

DEEP = 100  # levels; a test of its own goes deeper, where no failure could be printed
WORDS = "机密-the-words-that-nobody-may-log"  # what a person wrote, to be looked for where it must not be

# Drawn by their size, or no failure could be printed.
_LONG = st.sampled_from([("字", 70_000), ("9", 5_000), (" ", 20_000)]).map(lambda of: of[0] * of[1])
_LARGE = st.sampled_from([400, 4_000]).map(lambda digits: 10**digits)
# Lone surrogates are what JSON's escapes leave of half a character.
_ODD = st.sampled_from(["", " ", "\x00", "\ud83d", "\udc00\ud800", "\u2028", "\r\n", "\ufeff", "{", "null"])
TEXTS = st.text(st.characters(codec=None, exclude_categories=())) | _ODD | _LONG
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 2**63, 1e308, True, False]) | _LARGE


def nested(levels: int = DEEP) -> tuple[Any, Any]:
    """Return lists in lists, and objects in objects, so many levels deep."""
    lists: Any = WORDS
    objects: Any = WORDS
    for _ in range(levels):
        lists, objects = [lists], {"a": objects}
    return lists, objects


_NESTED = st.sampled_from(["lists", "objects"]).map(lambda kind: nested()[kind == "objects"])

SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)


@st.composite
def spoilt(draw: DrawFn, valid: Any, most: int = 4) -> Any:
    """Return a valid value after up to `most` changes, each at a place of its own: gone, of another type, too deep, in text."""
    value = deepcopy(valid)
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(value))
        if not places:
            break
        path = draw(st.sampled_from(places))
        change = draw(st.sampled_from(("remove", "replace", "nest", "wrap", "quote")))
        value = _changed(value, path, draw(_change(change)))
    return value


def _change(name: str) -> SearchStrategy[Callable[[Any], list[Any]]]:
    """Give what makes of a value the one that takes its place, or nothing."""
    match name:
        case "remove":
            return st.just(lambda _: [])
        case "nest":
            return _NESTED.map(lambda deep: lambda _: [deep])
        case "wrap":
            return st.sampled_from([lambda old: [[old]], lambda old: [{"content": old}]])
        case "quote":
            return st.just(lambda old: [json.dumps(old)])
        case _:
            return JSON.map(lambda new: lambda _: [new])


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value inside this one; what is nested too deep is one place."""
    if path:
        yield path
    if len(path) > 5:  # below it is one of our own nests
        return
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from _places(inner, (*path, key))


def _changed(value: Any, path: Path, change: Callable[[Any], list[Any]]) -> Any:
    *above, last = path
    holder = reduce(lambda inner, key: inner[key], above, value)
    new = change(holder[last])
    if new:
        holder[last] = new[0]
    else:
        del holder[last]
    return value
