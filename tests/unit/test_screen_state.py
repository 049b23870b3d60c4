"""The wall's state: the latest value only, no stale green, and writers that never wait."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from firmware.signals import Signal
from kiosk.screen.card import Card, Picture, Surroundings
from kiosk.screen.state import SILENT_S, ScreenState

GREEN = Card(Signal.RECORDED, name="Siti R.", at=datetime(2026, 1, 5, tzinfo=UTC), entry="c/7")
HOLD_S = 3.5


class Turned:
    """A clock that tests turn."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def state(clock: Turned) -> ScreenState:
    return ScreenState(HOLD_S, clock)


def card(state: ScreenState) -> Card:
    return state.now()[1]


def picture(number: int) -> Picture:
    return Picture(b"%d" % number, 4, 3, None)


def test_before_the_first_word_it_is_starting(state: ScreenState) -> None:
    assert card(state) == Card(Signal.OUT_OF_SERVICE, reason="starting")


def test_a_name_is_gone_after_its_time_though_the_kiosk_goes_on_filming(state: ScreenState, clock: Turned) -> None:
    state.show(GREEN)
    for _ in range(8):
        clock.now += 0.5
        state.picture(picture(1))
    assert card(state) == Card(Signal.IDLE)


def test_a_result_that_is_shown_again_holds_from_then(state: ScreenState, clock: Turned) -> None:
    state.show(GREEN)
    clock.now += 2
    state.show(GREEN)
    clock.now += 2
    assert card(state) == GREEN


@pytest.mark.parametrize("standing", [GREEN, Card(Signal.IDLE), Card(Signal.SEEN)])
def test_a_silent_kiosk_is_never_green_and_never_ready(state: ScreenState, clock: Turned, standing: Card) -> None:
    state.show(standing)
    clock.now += SILENT_S + 0.01
    assert card(state) == Card(Signal.OUT_OF_SERVICE, reason="not-responding")


def test_out_of_service_keeps_its_reason_through_silence(state: ScreenState, clock: Turned) -> None:
    state.show(Card(Signal.OUT_OF_SERVICE, reason="disk-full"))
    clock.now += 3600
    assert card(state).reason == "disk-full"


def test_a_receipt_turns_its_own_card_and_no_other(state: ScreenState) -> None:
    state.show(GREEN)
    state.received("c/6")
    assert not card(state).received
    state.received("c/7")
    assert card(state).received


def test_a_receipt_that_overtakes_its_card_is_not_lost(state: ScreenState) -> None:
    state.received("c/7")
    state.show(GREEN)
    assert card(state).received


def test_receipts_wake_readers_and_repeats_of_the_same_do_not(state: ScreenState) -> None:
    around = Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=1)
    state.show(GREEN)
    state.surroundings(around)
    version = state.now()[0]
    state.show(GREEN)
    state.surroundings(around)
    assert state.now()[0] == version
    state.received("c/7")
    assert state.now()[0] == version + 1


def test_a_slow_reader_gets_the_newest_picture_and_none_waits_in_between(state: ScreenState) -> None:
    for number in range(1000):
        state.picture(picture(number))
    found = state.wait_picture(-1, 0)
    assert found is not None
    number, newest = found
    assert newest.jpeg == b"999"
    assert state.wait_picture(number, 0) is None


def test_before_the_first_picture_a_reader_waits_instead_of_asking_again_and_again(state: ScreenState) -> None:
    began = time.perf_counter()
    assert state.wait_picture(-1, 0.05) is None
    assert time.perf_counter() - began >= 0.05


def test_closing_wakes_everybody(state: ScreenState) -> None:
    version = state.now()[0]
    readers = [
        threading.Thread(target=state.wait_change, args=(version, 30)),
        threading.Thread(target=state.wait_picture, args=(0, 30)),
    ]
    for reader in readers:
        reader.start()
    state.close()
    for reader in readers:
        reader.join(2)
    assert not any(reader.is_alive() for reader in readers)
