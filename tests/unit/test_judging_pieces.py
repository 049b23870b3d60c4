"""What one transaction of the judge takes on, and up to when a kiosk of several chains is complete."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from collector.judging.run import PERSON_DAYS, chunks
from collector.judging.service import ChainReach, kiosk_complete

NEW_YEAR = date(2025, 12, 20)
EARLY, LATE = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)


def test_pieces_hold_every_person_day_once_and_stay_small_within_a_month() -> None:
    people = {f"p-{n}" for n in range(300)}
    days = {NEW_YEAR + timedelta(days=count): people for count in range(24)}
    pieces = list(chunks(days))
    told = [key for piece in pieces for key in piece]
    assert len(told) == len(set(told)) == 300 * 24
    assert max(len(piece) for piece in pieces) < PERSON_DAYS + 31
    assert all(len({day.month for _, day in piece}) == 1 for piece in pieces)


def chain(name: str, upto: int, seen: int, previous: str | None = None, previous_upto: int | None = None) -> ChainReach:
    return ChainReach(name, upto, seen, previous, previous_upto)


def test_a_gap_in_an_earlier_chain_holds_the_kiosk_back() -> None:
    after = chain("b", 9, 9, "a", 7)
    assert kiosk_complete([chain("a", 7, 7), after], {"a": EARLY, "b": LATE}) == LATE
    assert kiosk_complete([chain("a", 6, 6), after], {"a": EARLY, "b": LATE}) == EARLY
    assert kiosk_complete([chain("a", 3, 7), after], {"a": None, "b": LATE}) is None


def test_a_new_chain_without_a_heartbeat_leaves_the_kiosk_where_it_was() -> None:
    assert kiosk_complete([chain("a", 7, 7), chain("b", 1, 3, "a", 7)], {"a": EARLY, "b": None}) == EARLY


def test_a_kiosk_that_said_nothing_is_complete_up_to_nothing() -> None:
    assert kiosk_complete([], {}) is None
