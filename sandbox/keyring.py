"""Every secret that the sandbox was given or gave out, so that it can be hidden wherever it turns up."""

import json
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

from sandbox.masking import mask

_SHORTEST = 6  # what is shorter would be found in every other word
_KEPT = 20_000


class Keyring:
    """The last secrets, lasting ones (of apps) and passing ones (tokens, tickets, sessions) each within a bound.

    Looking costs a step for each character of a text, however many secrets there are.
    """

    def __init__(self) -> None:
        self._lasting: OrderedDict[str, None] = OrderedDict()
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._by_start: dict[str, set[str]] = {}

    def keep(self, secret: str) -> None:
        """Know a credential of an app."""
        for spelling in {secret, json.dumps(secret)[1:-1], quote(_sendable(secret), safe="")}:
            self._add(self._lasting, spelling)

    def lend(self, secret: str) -> str:
        """Know what the sandbox gives out for a while; returns it."""
        self._add(self._passing, secret)
        return secret

    def hide(self, value: Any) -> Any:
        """A JSON value with every known secret in its texts masked."""
        if isinstance(value, dict):
            return {self._hide(str(name)): self.hide(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.hide(each) for each in value]
        return self._hide(value) if isinstance(value, str) else value

    def _add(self, kept: OrderedDict[str, None], secret: str) -> None:
        if len(secret) < _SHORTEST:
            return
        kept[secret] = None
        kept.move_to_end(secret)
        self._by_start.setdefault(secret[:_SHORTEST], set()).add(secret)
        if len(kept) > _KEPT:
            self._drop(kept.popitem(last=False)[0])

    def _drop(self, secret: str) -> None:
        if secret in self._lasting or secret in self._passing:
            return
        alike = self._by_start[secret[:_SHORTEST]]
        alike.discard(secret)
        if not alike:
            del self._by_start[secret[:_SHORTEST]]

    def _hide(self, text: str) -> str:
        parts, told, at = [], 0, 0
        while at <= len(text) - _SHORTEST:
            found = self._by_start.get(text[at : at + _SHORTEST])
            secret = max((each for each in found if text.startswith(each, at)), key=len, default="") if found else ""
            if secret:
                parts += [text[told:at], mask(secret)]
                told = at + len(secret)
            at += len(secret) or 1
        return "".join([*parts, text[told:]]) if parts else text


def _sendable(text: str) -> str:
    return text.encode(errors="replace").decode()
