"""A kiosk without a network and its centre, with nothing between them but a stick."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from collector.commands import order
from collector.settings import CollectorSettings
from collector.sticks.giving import give
from collector.sticks.job import StickJob
from collector.sticks.taking import Taken, take
from collector.store.people import Kiosk, PublishedEntry, PublishedRoster, Unit
from collector.web import create_app
from firmware.signals import Signal
from kiosk.agent.answers import Answers, answer
from kiosk.agent.orders import Orders
from kiosk.agent.stick.exchange import Outcome, exchange
from kiosk.agent.update import bundles
from kiosk.evidence.album import Album
from kiosk.keys import open_relay_key
from kiosk.ledger import Ledger, Receipted
from kiosk.relay import RelayReader, app
from kiosk.settings import EvidenceSettings, Folders, KioskSettings, RelaySettings
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe
from stick import StickError, StickFolder, mark
from tests.centre import AT, Centre, FakeKiosk, key_row, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.brokers import wait_for
from tests.fixtures.ledgers import KIOSK, Box, check_in, reading
from wire import messages as m
from wire.jwks import key_set, readable
from wire.records import decode_record
from wire.seals import KeyName, Sealed, SealingKey, digest, payload_of
from wire.stick import PARTS, Carried, Place
from wire.topics import Address

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"

pytestmark = pytest.mark.timeout(120)


class School:
    """A kiosk that reaches no broker: its ledger, its relay, and what its agent does with a stick."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.settings = KioskSettings(
            folders=Folders(
                ledger=folder / "kiosk",
                relay=folder / "relay",
                centre_keys=folder / "centre.json",
                agent=folder / "agent",
                release_keys=folder / "release.json",
                run=folder / "run",
            ),
            relay=RelaySettings(port=port, tls=False),
        )
        self.box = Box(folder / "kiosk")
        self.ledger: Ledger = self.box.open()
        self.reader = RelayReader(folder / "relay")
        self.stick = folder / "stick"
        self.stick.mkdir()
        mark(self.stick)

    def append(self, count: int) -> None:
        for number in range(count):
            self.entry = self.ledger.append(check_in(), reading(number))

    def visit(self) -> Outcome:
        return exchange(self.stick, self.settings)

    @contextmanager
    def relaying(self) -> Iterator[None]:
        stop, failures = threading.Event(), list[BaseException]()

        def run() -> None:
            try:
                app.run(self.settings, stop)
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            wait_for("the relay has begun", lambda: self.reader.lives() or failures)
            yield
        finally:
            stop.set()
            thread.join(15)
        assert not failures
        assert not thread.is_alive()

    def receipted(self) -> Receipted | None:
        return self.reader.receipts().get(self.entry.chain)

    def on_stick(self, channel: str) -> list[Carried]:
        with closing(StickFolder(self.stick)) as stick:
            return list(stick.messages(Place(KIOSK, PARTS[channel])))

    def put(self, channel: str, *sealed: str, kiosk: str = KIOSK) -> None:
        with closing(StickFolder(self.stick)) as stick:
            topic = Address(kiosk, channel).topic
            stick.write(Place(kiosk, PARTS[channel]), [Carried(topic, one.encode()) for one in sealed])

    def close(self) -> None:
        self.reader.close()
        self.ledger.close()


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


def _roster(centre: Centre, version: int, *people: str) -> None:
    entries = {person: centre.keys.seal(Sealed.ROSTER_ENTRY, f"{person} {version}".encode()) for person in people}
    manifest = m.RosterManifest(
        kiosk=KIOSK,
        at=AT,
        version=version,
        model="m-1",
        threshold=0.9,
        margin=0.02,
        people={person: digest(sealed) for person, sealed in entries.items()},
    )
    sealed = centre.keys.seal(Sealed.ROSTER_MANIFEST, m.ROSTER_MANIFEST.encode(manifest))
    with centre.writer.session() as session:
        session.merge(PublishedRoster(kiosk=KIOSK, version=version, at=AT, sealed=sealed))
        for person, text in entries.items():
            session.merge(PublishedEntry(kiosk=KIOSK, person=person, content="", digest=digest(text), sealed=text))


def _at_the_centre(centre: Centre, school: School) -> list[Taken]:
    with closing(StickFolder(school.stick)) as stick:
        taken = take(stick, centre.writer, centre.keys, lambda: AT)
        give(stick, centre.writer, centre.keys, KIOSK, AT)
    return taken


