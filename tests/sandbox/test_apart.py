"""The kinds of AI in the sandbox: each stands for itself on what they share."""

import ast
from pathlib import Path

import pytest

SANDBOX = Path(__file__).resolve().parent.parent.parent / "sandbox"
PLATFORMS = ("dingtalk", "dify", "openai", "codebuddy")


@pytest.mark.parametrize("name", [*PLATFORMS, "scripted"])
def test_no_platform_imports_from_another(name: str) -> None:
    """What two of them need lies above both; what they say is scripted for all of them."""
    others = {f"sandbox.{each}" for each in PLATFORMS if each != name}
    imported = [
        (path.name, node.module or "")
        for path in sorted((SANDBOX / name).glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]
    assert imported
    assert not [each for each in imported if ".".join(each[1].split(".")[:2]) in others]
