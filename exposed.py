"""Finds the files of secrets that everybody on this machine can read: a thing to say, never a reason not to run."""

import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import SecretStr

from errors import Problem
from problems import Language, sentence
from settings import BotSettings


def doubts(files: Iterable[Path], bots: Iterable[BotSettings], language: Language) -> Iterator[Problem]:
    """Give a problem for each of these files that others can read and that holds a secret of these bots."""
    secrets = _secrets(bots)
    for file in files:
        if is_open(file) and any(secret in file.read_bytes() for secret in secrets):
            yield Problem(str(file), "", sentence("readable_by_all", language), f"chmod 600 {shlex.quote(str(file))}")


def is_open(file: Path) -> bool:
    """Whether everybody can read the file and whoever runs this can change that; false where there are no POSIX modes.

    A folder that is closed to others closes all that is in it. A container's user does not own what is mounted into it: those
    modes are the host's business.
    """
    if not hasattr(os, "geteuid"):
        return False
    try:
        found, folders = file.stat(), [folder.stat() for folder in file.resolve().parents]
    except OSError:
        return False
    readable = found.st_mode & stat.S_IROTH and all(folder.st_mode & stat.S_IXOTH for folder in folders)
    return bool(readable) and os.geteuid() in {0, found.st_uid}


def _secrets(bots: Iterable[BotSettings]) -> set[bytes]:
    sections = [section for bot in bots for section in (bot.bot, bot.backend, bot.reply)]
    values = [getattr(section, name) for section in sections for name in type(section).model_fields]
    return {value.get_secret_value().encode() for value in values if isinstance(value, SecretStr)}
