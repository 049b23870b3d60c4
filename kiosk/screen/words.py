"""The screen's words, in English in the code and in Indonesian in `translations/id.po`."""

from __future__ import annotations

import gettext
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate this later"
    """Mark a text for translation without translating it."""
    return text


def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `id` or `en`, compiled in memory: no build step, no compiled file that could be stale."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (files("kiosk.screen") / "translations" / f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
