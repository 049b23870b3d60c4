"""Presence by PIN on a real ledger: recorded as what it is, told as a face is, and guessing is on disk before it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from firmware.errors import CameraMissing
from firmware.signals import Signal
from kiosk.gallery import PinHolder, Roster
from kiosk.loop.recent import lockout_before
from kiosk.pin import Answer, Limits, PinDesk, Said
from kiosk.pin.lockout import wait_ns
from kiosk.screen import Card
from tests.fixtures.ledgers import Box, reading
from tests.integration.test_kiosk_loop import SECOND_NS, Kiosk, roster
from tests.unit.test_pin_desk import holder
from wire.records import CheckIn, Event

RIGHT, WRONG = ("40718", "482913"), ("40718", "731944")


def with_pins() -> Roster:
    """Ani and Budi by face, Citra by PIN alone, Ani by both."""
    made = [holder("citra", "40718", "482913"), holder("ani", "55120", "271828")]
    moved = [
        replace(
            one,
            verifier=replace(
                one.verifier, from_=reading(0).at - timedelta(days=1), until=reading(0).at + timedelta(days=1)
            ),
        )
        for one in made
    ]
    return replace(roster(), pins=tuple(moved))


class Wall(Kiosk):
    """A kiosk whose keypad somebody uses while the loop turns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.roster = with_pins()
        self.pool = ThreadPoolExecutor(1)

    def types(self, number: str, pin: str) -> tuple[Answer, Card]:
        """What the keypad is answered, and what the wall shows then."""
        asked: Future[Answer] = self.pool.submit(self.pins.ask, number, pin)
        while self.pins._asks.empty() and not asked.done():
            wait([asked], 0.002)
        card = self.turn()
        return asked.result(5), card


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    made = Wall(Box(tmp_path / "ledger"))
    made.turn(2)
    yield made
    made.pool.shutdown()
    made.journal.close()


def failures(kiosk: Kiosk) -> list[dict[str, object]]:
    return [dict(event.detail) for event in kiosk.written(Event) if event.event == "pin-failed"]


def test_it_is_recorded_as_a_pin_and_told_as_a_face_is(wall: Wall) -> None:
    answer, card = wall.types(*RIGHT)
    (body,) = wall.written(CheckIn)
    assert answer.said is Said.RECORDED
    assert (body.person, body.method, body.match, body.evidence, body.roster_version) == ("citra", "pin", None, None, 4)
    assert (card.signal, card.name) == (Signal.RECORDED, "Citra S.")
    assert card.entry == f"{wall.box.records()[-1].chain}/{wall.box.records()[-1].seq}"
    assert wall.lights.shown[-1] is Signal.RECORDED
    assert [str(entry) for entry in wall.expected] == [card.entry]
    assert wall.loop.tally.total["by-pin"] == 1


def test_a_second_pin_and_a_look_after_a_pin_are_repeats(wall: Wall) -> None:
    wall.types("55120", "271828")
    wall.nobody()
    answer, card = wall.types("55120", "271828")
    assert (answer.said, card.signal) == (Said.ALREADY, Signal.ALREADY)
    wall.nobody()
    assert wall.walks_up(0).signal is Signal.ALREADY
    assert len(wall.written(CheckIn)) == 1


def test_a_wrong_one_is_on_disk_before_it_is_told_and_is_told_by_light(wall: Wall) -> None:
    answer, card = wall.types(*WRONG)
    assert answer == Answer(Said.WRONG)
    assert failures(wall) == [{"reason": "wrong", "person": "citra", "in_row": 1, "locked_s": 0}]
    assert (card.signal, card.reason) == (Signal.NOT_RECOGNISED, "pin-wrong")
    assert wall.lights.shown[-1] is Signal.NOT_RECOGNISED
    assert wall.written(CheckIn) == []
    assert wall.turn(40).signal is Signal.IDLE


def test_who_must_wait_is_sent_to_the_officer_and_no_record_is_made_of_it(wall: Wall) -> None:
    for _ in range(3):
        wall.types(*WRONG)
    answer, card = wall.types(*RIGHT)
    assert (answer.said, answer.wait_s > 50) == (Said.LOCKED, True)
    assert (card.signal, card.reason) == (Signal.SEE_OFFICER, "pin-locked")
    assert len(failures(wall)) == 3
    wall.now_ns += 61 * SECOND_NS
    assert wall.types(*RIGHT)[0].said is Said.RECORDED


