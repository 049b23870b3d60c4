"""What the agent asks the kiosk process to show: a file in memory, which lapses by itself."""

from __future__ import annotations

import time
from pathlib import Path

from firmware.signals import Signal

NAME = "show"
LONGEST_S = 600.0
WAIT_S = 3600.0
"""Of the word to wait: who pulls a slow stick out while it is written has to bring it again."""


def show(folder: Path, signal: Signal, seconds: float) -> None:
    """Ask for a signal for so long, at most as `longest` allows. Raises OSError."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    until = time.monotonic() + min(seconds, longest(signal))
    draft = folder / f".{NAME}"
    draft.write_text(f"{signal.value} {until:.1f}\n", encoding="ascii")
    draft.replace(folder / NAME)


def hide(folder: Path) -> None:
    """Nothing more is asked for."""
    (folder / NAME).unlink(missing_ok=True)


def shown(folder: Path) -> Signal | None:
    """The signal that is asked for now; None without any, and for what is none. Time is the monotonic clock's of this boot."""
    try:
        word, _, until = (folder / NAME).read_text(encoding="ascii").strip().partition(" ")
        signal, left = Signal(word), float(until) - time.monotonic()
    except (OSError, ValueError):
        return None
    return signal if 0 < left <= longest(signal) + 1 else None  # it was rounded when it was written


def longest(signal: Signal) -> float:
    """Seconds after which a signal lapses, whoever forgot to take it back."""
    return WAIT_S if signal is Signal.STICK_WAIT else LONGEST_S
