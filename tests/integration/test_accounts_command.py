"""`siperlu collector accounts …` and `audit …`, and the first start, on a real file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from cli.main import main
from collector.accounts import passwords
from collector.app import first_start
from collector.settings import CollectorSettings
from collector.store.accounts import StoredAccount
from collector.store.engine import open_engine
from collector.store.people import Unit
from collector.store.writer import Writer
from tests.stores import lay_tables

ONE_TIME = re.compile(r"^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$", re.MULTILINE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "centre.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "centre.db"}"\n')
    return file


@pytest.fixture
def writer(config: Path, tmp_path: Path) -> Writer:
    writer = Writer(open_engine(f"sqlite:///{tmp_path / 'centre.db'}"))
    lay_tables(writer.engine)
    with writer.session() as session:
        session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
    return writer


def run(config: Path, *arguments: str) -> Result:
    group, name, *rest = arguments
    return CliRunner().invoke(main, ["collector", group, name, "--config", str(config), *rest])


def accounts(config: Path) -> dict[str, dict[str, str]]:
    told = run(config, "accounts", "list", "--json").stdout.splitlines()[-1]
    return {one["id"]: one for one in json.loads(told)["accounts"]}


def stored(writer: Writer, account: str) -> str:
    with writer.session() as session:
        return session.scalars(sa.select(StoredAccount.password).where(StoredAccount.id == account)).one() or ""


def test_the_first_start_makes_one_admin_and_tells_its_password_once(
    writer: Writer, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        first_start(CollectorSettings(), writer)
    told = re.findall(r"one-time password (\S+) within 72 h", capsys.readouterr().err)
    assert len(told) == 1
    assert passwords.verify(stored(writer, "admin"), told[0])
    assert accounts(config)["admin"]["state"] == "one-time password"
    assert accounts(config)["admin"]["role"] == "bkd-admin"


def test_two_centres_never_share_a_first_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        with Writer(open_engine(f"sqlite:///{tmp_path / name}.db")) as writer:
            lay_tables(writer.engine)
            first_start(CollectorSettings(), writer)
    assert len(set(re.findall(r"one-time password (\S+)", capsys.readouterr().err))) == 2


def test_an_account_is_made_changed_reset_disabled_and_enabled(writer: Writer, config: Path) -> None:
    made = run(config, "accounts", "create", "Siti.R", "--role", "opd-operator", "--unit", "DISDIK", "--name", "Siti")
    password = ONE_TIME.findall(made.stdout)[0]
    assert passwords.verify(stored(writer, "siti.r"), password)
    assert run(config, "accounts", "change", "siti.r", "--role", "opd-head", "--unit", "DISDIK").exit_code == 0
    assert accounts(config)["siti.r"]["role"] == "opd-head"
    again = ONE_TIME.findall(run(config, "accounts", "reset", "siti.r").stdout)[0]
    assert not passwords.verify(stored(writer, "siti.r"), password)
    assert passwords.verify(stored(writer, "siti.r"), again)
    assert run(config, "accounts", "disable", "siti.r").exit_code == 0
    assert accounts(config)["siti.r"]["state"] == "disabled"
    assert run(config, "accounts", "reset", "siti.r").exit_code == 1
    assert ONE_TIME.search(run(config, "accounts", "enable", "siti.r").stdout)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["create", "x", "--role", "bkd-admin"], "3 to 64"),
        (["create", "Robert'); DROP", "--role", "bkd-admin"], "3 to 64"),
        (["create", "siti", "--role", "opd-head"], "needs a unit"),
        (["create", "siti", "--role", "opd-head", "--unit", "NOWHERE"], "not known"),
        (["create", "siti", "--role", "bkd-officer", "--unit", "DISDIK"], "has no unit"),
        (["create", "siti", "--role", "employee"], "needs a person"),
        (["create", "admin", "--role", "bkd-admin"], "is taken"),
        (["create", "ADMIN", "--role", "bkd-admin"], "is taken"),
        (["reset", "nobody"], "there is no account"),
        (["disable", "admin"], "the last admin"),
        (["change", "admin", "--role", "inspectorate"], "the last admin"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    writer: Writer, config: Path, arguments: list[str], why: str
) -> None:
    first_start(CollectorSettings(), writer)
    told = run(config, "accounts", *arguments)
    assert told.exit_code == 1
    assert why in told.stderr


def test_the_audit_command_names_the_first_broken_link(writer: Writer, config: Path) -> None:
    first_start(CollectorSettings(), writer)
    run(config, "accounts", "create", "siti", "--role", "inspectorate")
    known = run(config, "audit", "head").stdout.strip()
    assert run(config, "audit", "verify", "--head", known).exit_code == 0
    with writer.transaction() as connection:
        connection.execute(sa.text("DROP TRIGGER audit_log_no_update"))
        connection.execute(sa.text("UPDATE audit_log SET who = 'nobody' WHERE seq = 2"))
    told = run(config, "audit", "verify", "--json")
    assert told.exit_code == 1
    assert "from entry 2 on" in told.stderr
    assert json.loads(told.stdout.splitlines()[-1])["whole"] is False
    assert run(config, "audit", "verify", "--head", "nonsense").exit_code == 1
