"""A change of a person reaches the judged days at once: the judge's next run alone, without waiting for a new day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from collector.people import changing
from collector.people.changing import Leaving, Move
from tests.centre import Centre, opened
from tests.fixtures.appeal_office import fill, week
from tests.fixtures.judged_office import WEEK, judge

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK[1:5]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with opened(f"sqlite:///{tmp_path / 'centre.db'}", tmp_path) as centre:
        fill(centre, week())
        yield centre


def units(centre: Centre) -> dict[date, str]:
    """Where p-1 was judged, by date of the week."""
    with centre.writer.transaction() as connection:
        query = sa.text("SELECT day, unit FROM day_results WHERE person = 'p-1'")
        found = {date.fromisoformat(str(day)): unit for day, unit in connection.execute(query)}
    return {day: unit for day, unit in found.items() if day in WEEK}


def test_who_left_has_no_days_after_it_and_they_are_back_when_that_is_taken_back(centre: Centre) -> None:
    before = units(centre)
    assert set(before) >= set(WEEK[:5])
    with centre.writer.session() as session:
        changing.depart(session, "p-1", WEDNESDAY, Leaving.RETIRED, "acc-1")
    judge(centre)
    assert set(units(centre)) == set(WEEK[:2])
    with centre.writer.session() as session:
        changing.bring_back(session, "p-1", "acc-1")
    judge(centre)
    assert units(centre) == before


def test_a_transfer_in_the_past_moves_the_days_since_then_alone(centre: Centre) -> None:
    before = units(centre)
    with centre.writer.session() as session:
        session.execute(sa.text("INSERT INTO units (code, name, kind) VALUES ('BARU', 'Baru', 'opd')"))
        changing.transfer(session, "p-1", Move("BARU", THURSDAY), "acc-1")
    judge(centre)
    after = units(centre)
    assert {day for day in before if after[day] != before[day]} == {day for day in before if day >= THURSDAY}
    assert after[THURSDAY] == "BARU"


def test_a_post_that_never_was_leaves_no_day_behind(centre: Centre) -> None:
    with centre.writer.session() as session:
        changing.end_post(session, "p-1", 0, date(2000, 1, 1), "acc-1")
    judge(centre)
    assert units(centre) == {}
