"""What is out of reach is not there: units, people, kiosks, violations, by page, by sheet and by guessed address."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine
from collector.store.people import Assignment
from collector.store.violations import StoredViolation
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures.accounts import logged_in
from tests.screenshots import office

OPD = (Role.OPD_HEAD, Role.OPD_OPERATOR)
INSIDE, OUTSIDE = {"DISDIK", "SDN1", "SMPN1"}, {"UMUM", "HUKUM", "BKD", "DINKES"}


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    office.fill(engine, people=60)
    with Session(engine) as session:
        for unit in ("SDN1", "DINKES"):
            row: dict[str, Any] = {"day": office.TODAY, "at": office.NOW, "about": "", "evidence": "[]", "facts": "{}"}
            row |= {"kind": "spoof", "against": "kiosk", "subject": f"kiosk-{unit}", "status": "open", "stands": True}
            session.add(StoredViolation(key=unit.lower() * 8, unit=unit, **row))
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def browser(engine: Engine) -> Iterator[FlaskClient]:
    with Writer(engine) as writer:
        yield create_app(engine, writer, CollectorSettings(), lambda: office.NOW).test_client()


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def without_tokens(page: str) -> str:
    """A form's token is another one in the next second."""
    return re.sub(r'(?<=name="csrf_token" value=")[^"]+', "", page)


def person_at(engine: Engine, unit: str) -> str:
    with Session(engine) as session:
        return (
            session.scalars(select(Assignment.person).where(Assignment.unit == unit).order_by(Assignment.id)).first()
            or ""
        )


@pytest.mark.parametrize("role", OPD)
def test_an_opd_sees_its_own_units_and_those_below(browser: FlaskClient, role: Role) -> None:
    client = logged_in(browser, role, "DISDIK")
    assert {row["unit"] for row in rows(client.get("/board.csv"))} == INSIDE
    assert "Dinas Kesehatan" not in client.get("/").text
    for unit in OUTSIDE | {"SETDA"}:
        for path in ("/", "/board.csv", "/violations/", "/violations/list", "/violations/list.csv"):
            assert client.get(f"{path}?unit={unit}").status_code == 404, (path, unit)


@pytest.mark.parametrize("role", OPD)
def test_a_unit_below_sees_nothing_above_nor_beside(browser: FlaskClient, role: Role) -> None:
    client = logged_in(browser, role, "SDN1")
    assert {row["unit"] for row in rows(client.get("/board.csv"))} == {"SDN1"}
    assert "Dinas Pendidikan" not in client.get("/").text
    assert client.get("/?unit=DISDIK").status_code == 404
    assert client.get("/?unit=SMPN1").status_code == 404


@pytest.mark.parametrize("role", OPD)
def test_kiosks_of_other_units_are_not_there(browser: FlaskClient, role: Role) -> None:
    client = logged_in(browser, role, "DISDIK")
    page = client.get("/kiosks/").text
    assert "kiosk-sdn1" in page
    assert "kiosk-dinkes" not in page
    assert client.get("/kiosks/kiosk-sdn1").status_code == 200
    for path in ("/kiosks/kiosk-dinkes", "/kiosks/kiosk-dinkes/records.csv"):
        assert client.get(path).status_code == 404
    hidden, unknown = (client.get(f"/kiosks/{name}").text for name in ("kiosk-dinkes", "never-heard-of"))
    assert without_tokens(hidden) == without_tokens(unknown)


@pytest.mark.parametrize("role", OPD)
def test_violations_of_other_units_are_not_there(browser: FlaskClient, role: Role) -> None:
    client = logged_in(browser, role, "DISDIK")
    span = f"from={office.TODAY}&to={office.TODAY}"
    assert "1 pelanggaran" in client.get(f"/violations/list?{span}").text
    assert {row["unit"] for row in rows(client.get(f"/violations/list.csv?{span}"))} == {"SDN1"}
    assert client.get(f"/violations/{'sdn1' * 8}").status_code == 200
    assert client.get(f"/violations/{'dinkes' * 8}").status_code == 404


@pytest.mark.parametrize("role", OPD)
def test_a_superior_sees_a_person_for_the_time_they_served_there(
    engine: Engine, browser: FlaskClient, role: Role
) -> None:
    own, other = person_at(engine, "SDN1"), person_at(engine, "DINKES")
    client = logged_in(browser, role, "DISDIK")
    for path, status in ((f"/people/{own}", 200), (f"/people/{own}.csv", 200), (f"/people/{other}", 404)):
        assert client.get(path).status_code == status
    assert client.get(f"/people/{other}.csv").status_code == 404
    with Session(engine) as session:
        moved = session.scalars(select(Assignment).where(Assignment.person == own)).one()
        moved.until_day = date(2025, 11, 30)
        session.add(Assignment(person=own, unit="DINKES", from_day=date(2025, 12, 1)))
        session.commit()
    assert client.get(f"/people/{own}?month=2025-11").status_code == 200
    assert client.get(f"/people/{own}?month=2025-12").status_code == 404
    assert logged_in(browser, role, "DINKES").get(f"/people/{own}?month=2025-12").status_code == 200
    assert logged_in(browser, role, "DINKES").get(f"/people/{own}?month=2025-11").status_code == 404


def test_an_employee_sees_themselves_and_nobody_else(engine: Engine, browser: FlaskClient) -> None:
    own, other = person_at(engine, "SDN1"), person_at(engine, "SMPN1")
    client = logged_in(browser, Role.EMPLOYEE, person=own)
    assert client.get("/enter").location == "/me/"
    assert client.get(f"/people/{own}").status_code == 200
    assert client.get(f"/people/{other}").status_code == 404
    assert client.get(f"/people/{other}.csv").status_code == 404
    assert client.get("/").status_code == 403


@pytest.mark.parametrize("role", [Role.BKD_ADMIN, Role.BKD_OFFICER, Role.INSPECTORATE])
def test_bkd_and_the_inspectorate_see_all(engine: Engine, browser: FlaskClient, role: Role) -> None:
    client = logged_in(browser, role)
    assert {row["unit"] for row in rows(client.get("/board.csv"))} == INSIDE | OUTSIDE
    assert client.get(f"/people/{person_at(engine, 'DINKES')}").status_code == 200


def test_every_look_at_a_person_is_noted_and_none_that_was_refused(engine: Engine, browser: FlaskClient) -> None:
    own, other = person_at(engine, "SDN1"), person_at(engine, "DINKES")
    client = logged_in(browser, Role.OPD_HEAD, "DISDIK")
    for path in (f"/people/{own}?month=2025-12", f"/people/{own}.csv", f"/people/{other}"):
        client.get(path)
    with engine.connect() as connection:
        e = AuditEntry
        noted = connection.execute(sa.select(e.who, e.action, e.subject, e.detail).order_by(e.seq)).all()
    assert [tuple(row) for row in noted] == [
        ("opd-head-disdik", "person.read", own, '{"month":"2025-12"}'),
        ("opd-head-disdik", "person.export", own, '{"month":"2026-01"}'),
    ]
