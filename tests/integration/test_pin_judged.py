"""What a PIN comes to at the centre: it counts under a guarantee, is reviewed without one, and guessing is a reason to check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.accounts.book import Author
from collector.leave import pins
from collector.leave.pins import Wanted
from collector.rules.codes import Code, ReasonKind, State
from collector.rules.day import DayResult
from collector.store.engine import open_reader
from collector.violating.detection import Detection
from tests.centre import Centre, FakeKiosk, check_in, opened
from tests.fixtures.judged_office import NOW, WEEK, Wall, at, judge, open_week, results, settle
from wire.records import Event

MONDAY, TUESDAY, WEDNESDAY, _, _ = WEEK
HEAD = Author("bkd-1", NOW)


@pytest.fixture
def centre(sqlite_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(sqlite_url, tmp_path) as centre:
        yield centre


@pytest.fixture
def wall(centre: Centre) -> Wall:
    wall = Wall(FakeKiosk("kiosk-1"), booted=at(date(2026, 1, 2), "00:00"))
    settle(centre, wall.kiosk)
    open_week(centre)
    for person in ("p-1", "p-2"):  # their faces were known once: else every kiosk is silent for them
        wall.look(date(2026, 1, 2), "07:00", person)
    return wall


def by_pin(wall: Wall, day: date, clock: str, person: str) -> None:
    wall.tell(at(day, clock), replace(check_in(person), method="pin", match=None))


def office_day(wall: Wall, day: date, *people: str) -> None:
    """A day on which these people came and went by PIN, and the kiosk served throughout."""
    for hour in range(24):
        if hour in {7, 16}:
            for person in people:
                by_pin(wall, day, f"{hour:02}:10", person)
        wall.beat(day, f"{hour:02}:55")


def day(centre: Centre, who: str, on: date) -> DayResult:
    return results(centre)[who, on]


def give(centre: Centre, person: str, until: date) -> None:
    wanted = Wanted(person=person, guarantor="Kepala", letter="800/1", reason="perban", until=until)
    with centre.writer.session() as session:
        pins.give(session, centre.keys.vault, wanted, HEAD, MONDAY, 92)


def test_a_pin_counts_from_the_day_of_its_guarantee_to_its_end_and_then_is_reviewed(centre: Centre, wall: Wall) -> None:
    give(centre, "p-1", WEDNESDAY + timedelta(days=30))
    for on in WEEK[:3]:
        office_day(wall, on, "p-1", "p-2")
    wall.beat(WEEK[3], "00:55")
    centre.take(*wall.messages())
    judge(centre)
    for on in WEEK[:3]:
        assert (day(centre, "p-1", on).state, Code.H in day(centre, "p-1", on).codes) == (State.FINAL, True)
        other = day(centre, "p-2", on)
        assert other.state is State.REVIEW
        assert ReasonKind.PIN_UNGUARANTEED in {reason.kind for reason in other.reasons}
    with centre.writer.session() as session:
        pins.end(session, "p-1", HEAD, "perban dilepas", TUESDAY)
    judge(centre, NOW + timedelta(hours=1))
    states = [day(centre, "p-1", on).state for on in WEEK[:3]]
    assert states == [State.FINAL, State.FINAL, State.REVIEW]


def test_wrong_pins_in_a_series_become_a_violation_of_the_kiosk(centre: Centre, wall: Wall) -> None:
    for number in range(6):
        failed = {"reason": "wrong", "person": "p-1", "in_row": number + 1, "locked_s": 60}
        wall.tell(at(MONDAY, f"07:{10 + number}"), Event(event="pin-failed", detail=failed))
    centre.take(*wall.messages())
    reader = open_reader(centre.url)
    Detection(reader, centre.writer).run()
    reader.dispose()
    found = [row for row in centre.rows("violations") if row["kind"] == "pin-guessing"]
    assert [(row["against"], row["subject"]) for row in found] == [("kiosk", "kiosk-1")]
