"""A kiosk without a network and its centre, with nothing between them but a stick."""

from __future__ import annotations

import shutil
import socket
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from collector.commands import order
from collector.settings import CollectorSettings
from collector.sticks.job import StickJob
from collector.store.people import Kiosk, Unit
from collector.web import create_app
from firmware.signals import Signal
from kiosk.agent.answers import Answers, answer
from kiosk.agent.orders import Orders
from kiosk.agent.stick.exchange import Outcome
from kiosk.evidence.album import Album
from kiosk.keys import open_relay_key
from kiosk.ledger import Receipted
from kiosk.settings import EvidenceSettings
from stick import StickError, StickFolder
from tests.centre import AT, Centre, key_row, opened
from tests.fixtures.accounts import csrf, logged_in
from tests.fixtures.ledgers import KIOSK
from tests.fixtures.school import PNG, School, at_the_centre, publish_roster
from wire import messages as m
from wire.jwks import readable
from wire.records import decode_record
from wire.seals import digest, payload_of
from wire.stick import PARTS, Carried, Place

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


def test_a_month_without_a_network(centre: Centre, school: School) -> None:
    publish_roster(centre, 1, "p-1", "p-2")
    with centre.writer.transaction() as connection:
        number = order(connection, KIOSK, "identify", {}, by="it", now=AT, ttl=timedelta(days=60))
    school.append(700)
    with school.relaying():
        assert school.visit() == Outcome(Signal.STICK_SAFE, records=700)
        (taken,) = at_the_centre(centre, school)
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
        first = at_the_centre(centre, school)
        again = at_the_centre(centre, school)
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
        at_the_centre(centre, school)
        assert [row["digest"] for row in centre.rows("blobs")] == [digest(sealed)]
        school.visit()
        assert school.reader.pictures() == {digest(sealed): "stored"}
        assert school.on_stick("blobs") == []


def test_an_older_stick_takes_no_roster_back(centre: Centre, school: School) -> None:
    school.append(1)
    publish_roster(centre, 5, "p-1")
    at_the_centre(centre, school)
    old = {path: path.read_bytes() for path in (school.stick / "to").rglob("*.txt")}
    publish_roster(centre, 6, "p-1", "p-2")
    at_the_centre(centre, school)
    with school.relaying():
        school.visit()
        assert school.reader.roster_versions() == {"active": 6}
        for path, raw in old.items():
            path.write_bytes(raw)
        assert school.visit().signal is Signal.STICK_SAFE
        assert school.reader.roster_versions() == {"active": 6}


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
    publish_roster(centre, 1, "p-1", "p-2")
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
