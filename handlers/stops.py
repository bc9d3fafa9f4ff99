"""Stops answers, in whichever process they grow: for the command, and for the button on a card."""

from handlers.aside import Aside
from handlers.gate import Gate
from stores.base import ConversationKey, Signal, Signals, Turns


class Stops:
    """What ends the turns of one bot from outside. Nothing here waits for an answer's end; the AI is told `aside`."""

    def __init__(self, gate: Gate, turns: Turns, signals: Signals, aside: Aside) -> None:
        self._gate, self._lines, self._signals, self._aside = gate, turns, signals, aside

    def stop(self, key: ConversationKey, *, user: str = "", message_id: str = "") -> bool:
        """Stop what `user` asked for in a conversation, or one message's answer; return whether there was something."""
        signal = Signal("stop", key, user, message_id)
        if message_id and self.stop_here(signal):
            return True
        elsewhere = self._lines.elsewhere(key)
        if elsewhere:  # before it is stopped here: that lets the next one begin, wherever it is
            self._signals.send(signal)
        return self.stop_here(signal) or elsewhere

    def stop_here(self, signal: Signal) -> bool:
        """Stop the turns of this process that the signal means; return whether there were any."""
        meant = [
            turn
            for turn in self._gate.turns(signal.key)
            if turn.incoming.user == signal.user or turn.incoming.message_id == signal.message_id
        ]
        for turn in reversed(meant):  # those that wait first, or the next would begin as this one ends
            turn.stop()
            turn.keep()  # before the next one goes on with it
            self._gate.release(turn)
            self._aside.run(turn.silence_backend)  # a call, so not here
        return bool(meant)
