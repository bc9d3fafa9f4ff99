"""What the settings of every kind of AI answer, and the keys that several of them share."""

import os.path
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

_YEAR = 525_600  # minutes


@runtime_checkable
class AiSettings(Protocol):
    """The settings of any kind of AI."""

    @property
    def session_timeout(self) -> float | None:
        """After how many minutes without a question a conversation begins anew; None where all bots of the kind share that."""

    @property
    def pictures(self) -> Path | None:
        """The folder below which answers may name pictures of this machine; None when they may name none."""


class RememberedSettings(BaseModel):
    """The keys of an AI whose conversations the bridge keeps, and whose pictures may lie on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    session_timeout: Annotated[float, Field(ge=0, le=_YEAR)] = 30
    media_root: str = "media"

    @property
    def is_here(self) -> bool:
        """Whether the AI runs on this machine."""
        return True

    @property
    def pictures(self) -> Path | None:
        """The folder of its pictures. An AI elsewhere has none, unless `media_root` is written: then the machines share it."""
        if not self.media_root or not (self.is_here or "media_root" in self.model_fields_set):
            return None
        return Path(os.path.expanduser(self.media_root)).absolute()  # noqa: PTH111  Path's fails where there is no such user


def is_here(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
