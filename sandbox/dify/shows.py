"""Scripted talk: what the product can do, by name. `/show NAME` asks for it, and `scripted/talk/` has the words (pure)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from sandbox.scripted.answers import directed
from sandbox.scripted.directives import number
from sandbox.scripted.script import Round, Script, Source
from sandbox.scripted.words import words

_ASKED: Final = re.compile(r"/show(?:\s+(?P<name>\S+))?(?:\s+(?P<language>zh|en))?(?:\s.*)?", re.DOTALL)
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_GRAPHS: Final = frozenset({"advanced-chat", "workflow"})
_AGENTS: Final = frozenset({"agent-chat"})
_KINDS: Final = frozenset({"chat", "completion"}) | _AGENTS | _GRAPHS


@dataclass(frozen=True)
class Show:
    """One thing to see: its name, its title in both languages, the kinds of app that can do it, and what happens.

    Text comes `haste` times as fast as the app speaks; the other fields are those of the script, with the names of
    `tools` for its rounds and the scores of `sources` by their numbers.
    """

    name: str
    zh: str
    en: str
    _: KW_ONLY
    kinds: frozenset[str] = _KINDS
    haste: int = 1
    first: float = 0.0
    error: str = ""
    fail: bool = False
    partial: bool = False
    hurt: str = ""
    tools: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    sources: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> Mapping[str, str]:
        """Its title by language."""
        return {"zh": self.zh, "en": self.en}


SHOWS: Final[Sequence[Show]] = (
    Show("list", "标题、列表与引用", "Headings, lists, quotes"),
    Show("table", "表格", "Tables"),
    Show("code", "代码", "Code"),
    Show("formula", "公式", "Formulae"),
    Show("think", "思考过程", "Thinking"),
    Show("tool", "调用工具", "Tools at work", kinds=_AGENTS | _GRAPHS, tools=("current_time", "meeting_rooms")),
    Show("citation", "引用知识库", "Citations", sources={"1": 0.92, "2": 0.81, "3": 0.64}),
    Show("picture", "图片", "Pictures", makes=("chart.png",)),
    Show("file", "文件", "A file", kinds=_AGENTS | _GRAPHS, makes=("attendance.csv",)),
    Show("questions", "追问建议", "Follow-up questions", kinds=_KINDS - {"workflow", "completion"}),
    Show("long", "长文", "A long answer", haste=2),
    Show("huge", "超过两万字节", "Beyond 20,000 bytes", haste=24),
    Show("slow", "慢慢来", "A slow answer", first=12.0),
    Show("hostile", "不怀好意的 Markdown", "Hostile Markdown"),
    Show("moderated", "内容被收回", "Taken back by moderation", kinds=_KINDS - {"workflow"}),
    Show("error", "模型出错", "The model fails", error="completion_request_error"),
    Show("quota", "模型额度用尽", "The model's quota is used up", error="provider_quota_exceeded"),
    Show("node", "节点失败", "A node fails", kinds=_GRAPHS, fail=True),
    Show("partial", "部分成功", "Half a success", kinds=_GRAPHS, partial=True),
    Show("cut", "中途断线", "The line breaks", hurt="cut"),
    Show("empty", "没有内容", "No words at all"),
)
_TOOLS: Final[Mapping[str, tuple[Mapping[str, str], Mapping[str, object]]]] = {
    "current_time": ({"zh": "当前时间", "en": "Current Time"}, {}),
    "meeting_rooms": ({"zh": "会议室查询", "en": "Meeting Rooms"}, {"people": 8, "from": "15:00", "to": "16:00"}),
    "report_maker": ({"zh": "报表工具", "en": "Report Maker"}, {"week": "last"}),
    "dataset": ({"zh": "知识库", "en": "Knowledge Base"}, {"query": "年假 annual leave"}),
}
_BY_NAME: Final = {show.name: show for show in SHOWS}


def script(question: str, *, kind: str, app: str, rate: float, chunk: int) -> Script | None:
    """The script of a question that begins with `/show`; None for any other question.

    The language is the one that the question names (`/show table en`), else that of the app's name. Directives beside
    it may change the pace. What the app's `kind` cannot do is said instead of done; a name that is not there gets the list.
    """
    plain, orders = directed(question)
    asked = _ASKED.fullmatch(unicodedata.normalize("NFKC", plain).strip().casefold())
    if asked is None:
        return None
    language = asked["language"] or ("zh" if _CHINESE.search(app) else "en")
    pace, wait = number(orders.get("rate"), rate), number(orders.get("first"), 0.0)
    name = asked["name"] or ""
    if name in {"zh", "en"}:
        language, name = name, ""
    show = _BY_NAME.get(name)
    if show is None:
        return Script(text=_contents(name, language), chunk=chunk, rate=pace, first=wait)
    parts = words(show.name, language)
    if kind not in show.kinds:
        return Script(text=parts["elsewhere"], chunk=chunk, rate=pace, first=wait)
    return Script(
        text=parts[""],
        chunk=chunk * show.haste,
        rate=pace,
        first=wait or show.first,
        thoughts=parts.get("thoughts", ""),
        replacement=parts.get("replacement", ""),
        error=show.error,
        fail=show.fail,
        partial=show.partial,
        rounds=_rounds(show, parts, kind),
        sources=[
            Source(document=parts[f"document {key}"], content=parts[key], score=show.sources[key]) for key in show.sources
        ],
        makes=show.makes,
        questions=[line.removeprefix("- ") for line in parts.get("questions", "").splitlines()],
        hurt=show.hurt,
    )


def _contents(wrong: str, language: str) -> str:
    parts = words("show", language)
    missing = parts["missing"].format(name=wrong.replace("|", "")[:40]) + "\n\n" if wrong else ""
    rows = "\n".join(f"| `/show {show.name}` | {show.title[language]} |" for show in SHOWS)
    return missing + parts[""].replace("{rows}", rows)


def _rounds(show: Show, parts: Mapping[str, str], kind: str) -> list[Round]:
    """The tools' rounds; an agent makes its files and finds its passages by tools, too."""
    names = [*show.tools]
    if kind in _AGENTS and show.makes:
        names.append("report_maker")
    if kind in _AGENTS and show.sources:
        names.append("dataset")
    return [
        Round(talk=parts[name], name=name, label=label, arguments=arguments, observation=parts[f"{name} saw"])
        for name, (label, arguments) in ((name, _TOOLS[name]) for name in names)
    ]
