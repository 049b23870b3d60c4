"""The officer's table of violations: what stands in `tests/fixtures/violation_cases.md` is what the detectors find."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collector.rules.codes import Code
from collector.rules.evidence import Basis, Look, Match, Permit, Spot
from collector.rules.violations.detect import detect
from collector.rules.violations.stream import Fault, Incident, Likeness, Missed, Observed, Stream
from tests.unit.rules.scene import TUESDAY, UNIT, look, moment

TABLE = Path(__file__).parents[2] / "fixtures" / "violation_cases.md"
SPOTS = {"a": Spot(lat=-8.133, lon=113.225), "jauh": Spot(lat=-8.30, lon=112.95)}
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| *\d", line)
]


def seen(text: str, number: int) -> Look:
    clock, kiosk, *match = text.split()
    one = replace(look(moment(TUESDAY, clock.rstrip("?")), number, kiosk=kiosk), spot=SPOTS[kiosk])
    if clock.endswith("?"):
        one = replace(one, when=replace(one.when, basis=Basis.UNKNOWN))
    if match:
        score, _, other = match[0].partition("/")
        one = replace(one, match=Match(score=float(score), runner_up=None if other == "-" else float(other)))
    return one


def event(word: str, offset_ms: int = 0) -> Observed:
    when = look(moment(TUESDAY, "07:21")).when
    return Observed(record="a/c/90", kiosk="a", unit=UNIT, word=word, when=when, offset_ms=offset_ms)


def wrong_pins(count: int) -> tuple[Observed, ...]:
    return tuple(replace(event("pin-failed"), record=f"a/c/{100 + each}", person="p1") for each in range(count))


def incident(fault: Fault) -> Incident:
    return Incident(record="a/c/91", kiosk="a", unit=UNIT, fault=fault, at=moment(TUESDAY, "07:30"))


def crowd() -> tuple[Look, ...]:
    return tuple(look(moment(TUESDAY, "08:00"), 50 + number, who=f"p{number}") for number in range(3))


PHRASES: dict[str, Callable[..., dict[str, tuple[object, ...]]]] = {
    r"foto diperlihatkan": lambda: {"events": (event("spoof"),)},
    r"wajah tertutup": lambda: {"events": (event("covered-face"),)},
    r"jam digeser (\d+)": lambda ms: {"events": (event("clock-stepped", int(ms)),)},
    r"(\d+) PIN salah": lambda count: {"events": wrong_pins(int(count))},
    r"kiosk dipindah": lambda: {"events": (event("place-changed"),)},
    r"nomor hilang": lambda: {"incidents": (incident(Fault.GAP),)},
    r"segel salah": lambda: {"incidents": (incident(Fault.BAD_SEAL),)},
    r"sidak (\S+) tidak ada": lambda clock: {
        "missed": (Missed(check="sidak/1", person="p1", unit=UNIT, at=moment(TUESDAY, clock)),)
    },
    r"surat (\w+)": lambda code: {
        "permits": (Permit(person="p1", code=Code(code), since=TUESDAY, until=TUESDAY, letter="090/1"),)
    },
    r"wajah sama dengan (\w+) (\S+)": lambda other, cosine: {
        "likenesses": (
            Likeness(person="p1", other=other, cosine=float(cosine), unit=UNIT, at=moment(TUESDAY, "09:00")),
        )
    },
    r"tiga orang sedetik": lambda: {"looks": crowd()},
}


def stream(looks: str, facts: str) -> Stream:
    told: dict[str, tuple[object, ...]] = {
        "looks": tuple(seen(text.strip(), number) for number, text in enumerate(looks.split(","), 1) if text.strip())
    }
    for fact in filter(None, (part.strip() for part in facts.split(";"))):
        matches = [(make, found) for form, make in PHRASES.items() if (found := re.fullmatch(form, fact))]
        assert matches, f"nobody knows what {fact!r} means"
        make, found = matches[0]
        for name, value in make(*found.groups()).items():
            told[name] = (*told.get(name, ()), *value)
    return Stream(**told)  # type: ignore[arg-type]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[4][:40]}")
def test_a_case_is_found_as_the_table_says(row: list[str]) -> None:
    _, looks, facts, expected, _ = row
    found = {violation.kind.value for violation in detect(stream(looks, facts))}
    assert found == set(expected.split()) - {"-"}


def test_the_table_is_numbered_from_one_without_a_gap() -> None:
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, len(ROWS) + 1)]
