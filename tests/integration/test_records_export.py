"""Sealed records leave the centre with what it takes to check them; whatever is done to them afterwards is found and named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from collector.errors import ReportError
from collector.recap import links
from collector.recap.export import CENTRE_KEYS, MANIFEST, Centre, Manifest, Period, write
from tests import centre as made
from tests.centre import AT, FakeKiosk, opened
from wire.jwks import KEY_SET, key_set
from wire.seals import KeyName, SealingKey

DAY = Period(since=AT, until=AT + timedelta(days=1))
NOW = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)
Parts = dict[str, bytes]


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[made.Centre]:
    with opened(store_url, tmp_path) as running:
        yield running


@pytest.fixture
def kiosks(centre: made.Centre) -> tuple[FakeKiosk, FakeKiosk]:
    """Two kiosks whose records the centre has: 30 and 12."""
    both = FakeKiosk("kiosk-1"), FakeKiosk("kiosk-2")
    centre.register(*both)
    for kiosk, count in zip(both, (30, 12), strict=True):
        centre.take(*(kiosk.message(sealed) for sealed in kiosk.day(count)))
    return both


def exported(centre: made.Centre, period: Period = DAY) -> tuple[bytes, Manifest]:
    target = io.BytesIO()
    with Session(centre.writer.engine) as session:
        manifest = write(session, target, period, Centre(centre.keys.public, centre.keys, NOW))
    return target.getvalue(), manifest


def parts(raw: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(folder: Path, files: Parts) -> Path:
    target = folder / "export.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return target


def checked(centre: made.Centre, folder: Path, files: Parts) -> links.Checked:
    return links.check(packed(folder, files), centre.keys.public.keyring())


def test_an_export_is_good_and_says_how_much_it_holds(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path
) -> None:
    raw, _ = exported(centre)
    found = checked(centre, tmp_path, parts(raw))
    assert (found.broken, found.records, found.vouched) == ((), 42, True)
    assert [(span.kiosk, span.first, span.last) for span in found.manifest.chains] == [
        ("kiosk-1", 1, 30),
        ("kiosk-2", 1, 12),
    ]
    lines = parts(raw)[found.manifest.chains[0].name].decode().splitlines()
    assert lines == kiosks[0].sealed, "the very bytes that the kiosk sealed"


def test_the_same_records_give_the_same_bytes(centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk]) -> None:
    assert exported(centre)[0] == exported(centre)[0]


def test_a_part_of_a_chain_is_linked_to_what_came_before(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path
) -> None:
    raw, manifest = exported(centre, Period(since=AT + timedelta(minutes=10), until=AT + timedelta(minutes=21)))
    assert [(span.first, span.last, span.count) for span in manifest.chains] == [(10, 20, 11), (10, 12, 3)]
    assert checked(centre, tmp_path, parts(raw)).broken == ()


def test_without_keys_from_elsewhere_it_is_whole_but_not_vouched_for(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path
) -> None:
    found = links.check(packed(tmp_path, parts(exported(centre)[0])), None)
    assert (found.broken, found.vouched) == ((), False)
    assert found.centre == (centre.keys.signing[0].public.thumbprint,)


def cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def altered(lines: list[bytes]) -> list[bytes]:
    head, payload, seal = lines[4].split(b".")
    return [*lines[:4], b".".join((head, payload[:-4] + b"AAAA", seal)), *lines[5:]]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


def left_out(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], *lines[5:]]


def repeated(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[3], *lines[4:]]


def endless(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], b"A" * 1_000_000, *lines[5:]]


@pytest.mark.parametrize(
    ("change", "seq", "why"),
    [
        (altered, 5, "does not verify"),
        (swapped, 5, "has number 6"),
        (left_out, 5, "has number 6"),
        (repeated, 5, "has number 4"),
        (endless, 5, "does not verify"),
        (cut, 30, "is missing"),
    ],
)
def test_the_first_broken_link_is_named(  # noqa: PLR0917 - fixtures and cases
    centre: made.Centre,
    kiosks: tuple[FakeKiosk, FakeKiosk],
    tmp_path: Path,
    change: Callable[[list[bytes]], list[bytes]],
    seq: int,
    why: str,
) -> None:
    raw, manifest = exported(centre)
    files, name = parts(raw), manifest.chains[0].name
    files[name] = b"\n".join(change(files[name].splitlines())) + b"\n"
    (broken,) = checked(centre, tmp_path, files).broken
    assert (broken.kiosk, broken.chain, broken.seq) == ("kiosk-1", kiosks[0].chain, seq)
    assert why in broken.reason


def test_a_record_made_with_another_key_does_not_pass(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path
) -> None:
    raw, manifest = exported(centre)
    files, forger = parts(raw), FakeKiosk("kiosk-1")
    files[manifest.chains[0].name] = "\n".join(forger.day(30)).encode()
    files["keys/kiosk-1.jwks"] = KEY_SET.encode(key_set([forger.key.public], []))
    (broken,) = checked(centre, tmp_path, files).broken
    assert (broken.seq, broken.reason) == (1, "its key is not in the export")


def test_a_chain_taken_out_is_missed(centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path) -> None:
    raw, manifest = exported(centre)
    files = parts(raw)
    del files[manifest.chains[1].name]
    assert [broken.reason for broken in checked(centre, tmp_path, files).broken] == [
        "its records are not in the export"
    ]


def test_a_manifest_by_somebody_else_is_refused(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path
) -> None:
    forger = SealingKey.generate(KeyName("centre", 1))
    target = io.BytesIO()
    with Session(centre.writer.engine) as session:
        write(session, target, DAY, Centre(key_set([forger.public], []), forger, NOW))
    with pytest.raises(ReportError, match="not sealed by the centre"):
        checked(centre, tmp_path, parts(target.getvalue()))


@pytest.mark.parametrize("gone", [MANIFEST, CENTRE_KEYS])
def test_what_is_no_export_is_refused(
    centre: made.Centre, kiosks: tuple[FakeKiosk, FakeKiosk], tmp_path: Path, gone: str
) -> None:
    files = parts(exported(centre)[0])
    del files[gone]
    with pytest.raises(ReportError, match="no export that can be read"):
        checked(centre, tmp_path, files)


def test_a_gap_that_never_arrived_is_named(centre: made.Centre, tmp_path: Path) -> None:
    kiosk = FakeKiosk()
    centre.register(kiosk)
    sealed = kiosk.day(8)
    centre.take(*(kiosk.message(text) for text in (*sealed[:3], *sealed[4:])))
    (broken,) = checked(centre, tmp_path, parts(exported(centre)[0])).broken
    assert (broken.seq, broken.reason) == (4, "has number 5")


def test_a_text_that_was_set_aside_stands_in_its_place(centre: made.Centre, tmp_path: Path) -> None:
    kiosk = FakeKiosk()
    centre.register(kiosk)
    kiosk.day(3)
    odd = kiosk.add(made.heartbeat(), kiosk="kiosk-9")
    kiosk.day(2)
    centre.take(*(kiosk.message(text) for text in kiosk.sealed))
    raw, manifest = exported(centre)
    assert odd.encode() in parts(raw)[manifest.chains[0].name].splitlines()
    (broken,) = checked(centre, tmp_path, parts(raw)).broken
    assert (broken.seq, broken.reason) == (4, "is of kiosk kiosk-9, not kiosk-1")


def test_a_period_without_records_is_an_export_of_nothing(centre: made.Centre, tmp_path: Path) -> None:
    raw, manifest = exported(centre)
    assert manifest.chains == ()
    assert checked(centre, tmp_path, parts(raw)).records == 0