def test_a_month_without_a_network(centre: Centre, school: School) -> None:
    _roster(centre, 1, "p-1", "p-2")
    with centre.writer.transaction() as connection:
        number = order(connection, KIOSK, "identify", {}, by="it", now=AT, ttl=timedelta(days=60))
    school.append(700)
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=700)
        (taken,) = _at_the_centre(centre, school)
        assert (taken.records, taken.set_aside) == (700, 0)
        assert [row["seq"] for row in centre.rows("records")] == list(range(1, 701))
        assert centre.rows("kiosk_status")[0]["backlog"] == 700

        school.append(1)  # between the two visits
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=1, brought=True)
        assert school.receipted() == Receipted(700)
        assert school.reader.roster_versions() == {"active": 1}
        roster = school.reader.roster()
        assert roster
        assert len(roster.entries) == 2
        assert [one.id for one in Orders(school.folder / "relay", school.folder / "centre.json", KIOSK).waiting()] == [
            number
        ]
        _answer(school, number)

        # The same stick again, at either end: nothing is doubled, nothing else is due.
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=1, brought=True)
        assert len(school.on_stick("replies")) == 1
        first = _at_the_centre(centre, school)
        again = _at_the_centre(centre, school)
        assert (first[0].records, again[0].records) == (1, 0)
        assert len(centre.rows("records")) == 701
        assert centre.rows("orders")[0]["state"] == "done"
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=0, brought=True)
        assert school.receipted() == Receipted(701)
        before = {path: path.read_bytes() for path in sorted(school.stick.rglob("*.txt")) if path.name != "status.txt"}
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=0, brought=True)
        after = {path: path.read_bytes() for path in sorted(school.stick.rglob("*.txt")) if path.name != "status.txt"}
        assert after == before
    assert not centre.incidents()
    assert not centre.reasons()


def _answer(school: School, number: str) -> None:
    answers = Answers(school.folder / "agent")
    answers.end(m.Reply(kiosk=KIOSK, id=number, at=AT, outcome="done"))
    assert answer(school.folder / "agent", number)


def test_pictures_travel_by_stick_last_and_never_refuse_it(
    centre: Centre, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = Album(school.folder / "kiosk", EvidenceSettings(free_mib=16))
    sealed = school.ledger.seal_blob(centre.keys.boxes[-1].recipient.encrypt(PNG).encode())
    assert album.keep(digest(sealed), sealed)
    school.append(2)
    real = StickFolder.write

    def short(stick: StickFolder, place: Place, carried: Iterable[Carried]) -> int:
        if place.part == PARTS["blobs"]:
            raise StickError("no room")
        return real(stick, place, carried)

    with monkeypatch.context() as patch:
        patch.setattr(StickFolder, "write", short)
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=2)
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=2)
        assert [one.payload for one in school.on_stick("blobs")] == [sealed.encode()]
        _at_the_centre(centre, school)
        assert [row["digest"] for row in centre.rows("blobs")] == [digest(sealed)]
        school.visit()
        assert school.reader.pictures() == {digest(sealed): "stored"}
        assert school.on_stick("blobs") == []


def test_an_older_stick_takes_no_roster_back(centre: Centre, school: School) -> None:
    school.append(1)
    _roster(centre, 5, "p-1")
    _at_the_centre(centre, school)
    old = {path: path.read_bytes() for path in (school.stick / "to").rglob("*.txt")}
    _roster(centre, 6, "p-1", "p-2")
    _at_the_centre(centre, school)
    with school.relaying():
        school.visit()
        assert school.reader.roster_versions() == {"active": 6}
        for path, raw in old.items():
            path.write_bytes(raw)
        assert school.visit().signal is Signal.STICK_SAFE
        assert school.reader.roster_versions() == {"active": 6}


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
        (taken,) = _at_the_centre(centre, school)
        assert (taken.records, taken.set_aside) == (4, 0)
        assert school.visit().records == 1
        _at_the_centre(centre, school)
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


