"""Notices another process on this machine that runs the same DingTalk apps: DingTalk would spread messages over both."""

import hashlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # not on Windows: nobody is noticed there
    fcntl = None  # type: ignore[assignment]


class Claims:
    """The apps that this process runs, claimed by locks on files of the temporary folder; the system frees them at its end."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._files: list[IO[bytes]] = []

    def claim(self, apps: Collection[str]) -> list[str]:
        """Claim apps by their names; return those that another process has claimed, as far as that can be told."""
        return [app for app in apps if fcntl and not self._lock(app)]

    def close(self) -> None:
        """Give all of them back."""
        for file in self._files:
            file.close()
        self._files.clear()

    def _lock(self, app: str) -> bool:
        name = hashlib.sha256(app.encode(errors="replace")).hexdigest()[:16]
        try:
            # A link that somebody else put there is not followed, and nothing is written to the file.
            file = os.fdopen(os.open(self._folder / f"dingbridge-{name}.lock", _FLAGS, 0o666), "rb")
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._files.append(file)
        return True


_FLAGS = os.O_RDONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
