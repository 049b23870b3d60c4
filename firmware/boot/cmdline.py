"""The kernel's one line, `cmdline.txt`: no comments, no line breaks, so words mark what is ours.

The kernel and systemd ignore a word with a dot that no module claims. Words that must go (a login on the serial pins) are kept in their
place behind such a prefix: undoing needs no other file, and a power cut cannot part the two.
"""

from __future__ import annotations

from collections.abc import Sequence

BEGIN, END = "siperlu.begin", "siperlu.end"
HAD = "siperlu.had="
UNWANTED = ("console=serial", "console=ttyS", "console=ttyAMA", "overlayroot=", "systemd.swap=")
"""Beginnings of words that would speak against ours, or open a login on the board's pins."""


def merge(existing: str, wanted: Sequence[str]) -> str:
    """The line with these words, and without the unwanted ones. Raises ValueError for no word, or a mark."""
    for word in wanted:
        if len(word.split()) != 1 or word.startswith("siperlu."):
            raise ValueError(f"{word!r} is not one word of the kernel's command line")
    kept = [HAD + word if word.startswith(UNWANTED) else word for word in remove(existing).split()]
    return " ".join([*kept, BEGIN, *wanted, END]) + "\n"


def remove(existing: str) -> str:
    """The line as it was before, its blanks single. What another program added behind our words stays."""
    found = existing.split()
    if BEGIN in found and END in found[found.index(BEGIN) :]:
        del found[found.index(BEGIN) : found.index(END) + 1]
    return " ".join(word.removeprefix(HAD) for word in found) + "\n"
