"""Every sentence that people read can be said, in both languages, and says the same in both."""

import string

import pytest

from handlers.sentences import SENTENCES as SAID
from handlers.troubles import FOR_ADMINS as FIXES
from problem_sentences import SENTENCES as PROBLEMS

SENTENCES = {**PROBLEMS, **SAID}


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("name", [*SENTENCES, *FIXES])
def test_a_sentence_takes_the_same_values_in_both_languages(name: str) -> None:
    """No stray brace, no value that one language has and the other lacks."""
    sentence = SENTENCES.get(name) or FIXES[name]
    assert set(sentence) == {"zh", "en"}
    assert _names(sentence["zh"]) == _names(sentence["en"])
    assert all(not value or value.isidentifier() for value in _names(sentence["zh"]))
    assert all(sentence[language].format(**dict.fromkeys(_names(sentence[language]), 1)) for language in ("zh", "en"))
