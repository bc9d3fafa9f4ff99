"""A team's own code, and what it raises: one error of ours, which tells where it was, not what it said."""

import contextlib
import logging
import traceback
from collections.abc import Iterator

from errors import BridgeError, HandlerFailed
from imports import place_of

log = logging.getLogger("dingbridge.handler")


@contextlib.contextmanager
def own_code(what: str) -> Iterator[None]:
    """Run a team's own code. Raises HandlerFailed for whatever it raises, but for our own errors, which mean what they say."""
    try:
        yield
    except BridgeError:
        raise
    except (Exception, SystemExit) as bug:
        # Its text may hold what people wrote: the trace goes without it.
        log.debug("%s raised %s:\n%s", what, type(bug).__name__, "".join(traceback.format_tb(bug.__traceback__)))
        raise HandlerFailed(f"{what} raised {type(bug).__name__} at {place_of(bug)}") from None


def text_from(what: str, value: object) -> str:
    """Return what a team's own code gave, if it is a text; raises HandlerFailed, above all for a forgotten `return`."""
    if not isinstance(value, str):
        raise HandlerFailed(f"{what} returned {type(value).__name__}, no text")
    return value