def test_neither_number_nor_pin_is_anywhere_in_the_ledger(wall: Wall) -> None:
    wall.types(*RIGHT)
    wall.types(*WRONG)
    wall.types("98765", "482913")
    told = repr([record.body for record in wall.box.records()])
    assert "pin-failed" in told
    assert not any(typed in told for typed in (*RIGHT, *WRONG, "98765"))


def test_an_unreadable_face_is_not_called_unknown_after_its_pin_was_taken(wall: Wall) -> None:
    wall.walks_up(5, 1)  # a bandaged face: read, and like nobody
    _, card = wall.types(*RIGHT)
    assert card.signal is Signal.RECORDED
    assert {wall.turn().signal for _ in range(100)} == {Signal.RECORDED}
    wall.nobody()
    assert wall.walks_up(5, 30).signal is Signal.NOT_RECOGNISED


def test_without_a_camera_it_counts_and_is_told_before_the_outage_is(wall: Wall) -> None:
    wall.scene.camera_error = CameraMissing("unplugged")
    assert wall.turn(5) == Card(Signal.OUT_OF_SERVICE, reason="camera-lost")
    answer, card = wall.types(*RIGHT)
    assert (answer.said, card.signal) == (Said.RECORDED, Signal.RECORDED)
    assert wall.turn(10).signal is Signal.RECORDED
    assert wall.turn(40) == Card(Signal.OUT_OF_SERVICE, reason="camera-lost")
    assert [body.person for body in wall.written(CheckIn)] == ["citra"]


def test_without_a_network_it_counts_all_the_same(wall: Wall) -> None:
    wall.online = False
    assert wall.types(*RIGHT)[1].signal is Signal.RECORDED_OFFLINE


def test_a_ledger_that_cannot_be_written_takes_no_pin_and_holds_nothing_against_anybody(wall: Wall) -> None:
    wall.turn()
    wall.journal.close()
    answer, _ = wall.types(*RIGHT)
    assert answer == Answer(Said.CLOSED)
    assert wall.written(CheckIn) == []


def test_a_restart_makes_no_wait_shorter(wall: Wall) -> None:
    for _ in range(3):
        wall.types(*WRONG)
    limits, now_ns = Limits(), wall.now_ns
    again = lockout_before(wall.box.folder, wall.now(), limits)
    assert wait_ns(limits, again, "citra", now_ns) > 50 * SECOND_NS
    other_boot = replace(wall.now(), boot="boot-2", monotonic_ns=SECOND_NS)
    after = lockout_before(wall.box.folder, other_boot, limits)
    assert wait_ns(limits, after, "citra", SECOND_NS) > 50 * SECOND_NS
    unset = replace(other_boot, at=other_boot.at.replace(year=2046), source="none")
    assert wait_ns(limits, lockout_before(wall.box.folder, unset, limits), "citra", SECOND_NS) == 60 * SECOND_NS
    assert wait_ns(limits, after, "budi", SECOND_NS) == 0


def test_an_hour_later_the_restarted_kiosk_hears_its_person_again(wall: Wall) -> None:
    for _ in range(3):
        wall.types(*WRONG)
    later = replace(wall.now(), boot="boot-2", monotonic_ns=SECOND_NS, at=wall.now().at + timedelta(hours=1))
    assert wait_ns(Limits(), lockout_before(wall.box.folder, later, Limits()), "citra", SECOND_NS) == 0


def test_a_right_pin_is_remembered_over_a_restart_too(wall: Wall) -> None:
    for _ in range(2):
        wall.types(*WRONG)
    wall.types(*RIGHT)
    assert lockout_before(wall.box.folder, wall.now(), Limits()).whose == {}


def test_a_desk_that_opens_late_remembers_what_the_ledger_knows(wall: Wall) -> None:
    for _ in range(3):
        wall.types(*WRONG)
    limits = Limits()
    desk = PinDesk(wall.now, lambda: lockout_before(wall.box.folder, wall.now(), limits), limits)
    desk.offer(with_pins())
    asked = wall.pool.submit(desk.ask, *RIGHT)
    while (ask := desk.next()) is None:
        wait([asked], 0.002)
    ask.told.set_result(ask.answer)
    assert asked.result().said is Said.LOCKED


def test_the_wall_offers_a_keypad_to_those_whose_guarantee_holds(wall: Wall) -> None:
    wall.turn(10)
    assert wall.around[-1].pins == 2
    assert isinstance(wall.roster, Roster)
    wall.roster = replace(wall.roster, pins=tuple(_ended(one) for one in wall.roster.pins))
    wall.turn(10)
    assert wall.around[-1].pins == 0


def _ended(one: PinHolder) -> PinHolder:
    return replace(one, until=reading(0).at)
