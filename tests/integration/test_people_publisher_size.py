"""Rosters of many: what is too large for the wire, what is told in several runs, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from collector.keys import CentreKeys
from collector.people import kiosks, publisher
from collector.people.leaving import leave
from collector.store.people import PublishedEntry, PublishedRoster, Unit
from tests.fixtures.rosters import LATER, NOW, SETTINGS, Centre, office, statements
from wire.messages import MAX_MESSAGE_BYTES, ROSTER_MANIFEST, RosterManifest
from wire.seals import Keyring, Sealed, payload_of


@pytest.fixture
def centre(tmp_path: Path, memory_engine: Engine) -> Iterator[Centre]:
    with Session(memory_engine) as session:
        session.add_all([Unit(code="DIS", name="Dinas", kind="opd"), Unit(code="BKD", name="BKD", kind="opd")])
        session.flush()
        session.add(Unit(code="SD", name="SD", kind="school", parent="DIS"))
        session.commit()
        yield Centre(memory_engine, session, CentreKeys.open(tmp_path / "keys"), {})


def test_a_roster_too_large_for_the_wire_takes_nobody_in_but_forgets_who_was_removed(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("siti", "budi", "ani"):
        centre.person(name, "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    monkeypatch.setattr(publisher, "MOST_PEOPLE", 2)
    centre.person("late", "SD")
    leave(centre.session, "siti", date(2026, 1, 5))
    told: set[str] = set()
    roster, cleared = publisher.changes(centre.session, centre.keys, SETTINGS, LATER, told)
    assert set(centre.manifest(roster).people) == {"budi", "ani"}
    assert cleared.topic.endswith("siti")
    assert publisher.changes(centre.session, centre.keys, SETTINGS, LATER, told) == []
    assert [record.getMessage().count("narrow its scope") for record in caplog.records] == [1]
    assert "siti" not in caplog.text


def test_a_retired_kiosk_forgets_everybody_however_many_there_are(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("siti", "budi"):
        centre.person(name, "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    monkeypatch.setattr(publisher, "MOST_PEOPLE", 1)
    kiosks.retire(centre.session, "k-1", NOW)
    assert centre.manifest(centre.changes(LATER)[0]).people == {}


def test_much_to_tell_is_told_in_several_short_runs(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    office(centre, 4, 2)
    monkeypatch.setattr(publisher, "AT_ONCE", 3)
    runs = [len(centre.changes()) for _ in range(5)]
    assert runs == [3, 3, 3, 3, 0]


def test_the_largest_roster_fits_a_message(centre: Centre) -> None:
    people = {f"p-{number:016x}": "0" * 64 for number in range(publisher.MOST_PEOPLE)}
    largest = RosterManifest(
        kiosk="k" * 63, at=NOW, version=2**53 - 1, model="m" * 64, threshold=0.123456789, margin=0.1, people=people
    )
    sealed = centre.keys.seal(Sealed.ROSTER_MANIFEST, ROSTER_MANIFEST.encode(largest))
    assert len(sealed) <= MAX_MESSAGE_BYTES
    ring = Keyring([centre.keys.signing[-1].public])
    assert ROSTER_MANIFEST.decode(ring.verify(sealed, Sealed.ROSTER_MANIFEST)) == largest  # as a kiosk reads it
    assert ROSTER_MANIFEST.decode(payload_of(sealed)) == largest  # as the next run does


def test_a_kiosk_of_a_large_office_is_told_again_only_when_something_changed(centre: Centre) -> None:
    office(centre, 1, 1400)
    assert len(centre.changes()) == 1401
    assert centre.changes(LATER) == []


def test_the_number_of_queries_does_not_grow_with_people_or_kiosks(centre: Centre) -> None:
    office(centre, 12, 5)
    read = statements(centre, "SELECT")
    assert len(centre.changes()) == 12 * 6
    assert len(read) == 8
    read.clear()
    assert centre.changes(LATER) == []
    assert len(read) == 8


def test_entries_stay_stored_as_they_were_sent(centre: Centre) -> None:
    office(centre, 2, 2)
    sent = {message.payload.decode() for message in centre.changes()}
    stored = set(centre.session.scalars(select(PublishedEntry.sealed)))
    assert stored | set(centre.session.scalars(select(PublishedRoster.sealed))) == sent
