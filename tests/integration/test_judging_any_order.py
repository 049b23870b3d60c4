"""Any order, any cut into batches, judged at any moment in between: the same moments, outages and days at the end."""

from __future__ import annotations

import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.ingest.message import Message
from collector.judging.signs import stamp_of
from collector.rules.dating import date_records
from collector.rules.evidence import Moment
from collector.store.records import StoredRecord
from collector.store.results import RecordMoment
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.judged_office import BOOT_ERA, WEEK, Wall, at, hours, judge, open_week, results, settle, told
from wire.records import Event


class Story:
    """Two kiosks' week: network time, a boot that learns the time late, one that never does, an outage, a new chain."""

    def __init__(self) -> None:
        self.kiosks = [FakeKiosk("kiosk-1"), FakeKiosk("kiosk-2")]
        first, second = (Wall(kiosk) for kiosk in self.kiosks)
        self._steady(first)
        after = self._wayward(second)
        self.messages: list[Message] = [*first.messages(), *second.messages(), *after.messages()]

    def _steady(self, wall: Wall) -> None:
        monday, tuesday, wednesday, *rest = WEEK
        wall.beat(monday, "06:00", "start")
        wall.look(monday, "07:20", "p-1")
        wall.look(monday, "07:45", "p-2")
        wall.beat(monday, "08:00")
        wall.look(monday, "16:05", "p-1")
        hours(wall, monday, 17)
        wall.tell(at(tuesday, "06:30"), Event(event="out-of-service", detail={"reason": "camera-lost"}))
        wall.tell(at(tuesday, "08:10"), Event(event="in-service", detail={}))
        wall.look(tuesday, "08:15", "p-1")
        hours(wall, tuesday, 9)
        for day in (wednesday, *rest):
            hours(wall, day, 0, 6)
            wall.look(day, "07:05", "p-3")
            hours(wall, day, 7)

    def _wayward(self, wall: Wall) -> Wall:
        """Without network time on Tuesday until the evening; not a word on Wednesday's time; a new chain in that boot."""
        monday, tuesday, wednesday, thursday, friday = WEEK
        hours(wall, monday, 5)
        wall.boot, wall.booted, wall.source = "boot-2", at(tuesday, "05:00"), "none"
        wall.beat(tuesday, "05:01", "start", serves=False)
        wall.tell(at(tuesday, "05:02"), Event(event="in-service", detail={}))
        wall.look(tuesday, "07:10", "p-2")
        wall.look(tuesday, "16:20", "p-2")
        learnt = at(tuesday, "18:00")
        offset = (at(tuesday, "05:00") - BOOT_ERA) // timedelta(milliseconds=1)
        wall.tell(learnt, Event(event="clock-learnt", detail={"offset_ms": offset}))
        wall.source = "ntp"
        hours(wall, tuesday, 18)
        wall.boot, wall.booted, wall.source = "boot-3", at(wednesday, "05:00"), "none"
        wall.look(wednesday, "07:40", "p-4")
        wall.look(wednesday, "16:01", "p-4")
        after = wall.succeed(at(wednesday, "16:30"))
        after.look(wednesday, "17:00", "p-3")
        after.source = "ntp"
        hours(after, thursday, 0)
        after.boot, after.booted, after.source = "boot-4", at(friday, "05:00"), "none"
        after.look(friday, "07:31", "p-4")
        return after


STORY = Story()


def _start(centre: Centre) -> None:
    settle(centre, *STORY.kiosks)
    open_week(centre)


def _play(centre: Centre, order: list[int], dice: random.Random) -> dict[str, list[str]]:
    start = 0
    while start < len(order):
        end = start + dice.randint(1, 40)
        centre.take(*(STORY.messages[number] for number in order[start:end]))
        if dice.random() < 0.5:
            judge(centre)
        start = end
    centre.take(*STORY.messages)  # a new chain's key may have come after its records: the relay sends again
    judge(centre)
    return told(centre)


@pytest.fixture(scope="module")
def expected() -> Any:
    with tempfile.TemporaryDirectory() as folder, opened("sqlite://", Path(folder)) as centre:
        _start(centre)
        for message in STORY.messages:
            centre.take(message)
        judge(centre)
        assert _dated(centre) == _dated_whole(centre)
        yield told(centre)


def _dated(centre: Centre) -> dict[str, Moment]:
    row = RecordMoment
    columns = (row.kiosk, row.chain, row.seq, row.at, row.earliest, row.latest, row.basis)
    with centre.writer.transaction() as connection:
        found = connection.execute(select(*columns)).all()
    return {
        f"{kiosk}/{chain}/{seq}": Moment(at=at_, earliest=earliest, latest=latest, basis=basis)
        for kiosk, chain, seq, at_, earliest, latest, basis in found
    }


def _dated_whole(centre: Centre) -> dict[str, Moment]:
    """All records of all chains dated at once, by the rules alone."""
    with centre.writer.transaction() as connection:
        rows = connection.execute(select(StoredRecord.__table__)).all()
        learnt = select(RecordMoment.kiosk, RecordMoment.chain, RecordMoment.seq, RecordMoment.learnt_ms)
        offsets = {(kiosk, chain, seq): ms for kiosk, chain, seq, ms in connection.execute(learnt)}
    return date_records(stamp_of(row, offsets[row.kiosk, row.chain, row.seq]) for row in rows)


def test_the_story_has_what_it_promises(expected: Any) -> None:
    bases = [
        basis
        for basis in ("clock", "learnt", "unknown")
        if f"'basis': '{basis}'" in "".join(expected["record_moments"])
    ]
    assert bases == ["clock", "learnt", "unknown"]
    assert len(expected["day_results"]) == 4 * 5
    assert expected["touched_days"] == []
    assert len(expected["kiosk_outages"]) >= 3


@pytest.mark.parametrize("seed", range(6))
def test_the_same_tables_on_sqlite(expected: Any, seed: int) -> None:
    dice = random.Random(seed)
    order = list(range(len(STORY.messages)))
    dice.shuffle(order)
    with tempfile.TemporaryDirectory() as folder, opened("sqlite://", Path(folder)) as centre:
        _start(centre)
        assert _play(centre, order, dice) == expected


def test_the_same_tables_on_postgresql(expected: Any, postgres_url: str, tmp_path: Path) -> None:
    dice = random.Random(5)
    order = list(range(len(STORY.messages)))
    dice.shuffle(order)
    with opened(postgres_url, tmp_path) as centre:
        _start(centre)
        assert _play(centre, order, dice) == expected


def test_judging_again_changes_nothing(tmp_path: Path) -> None:
    with opened("sqlite://", tmp_path) as centre:
        _start(centre)
        centre.take(*STORY.messages)
        assert judge(centre) == 20
        assert judge(centre) == 0
        assert len(results(centre)) == 20
