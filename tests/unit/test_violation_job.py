"""The detectors by the clock: once a day the week before, and a database that is away is told once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

import pytest

from collector.errors import StoreDownError
from collector.violating.detection import Done
from collector.violating.job import ViolationJob


@dataclass
class Detector:
    """Notes what it is asked for; answers that the database is away as often as told."""

    down: int = 0
    runs: int = 0
    again_asked: list[tuple[date, date]] = field(default_factory=list)
    enough: Event = field(default_factory=Event)

    def run(self) -> Done:
        self.runs += 1
        if self.runs >= 3:
            self.enough.set()
        if self.runs <= self.down:
            raise StoreDownError("database: away")
        return Done(0, 0)

    def again(self, since: date, until: date) -> Done:
        self.again_asked.append((since, until))
        return Done(0, 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.violating.job.EVERY_S", 0.0)
    monkeypatch.setattr("collector.violating.job.TICK_S", 0.001)


def worked(detector: Detector, now: datetime) -> None:
    stop = Event()
    thread = Thread(target=ViolationJob(detector, lambda: now).run, args=(stop,))  # type: ignore[arg-type]
    thread.start()
    assert detector.enough.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.usefixtures("quick")
def test_the_week_before_is_looked_at_again_once_a_day() -> None:
    detector = Detector()
    worked(detector, datetime(2026, 1, 5, 18, 0, tzinfo=UTC))  # the sixth in WIB
    assert detector.again_asked == [(date(2025, 12, 30), date(2026, 1, 5))]
    assert detector.again_asked[0][1] - detector.again_asked[0][0] == timedelta(days=6)


@pytest.mark.usefixtures("quick")
def test_a_database_that_is_away_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    worked(Detector(down=2), datetime(2026, 1, 5, tzinfo=UTC))
    assert [record.message for record in caplog.records] == ["violations wait: database: away"]
