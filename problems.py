"""What the command line says to an admin, in Chinese and English: above all what is wrong, and what to do about it."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from problem_sentences import SENTENCES

Language = Literal["zh", "en"]


def sentence(name: str, language: Language, /, **values: object) -> str:
    """Return the sentence of that name with its values filled in."""
    return SENTENCES[name][language].format(**values)


def where(file: str, line: int, language: Language) -> str:
    """Return the place of a problem: the file and its line."""
    return f"{file} 第 {line} 行" if language == "zh" else f"{file} line {line}"


def explain(error: Mapping[str, Any], language: Language) -> str:
    """Return our own sentence for one of pydantic's errors; its own message may quote a secret."""
    kind, context = str(error["type"]), dict(error.get("ctx", {}))
    if kind == "literal_error":
        context["choices"] = " | ".join(re.findall(r"'([^']+)'", context["expected"]))
    name = _PYDANTIC.get(kind, kind)
    return sentence(name if name in SENTENCES else "wrong", language, **context)


# pydantic's error types; those that our own validators raise are named like their sentences.
_PYDANTIC = {
    "string_type": "not_text",
    "int_parsing": "not_whole_number",
    "int_parsing_size": "not_whole_number",
    "int_type": "not_whole_number",
    "int_from_float": "not_whole_number",
    "float_parsing": "not_number",
    "float_type": "not_number",
    "finite_number": "not_number",
    "greater_than_equal": "too_small",
    "greater_than": "not_above",
    "less_than_equal": "too_large",
    "literal_error": "not_one_of",
    "bool_parsing": "not_bool",
    "bool_type": "not_bool",
    "dict_type": "not_a_mapping",
    "tuple_type": "not_a_list",
}
