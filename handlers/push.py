"""Takes what others want a bot to tell people and groups: alarms and reports, by HTTP with a token."""

import asyncio
import hmac
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

from errors import DingTalkError, QuotaUsedUp, Throttled
from handlers.delivery import HELD_BACK, SHUTTING_DOWN, TOO_LATE, UNANSWERED, UNKNOWN_PERSON, Delivery, Failures
from handlers.lately import Lately
from handlers.push_order import Order, WrongOrder, read
from handlers.texts import Texts
from ops.door import Answer, Door, Headers, Visit

log = logging.getLogger("dingbridge.push")

_AT_ONCE, _MOST_WAITING = 2, 8  # pushes of a bot
_DEADLINE_SECONDS = 60.0  # from a push's arrival; what is not sent then is reported as failed
_LAST_CALL_SECONDS = 12.0  # for calls in flight, once the pushes under way have been ended
_LAST_WORD_SECONDS = 1.0  # to report it, when they did not return
_COMPLAINT_SECONDS = 60.0  # for which a wrong token is not logged again
_AGAIN_SOON, _AGAIN_MUCH_LATER = "60", "3600"  # seconds after which trying again may help: too fast, used up
_SENTENCES = {
    UNKNOWN_PERSON: "push_unknown_person",
    HELD_BACK: "push_held_back",
    TOO_LATE: "push_too_late",
    UNANSWERED: "push_unanswered",
    SHUTTING_DOWN: "push_shutting_down",
    **dict.fromkeys(("invalid.openConversationId", "group.disbanded"), "push_unknown_group"),
}


class PushDoor:
    """Takes one bot's pushes. `stop`, then `close`: what is under way is finished, as far as there is time."""

    def __init__(
        self,
        name: str,
        token: str,
        delivery: Delivery,
        texts: Texts,
        *,
        seconds: float = _DEADLINE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._token, self._delivery, self._texts = name, token.encode(), delivery, texts
        self._seconds, self._clock = seconds, clock
        self._complaints = Lately(_COMPLAINT_SECONDS, 1)
        self._stopping = threading.Event()
        self._under_way: set[Future[Failures]] = set()  # and waiting
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="push")

    def doors(self) -> tuple[Door, ...]:
        """Return where pushes are brought, and say so in the log."""
        path = f"/push/{self.name}"
        log.info("bot=%s takes pushes over HTTP at %s", self.name, path)
        return (Door("POST", path, self._take, guard=self._guard),)

    def stop(self) -> None:
        """Take no more pushes; from any thread."""
        self._stopping.set()

    def close(self, seconds: float) -> None:
        """Give the pushes under way so many seconds, then report what is not sent as failed; no call is begun after this."""
        self.stop()
        _, left = wait_for(tuple(self._under_way), timeout=seconds)
        self._delivery.end(_LAST_CALL_SECONDS)
        wait_for(left, timeout=_LAST_CALL_SECONDS + _LAST_WORD_SECONDS)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._delivery.close()

    def _guard(self, headers: Headers) -> Answer | None:
        scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
        right = hmac.compare_digest(token.strip().encode(errors="surrogatepass"), self._token)
        if scheme.lower() != "bearer" or not right or not self._token:
            if self._complaints.meet("token", time.monotonic()):
                log.warning("bot=%s a push was refused, its token is wrong or missing", self.name)
            return Answer.json(401, {"error": self._texts.say("push_wrong_token")}, WWW_Authenticate="Bearer")
        return None

    async def _take(self, visit: Visit) -> Answer:
        try:
            order = read(visit.body)
        except WrongOrder as wrong:
            error = self._texts.say(wrong.sentence, key=wrong.key, **wrong.values)
            return Answer.json(400, {"error": error, "key": wrong.key})
        if self._stopping.is_set():
            return Answer.json(503, {"error": self._texts.say("push_shutting_down")}, Retry_After="5")
        if len(self._under_way) >= _AT_ONCE + _MOST_WAITING:
            return Answer.json(503, {"error": self._texts.say("push_crowded")}, Retry_After="5")
        push, begun = uuid.uuid4().hex[:8], self._clock()
        delivering = self._threads.submit(self._delivery.deliver, order, self._texts.say("push_unsent"), begun + self._seconds)
        self._under_way.add(delivering)
        delivering.add_done_callback(self._under_way.discard)
        failures = await asyncio.wrap_future(delivering)
        self._log(push, order, failures, self._clock() - begun)
        return self._answer(push, order, failures)

    def _answer(self, push: str, order: Order, failures: Failures) -> Answer:
        failed = [
            {
                "group" if target.is_group else "user": target.name,
                "reason": self._reason(error),
                "code": _code(error),
                **({"request_id": error.request_id} if error.request_id else {}),
            }
            for target, error in failures.items()
        ]
        sent = len(order.targets) - len(failed)
        body = {"push": push, "sent": sent, "failed": failed}
        if sent:
            return Answer.json(207 if failed else 200, body)
        if all(isinstance(error, Throttled | QuotaUsedUp) for error in failures.values()):
            used_up = any(isinstance(error, QuotaUsedUp) for error in failures.values())
            return Answer.json(429, body, Retry_After=_AGAIN_MUCH_LATER if used_up else _AGAIN_SOON)
        return Answer.json(502, body)

    def _reason(self, error: DingTalkError) -> str:
        sentence = _SENTENCES.get(error.code) or ("push_throttled" if isinstance(error, Throttled) else "")
        if type(error) is DingTalkError and not error.request_id:
            sentence = sentence or "push_refused"  # the usual fix speaks of the request_id
        return self._texts.say(sentence) if sentence else self._texts.fix(error)

    def _log(self, push: str, order: Order, failures: Failures, seconds: float) -> None:
        """Write one line; of what was pushed only how it went."""
        codes = Counter(map(_code, failures.values()))
        why = ", ".join(f"{code}: {number}" for code, number in sorted(codes.items())) or "-"
        sent = len(order.targets) - len(failures)
        level = logging.WARNING if failures else logging.INFO
        log.log(level, "bot=%s push=%s sent=%d failed=%d (%s) in %.1f s", self.name, push, sent, len(failures), why, seconds)


def _code(error: DingTalkError) -> str:
    return error.code or type(error).__name__
