"""A stick as a ZIP: what is hostile is refused before a byte of it is unpacked, and the same files give the same bytes."""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import StickSentError, StickUseError
from collector.sticks import archive, sent
from collector.sticks.sent import MOST_FILES, Refused, Why, sort_out
from stick import StickFolder, mark
from tests.centre import FakeKiosk
from wire.stick import PARTS, Carried, Place, read_path
from wire.topics import Address

MIB = 1 << 20
RECORDS = "from/kiosk-1/records.txt"
LINE = b"eyJhbGci.e30.c2ln\n"


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as target:
        for name, raw in files:
            target.writestr(name, raw)
    return made


def why(file: io.BytesIO, most: int = 64 * MIB) -> Why:
    with pytest.raises(StickSentError) as refused:
        archive.contents(file, most)
    return Why(refused.value.why)


def unpacked(file: io.BytesIO, folder: Path) -> tuple[list[str], list[Refused]]:
    found = archive.contents(file, 64 * MIB)
    broken = archive.unpack(file, found, folder)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return names, [*found.sent.refused, *broken]


@pytest.mark.parametrize("above", ["", "FLASHDISK/", "Unduhan/flashdisk sekolah/"])
def test_a_stick_is_found_in_whatever_folder_it_was_packed(above: str, tmp_path: Path) -> None:
    file = zipped(
        (f"{above}SIPERLU-STICK.json", b"{}"),
        (f"{above}from/", b""),
        (f"{above}{RECORDS}", LINE),
        (f"{above}to/kiosk-1/receipts.txt", LINE),
        (f"{above}from/kiosk-1/notes.docx", b"x"),
    )
    names, refused = unpacked(file, tmp_path)
    assert names == [RECORDS]
    assert (tmp_path / RECORDS).read_bytes() == LINE
    assert refused == [Refused(f"{above}from/kiosk-1/notes.docx", Why.OFF_LIST)]


def test_the_folder_of_one_kiosk_is_enough(tmp_path: Path) -> None:
    file = zipped(("kiosk-1/records.txt", LINE), ("kiosk-1/receipts.txt", LINE), ("Kiosk 1/records.txt", LINE))
    names, refused = unpacked(file, tmp_path)
    assert names == [RECORDS]
    assert [one.what for one in refused] == ["kiosk-1/receipts.txt", "Kiosk 1/records.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../from/kiosk-1/records.txt",
        "from/kiosk-1/../../from/kiosk-1/records.txt",
        "/from/kiosk-1/records.txt",
        "//from/kiosk-1/records.txt",
        "from/./kiosk-1/records.txt",
        "C:/from/kiosk-1/records.txt",
        "from\\kiosk-1\\records.txt",
        "from/kiosk-1/records.txt\n",
        "a/" * 300 + RECORDS,
    ],
)
def test_a_path_that_leads_out_has_the_whole_refused(name: str, tmp_path: Path) -> None:
    assert why(zipped((RECORDS, LINE), (name, LINE))) is Why.LEADS_OUT
    assert not list(tmp_path.iterdir())


def test_a_name_cut_by_a_nul_is_judged_whole() -> None:
    """zipfile itself would read `from/kiosk-1/records.txt` and hide the rest."""
    file = zipped((f"{RECORDS}#/../x", LINE))
    assert why(io.BytesIO(file.getvalue().replace(b"txt#", b"txt\0"))) is Why.LEADS_OUT


def special(mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(RECORDS)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR])
def test_what_is_no_plain_file_is_refused(kind: int) -> None:
    assert why(zipped((special(kind | 0o777), b"/etc/passwd"))) is Why.LINK


def test_two_files_for_one_place_are_refused() -> None:
    assert why(zipped((f"a/{RECORDS}", LINE), (f"b/{RECORDS}", LINE))) is Why.TWICE


