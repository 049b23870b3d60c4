"""The lock-out: how often whoever guesses is heard, whatever they do and however they wait."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kiosk.pin.lockout import SECOND_NS, Limits, Lockout, failed, in_row, passed, wait_ns

LIMITS = Limits()
DAY_S = 24 * 3600
pauses = st.lists(st.integers(0, 7200), max_size=60)
guesses = st.lists(st.tuples(st.sampled_from(("ani", "budi", "#11111", "#22222")), st.integers(0, 900)), max_size=120)


def heard(limits: Limits, tries: list[tuple[str, int]], wait: int = 0) -> tuple[Lockout, list[tuple[str, int]], int]:
    """Somebody who only guesses, after each pause: the state, what was looked at (who, at which second), and the end."""
    state, now_s, looked = Lockout(), 1, []
    for who, pause_s in tries:
        now_s += pause_s + wait
        if wait_ns(limits, state, who, now_s * SECOND_NS) == 0:
            looked.append((who, now_s))
            state = failed(limits, state, who, now_s * SECOND_NS)
    return state, looked, now_s


def test_three_wrong_pins_cost_nothing_and_then_each_costs_twice_as_long() -> None:
    state, now_ns, waits = Lockout(), 0, []
    for _ in range(12):
        state = failed(LIMITS, state, "ani", now_ns)
        waits.append(wait_ns(LIMITS, state, "ani", now_ns) // SECOND_NS)
        now_ns += 3600 * SECOND_NS
    assert waits == [0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]


def test_a_right_pin_ends_it_for_that_number_and_a_quiet_day_too() -> None:
    state = Lockout()
    for _ in range(4):
        state = failed(LIMITS, state, "ani", 0)
    assert wait_ns(LIMITS, passed(state, "ani"), "ani", 0) == 0
    later = failed(LIMITS, state, "ani", DAY_S * SECOND_NS)
    assert in_row(later, "ani") == 1


def test_ten_numbers_tried_once_each_close_the_kiosk_for_all() -> None:
    state = Lockout()
    for number in range(10):
        assert wait_ns(LIMITS, state, f"#{number}", 0) == 0
        state = failed(LIMITS, state, f"#{number}", 0)
    assert wait_ns(LIMITS, state, "ani", 0) == 180 * SECOND_NS
    assert wait_ns(LIMITS, state, "ani", 180 * SECOND_NS) == 0


@given(guesses)
def test_a_kiosk_never_hears_more_than_its_burst_and_one_every_three_minutes(tries: list[tuple[str, int]]) -> None:
    _, looked, _ = heard(LIMITS, tries)
    for first in range(len(looked)):
        for last in range(first, len(looked)):
            seconds = looked[last][1] - looked[first][1]
            assert last - first + 1 <= LIMITS.burst + seconds // LIMITS.refill_s + 1


@given(pauses)
def test_one_number_is_heard_a_handful_of_times_a_day_however_patient_who_guesses(waits: list[int]) -> None:
    _, looked, end_s = heard(Limits(burst=1000), [("ani", pause) for pause in waits])
    days = end_s // DAY_S + 1
    assert len(looked) <= days * (LIMITS.free + 6 + 24)


@given(guesses, st.integers(0, 1000))
def test_one_more_wrong_pin_never_shortens_anybodys_wait(tries: list[tuple[str, int]], pause_s: int) -> None:
    state, _, now_s = heard(LIMITS, tries)
    now_ns = (now_s + pause_s) * SECOND_NS
    more = failed(LIMITS, state, "ani", now_ns)
    assert all(
        wait_ns(LIMITS, more, who, now_ns) >= wait_ns(LIMITS, state, who, now_ns) for who in ("ani", "budi", "#11111")
    )


@given(guesses)
def test_a_right_pin_of_ones_own_opens_nobody_elses_fence_nor_the_kiosks(tries: list[tuple[str, int]]) -> None:
    state, _, now_s = heard(LIMITS, tries)
    after = passed(state, "budi")
    assert wait_ns(LIMITS, after, "ani", now_s * SECOND_NS) == wait_ns(LIMITS, state, "ani", now_s * SECOND_NS)
    assert after.full_ns == state.full_ns


@given(guesses)
def test_what_is_remembered_stays_small(tries: list[tuple[str, int]]) -> None:
    state, looked, _ = heard(LIMITS, tries, wait=DAY_S)
    assert len(state.whose) <= 1
    assert Counter(who for who, _ in looked).total() == len(tries)  # a day apart everybody is heard
