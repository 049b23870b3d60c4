"""PINs at the centre: on a guarantee, told once, kept as a sealed verifier, ended without unmaking what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from collector.accounts.book import Author
from collector.entered.withdrawing import withdraw
from collector.judging import entries
from collector.leave import pins
from collector.leave.errors import PinError
from collector.leave.pins import Handed, Wanted, easy
from collector.people.known import Opener, known_by
from collector.people.sealing import pin_name
from collector.retention.limits import Kind, due
from collector.retention.sweep import sweep
from collector.store.hours import Entry
from collector.store.leave import StoredPin
from collector.store.people import Person
from tests.centre import Centre, opened
from tests.fixtures.at_once import at_once
from wire.pin import digest_of

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
TODAY = date(2026, 1, 5)
MONTH = TODAY + timedelta(days=30)
WIB = ZoneInfo("Asia/Jakarta")
CLERK = Author("a-1", NOW)
WANTED = Wanted(person="siti", guarantor="Hj. Rahma, Kepala SD", letter="800/12", reason="perban di wajah", until=MONTH)


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    yield from _staffed(sqlite_url, tmp_path)


@pytest.fixture
def any_centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    yield from _staffed(store_url, tmp_path)


def _staffed(url: str, folder: Path) -> Iterator[Centre]:
    with opened(url, folder) as centre:
        with centre.writer.session() as session:
            session.add_all([Person(id=name, name=name.title(), status="PNS") for name in ("siti", "budi")])
        yield centre


def give(centre: Centre, wanted: Wanted = WANTED) -> Handed:
    with centre.writer.session() as session:
        return pins.give(session, centre.keys.vault, wanted, CLERK, TODAY, 92)


def guarantees(session: Session) -> list[tuple[date, date | None]]:
    query = select(Entry.since, Entry.until).where(Entry.kind == "guarantee", Entry.withdrawn_at.is_(None))
    return [(since, until) for since, until in session.execute(query)]


def test_a_pin_is_kept_as_a_sealed_verifier_and_is_nowhere_else(any_centre: Centre) -> None:
    handed = give(any_centre)
    assert len(handed.pin) == 6
    assert len(handed.number) == 5
    with any_centre.writer.session() as session:
        row = session.get_one(StoredPin, "siti")
        assert any_centre.keys.vault.unseal(row.digest, pin_name("siti")) == digest_of(handed.pin, row.salt, row.cost)
        assert guarantees(session) == [(TODAY, MONTH)]
    for table in ("pins", "entries", "audit_log"):
        assert handed.pin not in str(any_centre.rows(table)), table
    actions = [(one["action"], one["who"], one["subject"]) for one in any_centre.rows("audit_log")]
    assert ("pin.give", "a-1", "siti") in actions


def test_two_people_with_the_same_pin_have_nothing_alike(monkeypatch: pytest.MonkeyPatch, centre: Centre) -> None:
    monkeypatch.setattr(pins, "_new_pin", lambda: "482913")
    give(centre)
    give(centre, Wanted(person="budi", guarantor="K", letter="1", reason="r", until=MONTH))
    vault = centre.keys.vault
    with centre.writer.session() as session:
        digests = {vault.unseal(row.digest, pin_name(row.person)) for row in session.scalars(select(StoredPin))}
    assert len(digests) == 2


def test_a_forgotten_pin_is_replaced_under_the_same_number_and_guarantee(centre: Centre) -> None:
    first = give(centre)
    with centre.writer.session() as session:
        second = pins.renew(session, centre.keys.vault, "siti", CLERK, TODAY)
        assert guarantees(session) == [(TODAY, MONTH)]
    assert second.number == first.number
    assert second.pin != first.pin
    with centre.writer.session() as session, pytest.raises(PinError, match="give one"):
        pins.renew(session, centre.keys.vault, "siti", CLERK, MONTH + timedelta(days=1))


def test_ending_keeps_what_was_recorded_by_it_and_takes_the_verifier_away(any_centre: Centre) -> None:
    give(any_centre)
    later = TODAY + timedelta(days=10)
    with any_centre.writer.session() as session:
        pins.end(session, "siti", CLERK, "perban dilepas", later)
        assert pins.held(session, "siti") is None
        assert guarantees(session) == [(TODAY, later)]
    with any_centre.writer.session() as session, pytest.raises(PinError, match="no PIN"):
        pins.end(session, "siti", CLERK, "lagi", later)


@pytest.mark.parametrize(("after", "kept"), [(0, []), (10, [(TODAY, TODAY + timedelta(days=9))])])
def test_a_new_letter_follows_the_one_before_without_a_gap_or_an_overlap(
    centre: Centre, after: int, kept: list[tuple[date, date]]
) -> None:
    number = give(centre).number
    day, until = TODAY + timedelta(days=after), TODAY + timedelta(days=12)
    wanted = Wanted(person="siti", guarantor="K", letter="800/99", reason="belum sembuh", until=until)
    with centre.writer.session() as session:
        assert pins.give(session, centre.keys.vault, wanted, CLERK, day, 92).number == number
        assert sorted(guarantees(session)) == [*kept, (day, until)]
        assert [(one.since, one.until) for one in pins.vouched(session, "siti")] == [(day, until), *kept]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"until": TODAY - timedelta(days=1)}, "ends by"),
        ({"until": TODAY + timedelta(days=93)}, "longest_days"),
        ({"guarantor": " "}, "who vouches"),
        ({"letter": ""}, "letter"),
        ({"reason": "\t"}, "why"),
        ({"person": "nobody"}, "does not serve"),
    ],
)
def test_what_is_no_guarantee_is_refused_and_nothing_is_kept(
    centre: Centre, changed: dict[str, object], why: str
) -> None:
    told = {"person": "siti", "guarantor": "K", "letter": "1", "reason": "r", "until": MONTH, **changed}
    with pytest.raises(PinError, match=why):
        give(centre, Wanted(**told))  # type: ignore[arg-type]  # what a form might send
    assert centre.rows("pins") == []
    assert centre.rows("entries") == []


def test_who_left_is_given_none(centre: Centre) -> None:
    with centre.writer.session() as session:
        session.execute(update(Person).where(Person.id == "siti").values(left_on=TODAY))
    with pytest.raises(PinError, match="does not serve"):
        give(centre)


@pytest.mark.parametrize(("day", "kept"), [(MONTH, True), (MONTH + timedelta(days=1), False)])
def test_retention_takes_a_pin_whose_last_day_has_passed(centre: Centre, day: date, kept: bool) -> None:
    give(centre)
    now = datetime.combine(day, NOW.time(), WIB)
    done = sweep(centre.writer, due(now, WIB, evidence_days=60, leaver_days=3))
    assert done[Kind.PIN] == (0 if kept else 1)
    assert len(centre.rows("pins")) == (1 if kept else 0)
    assert [row["subject"] for row in centre.rows("audit_log") if row["action"] == "retention.pin"] == (
        [] if kept else ["siti"]
    )


def test_a_verifier_that_was_moved_to_another_person_is_on_no_roster(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    give(centre)
    give(centre, Wanted(person="budi", guarantor="K", letter="1", reason="r", until=MONTH))
    told: set[str] = set()
    with centre.writer.session() as session:
        mine = session.get_one(StoredPin, "siti").digest
        session.execute(update(StoredPin).where(StoredPin.person == "budi").values(digest=mine))
    for _ in range(2):
        with centre.writer.session() as session:
            assert set(known_by(session, Opener(centre.keys.vault, "dlib", told), TODAY, WIB)) == {"siti"}
    assert len([one for one in caplog.messages if "give them a new PIN" in one]) == 1
    assert not any("482913" in one for one in caplog.messages)


def test_easy_pins_are_never_given() -> None:
    assert all(map(easy, ("000000", "121212", "111112", "123456", "654321", "987654")))
    assert not any(map(easy, ("482913", "112233", "135790")))


def test_numbers_are_free_and_tell_no_order(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "digest_of", lambda *_: b"d" * 32)  # twenty of the real ones are two seconds
    people = [f"p-{number}" for number in range(20)]
    with centre.writer.session() as session:
        session.add_all([Person(id=name, name=name, status="PNS") for name in people])
        session.flush()
        vault = centre.keys.vault
        told = [
            pins.give(
                session, vault, Wanted(person=one, guarantor="K", letter="1", reason="r", until=MONTH), CLERK, TODAY, 92
            )
            for one in people
        ]
    numbers = [int(one.number) for one in told]
    assert len(set(numbers)) == 20
    assert any(before > after for before, after in pairwise(numbers))


def test_a_guarantee_that_is_withdrawn_takes_its_pin_with_it_and_says_who_did_it(centre: Centre) -> None:
    give(centre)
    [entry] = [row["id"] for row in centre.rows("entries") if row["kind"] == "guarantee"]
    with centre.writer.session() as session:
        withdraw(session, entry, Author("bkd-1", NOW), "salah orang")
        assert pins.held(session, "siti") is None
    assert [row["who"] for row in centre.rows("audit_log") if row["action"] == "pin.end"] == ["bkd-1"]


def test_a_pin_that_outlived_its_guarantee_opens_no_wall_and_can_be_ended(centre: Centre) -> None:
    """Before withdrawing took the PIN along, it left rows like this."""
    give(centre)
    with centre.writer.session() as session:
        entries.withdraw(session.connection(), session.get_one(StoredPin, "siti").entry, "bkd-1", NOW)
        assert known_by(session, Opener(centre.keys.vault, "dlib", set()), TODAY, WIB) == {}
        pins.end(session, "siti", CLERK, "surat dicabut", TODAY)
        assert (pins.held(session, "siti"), guarantees(session)) == (None, [])


def test_of_two_who_change_a_pin_at_once_the_second_meets_what_the_first_left(any_centre: Centre) -> None:
    """Two processes: neither ends twice, nor renews what is ended, nor is refused for what the other wrote."""
    vault = any_centre.keys.vault

    def gives(session: Session) -> Handed:
        return pins.give(session, vault, WANTED, CLERK, TODAY, 92)

    def renews(session: Session) -> Handed:
        return pins.renew(session, vault, "siti", CLERK, TODAY)

    def ends(session: Session) -> None:
        pins.end(session, "siti", CLERK, "sembuh", TODAY)

    def takes_back(session: Session) -> None:
        withdraw(session, session.get_one(StoredPin, "siti").entry, CLERK, "salah orang")

    handed = at_once(any_centre, gives, gives).result(0)
    with any_centre.writer.session() as session:
        row = session.get_one(StoredPin, "siti")
        assert vault.unseal(row.digest, pin_name("siti")) == digest_of(handed.pin, row.salt, row.cost)
        assert guarantees(session) == [(TODAY, MONTH)]
    at_once(any_centre, takes_back, gives).result(0)
    at_once(any_centre, renews, renews).result(0)
    for second, says in ((ends, "no PIN"), (renews, "give one")):
        late = at_once(any_centre, ends, second)
        with pytest.raises(PinError, match=says):
            late.result(0)
        give(any_centre)
    with any_centre.writer.session() as session:
        assert guarantees(session).count((TODAY, MONTH)) == 1
