"""Enrolment in the pages with real photos: kept when good, refused with reasons, and no face for two people."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from collector.accounts.roles import Role
from collector.people.sealing import clear_template
from collector.settings import CollectorSettings
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine, open_reader
from collector.store.people import Chip, EnrolmentNote, Template
from collector.store.violations import StoredViolation
from collector.store.writer import Writer
from collector.vault import Vault, is_sealed
from collector.web import create_app
from models import store as weights_store
from tests.fixtures.accounts import csrf, logged_in
from tests.screenshots import office

NEW = "p0030"  # of BKD, not enrolled
TWIN = "p0009"  # of BKD, enrolled by the office's own rows
MODEL_OF_OFFICE = "dlib-1"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> CollectorSettings:
    folder = weights_store.default_folder()
    if not (folder / "dlib-resnet-v1.onnx").exists():
        pytest.skip("weights are not built: make setup")
    return CollectorSettings.model_validate(
        {"store": {"url": sqlite_url, "keys": tmp_path / "keys"}, "rosters": {"weights": folder}}
    )


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    office.fill(engine, people=40)
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, settings: CollectorSettings) -> Iterator[FlaskClient]:
    reader = open_reader(settings.store.url)
    with Writer(engine) as writer:
        yield logged_in(create_app(reader, writer, settings, lambda: office.NOW).test_client())
    reader.dispose()


@pytest.fixture(scope="module")
def photos(faces_dir: Path) -> dict[str, list[Path]]:
    folder = faces_dir / "face_recognition" / "faces"
    # Small ones: the test client leaves the temporary file of a larger body to the garbage collector.
    found = {name: sorted((folder / name).iterdir()) for name in ("obama", "biden")}
    return {name: [one for one in several if one.stat().st_size < 300_000][:3] for name, several in found.items()}


def send(client: FlaskClient, person: str, files: list[Path | bytes], **fields: str) -> str:
    sent = [
        (io.BytesIO(one if isinstance(one, bytes) else one.read_bytes()), f"foto{n}.jpg") for n, one in enumerate(files)
    ]
    data = {"csrf_token": csrf(client), "informed": "y", "photos": sent, **fields}
    data = {name: value for name, value in data.items() if value}
    return client.post(
        f"/enrolment/{person}", data=data, content_type="multipart/form-data", follow_redirects=True
    ).text


def templates(engine: Engine, person: str) -> list[Template]:
    with Session(engine) as session:
        rows = select(Template).where(Template.person == person, Template.model != MODEL_OF_OFFICE)
        return list(session.scalars(rows))


def test_good_photos_enrol_sealed_and_the_person_leaves_the_list(
    client: FlaskClient, engine: Engine, settings: CollectorSettings, photos: dict[str, list[Path]]
) -> None:
    assert office.name_of(30) in client.get("/enrolment/").text
    assert "Terdaftar. Kiosk mengenali" in send(client, NEW, list(photos["obama"]))
    (kept,) = templates(engine, NEW)
    assert is_sealed(kept.vector)
    assert len(clear_template(Vault.open(settings.store.keys), NEW, kept.model, kept.vector)) == 128 * 4
    assert office.name_of(30) not in client.get("/enrolment/").text
    with Session(engine) as session:
        assert session.scalars(select(EnrolmentNote.what).where(EnrolmentNote.person == NEW)).all() == ["enrolled"]
        assert "face.enrolled" in session.scalars(select(AuditEntry.action).where(AuditEntry.subject == NEW)).all()


def test_a_photo_that_cannot_be_used_says_why_in_indonesian(
    client: FlaskClient, engine: Engine, faces_dir: Path
) -> None:
    two = faces_dir / "face_recognition" / "other" / "two_people.jpg"
    page = send(client, NEW, [two, b"no picture"])
    assert "Tidak ada yang disimpan: tidak ada foto yang cukup baik" in page
    assert "<b>foto0.jpg</b>: ada beberapa wajah (2)" in page
    assert "<b>foto1.jpg</b>: bukan JPEG maupun PNG" in page
    assert templates(engine, NEW) == []


def test_one_face_for_two_people_is_kept_by_nobody_but_bkd_with_a_reason(
    client: FlaskClient, engine: Engine, photos: dict[str, list[Path]]
) -> None:
    obama = photos["obama"]
    assert "Terdaftar. Kiosk mengenali" in send(client, TWIN, list(obama[:1]))
    logged_in(client, Role.OPD_OPERATOR, "BKD")
    page = send(client, NEW, list(obama[1:]), why="kembar")
    assert "wajah ini sudah terdaftar untuk orang lain" in page
    assert office.name_of(9) in page
    logged_in(client, Role.OPD_OPERATOR, "UMUM")
    page = send(client, "p0000", list(obama[1:]))
    assert "Pegawai unit lain; BKD dapat melihat siapa" in page
    assert office.name_of(9) not in page
    assert templates(engine, NEW) == templates(engine, "p0000") == []
    logged_in(client)
    assert "Terdaftar. Kiosk mengenali" in send(client, NEW, list(obama[1:]), why="kembar, sudah diperiksa")
    with Session(engine) as session:
        notes = session.execute(select(EnrolmentNote.what, EnrolmentNote.why).where(EnrolmentNote.person == NEW))
        assert [tuple(note) for note in notes] == [
            ("refused", f"resembles {TWIN}"),
            ("enrolled", "kembar, sudah diperiksa"),
        ]
        ghosts = session.execute(select(StoredViolation.kind, StoredViolation.subject, StoredViolation.about)).all()
        assert [tuple(ghost) for ghost in ghosts] == [("ghost", *sorted((NEW, TWIN)))]


def test_nobody_is_enrolled_untold_and_a_face_is_taken_away_with_a_reason(
    client: FlaskClient, engine: Engine, photos: dict[str, list[Path]]
) -> None:
    assert "Sampaikan dulu kepada pegawai" in send(client, NEW, list(photos["biden"]), informed="")
    assert "Wajib diisi" in send(client, NEW, [])
    assert "Paling banyak 10 foto" in send(client, NEW, [b"x"] * 11)
    send(client, NEW, list(photos["biden"]))
    assert len(templates(engine, NEW)) == 1
    for why, left in (("", 1), ("atas permintaan", 0)):
        client.post(f"/enrolment/{NEW}/remove", data={"csrf_token": csrf(client), "why": why})
        assert len(templates(engine, NEW)) == left
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Chip).where(Chip.person == NEW)) == 0
