"""The steps of a card's life: what is behind it, which call comes next and how urgent that is, and how it is to end."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from handlers.pacer import MIDDLE


class Phase(IntEnum):
    """What is behind a card. A template whose states follow the streaming has no CREATED and no FINALIZED."""

    NEW = 0
    CREATED = 1
    OPENED = 2
    FINALIZED = 3
    ENDED = 4


class Step(Enum):
    """A call of a card's life; its value is the API, of which DingTalk counts each apart."""

    CREATE = "create"
    OPEN = "update"
    STREAM = "streaming"
    FINALIZE = "streaming to the end"
    FINISH = "update to the end"

    @property
    def api(self) -> str:
        """Return the API that the call uses."""
        return self.value.split()[0]


URGENCY = {Step.FINALIZE: 0, Step.FINISH: 0, Step.CREATE: 1, Step.OPEN: 2, Step.STREAM: MIDDLE}


@dataclass(frozen=True)
class Closing:
    """How a card is to end; `guid` names the call that ends its typing, over all tries."""

    text: str
    failed: bool
    since: float
    guid: str
    shortened: bool = False
