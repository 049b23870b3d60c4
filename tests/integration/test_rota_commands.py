"""`siperlu rota …` and `siperlu hours …` on a database file: a rota goes out, comes back filled in, and is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from cli.main import main
from collector.store.people import Person
from tests.centre import FakeKiosk, opened
from tests.fixtures.judged_office import settle

Run: TypeAlias = Callable[..., Result]
AHEAD = (datetime.now(UTC) + timedelta(days=40)).date().replace(day=1)
MONTH = f"{AHEAD:%Y-%m}"


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str) -> Run:
    """p-1 to p-4 at DISDIK; p-3 is an honorary teacher."""
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        with centre.writer.session() as session:
            session.execute(update(Person).where(Person.id == "p-3").values(status="honorer guru"))
    config = tmp_path / "centre.toml"
    config.write_text(f'[store]\nurl = "{sqlite_url}"\n', encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(main, [*arguments, "--config", str(config)])


def turns(run: Run) -> dict[str, dict[str, str]]:
    told = run("rota", "show", "--unit", "DISDIK", "--month", MONTH, "--json")
    return {one["person"]: one["turns"] for one in json.loads(told.stdout)["people"]}


def test_a_rota_is_exported_filled_in_imported_and_taken_back(run: Run, tmp_path: Path) -> None:
    where = ("--unit", "DISDIK", "--month", MONTH)
    assert run("hours", "pattern", "p-1", "shift", "--from", str(AHEAD)).exit_code == 0
    out = tmp_path / "rota.csv"
    assert run("rota", "export", *where, "--out", str(out)).exit_code == 0
    out.write_text("id;1;2\np-1;malam;LJ\np-2;pagi;\n", encoding="utf-8")
    assert json.loads(run("rota", "import", str(out), *where, "--dry-run", "--json").stdout)["change"] is None
    strict = run("rota", "import", str(out), *where, "--strict")
    assert "nothing was written" in strict.stderr
    assert turns(run) == {"p-1": {}}
    told = run("rota", "import", str(out), *where, "--json")
    assert "p-2 follows five-day" in told.stderr
    done = json.loads(told.stdout.splitlines()[-1])
    assert (done["dates"], done["set_aside"]) == (2, 1)
    assert turns(run) == {"p-1": {str(AHEAD): "M", str(AHEAD + timedelta(days=1)): "LJ"}}
    assert "Pegawai p-1" in run("rota", "show", *where).stdout
    assert run("rota", "undo", done["change"]).exit_code == 0
    assert turns(run) == {"p-1": {}}
    assert "taken back meanwhile" in run("rota", "undo", done["change"]).stderr


def test_a_teachers_week_is_entered_shown_and_ended(run: Run) -> None:
    week = ("hours", "week", "p-3", "mon=07:00-09:30", "thu=08:00-11:00/15", "--from", str(AHEAD), "--reason", "SK 1")
    assert "mon 07:00-09:30, thu 08:00-11:00" in run(*week).stderr
    assert "holds from" in run(*week).stderr
    [entered] = json.loads(run("hours", "show", "p-3", "--json").stdout)["weeks"]
    assert (entered["from"], entered["to"], entered["reason"]) == (str(AHEAD), None, "SK 1")
    last = AHEAD + timedelta(days=6)
    assert run("hours", "end", "p-3", entered["entry"], "--last", str(last)).exit_code == 0
    assert json.loads(run("hours", "show", "p-3", "--json").stdout)["weeks"][0]["to"] == str(last)
    assert str(last) in run("hours", "show", "p-3").stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("rota", "show", "--unit", "DISDIK", "--month", "2026-13"), "is not a month"),
        (("rota", "show", "--unit", "NOWHERE", "--month", MONTH), "no unit NOWHERE"),
        (("rota", "export", "--unit", "DISDIK", "--month", MONTH, "--out", "rota.pdf"), ".xlsx or .csv"),
        (("hours", "show", "p-99"), "no person p-99"),
        (("hours", "pattern", "p-1", "shift", "--from", "2026-01-05"), "give the reason"),
        (("hours", "week", "p-3", "monday", "--from", "2026-01-05", "--reason", "SK"), "mon=07:00-09:30"),
    ],
)
def test_what_cannot_be_names_value_and_mend(run: Run, command: tuple[str, ...], said: str) -> None:
    told = run(*command)
    assert told.exit_code != 0
    assert said in " ".join(told.stderr.split())
