"""What the relay keeps: receipts that may fall, rosters that may not, and nothing that the centre did not seal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from kiosk.database import DatabaseError
from kiosk.ledger import ChainSpan, Receipted, Rejection
from kiosk.relay import RelayReader, receipts, rosters
from kiosk.relay.centre_keys import CentreKeys
from kiosk.relay.inbound import Inbound, SealedEntry, SealedManifest, open_message
from kiosk.relay.store import Store, command_outcome, keep_command, set_link
from kiosk.relay.tables import MANIFESTS
from wire import messages as m
from wire.errors import ContractError, SealError, WireError
from wire.jwks import key_set, readable
from wire.seals import KeyName, Keyring, Sealed, SealingKey, digest

AT = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
CHAIN, OLD = "c" * 43, "o" * 43
CENTRE = SealingKey.generate(KeyName("centre", 1))
RING = Keyring([CENTRE.public])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RelayReader]:
    opened = RelayReader(tmp_path)
    yield opened
    opened.close()


def _receipt(upto: int, *, chain: str = CHAIN, day: int = 0) -> m.Receipt:
    return m.Receipt(kiosk="kiosk-1", at=AT + timedelta(days=day), chain=chain, upto=upto)


def _take(store: Store, receipt: m.Receipt, last: int = 10_000) -> None:
    with store.transaction() as connection:
        receipts.take(connection, receipt, ChainSpan(1, CHAIN, 0, last), keep_days=90)


def test_a_receipt_may_name_fewer_than_before(store: Store, reader: RelayReader) -> None:
    for upto in (5, 9, 3):
        _take(store, _receipt(upto))
        assert reader.receipts() == {CHAIN: Receipted(upto)}


def test_a_receipt_for_more_than_the_ledger_has_covers_nothing_until_another_chain_is_written(
    store: Store, reader: RelayReader
) -> None:
    _take(store, _receipt(4))
    _take(store, _receipt(50), last=6)
    assert reader.receipts() == {CHAIN: Receipted(4, ahead=50)}
    with store.transaction() as connection:
        receipts.settle(connection, ChainSpan(2, "n" * 43, 0, 1))
    assert reader.receipts() == {CHAIN: Receipted(50)}


def test_records_may_go_ninety_days_after_their_receipt_by_the_centres_clock(store: Store, reader: RelayReader) -> None:
    _take(store, _receipt(10, chain=OLD))
    _take(store, _receipt(5))
    _take(store, _receipt(7, day=1))
    _take(store, _receipt(8, day=90))
    assert reader.deletable(90) == {}
    _take(store, _receipt(9, day=91))
    assert reader.deletable(90) == {OLD: 10, CHAIN: 5}
    _take(store, _receipt(9, day=92))
    assert reader.deletable(90) == {OLD: 10, CHAIN: 5}
    _take(store, _receipt(3, day=181))
    assert reader.deletable(90) == {OLD: 10, CHAIN: 3}


def test_rejections_are_remembered_once(store: Store, reader: RelayReader) -> None:
    one = Rejection(CHAIN, 7, "d" * 64, "fork")
    with store.transaction() as connection:
        receipts.reject(connection, one)
        receipts.reject(connection, one)
    assert reader.rejected() == (one,)


def _entry(person: str, more: str = "") -> SealedEntry:
    sealed = CENTRE.seal(Sealed.ROSTER_ENTRY, (person + more).encode())
    return SealedEntry(person, sealed, digest(sealed))


def _manifest(version: int, *entries: SealedEntry) -> SealedManifest:
    manifest = m.RosterManifest(
        kiosk="kiosk-1",
        at=AT,
        version=version,
        model="dlib-1",
        threshold=0.9,
        margin=0.02,
        people={entry.person: entry.digest for entry in entries},
    )
    return SealedManifest(manifest, CENTRE.seal(Sealed.ROSTER_MANIFEST, m.ROSTER_MANIFEST.encode(manifest)))


def _apply(store: Store, *came: SealedManifest | SealedEntry) -> int | None:
    with store.transaction() as connection:
        for one in came:
            if isinstance(one, SealedManifest):
                rosters.take_manifest(connection, one)
            else:
                rosters.take_entry(connection, one)
        return rosters.advance(connection)


def _people(reader: RelayReader) -> dict[str, str] | None:
    raw = reader.roster()
    return None if raw is None else raw.entries


A, B, C, A2 = _entry("a"), _entry("b"), _entry("c"), _entry("a", "newer")


def test_a_roster_appears_as_a_whole(store: Store, reader: RelayReader) -> None:
    assert _apply(store, _manifest(1, A, B), A) is None
    assert _people(reader) is None
    assert _apply(store, B) == 1
    assert _people(reader) == {"a": A.sealed, "b": B.sealed}


def test_entries_may_come_before_their_manifest(store: Store, reader: RelayReader) -> None:
    _apply(store, A, B)
    assert _apply(store, _manifest(1, A, B)) == 1
    assert _people(reader) == {"a": A.sealed, "b": B.sealed}


def test_removal_is_at_once_but_what_is_new_waits_for_the_whole(store: Store, reader: RelayReader) -> None:
    _apply(store, _manifest(1, A, B), A, B)
    _apply(store, _manifest(2, A2, C), C)
    assert _people(reader) == {"a": A.sealed}
    assert _apply(store, A2) == 2
    assert _people(reader) == {"a": A2.sealed, "c": C.sealed}


def test_a_removed_person_is_nowhere_in_the_file(store: Store, tmp_path: Path) -> None:
    _apply(store, _manifest(1, A, B), A, B)
    assert B.sealed.encode() in (tmp_path / "relay.db").read_bytes()
    _apply(store, _manifest(2, A, C))
    assert B.sealed.encode() not in (tmp_path / "relay.db").read_bytes()


@pytest.mark.parametrize("version", [0, 4, 5])
def test_an_older_or_equal_manifest_is_refused(store: Store, reader: RelayReader, version: int) -> None:
    _apply(store, _manifest(5, A), A)
    assert _apply(store, _manifest(version, B), B) is None
    assert _people(reader) == {"a": A.sealed}


def test_a_candidate_is_refused_when_older_than_another_candidate(store: Store, reader: RelayReader) -> None:
    _apply(store, _manifest(5, A, B), A)
    assert _apply(store, _manifest(4, A)) is None
    assert _people(reader) is None


def test_an_empty_roster_empties_the_kiosk(store: Store, reader: RelayReader) -> None:
    _apply(store, _manifest(1, A), A)
    assert _apply(store, _manifest(2)) == 2
    assert _people(reader) == {}


def test_unnamed_entries_do_not_pile_up(
    store: Store, reader: RelayReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rosters, "MOST_LOOSE", 10)
    _apply(store, _manifest(1, A), A)
    for batch in range(3):
        _apply(store, *(_entry(f"p-{batch}-{number}") for number in range(10)))
    with store.transaction() as connection:
        held = connection.exec_driver_sql("SELECT count(*) FROM entries").scalar_one()
    assert held <= 12
    assert _people(reader) == {"a": A.sealed}


def _open(channel: str, payload: bytes, ring: Keyring = RING, topic_kiosk: str = "kiosk-1") -> Inbound:
    return open_message(f"siperlu/v1/{topic_kiosk}/{channel}", payload, "kiosk-1", ring)


def _sealed(receipt: m.Receipt, key: SealingKey = CENTRE, kind: Sealed = Sealed.RECEIPT) -> bytes:
    return key.seal(kind, m.RECEIPT.encode(receipt)).encode()


def test_a_genuine_receipt_is_read() -> None:
    assert _open("receipts", _sealed(_receipt(5))) == _receipt(5)


OTHER_KIOSK = m.Receipt(kiosk="kiosk-2", at=AT, chain=CHAIN, upto=5)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (_sealed(_receipt(5), SealingKey.generate(KeyName("centre", 1))), SealError),
        (_sealed(_receipt(5), SealingKey.generate(KeyName("centre", 2))), SealError),
        (_sealed(_receipt(5), kind=Sealed.STATUS), SealError),
        (_sealed(OTHER_KIOSK), ContractError),
        (CENTRE.seal(Sealed.RECEIPT, b"{}").encode(), ContractError),
        (b"", SealError),
        (b"\xff\xfe", SealError),
        (b"x" * (m.MAX_MESSAGE_BYTES + 1), ContractError),
    ],
    ids=["other-key", "unknown-key", "other-type", "other-kiosk", "no-fields", "empty", "binary", "oversized"],
)
def test_what_the_centre_did_not_seal_for_this_kiosk_is_refused(payload: bytes, error: type[WireError]) -> None:
    with pytest.raises(error):
        _open("receipts", payload)


def test_another_owner_of_a_known_key_cannot_speak_for_the_centre() -> None:
    other = SealingKey.generate(KeyName("kiosk-9", 1))
    with pytest.raises(SealError, match="not by the centre"):
        _open("receipts", _sealed(_receipt(5), other), Keyring([other.public]))


@pytest.mark.parametrize("channel", ["records", "status", "receipts/x", "nonsense"])
def test_topics_that_a_kiosk_does_not_listen_to_are_refused(channel: str) -> None:
    with pytest.raises(WireError):
        _open(channel, _sealed(_receipt(5)))


def test_a_message_under_another_kiosks_topic_is_refused() -> None:
    with pytest.raises(ContractError, match="not of kiosk kiosk-1"):
        _open("receipts", _sealed(_receipt(5)), topic_kiosk="kiosk-2")


def test_the_centres_keys_are_read_again_when_their_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "centre.json"
    keys = CentreKeys(path)
    assert len(keys.ring()) == 0
    path.write_text(readable(key_set([CENTRE.public], [])))
    assert len(keys.ring()) == 1
    newer = SealingKey.generate(KeyName("centre", 2))
    path.write_text(readable(key_set([CENTRE.public, newer.public], [])))
    assert len(keys.ring()) == 2
    path.write_text("{")
    assert len(keys.ring()) == 0


def test_a_command_is_remembered_by_its_id(store: Store) -> None:
    command = m.Command(kiosk="kiosk-1", id="c-1", at=AT, expires=AT, command="identify")
    with store.transaction() as connection:
        assert command_outcome(connection, command) is None
        keep_command(connection, command, "done")
        assert command_outcome(connection, command) == "done"


def test_the_kiosk_sees_the_link_change(store: Store, reader: RelayReader) -> None:
    assert not reader.link().online
    reader.changed()
    with store.transaction() as connection:
        set_link(connection, online=True, now=AT.timestamp())
    assert reader.changed()
    assert reader.link().online
    assert reader.link().since == AT


def test_a_relay_that_is_gone_is_not_online_whatever_it_wrote_last(store: Store, reader: RelayReader) -> None:
    with store.transaction() as connection:
        set_link(connection, online=True, now=AT.timestamp())
    assert reader.lives()
    store.close()
    assert not reader.lives()
    assert not reader.link().online


def test_asking_whether_a_relay_lives_does_not_keep_one_from_starting(tmp_path: Path, reader: RelayReader) -> None:
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            reader.lives()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(20):
            Store(tmp_path).close()
    finally:
        stop.set()
        asking.join()


def test_a_damaged_database_is_renamed_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / "relay.db").write_bytes(b"no database" * 1000)
    Store(tmp_path).close()
    assert RelayReader(tmp_path).receipts() == {}
    assert list(tmp_path.glob("relay.db.damaged-*"))


def test_damage_deeper_in_the_database_is_found_when_it_is_met_and_the_next_start_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction() as connection:
        for number in range(200):
            receipts.reject(connection, Rejection(CHAIN, number + 1, f"{number:064}", "fork"))
    store.close()
    path = tmp_path / "relay.db"
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] + b"\xff" * (len(raw) - len(raw) // 2))
    store = Store(tmp_path)
    with pytest.raises(DatabaseError, match="damaged"), store.transaction() as connection:
        receipts.rejected(connection)
    store.close()
    store = Store(tmp_path)
    with store.transaction() as connection:
        assert receipts.rejected(connection) == ()
    store.close()
    (aside,) = tmp_path.glob("relay.db.damaged-*")
    assert aside.stat().st_size == len(raw)


def test_a_stored_roster_whose_text_was_damaged_is_asked_for_again_from_the_start(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction() as connection:
        connection.execute(insert(MANIFESTS).values(slot="candidate", version=7, sealed="flipped"))
    with pytest.raises(DatabaseError, match="damaged"), store.transaction() as connection:
        rosters.advance(connection)
    with store.transaction() as connection:
        assert rosters.versions(connection) == {}
    store.close()
    assert len(list(tmp_path.glob("relay.db.damaged-*"))) == 1
