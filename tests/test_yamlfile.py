"""Text stays text, every value knows its line, and what a hand gets wrong is found where it was written."""

from typing import Any

import pytest

import yamlfile
from problem_sentences import SENTENCES
from yamlfile import BrokenYaml

SECRET = "S3CR3T-do-not-show"

BROKEN = [
    ("bots:\n\t- name: x\n", 2, "tab"),
    ("bots:\n  - name:\tx\n", 2, "tab"),
    ("bots:\n  - name: x\t\n    id: y\n", 2, "tab"),
    ("bots\n  - name: x\n", 1, "no_colon"),
    ("bots:\n  - name 客服\n    id: x\n", 2, "no_colon"),
    ("bots:\n  - name: x\n    id x\n    k: y\n", 3, "no_colon"),
    ("bots:\n  - name: x\n    id\n", 3, "no_colon"),
    ("bots:\n  - name:x\n    # why\n\n    id: x\n", 2, "no_space"),
    ("bots:\n  - name: x\n    id:y\n    k: z\n", 3, "no_space"),
    ("bots：\n  - name：x\n", 1, "wide_colon"),
    ("bots:\n  - name: x\n    id：y\n    k: z\n", 3, "wide_colon"),
    ("bots:\n  -name: x\n   id: y\n", 2, "dash"),
    ("bots:\n  - name: x\n   id: y\n", 3, "indent"),
    ("bots:\n- name: x\n  id: y\n - name: z\n", 4, "indent"),
    ("bots:\n  - name: x\n      id: y\n", 3, "colon"),
    ("bots:\n  - name: a: b\n", 2, "colon"),
    ("bots:\n  - name: {x} hi\n", 2, "special"),
    ("bots:\n  - name: *x\n", 2, "special"),
    ("bots:\n  - name: @x\n", 2, "special"),
    ("bots:\n  - name: %x\n", 2, "special"),
    ("bots:\n  - name: >x\n", 2, "special"),
    ("bots:\n  - name: 'x' y\n", 2, "special"),
    ("bots:\n  - name: !x\n", 2, "tag"),
    ("bots:\n  - name: !!python/object/apply:os.getcwd []\n", 2, "tag"),
    ('bots:\n  - name: "x\n    id: y\n', 2, "quotation"),
    ("bots:\n---\nbots:\n", 2, "documents"),
    ("bots:\n  - name: a\x01\n", 2, "character"),
    ('bots:\n  - name: "\\ud800"\n', 2, "character"),
    ("bots:\n\u3000\u3000- name: x\n", 2, "spaces"),
    ("bots:\n  - name: x\n  \u00a0 id: y\n", 3, "spaces"),
    ("bots:\n  - ? [a, b]\n    : c\n", 2, "key"),
    ("bots:\n  - <<: x\n", 2, "merge"),
    ("bots:\n  - <<: [x]\n", 2, "merge"),
    ('bots: "\\U00ffffff"\n', 1, "other"),
    ("just some words: here: there\n", 1, "colon"),
    ("[" * 100_000, 1, "too_deep"),
    ("a: &a [*a]\n", 1, "too_deep"),
    ("a: &a {<<: *a}\n", 1, "too_deep"),
]


@pytest.mark.parametrize(("text", "line", "kind"), BROKEN)
def test_what_a_hand_gets_wrong_is_found_where_it_stands(text: str, line: int, kind: str) -> None:
    """The line is the wrong one, not the next one where a parser stumbles; each kind has its sentence."""
    with pytest.raises(BrokenYaml) as caught:
        yamlfile.parse(text)
    assert (caught.value.line, caught.value.kind) == (line, kind)
    assert f"yaml_{kind}" in SENTENCES


@pytest.mark.parametrize("entry", ["[{}]", "{{<<: [{}]}}"], ids=["aliases", "merges"])
def test_references_that_multiply_are_refused_before_they_fill_the_memory(entry: str) -> None:
    """Ten references to ten references to ...: a few lines that would make more values than there are atoms."""
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {entry.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 25)]
    with pytest.raises(BrokenYaml, match="too_large"):
        yamlfile.parse("\n".join(lines))


@pytest.mark.parametrize("text", [f"a: {SECRET}: x", f'a: "{SECRET}', f"a: *{SECRET}", f"a: !{SECRET} x", f"a\n{SECRET}"])
def test_what_stands_in_a_broken_file_is_not_in_the_error(text: str) -> None:
    """It may be a secret."""
    with pytest.raises(BrokenYaml) as caught:
        yamlfile.parse(text)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_scalars_are_text_except_below_the_typed_keys() -> None:
    """There a plain number, true and false are meant; anything with a leading zero, quotes or too many digits is not."""
    values = "[1, -2.5, true, false, yes, null, '3', 007, 1e5, 12:30, 2024-01-01, .nan, 0x10, 12345678901234567890]"
    content = yamlfile.parse(f"text: {values}\ntyped: {values}\n", typed={"typed"}).content
    number_like = ["007", "1e5", "12:30", "2024-01-01", ".nan", "0x10", "12345678901234567890"]
    assert content["text"] == ["1", "-2.5", "true", "false", "yes", None, "3", *number_like]
    typed: list[Any] = [1, -2.5, True, False, "yes", None, "3", *number_like]
    assert [(value, type(value)) for value in content["typed"]] == [(value, type(value)) for value in typed]


def test_every_value_knows_its_line() -> None:
    """Also one in a merged mapping, and one that is not there: the nearest around it counts."""
    file = yamlfile.parse("\nbots:\n  - &a\n    name: x\n    in:\n      - 1\n      - 2\n  - <<: *a\n    name: y\n")
    assert file.line(("bots",)) == 2
    assert file.line(("bots", 0, "in", 1)) == 7
    assert file.line(("bots", 0, "missing", "deeper")) == 3
    assert file.line(("bots", 1, "name")) == 9
    assert file.line(("bots", 1, "in")) == 5
    assert file.line(("elsewhere",)) == 2


def test_keys_written_twice_are_noted_but_not_those_that_overrule_merged_ones() -> None:
    """`repeated` holds the path of each; the last one counts, as in YAML."""
    file = yamlfile.parse("a: &a\n  x: 1\n  x: 2\nb:\n  <<: *a\n  y: 3\nc:\n  <<: [{x: 1}, {x: 2, z: 3}]\n  z: 4\n")
    assert file.repeated == (("a", "x"),)
    assert file.content == {"a": {"x": "2"}, "b": {"x": "2", "y": "3"}, "c": {"x": "1", "z": "4"}}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_has_no_content(text: str) -> None:
    """None, and no error: what has to be there is another's question."""
    assert yamlfile.parse(text).content is None
