"""Which language a page speaks, and how it writes times and numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, Response, g, request

from collector.settings import Web
from collector.web.words import LANGUAGES, translations

COOKIE = "language"
YEAR_S = 365 * 86_400


def speak(app: Flask, settings: Web) -> None:
    """Indonesian or English by `?lang=`, then by cookie, then by setting; times in the setting's zone."""
    catalogues = {language: translations(language) for language in LANGUAGES}

    def choose() -> None:
        wanted = (request.args.get("lang"), request.cookies.get(COOKIE))
        g.language = next((one for one in wanted if one in LANGUAGES), settings.language)

    def remember(response: Response) -> Response:
        wanted = request.args.get("lang")
        if wanted and wanted == g.get("language"):  # not set when the request was refused before
            response.set_cookie(COOKIE, g.language, max_age=YEAR_S, httponly=True, samesite="Lax")
        return response

    def gettext(text: str) -> str:
        return catalogues[g.language].gettext(text)

    def ngettext(one: str, many: str, count: int) -> str:
        return catalogues[g.language].ngettext(one, many, count)

    app.before_request(choose)
    app.after_request(remember)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(_filters(ZoneInfo(settings.timezone)))


def _filters(zone: ZoneInfo) -> dict[str, Callable[..., str]]:
    def clock(moment: datetime | None, seconds: bool = False) -> str:
        return moment.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M") if moment else "—"

    def day(moment: date | datetime, pattern: str = "EEEE, d MMMM y") -> str:
        local = moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
        return str(format_date(local, pattern, locale=g.language))

    def moment(value: datetime | None) -> str:
        return f"{day(value, 'd MMM')} {clock(value)}" if value else "—"

    def amount(number: int) -> str:
        return _amount(number, g.language)

    return {"amount": amount, "clock": clock, "day": day, "moment": moment, "masked": masked}


@lru_cache(maxsize=20_000)
def _amount(number: int, language: str) -> str:
    """A table of units says the same few numbers hundreds of times."""
    return str(format_decimal(number, locale=language))


def masked(number: str | None) -> str:
    """A NIP without the birth date it begins with: its last four digits."""
    return f"•••• {number[-4:] if len(number) > 8 else ''}".strip() if number else "—"
