"""What the wall says in each state."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from firmware.signals import Signal
from kiosk.screen.card import Card, Surroundings
from kiosk.screen.view import FAULTS, Speech, View, compose
from kiosk.screen.words import translations
from kiosk.service import Reason
from models.face import Hint

NOW = datetime(2026, 1, 5, 0, 21, 37, tzinfo=UTC)
AROUND = Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=12)


def view(card: Card, around: Surroundings = AROUND, language: str = "id") -> View:
    speech = Speech(ZoneInfo("Asia/Jakarta"), language, translations(language).gettext)
    return compose(card, around, NOW, speech)


def all_cards() -> list[Card]:
    plain = [Card(signal) for signal in Signal]
    hints = [Card(Signal.ADJUST, hint=hint) for hint in Hint]
    return plain + hints + [Card(Signal.OUT_OF_SERVICE, reason=word) for word in FAULTS]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("card", all_cards(), ids=str)
def test_every_state_has_words_an_instruction_and_an_icon_of_the_page(card: Card, language: str) -> None:
    shown = view(card, language=language)
    icons = (files("kiosk.screen") / "templates" / "icons.svg").read_text()
    assert shown.title
    assert shown.text
    assert f'id="i-{shown.icon}"' in icons


def test_states_differ_by_icon_or_by_words_not_by_colour_alone() -> None:
    faces = {signal: view(Card(signal)) for signal in Signal if signal is not Signal.RECORDED_OFFLINE}
    assert len({shown.icon for shown in faces.values()}) == len(faces)
    hints = [view(Card(Signal.ADJUST, hint=hint)) for hint in Hint]
    assert len({shown.icon for shown in hints}) == len({shown.text for shown in hints}) == len(Hint)


def test_time_is_the_records_in_local_time() -> None:
    card = Card(Signal.RECORDED, name="Siti R.", at=datetime(2026, 1, 5, 0, 20, 59, tzinfo=UTC), entry="c/1")
    shown = view(card)
    assert (shown.at, shown.clock, shown.zone) == ("07:20", "07:21:37", "WIB")
    assert shown.date == "Senin,\n5 Januari 2026"
    assert view(card, language="en").date == "Monday,\n5 January 2026"


def test_stored_here_becomes_received_centrally() -> None:
    stored = view(Card(Signal.RECORDED, entry="c/1"))
    central = view(Card(Signal.RECORDED, entry="c/1", received=True))
    assert (stored.receipt, stored.receipt_text) == ("stored", "Tersimpan di kiosk")
    assert (central.receipt, central.receipt_text) == ("central", "Diterima pusat")


@pytest.mark.parametrize("signal", [s for s in Signal if s not in {"recorded", "recorded-offline", "already"}])
def test_only_a_recorded_look_shows_a_name_a_time_and_a_receipt(signal: Signal) -> None:
    shown = view(Card(signal, name="Siti R.", at=NOW, entry="c/1", received=True))
    assert (shown.name, shown.at, shown.receipt, shown.receipt_text) == ("", "", "none", "")


def test_every_reason_that_the_kiosk_knows_has_words_of_its_own() -> None:
    assert {reason.value for reason in Reason} <= set(FAULTS)


def test_an_unknown_fault_is_out_of_service_and_its_word_is_there_for_the_officer() -> None:
    shown = view(Card(Signal.OUT_OF_SERVICE, reason="gremlins"))
    assert (shown.title, shown.reason) == ("Tidak melayani", "gremlins")


def test_what_stands_around() -> None:
    cut_off = view(Card(Signal.IDLE), Surroundings(online=False, backlog=37, clock_trusted=False, enrolled=3))
    assert cut_off.link == "Tanpa jaringan"
    assert cut_off.backlog == "37 menunggu dikirim"
    assert cut_off.clock_sign == "Jam belum pasti"
    assert view(Card(Signal.IDLE)).clock_sign == view(Card(Signal.IDLE)).backlog == ""


def test_the_icons_run_nothing_and_fetch_nothing() -> None:
    icons = (files("kiosk.screen") / "templates" / "icons.svg").read_text()
    assert not re.search(r"<script|\son\w+=|https?:|style=", icons)
