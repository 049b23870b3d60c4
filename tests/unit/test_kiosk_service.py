from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firmware.clock import Reading
from firmware.lights import SilentLights
from firmware.signals import Signal
from kiosk.checkin import Decision, Outcome
from kiosk.ledger import Entry
from kiosk.loop.heartbeat import Heartbeats, Tally
from kiosk.loop.presenter import Presenter
from kiosk.screen import Card
from kiosk.service import Change, Part, Reason, Service
from models.face import Hint

WIB = ZoneInfo("Asia/Jakarta")
START = Reading(datetime(2026, 7, 1, 0, 0, tzinfo=UTC), "ntp", 1, "boot", 0)
ENTRY = Entry("c" * 43, 7, "0" * 64, START.at)


def after(reading: Reading, **time: float) -> Reading:
    passed = timedelta(**time)
    return replace(
        reading, at=reading.at + passed, monotonic_ns=reading.monotonic_ns + int(passed.total_seconds() * 1e9)
    )


def in_service() -> Service:
    service = Service(0)
    for part in Part:
        service.set(part, None)
    assert service.change(1_000_000_000) == Change(None, 1.0)
    return service


def test_a_kiosk_starts_out_of_service_and_says_so_only_by_its_card() -> None:
    service = Service(0)
    assert service.reason is Reason.STARTING
    assert service.change(0) is None


def test_what_is_really_wrong_is_named_before_what_only_starts() -> None:
    service = Service(0)
    service.set(Part.ROSTER, Reason.NO_ROSTER)
    assert service.reason is Reason.NO_ROSTER


def test_a_ledger_that_cannot_write_is_named_before_everything_else() -> None:
    service = in_service()
    service.set(Part.CAMERA, Reason.CAMERA_LOST)
    service.set(Part.LEDGER, Reason.DISK_FULL)
    assert service.reason is Reason.DISK_FULL


def test_a_change_is_told_once_with_the_time_before_it() -> None:
    service = in_service()
    service.set(Part.CAMERA, Reason.CAMERA_LOST)
    assert service.change(3_000_000_000) == Change(Reason.CAMERA_LOST, 2.0)
    assert service.change(4_000_000_000) is None
    service.set(Part.CAMERA, None)
    assert service.change(5_000_000_000) == Change(None, 2.0)


def test_heartbeats_come_at_start_every_hour_and_before_local_midnight() -> None:
    beats = Heartbeats(WIB)
    causes = [(minutes, beats.due(after(START, minutes=minutes))) for minutes in range(17 * 60 + 30)]
    told = [(minutes, cause) for minutes, cause in causes if cause]
    hours = [(60 * hour, "hour") for hour in range(1, 17)]
    assert told == [(0, "start"), *hours, (16 * 60 + 59, "day-end")]


def test_a_clock_that_is_turned_back_brings_no_second_day_end() -> None:
    beats = Heartbeats(WIB)
    late = Reading(datetime(2026, 7, 1, 16, 58, tzinfo=UTC), "ntp", 1, "boot", 0)
    assert beats.due(late) == "start"
    assert beats.due(after(late, minutes=1)) == "day-end"
    assert beats.due(replace(late, monotonic_ns=120_000_000_000)) is None


def test_a_clock_that_ran_years_ahead_and_was_set_right_has_day_ends_again() -> None:
    beats = Heartbeats(WIB)
    assert beats.due(replace(START, at=START.at + timedelta(days=3650))) == "start"
    assert beats.due(after(START, minutes=1)) is None
    assert beats.due(replace(after(START, minutes=2), at=START.at + timedelta(hours=17))) == "day-end"


def test_counts_are_since_the_last_heartbeat() -> None:
    tally = Tally()
    tally.count("recorded")
    tally.count("recorded")
    assert tally.take() == {"recorded": 2}
    tally.count("already")
    assert tally.take() == {"already": 1}
    assert tally.total == {"recorded": 2, "already": 1}


class Wall:
    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.lights = SilentLights()
        self.presenter = Presenter(self.lights, self.cards.append)


def test_lights_hear_of_a_state_once_and_the_screen_with_every_frame() -> None:
    wall = Wall()
    for _ in range(3):
        wall.presenter.tell(Decision(Outcome.SEEN))
    assert list(wall.lights.shown) == [Signal.SEEN]
    assert wall.cards == [Card(Signal.SEEN)] * 3


def test_a_name_stands_with_its_record_until_something_else_is_told() -> None:
    wall = Wall()
    wall.presenter.named(Outcome.RECORDED, "Ani S.", ENTRY, online=True)
    wall.presenter.tell(Decision(Outcome.RECORDED, person="ani"))
    expected = Card(Signal.RECORDED, name="Ani S.", at=ENTRY.at, entry=str(ENTRY))
    assert wall.cards == [expected, expected]
    assert list(wall.lights.shown) == [Signal.RECORDED]


def test_two_people_in_a_row_are_both_announced() -> None:
    wall = Wall()
    for name in ("Ani S.", "Budi"):
        wall.presenter.named(Outcome.RECORDED, name, ENTRY, online=False)
    assert list(wall.lights.shown) == [Signal.RECORDED_OFFLINE] * 2


def test_a_hint_reaches_the_screen_and_an_outage_its_reason() -> None:
    wall = Wall()
    wall.presenter.tell(Decision(Outcome.ADJUST, hint=Hint.CLOSER))
    wall.presenter.out_of_service(Reason.NO_ROSTER)
    assert wall.cards == [Card(Signal.ADJUST, hint=Hint.CLOSER), Card(Signal.OUT_OF_SERVICE, reason="no-roster")]
