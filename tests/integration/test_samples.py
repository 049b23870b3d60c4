"""The inspectorate's samples over a real database: the draw is logged, each match is shown with what is known, and judged."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.people.sealing import chip_name, evidence_name
from collector.samples.draw import digest_of, drawn
from collector.settings import CollectorSettings
from collector.store.people import Chip, Person, Unit
from collector.store.records import Blob
from collector.store.violations import StoredViolation
from collector.web import create_app
from tests.centre import AT, Centre, FakeKiosk, check_in, opened
from tests.fixtures.accounts import csrf, logged_in
from wire.seals import Sealed, digest

NOW = AT + timedelta(days=2)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATES = {"since": "2026-01-01", "until": "2026-01-31", "unit": "", "size": "30", "seed": ""}


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def kiosk(centre: Centre) -> FakeKiosk:
    """A kiosk with twelve doubtful matches of person p-1; the picture of the first is here."""
    kiosk = FakeKiosk()
    centre.register(kiosk)
    blob = kiosk.key.seal(Sealed.BLOB, centre.keys.boxes[-1].recipient.encrypt(PNG).encode())
    evidence = [digest(blob), digest("gone"), *[None] * 10]
    centre.take(kiosk.message(blob, "blobs", digest(blob)))
    centre.take(*(kiosk.message(kiosk.add(dataclasses.replace(check_in(), evidence=one))) for one in evidence))
    with centre.writer.session() as session:
        session.add(Person(id="p-1", name="Siti <b>Rahayu</b>", status="pns"))
        session.add(Unit(code="DINKES", name="Dinas Kesehatan"))
        session.flush()
        sealed = base64.b64encode(centre.keys.vault.seal(PNG, chip_name("p-1", "f"))).decode()
        session.add(Chip(digest="c" * 64, person="p-1", family="f", encrypted=sealed, made_at=AT))
        for seq in range(1, 13):
            session.add(violation(f"{kiosk.id}/{kiosk.chain}/{seq}"))
    return kiosk


def violation(about: str, **changed: Any) -> StoredViolation:
    row: dict[str, Any] = {"kind": "uncertain-match", "against": "person", "subject": "p-1", "unit": "DISDIK"}
    row |= {"day": AT.date(), "at": AT, "about": about, "evidence": json.dumps([about]), "facts": "{}"}
    row |= {"status": "open", "stands": True, **changed}
    return StoredViolation(key=digest(about), **row)


@pytest.fixture
def client(centre: Centre, kiosk: FakeKiosk, tmp_path: Path) -> FlaskClient:
    return client_at(centre, tmp_path, NOW)


def client_at(centre: Centre, tmp_path: Path, now: datetime) -> FlaskClient:
    settings = CollectorSettings.model_validate({"store": {"keys": str(tmp_path / "centre-keys")}})
    app = create_app(centre.writer.engine, centre.writer, settings, lambda: now)
    return logged_in(app.test_client(), Role.INSPECTORATE)


def send(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data={"csrf_token": csrf(client), **form})


def draw(client: FlaskClient, **changed: str) -> str:
    answer = send(client, "/samples/", **{**DATES, **changed})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def noted(centre: Centre, action: str) -> list[dict[str, Any]]:
    return [row for row in centre.rows("audit_log") if row["action"] == action]


def place_of(centre: Centre, seq: int) -> int:
    return next(row["place"] for row in centre.rows("sample_items") if row["seq"] == seq)


def test_the_draw_stands_in_the_log_and_can_be_done_again(
    client: FlaskClient, centre: Centre, kiosk: FakeKiosk
) -> None:
    page = client.get(draw(client, size="5")).text
    pool = [f"{kiosk.id}/{kiosk.chain}/{seq}" for seq in range(1, 13)]
    told = json.loads(noted(centre, "sample.draw")[0]["detail"])
    assert told["pool"] == 12
    assert told["pool_digest"] == digest_of(pool)
    items = sorted(centre.rows("sample_items"), key=lambda row: row["place"])
    assert [f"{row['kiosk']}/{row['chain']}/{row['seq']}" for row in items] == drawn(pool, told["seed"], 5)
    assert told["seed"] in page
    assert told["pool_digest"] in page


def test_a_chosen_seed_draws_the_same_and_a_random_one_another(client: FlaskClient, centre: Centre) -> None:
    for seed in ("dadu-6-2-5", "dadu-6-2-5", "", ""):
        draw(client, size="5", seed=seed)
    by_sample: dict[str, list[int]] = {}
    for row in sorted(centre.rows("sample_items"), key=lambda row: row["place"]):
        by_sample.setdefault(row["sample"], []).append(row["seq"])
    details = {row["subject"]: json.loads(row["detail"]) for row in noted(centre, "sample.draw")}
    chosen = [by_sample[sample] for sample, detail in details.items() if detail["seed_chosen"]]
    assert chosen[0] == chosen[1]
    assert len({detail["seed"] for detail in details.values()}) == 3


def test_a_match_is_shown_with_its_pictures_once_and_the_look_is_noted(client: FlaskClient, centre: Centre) -> None:
    where = draw(client)
    page = client.get(f"{where}/{place_of(centre, 1)}").text
    assert page.count(base64.b64encode(PNG).decode()) == 2  # at the kiosk, and enrolled
    assert "0.900" in page  # the score
    assert "0.400" in page  # its lead over the next person
    assert "<b>Rahayu" not in page
    (look,) = noted(centre, "sample.read")
    assert (look["who"], look["subject"]) == ("inspectorate", "p-1")
    assert json.loads(look["detail"])["pictures"] is True


@pytest.mark.parametrize(
    ("seq", "days", "said"),
    [(2, 2, "Kiosk belum mengirim gambar"), (2, 61, "Gambar sudah dihapus"), (3, 2, "Kiosk tidak mengirim gambar")],
)
@pytest.mark.usefixtures("kiosk")
def test_without_a_picture_none_of_the_enrolment_is_shown_either(
    centre: Centre, tmp_path: Path, seq: int, days: int, said: str
) -> None:
    client = client_at(centre, tmp_path, AT + timedelta(days=days))
    page = client.get(f"{draw(client)}/{place_of(centre, seq)}").text
    assert said in page
    assert "data:image" not in page


def test_what_is_no_picture_is_not_shown(client: FlaskClient, centre: Centre, kiosk: FakeKiosk) -> None:
    name = evidence_name(centre.rows("blobs")[0]["digest"])
    hostile = centre.keys.vault.seal(b"<svg onload=alert(1)>", name)
    with centre.writer.transaction() as connection:
        connection.execute(sa.update(Blob).values(picture=hostile))
    page = client.get(f"{draw(client)}/{place_of(centre, 1)}").text
    assert "data:image" not in page
    assert "tidak dapat dibuka" in page


def test_verdicts_are_counted_noted_and_can_be_taken_back(client: FlaskClient, centre: Centre) -> None:
    where = draw(client, size="4")
    steps = [(1, "wrong"), (2, "right"), (3, "unclear"), (4, "right"), (4, "wrong")]
    for place, verdict in steps:
        answer = send(client, f"{where}/{place}/{verdict}", why="  mata lain  ")
        assert answer.status_code == 303
    assert answer.location == where
    page = client.get(where).text
    assert "66.7 %" in page
    assert re.search(r"antara 20\.8 % dan 93\.9 %", page)
    judged = [json.loads(row["detail"]) for row in noted(centre, "sample.judge")]
    assert judged[-1] == {"place": 4, "verdict": "wrong", "before": "right"}
    assert {row["why"] for row in centre.rows("sample_items")} == {"mata lain"}


def test_nonsense_is_refused_at_its_field(client: FlaskClient) -> None:
    for field, value, said in (
        ("size", "0", "Angka dari 1 sampai 200"),
        ("size", "1000", "Angka dari 1 sampai 200"),
        ("size", "x", "Bilangan bulat tidak sah"),
        ("since", "soon", "Wajib diisi"),
        ("unit", "NOWHERE", "Tidak ada unit"),
    ):
        answer = send(client, "/samples/", **{**DATES, field: value})
        assert answer.status_code == 200
        assert said in answer.text, field
    where = draw(client)
    assert send(client, f"{where}/1/maybe").status_code == 400
    assert send(client, f"{where}/99/right").status_code == 404
    assert client.get(f"{where}/99").status_code == 404


def test_of_nothing_nothing_is_drawn(client: FlaskClient, centre: Centre) -> None:
    for changed in ({"unit": "DINKES"}, {"since": "2020-01-01", "until": "2020-01-02"}):
        assert draw(client, **changed) == "/samples/"
    assert centre.rows("samples") == []


def test_bkd_reads_and_neither_draws_nor_judges(client: FlaskClient) -> None:
    where = draw(client)
    officer = logged_in(client.application.test_client(), Role.BKD_OFFICER)
    assert officer.get(where).status_code == 200
    assert "formaction" not in officer.get(f"{where}/1").text
    assert send(officer, "/samples/", **DATES).status_code == 403
    assert send(officer, f"{where}/1/right").status_code == 403
