"""The ledger: what was appended is there, in one whole chain, and nothing is ever pretended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.ledger import LedgerDamaged, LedgerError, LedgerReader, LedgerTaken, Receipted, Rejection
from tests.fixtures.ledgers import HEARTBEAT, Box, check_in, reading
from wire.chain import Head, verify_chain
from wire.errors import ContractError
from wire.records import CheckIn, Event
from wire.seals import Sealed


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def _fill(box: Box, count: int) -> str:
    ledger = box.open()
    for number in range(count):
        entry = ledger.append(check_in(f"p-{number}"), reading(number))
    ledger.close()
    return entry.chain


def test_an_entry_names_the_record_that_is_on_disk(box: Box) -> None:
    ledger = box.open()
    entry = ledger.append(check_in(), reading(7))
    reader = LedgerReader(box.folder)
    assert reader.head() == Head(entry.chain, 1, entry.digest) == ledger.head
    (record,) = box.records()
    assert (record.chain, record.seq, record.at, record.body) == (entry.chain, 1, entry.at, check_in())
    assert entry.at == reading(7).at
    assert str(entry) == f"{entry.chain}/1"


def test_numbers_run_on_over_restarts_and_the_chain_stays_whole(box: Box) -> None:
    for _ in range(3):
        ledger = box.open()
        ledger.append(HEARTBEAT, reading())
        ledger.append(check_in(), reading())
        ledger.close()
    assert [record.seq for record in box.records()] == [1, 2, 3, 4, 5, 6]
    assert box.broken() is None


def test_the_chain_is_the_thumbprint_of_the_key_that_seals_it(box: Box) -> None:
    chain = _fill(box, 1)
    key = box.keys().record
    assert key.public.thumbprint == chain
    reader = LedgerReader(box.folder)
    (stored,) = reader.after(reader.chains()[0], 0, 10)
    assert key.public.verify(stored.sealed, Sealed.RECORD)


def test_a_second_writer_is_refused(box: Box) -> None:
    first = box.open()
    with pytest.raises(LedgerTaken, match="another process"):
        box.open()
    first.close()
    box.open().close()


def test_a_record_that_breaks_the_contract_is_not_written(box: Box) -> None:
    ledger = box.open()
    ledger.append(HEARTBEAT, reading())
    with pytest.raises(ContractError):
        ledger.append(Event(event="Not A Word", detail={}), reading())
    with pytest.raises(ContractError, match="bytes, at most"):
        ledger.append(Event(event="spoof", detail={"x": "x" * 20_000}), reading())
    assert ledger.append(HEARTBEAT, reading()).seq == 2
    ledger.close()
    assert box.broken() is None


def test_the_reader_notices_a_commit_and_only_a_commit(box: Box) -> None:
    ledger = box.open()
    reader = LedgerReader(box.folder)
    reader.changed()
    assert not reader.changed()
    ledger.append(HEARTBEAT, reading())
    assert reader.changed()
    assert not reader.changed()


def test_any_edited_byte_of_any_record_is_found(box: Box) -> None:
    chain = _fill(box, 4)
    key = box.keys().record.public
    reader = LedgerReader(box.folder)
    texts = [stored.sealed for stored in reader.after(reader.chains()[0], 0, 10)]
    assert verify_chain(texts, key, box.kiosk, Head(chain))[1] is None
    for row, text in enumerate(texts):
        for place in range(0, len(text), 7):
            edited = texts.copy()
            edited[row] = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
            head, broken = verify_chain(edited, key, box.kiosk, Head(chain))
            assert broken is not None
            assert head.seq + 1 == broken.seq
            assert broken.seq in (row + 1, row + 2)


@pytest.mark.parametrize("order", [[0, 2], [1, 0], [0, 0], [1]])
def test_a_missing_moved_or_doubled_record_is_found(box: Box, order: list[int]) -> None:
    chain = _fill(box, 3)
    reader = LedgerReader(box.folder)
    texts = [stored.sealed for stored in reader.after(reader.chains()[0], 0, 10)]
    _, broken = verify_chain([texts[i] for i in order], box.keys().record.public, box.kiosk, Head(chain))
    assert broken is not None


def _first_of_newest(box: Box) -> Event:
    body = next(record.body for record in reversed(box.records()) if record.seq == 1)
    assert isinstance(body, Event)
    return body


def test_a_ledger_that_is_gone_is_followed_by_a_new_chain_endorsed_by_the_old_key(box: Box) -> None:
    old = _fill(box, 3)
    box.file.unlink()
    box.receipts = {old: Receipted(2)}
    ledger = box.open()
    assert ledger.head.seq == 1
    assert ledger.head.chain != old
    ledger.close()
    start = _first_of_newest(box).chain_start
    assert start is not None
    assert (start.previous, start.previous_upto) == (old, 2)
    assert start.public_key == box.keys().record.public.x
    old_key = box.keys().find(old)
    assert old_key is not None
    assert start.endorsement is not None
    endorsed = old_key.public.verify(start.endorsement, Sealed.ENDORSEMENT)
    assert endorsed.decode() == box.keys().record.public.thumbprint


def test_keys_made_before_the_first_start_begin_an_ordinary_first_chain(box: Box) -> None:
    box.keys()
    ledger = box.open()
    assert ledger.append(HEARTBEAT, reading()).seq == 1
    ledger.close()
    assert len(box.records()) == 1


def test_lost_keys_start_a_new_chain_with_a_higher_number(box: Box) -> None:
    old = _fill(box, 2)
    for path in (box.folder / "keys").iterdir():
        path.unlink()
    ledger = box.open()
    assert ledger.chains()[-1].number == 2
    ledger.close()
    start = _first_of_newest(box).chain_start
    assert start is not None
    assert (start.previous, start.previous_upto, start.endorsement) == (old, 2, None)


def test_a_ledger_behind_its_receipts_starts_a_new_chain_and_adds_the_doubtful_again(box: Box) -> None:
    ledger = box.open()
    entries = [ledger.append(check_in(f"p-{n}"), reading(n)) for n in range(5)]
    chain = entries[0].chain
    assert ledger.heed({chain: Receipted(3)}, [], reading(9)) == ()
    written = ledger.heed({chain: Receipted(3, ahead=50)}, [], reading(9))
    assert [entry.seq for entry in written] == [1, 2, 3]
    assert ledger.heed({chain: Receipted(50)}, [], reading(10)) == ()
    ledger.close()
    start, *carried = [record for record in box.records() if record.chain != chain]
    assert isinstance(start.body, Event)
    assert start.body.chain_start is not None
    assert start.body.chain_start.previous_upto == 50
    assert [r.body.carried for r in carried if isinstance(r.body, CheckIn)] == [f"{chain}/4", f"{chain}/5"]
    assert [r.at for r in carried] == [reading(3).at, reading(4).at]
    assert box.broken() is None


def test_a_ledger_replaced_by_an_older_copy_starts_a_new_chain_before_anything_is_written(box: Box) -> None:
    old = _fill(box, 3)
    box.receipts = {old: Receipted(10)}
    ledger = box.open()
    assert ledger.head.chain != old
    ledger.close()
    start = _first_of_newest(box).chain_start
    assert start is not None
    assert (start.previous, start.previous_upto) == (old, 10)
    box.open().close()
    assert len(box.records()) == 4


def test_a_fork_is_carried_once(box: Box) -> None:
    ledger = box.open()
    ledger.append(HEARTBEAT, reading())
    entry = ledger.append(check_in("p-7"), reading(1))
    fork = [Rejection(entry.chain, entry.seq, entry.digest, "fork")]
    assert len(ledger.heed({}, fork, reading(2))) == 2
    assert ledger.heed({}, fork, reading(3)) == ()
    other = [Rejection(entry.chain, entry.seq, "0" * 64, "fork"), Rejection(entry.chain, 1, "1" * 64, "seal")]
    assert ledger.heed({}, other, reading(3)) == ()
    ledger.close()


def test_trimming_takes_a_prefix_and_keeps_the_head(box: Box) -> None:
    chain = _fill(box, 6)
    ledger = box.open()
    assert ledger.trim({chain: 4}) == 4
    assert ledger.trim({chain: 4}) == 0
    assert ledger.chains()[0].kept == 4
    assert ledger.waiting({chain: Receipted(5)}) == 1
    assert ledger.trim({chain: 99}) == 2
    ledger.close()
    again = box.open()
    assert again.append(HEARTBEAT, reading()).seq == 7
    assert again.chains()[0].kept == 6
    again.close()


def _overwrite(path: Path, start: int, count: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[start : start + count] = b"\xff" * count
    path.write_bytes(raw)


def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_saved(box: Box) -> None:
    old = _fill(box, 40)
    size = box.file.stat().st_size
    _overwrite(box.file, size // 2 // 4096 * 4096, 8192)
    _overwrite(box.file, 4096 + 8, 4)
    ledger = box.open()
    assert ledger.head.chain != old
    assert ledger.append(check_in(), reading()).seq == 2
    ledger.close()
    assert len(box.records()) > 22
    aside = next(path for path in box.folder.glob("ledger.db.damaged-*") if not path.name.endswith("-journal"))
    assert aside.stat().st_size == size
    assert box.broken() is None
    box.open().close()


@pytest.mark.parametrize(
    "noise", ["chain = NULL, kept_seq = NULL", "kept_seq = 'x'", "chain = x'00'", "number = 250665"]
)
def test_noise_that_reads_as_a_chain_is_damage_and_no_crash(box: Box, noise: str) -> None:
    old = _fill(box, 3)
    for change in (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')",
        f"UPDATE chains SET {noise}",
    ):
        with closing(sqlite3.connect(box.file)) as database:
            database.executescript(change)
    ledger = box.open()
    assert ledger.head.chain != old
    ledger.close()
    assert [record.seq for record in box.records()] == [1, 2, 3, 1]


def test_an_edited_last_record_is_found_at_the_next_start(box: Box) -> None:
    old = _fill(box, 3)
    database = sqlite3.connect(box.file)
    database.execute("UPDATE records SET sealed = replace(sealed, 'a', 'b') WHERE seq = 3")
    database.commit()
    database.close()
    ledger = box.open()
    assert ledger.head.chain != old
    ledger.close()
    assert [record.seq for record in box.records()] == [1, 2, 1]


def test_a_file_that_is_no_database_is_set_aside(box: Box) -> None:
    _fill(box, 1)
    box.file.write_bytes(b"not a database" * 1000)
    ledger = box.open()
    assert ledger.head.seq == 1
    ledger.close()


def test_a_ledger_that_could_not_be_mended_is_not_kept_from_the_next_try(box: Box) -> None:
    _fill(box, 1)
    box.file.write_bytes(b"not a database" * 1000)
    in_the_way = box.folder / "ledger.db.new"
    in_the_way.mkdir()
    with pytest.raises(LedgerError, match="make the folder writable"):
        box.open()
    in_the_way.rmdir()
    box.open().close()


def test_a_closed_ledger_neither_writes_nor_looks(box: Box) -> None:
    first = box.open()
    first.append(HEARTBEAT, reading())
    first.close()
    second = box.open()
    for use in (lambda: first.append(HEARTBEAT, reading()), first.chains, lambda: first.waiting({})):
        with pytest.raises(LedgerError, match="open it anew"):
            use()
    assert second.append(HEARTBEAT, reading()).seq == 2
    second.close()


def test_every_error_of_the_ledger_is_a_ledger_error() -> None:
    assert issubclass(LedgerTaken, LedgerError)
    assert issubclass(LedgerDamaged, LedgerError)
