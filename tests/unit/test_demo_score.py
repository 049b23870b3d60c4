"""The demo's figures: each error it could make is counted as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.demo.cast import Player, cast_of
from cli.demo.score import Announcement, Programme, score
from cli.demo.stage import Pace

PHOTO = Path("a.jpg")
ANI = Player("ani", (PHOTO,), (PHOTO,))
BUDI = Player("budi", (PHOTO,), (PHOTO,))
STRANGER = Player("x", (), (PHOTO,))
SHOWN = Programme((ANI, STRANGER, BUDI), Pace(fps=10, hold=8, gap=2))


def said(frame: int, outcome: str, seq: int | None = None) -> Announcement:
    return Announcement(frame, outcome, seq)


def test_everybody_recorded_and_the_stranger_refused() -> None:
    lines = [said(3, "recorded", 2), said(14, "not-recognised"), said(23, "recorded", 3)]
    counted = score(lines, SHOWN, {2: "ani", 3: "budi"}, frozenset({2, 3}))
    assert (counted.recorded, counted.received, counted.refused) == (2, 2, 1)
    assert (counted.wrong, counted.strangers_accepted, counted.lost, counted.missed) == (0, 0, 0, 0)


def test_a_record_of_somebody_else_is_wrong() -> None:
    counted = score([said(3, "recorded", 2)], SHOWN, {2: "budi"}, frozenset({2}))
    assert (counted.wrong, counted.strangers_accepted, counted.missed) == (1, 0, 2)


def test_a_record_while_a_stranger_is_in_view_is_a_stranger_accepted() -> None:
    counted = score([said(15, "recorded", 2)], SHOWN, {2: "ani"}, frozenset({2}))
    assert (counted.wrong, counted.strangers_accepted) == (0, 1)


def test_the_gap_after_a_picture_still_counts_as_that_picture() -> None:
    assert SHOWN.at(9).player is ANI
    assert SHOWN.at(10).player is STRANGER
    assert SHOWN.at(30).player is ANI


def test_a_record_the_centre_has_not_got_is_lost() -> None:
    counted = score([said(3, "recorded", 2)], SHOWN, {2: "ani"}, frozenset())
    assert (counted.recorded, counted.received, counted.lost) == (1, 0, 1)


def test_a_refusal_of_an_enrolled_person_is_no_refused_stranger() -> None:
    assert score([said(3, "not-recognised")], SHOWN, {}, frozenset()).refused == 0


def test_a_round_is_over_when_everybody_was_in_view_since_the_kiosk_first_spoke() -> None:
    assert not SHOWN.is_complete([])
    assert not SHOWN.is_complete([said(14, "not-recognised"), said(39, "recorded", 2)])
    assert SHOWN.is_complete([said(14, "not-recognised"), said(41, "not-recognised")])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("INFO kiosk.loop.loop: frame 17: recorded, record 3, 601 ms after", Announcement(17, "recorded", 3)),
        ("INFO kiosk.loop.loop: frame 51: not-recognised", Announcement(51, "not-recognised", None)),
        ("INFO kiosk.loop.loop: in service after 2.0 s", None),
    ],
)
def test_the_kiosks_log_is_read(line: str, expected: Announcement | None) -> None:
    assert Announcement.parse(line) == expected


def test_no_photo_is_both_enrolled_and_shown_and_strangers_come_between() -> None:
    photos = {name: [Path(f"{name}{n}") for n in range(count)] for name, count in {"a": 5, "b": 2, "c": 1}.items()}
    cast = cast_of(photos, people=2, strangers=3)
    assert [player.name for player in cast.players] == ["a", "c", "b"]
    assert all(not set(player.enrol) & set(player.show) for player in cast.players)
    assert [player.name for player in cast.strangers] == ["c"]


def test_who_is_too_many_to_enrol_comes_as_a_stranger() -> None:
    photos = {name: [Path(name + "1"), Path(name + "2")] for name in "abc"}
    assert [player.name for player in cast_of(photos, people=1, strangers=1).strangers] == ["b"]
