"""What the scripted AI makes by itself: pictures, and a year's roster."""

import re
import struct
import zlib
from datetime import date

import pytest

from sandbox.scripted.makes import made
from sandbox.scripted.roster import roster


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_huge_show_is_a_roster_of_more_than_20_000_bytes(language: str) -> None:
    """Each day of the year once, and nobody stands in for themselves."""
    text = roster(language)
    assert len(text.encode()) > 20_000
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if re.match(r"\| \d\d-", row)]
    assert len({row[0] for row in rows}) == len(rows) == (date(2028, 1, 1) - date(2027, 1, 1)).days
    assert all(row[2] != row[3] for row in rows)


def test_the_pictures_are_whole_pngs() -> None:
    """Of a size worth looking at, every chunk with a good check sum."""
    for name in ("picture.png", "chart.png"):
        content, pixels, at = made(name), b"", 8
        while at < len(content):
            (size,) = struct.unpack(">I", content[at : at + 4])
            kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
            assert struct.unpack(">I", content[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + body),)
            pixels += body if kind == b"IDAT" else b""
            at += 12 + size
        width, height = struct.unpack(">II", content[16:24])
        assert width >= 600
        assert len(zlib.decompress(pixels)) == height * (1 + 3 * width)
