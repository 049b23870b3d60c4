"""docs/operations.md has a row for every word that the kiosk can show, with the words of the wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.fleet.alarms import AlarmKind
from collector.web.fleet_words import ALARMS
from collector.web.words import translations as centre_words
from firmware.signals import Signal
from kiosk.pin import Said
from kiosk.screen.pad import WORDS
from kiosk.screen.view import FAULTS, LOST, SAYINGS
from kiosk.screen.words import translations
from kiosk.service import Reason

MANUAL = Path(__file__).resolve().parents[2] / "docs/operations.md"
ROWS = [line for line in MANUAL.read_text("utf-8").splitlines() if line.startswith("| ")]
INDONESIAN = translations("id").gettext


@pytest.mark.parametrize("reason", sorted({*Reason, *FAULTS}))
def test_every_alarm_has_its_row_with_the_walls_own_words_and_a_mend(reason: str) -> None:
    (row,) = [line for line in ROWS if line.startswith(f"| `{reason}` |")]
    _, _, wall, meaning, mend, indonesian, _ = (cell.strip() for cell in row.split("|"))
    assert wall == INDONESIAN(FAULTS[reason].title)
    assert meaning
    assert mend
    assert indonesian.startswith("*")


@pytest.mark.parametrize(
    "sign",
    [
        "No network",
        "Clock not confirmed",
        LOST.title,
        SAYINGS[Signal.NOT_RECOGNISED].title,
        SAYINGS[Signal.SEE_OFFICER].title,
        *(WORDS[said].title for said in (Said.WRONG, Said.LOCKED, Said.CLOSED)),
    ],
)
def test_every_sign_has_its_row(sign: str) -> None:
    assert [row for row in ROWS if row.startswith(f"| {INDONESIAN(sign)} |")]


@pytest.mark.parametrize("kind", sorted(AlarmKind))
def test_every_alarm_of_the_fleet_page_has_its_row_with_the_pages_own_words(kind: AlarmKind) -> None:
    (row,) = [line for line in ROWS if line.startswith(f"| `{kind.value}` |")]
    _, _, page, meaning, mend, indonesian, _ = (cell.strip() for cell in row.split("|"))
    assert page == centre_words("id").gettext(ALARMS[kind.value][2])
    assert meaning
    assert mend
    assert indonesian.startswith("*")
