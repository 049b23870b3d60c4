"""All kiosks are looked at together: alarms begin once, end once, and the work does not grow with the kiosks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import event, insert, update

from cli.main import main
from collector.fleet.watch import Watched, sum_up, trends, watch
from collector.judging import book
from collector.rules.hours import WIB
from collector.store.people import Kiosk, Unit
from collector.store.records import KioskStatus
from tests.centre import Centre, FakeKiosk, check_in, opened

MONDAY = datetime(2026, 1, 5, 7, 45, tzinfo=WIB)
SUNDAY = MONDAY - timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as made:
        made.register(FakeKiosk())
        with made.writer.transaction() as connection:
            book.install(connection, MONDAY)
            book.install_holidays(connection, [2026], MONDAY)
        yield made


def say(centre: Centre, at: datetime, **told: Any) -> None:
    row = {"at": at, "received_at": at, "online": True, "version": "0.1.0", "state": "running", "backlog": 0, **told}
    with centre.writer.transaction() as connection:
        if connection.execute(update(KioskStatus).values(**row)).rowcount == 0:
            connection.execute(insert(KioskStatus).values(kiosk="kiosk-1", roster_version=0, last_seq=1, **row))


def look(centre: Centre, now: datetime) -> Watched:
    with centre.writer.session() as session:
        return watch(session, now)


def rows(centre: Centre) -> list[tuple[str, datetime, datetime | None]]:
    return [(row["kind"], row["since"], row["until"]) for row in centre.rows("kiosk_alarms")]


def test_an_alarm_begins_once_and_ends_once(centre: Centre, caplog: pytest.LogCaptureFixture) -> None:
    say(centre, MONDAY, disk_free_mib=10)
    with caplog.at_level(logging.WARNING, logger="collector.fleet"):
        assert [look(centre, MONDAY), look(centre, MONDAY + MINUTE)] == [Watched(1, 0), Watched(0, 0)]
        say(centre, MONDAY + MINUTE, disk_free_mib=9000)
        assert look(centre, MONDAY + 2 * MINUTE) == Watched(0, 1)
    assert rows(centre) == [("disk", MONDAY, MONDAY + 2 * MINUTE)]
    assert [record.getMessage() for record in caplog.records] == [
        "kiosk kiosk-1: disk",
        "kiosk kiosk-1: disk is over after 120 s",
    ]


def test_silence_is_missed_in_the_hours_of_its_unit_alone(centre: Centre) -> None:
    say(centre, SUNDAY - timedelta(days=1))
    assert look(centre, SUNDAY) == Watched(0, 0)
    assert look(centre, MONDAY.replace(hour=6)) == Watched(0, 0)
    assert look(centre, MONDAY.replace(hour=7, minute=5)) == Watched(1, 0)
    assert look(centre, MONDAY.replace(hour=17)) == Watched(0, 1)


def test_a_holiday_is_no_working_day(centre: Centre) -> None:
    say(centre, SUNDAY)
    new_year = datetime(2026, 1, 1, 8, tzinfo=WIB)
    assert look(centre, new_year) == Watched(0, 0)


def test_a_school_by_stick_is_not_silent(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        connection.execute(update(Kiosk).values(by_stick=True))
    say(centre, MONDAY - timedelta(days=9))
    assert look(centre, MONDAY) == Watched(0, 0)


def test_scores_of_a_day_are_summed_and_summing_again_changes_nothing(centre: Centre) -> None:
    other = FakeKiosk("kiosk-2")
    centre.register(other)
    centre.take(*(other.message(other.add(check_in())) for _ in range(40)))
    day = date(2026, 1, 5)
    for _ in range(2):
        with centre.writer.session() as session:
            sum_up(session, MONDAY)
    (row,) = centre.rows("match_trends")
    assert (row["kiosk"], row["day"], row["looks"], row["mean"]) == ("kiosk-2", day, 40, pytest.approx(0.9))
    assert row["mean_square"] == pytest.approx(0.81)
    with centre.writer.session() as session:
        assert trends(session, day)["kiosk-2"].lately == pytest.approx(0.9)


def test_the_queries_do_not_grow_with_the_kiosks(centre: Centre) -> None:
    def queries() -> int:
        seen: list[str] = []
        note = lambda *call: seen.append(call[2])  # noqa: E731
        event.listen(centre.writer.engine, "before_cursor_execute", note)
        look(centre, MONDAY)
        event.remove(centre.writer.engine, "before_cursor_execute", note)
        return len(seen)

    few = queries()
    with centre.writer.transaction() as connection:
        connection.execute(insert(Unit), [{"code": f"U{n}", "name": f"Unit {n}", "kind": "sd"} for n in range(60)])
        connection.execute(
            insert(Kiosk),
            [
                {"id": f"u-{n}", "unit": f"U{n}", "scope": "unit", "registered_at": MONDAY - timedelta(hours=1)}
                for n in range(60)
            ],
        )
    look(centre, MONDAY)
    assert queries() <= few
    open_alarms = sa.select(sa.func.count()).select_from(sa.table("kiosk_alarms"))
    with centre.writer.transaction() as connection:
        assert connection.scalar(open_alarms) == 61


def test_the_command_says_which_kiosk_has_no_network(sqlite_url: str, tmp_path: Path) -> None:
    settings = tmp_path / "collector.toml"
    settings.write_text(f'[store]\nurl = "{sqlite_url}"\nkeys = "{tmp_path}/centre-keys"\n')
    with opened(sqlite_url, tmp_path) as made:
        made.register(FakeKiosk())
    run = CliRunner().invoke
    assert run(main, ["collector", "kiosks", "stick", "kiosk-1", "--on", "--config", str(settings)]).exit_code == 0
    unknown = run(main, ["collector", "kiosks", "stick", "kiosk-9", "--on", "--config", str(settings)])
    assert (unknown.exit_code, "no kiosk 'kiosk-9'" in unknown.output) == (1, True)
    with opened(sqlite_url, tmp_path) as made:
        assert [row["by_stick"] for row in made.rows("kiosks")] == [True]
