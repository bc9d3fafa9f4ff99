"""Reads a YAML file as its author meant it: text stays text, and every value knows its line.

YAML 1.1 reads `0123` as 83, `1e5` as a number and `yes` as true; an id or a secret must come through as it is written.
So scalars are kept as text, except below the keys named in `typed`, where a number or true/false is meant.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


class BrokenYaml(ValueError):
    """The text is no YAML. `line` (from 1) and `kind` tell where and how; never what stands there: it may be a secret."""

    def __init__(self, line: int, kind: str) -> None:
        super().__init__(f"line {line}: {kind}")
        self.line, self.kind = line, kind


@dataclass(frozen=True)
class YamlFile:
    """The content as plain dicts, lists and text; `lines` by path; `repeated` are keys written twice in one place."""

    content: Any
    lines: dict[Path, int] = field(default_factory=dict)
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
        reader = _Reader(typed)
        content = None if node is None else reader.read(node, (), typed=False)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BrokenYaml(line, _kind(text, line, error)) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BrokenYaml(1, "other") from None
    return YamlFile(content, reader.lines, tuple(reader.repeated))


class _Reader:
    def __init__(self, typed: Collection[str]) -> None:
        self._typed = typed
        self._resolver = yaml.SafeLoader("")
        self.lines: dict[Path, int] = {}
        self.repeated: list[Path] = []

    def read(self, node: yaml.Node, path: Path, *, typed: bool) -> Any:
        """Return the node's value and note its line."""
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index), typed=typed) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, typed=typed)
        if node.tag == "tag:yaml.org,2002:null":
            return None
        return self._resolver.construct_object(node, deep=True) if typed else node.value

    def _mapping(self, node: yaml.MappingNode, path: Path, *, typed: bool) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in mapping:
                self.repeated.append((*path, key))
            mapping[key] = self.read(value_node, (*path, key), typed=typed or key in self._typed)
            self.lines[*path, key] = key_node.start_mark.line + 1
        return mapping


def _kind(text: str, line: int, error: yaml.MarkedYAMLError) -> str:
    lines = text.split("\n")
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in str(error.problem):
        return "tab"
    if "mapping values are not allowed" in str(error.problem):
        return "colon"
    return "other"
