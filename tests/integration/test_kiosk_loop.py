"""The frame loop on a real ledger: what a frame brings to disk, light and screen, and what failure does."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from firmware.camera.frame import Frame
from firmware.clock import Reading
from firmware.errors import CameraMissing
from firmware.lights import SilentLights
from firmware.signals import Signal
from kiosk.checkin import Rules
from kiosk.database import DatabaseError
from kiosk.errors import PartEnded
from kiosk.gallery import Enrolled, Gallery, Roster
from kiosk.ledger import Entry
from kiosk.loop import FAILURES_OUT, Loop, Parts
from kiosk.loop.journal import Journal
from kiosk.loop.recent import recently_recorded
from kiosk.pin import PinDesk
from kiosk.screen import Card, Surroundings
from kiosk.service import Reason
from kiosk.vision import Look
from models.face import Box as FaceBox
from models.face import Detection, Face, Quality, Vector
from tests.fixtures.ledgers import KIOSK, Box, reading
from wire.records import CheckIn, Event, Heartbeat, Place

FRAME_NS = 66_666_667
SECOND_NS = 1_000_000_000
RULES = Rules(agree_frames=3, repeat_ns=60 * SECOND_NS, show_ns=2 * SECOND_NS)
PLACE = Place(unit="DISDIK", lat=None, lon=None, anchor=None)
PEOPLE = ("ani", "budi")


def vector(number: int) -> Vector:
    found = np.zeros(8, np.float32)
    found[number] = 1
    return found


def roster(version: int = 4) -> Roster:
    people = [
        Enrolled(who, f"{who.title()} Setiawan", "DISDIK", True, vector(i), None, None) for i, who in enumerate(PEOPLE)
    ]
    return Roster(version, "dlib-1", 0.9, 0.05, tuple(people))


@dataclass
class Scene:
    """What stands before the kiosk: the camera's and the recogniser's part of the script."""

    track: int = 0
    who: int | None = None
    camera_error: Exception | None = None
    vision_error: Exception | None = None


@dataclass
class Kiosk:
    """A loop on a real ledger; the parts a board would have are scripted."""

    box: Box
    scene: Scene = field(default_factory=Scene)
    cards: list[Card] = field(default_factory=list)
    around: list[Surroundings] = field(default_factory=list)
    lights: SilentLights = field(default_factory=SilentLights)
    now_ns: int = SECOND_NS
    turned_s: float = 0
    roster: Roster | None = None
    rules: Any = None
    gallery: Gallery | None = None
    trouble: Reason | None = Reason.NO_ROSTER
    online: bool = True
    alive: bool = True
    number: int = 0
    backlog: int = 7
    expected: list[Entry] = field(default_factory=list)
    beats: list[int] = field(default_factory=list)
    asked: Signal | None = None

    def __post_init__(self) -> None:
        self.gallery, self.trouble = Gallery(roster(), "dlib-1"), None
        self.journal = Journal(self.box.open, self.now)
        eye: Any = SimpleNamespace(vision=self, trouble=None, alive=True)
        self.pins = PinDesk(self.now)
        parts: Any = Parts(
            self, eye, self, self.journal, self.pins, self.lights, self, self, self, lambda: self.asked, self.now
        )
        self.loop = Loop(
            parts,
            RULES,
            PLACE,
            ZoneInfo("Asia/Jakarta"),
            lambda: recently_recorded(self.box.folder, self.now(), RULES.repeat_ns / SECOND_NS),
        )

    # the clock, the camera, the recogniser, the centre, the screen, the live picture and the pulse, as the loop sees them

    def beat(self, reading: Reading) -> None:
        self.beats.append(reading.monotonic_ns)

    def now(self) -> Reading:
        seen = reading(self.now_ns / 1e9)
        return replace(seen, at=reading(self.now_ns / 1e9 + self.turned_s).at)

    def read(self, timeout_s: float) -> Frame | None:
        self.now_ns += FRAME_NS
        self.number += 1
        if self.scene.camera_error:
            raise self.scene.camera_error
        return Frame(np.zeros((48, 64, 3), np.uint8), self.now_ns, self.number)

    def look(self, frame: Frame) -> Look:
        if self.scene.vision_error:
            raise self.scene.vision_error
        if self.scene.who is None:
            return Look((), None, self.scene.track)
        found = Detection(FaceBox(1, 1, 20, 20), np.zeros((5, 2), np.float32), 1.0)
        probe = vector(self.scene.who)
        face = Face(found, Quality(20, 99, 120, 0, 0, None), probe)
        return Look((found,), face, self.scene.track, probe, 1)

    def expect(self, entry: Entry) -> None:
        self.expected.append(entry)

    def show(self, card: Card) -> None:
        self.cards.append(card)

    def surroundings(self, around: Surroundings) -> None:
        self.around.append(around)

    def offer(self, frame: Frame, served: FaceBox | None) -> None:
        pass

    # the script

    def turn(self, frames: int = 1) -> Card:
        for _ in range(frames):
            self.loop.turn()
        return self.cards[-1]

    def walks_up(self, who: int | None, frames: int = 3) -> Card:
        self.scene.track += 1
        self.scene.who = who
        return self.turn(frames)

    def nobody(self, seconds: float = 4) -> Card:
        self.scene.who = None
        return self.turn(int(seconds * 15))

    def written(self, kind: type) -> list[Any]:
        return [record.body for record in self.box.records() if isinstance(record.body, kind)]

    def events(self) -> list[str]:
        return [event.event for event in self.written(Event)]


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(Box(tmp_path / "ledger"))
    made.turn(2)
    yield made
    made.journal.close()


def test_green_means_on_disk(kiosk: Kiosk) -> None:
    assert kiosk.walks_up(0, 2).signal is Signal.SEEN
    assert kiosk.written(CheckIn) == []
    card = kiosk.turn()
    (body,) = kiosk.written(CheckIn)
    assert card.signal is Signal.RECORDED
    assert card.name == "Ani S."
    assert card.entry == f"{kiosk.box.records()[-1].chain}/{kiosk.box.records()[-1].seq}"
    assert (body.person, body.method, body.roster_version, body.place) == ("ani", "face", 4, PLACE)
    assert [str(entry) for entry in kiosk.expected] == [card.entry]
    assert body.match.frames == 3
    assert body.match.score == pytest.approx(1)


def test_every_green_is_one_record_and_every_record_one_green(kiosk: Kiosk) -> None:
    for _ in range(3):
        kiosk.walks_up(0, 5)
        kiosk.walks_up(1, 5)
        kiosk.nobody(31)
    greens = list(kiosk.lights.shown).count(Signal.RECORDED)
    assert greens == len(kiosk.written(CheckIn)) == kiosk.loop.tally.total["recorded"] == 4
    assert list(kiosk.lights.shown).count(Signal.ALREADY) == 2


def test_a_repeat_shows_the_record_it_repeats(kiosk: Kiosk) -> None:
    first = kiosk.walks_up(0)
    kiosk.nobody()
    again = kiosk.walks_up(0)
    assert again == replace(first, signal=Signal.ALREADY)


def test_a_kiosk_killed_in_a_commit_still_knows_whom_it_recorded(kiosk: Kiosk, tmp_path: Path) -> None:
    """What a kill leaves is a journal that only a writer may roll back: before that nobody can read the ledger."""
    kiosk.walks_up(0)
    kiosk.journal.close()
    with contextlib.closing(sqlite3.connect(kiosk.box.file, isolation_level=None)) as torn:
        torn.execute("PRAGMA journal_mode = TRUNCATE")
        torn.execute("PRAGMA cache_size = 1")  # pages reach the file before the commit
        torn.execute("BEGIN IMMEDIATE")
        torn.execute("CREATE TABLE half (text)")
        torn.executemany("INSERT INTO half VALUES (?)", [("x" * 4000,)] * 50)
        shutil.copytree(kiosk.box.folder, tmp_path / "after")
    again = Kiosk(Box(tmp_path / "after"), now_ns=kiosk.now_ns)
    with pytest.raises(DatabaseError):
        again.box.records()
    again.turn(2)
    assert again.walks_up(0).signal is Signal.ALREADY
    assert len(again.written(CheckIn)) == 1
    again.journal.close()


def test_without_a_network_it_counts_all_the_same(kiosk: Kiosk) -> None:
    kiosk.online = False
    assert kiosk.walks_up(0).signal is Signal.RECORDED_OFFLINE
    assert len(kiosk.written(CheckIn)) == 1


def test_the_chain_begins_with_a_heartbeat_and_a_lost_camera_is_told_once(kiosk: Kiosk) -> None:
    kiosk.scene.camera_error = CameraMissing("unplugged")
    assert kiosk.turn(100) == Card(Signal.OUT_OF_SERVICE, reason="camera-lost")
    kiosk.scene.camera_error = None
    assert kiosk.turn(2).signal is Signal.IDLE
    assert kiosk.written(Heartbeat)[0].cause == "start"
    assert kiosk.events() == ["in-service", "camera-lost", "out-of-service", "camera-back", "in-service"]
    assert list(kiosk.lights.shown).count(Signal.OUT_OF_SERVICE) == 1


def test_an_outage_forgets_half_a_look_but_not_who_was_recorded(kiosk: Kiosk) -> None:
    kiosk.walks_up(0)
    kiosk.walks_up(1, 2)
    kiosk.scene.camera_error = CameraMissing("unplugged")
    kiosk.turn()
    kiosk.scene.camera_error = None
    kiosk.turn(2)
    assert len(kiosk.written(CheckIn)) == 1
    assert kiosk.walks_up(0).signal is Signal.ALREADY


def test_a_frame_that_breaks_recognition_ends_nothing(kiosk: Kiosk) -> None:
    kiosk.scene.vision_error = ValueError("hostile")
    kiosk.turn(FAILURES_OUT - 1)
    assert kiosk.loop.tally.total["frame-failed"] == FAILURES_OUT - 1
    assert kiosk.events().count("frame-failed") == 1
    kiosk.scene.vision_error = None
    assert kiosk.walks_up(0).signal is Signal.RECORDED


def test_recognition_that_always_fails_is_an_outage_until_it_works(kiosk: Kiosk) -> None:
    kiosk.scene.vision_error = ValueError("hostile")
    assert kiosk.turn(FAILURES_OUT + 1) == Card(Signal.OUT_OF_SERVICE, reason="vision-failed")
    kiosk.scene.vision_error = None
    assert kiosk.walks_up(0, 4).signal is Signal.RECORDED
    assert kiosk.events()[-2:] == ["out-of-service", "in-service"]


def test_without_a_roster_nobody_is_served_and_it_says_so(kiosk: Kiosk) -> None:
    kiosk.gallery, kiosk.trouble = None, Reason.NO_ROSTER
    assert kiosk.walks_up(0, 30) == Card(Signal.OUT_OF_SERVICE, reason="no-roster")
    assert kiosk.around[-1].enrolled == 0
    assert kiosk.written(CheckIn) == []


def test_a_turned_clock_is_written_down(kiosk: Kiosk) -> None:
    kiosk.turned_s = -3600
    kiosk.turn(10)
    (event,) = [event for event in kiosk.written(Event) if event.event == "clock-stepped"]
    assert event.detail == {"offset_ms": -3_600_000}


def test_what_stands_around_is_told(kiosk: Kiosk) -> None:
    kiosk.turn(20)
    assert kiosk.around[-1] == Surroundings(online=True, backlog=7, clock_trusted=True, enrolled=2)


class Ended:
    """A part whose thread has ended, though it still takes calls."""

    alive = False

    def __init__(self, part: Any) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


@pytest.mark.parametrize("part", ["eye", "centre", "live", "screen"])
def test_a_part_that_ended_ends_the_loop(kiosk: Kiosk, part: str) -> None:
    parts = kiosk.loop._parts
    kiosk.loop._parts = replace(parts, **{part: Ended(getattr(parts, part))})
    with pytest.raises(PartEnded, match=part):
        kiosk.turn(10)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], check=False, capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(4096))


def test_a_full_disk_turns_red_and_mends_itself(small_disk: Path) -> None:
    kiosk = Kiosk(Box(small_disk / "ledger"))
    kiosk.walks_up(0)
    fill(small_disk / "ballast")
    people, shown = 0, len(kiosk.lights.shown)
    while kiosk.cards[-1].signal is not Signal.OUT_OF_SERVICE:  # pages already allocated may take a few more
        kiosk.nobody(70)
        if kiosk.cards[-1].signal is Signal.IDLE:
            kiosk.walks_up(0)
            people += kiosk.cards[-1].signal is Signal.RECORDED
    assert kiosk.cards[-1].reason == "disk-full"
    assert kiosk.walks_up(1, 30) == Card(Signal.OUT_OF_SERVICE, reason="disk-full")
    assert list(kiosk.lights.shown)[shown:].count(Signal.RECORDED) == people == len(kiosk.written(CheckIn)) - 1
    (small_disk / "ballast").unlink()
    kiosk.nobody(4)
    assert kiosk.walks_up(1).signal is Signal.RECORDED
    assert kiosk.events()[-2:] == ["out-of-service", "in-service"]
    assert kiosk.box.broken() is None
    kiosk.journal.close()


def test_a_disk_that_is_full_before_there_are_keys_is_called_full(small_disk: Path) -> None:
    fill(small_disk / "ballast")
    kiosk = Kiosk(Box(small_disk / "ledger"))
    assert kiosk.walks_up(0, 30) == Card(Signal.OUT_OF_SERVICE, reason="disk-full")
    (small_disk / "ballast").unlink()
    kiosk.nobody()
    assert kiosk.walks_up(0).signal is Signal.RECORDED
    kiosk.journal.close()


def test_a_ledger_that_cannot_be_opened_at_start_is_opened_later(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file where the folder should be")
    kiosk = Kiosk(Box(tmp_path / "ledger"))
    assert kiosk.walks_up(0, 30).signal is Signal.OUT_OF_SERVICE
    (tmp_path / "ledger").unlink()
    kiosk.nobody()
    assert kiosk.walks_up(0).signal is Signal.RECORDED
    kinds = [record.kind for record in kiosk.box.records()]
    assert kinds[0] == "heartbeat"
    assert kinds.count("check-in") == 1
    kiosk.journal.close()


def test_the_kiosk_id_of_the_records_is_the_settings(kiosk: Kiosk) -> None:
    assert {record.kiosk for record in kiosk.box.records()} == {KIOSK}
