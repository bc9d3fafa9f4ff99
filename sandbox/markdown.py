"""Markdown as DingTalk's client shows it, as HTML that is safe to put into a page. Pure."""

import re
from functools import cache, lru_cache
from typing import Any, Final, Literal

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import table
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

Kind = Literal["card", "message"]

_CACHED: Final = 512
_MOST_CACHED: Final = 40_000  # characters of one text
_LONGEST: Final = 65_536  # what is longer is shown as it was written: nesting can make markdown quadratic
_MEDIA_ID: Final = re.compile(r"[@$][A-Za-z0-9_\-]{8,80}")
# Nothing but whole addresses of files: a path that leads elsewhere ("/files/../...") would be fetched as a picture.
_FILE: Final = r"/files/(?:tools/[\w-]+\.\w+|[\w-]+/file-preview)(?:\?[\w=&%.-]*)?"
_OURS: Final = re.compile(rf"/sandbox/media/{_MEDIA_ID.pattern}|{_FILE}", re.ASCII)
_OWN: Final = re.compile(rf"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?({_FILE})", re.ASCII)
_TOKEN: Final = re.compile(r"common_([a-z]+[0-9]?)(?:_[a-z0-9_]*)?")
_SIZE: Final = re.compile(r"common_(h[1-5]|body|footnote)[a-z0-9_]*")
_INLINE: Final = {"br", "strong", "em", "b", "i", "s", "del", "u", "a", "code", "img", "span", "font"}
_BLOCKS: Final = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr"}
_TABLES: Final = {"table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES: Final = {
    "a": {"href", "title", "class"},
    "img": {"src", "alt", "loading"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"class"},
    "td": {"class"},
    "span": {"class"},
    "font": {"class"},
}


def render(text: str, kind: Kind) -> str:
    """The HTML of a message's or a card's markdown.

    Both drop whatever could act: scripts, styles, event handlers, foreign schemes. A card's `<br>` and `<font>` count,
    its colour and size tokens become classes (`c-red1`, `s-h1`); a message's tags are swallowed, as phones do. Pictures
    that this server holds are shown, all others become a link of class `picture`, which loads nothing by itself. Of half
    a character a question mark is left; a text of more than 64 KB is only text.
    """
    text = text.encode(errors="replace").decode()
    if len(text) > _LONGEST:
        return f"<p>{nh3.clean_text(text)}</p>"
    return (_rendered if len(text) <= _MOST_CACHED else _rendered.__wrapped__)(text, kind)


@lru_cache(maxsize=_CACHED)
def _rendered(text: str, kind: Kind) -> str:
    html = _parser(kind).render(text)
    safe = nh3.clean(
        html,
        tags=_INLINE | _BLOCKS | _TABLES,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        allowed_classes=None,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "dingtalk"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return safe.replace("<img>", "")


@cache
def _parser(kind: Kind) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.block.ruler.at("table", table, {"alt": []})  # DingTalk takes a table only after a blank line
    for tag in ("html_block", "html_inline"):
        parser.add_render_rule(tag, _swallowed if kind == "message" else _fonts)
    parser.add_render_rule("image", _image)
    for cell in ("th_open", "td_open"):
        parser.add_render_rule(cell, _cell)
    return parser


def _image(self: RendererHTML, tokens: list[Token], place: int, options: OptionsDict, env: Any) -> str:
    """A picture of ours, or a link to somebody else's."""
    address = str(tokens[place].attrGet("src") or "")
    alt = nh3.clean_text(self.renderInlineAsText(tokens[place].children or [], options, env))
    if _MEDIA_ID.fullmatch(address):
        return f'<img src="/sandbox/media/{address}" alt="{alt}" loading="lazy">'
    if own := _OWN.fullmatch(address):
        return f'<img src="{nh3.clean_text(own[1])}" alt="{alt}" loading="lazy">'
    return f'<a class="picture" href="{nh3.clean_text(address)}">{alt or "图片"}</a>'


def _swallowed(_self: RendererHTML, _tokens: list[Token], _place: int, _options: OptionsDict, _env: Any) -> str:
    """A tag where none counts."""
    return ""


def _cell(self: RendererHTML, tokens: list[Token], place: int, options: OptionsDict, _env: Any) -> str:
    """A table's cell; its alignment as a class, since a page without inline styles would lose it."""
    aligned = re.search(r"text-align:\s*(center|right)", str(tokens[place].attrGet("style") or ""))
    if aligned:
        tokens[place].attrs = {"class": aligned[1]}
    return self.renderToken(tokens, place, options, _env)


def _fonts(_self: RendererHTML, tokens: list[Token], place: int, _options: OptionsDict, _env: Any) -> str:
    """A card's tags; the values of `<font sizeToken=... colorTokenV2=...>` turned into classes."""
    return re.sub(r"<font\s([^<>]*)>", _font, tokens[place].content)


def _font(found: re.Match[str]) -> str:
    classes = []
    for name, value in re.findall(r"(\w+)\s*=\s*[\"']?([\w#]+)", found[1]):
        if name.casefold() in {"colortokenv2", "colortoken"} and (colour := _TOKEN.fullmatch(value)):
            classes.append(f"c-{colour[1]}")
        elif name.casefold() == "sizetoken" and (size := _SIZE.fullmatch(value)):
            classes.append(f"s-{size[1]}")
    return f'<font class="{" ".join(classes)}">'


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Keep what our own rules wrote; a foreign picture that came as raw HTML loses its address."""
    if tag == "img" and name == "src":
        return value if _OURS.fullmatch(value) else None
    if name == "class":
        known = re.compile(r"picture|center|right|language-[\w+#.-]{1,30}|c-[a-z]+[0-9]?|s-[a-z]+[0-9]?")
        return " ".join(each for each in value.split() if known.fullmatch(each)) or None
    return value
