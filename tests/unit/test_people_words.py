"""Every refusal that the services of people can tell has its words on the pages, so that an Indonesian reads Indonesian."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import collector.people
from collector.people import undoing
from collector.people.numbers import AS_TEXT
from collector.web import people_words
from collector.web.audit import ACTIONS

FOLDER = Path(collector.people.__file__).parent
MODULES = (
    "numbers",
    "rows",
    "merge",
    "sheet",
    "workbook",
    "changing",
    "units",
    "protected",
    "photos",
    "portrait",
    "own",
    "faces",
)
REFUSING = {"ChangeError", "SheetError", "NumberError", "PhotoError", "ValueError", "UndoError", "Refused"}
LAST = ("7", AS_TEXT, "import the units first", "did you mean 7?", ", check them", "a formula", "the error #REF!")
ELSEWHERE = ("siperlu people", "name one with", "name a folder", "check the path", "could not convert")
"""Told on the command line alone."""


def texts(node: ast.AST, fill: str) -> str | None:
    """A text of the code with its holes filled; what a variable holds is `fill`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else _hole(part, fill) for part in node.values)  # type: ignore[misc]
    return None


def _hole(part: ast.expr, fill: str) -> str:
    assert isinstance(part, ast.FormattedValue)
    quoted = part.conversion == ord("r")
    simple = isinstance(part.value, ast.Constant)
    return "'7'" if quoted else "7" if simple else fill


def refusals(module: str) -> Iterator[ast.expr]:
    tree = ast.parse((FOLDER / f"{module}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in REFUSING or name == "append":
                yield from (one for one in node.args if isinstance(one, ast.Constant | ast.JoinedStr))
        elif isinstance(node, ast.Tuple | ast.List | ast.ListComp):
            several = [node.elt] if isinstance(node, ast.ListComp) else node.elts
            yield from (one for one in several if isinstance(one, ast.JoinedStr) and "; " in (texts(one, "7") or ""))


@pytest.mark.parametrize("module", MODULES)
def test_every_refusal_has_its_words(module: str) -> None:
    silent = []
    for node in refusals(module):
        samples = [texts(node, fill) or "" for fill in LAST]
        spoken = len(samples[0].split()) > 2 and not any(word in samples[0] for word in ELSEWHERE)
        if spoken and not any(people_words.found(sample) for sample in samples):
            silent.append(samples[0])
    assert silent == []


def test_what_stands_on_an_import_has_its_words() -> None:
    for what, _ in (*undoing.STANDS_ON_PERSON, *undoing.STANDS_ON_UNIT):
        assert people_words.found(f"line 3, Siti; Rahayu: {what}") is not None


@pytest.mark.parametrize(
    ("text", "holes"),
    [
        ("unit SD-9 is not known; did you mean SD-1?", {"code": "SD-9", "near": "SD-1"}),
        ('kind "o\'clock" is not known; write one of: opd, bagian', {"value": "o'clock", "known": "opd, bagian"}),
        ("'x' is not between -90 and 90 degrees; correct it", {"value": "x", "limit": "90"}),
    ],
)
def test_what_stands_in_a_refusal_is_found_again(text: str, holes: dict[str, str]) -> None:
    known = people_words.found(text)
    assert known is not None
    assert known[1] == holes


def test_a_text_that_nobody_wrote_down_stays_as_it_is() -> None:
    assert people_words.found("something new") is None


def test_every_action_of_these_areas_has_its_words_in_the_audit_log() -> None:
    noted = set[str]()
    web = Path(people_words.__file__).parent
    files = [*FOLDER.glob("*.py"), *(web / f"{name}.py" for name in ("staff", "mine", "enrol", "imports", "person"))]
    for file in files:
        noted |= set(re.findall(r'"((?:person|people|nik|face|import|unit|data)\.[a-z-]+)"', file.read_text("utf-8")))
    assert noted >= {"person.added", "nik.revealed", "import.undone", "unit.changed", "data.asked"}
    assert {one for one in noted if not one.endswith(".html")} - set(ACTIONS) == set()
