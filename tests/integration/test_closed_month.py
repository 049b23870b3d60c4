"""What was paid stays as it was; what arrives later becomes a correction, booked once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cli.main import main
from collector.judging.errors import MonthError
from collector.judging.months import Closing, Order, close_month, corrections_of, month_days
from collector.judging.recompute import recompute
from collector.rules.codes import Code
from collector.store.results import ClosedDay
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.judged_office import Wall, at, judge, settle

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
LATE_DAY = date(2026, 1, 6)
THEN = at(date(2026, 3, 2), "09:00")
ORDER = Order("bkd-1", THEN)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    """One person of one kiosk, late on 6 January and else on time, two months long."""
    with opened(store_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=at(JANUARY, "00:00"), arrives=THEN)
        settle(centre, wall.kiosk, people=["p-1"])
        on = JANUARY
        while on < date(2026, 3, 1):
            wall.beat(on, "06:45")
            wall.look(on, "07:50" if on == LATE_DAY else "07:00", "p-1")
            wall.beat(on, "15:50")
            wall.look(on, "16:40", "p-1")
            wall.beat(on, "17:30")
            on += timedelta(days=1)
        wall.beat(date(2026, 3, 2), "08:00")
        centre.take(*wall.messages())
        recompute(centre.writer, JANUARY, date(2026, 2, 28), THEN)
        yield centre


def close(centre: Centre, month: date, order: Order = ORDER) -> Closing:
    judge(centre, THEN)
    with centre.writer.transaction() as connection:
        return close_month(connection, "DISDIK", month, order)


def a_stick(centre: Centre, clock: str) -> None:
    """A second kiosk's record of the late morning comes by USB, weeks later."""
    other = Wall(FakeKiosk(f"kiosk-{clock.replace(':', '')}"), booted=at(LATE_DAY, "00:00"), arrives=THEN)
    centre.register(other.kiosk)
    other.look(LATE_DAY, clock, "p-1")
    other.beat(date(2026, 3, 2), "08:30")
    centre.take(*other.messages())


def test_a_late_record_is_a_correction_of_the_next_month_and_never_silent(centre: Centre) -> None:
    closing = close(centre, JANUARY)
    assert (closing.days, closing.unsettled) == (31, 0)
    frozen = _frozen(centre)
    a_stick(centre, "07:10")
    judge(centre, THEN)
    assert _frozen(centre) == frozen
    with centre.writer.transaction() as connection:
        [correction] = corrections_of(connection, ["DISDIK"], None)
        paid = [each for each in month_days(connection, ["DISDIK"], JANUARY) if each.day == LATE_DAY]
    assert (correction.then.codes, correction.now.codes) == ((Code.H, Code.TL1), (Code.H,))
    assert (correction.percent, correction.minutes) == (Decimal("-0.5"), -20)
    assert paid == [correction.then]
    assert close(centre, FEBRUARY).corrections == 1
    with centre.writer.transaction() as connection:
        assert corrections_of(connection, ["DISDIK"], None) == []
        assert corrections_of(connection, ["DISDIK"], FEBRUARY) == [correction]


def test_a_correction_that_was_booked_is_what_the_next_one_is_compared_with(centre: Centre) -> None:
    close(centre, JANUARY)
    a_stick(centre, "07:40")
    close(centre, FEBRUARY)
    a_stick(centre, "07:20")
    judge(centre, THEN)
    with centre.writer.transaction() as connection:
        [correction] = corrections_of(connection, ["DISDIK"], None)
    assert (correction.then.minutes_late, correction.now.minutes_late) == (10, 0)


def test_corrections_are_told_by_command_as_on_the_page(centre: Centre, store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(f'[store]\nurl = "{store_url}"\nkeys = "{tmp_path / "centre-keys"}"\n')

    def told(month: str) -> list[tuple[str, str, int, bool]]:
        line = ["report", "corrections", "--unit", "DISDIK", "--month", month, "--json", "--config", str(file)]
        result = CliRunner().invoke(main, line)
        assert result.exit_code == 0, result.stderr
        found = json.loads(result.stdout.splitlines()[-1])["corrections"]
        return [(each["day"], each["percent"], each["minutes"], each["booked"]) for each in found]

    close(centre, JANUARY)
    a_stick(centre, "07:10")
    judge(centre, THEN)
    correction = ("2026-01-06", "-0.5", -20)
    assert told("2026-02") == [(*correction, False)]
    assert told("2026-01") == []
    close(centre, FEBRUARY)
    assert told("2026-02") == [(*correction, True)]
    assert told("2026-03") == []
    assert [row["subject"] for row in centre.rows("audit_log") if row["action"] == "month.corrections"] == [
        "DISDIK"
    ] * 4
    wrong = CliRunner().invoke(
        main, ["report", "corrections", "--unit", "X", "--month", "2026-02", "--config", str(file)]
    )
    assert "unit 'X' is not known" in wrong.stderr
    assert wrong.exit_code == 1


def _frozen(centre: Centre) -> list[str]:
    with centre.writer.transaction() as connection:
        return sorted(connection.scalars(select(ClosedDay.digest)))


def test_judging_a_closed_month_again_gives_what_was_paid(centre: Centre) -> None:
    close(centre, JANUARY)
    again = recompute(centre.writer, JANUARY, date(2026, 1, 31), THEN)
    assert again.changed == 0
    with centre.writer.transaction() as connection:
        assert corrections_of(connection, ["DISDIK"], None) == []


def test_a_month_is_closed_once_and_only_when_it_can_be(centre: Centre) -> None:
    for month, order, what in (
        (date(2026, 3, 1), ORDER, "lasts until"),
        (date(2025, 12, 1), ORDER, "never judged"),
        (JANUARY, Order("", THEN), "say who"),
    ):
        with pytest.raises(MonthError, match=what):
            close(centre, month, order)
    with centre.writer.transaction() as connection, pytest.raises(MonthError, match="not known"):
        close_month(connection, "NOBODY", JANUARY, ORDER)
    close(centre, JANUARY)
    with pytest.raises(MonthError, match="closed already"):
        close(centre, JANUARY)


def test_days_that_are_not_settled_stop_a_closing_unless_somebody_says_why(centre: Centre) -> None:
    blocked = Wall(FakeKiosk("kiosk-9"), booted=at(LATE_DAY, "00:00"), arrives=THEN)
    centre.register(blocked.kiosk)
    blocked.beat(date(2026, 1, 20), "08:00")
    centre.take(*blocked.messages())
    recompute(centre.writer, JANUARY, date(2026, 1, 31), THEN)
    with pytest.raises(MonthError, match="not settled"):
        close(centre, JANUARY)
    closing = close(centre, JANUARY, Order("bkd-1", THEN, leave="kiosk hilang, daftar gaji tidak bisa menunggu"))
    assert closing.unsettled > 0


def test_what_was_not_judged_yet_is_never_frozen(centre: Centre) -> None:
    a_stick(centre, "07:10")
    with centre.writer.transaction() as connection, pytest.raises(MonthError, match="not judged yet"):
        close_month(connection, "DISDIK", JANUARY, ORDER)
