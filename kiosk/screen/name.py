"""How a name stands on a public wall: enough for its owner, too little for a passer-by."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 18
"""Letters of the first name that fit the wall at 48 px; the rest is cut."""

_BEFORE = {
    *("drs", "dra", "dr", "drg", "drh", "ir", "prof", "h", "hj", "r", "rr", "ra", "rm", "kh", "ust", "ustadz"),
    *("ns", "apt", "sdr", "sdri", "bpk", "ibu"),
}
_AFTER = {
    *("se", "sh", "st", "sp", "spd", "ssos", "skom", "skm", "ss", "ssi", "sip", "sstp", "sag", "skep", "sked", "spt"),
    *("mm", "mh", "mt", "msi", "mpd", "mkes", "map", "mag", "mkom", "msc", "ma", "phd", "amd", "ama"),
}
_DEGREE = re.compile(r"^[A-Za-z]{1,4}\.[A-Za-z]")
_ABBREVIATION = re.compile(r"^\w{1,4}\.$|^\w{1,2}$")


def short_name(full: str) -> str:
    """First name and one initial: `Hj. SITI RAHMAWATI, S.Pd.` gives `Siti R.`; never the full name.

    Titles and degrees go; abbreviations that open a name (`M.`, `I Made`) do not stand alone; a name of one
    word is cut to its first half (`Suharto` gives `Suha…`). Comes back empty when nothing of a name is left.
    """
    words = _words(full)
    start = next((i for i, word in enumerate(words) if not _ABBREVIATION.match(word)), 0)
    opening, rest = words[:start], words[start:]
    if not rest:
        return ""
    if len(rest) == 1:
        return " ".join([*opening, _half(rest[0])])
    return " ".join([*opening, _cut(rest[0]), f"{rest[1][0]}."])


def _words(full: str) -> list[str]:
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in unicodedata.normalize("NFC", full))
    words = printable.split(",")[0].split()
    while words and _is_title(words[0]) and (len(words) > 1 or "." in words[0]):
        words.pop(0)
    while len(words) > 1 and (_DEGREE.match(words[-1]) or _bare(words[-1]) in _AFTER):
        words.pop()
    return [word.capitalize() if word.isupper() or word.islower() else word for word in words]


def _is_title(word: str) -> bool:
    parts = [part for part in word.lower().split(".") if part]
    return bool(parts) and all(part in _BEFORE for part in parts)


def _bare(word: str) -> str:
    return word.replace(".", "").lower()


def _half(word: str) -> str:
    return f"{word[: min((len(word) + 1) // 2, LONGEST)]}…" if len(word) > 1 else f"{word}."


def _cut(word: str) -> str:
    return word if len(word) <= LONGEST else f"{word[:LONGEST]}…"
