"""When the last frame came is told to the neighbours, seldom, and never at the price of a frame."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware.clock import Reading
from kiosk.pulse import EVERY_NS, NAME, Pulse, last_frame

AT = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)


def reading(after_ns: int) -> Reading:
    return Reading(AT + timedelta(seconds=after_ns / 1e9), "ntp", 5, "boot", after_ns)


def test_it_is_told_at_once_and_then_now_and_then(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path / "run")
    assert last_frame(tmp_path / "run") is None
    pulse.beat(reading(0))
    pulse.beat(reading(EVERY_NS - 1))
    assert last_frame(tmp_path / "run") == AT
    pulse.beat(reading(EVERY_NS))
    assert last_frame(tmp_path / "run") == AT + timedelta(seconds=30)


def test_a_folder_that_cannot_be_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    pulse = Pulse(tmp_path / "file" / "run")
    with caplog.at_level(logging.WARNING):
        for turn in range(3):
            pulse.beat(reading(turn * EVERY_NS))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("told", ["", "yesterday", "2026-01-05T00:30:00"])
def test_what_is_no_moment_is_not_believed(tmp_path: Path, told: str) -> None:
    (tmp_path / NAME).write_text(told)
    assert last_frame(tmp_path) is None
