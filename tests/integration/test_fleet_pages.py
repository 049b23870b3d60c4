"""What a technician sees of the kiosks, and what an administrator may order; nobody else may, and everything is noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.audit import AuditEntry
from collector.store.commands import Order
from collector.store.engine import open_engine
from collector.store.people import Kiosk
from collector.store.writer import Writer
from collector.web import create_app
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

KIOSK = office.BEHIND


@pytest.fixture
def client(sqlite_url: str) -> Iterator[FlaskClient]:
    engine = open_engine(sqlite_url)
    office.fill(engine, people=10)
    with Writer(engine) as writer:
        app = create_app(engine, writer, CollectorSettings(), lambda: office.NOW)
        yield logged_in(app.test_client(), Role.BKD_ADMIN)


def order(client: FlaskClient, command: str, kiosk: str = KIOSK, **told: str) -> int:
    fields = {"csrf_token": csrf(client), "command": command, **told}
    return client.post(f"/kiosks/{kiosk}/orders", data=fields).status_code


def ordered(client: FlaskClient) -> list[tuple[str, str, str]]:
    with client.application.extensions["desk"].session() as session:
        query = select(Order.command, Order.arguments, Order.by).where(Order.at == office.NOW)
        return [tuple(row) for row in session.execute(query.order_by(Order.command))]


def noted(client: FlaskClient) -> list[str]:
    with client.application.extensions["desk"].session() as session:
        return list(
            session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("%.%")).order_by(AuditEntry.seq))
        )


def test_alarms_come_first_and_can_be_chosen(client: FlaskClient) -> None:
    page = client.get("/kiosks/").text
    assert page.index('id="k-kiosk-smpn1"') < page.index('id="k-kiosk-bkd"')
    only = client.get("/kiosks/?alarm=hot").text
    assert "k-kiosk-umum" in only
    assert "k-kiosk-bkd" not in only
    assert "k-kiosk-bkd" in client.get("/kiosks/?alarm=nonsense").text


@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=14)], ids=["now", "at-night"])
def test_as_many_rows_are_silent_as_the_card_counts(client: FlaskClient, later: timedelta) -> None:
    """Who is missed is judged once, by the hours of the unit: at night no row calls silent what the sum does not count."""
    desk = client.application.extensions["desk"]
    app = create_app(desk.engine, desk.writer, CollectorSettings(), lambda: office.NOW + later)
    page = logged_in(app.test_client(), Role.BKD_ADMIN).get("/kiosks/").text
    counted = re.search(r"Diam <b>(\d+)</b>", page)
    assert counted
    rows = re.findall(r'<tr id="k-.*?</tr>', page, re.DOTALL)
    silent = [row for row in rows if "Lama tanpa kabar" in row or "Diam" in row]
    assert len(silent) == int(counted[1]) == 1
    assert any("Sedang tidak ditunggu" in row for row in rows) == bool(later)


def test_one_kiosk_says_what_is_wrong_and_what_to_do(client: FlaskClient) -> None:
    page = client.get(f"/kiosks/{KIOSK}").text
    for words in ("Catatan menumpuk", "Lap lensa", "Raspberry Pi 4 Model B", "8 jam 30 menit", "Tegangan rendah"):
        assert words in page


def test_what_a_kiosk_told_is_escaped(client: FlaskClient) -> None:
    with client.application.extensions["desk"].write() as session:
        session.get_one(Order, "o-identify").detail = '{"x": "<script>alert(1)</script>"}'
    page = client.get(f"/kiosks/{KIOSK}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_a_kiosk_told_stands_in_plain_words(client: FlaskClient) -> None:
    with client.application.extensions["desk"].write() as session:
        told = '{"reason": "no-pictures", "unit-relay": "active 2"}'
        session.get_one(Order, "o-identify").detail = told
    page = client.get(f"/kiosks/{KIOSK}").text
    assert "kamera tidak memberi gambar" in page
    assert "berjalan · 2 kali mulai ulang" in page
    assert "no-pictures" not in page


def test_an_order_is_given_and_noted(client: FlaskClient) -> None:
    assert order(client, "identify") == 303
    assert order(client, "restart-part", part="relay") == 303
    assert ordered(client) == [
        ("identify", '{"seconds": "60"}', "bkd-admin"),
        ("restart-part", '{"part": "relay"}', "bkd-admin"),
    ]
    assert noted(client)[-2:] == ["kiosk.identify", "kiosk.restart-part"]


@pytest.mark.parametrize(
    ("command", "told", "status"),
    [("update", {}, 400), ("rm -rf", {}, 400), ("restart-part", {"part": "sshd"}, 400), ("restart-part", {}, 400)],
)
def test_only_what_is_on_the_list(client: FlaskClient, command: str, told: dict[str, str], status: int) -> None:
    assert order(client, command, **told) == status
    assert ordered(client) == []


def test_a_wipe_wants_the_kiosks_name(client: FlaskClient) -> None:
    assert order(client, "wipe", confirm="yes") == 303
    assert ordered(client) == []
    assert order(client, "wipe", confirm=KIOSK) == 303
    assert [command for command, _, _ in ordered(client)] == ["wipe"]


def test_what_a_stick_carries_holds_until_it_is_there(client: FlaskClient) -> None:
    with client.application.extensions["desk"].write() as session:
        session.execute(update(Kiosk).where(Kiosk.id == KIOSK).values(by_stick=True))
    order(client, "identify")
    order(client, "send-diagnostics")
    with client.application.extensions["desk"].session() as session:
        rows = session.scalars(select(Order).where(Order.at == office.NOW))
        held = {row.command: (row.expires - row.at).total_seconds() for row in rows}
    assert held == {"identify": 1800, "send-diagnostics": 90 * 86400}
    turn(client, "ended")
    assert "4 kiosk memakai flashdisk dan dilewati" in begin(client), "three of the office's others, too"


def test_an_unknown_kiosk_is_not_there(client: FlaskClient) -> None:
    assert order(client, "identify", "kiosk-none") == 404


def test_without_the_forms_token_nothing_is_ordered(client: FlaskClient) -> None:
    assert client.post(f"/kiosks/{KIOSK}/orders", data={"command": "identify"}).status_code == 400
    assert ordered(client) == []


def test_others_see_no_buttons_and_cannot_order(client: FlaskClient) -> None:
    logged_in(client, Role.INSPECTORATE)
    assert 'id="orders"' not in client.get(f"/kiosks/{KIOSK}").text
    assert order(client, "identify") == 403
    assert 'name="version"' not in client.get("/rollouts/").text


def test_what_was_not_sent_can_be_taken_back(client: FlaskClient) -> None:
    order(client, "identify")
    with client.application.extensions["desk"].session() as session:
        number = session.scalars(select(Order.id).where(Order.at == office.NOW)).one()
    path = f"/kiosks/{KIOSK}/orders/{number}/cancel"
    token = {"csrf_token": csrf(client)}
    assert "Ditarik" in client.post(path, data=token, follow_redirects=True).text
    assert "tidak dapat ditarik" in client.post(path, data=token, follow_redirects=True).text


def begin(client: FlaskClient, **told: str) -> str:
    fields = {"csrf_token": csrf(client), "version": "0.3.0", "allowed": "0", "hours": "48", **told}
    return client.post("/rollouts/", data=fields, follow_redirects=True).text


def turn(client: FlaskClient, state: str, why: str = "wrong day") -> str:
    page = client.get("/rollouts/").text
    number = page.partition('id="r-')[2].partition('"')[0]
    fields = {"csrf_token": csrf(client), "state": state, "why": why}
    return client.post(f"/rollouts/{number}", data=fields, follow_redirects=True).text


def test_a_paused_rollout_says_who_failed_and_is_given_up_for_a_reason(client: FlaskClient) -> None:
    page = client.get("/rollouts/").text
    assert "Terlalu banyak kiosk gagal" in page
    assert "health: camera" in page
    assert "Sebutkan alasannya" in turn(client, "ended", " ")
    assert "wrong day" in turn(client, "ended")
    assert noted(client)[-1] == "rollout.ended"


def test_a_version_is_rolled_out_by_the_form(client: FlaskClient) -> None:
    assert "Versi lain masih dalam pengiriman" in begin(client)
    turn(client, "ended")
    assert "Salah satunya tidak ada" in begin(client, kiosks="kiosk-bkd, kiosk-none")
    assert "Versi, misalnya" in begin(client, version="../evil")
    assert "Dari 1 sampai 2160" in begin(client, hours="0")
    assert "Sudah dimulai" in begin(client, kiosks="kiosk-bkd")
    assert noted(client)[-1] == "rollout.begin"
