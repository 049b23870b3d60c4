"""`siperlu appeal …` and `siperlu phone …`: what they print, and what they refuse in one line."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from collector.accounts.roles import OPD, Role
from collector.store.accounts import StoredAccount
from tests.centre import AT, FakeKiosk, check_in, opened
from tests.fixtures.appeal_office import telling
from tests.fixtures.judged_office import Wall, open_week, settle

ACCOUNTS = {
    "probe": Role.OPD_OPERATOR,
    "operator": Role.OPD_OPERATOR,
    "kepala": Role.OPD_HEAD,
    "bkd-1": Role.BKD_OFFICER,
    "bkd-2": Role.BKD_OFFICER,
    "own": Role.BKD_OFFICER,
}


@pytest.fixture
def path(tmp_path: Path, sqlite_url: str) -> str:
    """Settings of a centre where p-1 was seen nine days ago, and not since."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=number) for number in range(9, 0, -1)]
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=datetime.now(UTC) - timedelta(days=10), arrives=datetime.now(UTC))
        settle(centre, wall.kiosk, people=["p-1"])
        for day in days:
            telling(wall, day, *([("07:00", check_in("p-1"))] if day == days[0] else []))
        centre.take(*wall.messages())
        open_week(centre, days)
        with centre.writer.session() as session:
            for login, role in ACCOUNTS.items():
                row = StoredAccount(id=login, login=login, name=login, role=role.value, created_at=AT)
                row.unit, row.person = ("DISDIK" if role in OPD else None), ("p-1" if login == "own" else None)
                session.add(row)
    file = tmp_path / "centre.toml"
    file.write_text(f'[store]\nurl = "{sqlite_url}"\nkeys = "{tmp_path / "centre-keys"}"\n')
    return str(file)


def called(path: str, *line: str) -> str:
    result = CliRunner().invoke(main, [*line, "--config", path])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def asked(path: str, *line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(called(path, *line, "--json").splitlines()[-1])
    return found


def refused(path: str, *line: str) -> str:
    result = CliRunner().invoke(main, [*line, "--config", path])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    return result.stderr


def judged_absent(path: str) -> str:
    """A date of last week that was judged as absence, whichever weekday today is."""
    called(path, "day", "judge")
    today = datetime.now(UTC).date()
    for number in range(2, 9):
        day = str(today - timedelta(days=number))
        line = ("appeal", "file", "p-1", "--day", day, "--ground", "absent", "--by", "probe", "--reason", "x")
        result = CliRunner().invoke(main, [*line, "--json", "--config", path])
        if result.exit_code == 0:
            called(path, "appeal", "say", "1", "withdraw", "--by", "probe", "--reason", "x")
            return day
    pytest.fail("no day of the week was absent")


def test_an_appeal_goes_its_way_by_command(path: str) -> None:
    day = judged_absent(path)
    line = ("appeal", "file", "p-1", "--day", day, "--ground", "absent", "--around", "07:20")
    filed = asked(path, *line, "--by", "operator", "--reason", "hadir, kiosk mati")
    number = str(filed["appeal"])
    assert filed["number"] == "S-00002"
    assert "is being decided" in refused(path, *line, "--by", "operator", "--reason", "lagi")
    for act, by, why in (
        ("support", "operator", "operator is opd-operator"),
        ("accept", "kepala", "kepala is opd-head"),
        ("object", "own", "nobody decides about their own"),
        ("object", "nobody", "no account 'nobody'"),
    ):
        assert why in refused(path, "appeal", "say", number, act, "--by", by, "--reason", "x")
    assert asked(path, "appeal", "say", number, "object", "--by", "kepala", "--reason", "tidak hadir")["stage"] == "bkd"
    assert (
        asked(path, "appeal", "say", number, "accept", "--by", "bkd-1", "--reason", "terbukti")["stage"] == "accepted"
    )
    [one] = asked(path, "appeal", "list", "--stage", "accepted")["appeals"]
    assert (one["number"], one["day"]) == ("S-00002", day)
    told = json.loads(called(path, "appeal", "show", number).splitlines()[-1])
    assert [step["act"] for step in told["steps"]] == ["file", "object", "accept"]
    assert told["intact"] is True
    assert len(told["digest"]) == len(hashlib.sha256().hexdigest())
    assert called(path, "day", "judge") == ""
    assert "cannot take accept" in refused(path, "appeal", "say", number, "accept", "--by", "bkd-2", "--reason", "x")
    assert "there is no appeal S-00077" in refused(path, "appeal", "show", "77")


def test_a_token_is_told_once_and_revoked(path: str) -> None:
    told = asked(path, "phone", "token", "issue", "--name", "e-presensi", "--unit", "DISDIK", "--by", "bkd-1")
    assert told["token"].startswith(f"sip_{told['id']}_")
    [row] = asked(path, "phone", "token", "list")["tokens"]
    assert (row["id"], row["unit"], row["state"], row["used"]) == (told["id"], "DISDIK", "valid", "")
    called(path, "phone", "token", "revoke", told["id"], "--by", "bkd-1", "--reason", "ponsel hilang")
    [row] = asked(path, "phone", "token", "list")["tokens"]
    assert row["state"] == "revoked"
    assert "revoked already" in refused(
        path, "phone", "token", "revoke", told["id"], "--by", "bkd-1", "--reason", "lagi"
    )
    assert "'X' is not known" in refused(path, "phone", "token", "issue", "--name", "n", "--unit", "X", "--by", "bkd-1")
