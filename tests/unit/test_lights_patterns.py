import itertools

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from firmware.errors import AddressError, LightsBusy, LightsError
from firmware.lights import Pins, SilentLights, open_lights
from firmware.lights.patterns import PATTERNS, Colour, light_at, sound_at
from firmware.lights.pins import RGB, THREE_LEDS, Board, Player
from firmware.signals import Signal
from kiosk import check
from kiosk.settings import KioskSettings, LightsSettings

PINS = Pins(red=17, green=27, third=22, buzzer=5)


def rhythm(signal: Signal) -> tuple[tuple[bool, int], ...]:
    """The light as who sees no colours has it."""
    return tuple((blink.colour is not Colour.OFF, blink.ms) for blink in PATTERNS[signal].light)


def test_every_signal_has_a_pattern() -> None:
    assert set(PATTERNS) == set(Signal)


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(Signal, 2)])
def test_no_two_signals_are_told_apart_by_colour_alone(one: Signal, other: Signal) -> None:
    assert rhythm(one) != rhythm(other)
    assert PATTERNS[one].sound != PATTERNS[other].sound


def test_green_is_for_what_is_on_disk_only() -> None:
    green = {signal for signal in Signal if any(blink.colour is Colour.GREEN for blink in PATTERNS[signal].light)}
    """But for the technician's test, in which every colour comes in turn, beneath red and yellow of the same length."""
    assert green - {Signal.TEST} == {Signal.RECORDED, Signal.RECORDED_OFFLINE, Signal.ALREADY}


def test_light_repeats_and_sound_does_not() -> None:
    pattern = PATTERNS[Signal.ALREADY]
    assert light_at(pattern, 0) == light_at(pattern, 1000) == (Colour.GREEN, 150)
    assert sound_at(pattern, 0) == (True, 80)
    assert sound_at(pattern, 1000) == (False, None)


def play(signal: Signal, until_ms: int, wiring: dict) -> dict[str, list[tuple[int, bool]]]:
    """What the kernel would see: every change of every pin with its moment in ms."""
    factory = MockFactory()
    board = Board(PINS, wiring, factory)
    player = Player(board)
    player.begin(signal, 0)
    names = {"red": 17, "green": 27, "third": 22, "buzzer": 5}
    seen: dict[str, list[tuple[int, bool]]] = {name: [(0, False)] for name in names}
    now_ms = 0
    while now_ms < until_ms:
        wait_ms = player.play(now_ms * 1_000_000)
        for name, number in names.items():
            state = bool(factory.pin(number).state)
            if seen[name][-1][1] != state:
                seen[name].append((now_ms, state))
        now_ms += wait_ms
    board.close()
    assert not any(factory.pin(number).state for number in names.values())
    factory.close()
    return seen


def test_recorded_is_steady_green_and_a_double_beep() -> None:
    seen = play(Signal.RECORDED, 3000, RGB)
    assert seen["green"] == [(0, False), (0, True)]
    assert seen["buzzer"] == [(0, False), (0, True), (80, False), (140, True), (220, False)]
    assert seen["red"] == seen["third"] == [(0, False)]


def test_see_officer_alternates_red_and_yellow_with_three_beeps() -> None:
    seen = play(Signal.SEE_OFFICER, 1300, THREE_LEDS)
    assert seen["red"] == [(0, False), (0, True), (400, False)]
    assert seen["third"] == [(0, False), (500, True), (900, False)]
    assert [on for _, on in seen["buzzer"]] == [False, True, False, True, False, True, False]


def test_yellow_is_red_and_green_on_one_rgb_led() -> None:
    seen = play(Signal.SEEN, 400, RGB)
    assert seen["red"] == seen["green"] == [(0, False), (0, True), (300, False)]


def test_the_silent_driver_remembers_what_was_shown() -> None:
    lights = open_lights("silent", PINS)
    assert isinstance(lights, SilentLights)
    lights.show(Signal.SEEN)
    lights.show(Signal.RECORDED)
    lights.close()
    assert list(lights.shown) == [Signal.SEEN, Signal.RECORDED]


def test_lights_on_pins_end_dark_and_may_be_closed_twice() -> None:
    factory = MockFactory()
    lights = open_lights("rgb", PINS, factory)
    lights.show(Signal.OUT_OF_SERVICE)
    lights.close()
    lights.close()
    assert not any(factory.pin(number).state for number in (17, 27, 22, 5))
    factory.close()


def test_a_pin_that_is_taken_is_an_error_that_names_the_mend() -> None:
    factory = MockFactory()
    first = Board(PINS, RGB, factory)
    with pytest.raises(LightsError, match=r'lights\.driver = "silent"'):
        Board(PINS, RGB, factory)
    first.close()
    factory.close()


class HeldPin(MockPin):
    """As a line that another process has, in lgpio's own words."""

    def _set_function(self, value: str) -> None:
        if value == "output":
            raise RuntimeError("'GPIO busy'")


def test_pins_that_the_running_kiosk_drives_are_no_fault_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory(pin_class=HeldPin)
    with pytest.raises(LightsBusy, match="another process"):
        Board(PINS, THREE_LEDS, factory)
    monkeypatch.setattr(Device, "pin_factory", factory)
    settings = KioskSettings(lights=LightsSettings(driver="leds"))
    assert "by the kiosk" in check._lights(settings), (
        "or no kiosk with LEDs passes its self-test, which is made while it runs"
    )
    factory.close()


def test_an_unknown_driver_is_refused_with_the_list() -> None:
    with pytest.raises(AddressError, match="silent, rgb, leds"):
        open_lights("neon", PINS)
