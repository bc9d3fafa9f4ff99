"""Reads a YAML file as its author meant it: text stays text, and every value knows its line.

YAML 1.1 reads `0123` as 83, `12:30` as 750, `1e5` as a number and `yes` as true; an id or a secret must come through as it
is written. So scalars are kept as text, except below the keys named in `typed`, where a plain number, true or false is meant.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

# Far above any real list of bots; below what aliases of aliases could grow into.
_MAX_VALUES, _MAX_DEPTH = 50_000, 30

_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq"))
# As JSON has it, and no longer than it can be without losing digits; any other number is an id or a date: text.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(\.\d{1,15})?")

# "\\ud800" is half of a character: it could neither be sent nor written anywhere.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

# What a hand commonly gets wrong, by what its line looks like; the first that fits is told.
_SIGNS = (
    ("tab", re.compile(r"^[^'\"#]*\t")),
    ("spaces", re.compile(r"^ *[\u00a0\u3000]")),
    ("wide_colon", re.compile(r"^\s*(?:-\s+)?\w+\s*：")),
    ("dash", re.compile(r"^\s*-[^\s-]")),
    ("no_space", re.compile(r"^\s*(?:-\s+)?\w+:[^\s/]")),
    ("no_colon", re.compile(r"^\s*(?:-\s+)?\w+(?:\s+[^:#\s][^:]*)?$")),
)
# What PyYAML's own words tell of the cause.
_CAUSES = (
    ("tab", "'\\t' that cannot start"),
    ("special", "cannot start any token"),
    ("special", "undefined alias"),
    ("special", "chomping or indentation"),
    ("special", "but found '<scalar>'"),
    ("quotation", "found unexpected end of stream"),
    ("documents", "but found another document"),
    ("indent", "but found '<block"),
    ("colon", "mapping values are not allowed"),
)


class BrokenYaml(ValueError):
    """The text is no YAML. `line` (from 1) and `kind` tell where and how; never what stands there: it may be a secret."""

    def __init__(self, line: int, kind: str) -> None:
        super().__init__(f"line {line}: {kind}")
        self.line, self.kind = line, kind


@dataclass(frozen=True)
class YamlFile:
    """The content as plain dicts, lists and text; `lines` by path; `repeated` are keys written twice in one place."""

    content: Any = field(repr=False)
    lines: dict[Path, int] = field(default_factory=dict, repr=False)
    repeated: tuple[Path, ...] = ()

    def line(self, path: Path) -> int:
        """Return the line (from 1) of the value at this path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str, *, typed: Collection[str] = ()) -> YamlFile:
    """Return the file; raises BrokenYaml."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _diagnosed(text, error) from None
    except yaml.reader.ReaderError as error:
        raise BrokenYaml(text.count("\n", 0, error.position) + 1, "character") from None
    except RecursionError:
        raise BrokenYaml(1, "too_deep") from None
    except (yaml.YAMLError, ValueError, OverflowError):  # "\\UFFFFFFFF" is no character, and an OverflowError
        raise BrokenYaml(1, "other") from None
    if isinstance(node, yaml.ScalarNode) and node.value and node.tag != f"{_TAG}null":
        # Lines without a right colon make one text of the whole file.
        raise _first_sign(text) or BrokenYaml(node.start_mark.line + 1, "other")
    reader = _Reader(typed)
    try:
        content = None if node is None else reader.read(node, (), typed=False)
    except RecursionError:  # a mapping that merges itself
        raise BrokenYaml(1, "too_deep") from None
    return YamlFile(content, reader.lines, tuple(reader.repeated))


class _Reader:
    def __init__(self, typed: Collection[str]) -> None:
        self._typed = typed
        self._values = 0
        self.lines: dict[Path, int] = {}
        self.repeated: list[Path] = []

    def read(self, node: yaml.Node, path: Path, *, typed: bool) -> Any:
        """Return the node's value and note its line."""
        line = self.lines[path] = node.start_mark.line + 1
        self._count(line)
        if len(path) > _MAX_DEPTH:
            raise BrokenYaml(line, "too_deep")
        if node.tag not in _TAGS:
            raise BrokenYaml(line, "tag")
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index), typed=typed) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, typed=typed)
        if node.tag == f"{_TAG}null":
            return None
        if _HALF_CHARACTER.search(node.value):
            raise BrokenYaml(line, "character")
        return _typed_value(node) if typed and isinstance(node, yaml.ScalarNode) else node.value

    def _mapping(self, node: yaml.MappingNode, path: Path, *, typed: bool) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        told = len(self.repeated)
        self._count(node.start_mark.line + 1)
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                for source in _merged(value_node):  # the first source wins, as YAML has it
                    mapping = self._mapping(source, path, typed=typed) | mapping
        del self.repeated[told:]  # what is written twice in a source is told there
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                continue
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str) or key_node.tag not in _TAGS:
                raise BrokenYaml(line, "key")
            if key != key.strip():
                raise BrokenYaml(line, "spaces")
            if key in seen:
                self.repeated.append((*path, key))
            seen.add(key)
            mapping[key] = self.read(value_node, (*path, key), typed=typed or key in self._typed)
            self.lines[*path, key] = line
        return mapping

    def _count(self, line: int) -> None:
        """Refuse aliases of aliases before they fill the memory."""
        self._values += 1
        if self._values > _MAX_VALUES:
            raise BrokenYaml(line, "too_large")


def _merged(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Give the mappings that a merge key (`<<: *other`) takes in."""
    for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if not isinstance(source, yaml.MappingNode):
            raise BrokenYaml(node.start_mark.line + 1, "merge")
        yield source


def _typed_value(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None or node.tag == f"{_TAG}str":  # quoted: its author means text
        return text
    if text in {"true", "false"}:
        return text == "true"
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number[1] else int(text)


def _diagnosed(text: str, error: yaml.MarkedYAMLError) -> BrokenYaml:
    """Return where a hand probably went wrong: PyYAML often notices it only on the next line."""
    lines = text.split("\n")
    noticed = error.problem_mark.line if error.problem_mark else 0
    begun = error.context_mark.line if error.context_mark else noticed
    before = max((n for n in range(min(noticed, len(lines))) if _says_something(lines[n])), default=noticed)
    for number in (noticed, before, begun):
        sign = _sign(lines[number]) if number < len(lines) else None
        if sign:
            return BrokenYaml(number + 1, sign)
    problem = str(error.problem)
    kind = next((kind for kind, words in _CAUSES if words in problem), "other")
    return BrokenYaml((begun if kind == "quotation" else noticed) + 1, kind)


def _first_sign(text: str) -> BrokenYaml | None:
    for number, line in enumerate(text.split("\n"), start=1):
        sign = _sign(line) if _says_something(line) else None
        if sign:
            return BrokenYaml(number, sign)
    return None


def _sign(line: str) -> str | None:
    return next((kind for kind, pattern in _SIGNS if pattern.search(line)), None)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "---"))
