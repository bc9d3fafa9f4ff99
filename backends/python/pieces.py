"""What an agent says, piece by piece, as events; what is no piece is refused before it can break something else."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from backends.base import Event, Text

_KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_FIELDS: Mapping[str, Mapping[str, type]] = {
    name: {field: get_origin(hint) or hint for field, hint in get_type_hints(kind).items()} for name, kind in _KINDS.items()
}


class NoPiece(TypeError):
    """An agent gave what is no piece of an answer; `str()` names its type."""


def event_of(piece: object) -> Event:
    """Return a text, an event, or `{"data": {"content": text}}` as an event; `Text("")` for a mapping without a text.

    Raises NoPiece.
    """
    if isinstance(piece, get_args(Event)):
        return checked(type(piece).__name__, vars(piece))
    text = content(piece) if isinstance(piece, Mapping) else piece
    if isinstance(text, str):
        return Text(_encodable(text))
    raise NoPiece(f"a piece of type {type(piece).__name__}")


def content(piece: Mapping[Any, Any]) -> str:
    """Return the text of a `{"data": {"content": text}}`, "" where there is none."""
    inner = piece.get("data")
    text = inner.get("content") if isinstance(inner, Mapping) else None
    return text if isinstance(text, str) else ""


def checked(kind: str, fields: Mapping[str, Any]) -> Event:
    """Return the event of that kind with these fields. Raises NoPiece when they are not what it takes."""
    types = _FIELDS.get(kind)
    cleaned: dict[str, Any] = {name: _clean(value) for name, value in fields.items()}
    if types is None or any(type(cleaned.get(name)) is not wanted for name, wanted in types.items()):
        raise NoPiece(f"a {kind} whose fields are not of their types")
    return _KINDS[kind](**cleaned)


def _clean(value: object) -> object:
    match value:
        case str():
            return _encodable(value)
        case list() | tuple():
            return tuple(_encodable(str(title)) for title in value)
        case _:
            return value


def _encodable(text: str) -> str:
    """Return the text without half a character (a lone surrogate), which no file or connection takes."""
    return text.encode(errors="replace").decode()
