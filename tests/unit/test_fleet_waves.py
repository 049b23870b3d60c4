"""A new version goes to a few kiosks first, never to a whole place at once, and stops when it breaks them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.fleet.waves import Place, Stage, Step, next_step, split

KIOSKS = [("k-1", "A"), ("k-2", "A"), ("k-3", "B"), ("k-4", "C"), ("k-5", "A")]


def test_units_take_turns() -> None:
    assert split(KIOSKS, (1, 2)) == {"k-1": 0, "k-3": 1, "k-4": 1, "k-2": 2, "k-5": 2}


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.sampled_from("ABCD")),
    st.lists(st.integers(1, 4), max_size=4),
)
def test_every_kiosk_is_in_one_wave_and_none_holds_more_than_its_size(kiosks: dict[str, str], sizes: list[int]) -> None:
    waves = split(kiosks.items(), sizes)
    assert set(waves) == set(kiosks)
    for wave, size in enumerate(sizes):
        assert sum(found == wave for found in waves.values()) == min(size, max(0, len(kiosks) - sum(sizes[:wave])))


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("ABC")), unique_by=lambda each: each[0]))
def test_a_units_second_kiosk_never_goes_before_anothers_first(pairs: list[tuple[int, str]]) -> None:
    kiosks = {f"k-{number:02}": unit for number, unit in pairs}
    waves = split(kiosks.items(), (1, 2, 3))
    firsts = {unit: min(name for name, where in kiosks.items() if where == unit) for unit in kiosks.values()}
    latest_first = max((waves[name] for name in firsts.values()), default=0)
    assert all(waves[name] >= latest_first for name in kiosks if name not in firsts.values())


def test_a_wave_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        split(KIOSKS, (1, 0))


def places(*stages: tuple[int, str]) -> list[Place]:
    return [Place(wave, Stage(stage)) for wave, stage in stages]


@pytest.mark.parametrize(
    ("known", "allowed", "step"),
    [
        (places((0, "waiting"), (1, "waiting")), 0, (Step.NEXT, 0)),
        (places((0, "ordered"), (1, "waiting")), 0, (Step.WAIT, 0)),
        (places((0, "done"), (1, "waiting"), (2, "waiting")), 0, (Step.NEXT, 1)),
        (places((0, "failed"), (1, "waiting")), 0, (Step.PAUSE, 0)),
        (places((0, "failed"), (1, "waiting")), 1, (Step.NEXT, 1)),
        (places((0, "done"), (1, "failed"), (1, "ordered"), (2, "waiting")), 0, (Step.PAUSE, 1)),
        (places((0, "done"), (1, "failed"), (1, "ordered"), (2, "waiting")), 1, (Step.WAIT, 1)),
        (places((0, "done"), (1, "done")), 0, (Step.END, 0)),
        (places((0, "done"), (1, "failed")), 1, (Step.END, 0)),
        ([], 0, (Step.END, 0)),
    ],
)
def test_what_comes_next(known: list[Place], allowed: int, step: tuple[Step, int]) -> None:
    assert next_step(known, allowed) == step
