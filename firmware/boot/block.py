"""A marked block at the end of `config.txt` or `fstab`: put there, replaced, taken away. Everything else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

BEGIN = "# siperlu: begin, written by provisioning; changes in here are overwritten"
END = "# siperlu: end"


def merge(existing: str, wanted: Sequence[str], section: str = "") -> str:
    """The file with these lines as its block, none without lines. `section`: `[all]` in `config.txt`, whose last section may
    hold for other boards alone. Raises ValueError for a line that would end the block or is two."""
    for line in (*wanted, section):
        if line.strip() in (BEGIN, END) or len(line.splitlines()) > 1:
            raise ValueError(f"{line!r} cannot stand in the block: one line each, and none of its own marks")
    rest = remove(existing)
    if not wanted:
        return rest
    ending = "\r\n" if "\r\n" in existing else "\n"
    block = [BEGIN, *([section] if section else []), *wanted, END]
    return _ended(rest, ending) + "".join(line + ending for line in block)


def remove(existing: str) -> str:
    """The file as it was before, but that its last line is ended. A block whose end is missing stays: what of it is ours
    cannot be known."""
    kept = existing.splitlines(keepends=True)
    marks = [line.strip() for line in kept]
    while BEGIN in marks and END in marks[marks.index(BEGIN) :]:
        begin = marks.index(BEGIN)
        end = marks.index(END, begin)
        del kept[begin : end + 1], marks[begin : end + 1]
    return "".join(kept)


def _ended(text: str, ending: str) -> str:
    return text if not text or text.endswith("\n") else text + ending
