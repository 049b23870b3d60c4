"""The roster as the kiosk reads it: only what the centre sealed, only what is in force, and never all or nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from kiosk.relay import RelayReader, rosters
from kiosk.relay.inbound import SealedEntry, SealedManifest
from kiosk.relay.store import Store
from kiosk.relay.tables import MANIFESTS
from kiosk.roster import RosterReader
from wire import messages as m
from wire.jwks import key_set, readable
from wire.seals import DecryptionKey, KeyName, Sealed, SealingKey, digest

CENTRE = SealingKey.generate(KeyName("centre", 1))
BOX = DecryptionKey.generate(KeyName("kiosk-1/roster", 1))
MODEL = "dlib-resnet-1"


class CountingKey(DecryptionKey):
    """A key that counts what it decrypts."""

    count = 0

    def decrypt(self, encrypted: str | bytes) -> bytes:
        self.count += 1
        return super().decrypt(encrypted)


class Desk:
    """The centre's side and the kiosk's side of one relay.db."""

    def __init__(self, folder: Path) -> None:
        (folder / "centre.json").write_text(readable(key_set([CENTRE.public], [])))
        self.store = Store(folder)
        self.key = CountingKey.from_private(BOX.name, BOX.private)
        self.relay = RelayReader(folder)
        self.reader = RosterReader(self.relay, "kiosk-1", self.key, folder / "centre.json")

    def publish(self, version: int, entries: dict[str, str], key: SealingKey = CENTRE) -> None:
        manifest = m.RosterManifest(
            kiosk="kiosk-1",
            at=datetime(2026, 1, 5, tzinfo=UTC),
            version=version,
            model=MODEL,
            threshold=0.9,
            margin=0.02,
            people={person: digest(sealed) for person, sealed in entries.items()},
        )
        sealed = key.seal(Sealed.ROSTER_MANIFEST, m.ROSTER_MANIFEST.encode(manifest))
        with self.store.transaction() as connection:
            rosters.take_manifest(connection, SealedManifest(manifest, sealed))
            for person, text in entries.items():
                rosters.take_entry(connection, SealedEntry(person, text, digest(text)))
            rosters.advance(connection)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.relay.close()
    made.store.close()


def _template(values: list[float]) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


def _entry(person: str, template: str = _template([0.6, 0.8]), model: str = MODEL, box: DecryptionKey = BOX) -> str:
    entry = m.RosterEntry(
        kiosk="kiosk-1", person=person, name="Siti", unit="DISDIK", assigned=True, model=model, template=template
    )
    return CENTRE.seal(Sealed.ROSTER_ENTRY, box.recipient.encrypt(m.ROSTER_ENTRY.encode(entry)).encode())


def test_the_roster_in_force_is_decrypted(desk: Desk) -> None:
    assert desk.reader.read() is None
    desk.publish(3, {"p-1": _entry("p-1"), "p-2": _entry("p-2", _template([1.0, 0.0]))})
    roster = desk.reader.read()
    assert roster is not None
    assert (roster.version, roster.model, roster.threshold, roster.margin) == (3, MODEL, 0.9, 0.02)
    assert {person.person: person.template.tolist() for person in roster.people} == {
        "p-1": pytest.approx([0.6, 0.8]),
        "p-2": [1.0, 0.0],
    }


def test_only_what_changed_is_decrypted_again(desk: Desk) -> None:
    entries = {f"p-{number}": _entry(f"p-{number}") for number in range(4)}
    desk.publish(1, entries)
    desk.reader.read()
    desk.publish(2, {**entries, "p-0": _entry("p-0", _template([0.0, 1.0]))})
    roster = desk.reader.read()
    assert roster is not None
    assert len(roster.people) == 4
    assert desk.key.count == 5


@pytest.mark.parametrize(
    "bad",
    [
        _entry("p-2", box=DecryptionKey.generate(BOX.name)),
        _entry("p-3"),
        _entry("p-2", model="other-1"),
        _entry("p-2", _template([3.0, 4.0])),
        _entry("p-2", _template([float("nan"), 1.0])),
        _entry("p-2", "AAAA"),
        _entry("p-2", _template([1.0, 0.0, 0.0])),
        CENTRE.seal(Sealed.ROSTER_ENTRY, b"not encrypted"),
    ],
    ids=["other-key", "other-person", "other-model", "not-unit", "nan", "not-float32", "other-size", "no-jwe"],
)
def test_an_entry_that_cannot_be_used_is_left_out_and_counted(
    desk: Desk, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.publish(1, {"p-0": _entry("p-0"), "p-1": _entry("p-1"), "p-2": bad})
    for _ in range(2):
        roster = desk.reader.read()
        assert roster is not None
        assert {person.person for person in roster.people} == {"p-0", "p-1"}
    assert desk.reader.skipped == 1
    assert caplog.text.count("left out") == 1
    assert "Siti" not in caplog.text


def test_a_roster_that_a_broken_in_relay_made_up_is_not_believed(desk: Desk) -> None:
    desk.publish(1, {"p-1": _entry("p-1")}, key=SealingKey.generate(KeyName("centre", 1)))
    assert desk.reader.read() is None


def test_an_entry_that_a_broken_in_relay_swapped_does_not_count(desk: Desk) -> None:
    desk.publish(1, {"p-1": _entry("p-1"), "p-2": _entry("p-2")})
    with desk.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE entries SET sealed = ? WHERE person = 'p-2'", (_entry("p-2"),))
    roster = desk.reader.read()
    assert roster is not None
    assert [person.person for person in roster.people] == ["p-1"]


def test_a_removed_person_is_gone_before_the_new_roster_is_complete(desk: Desk) -> None:
    entries = {"p-1": _entry("p-1"), "p-2": _entry("p-2")}
    desk.publish(1, entries)
    desk.reader.read()
    manifest = m.RosterManifest(
        kiosk="kiosk-1",
        at=datetime(2026, 1, 5, tzinfo=UTC),
        version=2,
        model=MODEL,
        threshold=0.9,
        margin=0.02,
        people={"p-1": digest(entries["p-1"]), "p-9": "0" * 64},
    )
    sealed = CENTRE.seal(Sealed.ROSTER_MANIFEST, m.ROSTER_MANIFEST.encode(manifest))
    with desk.store.transaction() as connection:
        rosters.take_manifest(connection, SealedManifest(manifest, sealed))
        rosters.advance(connection)
    roster = desk.reader.read()
    assert roster is not None
    assert (roster.version, [person.person for person in roster.people]) == (1, ["p-1"])


def test_a_manifest_that_was_damaged_on_the_disk_is_no_roster(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.publish(1, {"p-1": _entry("p-1")})
    with desk.store.transaction() as connection:
        connection.execute(update(MANIFESTS).values(sealed="e30.###.x"))
    assert desk.reader.read() is None
    assert "not believed" in caplog.text


def _by_pin(person: str, template: str | None) -> str:
    pin = m.PinVerifier(
        number="40718",
        salt=base64.b64encode(b"s" * 16).decode(),
        digest=base64.b64encode(b"d" * 32).decode(),
        cost=10,
        from_=datetime(2026, 1, 5, tzinfo=UTC),
        until=datetime(2026, 1, 6, tzinfo=UTC),
    )
    entry = m.RosterEntry(
        kiosk="kiosk-1", person=person, name="Siti", unit="U", assigned=True, model=MODEL, template=template, pin=pin
    )
    return CENTRE.seal(Sealed.ROSTER_ENTRY, BOX.recipient.encrypt(m.ROSTER_ENTRY.encode(entry)).encode())


def test_who_has_a_pin_and_no_face_is_nobody_to_the_camera_and_stands_in_nobodys_way(desk: Desk) -> None:
    desk.publish(1, {"p-1": _entry("p-1"), "p-2": _by_pin("p-2", None), "p-3": _by_pin("p-3", _template([0.6, 0.8]))})
    roster = desk.reader.read()
    assert roster is not None
    assert {one.person for one in roster.people} == {"p-1", "p-3"}
    assert {one.person for one in roster.pins} == {"p-2", "p-3"}
    assert desk.reader.skipped == 0


def test_a_pin_holds_from_the_first_moment_of_its_guarantee_and_not_after_the_last(desk: Desk) -> None:
    desk.publish(1, {"p-2": _by_pin("p-2", None)})
    roster = desk.reader.read()
    assert roster is not None
    holder, first = roster.pins[0], datetime(2026, 1, 5, tzinfo=UTC)
    moments = (first - timedelta(milliseconds=1), first, first + timedelta(hours=23.9), first + timedelta(days=1))
    assert [holder.served(at) for at in moments] == [False, True, True, False]
