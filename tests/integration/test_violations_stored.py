"""Violations in the database: each once, whatever the order in which records came, and what people decided stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from collector.errors import ReviewError
from collector.ingest.message import Message
from collector.judging.entries import enter
from collector.reports.violations import Choice, Period, by_day, count, detail, listed, report
from collector.rules.codes import Code
from collector.rules.evidence import Permit
from collector.rules.violations.case import Status, Step
from collector.store.engine import open_reader
from collector.store.people import Assignment, Person, Unit
from collector.store.results import KioskOutage
from collector.store.violations import PhoneRecord
from collector.violating.detection import Detection
from collector.violating.review import review
from tests.centre import AT, Centre, FakeKiosk, check_in, heartbeat, opened
from wire import records as r

HOSTILE = "<script>alert('x')</script>'; DROP TABLE violations; --"
PERIOD = Period(date(2026, 1, 1), date(2026, 1, 31))
MORNING = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
HERE, FAR = ("-8.10", "113.20"), ("-8.10", "113.30")


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        centre.intake._clock = lambda: MORNING + timedelta(days=20)
        yield centre


@pytest.fixture
def detection(centre: Centre) -> Iterator[Detection]:
    reader = open_reader(centre.url)
    yield Detection(reader, centre.writer)
    reader.dispose()


def at_unit(person: str, unit: str, lon: float, **changed: Any) -> r.CheckIn:
    place = r.Place(unit=unit, lat=-8.1, lon=lon, anchor=None)
    return replace(check_in(person), place=place, **changed)


def event(word: str, **facts: Any) -> r.Event:
    return r.Event(event=word, detail=facts)


def office(centre: Centre) -> tuple[FakeKiosk, FakeKiosk]:
    """Two units 11 km apart, two people of the first one, a kiosk at each."""
    here, far = FakeKiosk("here"), FakeKiosk("far")
    centre.register(here, far)
    with centre.writer.session() as session:
        session.add(Unit(code="DINKES", name=HOSTILE, kind="opd", latitude=-8.1, longitude=113.3))
        session.get_one(Unit, "DISDIK").latitude, session.get_one(Unit, "DISDIK").longitude = -8.1, 113.2
        session.add(Unit(code="SDN1", name="SDN Tompokersan 01", kind="school", parent="DISDIK"))
        session.flush()
        session.execute(sa.text("UPDATE kiosks SET unit = 'DINKES' WHERE id = 'far'"))
        session.add_all(Person(id=f"p-{n}", name=HOSTILE, status="PNS", number=None) for n in (1, 2, 3, 4))
        session.flush()
        session.add_all(Assignment(person=f"p-{n}", unit="DISDIK", from_day=date(2020, 1, 1)) for n in (1, 2, 3, 4))
    return here, far


def messages(here: FakeKiosk, far: FakeKiosk) -> list[Message]:
    """A morning with one of each: two places, wrong unit, spoof, clock turned, narrow match, series, gap."""
    sure = check_in("p-1").match
    assert sure is not None
    near = replace(sure, score=0.45)
    minute = timedelta(minutes=1)
    here.add(heartbeat(), at=MORNING)
    for n, body in enumerate(
        [
            at_unit("p-1", "DISDIK", 113.2),
            event("spoof", person="p-2"),
            event("clock-stepped", offset_ms=3_600_000),
            at_unit("p-2", "DISDIK", 113.2, match=near),
        ],
        start=1,
    ):
        here.add(body, at=MORNING + n * minute)
    for n in (1, 2, 3):
        here.add(at_unit(f"p-{n}", "DISDIK", 113.2), at=MORNING + 30 * minute + timedelta(milliseconds=200 * n))
    far.add(heartbeat(), at=MORNING)
    far.add(at_unit("p-1", "DINKES", 113.3), at=MORNING + 3 * minute)
    far.add(at_unit("p-3", "DINKES", 113.3), at=MORNING + timedelta(hours=4))
    far.add(heartbeat(), at=MORNING + timedelta(hours=5))
    sealed = [(here, one) for one in here.sealed] + [(far, one) for number, one in enumerate(far.sealed) if number != 2]
    return [replace(kiosk.message(one), at=MORNING + timedelta(days=1)) for kiosk, one in sealed]


EXPECTED = {
    "clock-turned": 1,
    "records-missing": 1,
    "series": 1,
    "spoof": 1,
    "two-places": 1,
    "uncertain-match": 1,
    "wrong-unit": 1,
}


def table(centre: Centre) -> list[dict[str, Any]]:
    return sorted(centre.rows("violations"), key=lambda row: str(row["key"]))


def test_a_morning_has_the_violations_that_were_put_into_it(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    with centre.writer.session() as session:
        found = report(session, PERIOD)
    assert found.kinds == EXPECTED
    assert {unit.code: dict(unit.kinds) for unit in found.opd} == {
        "DISDIK": {"clock-turned": 1, "series": 1, "spoof": 1, "uncertain-match": 1},
        "DINKES": {"records-missing": 1, "two-places": 1, "wrong-unit": 1},
    }


def test_looking_again_changes_nothing(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    once = table(centre)
    detection.run()
    detection.again(PERIOD.since, PERIOD.until)
    assert table(centre) == once
    assert len(once) == sum(EXPECTED.values())


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_batches_leave_the_same_table(centre: Centre, detection: Detection, seed: int) -> None:
    chance = random.Random(seed)
    told = messages(*office(centre))
    centre.take(*told)
    detection.run()
    expected = table(centre)
    with centre.writer.transaction() as connection:
        for name in ("violations", "detected_chains", "detected_doubts", "fresh_records", "records", "chains"):
            connection.execute(sa.text(f"DELETE FROM {name}"))
    chance.shuffle(told)
    while told:
        size = chance.randint(1, 4)
        centre.take(*told[:size], *told[: chance.randint(0, 1)])
        told = told[size:]
        detection.run()
    assert table(centre) == expected


def test_a_record_that_explains_takes_the_reason_away(centre: Centre, detection: Detection) -> None:
    """The missing number arrives: the gap is none any more."""
    here, far = office(centre)
    centre.take(*messages(here, far))
    detection.run()
    assert "records-missing" in {row["kind"] for row in table(centre)}
    centre.take(replace(far.message(far.sealed[2]), at=MORNING + timedelta(days=2)))
    detection.run()
    kinds = [row["kind"] for row in table(centre)]
    assert "records-missing" not in kinds
    assert kinds.count("wrong-unit") == 2


def test_what_was_decided_is_kept_though_the_reason_is_gone(centre: Centre, detection: Detection) -> None:
    here, far = office(centre)
    centre.take(*messages(here, far))
    detection.run()
    key = next(row["key"] for row in table(centre) if row["kind"] == "records-missing")
    step = Step(to=Status.CONFIRMED, by="inspektorat", at=AT, why="the card was changed")
    with centre.writer.session() as session:
        assert review(session, key[:12], step).status is Status.CONFIRMED
    centre.take(replace(far.message(far.sealed[2]), at=MORNING + timedelta(days=2)))
    detection.run()
    kept = next(row for row in table(centre) if row["key"] == key)
    assert (kept["status"], kept["stands"]) == ("confirmed", False)
    with centre.writer.session() as session:
        assert "records-missing" not in report(session, PERIOD).kinds
        found = detail(session, key)
    assert found is not None
    assert [(step.to, step.by, step.why) for step in found.history] == [
        ("confirmed", "inspektorat", "the card was changed")
    ]


def test_a_decision_survives_looking_again(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    key = table(centre)[0]["key"]
    with centre.writer.session() as session:
        review(session, key, Step(to=Status.DISMISSED, by="bkd", at=AT, why=HOSTILE))
    detection.again(PERIOD.since, PERIOD.until)
    assert next(row["status"] for row in table(centre) if row["key"] == key) == "dismissed"


def test_steps_that_are_not_allowed_are_refused_and_leave_nothing(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    row = next(row for row in table(centre) if row["against"] == "person")
    for key, step, words in (
        (row["key"], Step(to=Status.OPEN, by="bkd", at=AT, why="x"), "make it confirmed or dismissed"),
        (row["key"], Step(to=Status.CONFIRMED, by=row["subject"], at=AT, why="x"), "themselves"),
        (row["key"], Step(to=Status.CONFIRMED, by="bkd", at=AT, why=" "), "reason"),
        ("0" * 64, Step(to=Status.CONFIRMED, by="bkd", at=AT, why="x"), "no violation"),
        ("abc", Step(to=Status.CONFIRMED, by="bkd", at=AT, why="x"), "too short"),
        ("%%%%%%%%", Step(to=Status.CONFIRMED, by="bkd", at=AT, why="x"), "no violation"),
    ):
        with pytest.raises(ReviewError, match=words), centre.writer.session() as session:
            review(session, key, step)
    assert centre.rows("violation_history") == []


def test_a_record_dated_anew_moves_its_violation(centre: Centre, detection: Detection) -> None:
    """A kiosk without time says 2000; when it learns the true time, its spoof belongs to the true date."""
    here, _ = office(centre)
    wild = datetime(2000, 1, 1, tzinfo=UTC)
    none = r.Clock(source="none", error_ms=None, boot="b-2", monotonic_ns=1_000_000_000)
    here.add(event("spoof", person="p-2"), at=wild, clock=none)
    centre.take(replace(here.message(here.sealed[-1]), at=MORNING))
    detection.run()
    assert [row["day"] for row in table(centre)] == [date(2000, 1, 1)]
    true = r.Clock(source="ntp", error_ms=5, boot="b-2", monotonic_ns=61_000_000_000)
    here.add(heartbeat(), at=MORNING, clock=true)
    centre.take(replace(here.message(here.sealed[-1]), at=MORNING + timedelta(hours=1)))
    detection.run()
    assert [(row["day"], row["at"].replace(tzinfo=UTC)) for row in table(centre)] == [
        (date(2026, 1, 5), MORNING - timedelta(minutes=1))
    ]


def test_phones_and_outages_are_seen_by_the_same_run(centre: Centre, detection: Detection) -> None:
    here, _ = office(centre)
    here.add(heartbeat(), at=MORNING)
    centre.take(replace(here.message(here.sealed[-1]), at=MORNING + timedelta(minutes=1)))
    with centre.writer.session() as session:
        for n, lon in ((1, 113.2), (2, 113.2), (3, 113.25)):
            where = {"latitude": -8.1, "longitude": lon, "accuracy_m": 10.0}
            at = MORNING + timedelta(minutes=n)
            device = "one" if n < 3 else "other"
            session.add(
                PhoneRecord(record=f"phone/{n}", person=f"p-{n}", device=device, at=at, received_at=at, **where)
            )
        for day in (5, 6, 7):
            since = datetime(2026, 1, day, 0, 5, tzinfo=UTC)
            session.add(KioskOutage(kiosk="here", since=since, until=since + timedelta(minutes=20)))
    detection.run()
    with centre.writer.session() as session:
        assert report(session, PERIOD).kinds == {"shared-device": 1, "outside-coordinates": 1, "recurring-outage": 1}
        shared = listed(session, PERIOD, Choice(kind="shared-device"))[0]
        told = detail(session, shared.key)
    assert told is not None
    assert [(one.record, one.source, one.person) for one in told.records] == [
        ("phone/1", "one", "p-1"),
        ("phone/2", "one", "p-2"),
    ]


def test_a_letter_of_travel_that_comes_later_explains_the_other_unit(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    day = date(2026, 1, 5)
    letter = Permit(person="p-1", code=Code.DL, since=day, until=day, letter="090/12/2026")
    with centre.writer.transaction() as connection:
        enter(connection, letter, "bkd", "surat tugas", AT)
    detection.again(day, day)
    assert "wrong-unit" not in {row["kind"] for row in table(centre)}


def test_the_drill_down_comes_to_the_record(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    with centre.writer.session() as session:
        found = report(session, PERIOD)
        units = found.units["DINKES"].subtree()
        rows = listed(session, PERIOD, Choice(units, "two-places"))
        assert count(session, PERIOD, Choice(units, "two-places")) == len(rows) == 1
        assert (rows[0].subject_name, rows[0].unit_name) == (HOSTILE, HOSTILE)
        told = detail(session, rows[0].key)
        gap = detail(session, listed(session, PERIOD, Choice(kind="records-missing"))[0].key)
        assert sum(by_day(session, PERIOD).values()) == found.total
        assert sum(by_day(session, PERIOD, units).values()) == found.units["DINKES"].total
    assert told is not None
    assert gap is not None
    assert [(one.source, one.unit_name) for one in told.records] == [("here", "Dinas Pendidikan"), ("far", HOSTILE)]
    assert (len(gap.records), len(gap.missing)) == (0, 1)


def queries(centre: Centre, work: Any) -> int:
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        told.append(statement)

    sa.event.listen(centre.writer.engine, "before_cursor_execute", note)
    try:
        with centre.writer.session() as session:
            work(session)
    finally:
        sa.event.remove(centre.writer.engine, "before_cursor_execute", note)
    return len([one for one in told if not one.startswith("BEGIN")])


def test_the_number_of_queries_does_not_grow_with_the_violations(centre: Centre, detection: Detection) -> None:
    centre.take(*messages(*office(centre)))
    detection.run()
    key = table(centre)[0]["key"]
    row = table(centre)[0]
    with centre.writer.transaction() as connection:
        many = [{**row, "key": f"{n:064}", "subject": f"p-{n}", "unit": f"U-{n}"} for n in range(3000)]
        connection.execute(sa.insert(sa.Table("violations", sa.MetaData(), autoload_with=connection)), many)
    assert queries(centre, lambda session: report(session, PERIOD)) == 2
    assert queries(centre, lambda session: by_day(session, PERIOD)) == 1
    assert queries(centre, lambda session: listed(session, PERIOD, Choice())) == 1
    assert queries(centre, lambda session: detail(session, key)) == 4
