"""Calendars, heat maps and lines: every date once, nothing outside of the picture."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from collector.web.reporting.drawn import NOTHING, Cell, calendar, grid, points


def test_every_date_of_a_leap_year_stands_once_under_its_weekday() -> None:
    known = Cell(date(2028, 2, 29), "late", "T", "H TL1")
    blocks = calendar(2028, [known])
    cells = [(column, cell) for block in blocks for week in block.weeks for column, cell in enumerate(week) if cell]
    assert [cell.day for _, cell in cells] == [date(2028, 1, 1) + timedelta(days=count) for count in range(366)]
    assert all(cell.day.weekday() == column for column, cell in cells)
    assert [cell for _, cell in cells if cell.look != NOTHING] == [known]
    assert [block.number for block in blocks if block.told] == [2]


def test_a_heat_map_has_only_the_times_that_matter_and_shades_by_the_most() -> None:
    drawn = grid(Counter({(0, 91): 10, (4, 93): 1}))
    assert drawn.clocks == ("07:35", "07:40", "07:45")
    assert [slot.shade for slot in drawn.rows[0]] == [5, 0, 0]
    assert [slot.shade for slot in drawn.rows[4]] == [0, 0, 1]
    assert drawn.total == 11
    assert grid(Counter()).rows == ()


def test_a_week_without_working_days_breaks_the_line() -> None:
    assert points([0, 10, None, 5], 10, width=90, height=20) == ["0.0,20.0 30.0,0.0", "90.0,10.0"]
    assert points([None, None], 10) == []
