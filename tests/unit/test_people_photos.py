"""Pictures from strangers' folders: bombs, links, damage; and which face, which photos are the person's."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import PeopleError, PhotoError
from collector.people import photos, portrait
from models.face import Box, Detection, Hint, Vector


def _picture(suffix: str, width: int = 64, height: int = 48) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, noise)[1].tobytes()


def _png(width: int, height: int) -> bytes:
    """A well-formed PNG header of any claimed size, with next to no pixels behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def _jpeg_claiming(width: int, height: int) -> bytes:
    raw = bytearray(_picture(".jpg"))
    place = raw.index(b"\xff\xc0")
    struct.pack_into(">HH", raw, place + 5, height, width)
    return bytes(raw)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_picture_is_decoded(suffix: str) -> None:
    assert photos.decode(_picture(suffix)).shape == (48, 64, 3)


def test_a_large_picture_is_made_smaller() -> None:
    assert photos.decode(_picture(".jpg", 3200, 800)).shape == (400, 1600, 3)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (_png(100_000, 100_000), "100000 x 100000"),
        (_png(2**31 - 1, 2**31 - 1), "million"),
        (_jpeg_claiming(65_500, 65_500), "65500 x 65500"),
        (_png(0, 10), "0 x 10"),
        (b"", "neither JPEG nor PNG"),
        (b"GIF89a" + b"\0" * 50, "neither JPEG nor PNG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", "cut short"),
        (b"\xff\xd8", "cut short"),
        (b"\xff\xd8" + b"\xff\xe1\x00\x02" * 1001, "no frame"),
        (b"\xff\xd8" + b"\xff" * 50, "cut short"),
        (b"\xff\xd8\x00\x00\x00\x00", "no frame"),
        (_png(64, 64)[:40], "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_picture_that_is_none_or_claims_too_much_is_refused_before_it_is_decoded(raw: bytes, said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        photos.decode(raw)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"]))
def test_no_bytes_make_it_crash(raw: bytes, head: bytes) -> None:
    with contextlib.suppress(PhotoError):
        assert photos.decode(head + raw).ndim == 3


def test_a_file_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "big.jpg").open("wb") as file:
        file.truncate(photos.MAX_BYTES + 1)
    with pytest.raises(PhotoError, match="larger than 20 MiB"):
        photos.read(tmp_path / "big.jpg")


def test_a_photo_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="cannot be read"):
        photos.read(tmp_path / "none.jpg")


def test_only_pictures_in_real_folders_are_found_and_links_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    folder = tmp_path / "faces"
    (folder / "siti").mkdir(parents=True)
    (folder / "siti" / "b.JPG").write_bytes(b"x")
    (folder / "siti" / "a.png").write_bytes(b"x")
    (folder / "siti" / "notes.txt").write_bytes(b"x")
    (folder / "siti" / "link.jpg").symlink_to(outside / "secret.jpg")
    (folder / "siti" / "sub.jpg").mkdir()
    os.mkfifo(folder / "siti" / "pipe.jpg")
    (folder / "loose.jpg").write_bytes(b"x")
    (folder / "elsewhere").symlink_to(outside)
    found = photos.find(folder)
    assert {name: [path.name for path in paths] for name, paths in found.items()} == {"siti": ["a.png", "b.JPG"]}


@pytest.mark.parametrize("name", ["none", "file"])
def test_a_folder_that_is_none_is_said_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PeopleError, match="one folder a person"):
        photos.find(tmp_path / name)


def _face(side: float) -> Detection:
    return Detection(Box(0, 0, side, side), np.zeros((5, 2), np.float32), 1.0)


@pytest.mark.parametrize(("sides", "chosen"), [([100], 100), ([40, 100], 100), ([100, 50, 20], 100)])
def test_the_one_clear_face_is_taken(sides: list[int], chosen: int) -> None:
    assert portrait.only_face([_face(side) for side in sides]).box.width == chosen


@pytest.mark.parametrize(
    ("sides", "said"), [([], "no face"), ([100, 60], "several faces"), ([50, 50, 50], "faces .3.")]
)
def test_without_one_clear_face_the_photo_is_refused(sides: list[int], said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        portrait.only_face([_face(side) for side in sides])


def test_every_shortcoming_has_a_reason_that_says_what_to_do() -> None:
    assert set(portrait.REASONS) == set(Hint)


def _towards(*parts: float) -> Vector:
    vector = np.zeros(8, np.float32)
    vector[: len(parts)] = parts
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


SITI = [_towards(1), _towards(1, 0.1), _towards(1, 0, 0.1)]
BUDI = [_towards(0, 0, 0, 1), _towards(0, 0, 0, 1, 0.1)]


@pytest.mark.parametrize(
    ("vectors", "agreed"),
    [
        ([], set()),
        (SITI[:1], {0}),
        (SITI, {0, 1, 2}),
        ([*SITI, BUDI[0]], {0, 1, 2}),
        ([BUDI[0], *SITI], {1, 2, 3}),
        ([*SITI, *BUDI], {0, 1, 2}),
        ([SITI[0], BUDI[0]], set()),
        ([*SITI[:2], *BUDI], set()),
        ([SITI[0], -SITI[0]], set()),
    ],
)
def test_photos_of_somebody_else_are_set_apart_and_a_draw_names_nobody(vectors: list[Vector], agreed: set[int]) -> None:
    assert portrait.agreeing(vectors, 0.9) == agreed


def test_a_copy_is_known() -> None:
    assert portrait.copy_of(_towards(1, 0.001), SITI) == 0
    assert portrait.copy_of(BUDI[0], SITI) is None


def test_look_alikes_are_the_pairs_that_reach_the_cosine() -> None:
    everybody = np.stack([*SITI, *BUDI])
    found = portrait.look_alikes(np.stack(BUDI), everybody, 0.99)
    assert [(a, b) for a, b, _ in found] == [(0, 3), (0, 4), (1, 3), (1, 4)]
    many = np.tile(_towards(1), (600, 1))
    assert len(portrait.look_alikes(many, everybody, 0.999)) == 600
