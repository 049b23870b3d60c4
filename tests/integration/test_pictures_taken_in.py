"""Pictures at the centre, on SQLite and on PostgreSQL: what is taken, what is refused for good, how it lies, and when it goes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
import sqlalchemy as sa

from collector.evidence.pictures import evidence_picture
from collector.ingest import writing
from collector.keys import CentreKeys
from collector.people.sealing import evidence_name, reseal
from collector.retention.limits import Kind, due
from collector.retention.sweep import sweep
from collector.store.records import Blob
from collector.store.violations import StoredViolation
from collector.vault import add_key
from tests.centre import AT, Centre, FakeKiosk, check_in, opened
from wire.pictures import MAX_BLOB_BYTES, MAX_PICTURE_BYTES
from wire.records import Event, decode_record, picture_named
from wire.seals import DecryptionKey, KeyName, Sealed, digest, payload_of

FACE = cv2.imencode(".jpg", np.full((64, 64, 3), 99, np.uint8))[1].tobytes()
BOMB = FACE.replace(b"\x00\x40\x00\x40\x03", b"\xff\xff\xff\xff\x03", 1)


@pytest.fixture
def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest.fixture
def centre(store_url: str, tmp_path: Path, kiosk: FakeKiosk) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        centre.register(kiosk)
        yield centre


def sealed(centre: Centre, kiosk: FakeKiosk, picture: bytes = FACE) -> str:
    return kiosk.key.seal(Sealed.BLOB, centre.keys.boxes[-1].recipient.encrypt(picture).encode())


def seen(centre: Centre, kiosk: str, name: str) -> bytes | None:
    with centre.writer.session() as session:
        return evidence_picture(session, centre.keys.vault, kiosk, name)


def test_a_picture_is_opened_once_and_lies_in_the_vault(centre: Centre, kiosk: FakeKiosk) -> None:
    blob = sealed(centre, kiosk)
    for _ in range(2):
        [receipt] = centre.take(kiosk.message(blob, "blobs", digest(blob)))
        assert receipt.blobs == (digest(blob),)
    [row] = centre.rows("blobs")
    assert row["sealed"] == blob
    assert FACE not in bytes(row["picture"])
    assert centre.keys.vault.unseal(bytes(row["picture"]), evidence_name(digest(blob))) == FACE
    assert seen(centre, kiosk.id, digest(blob)) == FACE


@pytest.mark.parametrize(
    "hostile",
    [b"", b"<svg onload=alert(1)>", b"GIF89a", bytes(100), FACE[:2] + bytes(60), BOMB, FACE + bytes(MAX_PICTURE_BYTES)],
)
def test_what_the_kiosk_sealed_and_is_no_picture_is_rejected_for_good(
    centre: Centre, kiosk: FakeKiosk, hostile: bytes
) -> None:
    assert BOMB != FACE
    blob = sealed(centre, kiosk, hostile)
    [receipt] = centre.take(kiosk.message(blob, "blobs", digest(blob)))
    assert receipt.blobs == ()
    assert [(one.digest, one.seq, one.reason) for one in receipt.rejected] == [(digest(blob), None, "picture")]
    assert centre.rows("blobs") == []


def test_what_is_encrypted_to_another_and_what_is_too_long_is_rejected_too(centre: Centre, kiosk: FakeKiosk) -> None:
    stranger = DecryptionKey.generate(KeyName("centre/box", 7)).recipient
    texts = [
        kiosk.key.seal(Sealed.BLOB, stranger.encrypt(FACE).encode()),
        kiosk.key.seal(Sealed.BLOB, bytes(MAX_BLOB_BYTES)),
    ]
    for text in texts:
        [receipt] = centre.take(kiosk.message(text, "blobs", digest(text)))
        assert [one.digest for one in receipt.rejected] == [digest(text)]
    assert centre.rows("blobs") == []


def test_a_broker_gets_no_picture_rejected_and_none_taken(centre: Centre, kiosk: FakeKiosk) -> None:
    other = FakeKiosk("kiosk-2")
    centre.register(other)
    blob = sealed(centre, kiosk)
    assert centre.take(kiosk.message(blob, "blobs", "0" * 64)) == []  # another digest
    assert centre.take(other.message(blob, "blobs", digest(blob))) == []  # another kiosk's topic
    cut = blob[:-9] + "AAAAAAAAA"
    assert centre.take(kiosk.message(cut, "blobs", digest(cut))) == []  # altered on the way
    assert centre.rows("blobs") == []
    [receipt] = centre.take(kiosk.message(blob, "blobs", digest(blob)))
    assert receipt.blobs == (digest(blob),)
    assert receipt.rejected == ()


def test_a_record_shows_no_picture_that_another_kiosk_sent(centre: Centre, kiosk: FakeKiosk) -> None:
    blob = sealed(centre, kiosk)
    centre.take(kiosk.message(blob, "blobs", digest(blob)))
    assert seen(centre, "kiosk-2", digest(blob)) is None


def test_a_picture_that_was_exchanged_in_the_database_does_not_open(centre: Centre, kiosk: FakeKiosk) -> None:
    names = []
    for picture in (FACE, FACE + b"\0"):
        blob = sealed(centre, kiosk, picture)
        centre.take(kiosk.message(blob, "blobs", digest(blob)))
        names.append(digest(blob))
    other = next(row["picture"] for row in centre.rows("blobs") if row["digest"] == names[1])
    with centre.writer.transaction() as connection:
        connection.execute(sa.update(Blob).where(Blob.digest == names[0]).values(picture=other))
    assert seen(centre, kiosk.id, names[0]) is None
    assert seen(centre, kiosk.id, names[1]) == FACE + b"\0"


def test_a_flood_of_pictures_fills_no_disk_and_the_rest_is_taken_tomorrow(
    centre: Centre, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BLOBS_A_DAY", 3)
    blobs = [sealed(centre, kiosk) for _ in range(5)]
    messages = [kiosk.message(blob, "blobs", digest(blob)) for blob in blobs]
    [receipt] = centre.take(*messages)
    assert set(receipt.blobs) == {digest(blob) for blob in blobs[:3]}
    assert receipt.rejected == ()
    assert centre.take(messages[4]) == [] or centre.take(messages[4])[0].blobs == ()
    assert centre.take(messages[0])[0].blobs == (digest(blobs[0]),)
    tomorrow = [dataclasses.replace(one, at=AT + timedelta(days=1)) for one in messages[3:]]
    [receipt] = centre.take(*tomorrow)
    assert set(receipt.blobs) == {digest(blob) for blob in blobs[3:]}


def test_a_new_key_of_the_vault_seals_pictures_again(centre: Centre, kiosk: FakeKiosk, tmp_path: Path) -> None:
    blob = sealed(centre, kiosk)
    centre.take(kiosk.message(blob, "blobs", digest(blob)))
    add_key(tmp_path / "centre-keys")
    keys = CentreKeys.open(tmp_path / "centre-keys")
    with centre.writer.session() as session:
        assert reseal(session, keys) == 1
    [row] = centre.rows("blobs")
    assert bytes(row["picture"]).startswith(keys.vault.head)
    assert keys.vault.unseal(bytes(row["picture"]), evidence_name(digest(blob))) == FACE


@pytest.mark.parametrize("by_event", [False, True])
def test_a_picture_goes_with_proof_and_an_open_case_holds_it_back(
    centre: Centre, kiosk: FakeKiosk, by_event: bool
) -> None:
    blob = sealed(centre, kiosk)
    centre.take(kiosk.message(blob, "blobs", digest(blob)))
    body = Event(event="look-alike", detail={"person": "p-1", "evidence": digest(blob)})
    centre.take(kiosk.message(kiosk.add(body if by_event else dataclasses.replace(check_in(), evidence=digest(blob)))))
    about = json.dumps([f"{kiosk.id}/{kiosk.chain}/1"])
    row = {"day": AT.date(), "at": AT, "about": "", "facts": "{}", "kind": "uncertain-match", "unit": "DISDIK"}
    with centre.writer.session() as session:
        case = StoredViolation(key="k" * 64, evidence=about, against="person", subject="p-1", stands=True, **row)
        case.status = "open"
        session.add(case)
    for days, left in ((61, 1), (91, 0)):
        sweep(centre.writer, due(AT + timedelta(days=days), ZoneInfo("Asia/Jakarta"), 60, 7))
        assert len(centre.rows("blobs")) == left
    [proof] = [row for row in centre.rows("audit_log") if row["action"] == f"retention.{Kind.EVIDENCE.value}"]
    assert json.loads(proof["detail"])["sha256"] == [digest(blob)]


@pytest.mark.parametrize("detail", [{}, {"evidence": 7}, {"evidence": "../x"}, {"evidence": None}, {"evidence": ["a"]}])
def test_an_event_may_say_anything_and_names_a_picture_only_by_a_digest(
    kiosk: FakeKiosk, detail: dict[str, object]
) -> None:
    record = decode_record(payload_of(kiosk.add(Event(event="spoof", detail=detail))))  # type: ignore[arg-type]
    assert picture_named(record.body) is None
