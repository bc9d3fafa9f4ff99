"""One AI card's life: which call is next, when it is worth making, and what follows from DingTalk's answer."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from errors import (
    CardRefused,
    CredentialRefused,
    DingTalkError,
    DingTalkUnreachable,
    PermissionMissing,
    QuotaUsedUp,
    TextTooLong,
    Throttled,
)
from handlers.card_calls import CardCalls
from handlers.card_steps import URGENCY, Closing, Phase, Step
from handlers.message import Incoming
from handlers.pacing import Pace
from handlers.templates import Template

_SAFE_CHARACTERS = 800  # of a text that DingTalk refused, when nothing of it was shown before
# Refusals that repeating does not help; what else DingTalk says may be of the moment and is tried a few times.
_FOR_GOOD = (CardRefused, CredentialRefused, PermissionMissing, QuotaUsedUp, TextTooLong)
_NOT_THERE = frozenset({"param.cardNotExist", "param.stream.outTrackId"})  # there is no such card
_FORBIDDEN = (PermissionMissing, QuotaUsedUp)  # until somebody grants it, or the month is over
_ODD_REFUSALS = 3


class LiveCard:
    """A card that the pacer calls for. Writers say what it should show; `settled` tells when there is nothing to wait for.

    Then `error` says why the answer has to go another way: the card could not be made, or not be closed (it is tried on,
    slowly, so that no spinner stays). Everything but `settled` is guarded by the lock; calls are made outside of it.

    It is made for the message `incoming`; without one it exists already, perhaps `opened`, and has only to be ended. `on_end`
    is called once it needs no more calls and its reader has the end, by the card (before `settled` says so) or, as `replaced`
    tells, another way; it may be called again. `on_unmade` is called when there is no card, and will be none. `may_call` says
    whether nobody else can have taken the card over.
    """

    # For how long a call that DingTalk cannot take now is tried before the answer goes another way; seconds.
    CREATE_PATIENCE = 30.0
    END_PATIENCE = 60.0
    AWAY_PAUSE = 0.2  # until `may_call` is asked again
    # How a card that could not be closed is tried on.
    SPINNER_PAUSE, FORBIDDEN_PAUSE, SPINNER_PATIENCE = 30.0, 60.0, 3600.0

    def __init__(
        self,
        calls: CardCalls,
        pace: Pace,
        incoming: Incoming | None,
        *,
        opened: bool = False,
        on_end: Callable[[], None] = lambda: None,
        on_unmade: Callable[[], object] = lambda: None,
        may_call: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls, self._pace, self._incoming, self._clock = calls, pace, incoming, clock
        self._on_end, self._on_unmade, self._may_call = on_end, on_unmade, may_call
        self._two_states = calls.template.flow == "flow_status"
        self._lock = threading.Lock()
        self._phase = Phase.NEW if incoming else Phase.OPENED if opened else self._first_phase
        self._text = self._shown = ""  # what it should show, and what DingTalk has
        self._is_status = False  # whether that is no text of the answer yet
        self._closing: Closing | None = None
        self._mute: DingTalkError | None = None  # middle frames are refused: only the end is left
        self._first_shown_at: float | None = None
        self._last_shown_at, self._updates = 0.0, 0
        self._begun = clock()
        self._retry_at, self._tries, self._odd = 0.0, 0, 0
        self._unsure = False  # whether a beginning or an end whose answer was lost may have taken effect
        self._complete = False  # whether it shows its end, as far as it can
        self._replaced = self._abandoned = False
        self._unmade = False  # whether that is still to be told
        self.error: DingTalkError | None = None
        self.made = 0  # calls
        self.settled = threading.Event()

    @property
    def refusal(self) -> DingTalkError | None:
        """What DingTalk refused of this card, for the admin; the answer may have been shown all the same."""
        with self._lock:
            return self.error or self._mute

    @property
    def out_track_id(self) -> str:
        """Our name for the card."""
        return self._calls.out_track_id

    @property
    def template(self) -> Template:
        """What it is made of."""
        return self._calls.template

    def show(self, text: str, *, is_status: bool = False) -> bool:
        """Set the text so far; return whether the pacer has to be told (it knows already of an earlier change).

        A status stands there until there is a text, whose beginning then does not wait for the status's pace.
        """
        with self._lock:
            begins, known = self._is_status and not is_status, self._growing()
            if begins:
                self._first_shown_at = None
            self._text, self._is_status = text, is_status
            return self._growing() and (begins or not known) and not self._closing

    def close(self, text: str, *, failed: bool) -> None:
        """Set the text to end with; only the first call counts."""
        with self._lock:
            if self._closing is None:
                self._closing = Closing(text, failed, since=self._clock(), guid=uuid.uuid4().hex)
                if self.error:
                    self._shorten(self._closing)  # the answer goes another way
                if self._phase is not Phase.NEW:
                    self._tries, self._odd, self._unsure, self._retry_at = 0, 0, False, 0.0

    def hand_over(self) -> None:
        """Nobody waits any longer: `error` is set, unless the card shows the answer after all."""
        with self._lock:
            self._give_up(DingTalkUnreachable("too many calls wait for DingTalk"))
            if self._phase is Phase.NEW:
                self._leave_unmade()
        self._look_for_end()

    def abandon(self) -> None:
        """Somebody else ends it: no call is made for it any more."""
        with self._lock:
            self._abandoned = True
            self.settled.set()

    def replaced(self) -> None:
        """What it could not show has reached its reader another way."""
        with self._lock:
            self._replaced = True
        self._look_for_end()

    def give_up(self) -> None:
        """A call failed in a way that nobody foresaw: the answer goes another way."""
        with self._lock:
            self._give_up(DingTalkUnreachable("a call of the card failed, see above"))
            self._phase = Phase.ENDED
        self._look_for_end()

    @property
    def priority(self) -> int:
        """Who goes first among those that are due: an end frees a spinner, a middle frame is soon outdated."""
        with self._lock:
            step = self._next()
            if self.settled.is_set():
                return max(URGENCY.values()) + 1  # nobody waits for it
            if step is Step.STREAM and self._first_shown_at is None:
                step = Step.OPEN  # an own template's first text
            return URGENCY[step] if step else max(URGENCY.values())

    @property
    def api(self) -> str:
        """Which API the next call uses."""
        with self._lock:
            step = self._next()
            return step.api if step else ""

    def due(self) -> float | None:
        """Return when the next call is worth making, or None."""
        with self._lock:
            step = self._next()
            if step is None:
                return None
            if step is Step.STREAM or (step is Step.OPEN and not self._closing):
                worth_it = self._pace.next_update(self._first_shown_at, self._last_shown_at, self._updates)
                return None if worth_it is None else max(self._retry_at, worth_it)
            return self._retry_at

    def call(self) -> bool:
        """Make the next call; return False when it was one too many for DingTalk in this second."""
        if not self._may_call():
            with self._lock:
                self._retry_at = self._clock() + self.AWAY_PAUSE
            return True
        taken = self._call()
        self._look_for_end()
        return taken

    def _look_for_end(self) -> None:
        with self._lock:
            ended, complete, replaced = self._phase is Phase.ENDED, self._complete, self._replaced
            unmade, self._unmade = self._unmade, False
        if unmade:
            self._on_unmade()
        if ended and (replaced or (complete and not self.error)):
            self._on_end()
        if complete:
            self.settled.set()

    def _call(self) -> bool:
        with self._lock:
            step, text, closing = self._next(), self._text, self._closing
            self.made += 1
        if step is None:
            return True
        try:
            self._make(step, text, closing)
        except (Throttled, DingTalkUnreachable) as error:
            with self._lock:
                self._try_again(step, error)
            return not isinstance(error, Throttled)
        except DingTalkError as error:
            with self._lock:
                self._refused(step, error)
        else:
            with self._lock:
                self._succeeded(step, closing.text if closing and step is not Step.CREATE else text)
        return True

    @property
    def _first_phase(self) -> Phase:
        """What is behind a card that was made and shows nothing yet."""
        return Phase.CREATED if self._two_states else Phase.OPENED

    def _next(self) -> Step | None:
        if self._abandoned:
            return None
        match self._phase:
            case Phase.NEW:
                return Step.CREATE
            case Phase.CREATED | Phase.OPENED if self._closing and self._by_variables_alone():
                return Step.FINISH
            case Phase.CREATED:
                return Step.OPEN if self._closing or self._growing() else None
            case Phase.OPENED if self._closing:
                return Step.FINALIZE
            case Phase.OPENED:
                return Step.STREAM if self._growing() else None
            case Phase.FINALIZED:
                return Step.FINISH
            case _:
                return None

    def _growing(self) -> bool:
        """Whether there is more to show; DingTalk refuses an empty text."""
        blank = not self._text or self._text.isspace()
        return not blank and self._text != self._shown and not self._mute and not self.error

    def _by_variables_alone(self) -> bool:
        """Whether the app may not stream, but a public card can be ended by setting its variables."""
        return self._two_states and isinstance(self._mute, PermissionMissing)

    def _make(self, step: Step, text: str, closing: Closing | None) -> None:
        last = closing.text if closing else text
        match step:
            case Step.CREATE if self._incoming:
                self._calls.create(self._incoming)
            case Step.OPEN:
                self._calls.open(last)
            case Step.STREAM:
                self._calls.stream(text)
            case Step.FINALIZE if closing:
                self._calls.finalize(last, failed=closing.failed and not self._two_states, guid=closing.guid)
            case Step.FINISH if closing:
                self._calls.finish(last, failed=closing.failed)

    def _succeeded(self, step: Step, text: str) -> None:
        self._tries, self._odd, self._retry_at, self._unsure = 0, 0, 0.0, False
        match step:
            case Step.CREATE:
                self._phase = self._first_phase
            case Step.OPEN | Step.STREAM:
                self._phase = Phase.OPENED
                self._last_shown_at = self._clock()
                self._updates += 1
                if self._first_shown_at is None:
                    self._first_shown_at = self._last_shown_at
                self._shown = text if step is Step.STREAM or self._calls.fits_variable(text) else ""
            case Step.FINALIZE if self._two_states:
                self._phase = Phase.FINALIZED
            case _:
                self._phase = Phase.ENDED
                self._settle()

    def _settle(self) -> None:
        """The card shows its end; whether that is the whole answer is what `error` tells."""
        closing, mute = self._closing, self._mute
        whole = closing is not None and not closing.shortened
        if closing and self._by_variables_alone() and not self._calls.fits_variable(closing.text):
            whole = False  # it was left out
        if not whole:
            self.error = self.error or mute
        self._complete = True

    def _try_again(self, step: Step, error: DingTalkError) -> None:
        """Wait a growing, jittered while; a middle frame is simply overtaken, a beginning or an end is tried on."""
        self._tries += 1
        self._unsure = self._unsure or (step in {Step.CREATE, Step.FINALIZE} and isinstance(error, DingTalkUnreachable))
        now = self._clock()
        wait = min(8.0, 2.0 ** (self._tries - 1)) * random.uniform(1.0, 1.5)  # noqa: S311 - jitter, no secret
        if self.settled.is_set():
            wait = self.SPINNER_PAUSE
        self._retry_at = now + wait
        if step is Step.CREATE and self._retry_at - self._begun > self.CREATE_PATIENCE:
            self._give_up(error)
            self._leave_unmade()
        elif self._closing and self._retry_at - self._closing.since > self.END_PATIENCE:
            self._give_up(error)
            if self._retry_at - self._closing.since > self.SPINNER_PATIENCE:
                self._phase = Phase.ENDED

    def _refused(self, step: Step, error: DingTalkError) -> None:
        """DingTalk says no to this call; what can be done about it depends on which call it was."""
        closing, lost = self._closing, self._unsure
        if not isinstance(error, _FOR_GOOD) and self._odd < _ODD_REFUSALS:
            self._odd += 1
            self._try_again(step, error)
        elif step is Step.CREATE:
            if isinstance(error, CardRefused) and error.code == "param.cardAlreadyExist":
                self._succeeded(step, "")  # the answer to an earlier try was lost, the card was not
                return
            self._give_up(error)
            self._leave_unmade()
        elif error.code in _NOT_THERE:
            self._give_up(error)
            self._phase = Phase.ENDED
        elif closing is None or step is Step.STREAM:
            self._mute = self._mute or error  # the end is tried with the whole text all the same
        elif step is Step.FINALIZE and lost and not self._mute and type(error) in (CardRefused, DingTalkError):
            self._succeeded(step, closing.text)  # an earlier try took effect: what is over cannot be ended again
        elif step is Step.FINALIZE and closing.failed and not self._two_states:
            self._closing = replace(closing, failed=False)  # an own template may lack the failed state
        elif not closing.shortened and not (self._two_states and isinstance(error, PermissionMissing)):
            self._mute = self._mute or error
            self._shorten(closing)
        elif isinstance(error, PermissionMissing) and not isinstance(self._mute, PermissionMissing):
            self._mute = error
        elif isinstance(error, _FORBIDDEN) and self._clock() - closing.since < self.SPINNER_PATIENCE:
            self._give_up(error)
            self._mute, self._retry_at = None, self._clock() + self.FORBIDDEN_PAUSE  # somebody may grant it
        else:
            self._give_up(error)
            # The other API may still take the spinner away.
            self._phase = Phase.FINALIZED if self._two_states and step is not Step.FINISH else Phase.ENDED

    def _leave_unmade(self) -> None:
        """No beginning has worked: there is nothing to end, unless one has whose answer was lost."""
        self._phase = self._first_phase if self._unsure else Phase.ENDED
        self._unmade = not self._unsure
        self._unsure, self._retry_at = False, 0.0

    def _shorten(self, closing: Closing) -> None:
        """End with as much as DingTalk took before (if that was of the answer), and a word on where the rest is."""
        shown = self._shown.rstrip()
        head = self._shown if shown and closing.text.startswith(shown) else closing.text[:_SAFE_CHARACTERS]
        text = f"{head}\n\n{self._calls.labels.continued}"
        self._closing = replace(closing, text=text, shortened=True, guid=uuid.uuid4().hex)

    def _give_up(self, error: DingTalkError) -> None:
        """Let the answer go another way; a card that exists is tried on with a short text, slowly."""
        if not self.settled.is_set() and not self._complete:
            self.error = error
            if self._closing and not self._closing.shortened:
                self._shorten(self._closing)
            self.settled.set()
