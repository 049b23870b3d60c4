"""Rosters: what changed is told and nothing else, readable by that kiosk alone, never backwards."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from collector.accounts.book import Author
from collector.keys import CentreKeys
from collector.leave import pins
from collector.leave.pins import Wanted
from collector.outgoing import Outgoing
from collector.people import kiosks
from collector.people.kiosks import Wish
from collector.people.leaving import leave
from collector.people.scope import Scope
from collector.settings import CollectorSettings, Rosters
from collector.store.people import KioskKey, Person, PublishedEntry, PublishedRoster, Unit
from models import calibration
from tests.fixtures.rosters import CARD, LATER, NOW, SETTINGS, VECTOR, Centre, statements, topics
from wire.errors import UnreadableError
from wire.jwks import key_set
from wire.pin import matches
from wire.seals import DecryptionKey, KeyName, SealingKey, digest


@pytest.fixture
def centre(tmp_path: Path, memory_engine: Engine) -> Iterator[Centre]:
    with Session(memory_engine) as session:
        session.add_all([Unit(code="DIS", name="Dinas", kind="opd"), Unit(code="BKD", name="BKD", kind="opd")])
        session.flush()
        session.add(Unit(code="SD", name="SD", kind="school", parent="DIS"))
        session.commit()
        yield Centre(memory_engine, session, CentreKeys.open(tmp_path / "keys"), {})


def test_a_kiosk_reads_its_roster_and_trusts_it(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    entry, roster = centre.changes()
    assert topics([entry, roster]) == ["k-1/roster/siti", "k-1/roster"]
    assert entry.retain
    assert roster.retain
    read, listed = centre.entry(entry, "k-1"), centre.manifest(roster)
    assert (read.name, read.unit, read.assigned, read.model, read.until) == ("Siti", "SD", True, CARD.tag, None)
    assert np.array_equal(np.frombuffer(base64.b64decode(read.template), "<f4"), VECTOR)
    assert listed.people == {"siti": digest(entry.payload)}
    assert (listed.threshold, listed.margin) == calibration.threshold(CARD, SETTINGS.rosters.false_accepts, 1)


def test_another_kiosk_cannot_read_it(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.kiosk("k-2", "SD")
    entry = centre.changes()[0]
    with pytest.raises(UnreadableError):
        centre.entry(entry, "k-2")


def test_nothing_is_written_or_told_when_nothing_changed(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    written = statements(centre, "INSERT", "UPDATE", "DELETE")
    assert centre.changes(LATER) == []
    assert written == []


def test_only_what_changed_is_told(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.person("budi", "SD")
    centre.kiosk("k-1", "SD")
    before = centre.changes()
    centre.session.get_one(Person, "budi").name = "Budi Santoso"
    centre.session.commit()
    entry, roster = centre.changes(LATER)
    assert topics([entry, roster]) == ["k-1/roster/budi", "k-1/roster"]
    assert centre.manifest(roster).people["siti"] in {digest(message.payload) for message in before}
    assert centre.manifest(roster).people["budi"] == digest(entry.payload)
    assert centre.manifest(roster).version > centre.manifest(before[-1]).version


@pytest.mark.parametrize("erase", [False, True])
def test_a_person_removed_is_gone_from_the_manifest_and_their_entry_is_cleared(centre: Centre, erase: bool) -> None:
    centre.person("siti", "SD")
    centre.person("budi", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    leave(centre.session, "siti", date(2026, 1, 5), erase=erase)
    centre.session.commit()
    roster, cleared = centre.changes(LATER)
    assert set(centre.manifest(roster).people) == {"budi"}
    assert cleared == Outgoing("siperlu/v1/k-1/roster/siti", b"", retain=True)
    assert centre.changes(LATER) == []
    assert cleared in centre.everything()


def test_who_comes_back_is_told_again(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    leave(centre.session, "siti", date(2026, 1, 5))
    centre.session.commit()
    centre.changes(LATER)
    centre.session.get_one(Person, "siti").left_on = None
    centre.session.commit()
    entry, roster = centre.changes(LATER)
    assert centre.manifest(roster).people == {"siti": digest(entry.payload)}


def test_a_reconnect_tells_everything_again_entries_first(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.kiosk("k-2", "DIS")
    first = centre.changes()
    again = centre.everything()
    assert sorted(again, key=repr) == sorted(first, key=repr)
    assert topics(again) == ["k-1/roster/siti", "k-1/roster", "k-2/roster/siti", "k-2/roster"]


def test_a_centre_restored_from_a_backup_still_moves_forward(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    issued = centre.manifest(centre.changes()[-1]).version
    centre.session.query(PublishedEntry).delete()
    centre.session.query(PublishedRoster).delete()
    centre.session.commit()
    assert centre.manifest(centre.changes(LATER)[-1]).version > issued


def test_a_clock_turned_back_does_not_turn_the_version_back(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    issued = centre.manifest(centre.changes()[-1]).version
    centre.person("budi", "SD")
    assert centre.manifest(centre.changes(NOW - timedelta(days=400))[-1]).version == issued + 1


@pytest.mark.parametrize(
    ("unit", "scope", "known"),
    [
        ("SD", Scope.UNIT, {"guru": True}),
        ("DIS", Scope.UNIT, {"guru": True, "kepala": True}),
        ("SD", Scope.OPD, {"guru": True, "kepala": False}),
        ("SD", Scope.ALL, {"guru": True, "kepala": False, "staf": False}),
    ],
)
def test_who_is_in_scope_is_told_and_who_is_assigned_is_marked(
    centre: Centre, unit: str, scope: Scope, known: dict[str, bool]
) -> None:
    centre.person("guru", "SD")
    centre.person("kepala", "DIS")
    centre.person("staf", "BKD")
    centre.person("faceless", "SD", face=False)
    centre.person("former", "SD", until=date(2026, 1, 4))
    centre.kiosk("k-1", unit, scope)
    *entries, roster = centre.changes()
    read = [centre.entry(message, "k-1") for message in entries]
    assert {entry.person: entry.assigned for entry in read} == known
    assert set(centre.manifest(roster).people) == set(known)


def test_an_assignment_ends_with_its_last_local_day(centre: Centre) -> None:
    centre.person("siti", "SD", until=date(2026, 1, 5))
    centre.kiosk("k-1", "SD")
    entry = centre.entry(centre.changes()[0], "k-1")
    assert entry.until == datetime(2026, 1, 5, 17, tzinfo=UTC)
    assert centre.changes(datetime(2026, 1, 5, 16, 59, tzinfo=UTC)) == []
    roster, _ = centre.changes(datetime(2026, 1, 5, 17, 1, tzinfo=UTC))
    assert centre.manifest(roster).people == {}


def test_a_retired_kiosk_forgets_everybody(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    kiosks.retire(centre.session, "k-1", NOW)
    roster, cleared = centre.changes(LATER)
    assert centre.manifest(roster).people == {}
    assert cleared.payload == b""
    assert centre.changes(LATER) == []


def test_a_kiosk_retired_before_it_had_a_roster_is_told_nothing(centre: Centre) -> None:
    centre.kiosk("k-1", "SD")
    kiosks.retire(centre.session, "k-1", NOW)
    assert centre.changes() == []


def test_a_kiosk_without_people_gets_an_empty_roster(centre: Centre) -> None:
    centre.kiosk("k-1", "SD")
    (roster,) = centre.changes()
    assert centre.manifest(roster).people == {}


def test_a_new_roster_key_sends_every_entry_again(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    renewed = DecryptionKey.generate(KeyName("k-1/roster", 2))
    kiosks.register(centre.session, Wish("k-1", "SD", Scope.UNIT, key_set([], [renewed.recipient])), NOW)
    centre.session.commit()
    centre.readers["k-1"] = renewed
    entry, _ = centre.changes(LATER)
    assert centre.entry(entry, "k-1").person == "siti"


def test_a_new_seal_of_the_centre_seals_everything_again(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    renewed = SealingKey.generate(KeyName("centre", 2))
    centre.keys = replace(centre.keys, signing=(*centre.keys.signing, renewed))
    assert len(centre.changes(LATER)) == 2
    assert centre.changes(LATER) == []


def test_a_kiosk_whose_roster_key_was_revoked_forgets_everybody(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    centre.session.get_one(KioskKey, "k-1/roster#1").revoked_at = NOW
    centre.session.commit()
    assert centre.manifest(centre.changes(LATER)[0]).people == {}


def test_another_rate_of_false_accepts_moves_the_threshold_alone(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.kiosk("k-1", "SD")
    first = centre.manifest(centre.changes()[-1])
    stricter = CollectorSettings(rosters=Rosters(false_accepts=1e-4))
    (roster,) = centre.changes(LATER, stricter)
    assert centre.manifest(roster).threshold > first.threshold
    assert centre.manifest(roster).people == first.people


def _pin(centre: Centre, person: str, until: date) -> str:
    """A guarantee from today; the PIN."""
    wanted = Wanted(person=person, guarantor="Kepala SD", letter="800/1", reason="perban", until=until)
    handed = pins.give(centre.session, centre.keys.vault, wanted, Author("a-1", NOW), NOW.date(), 92)
    centre.session.commit()
    return handed.pin


def test_who_has_no_face_but_a_guarantee_is_on_the_roster_with_a_pin_alone(centre: Centre) -> None:
    centre.person("siti", "SD", face=False)
    centre.person("budi", "SD")
    pin = _pin(centre, "siti", NOW.date())
    centre.kiosk("k-1", "SD")
    by_person = {message.topic.rpartition("/")[2]: message for message in centre.changes()}
    siti, budi = centre.entry(by_person["siti"], "k-1"), centre.entry(by_person["budi"], "k-1")
    assert siti.template is None
    assert budi.pin is None
    assert siti.pin is not None
    assert matches(siti.pin, pin)
    assert not matches(siti.pin, pin[::-1])
    assert (siti.pin.from_, siti.pin.until) == (NOW - timedelta(hours=8), NOW + timedelta(hours=16))  # Monday in WIB
    assert centre.manifest(by_person["roster"]).threshold == calibration.threshold(CARD, 0.001, 1)[0]


def test_a_guarantee_that_ends_takes_the_pin_away_and_leaves_the_face(centre: Centre) -> None:
    centre.person("siti", "SD", face=False)
    centre.person("budi", "SD")
    _pin(centre, "siti", NOW.date())
    _pin(centre, "budi", NOW.date())
    centre.kiosk("k-1", "SD")
    centre.changes()
    assert centre.changes(LATER) == []
    entry, roster, cleared = centre.changes(NOW + timedelta(days=1))
    assert centre.entry(entry, "k-1").pin is None
    assert list(centre.manifest(roster).people) == ["budi"]
    assert (cleared.topic, cleared.payload) == ("siperlu/v1/k-1/roster/siti", b"")


def test_a_new_pin_is_told_and_nothing_else(centre: Centre) -> None:
    centre.person("siti", "SD")
    centre.person("budi", "SD")
    centre.kiosk("k-1", "SD")
    centre.changes()
    _pin(centre, "siti", NOW.date())
    assert topics(centre.changes(LATER)) == ["k-1/roster/siti", "k-1/roster"]
    pins.end(centre.session, "siti", Author("a-1", LATER), "wajah sudah direkam", NOW.date())
    centre.session.commit()
    entry, _ = centre.changes(LATER + timedelta(minutes=1))
    assert centre.entry(entry, "k-1").pin is None
