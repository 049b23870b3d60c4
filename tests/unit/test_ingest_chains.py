"""How far a chain is whole: any cut of any arrivals ends where the first missing number says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from collector.ingest.chains import Arrival, ChainState, advanced

AT = datetime(2026, 1, 5, tzinfo=UTC)


def heartbeat_at(seq: int) -> datetime | None:
    return AT + timedelta(hours=seq) if seq % 3 == 0 else None


@given(st.lists(st.sets(st.integers(1, 25), min_size=1, max_size=6), max_size=12))
def test_upto_is_one_before_the_first_missing_number(batches: list[set[int]]) -> None:
    state, arrived = ChainState("kiosk-1", "c", AT), set[int]()

    def stored(start: int) -> Iterator[Arrival]:
        return ((seq, heartbeat_at(seq)) for seq in sorted(arrived) if seq >= start)

    for batch in batches:
        state = advanced(state, {seq: heartbeat_at(seq) for seq in batch}, stored)
        arrived |= batch
        whole = next(seq for seq in range(1, 27) if seq not in arrived) - 1
        beats = [heartbeat_at(seq) for seq in range(1, whole + 1) if heartbeat_at(seq)]
        assert (state.upto, state.seen) == (whole, max(arrived))
        assert state.complete_at == (beats[-1] if beats else None)


def test_what_is_stored_is_read_only_where_a_gap_was_filled() -> None:
    def never(start: int) -> Iterator[Arrival]:
        raise AssertionError(f"read from {start}")

    state = ChainState("kiosk-1", "c", AT, upto=5, seen=5)
    assert advanced(state, {6: None, 7: None}, never).upto == 7
    assert advanced(state, {8: None, 9: None}, never).upto == 5
