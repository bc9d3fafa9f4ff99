"""Events as bytes on the stream: framing and JSON as each version writes them (pure)."""

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from sandbox.dify.profiles import Profile

_MARK = "@text@"  # stands for a delta's text while its frame is prepared


class Frames:
    """Turns events into the bytes of one version."""

    def __init__(self, profile: Profile) -> None:
        self.ping = b"data: ping\n\n" if profile.data_ping else b"event: ping\n\n"
        self._ascii = profile.ascii_events

    def event(self, event: Mapping[str, Any]) -> bytes:
        """One event as one frame."""
        return b"data: " + self._json(event).encode() + b"\n\n"

    def deltas(self, event: Mapping[str, Any], name: str) -> Callable[[str], bytes]:
        """A quick maker of frames that differ in one text only, the field `name` at the top or inside `data`.

        A stream is mostly such frames; everything around the text is encoded once.
        """
        marked = {**event, "data": {**event["data"], name: _MARK}} if "data" in event else {**event, name: _MARK}
        before, after = self.event(marked).split(f'"{_MARK}"'.encode())
        quoted: Callable[[str], str] = encode_basestring_ascii if self._ascii else encode_basestring
        return lambda text: before + quoted(text).encode() + after

    def _json(self, event: Mapping[str, Any]) -> str:
        if self._ascii:
            return json.dumps(event)
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
