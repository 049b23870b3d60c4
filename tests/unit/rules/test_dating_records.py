"""When a record was truly made: the network's time stands, the monotonic clock carries it through a boot, the rest is doubt."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rules.dating import Stamp, complete_until, date_records
from collector.rules.evidence import Basis, Moment

MORNING = datetime(2026, 5, 5, 0, 20, tzinfo=UTC)
WRONG = datetime(2006, 1, 1, tzinfo=UTC)
SECOND = 1_000_000_000


def stamp(seq: int, at: datetime, source: str = "ntp", **more: object) -> Stamp:
    """A record of boot b, `seq` minutes after its start, unless it says otherwise."""
    told: dict[str, object] = {
        "kiosk": "a",
        "chain": "c",
        "seq": seq,
        "at": at,
        "source": source,
        "error_ms": None if source == "none" else 50,
        "boot": "b",
        "monotonic_ns": seq * 60 * SECOND,
        "received_at": MORNING + timedelta(days=1),
    }
    return Stamp(**{**told, **more})  # type: ignore[arg-type]


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def test_the_networks_time_stands_as_it_is() -> None:
    found = date_records([stamp(1, MORNING)])["a/c/1"]
    assert (found.at, found.basis, found.trusted) == (MORNING, Basis.CLOCK, True)
    assert found.latest - found.at == timedelta(milliseconds=50)


def test_earlier_records_of_the_boot_are_dated_when_the_time_is_learnt() -> None:
    found = date_records([stamp(1, WRONG, "none"), stamp(3, WRONG + minutes(2), "none"), stamp(31, MORNING)])
    assert found["a/c/1"].at == MORNING - minutes(30)
    assert found["a/c/3"].at == MORNING - minutes(28)
    assert found["a/c/1"].basis is Basis.LEARNT
    assert found["a/c/1"].trusted


def test_a_clock_learnt_event_dates_its_boot_even_when_it_was_written_before_the_step() -> None:
    offset = MORNING - WRONG
    event = stamp(31, WRONG, "none", learnt_ms=offset // timedelta(milliseconds=1))
    found = date_records([stamp(1, WRONG - minutes(30), "none"), event])
    assert found["a/c/1"].at == MORNING - minutes(30)
    assert found["a/c/31"].at == MORNING


def test_another_boot_is_not_dated_by_it() -> None:
    found = date_records([stamp(1, WRONG, "none", boot="before"), stamp(31, MORNING)])["a/c/1"]
    assert not found.trusted
    assert found.latest == MORNING + timedelta(milliseconds=50)


def test_another_kiosk_with_the_same_boot_id_is_not_dated_by_it() -> None:
    assert not date_records([stamp(1, WRONG, "none", kiosk="z"), stamp(31, MORNING)])["z/c/1"].trusted


def test_a_kiosk_that_only_has_its_battery_clock_is_believed_within_its_error() -> None:
    assert date_records([stamp(1, MORNING, "rtc", error_ms=4000)])["a/c/1"].trusted
    assert not date_records([stamp(1, MORNING, "rtc", error_ms=31_000)])["a/c/1"].trusted
    assert not date_records([stamp(1, MORNING, "rtc", error_ms=None)])["a/c/1"].trusted


def test_a_battery_clock_that_proves_wrong_is_corrected() -> None:
    found = date_records([stamp(1, MORNING - minutes(90), "rtc"), stamp(31, MORNING)])
    assert found["a/c/1"].at == MORNING - minutes(30)


def test_the_nearest_known_moment_dates_a_record() -> None:
    # The network corrected the clock by two seconds between the two: the nearer one is right about its neighbours.
    told = [stamp(1, MORNING), stamp(2, WRONG, "none"), stamp(60, MORNING + minutes(59) + timedelta(seconds=2))]
    assert date_records(told)["a/c/2"].at == MORNING + minutes(1)


def test_far_from_every_known_moment_the_crystal_is_not_trusted() -> None:
    weeks = 20 * 24 * 60
    found = date_records([stamp(1, WRONG, "none"), stamp(weeks, MORNING)])["a/c/1"]
    assert not found.trusted
    assert found.latest - found.earliest < minutes(7)


def test_an_unknown_time_lies_between_its_neighbours_and_before_it_was_received() -> None:
    received = MORNING + minutes(30)
    told = [
        stamp(1, MORNING, boot="x"),
        stamp(2, WRONG, "none", boot="y"),
        stamp(3, MORNING + minutes(10), boot="z"),
        stamp(4, WRONG, "none", boot="y2", received_at=received),
    ]
    found = date_records(told)
    between, last = found["a/c/2"], found["a/c/4"]
    assert (between.earliest, between.latest) == (
        MORNING - timedelta(milliseconds=50),
        MORNING + minutes(10) + timedelta(milliseconds=50),
    )
    assert last.latest == received
    assert not last.trusted


def test_a_record_from_after_its_receipt_is_not_believed() -> None:
    ahead = stamp(1, MORNING + timedelta(days=2), received_at=MORNING)
    found = date_records([ahead])["a/c/1"]
    assert not found.trusted
    assert found.latest == MORNING


def test_a_clock_that_runs_ahead_completes_no_day() -> None:
    received = MORNING + minutes(1)
    honest, ahead = stamp(1, MORNING), stamp(2, WRONG.replace(year=2030), "none", boot="x", received_at=received)
    found = date_records([honest, ahead])
    beats = [(found[each.record], each.received_at) for each in (honest, ahead)]
    assert complete_until(beats) == MORNING - timedelta(milliseconds=50)
    assert complete_until([(Moment.exact(WRONG.replace(year=2030)), received)]) == received
    assert complete_until([]) is None


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["ntp", "rtc", "none"]), st.integers(0, 3)), max_size=8),
    st.integers(),
)
def test_order_and_repetition_do_not_matter(told: list[tuple[int, str, int]], seed: int) -> None:
    stamps = [
        stamp(seq, MORNING + minutes(seq), source, boot=f"b{boot}")
        for seq, source, boot in {t[0]: t for t in told}.values()
    ]
    again = stamps + stamps[:2]
    random.Random(seed).shuffle(again)
    found = date_records(again)
    assert found == date_records(stamps)
    assert all(each.earliest <= each.latest for each in found.values())
