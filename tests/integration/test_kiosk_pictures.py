"""Pictures of doubtful looks, from the frame to the album and over a real broker to a receipt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from firmware.camera import Frame
from firmware.signals import Signal
from kiosk.evidence.album import Album, AlbumReader
from kiosk.evidence.darkroom import Darkroom
from kiosk.evidence.look import Pictures
from kiosk.evidence.need import Wish
from kiosk.evidence.sealing import Sealer
from kiosk.gallery import Gallery, PinHolder, Roster
from kiosk.pin import Answer, Ask, Said
from kiosk.settings import EvidenceSettings
from kiosk.vision import Look
from models.face import Box as FaceBox
from models.face import Detection, Face, Quality, Vector
from tests.fixtures.brokers import wait_for
from tests.fixtures.ledgers import START, Box
from tests.integration.test_kiosk_loop import Kiosk, roster
from tests.integration.test_relay_delivery import Site
from wire.messages import PinVerifier, Rejected
from wire.pictures import picture_kind
from wire.records import CheckIn, Event
from wire.seals import DecryptionKey, KeyName, Sealed, digest

pytestmark = pytest.mark.timeout(120)


def leaning(towards: float) -> Vector:
    """A probe of length 1 whose cosine to the first person is `towards`, and to nobody else anything."""
    found = np.zeros(8, np.float32)
    found[0], found[7] = towards, (1 - towards**2) ** 0.5
    return found


@dataclass
class Doubting(Kiosk):
    """A kiosk whose recogniser sees what it is told, with everything that keeps pictures."""

    probe: Vector = field(default_factory=lambda: leaning(1.0))
    wish: Wish = field(default_factory=Wish)
    developing: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.key = DecryptionKey.generate(KeyName("centre/box", 1))
        sealer = Sealer(lambda: self.journal.ledger, lambda: self.key.recipient if self.developing else None)
        self.album = Album(self.box.folder, EvidenceSettings(free_mib=16))
        self.darkroom = Darkroom(sealer, self.album, lambda: None)
        pictures = Pictures(self.darkroom, lambda: self.wish, lambda: 0.5)
        self.loop._parts = replace(self.loop._parts, pictures=pictures)
        self.loop._book._pictures = pictures

    def look(self, frame: Frame) -> Look:
        if self.scene.who is None:
            return Look((), None, self.scene.track)
        found = Detection(FaceBox(10, 10, 30, 30), np.zeros((5, 2), np.float32), 1.0)
        return Look(
            (found,), Face(found, Quality(30, 99, 120, 0, 0, None), self.probe), self.scene.track, self.probe, 1
        )

    def read(self, timeout_s: float) -> Frame | None:
        frame = super().read(timeout_s)
        wait_for("what was begun is developed", lambda: not self.darkroom._work.qsize())
        return frame

    def evidence(self) -> list[str | None]:
        return [body.evidence for body in self.written(CheckIn)]


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Doubting]:
    made = Doubting(Box(tmp_path / "ledger"))
    made.turn(2)
    yield made
    made.darkroom.close()
    made.journal.close()


def _walk_up(kiosk: Doubting, frames: int = 4) -> Signal:
    """The first frame begins the picture; the loop itself never waits for it, here the test does."""
    kiosk.walks_up(0, 1)
    wanted = kiosk.loop._parts.pictures
    assert wanted is not None
    if any(taken.negative.digest is None for taken in wanted._taken.values()) and kiosk.developing:
        wait_for("it is developed", lambda: all(t.negative.digest for t in wanted._taken.values()))
    return kiosk.turn(frames - 1).signal


def test_a_narrow_match_is_green_and_its_record_names_its_picture(kiosk: Doubting) -> None:
    kiosk.probe = leaning(0.92)
    assert _walk_up(kiosk) is Signal.RECORDED
    (named,) = kiosk.evidence()
    assert named is not None
    wait_for("it is on the disk", lambda: kiosk.album.waiting() == [named])
    sealed = kiosk.album.read(named)
    assert sealed is not None
    assert digest(sealed) == named
    ledger = kiosk.journal.ledger
    assert ledger is not None
    key = kiosk.box.keys().find(ledger.chains()[-1].chain)
    assert key is not None
    assert picture_kind(kiosk.key.decrypt(key.public.verify(sealed, Sealed.BLOB))) == "image/jpeg"


def test_a_sure_match_and_a_stranger_leave_no_picture(kiosk: Doubting) -> None:
    assert _walk_up(kiosk) is Signal.RECORDED
    for cosine in (0.3, 0.88):  # nobody, and nearly somebody
        kiosk.probe = leaning(cosine)
        _walk_up(kiosk, 40)
    kiosk.darkroom.close()
    assert kiosk.evidence() == [None]
    assert kiosk.darkroom.kept == 0
    assert "look-alike" not in kiosk.events()


def test_the_share_of_sure_matches(kiosk: Doubting) -> None:
    kiosk.wish = Wish(0.51)
    _walk_up(kiosk)
    assert None not in kiosk.evidence()


def test_a_record_waits_for_no_picture(kiosk: Doubting) -> None:
    kiosk.developing = False
    kiosk.probe = leaning(0.92)
    assert _walk_up(kiosk, 3) is Signal.RECORDED
    assert kiosk.evidence() == [None]


def test_a_look_alike_is_noted_with_whom_it_claimed(kiosk: Doubting) -> None:
    known = roster()
    twins = tuple(replace(one, template=leaning(1.0)) for one in known.people)
    kiosk.gallery = Gallery(Roster(4, known.model, known.threshold, known.margin, twins), known.model)
    assert _walk_up(kiosk, 40) is Signal.SEE_OFFICER
    (event,) = [body for body in kiosk.written(Event) if body.event == "look-alike"]
    assert event.detail["person"] in {"ani", "budi"}
    assert event.detail["score"] == pytest.approx(1)
    wait_for("it is on the disk", lambda: kiosk.album.waiting() == [event.detail["evidence"]])
    assert kiosk.evidence() == []


def test_a_disk_without_room_for_pictures_records_all_the_same(kiosk: Doubting) -> None:
    kiosk.album._reserve = 1 << 60
    kiosk.probe = leaning(0.92)
    assert _walk_up(kiosk) is Signal.RECORDED
    kiosk.darkroom.close()
    assert kiosk.album.waiting() == []
    assert kiosk.darkroom.dropped == 1


@pytest.mark.parametrize("right", [True, False])
def test_a_pin_is_beside_the_face_of_who_gave_it(kiosk: Doubting, right: bool) -> None:
    kiosk.gallery = Gallery(_with_a_pin(), "dlib-1")
    kiosk.roster = kiosk.gallery.roster
    kiosk.probe = leaning(0.3)  # a face that no comparison knows
    kiosk.walks_up(0, 1)
    pictures = kiosk.loop._parts.pictures
    assert pictures is not None
    wait_for("it is developed", lambda: pictures.standing(kiosk.now_ns))
    failure = None if right else {"reason": "wrong", "person": "cici", "in_row": 1, "locked_s": 0}
    _give(kiosk, right, failure)
    named = kiosk.evidence()[0] if right else kiosk.written(Event)[-1].detail["evidence"]
    wait_for("it is on the disk", lambda: kiosk.album.waiting() == [named])


def test_a_pin_without_a_face_and_an_unknown_number_have_no_picture(kiosk: Doubting) -> None:
    kiosk.gallery = Gallery(_with_a_pin(), "dlib-1")
    kiosk.roster = kiosk.gallery.roster
    _give(kiosk, True, None)
    kiosk.walks_up(0, 1)
    _give(kiosk, False, {"reason": "unknown", "in_row": 1, "locked_s": 0})
    kiosk.darkroom.close()
    assert kiosk.evidence() == [None]
    assert "evidence" not in kiosk.written(Event)[-1].detail
    assert kiosk.darkroom.kept == 0


def _with_a_pin() -> Roster:
    verifier = PinVerifier(
        number="4711",
        salt="A" * 22 + "==",
        digest="A" * 43 + "=",
        cost=10,
        from_=START,
        until=START.replace(year=2030),
    )
    return replace(roster(), pins=(PinHolder("cici", "Cici Lestari", verifier, None, None),))


def _give(kiosk: Doubting, right: bool, failure: dict[str, str | int] | None) -> None:
    holder = _with_a_pin().pins[0] if right else None
    ask = Ask(Answer(Said.RECORDED if right else Said.WRONG), holder, failure, 4, Future())
    kiosk.loop._answered(ask, kiosk.now())


# -- over the broker


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, "mosquitto")
    yield made
    made.close()


def _pictures(site: Site, *texts: str) -> list[str]:
    album = Album(site.folder / "kiosk", EvidenceSettings(free_mib=16))
    for text in texts:
        assert album.keep(digest(text), text)
        time.sleep(0.002)  # their order is that of the file system's clock
    return [digest(text) for text in texts]


def test_pictures_follow_the_records_until_a_receipt_names_them(site: Site) -> None:
    names = _pictures(site, *(f"picture {number}" for number in range(6)))
    site.centre.keeping = False
    site.centre.start()
    entry = site.append(40)
    site.start_relay()
    site.wait_receipted(entry)
    wait_for("all came", lambda: len(set(site.centre.blobs)) == 6)
    assert list(dict.fromkeys(site.centre.blobs)) == names, "the oldest first"
    assert site.reader.pictures() == {}
    wait_for("one came again", lambda: len(site.centre.blobs) > len(set(site.centre.blobs)))
    site.centre.keeping = True
    wait_for("all are receipted", lambda: set(site.reader.pictures()) == set(names))
    assert set(site.reader.pictures().values()) == {"stored"}


def test_a_refused_and_a_damaged_picture_are_not_sent_for_ever(site: Site) -> None:
    refused, damaged = _pictures(site, "refused", "damaged")
    (site.folder / "kiosk" / "evidence" / damaged).write_text("another text")
    site.centre.keeping = False
    site.centre.start()
    entry = site.append(1)
    site.start_relay()
    wait_for("it came", lambda: refused in site.centre.blobs)
    rejected = Rejected(digest=refused, seq=None, reason="picture")
    word = site.centre.receipt(entry.chain, 1, rejected=(rejected,))
    site.centre.publish("receipts", word)
    wait_for("it is settled", lambda: site.reader.pictures() == {refused: "picture"})
    assert damaged not in site.centre.blobs


def test_the_relay_forgets_what_the_kiosk_has_deleted(site: Site) -> None:
    first, second = _pictures(site, "first", "second")
    site.centre.start()
    site.append(1)
    site.start_relay()
    wait_for("both are receipted", lambda: set(site.reader.pictures()) == {first, second})
    Album(site.folder / "kiosk", EvidenceSettings()).remove([first, second])
    (third,) = _pictures(site, "third")
    wait_for("the third is, and the others forgotten", lambda: set(site.reader.pictures()) == {third})
    assert AlbumReader(site.folder / "kiosk").waiting() == [third]
