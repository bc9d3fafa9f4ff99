"""Markdown on the sandbox's page: as DingTalk shows it, and harmless whatever it holds."""

import pytest

from sandbox.markdown import Kind, render

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)></svg>",
    "<iframe src='https://evil.example'></iframe>",
    "<style>body{display:none}</style>",
    '<font class="x" style="position:fixed" onclick=alert(1) colorTokenV2=common_red1_color>x</font>',
    "<form action='https://evil.example'><input name=a></form>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "<a class='picture' href='vbscript:x'>x</a>",
)


@pytest.mark.parametrize("kind", ["card", "message"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_harmless(kind: Kind, text: str) -> None:
    """No tag that acts, no handler, no style, no scheme but those of links is left as markup."""
    html = render(f"before\n\n{text}\n\nafter", kind)
    assert "<p>before</p>" in html  # it was rendered at all
    tags = "".join(part.partition(">")[0] for part in html.split("<")[1:]).casefold()
    assert not any(word in tags for word in ("script", "onerror", "onload", "onclick", "style", "iframe", "svg", "form"))
    assert "meta" not in tags
    assert "data:" not in tags


@pytest.mark.parametrize("kind", ["card", "message"])
def test_a_foreign_picture_loads_nothing_by_itself(kind: Kind) -> None:
    """A tracking pixel, or one of a hundred megapixels, is a link that a person may follow."""
    html = render("![a map](https://elsewhere.example/huge.png)", kind)
    assert "<img" not in html
    assert '<a class="picture" href="https://elsewhere.example/huge.png"' in html
    assert "a map" in html


def test_pictures_of_ours_are_shown() -> None:
    """A media id that was uploaded here, and a file that the embedded Dify serves."""
    assert '<img src="/sandbox/media/@lAabcdef012345"' in render("![x](@lAabcdef012345)", "message")
    own = render("![x](http://127.0.0.1:8090/files/tools/1.png?timestamp=1&sign=2)", "card")
    assert '<img src="/files/tools/1.png?timestamp=1&amp;sign=2"' in own
    assert "<img" not in render("<img src=https://evil.example/x.png>", "card")


def test_cards_know_breaks_and_fonts_and_messages_do_not() -> None:
    """What a card's markdown component documents; in messages phones swallow every tag."""
    assert "<br>" in render("one<br>two", "card")
    assert "onetwo" in render("one<br>two", "message")
    font = "<font sizeToken=common_h1_text_style__font_size colorTokenV2=common_red1_color>red</font>"
    assert '<font class="s-h1 c-red1">red</font>' in render(font, "card")
    assert "<font" not in render(font, "message")


def test_a_single_newline_is_no_break() -> None:
    """The platform joins such lines; a bot that wants a break must say so."""
    assert "<br" not in render("one\ntwo", "card") + render("one\ntwo", "message")


def test_tables_need_their_blank_line_and_keep_their_alignment() -> None:
    """Directly below a paragraph a table is text; a cell's side is a class, as the page takes no inline style."""
    table = "| a | b |\n| --- | ---: |\n| 1 | 2 |"
    assert '<td class="right">2</td>' in render(f"text\n\n{table}", "card")
    assert "<td" not in render(f"text\n{table}", "card")
    assert "style=" not in render(table, "card")


@pytest.mark.parametrize(
    "address",
    [
        "/files/../sandbox/records?after=99999999&wait=30",
        "/files/tools/../../sandbox/apps",
        "/files/%2e%2e/sandbox/apps",
        "/sandbox/media/../apps",
        "/sandbox/media/@lAabcdef012345/../../apps",
    ],
)
def test_a_picture_leads_to_files_and_nowhere_else(address: str) -> None:
    """A browser would walk up the path and call the control API, or wait there with all of its connections."""
    for kind in ("card", "message"):
        assert "<img" not in render(f"before ![x](http://127.0.0.1{address}) after", kind)
        assert "before" in render(f"before ![x](http://127.0.0.1{address}) after", kind)
    assert "<img" not in render(f'before <img src="{address}"> after', "card")


def test_a_font_in_code_is_left_as_it_is() -> None:
    """Code shows what was written."""
    assert "&lt;font colorTokenV2=common_red1_color&gt;" in render("`<font colorTokenV2=common_red1_color>`", "card")
    assert "&lt;font sizeToken=x&gt;" in render("```\n<font sizeToken=x>\n```", "card")


def test_a_text_of_more_than_64_kb_is_only_text() -> None:
    """Markdown that was made to be slow takes no time (a hang would be a test that never ends)."""
    html = render("[a](" * 100_000 + "<b>", "card")

    assert html.startswith("<p>")
    assert "<b>" not in html


def test_half_a_character_spoils_nothing() -> None:
    """A bot that cuts its text between two surrogates is shown all the same."""
    assert render("a\ud800b", "message") == "<p>a?b</p>\n"
