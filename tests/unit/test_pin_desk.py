"""The desk between the keypad and the loop: what is looked at, what is held against whom, and what nobody is told."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from firmware.clock import Reading
from kiosk.gallery import PinHolder, Roster
from kiosk.pin import Answer, Ask, Limits, Lockout, PinDesk, Said, desk
from wire.messages import PinVerifier
from wire.pin import digest_of

START = datetime(2026, 1, 5, tzinfo=UTC)
SALT = b"s" * 16
LIMITS = Limits()


def holder(person: str, number: str, pin: str) -> PinHolder:
    verifier = PinVerifier(
        number=number,
        salt=base64.b64encode(SALT).decode(),
        digest=base64.b64encode(digest_of(pin, SALT, 10)).decode(),
        cost=10,
        from_=START,
        until=START + timedelta(days=1),
    )
    return PinHolder(person, f"{person.title()} Setiawan", verifier, None, None)


ROSTER = Roster(4, "m", 0.9, 0.05, (), (holder("ani", "40718", "482913"), holder("budi", "55120", "271828")))


class Wall:
    """A desk whose loop answers what it is asked, and a clock that is set."""

    def __init__(self) -> None:
        self.seconds = 10.0
        self.asks: list[Ask] = []
        self.desk = PinDesk(self.now)
        self.desk.offer(ROSTER)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._turn, daemon=True)
        self.thread.start()

    def now(self) -> Reading:
        return Reading(START + timedelta(seconds=self.seconds), "ntp", 5, "boot", int(self.seconds * 1e9))

    def _turn(self) -> None:
        while not self.stop.is_set():
            ask = self.desk.next()
            if ask is None:
                time.sleep(0.001)
                continue
            self.asks.append(ask)
            ask.told.set_result(ask.answer)

    def give(self, number: str, pin: str) -> Answer:
        return self.desk.ask(number, pin)


@pytest.fixture
def wall() -> Iterator[Wall]:
    made = Wall()
    yield made
    made.stop.set()
    made.thread.join(2)


def test_the_right_pin_names_its_person(wall: Wall) -> None:
    assert wall.give("40718", "482913").said is Said.RECORDED
    (ask,) = wall.asks
    assert ask.holder is not None
    assert (ask.holder.person, ask.version, ask.failure) == ("ani", 4, None)


@pytest.mark.parametrize(
    ("number", "pin", "failure"),
    [
        ("40718", "482914", {"reason": "wrong", "in_row": 1, "locked_s": 0, "person": "ani"}),
        ("40718", "271828", {"reason": "wrong", "in_row": 1, "locked_s": 0, "person": "ani"}),
        ("99999", "482913", {"reason": "unknown", "in_row": 1, "locked_s": 0}),
    ],
)
def test_who_guesses_is_told_the_same_whatever_was_wrong(
    wall: Wall, number: str, pin: str, failure: dict[str, object]
) -> None:
    assert wall.give(number, pin) == Answer(Said.WRONG)
    assert [ask.failure for ask in wall.asks] == [failure]
    told = repr(wall.asks[0].failure)
    assert pin not in told
    assert number not in told


def test_a_guarantee_that_has_ended_lets_nobody_in_though_the_roster_is_old(wall: Wall) -> None:
    wall.seconds = 24 * 3600
    assert wall.desk.holders == 0
    assert wall.give("40718", "482913") == Answer(Said.WRONG)
    assert wall.asks[0].failure is not None
    assert wall.asks[0].failure["reason"] == "expired"


@pytest.mark.parametrize("number", ["40718", "99999"])
def test_after_three_wrong_ones_the_right_one_is_not_even_looked_at(
    wall: Wall, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real: Callable[[PinVerifier, str], bool] = desk.matches
    monkeypatch.setattr(desk, "matches", lambda verifier, pin: looked.append(pin) or real(verifier, pin))
    answers = [wall.give(number, "000001") for _ in range(3)]
    assert [answer.wait_s for answer in answers] == [0, 0, 60]
    assert wall.give(number, "482913") == Answer(Said.LOCKED, 60)
    assert len(looked) == 3
    assert wall.asks[-1].failure is None  # and the ledger does not grow while somebody hammers at a locked door
    wall.seconds += 60
    assert wall.give("40718", "482913").said is Said.RECORDED


def test_it_takes_as_long_for_a_number_that_nobody_has(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    costs: list[int] = []
    monkeypatch.setattr(desk, "matches", lambda verifier, _pin: costs.append(verifier.cost) or False)
    wall.give("40718", "000001")
    wall.give("99999", "000001")
    assert costs == [10, 10]


def test_one_at_a_time(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def slow(_verifier: PinVerifier, _pin: str) -> bool:
        looking.set()
        return go_on.wait(5)

    monkeypatch.setattr(desk, "matches", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(wall.give, "40718", "482913")
        assert looking.wait(5)
        assert wall.give("55120", "271828") == Answer(Said.BUSY)
        go_on.set()
        assert first.result(5).said is Said.RECORDED


def test_who_is_told_that_nothing_was_recorded_is_not_recorded_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "ANSWER_S", 0.05)
    alone = PinDesk(lambda: Reading(START, "ntp", 5, "boot", 0))
    alone.offer(ROSTER)
    assert alone.ask("40718", "482913") == Answer(Said.CLOSED)  # the loop never came
    assert alone.next() is None


def test_closed_without_a_roster_and_what_was_held_before_is_asked_once() -> None:
    asked: list[int] = []
    alone = PinDesk(lambda: Reading(START, "ntp", 5, "boot", 0), lambda: asked.append(1) or Lockout())
    alone.offer(None)
    assert alone.ask("40718", "482913") == Answer(Said.CLOSED)
    assert asked == []
    alone.offer(replace(ROSTER, pins=()))
    assert alone.ask("40718", "482913") == Answer(Said.CLOSED)
    alone.offer(ROSTER)
    assert asked == [1]
