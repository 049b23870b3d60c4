"""The pages' words, in English in the code and in Indonesian in `translations/id/`, a catalogue an area."""

from __future__ import annotations

import gettext
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `id` or `en`, compiled in memory once a process: no build step, no compiled file that could be stale."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue(language: str) -> Catalog:
    """The catalogues of all areas as one.

    Raises ValueError for a text that two of them translate differently, and for a head that counts plurals differently.
    """
    areas = sorted((files("collector.web") / "translations" / language).iterdir(), key=lambda each: each.name)
    whole, *others = [_read(area, language) for area in areas]
    for other, area in zip(others, areas[1:], strict=True):
        if other.plural_forms != whole.plural_forms:
            raise ValueError(
                f"{area.name}: Plural-Forms is {other.plural_forms}, elsewhere {whole.plural_forms}: copy the head"
            )
        for message in other:
            _add(whole, message, area.name)
    return whole


def _read(area: Traversable, language: str) -> Catalog:
    with area.open("rb") as source:
        return read_po(source, locale=language)


def _add(whole: Catalog, message: Message, area: str) -> None:
    known = whole.get(message.id) if message.id else None
    if known is not None and known.string != message.string:
        raise ValueError(
            f"{area} translates {message.id!r} as {message.string!r}, another as {known.string!r}: choose one"
        )
    if message.id:
        whole[message.id] = message


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate this later"
    """Mark a text for translation without translating it."""
    return text
