"""One state, told by light, sound and screen alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firmware.lights import Lights
from firmware.signals import Signal
from kiosk.checkin import Decision, Outcome
from kiosk.ledger import Entry
from kiosk.screen.card import Card
from kiosk.service import Reason

_SIGNALS: Mapping[Outcome, Signal] = {
    Outcome.IDLE: Signal.IDLE,
    Outcome.SEEN: Signal.SEEN,
    Outcome.ADJUST: Signal.ADJUST,
    Outcome.ALREADY: Signal.ALREADY,
    Outcome.NOT_RECOGNISED: Signal.NOT_RECOGNISED,
    Outcome.SEE_OFFICER: Signal.SEE_OFFICER,
    Outcome.PIN_WRONG: Signal.NOT_RECOGNISED,
    Outcome.PIN_LOCKED: Signal.SEE_OFFICER,
}
_REASONS = {Outcome.PIN_WRONG: "pin-wrong", Outcome.PIN_LOCKED: "pin-locked"}
"""The same lights as for a face that does not count; the words tell the two apart."""


class Presenter:
    """Lights hear of a state once, when it begins or is announced anew; the screen hears of it with every frame."""

    def __init__(self, lights: Lights, show: Callable[[Card], None]) -> None:
        self._lights = lights
        self._show = show
        self._shown: Card | None = None
        self._named: Card | None = None
        self._notice: Signal | None = None

    def notice(self, signal: Signal | None) -> None:
        """What the agent asks to be shown while nobody is served; None for nothing. People go before."""
        self._notice = signal

    def out_of_service(self, reason: Reason) -> None:
        """Nobody can check in, and why."""
        self._named = None
        out = Card(Signal.OUT_OF_SERVICE, reason=reason.value)
        self._present(out if self._notice is None else Card(self._notice), False)

    def named(self, outcome: Outcome, name: str, entry: Entry | None, online: bool) -> None:
        """A person is told that they are recorded, or were a moment ago. `entry`: the record on disk."""
        recorded = Signal.RECORDED if online else Signal.RECORDED_OFFLINE
        signal = recorded if outcome is Outcome.RECORDED else Signal.ALREADY
        at, identity = (entry.at, str(entry)) if entry is not None else (None, None)
        self._named = Card(signal, name=name, at=at, entry=identity)
        self._present(self._named, True)

    def tell(self, decision: Decision) -> None:
        """Everything that is not the beginning of a name: what stands goes on standing."""
        signal = _SIGNALS.get(decision.outcome)
        standing = decision.outcome in (Outcome.RECORDED, Outcome.ALREADY)
        if standing and self._named is not None:
            self._present(self._named, False)
        elif signal is Signal.IDLE and self._notice is not None:
            self._present(Card(self._notice), False)
        elif signal is not None and not standing:
            self._present(Card(signal, hint=decision.hint, reason=_REASONS.get(decision.outcome)), decision.new)

    def _present(self, card: Card, new: bool) -> None:
        if new or self._shown is None or self._shown.signal is not card.signal:
            self._lights.show(card.signal)
        self._shown = card
        self._show(card)
