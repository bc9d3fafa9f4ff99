"""How an agent's work ends: well, given up, or with an error of which its kind and place are told, never its text."""

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

from backends.python.pieces import NoPiece
from backends.python.question import AgentQuestion
from backends.python.shapes import Agent, Say
from errors import Unloadable
from problems import sentence

_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OURS = str(Path(__file__).parent)


class GivenUp(BaseException):
    """Raised inside an agent when nobody waits for its answer any more.

    No Exception, so that an agent which goes on after errors does not go on after this.
    """


@dataclass(frozen=True)
class Failure:
    """What an admin is told: `detail` is one line, `trace` the calls that led there; neither holds anybody's words."""

    detail: str
    trace: str = ""


def attempt(agent: Agent, question: AgentQuestion | None, say: Say) -> Failure | None:
    """Let the agent answer and return how it failed, if it did. Raises nothing, whatever the agent raises."""
    try:
        agent(question, say)
    except GivenUp:
        return None
    except Unloadable as error:
        return Failure(sentence(error.reason, "en", **error.values))
    except BaseException as error:  # an agent may call sys.exit() too: that ends its answer, not the bridge
        return _failure(error)
    return None


def _failure(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith((_OURS, "<"))]
    own = [frame for frame in theirs if not frame.filename.startswith(_LIBRARIES)]
    what = str(error) if isinstance(error, NoPiece) else type(error).__name__
    innermost = (own or theirs)[-1:]
    place = f" at {_short(innermost[0].filename)}:{innermost[0].lineno}" if innermost else ""
    return Failure(what + place, "".join(traceback.format_list(frames)))


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
