"""What the centre sent, as the kiosk process takes it from a real relay.db and does for a real ledger."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.database import DatabaseError, Trouble
from kiosk.gallery import Enrolled, Roster
from kiosk.ledger import Entry
from kiosk.loop.centre import REREAD_NS, Centre
from kiosk.loop.journal import Journal
from kiosk.loop.recent import recently_recorded
from kiosk.relay import RelayReader, receipts, rosters, store
from kiosk.relay.inbound import SealedManifest
from kiosk.service import Reason
from tests.fixtures.ledgers import KIOSK, START, Box, check_in, reading
from wire.messages import ROSTER_MANIFEST, Receipt, RosterManifest
from wire.records import CheckIn, Event, Heartbeat
from wire.seals import KeyName, Sealed, SealingKey

MODEL = "dlib-resnet-1"
ROSTER = Roster(
    1, MODEL, 0.9, 0.02, (Enrolled("ani", "Ani", "U", True, np.eye(1, 8, dtype=np.float32)[0], None, None),)
)


@dataclass
class Desk:
    """The kiosk's side and the relay's side of one folder."""

    folder: Path
    roster: Roster | None = None
    reads: int = 0
    seconds: float = 100

    def __post_init__(self) -> None:
        self.box = Box(self.folder / "kiosk")
        self.relay = store.Store(self.folder / "relay")
        self.journal = Journal(self.box.open, lambda: reading(self.seconds))
        reader = RelayReader(self.folder / "relay")
        self.centre = Centre(reader, self.read, self.journal, lambda: reading(self.seconds), 90)
        self.received: list[str] = []

    def read(self) -> Roster | None:
        self.reads += 1
        return self.roster

    def look(self, model: str | None = MODEL) -> Centre:
        self.centre.look(model, self.received.append)
        return self.centre

    def open(self) -> "Desk":
        self.journal.mend()
        return self

    def take(self, entry: Entry, upto: int) -> None:
        receipt = Receipt(kiosk=KIOSK, at=START, chain=entry.chain, upto=upto)
        with self.relay.transaction() as connection:
            span = self.journal.ledger.chains()[-1]  # type: ignore[union-attr]
            receipts.take(connection, receipt, span, 90)

    def publish(self, version: int) -> None:
        """A manifest becomes the active one."""
        manifest = RosterManifest(
            kiosk=KIOSK, at=START, version=version, model=MODEL, threshold=0.9, margin=0, people={}
        )
        with self.relay.transaction() as connection:
            rosters.take_manifest(connection, SealedManifest(manifest, _sealed(manifest)))
            rosters.advance(connection)

    def close(self) -> None:
        self.centre.close()
        self.journal.close()
        self.relay.close()


def _sealed(manifest: RosterManifest) -> str:
    return SealingKey.generate(KeyName("centre", 1)).seal(Sealed.ROSTER_MANIFEST, ROSTER_MANIFEST.encode(manifest))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_nothing_is_judged_before_the_keys_are_there(desk: Desk) -> None:
    desk.roster = ROSTER
    assert desk.look().trouble is Reason.STARTING
    assert desk.open().look().trouble is None
    assert desk.centre.gallery is not None


def test_without_a_roster_it_looks_again_for_the_keys_of_the_centre_may_come_late(desk: Desk) -> None:
    assert desk.open().look().trouble is Reason.NO_ROSTER
    desk.roster = ROSTER
    desk.seconds += REREAD_NS / 1e9 + 1
    assert desk.look().trouble is None


def test_an_empty_roster_serves_nobody(desk: Desk) -> None:
    desk.roster = replace(ROSTER, people=())
    assert desk.open().look().trouble is Reason.NO_ROSTER


def test_a_roster_of_another_embedder_is_no_roster(desk: Desk) -> None:
    desk.roster = ROSTER
    assert desk.open().look("sface-1").trouble is Reason.ROSTER_MODEL
    assert desk.centre.gallery is None


def test_a_roster_waits_for_the_recogniser(desk: Desk) -> None:
    desk.roster = ROSTER
    assert desk.open().look(None).trouble is Reason.STARTING
    assert desk.look().trouble is None


def test_a_new_version_replaces_the_old_one_and_receipts_do_not_decrypt_it_again(desk: Desk) -> None:
    desk.roster = ROSTER
    desk.open().publish(1)
    desk.look()
    entry = desk.journal.check_in(check_in())
    assert entry is not None
    desk.take(entry, 1)
    desk.look()
    assert desk.reads == 1
    desk.roster = replace(ROSTER, version=2)
    desk.publish(2)
    gallery = desk.look().gallery
    assert desk.reads == 2
    assert gallery is not None
    assert gallery.roster.version == 2


def test_a_receipt_is_told_once_and_the_backlog_shrinks(desk: Desk) -> None:
    entries = [desk.open().journal.check_in(check_in(f"p-{number}")) for number in range(3)]
    for entry in entries:
        assert entry is not None
        desk.centre.expect(entry)
    assert desk.look().backlog == 3
    assert entries[1] is not None
    desk.take(entries[1], 2)
    assert desk.look().backlog == 1
    desk.look()
    assert desk.received == [str(entries[0]), str(entries[1])]


class Busy:
    """A reader of which one method cannot read once, as when the writer commits for longer than a second."""

    def __init__(self, reader: RelayReader, method: str) -> None:
        self._reader = reader
        self._method = method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._method = ""
            raise DatabaseError(Path("relay.db"), Trouble.BUSY, "locked")
        return getattr(self._reader, name)


@pytest.mark.parametrize("method", ["receipts", "roster_versions"])
def test_a_change_that_could_not_be_read_is_read_at_the_next_look(desk: Desk, method: str) -> None:
    desk.roster = ROSTER
    entry = desk.open().journal.check_in(check_in())
    assert entry is not None
    desk.centre.expect(entry)
    desk.look()
    desk.take(entry, 1)
    desk.roster = replace(ROSTER, version=2)
    desk.publish(2)
    desk.centre._relay = Busy(desk.centre._relay, method)  # type: ignore[assignment]
    desk.look()
    gallery = desk.look().gallery
    assert desk.received == [str(entry)]
    assert gallery is not None
    assert gallery.roster.version == 2


def test_the_link_is_as_the_relay_has_it(desk: Desk) -> None:
    assert not desk.open().look().online
    for online in (True, False):
        with desk.relay.transaction() as connection:
            store.set_link(connection, online=online, now=0)
        assert desk.look().online is online


def test_a_dead_relays_link_is_down_even_when_what_it_left_cannot_be_read(desk: Desk) -> None:
    with desk.relay.transaction() as connection:
        store.set_link(connection, online=True, now=0)
    assert desk.open().look().online
    desk.relay.close()
    (desk.folder / "relay" / "relay.db").write_bytes(b"not a database" * 1000)
    assert not desk.look().online


def test_a_ledger_that_went_back_in_time_starts_another_chain(desk: Desk) -> None:
    entry = desk.open().journal.check_in(check_in())
    assert entry is not None
    desk.take(entry, 5)
    desk.look()
    bodies = [record.body for record in desk.box.records()]
    assert [type(body) for body in bodies[1:]] == [Event, type(check_in())]
    assert bodies[1].event == "chain-started"
    desk.look()
    assert len(desk.box.records()) == len(bodies)


def test_events_wait_for_a_ledger_with_the_moment_they_happened_at(tmp_path: Path) -> None:
    (tmp_path / "kiosk").write_text("a file where the folder should be")
    box, now = Box(tmp_path / "kiosk"), [10.0]
    journal = Journal(box.open, lambda: reading(now[0]))
    journal.note(Heartbeat(cause="start", in_service=False, version="0.1.0", counts={}))
    journal.mend()
    assert journal.trouble is Reason.READ_ONLY
    assert journal.check_in(check_in()) is None
    (tmp_path / "kiosk").unlink()
    now[0] = 20.0
    journal.mend()
    assert journal.trouble is None
    (record,) = box.records()
    assert (record.kind, record.at) == ("heartbeat", reading(10).at)
    journal.close()
    journal.close()


def test_who_was_recorded_before_a_restart_is_remembered_for_the_repeat_time(tmp_path: Path) -> None:
    box = Box(tmp_path)
    assert recently_recorded(box.folder, reading(100), 60) == {}
    ledger = box.open()
    for seconds, who in ((30, "early"), (50, "ani"), (70, "ani"), (90, "budi")):
        ledger.append(check_in(who), reading(seconds))
    ledger.append(check_in("other-boot"), replace(reading(95), boot="boot-0"))
    ledger.close()
    assert recently_recorded(box.folder, reading(100), 60) == {"ani": 70 * 10**9, "budi": 90 * 10**9}


def test_a_damaged_record_does_not_stop_the_start_that_mends_it(tmp_path: Path) -> None:
    box = Box(tmp_path)
    ledger = box.open()
    for seconds in (80, 90):
        ledger.append(check_in(), reading(seconds))
    ledger.close()
    with sqlite3.connect(box.file) as file:
        file.execute("UPDATE records SET sealed = 'flipped' WHERE seq = 2")
    file.close()
    assert recently_recorded(box.folder, reading(100), 60) == {}
    box.open().close()
    assert [record.seq for record in box.records() if isinstance(record.body, CheckIn)] == [1]