def test_what_is_locked_or_packed_in_another_way_is_refused() -> None:
    locked = bytearray(zipped((RECORDS, LINE)).getvalue())
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert why(io.BytesIO(bytes(locked))) is Why.LOCKED
    assert why(zipped((RECORDS, LINE), how=zipfile.ZIP_LZMA)) is Why.METHOD
    assert why(zipped((RECORDS, LINE), how=zipfile.ZIP_BZIP2)) is Why.METHOD


def test_a_bomb_is_refused_by_what_its_list_says() -> None:
    assert why(zipped((RECORDS, b"\0" * (20 * MIB)))) is Why.DENSE
    many = [(f"from/kiosk-{n}/records.txt", b"0" * MIB) for n in range(65)]
    assert why(zipped(*many, how=zipfile.ZIP_STORED)) is Why.OVER
    assert why(zipped((RECORDS, b"0" * 2 * MIB), how=zipfile.ZIP_STORED), most=MIB) is Why.OVER


def test_entries_that_share_their_bytes_are_refused() -> None:
    """A bomb without nesting: every entry of the list points at the same packed bytes."""
    file = bytearray(
        zipped(*((f"from/kiosk-{n}/records.txt", b"x" * 900) for n in range(9)), how=zipfile.ZIP_STORED).getvalue()
    )
    at = -1
    while (at := file.find(b"PK\1\2", at + 1)) >= 0:
        struct.pack_into("<LL", file, at + 20, 900_000, 900_000)
    assert why(io.BytesIO(bytes(file))) is Why.DENSE


def test_too_many_files_are_refused_before_their_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [(f"from/kiosk-{n}/records.txt", b"") for n in range(MOST_FILES + 1)]
    assert why(zipped(*files)) is Why.MANY

    def never(*_told: object) -> None:
        raise AssertionError("zipfile read the list")

    huge = zipped(*((f"{n:0500}", b"") for n in range(2500)))
    small = bytearray(zipped((RECORDS, LINE)).getvalue())
    small[-22 - 20 : -22] = b"PK\6\7" + bytes(16)  # says that the true list is elsewhere, as long as it likes
    monkeypatch.setattr(archive.zipfile, "ZipFile", never)
    assert why(huge) is Why.MANY
    assert why(io.BytesIO(bytes(small))) is Why.MANY


