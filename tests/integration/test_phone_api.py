"""Presence by telephone over HTTP: tokens, sending again, and what an attacker would try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.errors import PhoneError
from collector.phones import tokens
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.store.people import Assignment, Person, Unit
from collector.violating.detection import Detection
from collector.web import create_app
from tests.centre import AT, Centre, opened
from tests.fixtures.accounts import logged_in
from tests.fixtures.appeal_office import Clock

URL = "/api/v1/phone/records"
SEAT = (-8.133, 113.225)
NIP = "198001012005011001"
EARLY = (AT - timedelta(minutes=14)).isoformat()


@pytest.fixture
def clock() -> Clock:
    return Clock(AT)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    """Two OPD: DISDIK with p-1 (who has a NIP) and p-2, DINKES with p-9."""
    with opened(store_url, tmp_path) as centre:
        with centre.writer.session() as session:
            for code in ("DISDIK", "DINKES"):
                session.add(Unit(code=code, name=code, latitude=SEAT[0], longitude=SEAT[1]))
            session.flush()
            for person, number in (("p-1", NIP), ("p-2", None), ("p-9", None)):
                session.add(Person(id=person, name=person, status="PNS", number=number))
            session.flush()
            for person, unit in (("p-1", "DISDIK"), ("p-2", "DISDIK"), ("p-9", "DINKES")):
                session.add(Assignment(person=person, unit=unit, from_day=AT.date() - timedelta(days=900)))
        yield centre


@pytest.fixture
def app(centre: Centre, clock: Clock) -> Flask:
    return create_app(centre.writer.engine, centre.writer, CollectorSettings(), clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def issue(centre: Centre, unit: str | None = "DISDIK", days: int = 30) -> str:
    with centre.writer.session() as session:
        return tokens.issue(session, "e-presensi", unit, days, "bkd-1", AT)


def record(number: int = 1, **changed: Any) -> dict[str, Any]:
    spot = {"latitude": SEAT[0], "longitude": SEAT[1], "accuracy_m": 10.5}
    at = (AT - timedelta(minutes=5)).isoformat()
    return {"record": f"r-{number}", "person": "p-1", "device": "android-1", "at": at, **spot, **changed}


def send(client: FlaskClient, token: str, *records: Any) -> tuple[int, dict[str, Any]]:
    body = {"records": list(records)} if len(records) != 1 else records[0]
    answer = client.post(URL, json=body, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json(silent=True) or {}


def rows(centre: Centre) -> list[str]:
    return sorted(f"{row['record'].rpartition('/')[2]} {row['person']}" for row in centre.rows("phone_records"))


def test_a_batch_is_stored_once_however_often_it_is_sent(client: FlaskClient, centre: Centre) -> None:
    token = issue(centre)
    batch = [record(1), record(2, person=NIP, device="android-2"), record(3, person="p-2")]
    status, first = send(client, token, *batch)
    assert (status, first["stored"]) == (200, 3)
    status, again = send(client, token, *batch, record(4))
    assert (status, again["known"], again["stored"]) == (200, 3, 1)
    assert rows(centre) == ["r-1 p-1", "r-2 p-1", "r-3 p-2", "r-4 p-1"]
    assert {(row["kind"], row["subject"]) for row in centre.rows("touched_days")} == {
        ("person", "p-1"),
        ("person", "p-2"),
    }


def test_a_replay_with_other_content_is_refused_told_and_changes_nothing(client: FlaskClient, centre: Centre) -> None:
    token = issue(centre)
    send(client, token, record())
    before = centre.rows("phone_records")
    for changed in ({"person": "p-2"}, {"latitude": -8.2}, {"device": "android-9"}, {"at": AT.isoformat()}):
        status, told = send(client, token, record(**changed))
        assert status == 409
        assert "a record never changes; give a new one a new id" in told["records"][0]["error"]
    assert centre.rows("phone_records") == before
    assert [row["action"] for row in centre.rows("audit_log")].count("phone.conflict") == 4


def test_in_one_batch_the_first_of_two_counts(client: FlaskClient, centre: Centre) -> None:
    status, told = send(client, issue(centre), record(1), record(1, person="p-2"), record(1))
    assert (status, [each["state"] for each in told["records"]]) == (409, ["stored", "refused", "known"])
    assert rows(centre) == ["r-1 p-1"]


def test_what_is_right_is_stored_beside_what_is_wrong(client: FlaskClient, centre: Centre) -> None:
    status, told = send(client, issue(centre), record(1), record(2, latitude=200))
    assert status == 422
    assert [each["state"] for each in told["records"]] == ["stored", "refused"]
    assert "latitude = 200: must be a number of degrees" in told["records"][1]["error"]


def test_a_token_sends_for_the_people_of_its_unit_alone(client: FlaskClient, centre: Centre) -> None:
    status, told = send(client, issue(centre, "DINKES"), record(1), record(2, person="nobody"), record(3, person=NIP))
    assert status == 422
    errors = {each["error"].partition(":")[2] for each in told["records"]}
    assert len(errors) == 1  # nobody learns who there is
    assert rows(centre) == []
    assert send(client, issue(centre, None), record(1))[0] == 200


def test_another_application_cannot_take_a_records_place(client: FlaskClient, centre: Centre) -> None:
    one, other = issue(centre), issue(centre)
    send(client, one, record(1))
    assert send(client, other, record(1, person="p-2"))[0] == 200
    assert rows(centre) == ["r-1 p-1", "r-1 p-2"]


@pytest.mark.parametrize(
    "told", ["", "sip_", "sip__", "sip_0000_x", "x", "sip_" + "a" * 5000, "sip_\u00e9_\u00e9", "Bearer"]
)
def test_no_token_no_word(client: FlaskClient, told: str) -> None:
    answer = client.post(
        URL, json=record(), headers={"Authorization": f"Bearer {told}".encode("latin-1", "replace").decode("latin-1")}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_half_right_ended_or_revoked_token_opens_nothing(client: FlaskClient, centre: Centre, clock: Clock) -> None:
    token = issue(centre, days=1)
    assert send(client, token[:-1], record())[0] == 401
    assert send(client, issue(centre)[:16] + token[16:], record())[0] == 401
    assert send(client, token, record())[0] == 200
    other = issue(centre)
    with centre.writer.session() as session:
        tokens.revoke(session, other.split("_")[1], "bkd-1", "hilang", AT)
    assert send(client, other, record(2))[0] == 401
    clock.pass_days(1)
    assert send(client, token, record(3))[0] == 401
    assert rows(centre) == ["r-1 p-1"]


def test_a_log_in_of_the_pages_opens_nothing_here(app: Flask) -> None:
    client = logged_in(app.test_client(), Role.BKD_ADMIN)
    assert client.post(URL, json=record()).status_code == 401
    assert client.get(URL).status_code == 405


def test_no_secret_is_kept(centre: Centre) -> None:
    secret = issue(centre).split("_", 2)[2]
    told = json.dumps([centre.rows("phone_tokens"), centre.rows("audit_log")], default=str)
    assert secret not in told


def test_a_body_too_large_is_not_read(client: FlaskClient, centre: Centre) -> None:
    headers = {"Authorization": f"Bearer {issue(centre)}"}
    assert client.post(URL, data=b"[" + b" " * 300_000, headers=headers).status_code == 413
    assert send(client, issue(centre), *[record(number) for number in range(501)])[0] == 400


def test_floods_wait_and_guessing_waits_sooner(app: Flask, client: FlaskClient, centre: Centre) -> None:
    token = issue(centre)
    told = [send(client, token, record())[0] for _ in range(125)]
    assert set(told[:120]) == {200}
    assert 429 in told[120:]
    guesses = [client.post(URL, json={}, headers={"Authorization": "Bearer sip_x_y"}) for _ in range(25)]
    assert [answer.status_code for answer in guesses][-1] == 429
    assert int(guesses[-1].headers["Retry-After"]) >= 1
    assert send(client, issue(centre), record(2))[0] == 200  # who has a token is not held up by who guesses


def test_sql_and_markup_in_fields_are_values(client: FlaskClient, centre: Centre) -> None:
    token = issue(centre)
    for value in ("'; DROP TABLE phone_records; --", "<script>alert(1)</script>", "=1+1", "../../etc", "a\u0000b"):
        for field in ("record", "person", "device"):
            assert send(client, token, record(**{field: value}))[0] == 422
    assert rows(centre) == []


def test_the_detectors_find_shared_phones_and_strange_places(client: FlaskClient, centre: Centre, app: Flask) -> None:
    token = issue(centre)
    send(
        client,
        token,
        record(1),
        record(2, person="p-2"),
        record(3, device="android-3", latitude=-8.133 + 0.01, at=EARLY),
    )
    reader = open_reader(centre.url)
    try:
        Detection(reader, centre.writer).run()
    finally:
        reader.dispose()
    found = {row["kind"]: row for row in centre.rows("violations")}
    assert set(found) == {"shared-device", "outside-coordinates"}
    inspector = logged_in(app.test_client(), Role.INSPECTORATE)
    page = inspector.get(f"/violations/{found['shared-device']['key']}").text
    assert "android-1" in page


def test_a_late_upload_is_no_trusted_time(client: FlaskClient, centre: Centre) -> None:
    """A phone that comes with yesterday's record may have had its clock turned: nothing rests on that time."""
    late = (AT - timedelta(days=1)).isoformat()
    send(client, issue(centre), record(1, at=late), record(2, person="p-2", at=late))
    reader = open_reader(centre.url)
    try:
        Detection(reader, centre.writer).run()
    finally:
        reader.dispose()
    assert centre.rows("violations") == []


@pytest.mark.parametrize(
    ("unit", "days", "error"), [("NIRGENDS", 30, "is not known"), (None, 0, "1 to 400"), (None, 999, "1 to 400")]
)
def test_a_token_that_cannot_be_is_refused(centre: Centre, unit: str | None, days: int, error: str) -> None:
    with pytest.raises(PhoneError, match=error):
        issue(centre, unit, days)
    with pytest.raises(PhoneError, match="not there or was revoked"), centre.writer.session() as session:
        tokens.revoke(session, "x", "bkd-1", "x", AT)


def test_the_number_of_queries_does_not_grow_with_the_batch(centre: Centre, app: Flask) -> None:
    token = issue(centre)
    send(app.test_client(), token, record(0))
    told: list[str] = []
    sa.event.listen(centre.writer.engine, "before_cursor_execute", lambda *args: told.append(args[2]))

    def asked(*records: Any) -> int:
        told.clear()
        assert send(app.test_client(), token, *records)[0] == 200
        return len(told)

    first = asked(record(1), record(2))
    assert asked(*[record(number) for number in range(10, 200)]) == first
