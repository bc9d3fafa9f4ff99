"""The files that the scripted AI makes, by name: two pictures and a table."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from sandbox.scripted.pictures import bridge, chart

WEEK: Final = (128, 164, 151, 203, 187, 46, 32)  # a week's messages, Monday first
_ATTENDANCE: Final = (
    ("姓名", "部门", "出勤天数", "迟到次数", "加班小时", "备注"),
    ("林小满", "市场部", "5", "0", "3.5", ""),
    ("周屿", "研发部", "5", "1", "6", "周三送孩子上学"),
    ("陈一诺", "财务部", "4", "0", "0", "周五年假"),
    ("高远", "行政部", "5", "0", "1", ""),
    ("沈知行", "研发部", "5", "2", "8.5", "周四通宵上线，周五补休半天"),
)
_MIME_TYPES: Final = {"png": "image/png", "csv": "text/csv"}


def made(name: str) -> bytes:
    """The content of one of these files; KeyError for another name."""
    return _content(name)


def mime_type(name: str) -> str:
    """The file's type on the web."""
    return _MIME_TYPES[name.rpartition(".")[2]]


def attendance() -> str:
    """The table as comma-separated text."""
    return "\n".join(",".join(row) for row in _ATTENDANCE) + "\n"


def _csv() -> bytes:
    return attendance().replace("\n", "\r\n").encode("utf-8-sig")  # Excel takes it for UTF-8 by the mark in front only


_MADE: Final[Mapping[str, Callable[[], bytes]]] = {
    "picture.png": bridge,
    "chart.png": lambda: chart(WEEK),
    "attendance.csv": _csv,
}


@cache
def _content(name: str) -> bytes:
    return _MADE[name]()
