"""What can go wrong: everything that the sandbox's page has a switch for, and some things that only its faults can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.dingtalk.frames import BOT_TOPIC
from sandbox.switch_table import SWITCHES, Deed, Order

MomentaryDeed = Deed | Literal["kill", "stop redis", "kill redis"]

# After these a bot does without cards for five minutes. So each strikes one bot only, by its place among the bots.
LASTING: Final = {"no_permission": 1, "api_quota": 3}
# These do not strike those bots. A webhook is all that is left while no API call is taken. And whether a card shows its end
# cannot be known when DingTalk did it, the answer was lost, and from then on every call is refused.
NOT_WITH_LASTING: Final = frozenset({"push_quota", "expired_webhook", "card_answer_lost"})

_CARD_CALLS: Final = ("create_and_deliver", "update", "streaming")
_DROP, _LOST, _BUSY = {"drop": True}, {"drop": True, "late": True}, {"status": 503, "code": "ServiceUnavailable"}


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong by name: standing `orders` for a while, or a `deed` of a moment."""

    name: str
    orders: tuple[Order, ...] = ()
    deed: MomentaryDeed | None = None

    @property
    def is_of_the_ai(self) -> bool:
        """Whether it strikes the AI; of those one at a time is enough for a bot."""
        return any(order.point.startswith("dify.") for order in self.orders)


def _of_cards(params: Mapping[str, object]) -> tuple[Order, ...]:
    return tuple(Order("dingtalk.api", params, {"api": api}) for api in _CARD_CALLS)


_OURS: Final = ("dingtalk.", "dify.")  # the bots here ask Dify; what a switch does to other AIs is nothing to them
FROM_THE_PAGE: Final = tuple(
    Trouble(switch.name, tuple(order for order in switch.orders if order.point.startswith(_OURS)), switch.deed)
    for switch in SWITCHES
)
BEYOND_THE_PAGE: Final = (
    Trouble("frame_lost", (Order("dingtalk.stream", _DROP, {"topic": BOT_TOPIC}),)),
    Trouble("card_undelivered", (Order("dingtalk.deliver", {"errorMsg": "sandbox fault"}),)),
    Trouble("card_call_dropped", _of_cards(_DROP)),
    Trouble("card_answer_lost", _of_cards(_LOST)),
    Trouble("card_call_503", _of_cards(_BUSY)),
    Trouble("ai_dropped", (Order("dify.http", _DROP),)),
    Trouble("ai_reset", (Order("dify.stream", {"rst": True}),)),
    Trouble("ai_merged", (Order("dify.stream", {"merge": True}),)),
    Trouble("ai_strange", (Order("dify.stream", {"strange": True}),)),
)
KILL: Final = Trouble("kill_9", deed="kill")
REDIS: Final = (Trouble("redis_paused", deed="stop redis"), Trouble("redis_killed", deed="kill redis"))


def troubles(*, kills: bool, redis: bool, lasting: bool) -> tuple[Trouble, ...]:
    """Return all that apply: a kill only with a store that outlives one, lasting ones where the run is long enough."""
    standing = (each for each in (*FROM_THE_PAGE, *BEYOND_THE_PAGE) if lasting or each.name not in LASTING)
    return (*standing, *((KILL,) if kills else ()), *(REDIS if redis else ()))
