"""Hours and holidays for the wall, from the centre's rulebook over a real broker to the kiosk process, which records with or without."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.announcing.rules import Announcer, rules_of, without_roster
from collector.judging.book import install, install_holidays
from collector.settings import CollectorSettings
from collector.store.hours import StoredHoliday
from collector.store.people import Kiosk, Unit
from kiosk.relay import RelayReader, store
from kiosk.relay.inbound import SealedRules
from kiosk.told import RulesReader, wish
from tests.centre import AT, Centre, opened
from tests.fixtures.brokers import wait_for
from tests.integration.test_relay_delivery import Site
from wire import messages as m
from wire.jwks import key_set, readable
from wire.seals import KeyName, Sealed, SealingKey

pytestmark = pytest.mark.timeout(120)

KIOSK = "kiosk-1"


class Clock:
    """The centre's time."""

    at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    """An OPD and a school, each with a kiosk, the ready rule sets, and the holidays of two years."""
    with opened(store_url, tmp_path) as made:
        with made.writer.transaction() as connection:
            install(connection, AT)
            install_holidays(connection, [2026, 2027], AT)
        with made.writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan", kind="dinas"))
            session.flush()
            session.add(Unit(code="SDN-1", name="SDN 1", kind="sekolah", parent="DISDIK"))
            session.flush()
            session.add(Kiosk(id=KIOSK, unit="DISDIK", registered_at=AT))
            session.add(Kiosk(id="kiosk-2", unit="SDN-1", registered_at=AT))
            session.add(Kiosk(id="kiosk-3", unit="DISDIK", registered_at=AT, retired_at=AT))
        yield made


def announcer(centre: Centre, clock: Clock, **rosters: float) -> Announcer:
    return Announcer(centre.keys, CollectorSettings.model_validate({"rosters": rosters}), clock)


def told(centre: Centre, announcing: Announcer) -> dict[str, m.Rules]:
    with centre.writer.session() as session:
        out = announcing.bring_up(session)
    assert all(one.retain for one in out)
    ring = centre.keys.public.keyring()
    return {one.topic.split("/")[2]: m.RULES.decode(ring.verify(one.payload, Sealed.RULES)) for one in out}


def test_each_kiosk_is_told_the_hours_of_its_place_once(centre: Centre, clock: Clock) -> None:
    announcing = announcer(centre, clock, picture_share=0.02)
    rules = told(centre, announcing)
    assert set(rules) == {KIOSK, "kiosk-2"}
    assert [one.weekday for one in rules[KIOSK].hours] == [0, 1, 2, 3, 4]
    assert [one.weekday for one in rules["kiosk-2"].hours] == [0, 1, 2, 3, 4, 5]
    assert rules[KIOSK].hours[0].start == "07:30"
    assert {"2026-01-01", "2026-08-17", "2027-08-17"} <= set(rules[KIOSK].holidays)
    assert rules[KIOSK].picture_share == 0.02
    assert told(centre, announcing) == {}
    clock.at = AT + timedelta(days=3)
    assert told(centre, announcing) == {}, "another day alone is no change"


def test_a_change_of_unit_a_holiday_and_a_wish_are_told_with_a_higher_version(centre: Centre, clock: Clock) -> None:
    before = told(centre, announcer(centre, clock))
    clock.at = AT - timedelta(days=1)  # a clock that was set back
    with centre.writer.session() as session:
        session.get_one(Kiosk, KIOSK).unit = "SDN-1"
    moved = told(centre, announcer(centre, clock))
    assert set(moved) == {KIOSK}
    assert len(moved[KIOSK].hours) == 6
    assert moved[KIOSK].version > before[KIOSK].version
    with centre.writer.session() as session:
        entered = {"source": "decree", "entered_by": "bkd", "entered_at": AT, "joint": False, "works": False}
        session.add(StoredHoliday(day=date(2026, 3, 3), name="Hari jadi", unit="SDN-1", decree="SK 1", **entered))
    assert set(told(centre, announcer(centre, clock))) == {KIOSK, "kiosk-2"}
    assert set(told(centre, announcer(centre, clock, picture_share=1.0))) == {KIOSK, "kiosk-2"}


def test_a_kiosk_without_a_roster_is_told_again_after_a_connection_too(centre: Centre, clock: Clock) -> None:
    told(centre, announcer(centre, clock))
    with centre.writer.session() as session:
        again = without_roster(session)
        assert [one.topic for one in again] == [f"siperlu/v1/{kiosk}/rules" for kiosk in (KIOSK, "kiosk-2")]
        assert [one.payload for one in rules_of(session, KIOSK)] == [again[0].payload]
        assert rules_of(session, "kiosk-3") == []


# -- at the kiosk


def sealed(key: SealingKey, version: int = 1, kiosk: str = KIOSK) -> tuple[m.Rules, str]:
    rules = m.Rules(kiosk=kiosk, at=AT, version=version, hours=(), holidays=("2026-01-06",), picture_share=0.5)
    return rules, key.seal(Sealed.RULES, m.RULES.encode(rules))


def test_rules_come_over_the_broker_and_survive_whatever_it_brings(tmp_path: Path) -> None:
    site = Site(tmp_path, "mosquitto")
    try:
        site.centre.start()
        stranger = SealingKey.generate(KeyName("centre", 1))
        newer, text = sealed(site.centre.key, 5)
        for hostile in (sealed(stranger, 9)[1], sealed(site.centre.key, 9, "kiosk-2")[1], "no seal", ""):
            site.centre.publish("rules", hostile)
        site.centre.publish("rules", text, retain=True)
        entry = site.append(3)
        site.start_relay()
        reader = RulesReader(site.reader, KIOSK, tmp_path / "centre.json")
        wait_for("the rules are here", lambda: reader.read() == newer)
        site.centre.publish("rules", sealed(site.centre.key, 4)[1])
        site.centre.publish("rules", sealed(site.centre.key, 6)[1])
        wait_for("newer ones replace them", lambda: (found := reader.read()) is not None and found.version == 6)
        site.wait_receipted(entry)
    finally:
        site.close()


def test_what_lies_in_the_relays_database_is_not_believed_for_lying_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine, stranger = SealingKey.generate(KeyName("centre", 1)), SealingKey.generate(KeyName("centre", 1))
    (tmp_path / "centre.json").write_text(readable(key_set([mine.public], [])))
    with closing(store.Store(tmp_path / "relay")) as relay, closing(RelayReader(tmp_path / "relay")) as reader:
        told_by = RulesReader(reader, KIOSK, tmp_path / "centre.json")
        assert told_by.read() is None
        for version, (key, kiosk) in enumerate([(stranger, KIOSK), (mine, "kiosk-2")], 1):
            rules, text = sealed(key, version, kiosk)
            with relay.transaction() as connection:
                assert store.take_rules(connection, SealedRules(rules, text))
            assert told_by.read() is None
            assert told_by.read() is None
        assert caplog.text.count("not believed") == 2
        assert wish(None).share == 0
        rules, text = sealed(mine, 3)
        with relay.transaction() as connection:
            assert store.take_rules(connection, SealedRules(rules, text))
        assert wish(told_by.read()).share == 0.5


def test_rules_of_before_this_field_are_read(centre: Centre) -> None:
    rules, _ = sealed(centre.keys.signing[-1])
    old = m.RULES.encode(dataclasses.replace(rules, at=datetime(2026, 1, 1, tzinfo=UTC))).replace(
        b',"picture_share":0.5', b""
    )
    assert b"picture_share" not in old
    assert m.RULES.decode(old).picture_share == 0