def test_a_kiosk_without_room_takes_nothing_and_a_full_stick_keeps_the_old_file(
    centre: Centre, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    _at_the_centre(centre, school)
    with monkeypatch.context() as patch:
        patch.setattr(bundles, "ROOM", 1 << 60)
        assert school.visit().signal is Signal.STICK_REFUSED
    assert not list((school.folder / "agent/spool").iterdir())


def test_only_a_release_that_it_sealed_is_kept(centre: Centre, school: School) -> None:
    folder = school.stick / "to" / KIOSK
    folder.mkdir(parents=True)
    (folder / "siperlu-9.9.9.tar").write_bytes(b"not a release")
    (folder / "autorun.tar").write_bytes(b"x")
    assert school.visit() == Outcome(Signal.STICK_SAFE)
    assert not list((school.folder / "agent/bundles").iterdir())


def test_a_release_is_kept_once_it_is_verified(school: School) -> None:
    key = SealingKey.generate(KeyName("release", 1))
    (school.folder / "release.json").write_text(readable(key_set([key.public], [])))
    (school.folder / "a.whl").write_bytes(b"aaa")
    folder = school.stick / "to" / KIOSK
    folder.mkdir(parents=True)
    recipe = Recipe("1.2.0", "1.0.0", AT, 1)
    write_bundle(folder / "siperlu-1.2.0.tar", recipe, {"wheels/any/a.whl": (school.folder / "a.whl", "any")}, key)
    whole = (folder / "siperlu-1.2.0.tar").read_bytes()
    (folder / "siperlu-1.3.0.tar").write_bytes(whole)  # not what its name says
    assert school.visit() == Outcome(Signal.STICK_SAFE, bundles=("1.2.0",))
    assert [path.name for path in (school.folder / "agent/bundles").iterdir()] == ["siperlu-1.2.0.tar"]
    assert school.visit() == Outcome(Signal.STICK_SAFE)


def test_records_on_the_stick_are_those_of_the_ledger(school: School) -> None:
    school.append(3)
    school.visit()
    assert [decode_record(payload_of(one.payload)) for one in school.on_stick("records")] == school.box.records()


class Office:
    """The centre's pages and its jobs process, and a browser that is logged in."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        settings = CollectorSettings.model_validate({"releases": {"folder": folder / "releases"}})
        reader, keys = centre.writer.engine, centre.keys
        self.client = logged_in(create_app(reader, centre.writer, settings, lambda: AT).test_client())
        self._job = StickJob(reader, centre.writer, keys, settings, lambda: AT)

    def post(self, path: str, **form: object) -> str:
        """Send a form, let the jobs work; where it leads."""
        told = self.client.post(path, data={"csrf_token": csrf(self.client), **form})
        assert told.status_code == 303, told.text
        self._job.begin()
        while self._job.do_next():
            pass
        return str(told.location)

    def bring(self, stick: Path, *, as_zip: bool) -> str:
        """Send a whole stick as a browser does, by its folder or as one ZIP; the page of what became of it."""
        paths = sorted(path for path in stick.rglob("*") if path.is_file())
        if as_zip:
            made = BytesIO()
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
                for path in paths:
                    target.write(path, f"SIPERLU/{path.relative_to(stick)}")
            return self.client.get(self.post("/sticks/bring", zip=(BytesIO(made.getvalue()), "stick.zip"))).text
        files = [(BytesIO(path.read_bytes()), f"SIPERLU/{path.relative_to(stick)}") for path in paths]
        return self.client.get(self.post("/sticks/bring", folder=files)).text

    def fetch(self, stick: Path) -> None:
        """Order what is due, and copy it onto the stick by hand."""
        raw = self.client.get(self.post("/sticks/give", kiosk=KIOSK) + ".zip").data
        with zipfile.ZipFile(BytesIO(raw)) as made:
            made.extractall(stick)


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_month_without_a_network_by_way_of_the_page(
    centre: Centre, school: School, tmp_path: Path, *, as_zip: bool
) -> None:
    office = Office(centre, tmp_path)
    _roster(centre, 1, "p-1", "p-2")
    school.append(60)
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=60)
        page = office.bring(school.stick, as_zip=as_zip)
        assert "<b>60</b>catatan baru" in page
        assert "Lengkap sampai catatan nomor 60." in page
        assert "semua diterima" in page

        shutil.rmtree(school.stick)  # another, empty stick
        school.stick.mkdir()
        office.fetch(school.stick)
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=0, brought=True), "all is receipted"
        assert school.receipted() == Receipted(60)
        assert school.reader.roster_versions() == {"active": 1}
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=0, brought=True)

        again = office.bring(school.stick, as_zip=as_zip)
        assert "<b>0</b>catatan baru" in again
    assert len(centre.rows("records")) == 60
    (visit,) = centre.rows("stick_visits")
    assert (visit["came_at"], visit["went_at"], visit["went_by"]) == (AT, AT, "bkd-admin")
    assert not centre.incidents()
    assert not centre.reasons()
