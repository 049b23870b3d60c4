"""Taking records in, on SQLite and on PostgreSQL: what is accepted, what is set aside, and what the kiosk is told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from collector.ingest import writing
from collector.store.people import KioskKey
from tests.centre import AT, Centre, FakeKiosk, check_in, heartbeat, key_row, opened
from wire.records import MAX_SEALED_BYTES, ChainStart, Event, encode_record
from wire.seals import KeyName, Sealed, SealingKey, digest


@pytest.fixture
def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest.fixture
def centre(store_url: str, tmp_path: Path, kiosk: FakeKiosk) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        centre.register(kiosk)
        yield centre


def test_a_record_is_stored_with_its_seal_and_receipted(centre: Centre, kiosk: FakeKiosk) -> None:
    sealed = kiosk.add(check_in())
    [receipt] = centre.take(kiosk.message(sealed))
    assert (receipt.kiosk, receipt.chain, receipt.upto, receipt.rejected) == (kiosk.id, kiosk.chain, 1, ())
    [row] = centre.rows("records")
    assert row["sealed"] == sealed
    assert (row["person"], row["unit"], row["score"], row["received_at"]) == ("p-1", "DISDIK", 0.9, AT)


def test_the_same_record_again_changes_nothing_and_is_receipted_again(centre: Centre, kiosk: FakeKiosk) -> None:
    message = kiosk.message(kiosk.add(check_in()))
    first = centre.take(message, message)
    before = centre.rows("records"), centre.rows("chains")
    assert centre.take(message) == first
    assert (centre.rows("records"), centre.rows("chains")) == before


def test_upto_waits_for_the_gap_and_then_runs_past_what_came_before(centre: Centre, kiosk: FakeKiosk) -> None:
    first, second, *rest = kiosk.day(2500)
    centre.take(kiosk.message(first))
    for start in range(0, len(rest), 500):
        [receipt] = centre.take(*map(kiosk.message, rest[start : start + 500]))
        assert receipt.upto == 1
    [receipt] = centre.take(kiosk.message(second))
    assert receipt.upto == 2500


def test_complete_is_the_newest_heartbeat_that_nothing_is_missing_before(centre: Centre, kiosk: FakeKiosk) -> None:
    one, two, three, four = (kiosk.add(body) for body in (heartbeat(), check_in(), heartbeat(), check_in()))
    centre.take(*map(kiosk.message, (one, three, four)))
    assert centre.rows("chains")[0]["complete_at"] == kiosk.record(heartbeat(), 1, "").at
    centre.take(kiosk.message(two))
    assert centre.rows("chains")[0]["complete_at"] == kiosk.record(heartbeat(), 3, "").at


def test_another_record_under_the_same_identity_is_an_incident(centre: Centre, kiosk: FakeKiosk) -> None:
    first = kiosk.add(check_in())
    other = kiosk.seal(kiosk.record(check_in("p-2"), 1, "0" * 64))
    centre.take(kiosk.message(first))
    [receipt] = centre.take(kiosk.message(other))
    assert receipt.upto == 1
    assert [(one.digest, one.seq, one.reason) for one in receipt.rejected] == [(digest(other), 1, "fork")]
    assert centre.incidents() == [("fork", 1)]
    assert centre.rows("set_aside")[0]["raw"] == other.encode()
    assert [row["sealed"] for row in centre.rows("records")] == [first]


def test_two_of_one_identity_in_one_batch_are_a_fork_too(centre: Centre, kiosk: FakeKiosk) -> None:
    other = kiosk.seal(kiosk.record(check_in("p-2"), 1, "0" * 64))
    centre.take(kiosk.message(kiosk.add(check_in())), kiosk.message(other))
    assert centre.incidents() == [("fork", 1)]
    assert len(centre.rows("records")) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_a_link_that_does_not_hold_is_stored_and_told(
    centre: Centre, kiosk: FakeKiosk, order: tuple[int, int], together: bool
) -> None:
    messages = [kiosk.message(kiosk.add(check_in())), kiosk.message(kiosk.add(check_in(), prev="ab" * 32))]
    shuffled = [messages[n] for n in order]
    for batch in [shuffled] if together else [[one] for one in shuffled]:
        centre.take(*batch)
    assert centre.incidents() == [("broken-link", 2)]
    assert len(centre.rows("records")) == 2
    assert centre.upto(kiosk) == 2


def test_the_first_record_must_follow_nothing(centre: Centre, kiosk: FakeKiosk) -> None:
    centre.take(kiosk.message(kiosk.add(check_in(), prev="ab" * 32)))
    assert centre.incidents() == [("broken-link", 1)]


def test_a_kind_from_the_future_is_kept_and_chained(centre: Centre, kiosk: FakeKiosk) -> None:
    tree = json.loads(_payload(kiosk, 1))
    kiosk.add_raw(json.dumps({**tree, "kind": "moon-phase", "body": {"phase": "new"}}).encode())
    [receipt] = centre.take(kiosk.message(kiosk.sealed[0]))
    assert (receipt.upto, receipt.rejected) == (1, ())
    assert centre.rows("records")[0]["kind"] == "moon-phase"


def test_a_sealed_breach_of_the_contract_counts_and_the_lane_goes_on(centre: Centre, kiosk: FakeKiosk) -> None:
    kiosk.add(check_in())
    kiosk.add_raw(json.dumps({**json.loads(_payload(kiosk, 2)), "at": "yesterday"}).encode())
    kiosk.add(check_in())
    [receipt] = centre.take(*map(kiosk.message, kiosk.sealed))
    assert receipt.upto == 3
    assert [(one.seq, one.reason) for one in receipt.rejected] == [(2, "contract")]
    assert [row["seq"] for row in centre.rows("records")] == [1, 3]


def test_a_set_aside_number_found_beyond_a_gap_counts(centre: Centre, kiosk: FakeKiosk) -> None:
    first, second = kiosk.add(check_in()), kiosk.add(check_in())
    broken = kiosk.add_raw(json.dumps({**json.loads(_payload(kiosk, 3)), "clock": None}).encode())
    last = kiosk.add(check_in())
    centre.take(*map(kiosk.message, (first, broken, last)))
    assert centre.upto(kiosk) == 1
    assert centre.take(kiosk.message(second))[0].upto == 4


def test_a_sealed_record_of_too_many_bytes_counts_but_is_not_taken(centre: Centre, kiosk: FakeKiosk) -> None:
    sealed = kiosk.add(Event(event="noise", detail={"noise": "x" * MAX_SEALED_BYTES}))
    [receipt] = centre.take(kiosk.message(sealed))
    assert (receipt.upto, receipt.rejected[0].reason) == (1, "oversized")
    assert centre.rows("set_aside")[0]["raw"] == sealed.encode()


def test_a_forged_record_never_counts(centre: Centre, kiosk: FakeKiosk) -> None:
    forger = SealingKey.generate(KeyName("kiosk-1", 1))
    forged = forger.seal(Sealed.RECORD, _payload(kiosk, 1))
    [receipt] = centre.take(kiosk.message(forged))
    assert (receipt.upto, receipt.rejected[0].reason, receipt.rejected[0].seq) == (0, "seal", None)
    [receipt] = centre.take(kiosk.message(kiosk.add(check_in())))
    assert (receipt.upto, centre.incidents()) == (1, [])


def test_another_kiosks_record_is_worth_nothing_here(centre: Centre, kiosk: FakeKiosk) -> None:
    other = FakeKiosk("kiosk-2")
    centre.register(other)
    [receipt] = centre.take(kiosk.message(other.add(check_in())))
    assert (receipt.kiosk, receipt.upto, receipt.rejected[0].reason) == ("kiosk-1", 0, "wrong-key")
    [receipt] = centre.take(other.message(other.sealed[0]))
    assert (receipt.kiosk, receipt.upto) == ("kiosk-2", 1)


def test_a_record_in_the_name_of_another_kiosk_or_chain_is_refused(centre: Centre, kiosk: FakeKiosk) -> None:
    centre.take(kiosk.message(kiosk.seal(kiosk.record(check_in(), 1, "0" * 64), kiosk="kiosk-9")))
    centre.take(kiosk.message(kiosk.seal(kiosk.record(check_in(), 2, "0" * 64), chain="x" * 43)))
    assert centre.reasons() == ["wrong-kiosk", "wrong-chain"]
    assert (centre.rows("records"), centre.upto(kiosk)) == ([], 1)


def test_relay_key_and_record_key_do_not_stand_in_for_each_other(centre: Centre, kiosk: FakeKiosk) -> None:
    centre.take(kiosk.message(kiosk.relay.seal(Sealed.RECORD, _payload(kiosk, 1))))
    centre.take(kiosk.message(kiosk.key.seal(Sealed.STATUS, b"{}"), "status"))
    centre.take(kiosk.message(kiosk.key.seal(Sealed.STATUS, _payload(kiosk, 1))))
    assert centre.reasons() == ["wrong-key", "wrong-key", "wrong-kind"]
    assert centre.rows("kiosk_status") == []


def test_a_revoked_key_opens_nothing_from_the_next_batch_on(centre: Centre, kiosk: FakeKiosk) -> None:
    kiosk.day(2)
    centre.take(kiosk.message(kiosk.sealed[0]))
    with centre.writer.session() as session:
        session.execute(sa.update(KioskKey).values(revoked_at=AT))
    [receipt] = centre.take(kiosk.message(kiosk.sealed[1]))
    assert (receipt.upto, receipt.rejected[0].reason) == (1, "revoked-key")


def test_a_kiosk_nobody_registered_is_told_nothing(centre: Centre) -> None:
    stranger = FakeKiosk("kiosk-9")
    assert centre.take(stranger.message(stranger.add(check_in()))) == []
    assert centre.reasons() == ["unknown-kiosk"]
    centre.register(stranger)
    assert centre.take(stranger.message(stranger.sealed[0]))[0].upto == 1


def test_an_endorsed_chain_start_brings_its_key(centre: Centre, kiosk: FakeKiosk) -> None:
    kiosk.day(3)
    after = kiosk.next_chain()
    after.day(3)
    centre.take(*map(kiosk.message, kiosk.sealed))
    [receipt] = centre.take(*map(after.message, reversed(after.sealed)))
    assert (receipt.chain, receipt.upto) == (after.chain, 4)
    chain = next(row for row in centre.rows("chains") if row["chain"] == after.chain)
    assert (chain["previous"], chain["previous_upto"]) == (kiosk.chain, 3)
    assert centre.reasons() == []


def test_records_before_their_chain_start_wait_and_are_not_told_to_stay_away(centre: Centre, kiosk: FakeKiosk) -> None:
    after = kiosk.next_chain()
    after.day(2)
    start, *rest = map(after.message, after.sealed)
    assert centre.take(*rest) == []
    assert centre.reasons() == ["unknown-key", "unknown-key"]
    assert centre.take(start)[0].upto == 1
    assert centre.take(*rest)[0].upto == 3
    assert centre.reasons() == []


@pytest.mark.parametrize("endorser", ["nobody", "stranger", "revoked", "itself"])
def test_a_chain_start_without_a_good_endorsement_waits_for_registration(
    centre: Centre, kiosk: FakeKiosk, endorser: str
) -> None:
    after = kiosk.next_chain(endorsed=endorser != "nobody")
    if endorser == "revoked":
        with centre.writer.session() as session:
            session.execute(sa.update(KioskKey).values(revoked_at=AT))
    if endorser in {"stranger", "itself"}:
        key = after.key if endorser == "itself" else SealingKey.generate(KeyName("kiosk-1", 1))
        after = _restarted(after, key)
    message = after.message(after.sealed[0])
    assert centre.take(message) == []
    assert centre.reasons() == ["unknown-key"]
    with centre.writer.session() as session:
        session.add(key_row(kiosk.id, "record", after.key.public))
    assert centre.take(message)[0].upto == 1
    assert centre.reasons() == []


def test_a_new_card_that_counts_its_keys_from_one_is_not_told_to_stay_away(centre: Centre) -> None:
    again = FakeKiosk("kiosk-1")
    assert centre.take(again.message(again.add(check_in()))) == []
    assert centre.reasons() == ["unknown-key"]


def test_garbage_is_set_aside_counted_and_never_stalls(centre: Centre, kiosk: FakeKiosk) -> None:
    good = kiosk.message(kiosk.add(check_in()))
    garbage = [b"", b"\0\xff" * 50, b"a.b.c", b"{}", good.payload[:-5], good.payload + b"\n", "…".encode()]
    receipts = centre.take(*map(kiosk.message, garbage), good, kiosk.message(garbage[1]))
    assert [one.upto for one in receipts] == [1]
    assert len(receipts[0].rejected) == len(garbage) + 1
    again = next(row for row in centre.rows("set_aside") if row["raw"] == garbage[1])
    assert again["times"] == 2


@pytest.mark.parametrize(
    "topic", ["", "siperlu/v1/kiosk-1", "siperlu/v2/kiosk-1/records", "a\0b", "siperlu/v1/K/records"]
)
def test_a_topic_outside_the_contract_is_set_aside(centre: Centre, kiosk: FakeKiosk, topic: str) -> None:
    assert centre.take(dataclasses.replace(kiosk.message(b"x"), topic=topic)) == []
    assert centre.reasons() == ["topic"]


def test_a_flood_is_counted_and_does_not_fill_the_disk(
    centre: Centre, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEPT_A_DAY", 10)
    for start in range(0, 40, 20):
        centre.take(*(kiosk.message(f"flood {n}".encode()) for n in range(start, start + 20)))
    assert len(centre.rows("set_aside")) == 10
    assert [(row["reason"], row["times"]) for row in centre.rows("discarded")] == [("seal", 30)]
    assert centre.take(kiosk.message(kiosk.add(check_in())))[0].upto == 1
    sealed_breach = kiosk.message(kiosk.add_raw(json.dumps({"chain": kiosk.chain, "seq": 2}).encode()))
    assert centre.take(sealed_breach)[0].upto == 2


def test_text_that_a_database_cannot_hold_does_not_stall_the_lane(centre: Centre, kiosk: FakeKiosk) -> None:
    record = kiosk.record(check_in(), 1, "0" * 64)
    sealed = kiosk.seal(record, clock=dataclasses.replace(record.clock, boot="a\0b"))
    assert centre.take(kiosk.message(sealed))[0].upto == 1
    assert centre.rows("records")[0]["boot"] == "a\N{REPLACEMENT CHARACTER}b"


def test_a_clock_at_the_end_of_time_does_not_stall_the_lane(centre: Centre, kiosk: FakeKiosk) -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    for body in (heartbeat(), check_in()):
        assert centre.take(kiosk.message(kiosk.add(body, at=last)))[0].upto == len(kiosk.sealed)
    assert centre.rows("chains")[0]["complete_at"] == last


def test_a_value_that_postgresql_refuses_is_set_aside_alone(
    postgres_url: str, tmp_path: Path, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "storable", lambda text: text)
    kiosk.day(5)
    bad = kiosk.record(check_in(), 6, digest(kiosk.sealed[-1]))
    kiosk.add(check_in(), clock=dataclasses.replace(bad.clock, boot="a\0b"))
    with opened(postgres_url, tmp_path) as centre:
        centre.register(kiosk)
        receipts = centre.take(*map(kiosk.message, kiosk.sealed))
        assert receipts[-1].upto == 5
        assert [receipt.rejected for receipt in receipts] == [()] * len(receipts)
        assert centre.reasons() == ["unstorable"]


@pytest.mark.parametrize("channel", ["receipts", "roster", "rules", "commands"])
def test_a_topic_that_was_never_asked_for_stalls_nothing(centre: Centre, kiosk: FakeKiosk, channel: str) -> None:
    good = kiosk.message(kiosk.add(check_in()))
    assert centre.take(kiosk.message(b"x", channel), good)[0].upto == 1
    assert centre.reasons() == ["topic"]


def test_a_moment_that_no_calendar_has_stalls_nothing_sealed_or_not(centre: Centre, kiosk: FakeKiosk) -> None:
    payload = json.dumps({**json.loads(_payload(kiosk, 1)), "at": "9999-12-31T23:59:59-14:00"}).encode()
    [receipt] = centre.take(kiosk.message(kiosk.add_raw(payload)))
    assert (receipt.upto, receipt.rejected[0].reason) == (1, "contract")
    stranger = SealingKey.generate(KeyName("kiosk-1", 99))
    assert centre.take(kiosk.message(stranger.seal(Sealed.RECORD, payload))) == []
    assert centre.reasons() == ["contract", "unknown-key"]


def test_a_centre_restored_from_backup_asks_for_the_rest_again(centre: Centre, kiosk: FakeKiosk) -> None:
    kiosk.day(4)
    centre.take(*map(kiosk.message, kiosk.sealed))
    with centre.writer.transaction() as connection:
        connection.execute(sa.text("DELETE FROM records WHERE seq > 2"))
        connection.execute(sa.text("UPDATE chains SET upto = 2, seen = 2"))
    assert centre.take(kiosk.message(kiosk.sealed[1]))[0].upto == 2
    assert centre.take(*map(kiosk.message, kiosk.sealed[2:]))[0].upto == 4


def _payload(kiosk: FakeKiosk, seq: int) -> bytes:
    return encode_record(kiosk.record(check_in(), seq, digest(kiosk.sealed[-1]) if kiosk.sealed else "0" * 64))


def _restarted(after: FakeKiosk, endorser: SealingKey) -> FakeKiosk:
    start = ChainStart(
        public_key=after.key.public.x,
        previous=None,
        previous_upto=0,
        endorsement=endorser.seal(Sealed.ENDORSEMENT, after.chain.encode()),
    )
    after.sealed.clear()
    after.add(Event(event="chain-started", detail={}, chain_start=start))
    return after
