"""Pictures drawn here, as PNG: a bridge at dusk, and a week's messages as bars (pure)."""

import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

Colour = tuple[int, int, int]

_DIGITS: Final = {  # five rows of three dots each, the highest bit on the left
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 2, 2, 2),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
}
_POST: Final = range(4)  # of each 22 columns of the railing
_SKY_TOP: Final = (38, 50, 110)
_SKY_LOW: Final = (255, 176, 120)
_SUN: Final = (255, 226, 160)
_HILL: Final = (70, 62, 112)
_STONE: Final = (44, 40, 66)
_WATER_FAR: Final = (214, 140, 120)
_WATER_NEAR: Final = (44, 58, 110)
_PAPER: Final = (250, 251, 253)
_LINE: Final = (225, 230, 238)
_INK: Final = (70, 80, 98)
_BAR: Final = (38, 126, 240)
_BEST: Final = (255, 145, 77)


def bridge(width: int = 640, height: int = 360) -> bytes:
    """A stone bridge of three arches over still water while the sun goes down."""
    canvas = _Canvas(width, height, _PAPER)
    shore = height * 3 // 5
    for y in range(shore):
        canvas.bar(0, y, width, 1, _between(_SKY_TOP, _SKY_LOW, y / shore))
    sun = width * 4 // 5
    canvas.disc(sun, shore - 104, 40, _SUN)
    for x in range(width):
        hill = int(34 + 22 * math.sin(x / 70) + 12 * math.sin(x / 23 + 2))
        canvas.bar(x, shore - hill, 1, hill, _HILL)
    for y in range(shore, height):
        canvas.bar(0, y, width, 1, _between(_WATER_FAR, _WATER_NEAR, (y - shore) / (height - shore)))
    for y in range(shore + 8, height, 9):  # the sun in the water, broken by small waves
        half = 40 - (y - shore) // 4 + 9 * math.sin(y)
        canvas.bar(int(sun - half), y, int(2 * half), 3, _between(_SUN, _WATER_NEAR, (y - shore) / (height - shore)))
    _arches(canvas, width, shore)
    return canvas.png()


def chart(values: Sequence[int], width: int = 640, height: int = 320) -> bytes:
    """Bars with their figures above, the highest in another colour."""
    canvas = _Canvas(width, height, _PAPER)
    left, floor, most = 40, height - 36, max(values)
    for line in range(5):
        canvas.bar(left, floor - line * (floor - 50) // 4, width - 2 * left, 1, _LINE)
    place = (width - 2 * left) // len(values)
    for number, value in enumerate(values):
        x, tall = left + number * place + place // 5, (floor - 50) * value // most
        canvas.bar(x, floor - tall, place * 3 // 5, tall, _BEST if value == most else _BAR)
        canvas.number(value, x + place * 3 // 10, floor - tall - 18, 2, _INK)
        canvas.number(number + 1, x + place * 3 // 10, floor + 12, 3, _INK)
    canvas.bar(left, floor, width - 2 * left, 2, _INK)
    return canvas.png()


def _arches(canvas: "_Canvas", width: int, shore: int) -> None:
    """The bridge's back rises to the middle; where an arch is open, the water shows."""
    spans = ((width // 4, 52), (width // 2, 66), (width * 3 // 4, 52))
    for x in range(width):
        top = shore - 18 - int(74 * max(0.0, math.cos((x - width / 2) / width * math.pi)) ** 2)
        opening = max((_arch(x, middle, radius) for middle, radius in spans), default=0)
        canvas.bar(x, top, 1, shore + 14 - opening - top, _STONE)
        canvas.bar(x, top - 12, 1, 12 if x % 22 in _POST else 3, _STONE)


def _arch(x: int, middle: int, radius: int) -> int:
    away = abs(x - middle)
    return int(math.sqrt(radius * radius - away * away)) if away < radius else 0


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


class _Canvas:
    """Rows of pixels, three bytes each."""

    def __init__(self, width: int, height: int, paper: Colour) -> None:
        self._width, self._height = width, height
        self._rows = [bytearray(bytes(paper) * width) for _ in range(height)]

    def bar(self, x: int, y: int, wide: int, tall: int, colour: Colour) -> None:
        """Fill a rectangle; what lies outside is left out."""
        x, right = max(0, x), min(self._width, x + wide)
        for row in self._rows[max(0, y) : max(0, y + tall)] if right > x else ():
            row[3 * x : 3 * right] = bytes(colour) * (right - x)

    def disc(self, x: int, y: int, radius: int, colour: Colour) -> None:
        """Fill a circle."""
        for away in range(-radius, radius + 1):
            half = int(math.sqrt(radius * radius - away * away))
            self.bar(x - half, y + away, 2 * half, 1, colour)

    def number(self, value: int, x: int, y: int, size: int, colour: Colour) -> None:
        """Write a number centred on `x`, each dot `size` pixels wide."""
        text = str(value)
        x -= len(text) * 2 * size - size // 2
        for place, digit in enumerate(text):
            for row, dots in enumerate(_DIGITS[digit]):
                for column in range(3):
                    if dots & 4 >> column:
                        self.bar(x + (4 * place + column) * size, y + row * size, size, size, colour)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        head = struct.pack(">IIBBBBB", self._width, self._height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunks(((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))))


def _chunks(parts: Iterable[tuple[bytes, bytes]]) -> Iterable[bytes]:
    for kind, body in parts:
        yield struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
