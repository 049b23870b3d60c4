"""`siperlu rules …` and `siperlu day …`: what they print, what they refuse, and the job that judges by itself."""

from __future__ import annotations

import getpass
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from cli.main import main
from collector.accounts.roles import Role
from collector.audit.chain import Head
from collector.audit.log import entries, verify
from collector.judging.job import JudgingJob
from collector.parts import Loop
from collector.rules.document import RULE_SET
from collector.rules.ready import PERPRES_21_2023
from collector.store.engine import open_engine
from tests.centre import FakeKiosk, opened
from tests.fixtures.brokers import wait_for
from tests.fixtures.commands import account, asked, called, refused, settings_file
from tests.fixtures.judged_office import WEEK, Wall, at, hours, settle

SINCE, UNTIL = str(WEEK[0]), str(WEEK[3])


@pytest.fixture
def path(tmp_path: Path, sqlite_url: str) -> str:
    """The settings of a centre to which one kiosk has told a week."""
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=at(WEEK[0], "00:00"))
        settle(centre, wall.kiosk)
        for on in WEEK[:4]:
            hours(wall, on, 0, 6)
            wall.look(on, "07:20", "p-1")
            hours(wall, on, 7)
        wall.beat(WEEK[4], "08:00")
        centre.take(*wall.messages())
        for login, person in (("Ani", None), ("Budi", None), ("bkd", None), ("dua", "p-2")):
            account(centre, login, Role.BKD_ADMIN, person=person)
    return settings_file(tmp_path, sqlite_url)


def test_judging_by_command_and_again_gives_the_same_digest(path: str) -> None:
    first = asked(path, "day", "recompute", "--from", SINCE, "--to", UNTIL)
    again = asked(path, "day", "recompute", "--from", SINCE, "--to", UNTIL)
    assert (first["results"], again["changed"], again["digest"]) == (16, 0, first["digest"])
    assert asked(path, "day", "judge")["changed"] == 4  # today was opened; nobody has a record of it
    assert "unit 'X' is not known" in refused(path, "day", "recompute", "--from", SINCE, "--to", UNTIL, "--unit", "X")
    assert "not after today" in refused(path, "day", "recompute", "--from", "2126-01-01", "--to", "2126-01-02")


def test_a_rule_set_goes_from_a_file_through_two_people(path: str, tmp_path: Path) -> None:
    document = called(path, "rules", "show", "perpres-21-2023/1")
    assert RULE_SET.decode(document) == PERPRES_21_2023
    file = tmp_path / "rules.json"
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    file.write_bytes(RULE_SET.encode(replace(PERPRES_21_2023, version=2, since=tomorrow)))
    asked(path, "day", "recompute", "--from", SINCE, "--to", UNTIL)
    impact = asked(path, "rules", "impact", str(file), "--from", SINCE, "--to", UNTIL)
    assert (impact["newly_late"], impact["touched"]) == (0, 0)
    called(path, "rules", "import", str(file), "--by", "Ani")
    assert "somebody else" in refused(path, "rules", "approve", "perpres-21-2023/2", "--by", "Ani")
    called(path, "rules", "approve", "perpres-21-2023/2", "--by", "Budi")
    states = {one["name"]: one["state"] for one in asked(path, "rules", "list")["rule_sets"]}
    assert states["perpres-21-2023/2"] == "approved"


