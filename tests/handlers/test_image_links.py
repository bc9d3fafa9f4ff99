"""Local pictures in a text: which are found, also while it grows, and how long that takes."""

import pytest

from handlers.image_links import replace_local


def _shown(text: str) -> str:
    return replace_local(text, lambda caption, _: f"🖼 {caption or 'picture'}", growing=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See ![a chart](/tmp/a.png) here", "See 🖼 a chart here"),
        ("![](~/a.png)", "🖼 picture"),
        ("![a](C:\\pics\\a.png) ![b](file:///tmp/b.png)", "🖼 a 🖼 b"),
        ("![a](https://host/a.png) ![b](@lAxyz)", "![a](https://host/a.png) ![b](@lAxyz)"),
        ("begun ![a](/tmp/a", "begun "),
        ("begun ![a chart", "begun "),
        ("begun ![a](https://host/a", "begun "),
        ("`![a](/tmp/a.png)`\n```\n![a](/tmp/a.png)\n```", "`![a](/tmp/a.png)`\n```\n![a](/tmp/a.png)\n```"),
        ("no picture! [1] at all", "no picture! [1] at all"),
        ("a![never closed\n\nnext paragraph", "a![never closed\n\nnext paragraph"),
    ],
)
def test_a_growing_text_shows_captions(text: str, shown: str) -> None:
    """Of whole local pictures; what has only begun is held back, and everything else stays."""
    assert _shown(text) == shown


def test_no_text_takes_long_to_show() -> None:
    """Even one made of nothing but beginnings of pictures: each is read once."""
    for piece in ("![", "![](", "![](/a(", '![a](/b "', "`` `"):
        assert len(_shown("![x](http://host/)" + piece * 20_000)) <= 20_000 * len(piece) + 18
