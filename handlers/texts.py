"""Every sentence that a user can read in DingTalk, and every fix that an admin reads in the log, in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from errors import BackendError, BridgeError, PermissionMissing
from handlers.sentences import SENTENCES
from handlers.troubles import FOR_ADMINS, FOR_USERS

Language = Literal["zh", "en"]

_MOST_TITLES = 5
_TITLE_CHARACTERS = 60


@dataclass(frozen=True)
class Texts:
    """The sentences of one language."""

    language: Language = "zh"
    own: Mapping[str, str] = field(default_factory=dict)  # a team's own words, by the names in sentences.py

    def say(self, name: str, **values: object) -> str:
        """Return the sentence of that name, its values filled in."""
        return (self.own.get(name) or SENTENCES[name][self.language]).format(**values)

    def citations(self, titles: Sequence[str]) -> str:
        """Return the line that names the documents an answer rests on."""
        left, right = ("《", "》") if self.language == "zh" else ("“", "”")
        named = [f"{left}{' '.join(title.split())[:_TITLE_CHARACTERS]}{right}" for title in titles[:_MOST_TITLES]]
        return self.say("citations", titles=" ".join(named))

    def error(self, error: BaseException) -> str:
        """Return what the person who asked is told about an error; never a detail of it."""
        return _of_class(error, FOR_USERS)[self.language]

    def fix(self, error: BaseException) -> str:
        """Return what the admin can do about it; of some errors that depends on which AI raised it."""
        ai = error.ai if isinstance(error, BackendError) else ""
        fix = _of_class(error, FOR_ADMINS, ai)[self.language]
        if isinstance(error, PermissionMissing):
            return fix.format(scopes=", ".join(error.scopes) or "?", url=error.apply_url or "open-dev.dingtalk.com")
        return fix


def _of_class(error: BaseException, sentences: Mapping[str, Mapping[str, str]], ai: str = "") -> Mapping[str, str]:
    for kind in type(error).__mro__:
        for name in (f"{ai}.{kind.__name__}", kind.__name__):
            if name in sentences:
                return sentences[name]
    return sentences[BridgeError.__name__]
