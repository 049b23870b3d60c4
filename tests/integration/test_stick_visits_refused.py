"""What a stick may not bring: forged, for another kiosk, cut off, a link, too much, a release that nobody sealed."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.store.people import Kiosk, Unit
from firmware.signals import Signal
from kiosk.agent.stick import incoming
from kiosk.agent.stick.exchange import Outcome
from kiosk.agent.update import bundles
from kiosk.keys import open_relay_key
from kiosk.ledger import Receipted
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe
from tests.centre import AT, Centre, FakeKiosk, key_row, opened
from tests.fixtures.ledgers import KIOSK
from tests.fixtures.school import School, at_the_centre
from wire import messages as m
from wire.jwks import key_set, readable
from wire.seals import KeyName, Sealed, SealingKey
from wire.stick import PARTS

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with socket.socket() as nobody:  # a port on which nobody answers
        nobody.bind(("127.0.0.1", 0))
        made = School(tmp_path, nobody.getsockname()[1])
        yield made
        made.close()


@pytest.fixture
def centre(tmp_path: Path, school: School) -> Iterator[Centre]:
    """A centre that knows the kiosk."""
    with opened(f"sqlite:///{tmp_path}/centre.db", tmp_path) as made:
        (tmp_path / "centre.json").write_text(readable(made.keys.public))
        relay_key = open_relay_key(tmp_path / "relay/keys", KIOSK)
        with made.writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
            session.flush()
            session.add(Kiosk(id=KIOSK, unit="DISDIK", registered_at=AT, by_stick=True))
            session.flush()
            session.add(key_row(KIOSK, "record", school.box.keys().record.public))
            session.add(key_row(KIOSK, "relay", relay_key.public))
        yield made


def test_a_forged_receipt_and_one_for_another_kiosk_change_nothing(centre: Centre, school: School) -> None:
    school.append(9)
    forger = SealingKey.generate(KeyName("centre", 1))
    claims = m.Receipt(kiosk=KIOSK, at=AT, chain=school.entry.chain, upto=9)
    other = m.Receipt(kiosk="kiosk-2", at=AT, chain=school.entry.chain, upto=9)
    school.put(
        "receipts",
        forger.seal(Sealed.RECEIPT, m.RECEIPT.encode(claims)),
        centre.keys.seal(Sealed.RECEIPT, m.RECEIPT.encode(other)),
        centre.keys.seal(Sealed.STATUS, m.RECEIPT.encode(claims)),
        "garbage",
    )
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=9, brought=True)
        assert school.receipted() is None


def test_what_lies_there_for_another_kiosk_is_not_touched(centre: Centre, school: School) -> None:
    school.append(1)
    receipt = m.Receipt(kiosk="kiosk-2", at=AT, chain=school.entry.chain, upto=1)
    school.put("receipts", centre.keys.seal(Sealed.RECEIPT, m.RECEIPT.encode(receipt)), kiosk="kiosk-2")
    school.put("records", *FakeKiosk("kiosk-2").day(2), kiosk="kiosk-2")
    before = {path: path.read_bytes() for path in school.stick.rglob("kiosk-2/*")}
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=1)
    assert {path: path.read_bytes() for path in school.stick.rglob("kiosk-2/*")} == before
    assert not list((school.folder / "agent/spool").iterdir())


def test_a_stick_that_was_pulled_out_half_written_gives_what_is_whole(centre: Centre, school: School) -> None:
    school.append(5)
    with school.relaying():
        school.visit()
        path = school.stick / "from" / KIOSK / "records.txt"
        path.write_bytes(path.read_bytes()[:-20])
        (taken,) = at_the_centre(centre, school)
        assert (taken.records, taken.set_aside) == (4, 0)
        assert school.visit().records == 1
        at_the_centre(centre, school)
    assert len(centre.rows("records")) == 5


def test_a_link_a_huge_file_and_a_stick_without_a_marker_are_refused(school: School, tmp_path: Path) -> None:
    school.append(1)
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    place = school.stick / "to" / KIOSK / "receipts.txt"
    place.parent.mkdir(parents=True)
    place.symlink_to(secret)
    assert school.visit().signal is Signal.STICK_REFUSED
    place.unlink()
    with place.open("wb") as file:
        file.truncate(PARTS["receipts"].most + 1)
    assert school.visit().signal is Signal.STICK_REFUSED
    place.unlink()
    (school.stick / "SIPERLU-STICK.json").unlink()
    assert school.visit().signal is Signal.STICK_REFUSED
    assert not (school.stick / "from").exists()


def test_a_full_stick_keeps_the_old_file(centre: Centre, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.append(2)
    assert school.visit().records == 2
    school.append(2)
    real = os.fsync

    def full(handle: int) -> None:
        if str(school.stick) in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        refused = school.visit()
    assert refused.signal is Signal.STICK_REFUSED
    assert "No space left" in refused.reason
    assert len(school.on_stick("records")) == 2


def test_a_kiosk_without_room_hands_its_records_over_and_takes_nothing(
    centre: Centre, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.append(2)
    assert school.visit().records == 2
    at_the_centre(centre, school)
    release_for(school)
    school.append(1)
    with monkeypatch.context() as patch:
        patch.setattr(incoming, "ROOM", 1 << 60)
        patch.setattr(bundles, "ROOM", 1 << 60)
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=3)
    assert not list((school.folder / "agent/spool").iterdir())
    with school.relaying(), monkeypatch.context() as patch:
        patch.setattr(bundles, "ROOM", 1 << 60)  # too little for a release, enough for a receipt
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=1, brought=True)
        assert school.receipted() == Receipted(2)
    assert not list((school.folder / "agent/bundles").iterdir())


def test_only_a_release_that_it_sealed_is_kept(centre: Centre, school: School) -> None:
    folder = school.stick / "to" / KIOSK
    folder.mkdir(parents=True)
    (folder / "siperlu-9.9.9.tar").write_bytes(b"not a release")
    (folder / "autorun.tar").write_bytes(b"x")
    assert school.visit() == Outcome(Signal.STICK_SAFE)
    assert not list((school.folder / "agent/bundles").iterdir())


def test_a_release_is_kept_once_it_is_verified(school: School) -> None:
    bundle = release_for(school)
    (bundle.parent / "siperlu-1.3.0.tar").write_bytes(bundle.read_bytes())  # not what its name says
    assert school.visit() == Outcome(Signal.STICK_SAFE, bundles=("1.2.0",))
    assert [path.name for path in (school.folder / "agent/bundles").iterdir()] == ["siperlu-1.2.0.tar"]
    assert school.visit() == Outcome(Signal.STICK_SAFE)


def release_for(school: School) -> Path:
    """Version 1.2.0 on the stick, sealed by a key that the kiosk believes."""
    key = SealingKey.generate(KeyName("release", 1))
    (school.folder / "release.json").write_text(readable(key_set([key.public], [])))
    (school.folder / "a.whl").write_bytes(b"aaa")
    folder = school.stick / "to" / KIOSK
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / "siperlu-1.2.0.tar"
    write_bundle(bundle, Recipe("1.2.0", "1.0.0", AT, 1), {"wheels/any/a.whl": (school.folder / "a.whl", "any")}, key)
    return bundle
