"""Which looks get a picture, what the picture is, where it waits, and what the contract lets pass as one."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware.camera import Frame
from firmware.clock import Reading
from kiosk.database import DatabaseError, Trouble
from kiosk.evidence.album import Album, AlbumReader
from kiosk.evidence.crop import LARGEST_PX, MOST_BYTES, face_crop, jpeg
from kiosk.evidence.darkroom import Darkroom
from kiosk.evidence.keeper import Keeper
from kiosk.evidence.look import MOST_A_TRACK, Pictures
from kiosk.evidence.need import Wish, doubtful
from kiosk.gallery import Enrolled, Match, Roster, Verdict
from kiosk.settings import EvidenceSettings
from models.face import Box
from tests.fixtures.brokers import wait_for
from tests.fixtures.ledgers import START, reading
from wire.errors import ContractError
from wire.pictures import MAX_BLOB_BYTES, MAX_PICTURE_BYTES, MAX_SIDE_PX, picture_kind
from wire.seals import DecryptionKey, KeyName, Sealed, SealingKey, digest

ANI = Enrolled("ani", "Ani", "U", True, np.eye(1, 8, dtype=np.float32)[0], None, None)
ROSTER = Roster(1, "m-1", 0.9, 0.02, (ANI,))
SURE, NARROW = Match("ani", 0.97, 0.5, Verdict.MATCH), Match("ani", 0.91, 0.5, Verdict.MATCH)
FRAME = Frame(np.full((120, 160, 3), 90, np.uint8), 0, 0)
BOX = Box(40, 30, 60, 60)
NOISE = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("match", "needed"),
    [
        (SURE, False),
        (NARROW, True),
        (Match("ani", 0.97, 0.945, Verdict.MATCH), True),  # a narrow lead
        (Match("ani", 0.97, None, Verdict.MATCH), False),  # nobody else is enrolled
        (Match("ani", 0.97, 0.965, Verdict.UNCERTAIN), True),  # a look-alike, sent to the officer
        (Match("ani", 0.89, 0.5, Verdict.UNCERTAIN), False),  # nearly like somebody: a pupil, perhaps
        (Match("ani", 0.5, 0.4, Verdict.UNKNOWN), False),
        (Match(None, -1.0, None, Verdict.UNKNOWN), False),
    ],
)
def test_a_picture_is_for_doubt_about_whoever_is_named_and_never_of_a_stranger(match: Match, needed: bool) -> None:
    assert doubtful(match, ROSTER) is needed


def test_a_picture_is_that_face_alone_small_and_never_the_frame_itself() -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[:, 400:] = 255  # somebody beside
    crop = face_crop(pixels, Box(100, 100, 200, 200))
    assert crop is not None
    assert crop.shape == (340, 340, 3)
    assert crop.max() == 0
    pixels[:] = 7
    assert crop.max() == 0
    shown = cv2.imdecode(np.frombuffer(jpeg(crop) or b"", np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (LARGEST_PX, LARGEST_PX, 3)


@pytest.mark.parametrize("box", [Box(-500, 0, 60, 60), Box(0, 900, 10, 10), Box(float("nan"), 0, 1, 1)])
def test_a_box_out_of_view_gives_no_picture(box: Box) -> None:
    assert face_crop(FRAME.pixels, box) is None


def test_noise_is_pressed_until_it_fits() -> None:
    found = jpeg(NOISE.integers(0, 256, (600, 600, 3), np.uint8))
    assert found is None or len(found) <= MOST_BYTES
    assert picture_kind(jpeg(FRAME.pixels) or b"") == "image/jpeg"


def _png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\0\0\0"


def _jpeg(width: int, height: int) -> bytes:
    good = bytearray(jpeg(FRAME.pixels) or b"")
    at = good.index(b"\xff\xc0")
    good[at + 5 : at + 9] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(good)


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"GIF89a" + bytes(40),
        b"<svg onload=alert(1)>",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\0" * 9,
        b"\xff\xd8\xff" + bytes(MAX_PICTURE_BYTES),
        _jpeg(65_535, 65_535),
        _jpeg(0, 10),
        _png(60_000, 60_000),
        _png(0, 1),
        b"\x89PNG\r\n\x1a\n",
        _png(MAX_SIDE_PX + 1, 1),
    ],
)
def test_what_is_no_small_picture_breaks_the_contract(hostile: bytes) -> None:
    with pytest.raises(ContractError):
        picture_kind(hostile)


def test_small_pictures_pass() -> None:
    assert picture_kind(_png(112, MAX_SIDE_PX)) == "image/png"
    assert picture_kind(_jpeg(MAX_SIDE_PX, 1)) == "image/jpeg"


def test_the_largest_picture_fits_into_the_longest_blob() -> None:
    box = DecryptionKey.generate(KeyName("centre/box", 999_999_999)).recipient
    key = SealingKey.generate(KeyName("k" * 63, 999_999_999))
    assert len(key.seal(Sealed.BLOB, box.encrypt(bytes(MAX_PICTURE_BYTES)).encode())) <= MAX_BLOB_BYTES


# -- the album


def _album(folder: Path, free_bytes: int = 10**12, **changed: int) -> Album:
    settings = EvidenceSettings.model_validate({"most_mib": 1, **changed})
    return Album(folder, settings, lambda _folder: free_bytes)


def _put(album: Album, folder: Path, text: str, at: float) -> str:
    name = digest(text)
    assert album.keep(name, text)
    os.utime(folder / "evidence" / name, (at, at))
    return name


def test_the_oldest_go_first_and_space_is_bounded(tmp_path: Path) -> None:
    album = _album(tmp_path)
    names = [_put(album, tmp_path, f"{number}" * 100_000, number) for number in range(1, 10)]
    assert album.waiting() == names
    last = [_put(album, tmp_path, letter * 100_000, at) for at, letter in enumerate("abcd", 20)]
    assert album.waiting() == [*names[3:], *last]
    assert album.read(last[0]) == "a" * 100_000
    assert album.read(names[0]) is None


def test_the_ledger_goes_before(tmp_path: Path) -> None:
    assert not _album(tmp_path, 100).keep("a" * 64, "text")
    name = _put(_album(tmp_path), tmp_path, "kept", 1)
    assert AlbumReader(tmp_path).waiting() == [name]
    assert _album(tmp_path, 100).tidy(None) == 1
    assert AlbumReader(tmp_path).waiting() == []


def test_age_counts_only_when_the_time_is_known(tmp_path: Path) -> None:
    album = _album(tmp_path, keep_days=60)
    old, new = _put(album, tmp_path, "old", 0), _put(album, tmp_path, "new", 50 * 86_400)
    assert album.tidy(None) == 0
    assert album.waiting() == [old, new]
    assert album.tidy(61 * 86_400) == 1
    assert album.waiting() == [new]
    assert album.remove([new, old, "../evidence/" + new]) == 1


def test_a_link_and_a_huge_file_are_not_read_and_other_files_not_listed(tmp_path: Path) -> None:
    album = _album(tmp_path)
    _put(album, tmp_path, "one", 1)
    (tmp_path / "secret").write_text("of another")
    (tmp_path / "evidence" / ("a" * 64)).symlink_to(tmp_path / "secret")
    (tmp_path / "evidence" / ("b" * 64)).write_bytes(bytes(MAX_BLOB_BYTES + 1))
    (tmp_path / "evidence" / "notes.txt").write_text("x")
    assert album.read("a" * 64) is None
    assert album.read("b" * 64) is None
    assert "notes.txt" not in album.waiting()


class _Relay:
    """What the relay heard of the centre."""

    def __init__(self) -> None:
        self.words: dict[str, str] | None = {}

    def changed(self) -> bool:
        return True

    def pictures(self) -> dict[str, str]:
        if self.words is None:
            raise DatabaseError(Path("relay.db"), Trouble.BUSY, "locked")
        return self.words


def test_what_the_centre_has_or_refuses_is_let_go_and_trouble_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    album, relay = _album(tmp_path), _Relay()
    names = [_put(album, tmp_path, text, START.timestamp()) for text in ("one", "two", "three")]
    keeper = Keeper(album, relay, reading)  # type: ignore[arg-type]
    relay.words = None
    keeper.tend()
    keeper.tend()
    assert caplog.text.count("not let go") == 1
    relay.words = {names[0]: "stored", names[1]: "picture"}
    keeper.tend()
    assert album.waiting() == [names[2]]


# -- beside the loop


def _darkroom(folder: Path, seal: object = None) -> Darkroom:
    return Darkroom(seal or digest, _album(folder), lambda: None)  # type: ignore[arg-type, return-value]


def test_a_picture_is_ready_before_it_is_named_and_on_disk_only_after(tmp_path: Path) -> None:
    darkroom = _darkroom(tmp_path)
    pictures = Pictures(darkroom, Wish, lambda: 0.5)
    pictures.see(FRAME, BOX, 1, NARROW, ROSTER)
    wait_for("it is developed", lambda: pictures.of("ani"))
    assert AlbumReader(tmp_path).waiting() == []
    negative = pictures.of("ani")
    assert negative is not None
    pictures.keep(negative)
    wait_for("it is on the disk", lambda: AlbumReader(tmp_path).waiting() == [negative.digest])
    pictures.see(FRAME, BOX, 2, SURE, ROSTER)
    assert pictures.of("ani") is None, "the next one before the kiosk is another person"
    darkroom.close()
    darkroom.close()


def test_nobody_waits_for_a_slow_darkroom(tmp_path: Path) -> None:
    go_on = threading.Event()

    def slow(picture: bytes) -> str:
        go_on.wait(20)
        return digest(picture)

    darkroom = _darkroom(tmp_path, slow)
    pictures = Pictures(darkroom, Wish, lambda: 0.5)
    for track in range(30):
        pictures.see(FRAME, BOX, track, NARROW, ROSTER)
        assert pictures.of("ani") is None
    go_on.set()
    darkroom.close()
    assert not darkroom.alive


def test_the_share_that_the_centre_asks_for_is_drawn_once_a_track(tmp_path: Path) -> None:
    lots = iter([0.09, 0.11])
    darkroom = _darkroom(tmp_path)
    pictures = Pictures(darkroom, lambda: Wish(0.1), lambda: next(lots))
    for _ in range(5):
        pictures.see(FRAME, BOX, 1, SURE, ROSTER)
    wait_for("it is developed", lambda: pictures.of("ani"))
    pictures.see(FRAME, BOX, 2, SURE, ROSTER)
    pictures.see(FRAME, BOX, 2, Match("ani", 0.5, None, Verdict.UNKNOWN), ROSTER)
    darkroom.close()
    assert pictures.of("ani") is None


def test_two_who_are_alike_make_no_album_of_one_look(tmp_path: Path) -> None:
    made = []
    darkroom = _darkroom(tmp_path, lambda picture: made.append(picture) or digest(picture))
    pictures = Pictures(darkroom, Wish, lambda: 0.5)
    for number in range(60):
        pictures.see(FRAME, BOX, 1, Match(f"p-{number % 20}", 0.97, 0.965, Verdict.UNCERTAIN), ROSTER)
    alike = pictures.alike()
    darkroom.close()
    assert len(made) <= MOST_A_TRACK
    assert alike is not None
    assert alike.match.person == f"p-{MOST_A_TRACK - 1}"


def test_without_a_key_of_the_centre_there_is_no_picture(tmp_path: Path) -> None:
    darkroom = _darkroom(tmp_path, lambda _picture: None)
    negative = darkroom.develop(FRAME.pixels)
    darkroom.keep(negative)
    darkroom.close()
    assert negative.digest is None
    assert AlbumReader(tmp_path).waiting() == []
    assert darkroom.dropped == 1


def test_a_disk_that_fails_is_told_once_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "evidence").write_text("in the way")
    darkroom = _darkroom(tmp_path)
    for _ in range(2):
        darkroom.keep(darkroom.develop(FRAME.pixels))
    darkroom.close()
    assert darkroom.dropped == 2
    assert caplog.text.count("cannot be kept") == 1


def test_a_clock_that_is_not_trusted_ages_nothing(tmp_path: Path) -> None:
    album = _album(tmp_path)
    _put(album, tmp_path, "one", 1)
    unsure = reading(1)
    Keeper(album, _Relay(), lambda: Reading(unsure.at, "none", None, "b", 1)).tend()  # type: ignore[arg-type]
    assert len(album.waiting()) == 1
    Keeper(album, _Relay(), lambda: unsure).tend()  # type: ignore[arg-type]
    assert album.waiting() == []
