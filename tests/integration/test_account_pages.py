"""The administrator's page of accounts, hand-out links, and the page of the audit log."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from collector.accounts import book, passwords
from collector.accounts.book import Author
from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.accounts import Handout, StoredAccount
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine
from collector.store.people import Assignment, Person
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.audit_log import unlocked
from tests.screenshots import office

ONE_TIME = re.compile(r'id="one-time">([^<]+)<')
OWN = "nasi pecel tumpang"


class Clock:
    """The time, moved by hand."""

    now = office.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    office.fill(engine, people=30)
    yield engine
    engine.dispose()


@pytest.fixture
def browser(engine: Engine, clock: Clock) -> Iterator[FlaskClient]:
    with Writer(engine) as writer:
        yield create_app(engine, writer, CollectorSettings(), clock).test_client()


@pytest.fixture
def admin(browser: FlaskClient) -> FlaskClient:
    return logged_in(browser)


def another(client: FlaskClient) -> FlaskClient:
    return client.application.test_client()


def send(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data={"csrf_token": csrf(client), **form})


def row_of(engine: Engine, account: str) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(StoredAccount.__table__).where(StoredAccount.id == account)).mappings()
        return dict(found.one())


NEW = {"login": "siti", "name": "Siti Rahmawati", "role": "opd-operator", "unit": "DISDIK", "number": ""}


def test_a_new_account_gets_a_one_time_password_that_is_shown_once(admin: FlaskClient, engine: Engine) -> None:
    told = send(admin, "/accounts/new", **NEW)
    password = ONE_TIME.findall(told.text)[0]
    assert passwords.verify(row_of(engine, "siti")["password"], password)
    for path in ("/accounts/", "/accounts/siti", "/audit/"):
        page = admin.get(path).text
        assert "Siti Rahmawati" in page
        assert password not in page
    assert row_of(engine, "siti")["one_time_until"] is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login": "A B"}, "3 sampai 64 karakter"),
        ({"login": "bkd-admin"}, "sudah dipakai"),
        ({"unit": ""}, "perlu unit"),
        ({"unit": "NOWHERE"}, "Tidak ada unit"),
        ({"role": "bkd-officer"}, "tidak punya unit"),
        ({"number": "1"}, "Tak seorang pun bernomor ini"),
        ({"name": ""}, "Wajib diisi"),
        ({"role": "employee"}, "Pilihan tidak sah"),
        ({"role": "root"}, "Pilihan tidak sah"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    admin: FlaskClient, engine: Engine, change: dict[str, str], said: str
) -> None:
    page = send(admin, "/accounts/new", **{**NEW, **change}).text
    assert re.search(rf'class="error"[^/]+</use></svg>[^<]*{said}|class="error".*{said}', page)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(StoredAccount)) == 1


def test_mass_assignment_fields_that_the_form_has_not_change_nothing(admin: FlaskClient, engine: Engine) -> None:
    more = {
        "id": "root",
        "password": "x",
        "one_time_until": "",
        "person": "p0001",
        "disabled_at": "",
        "created_at": "x",
    }
    password = ONE_TIME.findall(send(admin, "/accounts/new", **NEW, **more).text)[0]
    made = row_of(engine, "siti")
    assert made["person"] is None
    assert passwords.verify(made["password"], password)
    send(admin, "/accounts/siti", role="opd-head", unit="DISDIK", login="root", name="Root", person="p0001")
    assert {**row_of(engine, "siti"), "role": "opd-operator"} == made
    own = another(admin)
    logged_in(own, Role.OPD_HEAD, "DISDIK")
    fields = {"old": "x", "new": OWN, "again": OWN, "role": "bkd-admin", "unit": "", "id": "bkd-admin"}
    send(own, "/account/password", **fields)
    assert row_of(engine, "opd-head-disdik")["role"] == "opd-head"


def test_forced_browsing_an_officer_makes_no_admin(browser: FlaskClient, engine: Engine) -> None:
    client = logged_in(browser, Role.BKD_OFFICER)
    assert send(client, "/accounts/new", **{**NEW, "role": "bkd-admin", "unit": ""}).status_code == 403
    assert send(client, "/accounts/bkd-officer", role="bkd-admin", unit="").status_code == 403
    assert row_of(engine, "bkd-officer")["role"] == "bkd-officer"


def test_nobody_changes_their_own_account(admin: FlaskClient, engine: Engine) -> None:
    before = row_of(engine, "bkd-admin")
    for path in ("/accounts/bkd-admin", "/accounts/bkd-admin/reset", "/accounts/bkd-admin/disable"):
        assert send(admin, path, role="inspectorate", unit="").status_code == 403
    assert row_of(engine, "bkd-admin") == before


def test_a_change_of_role_logs_out_and_is_noted(admin: FlaskClient, engine: Engine) -> None:
    other = another(admin)
    logged_in(other, Role.OPD_HEAD, "DISDIK")
    assert send(admin, "/accounts/opd-head-disdik", role="inspectorate", unit="").status_code == 303
    assert other.get("/").status_code == 303
    with engine.connect() as connection:
        last = connection.execute(sa.select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).mappings().one()
    assert last["action"] == "account.change"
    assert '"role_before":"opd-head"' in last["detail"]


def test_an_account_is_closed_and_opened_again(admin: FlaskClient, engine: Engine) -> None:
    send(admin, "/accounts/new", **NEW)
    assert send(admin, "/accounts/siti/disable").status_code == 303
    assert row_of(engine, "siti")["disabled_at"] is not None
    assert "Ditutup" in admin.get("/accounts/siti").text
    assert ONE_TIME.search(send(admin, "/accounts/siti/enable").text)
    assert ONE_TIME.search(send(admin, "/accounts/siti/reset").text)
    assert admin.get("/accounts/nobody").status_code == 404


def test_accounts_are_searched_and_narrowed(admin: FlaskClient) -> None:
    send(admin, "/accounts/new", **NEW)
    assert "1 akun" in admin.get("/accounts/?q=RAHMA").text
    assert "1 akun" in admin.get("/accounts/?role=opd-operator").text
    assert re.findall(r"\d+ akun", admin.get("/accounts/?q=%25").text) == ["0 akun"]
    assert admin.get("/accounts/?role=nonsense&page=99").status_code == 200


# Hand-out links


def person_at(engine: Engine, unit: str) -> str:
    with engine.connect() as connection:
        found = sa.select(Assignment.person).where(Assignment.unit == unit).order_by(Assignment.id)
        return str(connection.scalars(found).first())


def link(client: FlaskClient, person: str) -> str:
    page = send(client, f"/handout/{person}").text
    assert "<svg" in page
    return re.findall(r"http://localhost(/welcome/[\w-]+)", page)[0]


def choose(client: FlaskClient, path: str, password: str = OWN) -> Any:
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    return client.post(path, data={"csrf_token": token[0] if token else "", "new": password, "again": password})


def test_an_employee_comes_in_by_the_link_and_later_by_their_number(browser: FlaskClient, engine: Engine) -> None:
    person = person_at(engine, "SDN1")
    operator = logged_in(browser, Role.OPD_OPERATOR, "DISDIK")
    path, own = link(operator, person), another(browser)
    assert own.get(path).status_code == 200
    assert choose(own, path).location == "/enter"
    assert own.get("/enter").location == "/me/"
    assert own.get(f"/people/{person}").status_code == 200
    with engine.connect() as connection:
        number = connection.scalars(sa.select(Person.number).where(Person.id == person)).one()
    again = another(browser)
    token = re.findall(r'name="csrf_token" value="([^"]+)"', again.get("/login").text)[0]
    assert again.post("/login", data={"csrf_token": token, "login": number, "password": OWN}).status_code == 303
    assert again.get("/").status_code == 403


def test_a_link_opens_once_and_the_newest_alone(browser: FlaskClient, engine: Engine) -> None:
    person = person_at(engine, "SDN1")
    operator = logged_in(browser, Role.OPD_OPERATOR, "DISDIK")
    first, second = link(operator, person), link(operator, person)
    own = another(browser)
    assert own.get(first).status_code == 404
    assert choose(own, second).status_code == 303
    assert another(browser).get(second).status_code == 404
    with engine.connect() as connection:
        assert second.rpartition("/")[2] not in str(connection.execute(sa.select(Handout.__table__)).all())


def test_a_link_runs_out_and_dies_with_the_service(browser: FlaskClient, engine: Engine, clock: Clock) -> None:
    person = person_at(engine, "SDN1")
    path = link(logged_in(browser, Role.OPD_OPERATOR, "DISDIK"), person)
    clock.now = office.NOW + timedelta(hours=73)
    assert another(browser).get(path).status_code == 404
    clock.now = office.NOW
    assert another(browser).get(path).status_code == 200
    with engine.begin() as connection:
        connection.execute(sa.update(Person).where(Person.id == person).values(left_on=office.TODAY))
    assert another(browser).get(path).status_code == 404


def test_idor_no_operator_makes_a_link_for_anothers_people(browser: FlaskClient, engine: Engine) -> None:
    operator = logged_in(browser, Role.OPD_OPERATOR, "DISDIK")
    assert send(operator, f"/handout/{person_at(engine, 'DINKES')}").status_code == 404
    assert send(operator, "/handout/nobody").status_code == 404


def test_a_link_takes_over_no_account_of_staff(browser: FlaskClient, engine: Engine) -> None:
    person = person_at(engine, "SDN1")
    logged_in(another(browser), Role.BKD_ADMIN, person=person, login="the-boss")
    path = link(logged_in(browser, Role.OPD_OPERATOR, "DISDIK"), person)
    assert another(browser).get(path).status_code == 404


def test_a_weak_first_password_is_not_taken(browser: FlaskClient, engine: Engine) -> None:
    person = person_at(engine, "SDN1")
    path, own = link(logged_in(browser, Role.OPD_OPERATOR, "DISDIK"), person), another(browser)
    assert "paling sedikit 10" in choose(own, path, "short").text
    with engine.connect() as connection:
        name = connection.scalars(sa.select(Person.name).where(Person.id == person)).one().split()[0]
    assert "nama Anda sendiri" in choose(own, path, f"{name}-2026-ok").text


def test_brute_force_of_links_waits(browser: FlaskClient) -> None:
    told = [another(browser).get(f"/welcome/guess-{n}").status_code for n in range(41)]
    assert told == [404] * 40 + [429]


# The audit log


def test_the_log_is_filtered_paged_and_taken_as_a_sheet(admin: FlaskClient) -> None:
    for number in range(120):
        admin.get(f"/people/p{number % 30:04}")
    page = admin.get("/audit/").text
    assert page.count("<tr>") == 101
    older = re.findall(r'href="(\?before=\d+)"', page.replace("&amp;", "&"))[0]
    assert admin.get(f"/audit/{older}").text.count("<tr>") == 21
    page = admin.get("/audit/?subject=p0003&action=person.read").text
    assert page.count("<tr>") == 5
    assert office.name_of(3) in page
    assert admin.get("/audit/?who=nobody").text.count("<tr>") == 0
    assert admin.get(f"/audit/?from={office.TODAY}&to={office.TODAY}").text.count("<tr>") == 101
    assert admin.get("/audit/?to=2020-01-01&from=x&before=x").text.count("<tr>") == 0
    text = admin.get("/audit/log.csv?subject=p0003").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert len(rows) == 4
    assert {row["tindakan"] for row in rows} == {"person.read"}


def test_the_inspectorate_checks_the_chain_on_the_page(browser: FlaskClient, engine: Engine) -> None:
    client = logged_in(browser, Role.INSPECTORATE)
    client.get("/people/p0001")
    assert send(client, "/audit/verify").status_code == 303
    assert "masih seperti saat ditulis" in client.get("/audit/").text
    with Writer(engine) as writer:
        unlocked(writer, "UPDATE audit_log SET who = 'somebody else' WHERE seq = 1")
    send(client, "/audit/verify")
    assert "Log tidak utuh mulai catatan 1" in client.get("/audit/").text


def test_hostile_words_in_the_log_are_text(admin: FlaskClient, engine: Engine) -> None:
    hostile = "<script>alert(1)</script>"
    with Writer(engine) as writer, writer.session() as session:
        row = session.get_one(StoredAccount, "bkd-admin")
        row.name = hostile
        book.reset(session, "bkd-admin", Author(f"=cmd|{hostile}"[:60], office.NOW), timedelta(days=1))
        row.one_time_until = None
    client = logged_in(another(admin), Role.INSPECTORATE)
    for path in ("/audit/", "/accounts/"):
        assert hostile not in client.get(path).text
    assert "'=cmd" in client.get("/audit/log.csv").text
