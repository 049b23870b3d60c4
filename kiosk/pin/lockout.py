"""How long whoever guesses must wait. Pure: no clock, no disk.

Two fences. One for each number: after a few wrong PINs in a row it must wait, each time twice as long, and only its right PIN or a
quiet day opens it. One for the kiosk, whatever numbers are tried: a burst of wrong ones, then one every few minutes; a right PIN
does not open it, or somebody with a PIN of their own could guess at others without end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """`free`: wrong PINs in a row of one number before it waits; then `first_s`, doubling up to `longest_s`. A number that was
    quiet for `forget_s` begins anew. `burst`: wrong ones at one kiosk at once; after them one every `refill_s`."""

    free: int = 3
    first_s: int = 60
    longest_s: int = 3600
    forget_s: int = 24 * 3600
    burst: int = 10
    refill_s: int = 180


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong PINs in a row of one number, and the moment of the last."""

    in_row: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Lockout:
    """What is remembered. `whose`: by person, or by number where it is nobody's; `full_ns`: when the kiosk's burst would be whole
    again (the generic cell rate algorithm's theoretical arrival time, ITU-T I.371)."""

    whose: Mapping[str, Tries] = field(default_factory=dict)
    full_ns: int = 0


def wait_ns(limits: Limits, state: Lockout, who: str, now_ns: int) -> int:
    """How long `who` must still wait before a PIN is looked at; 0 for not at all."""
    return max(0, _person_until(limits, state, who) - now_ns, _kiosk_until(limits, state) - now_ns)


def failed(limits: Limits, state: Lockout, who: str, now_ns: int) -> Lockout:
    """The state after a wrong PIN. Numbers that were quiet for long are forgotten: the state stays small."""
    kept = {each: tries for each, tries in state.whose.items() if now_ns - tries.last_ns < limits.forget_s * SECOND_NS}
    before = kept.get(who, Tries(0, now_ns))
    kept[who] = Tries(before.in_row + 1, max(before.last_ns, now_ns))
    return Lockout(kept, max(state.full_ns, now_ns) + limits.refill_s * SECOND_NS)


def passed(state: Lockout, who: str) -> Lockout:
    """The state after a right PIN: of that number nothing is held against anybody, of the kiosk all still is."""
    return replace(state, whose={each: tries for each, tries in state.whose.items() if each != who})


def in_row(state: Lockout, who: str) -> int:
    """How many wrong PINs in a row."""
    return state.whose[who].in_row if who in state.whose else 0


def _person_until(limits: Limits, state: Lockout, who: str) -> int:
    tries = state.whose.get(who)
    if tries is None or tries.in_row < limits.free:
        return 0
    doublings = min(tries.in_row - limits.free, 32)
    return tries.last_ns + min(limits.first_s << doublings, limits.longest_s) * SECOND_NS


def _kiosk_until(limits: Limits, state: Lockout) -> int:
    return state.full_ns - (limits.burst - 1) * limits.refill_s * SECOND_NS
