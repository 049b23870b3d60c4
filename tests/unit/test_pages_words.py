"""Every text of both sites is there in both languages, and both sites wear one look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import collector.web
import kiosk.screen
from collector.web.words import catalogue, translations

SITES = {"kiosk": Path(kiosk.screen.__file__).parent, "centre": Path(collector.web.__file__).parent}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "ngettext": (1, 2)}
SHARED = ("look.css", "plus-jakarta-sans.woff2", "plus-jakarta-sans.OFL.txt")


def texts(folder: Path) -> set[str]:
    found = extract_from_dir(
        folder, method_map=METHODS, keywords=KEYWORDS, options_map={"**.html": {"silent": "false"}}
    )
    return {text[0] if isinstance(text, tuple) else text for _, _, text, _, _ in found}


def messages(site: Path) -> list[Message]:
    """Every translated text, of a catalogue an area where there are several."""
    found: list[Message] = []
    for file in sorted((site / "translations").rglob("*.po")):
        with file.open("rb") as source:
            found += [message for message in read_po(source, locale="id") if message.id]
    return found


def test_areas_agree_on_a_text() -> None:
    """`catalogue` refuses two translations of one text."""
    assert {message.id for message in catalogue("id") if message.id} == {m.id for m in messages(SITES["centre"])}


def test_indonesian_has_no_plural() -> None:
    spoken = translations("id")
    assert [spoken.ngettext("%(num)s violation", "%(num)s violations", n) for n in (0, 1, 2)] == [
        "%(num)s pelanggaran"
    ] * 3


@pytest.mark.parametrize("site", SITES)
def test_every_text_is_translated_and_no_translation_is_left_over(site: str) -> None:
    catalogue = {message.id: message for message in messages(SITES[site])}
    known = {key[0] if isinstance(key, tuple) else key for key in catalogue}
    assert texts(SITES[site]) == known
    assert [key for key, message in catalogue.items() if message.fuzzy or not message.string] == []


@pytest.mark.parametrize("site", SITES)
def test_translations_keep_the_placeholders(site: str) -> None:
    holes = re.compile(r"%\(\w+\)\w|%\w")
    for message in messages(SITES[site]):
        original = message.id[1] if isinstance(message.id, tuple) else message.id
        translated = message.string[0] if isinstance(message.string, tuple) else message.string
        assert sorted(holes.findall(original)) == sorted(holes.findall(str(translated)))


@pytest.mark.parametrize("name", SHARED)
def test_both_sites_wear_one_look(name: str) -> None:
    one, other = ((folder / "static" / name).read_bytes() for folder in SITES.values())
    assert one == other


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_light(one), _light(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_stand_out_from_their_ground_by_4_5_to_1() -> None:
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", (SITES["kiosk"] / "static" / "look.css").read_text()))
    on_white = [("ink", "paper"), ("muted", "paper"), ("muted", "sheet"), ("brand", "sheet"), ("good", "sheet")]
    pairs = [
        (colours[ink], colours[ground]) for ink, ground in [*on_white, ("ask-ink", "ask"), ("ask-ink", "ask-soft")]
    ]
    pairs += [("#ffffff", colours[flood]) for flood in ("good", "known", "bad", "human", "down")]
    assert [(pair, round(contrast(*pair), 2)) for pair in pairs if contrast(*pair) < 4.5] == []