@pytest.mark.parametrize("raw", [b"", b"PK", b"not a zip at all" * 9, b"PK\5\6" + bytes(3), b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_zip_is_refused(raw: bytes) -> None:
    assert why(io.BytesIO(raw)) in {Why.NOT_ZIP, Why.MANY}


def test_an_upload_that_broke_off_is_no_zip() -> None:
    whole = zipped((RECORDS, LINE * 5000), how=zipfile.ZIP_STORED).getvalue()
    assert why(io.BytesIO(whole[: len(whole) // 2])) is Why.NOT_ZIP


def test_nothing_of_a_kiosk_is_no_stick() -> None:
    assert why(zipped(("foto/liburan.jpg", b"x"))) is Why.NOTHING
    assert why(zipped()) is Why.NOTHING
    assert why(zipped(("SIPERLU-STICK.json", b"{}"))) is Why.NOTHING


def test_a_broken_file_leaves_nothing_and_the_others_are_taken(tmp_path: Path) -> None:
    file = zipped((RECORDS, LINE * 500), ("from/kiosk-2/records.txt", LINE), how=zipfile.ZIP_STORED)
    raw = bytearray(file.getvalue())
    raw[raw.index(LINE) + 40] ^= 1
    names, refused = unpacked(io.BytesIO(bytes(raw)), tmp_path)
    assert names == ["from/kiosk-2/records.txt"]
    assert refused == [Refused(RECORDS, Why.BROKEN)]


def test_a_file_larger_than_a_stick_knows_is_refused_alone() -> None:
    status = PARTS["status"]
    files = [("from/kiosk-1/status.txt", status.most + 1), (RECORDS, 10)]
    found = sort_out(files, MIB)
    assert found.kept == ((1, read_path(RECORDS)),)
    assert found.refused == (Refused("from/kiosk-1/status.txt", Why.TOO_LARGE),)


@given(st.lists(st.tuples(st.text(max_size=40), st.integers(0, 1 << 40)), max_size=5))
def test_whatever_the_names_only_the_closed_list_is_kept(files: list[tuple[str, int]]) -> None:
    try:
        found = sort_out(files, 1 << 50)
    except StickSentError:
        return
    assert all(place.part is not None and place.steps[0] == "from" for _, place in found.kept)
    assert all(len(one.what) <= 120 and one.what.isprintable() for one in found.refused)


def flipped(raw: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(raw)
    for at, value in changes:
        changed[at % len(changed)] = value
    return bytes(changed)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6))
def test_whatever_is_broken_in_a_zip_it_is_refused_or_unpacked_within_its_folder(
    changes: list[tuple[int, int]],
) -> None:
    raw = zipped((RECORDS, LINE * 9), ("from/kiosk-2/blobs.txt", LINE)).getvalue()
    file = io.BytesIO(flipped(raw, changes))
    try:
        found = archive.contents(file, MIB)
    except StickSentError:
        return
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder, "inner")
        inner.mkdir()
        archive.unpack(file, found, inner)
        assert [path.name for path in Path(folder).iterdir()] == ["inner"]
        assert sum(path.stat().st_size for path in inner.rglob("*") if path.is_file()) <= MIB


def test_records_of_a_kiosk_are_far_from_what_counts_as_a_bomb() -> None:
    raw = "\n".join(FakeKiosk().day(2000)).encode()
    file = zipped((RECORDS, raw))
    assert len(raw) > MIB
    assert len(raw) / len(file.getvalue()) < archive.MOST_RATIO / 2
    assert archive.contents(file, 64 * MIB).sent.kept


@pytest.fixture
def stick(tmp_path: Path) -> StickFolder:
    (tmp_path / "stick").mkdir()
    mark(tmp_path / "stick")
    return StickFolder(tmp_path / "stick")


def packed(stick: StickFolder, most: int = MIB) -> bytes:
    made = io.BytesIO()
    archive.pack_stick(stick, made, most)
    return made.getvalue()


def test_a_packed_stick_holds_the_marker_and_what_the_centre_wrote_and_has_the_same_bytes_again(
    stick: StickFolder, tmp_path: Path
) -> None:
    with closing(stick):
        for kiosk, channel in (("kiosk-2", "rules"), ("kiosk-1", "receipts"), ("kiosk-1", "records")):
            topic = Address(kiosk, channel).topic
            stick.write(Place(kiosk, PARTS[channel]), [Carried(topic, LINE.strip())])
        (tmp_path / "stick/to/kiosk-1/siperlu-1.2.0.tar").write_bytes(b"tar")
        (tmp_path / "stick/to/kiosk-1/autorun.inf").write_bytes(b"x")
        first = packed(stick)
        assert packed(stick) == first
        with zipfile.ZipFile(io.BytesIO(first)) as opened:
            assert opened.namelist() == [
                "SIPERLU-STICK.json",
                "to/kiosk-1/receipts.txt",
                "to/kiosk-1/siperlu-1.2.0.tar",
                "to/kiosk-2/rules.txt",
            ]
            (tmp_path / "copy").mkdir()
            opened.extractall(tmp_path / "copy")
        with closing(StickFolder(tmp_path / "copy")) as copy:
            assert [one.payload for one in copy.messages(Place("kiosk-1", PARTS["receipts"]))] == [LINE.strip()]
        with pytest.raises(StickUseError, match="zip_mib"):
            packed(stick, most=10)


def test_a_name_is_shown_short_and_printable() -> None:
    shown: Callable[[str], str] = sent.shown
    assert shown("a" + "b" * 300) == "b" * 120
    assert shown("\x1b[31m\u202etxt.exe") == "?[31m?txt.exe"
    assert shown("catatan.txt") == "catatan.txt"