def test_a_file_that_is_no_rule_set_is_refused_by_its_field(path: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    assert "rules show" in refused(path, "rules", "import", str(file), "--by", "Ani")
    file.write_text("{}")
    assert "Field required" in refused(path, "rules", "import", str(file), "--by", "Ani")


def test_holidays_are_listed_and_entered_with_their_decree(path: str) -> None:
    year = date.today().year + 1  # noqa: DTZ011 - any day of a later year will do
    called(path, "rules", "holidays", "add", f"{year}-12-15", "Hari Jadi", "--decree", "SK 9", "--by", "Ani")
    found = asked(path, "rules", "holidays", "list", "--year", str(year))["holidays"]
    [mine] = [one for one in found if one["source"] == "decree"]
    assert (mine["day"], mine["decree"]) == (f"{year}-12-15", "SK 9")
    called(path, "rules", "holidays", "withdraw", str(mine["number"]), "--by", "Ani")
    late = refused(path, "rules", "holidays", "add", "2026-01-05", "Kemarin", "--decree", "SK 9", "--by", "Ani")
    assert "confirm twice" in late


def test_a_month_that_cannot_be_closed_says_what_is_missing(path: str) -> None:
    asked(path, "day", "recompute", "--from", SINCE, "--to", UNTIL)
    told = refused(path, "day", "close-month", "--unit", "DISDIK", "--month", "2026-01", "--by", "Ani")
    assert "siperlu day recompute --from 2026-01-01" in told


def test_a_finished_kiosk_is_declared_and_taken_back(path: str) -> None:
    result = CliRunner().invoke(
        main, ["day", "kiosk-finished", "kiosk-1", "--by", "Ani", "--reason", "hilang", "--config", path]
    )
    number = result.stderr.rpartition("entry ")[2].strip(" )\n")
    called(path, "day", "withdraw", number, "--by", "Ani")
    assert "withdrawn already" in refused(path, "day", "withdraw", number, "--by", "Ani")


def test_what_waits_and_what_a_month_lacks_is_listed_by_command(path: str) -> None:
    asked(path, "day", "recompute", "--from", SINCE, "--to", UNTIL)
    month = asked(path, "day", "months", "--month", "2026-01")
    [unit] = month["units"]
    assert (unit["unit"], unit["closed"]) == ("DISDIK", False)
    asked(path, "day", "recompute", "--from", SINCE, "--to", str(WEEK[4]))
    [kiosk] = asked(path, "day", "waiting")["kiosks"]
    assert (kiosk["kiosk"], kiosk["days"], kiosk["people"]) == ("kiosk-1", [str(WEEK[4])], 4)


def test_a_manual_list_and_a_disaster_by_command(path: str) -> None:
    line = ("entries", "manual", "--unit", "DISDIK", "--day", SINCE, "--why", "device-broken", "--number", "L-1")
    assert "no line of a list" in refused(path, *line, "--by", "Ani", "p-2")
    assert "does not serve" in refused(path, *line, "--by", "Ani", "p-9=07:20-")
    made = asked(path, *line, "--by", "Ani", "p-2=07:20-16:30", "p-3=-16:30")
    assert set(made["unfounded"]) <= {"p-2", "p-3"}
    assert "somebody else" in refused(path, "entries", "decide", made["list"], "confirm", "--by", "Ani")
    assert "no account 'Citra'" in refused(path, "entries", "decide", made["list"], "confirm", "--by", "Citra")
    assert "has dua on it" in refused(path, "entries", "decide", made["list"], "confirm", "--by", "dua")
    called(path, "entries", "decide", made["list"], "confirm", "--by", "Budi")
    assert len(asked(path, "entries", "list", "--kind", "manual", "--unit", "DISDIK")["entries"]) == 3
    storm = ("entries", "disaster", "Banjir", "--decree", "SK 3", "--from", SINCE, "--to", SINCE, "--by", "Ani")
    [number] = asked(path, *storm)["entries"]
    called(path, "day", "withdraw", number, "--by", "Ani", "--reason", "salah tanggal")
    [entry] = asked(path, "entries", "list", "--kind", "disaster")["entries"]
    assert (entry["withdrawn_by"], entry["withdrawn_why"]) == ("Ani", "salah tanggal")
    assert asked(path, "entries", "list", "--kind", "disaster", "--standing")["entries"] == []
    called(path, "entries", "decide", made["list"], "withdraw", "--by", "Budi", "--reason", "keliru")
    assert "give both" in refused(path, "entries", "list", "--from", SINCE)


def test_the_job_judges_by_itself_and_ends_when_it_is_told(sqlite_url: str, tmp_path: Path) -> None:
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        now = datetime(2026, 1, 9, 3, tzinfo=UTC)
        loop = Loop("judging", JudgingJob(centre.writer, lambda: now).run)
        loop.start()
        wait_for("a result of each person", lambda: len(centre.rows("day_results")) == 4)
        loop.close()
        assert not loop.alive


def test_rules_that_contradict_are_said_once_and_the_job_goes_on(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.judging.job.EVERY_S", 0.0)
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        stop = threading.Event()
        turns = iter(range(10_000))

        def clock() -> datetime:
            if next(turns) > 3:
                stop.set()
            return datetime(2026, 1, 9, 3, tzinfo=UTC)

        job = JudgingJob(centre.writer, clock)
        job.run(stop)
        with centre.writer.transaction() as connection:
            connection.exec_driver_sql("UPDATE rule_sets SET confirmations = 0")
            connection.exec_driver_sql(
                "INSERT INTO touched_days (kind, subject, since, until) VALUES ('all', '', '2026-01-09', '2026-01-09')"
            )
        stop.clear()
        turns = iter(range(10_000))
        job.run(stop)
    told = [record.getMessage() for record in caplog.records if record.name == "collector.judging.job"]
    assert len(told) == 1
    assert "confirm twice" in told[0]


def test_what_commands_change_stands_in_the_audit_log(path: str, sqlite_url: str) -> None:
    by, why = ("--by", "bkd"), ("--reason", "rusak")
    day = ("2027-02-01", "Hari Jadi", "--decree", "1/2027", *by)
    called(path, "rules", "holidays", "add", *day)
    held = next(one for one in asked(path, "rules", "holidays", "list", "--year", "2027")["holidays"] if one["decree"])
    called(path, "rules", "holidays", "withdraw", str(held["number"]), *by)
    span = ("--from", str(WEEK[0]), "--to", str(WEEK[1]))
    [disaster] = asked(path, "entries", "disaster", "Erupsi", "--decree", "2/2026", *span, *by)["entries"]
    called(path, "day", "withdraw", disaster, *by, *why)
    called(path, "day", "kiosk-finished", "kiosk-1", *by, *why)
    orders = ("collector", "orders")
    [order] = asked(path, *orders, "give", "kiosk-1", "--command", "identify", *by)["orders"].values()
    called(path, *orders, "cancel", order)
    rollout = asked(path, "collector", "rollouts", "begin", "0.2.0", *by)["rollout"]
    called(path, "collector", "rollouts", "change", rollout, "--to", "end", *by, *why)
    called(path, "collector", "kiosks", "stick", "kiosk-1", "--on")
    called(path, "collector", "kiosks", "retire", "kiosk-1")
    engine = open_engine(sqlite_url)
    with Session(engine) as session:
        noted = list(entries(session))
        assert isinstance(verify(session), Head)
    engine.dispose()
    assert [(one.action, one.subject) for one in noted if one.action != "command.act"] == [
        ("holiday.add", "2027-02-01"),
        ("holiday.withdraw", str(held["number"])),
        ("disaster.declare", disaster),
        ("disaster.withdraw", disaster),
        ("kiosk.finished", "kiosk-1"),
        ("kiosk.identify", "kiosk-1"),
        ("kiosk.cancel", "kiosk-1"),
        ("rollout.begin", rollout),
        ("rollout.ended", rollout),
        ("kiosk.stick", "kiosk-1"),
        ("kiosk.retire", "kiosk-1"),
    ]
    assert [one.subject for one in noted if one.action == "command.act"] == ["bkd"] * 8
    assert {one.who for one in noted} == {f"command:{getpass.getuser()}"}


def test_what_a_command_could_not_change_is_not_noted(path: str, sqlite_url: str) -> None:
    refused(path, "day", "kiosk-finished", "kiosk-9", "--by", "bkd", "--reason", "rusak")
    refused(path, "collector", "orders", "cancel", "no-such-order")
    engine = open_engine(sqlite_url)
    with Session(engine) as session:
        assert not list(entries(session))
    engine.dispose()
