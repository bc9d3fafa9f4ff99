"""The bytes of every picture and file that people and bots sent, as long as there is room for them."""

import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from sandbox.served import picture_type

Kind = Literal["picture", "audio", "video", "file"]

_KEPT = 1_000
_MOST_BYTES = 256 * 1024 * 1024
_BY_SUFFIX: dict[str, Kind] = {
    **dict.fromkeys(("amr", "mp3", "wav", "ogg", "m4a"), "audio"),
    **dict.fromkeys(("mp4", "mov", "webm"), "video"),
}


@dataclass(frozen=True, slots=True)
class Medium:
    """One file; its id is a bot's media_id (`@lA...`), or one of ours where a person sent it."""

    id: str
    name: str
    content: bytes = field(repr=False)

    @property
    def picture_type(self) -> str | None:
        """The media type if it is a picture that every browser shows."""
        return picture_type(self.content)

    @property
    def kind(self) -> Kind:
        """How DingTalk would send it on."""
        return "picture" if self.picture_type else _BY_SUFFIX.get(self.name.rpartition(".")[2].lower(), "file")


class Media:
    """The last files, at most 1,000 and 256 MB together; the oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Medium] = OrderedDict()
        self._bytes = 0

    def keep(self, name: str, content: bytes, prefix: str = "$iA") -> Medium:
        """Store a file under a new id that begins with `prefix`."""
        medium = Medium(f"{prefix}{uuid.uuid4().hex}", name, content)
        self._kept[medium.id] = medium
        self._bytes += len(content)
        while len(self._kept) > _KEPT or self._bytes > _MOST_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.content)
        return medium

    def find(self, media_id: object) -> Medium | None:
        """The file of this id, if it is still kept."""
        return self._kept.get(media_id) if isinstance(media_id, str) else None
