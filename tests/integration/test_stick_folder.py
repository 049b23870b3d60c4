"""A stick's files: whole or not there, and no link on it leads anywhere."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stick import FullError, NotMarkedError, StickError, StickFolder, mark
from wire.stick import MARKER, PARTS, Carried, Place
from wire.topics import ROOT

RECORDS = Place("kiosk-1", PARTS["records"])


def _records(*payloads: bytes) -> list[Carried]:
    return [Carried(f"{ROOT}/kiosk-1/records", payload) for payload in payloads]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    mark(folder)
    return folder


@pytest.fixture
def stick(root: Path) -> Iterator[StickFolder]:
    with closing(StickFolder(root)) as opened:
        yield opened


def test_what_was_written_is_read_and_a_second_time_replaces_it(stick: StickFolder, root: Path) -> None:
    assert list(stick.messages(RECORDS)) == []
    assert stick.write(RECORDS, _records(b"one", b"two")) == 2
    assert list(stick.messages(RECORDS)) == _records(b"one", b"two")
    assert stick.write(RECORDS, _records(b"three")) == 1
    assert list(stick.messages(RECORDS)) == _records(b"three")
    assert [path.name for path in (root / "from/kiosk-1").iterdir()] == ["records.txt"]
    assert stick.kiosks("from") == ["kiosk-1"]
    assert stick.kiosks("to") == []


def test_a_folder_without_a_marker_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(NotMarkedError):
        StickFolder(tmp_path)


@pytest.mark.parametrize("text", ["", "{}x", '{"siperlu":"other"}', '{"siperlu":"stick","version":2}', "[" * 4000])
def test_a_marker_that_says_something_else_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(NotMarkedError):
        StickFolder(tmp_path)


def test_a_marker_that_is_a_link_is_none(tmp_path: Path, root: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / MARKER).symlink_to(root / MARKER)
    with pytest.raises(NotMarkedError):
        StickFolder(tmp_path / "other")


@pytest.mark.parametrize("place", ["from", "from/kiosk-1", "from/kiosk-1/records.txt"])
def test_no_link_is_followed_in_reading_or_writing(tmp_path: Path, root: Path, stick: StickFolder, place: str) -> None:
    outside = tmp_path / "outside"
    (outside / "kiosk-1").mkdir(parents=True)
    (outside / "records.txt").write_text("secret\n")
    (outside / "kiosk-1/records.txt").write_text("secret\n")
    target = {1: outside, 2: outside, 3: outside / "records.txt"}[len(place.split("/"))]
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).symlink_to(target)
    with pytest.raises(StickError):
        list(stick.messages(RECORDS))
    if place.endswith(".txt"):
        stick.write(RECORDS, _records(b"mine"))  # the link itself is replaced
        assert not (root / place).is_symlink()
    else:
        with pytest.raises(StickError):
            stick.write(RECORDS, _records(b"mine"))
    assert (outside / "records.txt").read_text() == "secret\n"
    assert (outside / "kiosk-1/records.txt").read_text() == "secret\n"


def test_a_draft_that_is_a_link_is_not_written_through(tmp_path: Path, root: Path, stick: StickFolder) -> None:
    (tmp_path / "precious").write_text("precious")
    (root / "from/kiosk-1").mkdir(parents=True)
    (root / "from/kiosk-1/records.txt.new").symlink_to(tmp_path / "precious")
    stick.write(RECORDS, _records(b"mine"))
    assert (tmp_path / "precious").read_text() == "precious"
    assert list(stick.messages(RECORDS)) == _records(b"mine")


def test_a_pipe_and_a_huge_file_are_refused_without_waiting(root: Path, stick: StickFolder) -> None:
    folder = root / "from/kiosk-1"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "records.txt")
    with pytest.raises(StickError, match="no plain file"):
        list(stick.messages(RECORDS))
    (folder / "records.txt").unlink()
    with (folder / "records.txt").open("wb") as file:
        file.truncate(PARTS["records"].most + 1)
    with pytest.raises(StickError, match="no plain file"):
        list(stick.messages(RECORDS))


def test_a_full_stick_keeps_the_old_file(stick: StickFolder, root: Path) -> None:
    stick.write(RECORDS, _records(b"old"))

    def running_full() -> Iterator[Carried]:
        yield from _records(b"new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(FullError):
        stick.write(RECORDS, running_full())
    assert list(stick.messages(RECORDS)) == _records(b"old")
    assert [path.name for path in (root / "from/kiosk-1").iterdir()] == ["records.txt"]


def test_bundles_are_named_and_copied_and_other_names_are_not_seen(stick: StickFolder, root: Path) -> None:
    stick.copy(Place("kiosk-1", None, "0.2.0"), io.BytesIO(b"tar"))
    for name in ("siperlu-x.tar", "autorun.inf", ".hidden"):
        (root / "to/kiosk-1" / name).write_text("x")
    assert stick.bundles("kiosk-1") == ["0.2.0"]
    file = stick.open(Place("kiosk-1", None, "0.2.0"))
    assert file
    with file:
        assert file.read() == b"tar"


def test_closing_twice_is_fine(root: Path) -> None:
    opened = StickFolder(root)
    opened.close()
    opened.close()


def test_a_stick_is_written_in_large_pieces(stick: StickFolder) -> None:
    """Mounted `sync`, each write waits for the stick: a month's records are some writes, not thousands."""
    before = writes()
    assert stick.write(RECORDS, _records(b"x" * 1000) * 8000) == 8000
    assert writes() - before < 50


def writes() -> int:
    """Write calls of this process so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("syscw")).split()[1])
