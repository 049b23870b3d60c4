"""The wall never shows a full name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.screen import short_name


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("Siti Rahmawati", "Siti R."),
        ("Hj. SITI RAHMAWATI, S.Pd.", "Siti R."),
        ("Drs. H. Bambang Sutrisno, M.Si", "Bambang S."),
        ("Prof.Dr.Ir. Joko Widagdo", "Joko W."),
        ("Nur'aini Fitri S.Pd.SD", "Nur'aini F."),
        ("Budi Santoso SE MM", "Budi S."),
        ("I Made Suardana", "I Made S."),
        ("M. Nur Hidayat", "M. Nur H."),
        ("M. Arif", "M. Ar…"),
        ("Suharto", "Suha…"),
        ("Sri", "Sr…"),
        ("siti nur aisyah", "Siti N."),
        ("Hj.", ""),
        ("", ""),
        ("   ", ""),
        ("Siti\u202e\x07 Rahmawati", "Siti R."),
    ],
)
def test_a_first_name_and_an_initial(full: str, shown: str) -> None:
    assert short_name(full) == shown


@given(st.lists(st.text(st.characters(categories=("Lu", "Ll")), min_size=4, max_size=30), min_size=1, max_size=5))
def test_no_name_is_ever_shown_in_full(words: list[str]) -> None:
    shown = short_name(" ".join(words))
    assert sum(map(str.isalpha, shown)) < sum(map(len, words))


@given(st.text(max_size=200))
def test_any_text_gives_something_short_on_one_line(full: str) -> None:
    shown = short_name(full)
    assert len(shown.splitlines()) <= 1
    assert all(len(word) <= 200 for word in shown.split())
