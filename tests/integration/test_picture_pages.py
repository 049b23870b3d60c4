"""The pictures beside violations and appeals: who may see them, what is shown, and that each look is in the audit log."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask import Flask

from collector.accounts.roles import Role
from collector.people.sealing import chip_name
from collector.settings import CollectorSettings
from collector.store.people import Chip, Person
from collector.store.violations import StoredViolation
from collector.web import create_app
from tests.centre import AT, Centre, FakeKiosk, check_in, opened
from tests.fixtures.accounts import logged_in
from wire.records import Event
from wire.seals import Sealed, digest

KEY = "k" * 64


def _jpeg(light: int) -> bytes:
    return cv2.imencode(".jpg", np.full((64, 64, 3), light, np.uint8))[1].tobytes()


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        yield centre


def _case(centre: Centre, *, late: bool = False) -> tuple[FakeKiosk, list[str]]:
    """A violation that rests on a check-in, a look-alike and a record that names another kiosk's picture. `late`: the pictures of
    the first two have not come yet."""
    kiosk, other = FakeKiosk(), FakeKiosk("kiosk-2")
    centre.register(kiosk, other)
    box = centre.keys.boxes[-1].recipient
    blobs = [each.key.seal(Sealed.BLOB, box.encrypt(_jpeg(n)).encode()) for n, each in enumerate((kiosk, kiosk, other))]
    names = [digest(blob) for blob in blobs]
    bodies = [
        dataclasses.replace(check_in(), evidence=names[0]),
        Event(event="look-alike", detail={"person": "p-1", "score": 0.95, "runner_up": 0.945, "evidence": names[1]}),
        dataclasses.replace(check_in(), evidence=names[2]),
    ]
    centre.take(*(kiosk.message(kiosk.add(body)) for body in bodies))
    for each, blob in zip((kiosk, kiosk, other), blobs, strict=True):
        if not late:
            centre.take(each.message(blob, "blobs", digest(blob)))
    about = [f"{kiosk.id}/{kiosk.chain}/{seq}" for seq in (1, 2, 3)]
    row = {"day": AT.date(), "at": AT, "about": "", "facts": "{}", "kind": "uncertain-match", "unit": "DISDIK"}
    with centre.writer.session() as session:
        session.add(Person(id="p-1", name="Siti <b>Rahayu</b>", status="pns"))
        session.flush()
        chip = base64.b64encode(centre.keys.vault.seal(_jpeg(200), chip_name("p-1", "f"))).decode()
        session.add(Chip(digest="c" * 64, person="p-1", family="f", encrypted=chip, made_at=AT))
        case = StoredViolation(key=KEY, evidence=json.dumps(about), against="person", subject="p-1", stands=True, **row)
        case.status = "open"
        session.add(case)
    return kiosk, names


@pytest.fixture
def app(centre: Centre, tmp_path: Path) -> Flask:
    settings = CollectorSettings.model_validate({"store": {"keys": str(tmp_path / "centre-keys")}})
    return create_app(centre.writer.engine, centre.writer, settings, lambda: AT + timedelta(days=2))


def test_who_judges_sees_the_face_beside_the_enrolled_one_and_the_look_is_noted(centre: Centre, app: Flask) -> None:
    _, names = _case(centre)
    client = logged_in(app.test_client(), Role.INSPECTORATE)
    assert f"/violations/{KEY}/pictures" in client.get(f"/violations/{KEY}").text
    page = client.get(f"/violations/{KEY}/pictures").text
    for light in (0, 1):
        assert base64.b64encode(_jpeg(light)).decode() in page
    assert base64.b64encode(_jpeg(2)).decode() not in page, "another kiosk's picture"
    assert base64.b64encode(_jpeg(200)).decode() in page
    assert "mirip dengan orang lain" in page
    assert "0.945" in page
    assert "<b>Rahayu" not in page
    [look] = [row for row in centre.rows("audit_log") if row["action"] == "evidence.read"]
    assert (look["who"], look["subject"]) == ("inspectorate", "p-1")
    assert json.loads(look["detail"]) == {"about": KEY, "sha256": names[:2]}


def test_a_picture_that_has_not_come_is_no_deleted_one_and_nobody_is_noted_for_nothing(
    centre: Centre, app: Flask
) -> None:
    _case(centre, late=True)
    page = logged_in(app.test_client(), Role.BKD_OFFICER).get(f"/violations/{KEY}/pictures").text
    assert "belum mengirim" in page
    assert "data:image" not in page
    assert not [row for row in centre.rows("audit_log") if row["action"] == "evidence.read"]


@pytest.mark.parametrize("role", [Role.OPD_HEAD, Role.OPD_OPERATOR, Role.EMPLOYEE])
def test_a_unit_does_not_look_at_faces(centre: Centre, app: Flask, role: Role) -> None:
    _case(centre)
    client = logged_in(app.test_client(), role)
    assert client.get(f"/violations/{KEY}/pictures").status_code in {403, 404}
    assert f"/violations/{KEY}/pictures" not in client.get(f"/violations/{KEY}").text


def test_what_is_not_there_is_not_found(app: Flask) -> None:
    client = logged_in(app.test_client(), Role.BKD_ADMIN)
    assert client.get(f"/violations/{KEY}/pictures").status_code == 404
    assert client.get("/appeals/77/pictures").status_code == 404
