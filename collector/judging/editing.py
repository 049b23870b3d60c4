"""The usual edits of a rule set as a flat form: what a field is called, what it says now, and the rule set that it makes. Pure.

`since`, `until`, `title`, `decree`; `week.<pattern>.<weekday>.start|end|break`; `shift.<pattern>.<shift>.start|end|break`;
`window.in_opens|in_closes|out_opens|out_closes`; `tolerance`, `from_start`, `seconds`, `band.0..2`; `assembly.<n>.opens|closes`;
`tpp.<code>`, `tpp.base|share|cap`. What a form does not name, such as the ladder, goes over as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from collector.rules.codes import EARLY, LATE, Code
from collector.rules.hours import Hours, Pattern, Rota, SevenDays, Shift, Week, Windows
from collector.rules.ruleset import Assembly, Measure, RuleSet, Seconds, TppBase, TppTable

PRICED = (*LATE, *EARLY, Code.TA, Code.TK)
WINDOWS = ("in_opens", "in_closes", "out_opens", "out_closes")
LONGEST_TEXT = 200
MOST_MINUTES = 1440
YES = "yes"


class Wrong(StrEnum):
    """What can be wrong with a field."""

    TIME = "time"  # no time HH:MM, or one of the two without the other
    DATE = "date"
    ORDER = "order"  # an end before its beginning, bands that do not rise
    NUMBER = "number"  # no number, or none within its range
    MISSING = "missing"
    CHOICE = "choice"


class EditError(ValueError):
    """Fields that say nothing possible, by name."""

    def __init__(self, wrong: Mapping[str, Wrong]) -> None:
        self.wrong = dict(wrong)
        super().__init__(", ".join(f"{name}: {what}" for name, what in wrong.items()))


def fields(rules: RuleSet) -> dict[str, str]:
    """What each field says of a rule set as it is."""
    measure, tpp = rules.measure, rules.tpp
    said = {
        "title": rules.title,
        "decree": rules.decree,
        "since": str(rules.since),
        "until": str(rules.until or ""),
        "tolerance": str(measure.tolerance),
        "from_start": YES if measure.from_start else "",
        "seconds": measure.seconds.value,
        "tpp.base": tpp.base.value,
        "tpp.share": _plain(tpp.discipline_share * 100),
        "tpp.cap": _plain(tpp.cap),
    }
    said |= {f"band.{place}": str(minute) for place, minute in enumerate(measure.bands)}
    said |= {f"window.{name}": _or_empty(getattr(rules.windows, name)) for name in WINDOWS}
    table = dict(tpp.percent)
    said |= {f"tpp.{code}": _plain(table.get(code, Decimal(0))) for code in PRICED}
    for number, assembly in enumerate(rules.assemblies):
        said |= {
            f"assembly.{number}.opens": _clock(assembly.opens),
            f"assembly.{number}.closes": _clock(assembly.closes),
        }
    for pattern in rules.patterns:
        said |= _pattern_fields(pattern)
    return said


def edited(rules: RuleSet, said: Mapping[str, str], version: int) -> RuleSet:
    """The rule set that a form makes of another, as this version. Raises EditError with every field that is wrong."""
    form = _Form(said)
    since, until = form.day("since"), form.day("until", empty=True)
    if since and until and until < since:
        form.wrong["until"] = Wrong.ORDER
    change = replace(
        rules,
        version=version,
        title=form.text("title"),
        decree=form.text("decree"),
        since=since or rules.since,
        until=until,
        patterns=tuple(_pattern(form, each) for each in rules.patterns),
        windows=_windows(form, rules.windows),
        measure=_measure(form, rules.measure),
        assemblies=tuple(_assembly(form, number, each) for number, each in enumerate(rules.assemblies)),
        tpp=_tpp(form, rules.tpp),
    )
    if form.wrong:
        raise EditError(form.wrong)
    return change


@dataclass(slots=True)
class _Form:
    """Reads fields and collects what is wrong."""

    said: Mapping[str, str]
    wrong: dict[str, Wrong] = field(default_factory=dict)

    def text(self, name: str) -> str:
        words = self.said.get(name, "").strip()
        if not words or len(words) > LONGEST_TEXT:
            self.wrong[name] = Wrong.MISSING
        return words

    def day(self, name: str, *, empty: bool = False) -> date | None:
        words = self.said.get(name, "").strip()
        if not words and empty:
            return None
        try:
            return date.fromisoformat(words)
        except ValueError:
            self.wrong[name] = Wrong.DATE
            return None

    def clock(self, name: str) -> time | None:
        """A time of day; None where the field is empty."""
        words = self.said.get(name, "").strip()
        try:
            return time.fromisoformat(words).replace(tzinfo=None) if words else None
        except ValueError:
            self.wrong[name] = Wrong.TIME
            return None

    def minutes(self, name: str, usual: int | None) -> int | None:
        """Whole minutes of at most a day; what the field is not named for stays."""
        words = self.said.get(name)
        if words is None:
            return usual
        if not words.strip():
            return None
        if words.strip().isdecimal() and words.isascii() and len(words) < 6 and int(words) <= MOST_MINUTES:
            return int(words)
        self.wrong[name] = Wrong.NUMBER
        return usual

    def percent(self, name: str, usual: Decimal) -> Decimal:
        """0 to 100, a comma or a dot before at most three more digits."""
        words = self.said.get(name)
        if words is None:
            return usual
        try:
            number = Decimal(words.strip().replace(",", "."))
        except InvalidOperation:
            number = Decimal(-1)
        if not number.is_finite() or not 0 <= number <= 100 or number != round(number, 3):
            self.wrong[name] = Wrong.NUMBER
            return usual
        return number

    def hours(self, stem: str) -> Hours | None:
        """Hours of a day or shift; None where neither start nor end is given."""
        start, end = self.clock(f"{stem}.start"), self.clock(f"{stem}.end")
        if (start is None) != (end is None):
            self.wrong.setdefault(f"{stem}.{'start' if start is None else 'end'}", Wrong.TIME)
        pause = self.minutes(f"{stem}.break", 0) or 0
        return Hours(start=start, end=end, break_minutes=pause) if start is not None and end is not None else None


def _pattern_fields(pattern: Pattern) -> dict[str, str]:
    said: dict[str, str] = {}
    if isinstance(pattern, Week):
        for weekday, hours in enumerate(pattern.days):
            said |= _hours_fields(f"week.{pattern.name}.{weekday}", hours)
    elif isinstance(pattern, Rota):
        for shift in pattern.shifts:
            said |= _hours_fields(f"shift.{pattern.name}.{shift.name}", shift.hours)
    return said


def _hours_fields(stem: str, hours: Hours | None) -> dict[str, str]:
    if hours is None:
        return {f"{stem}.start": "", f"{stem}.end": "", f"{stem}.break": ""}
    return {
        f"{stem}.start": _clock(hours.start),
        f"{stem}.end": _clock(hours.end),
        f"{stem}.break": str(hours.break_minutes),
    }


def _pattern(form: _Form, pattern: Pattern) -> Pattern:
    if isinstance(pattern, Week):
        days = [form.hours(f"week.{pattern.name}.{weekday}") for weekday in range(7)]
        seven: SevenDays = (days[0], days[1], days[2], days[3], days[4], days[5], days[6])
        return replace(pattern, days=seven)
    if isinstance(pattern, Rota):
        return replace(pattern, shifts=tuple(_shift(form, pattern.name, shift) for shift in pattern.shifts))
    return pattern


def _shift(form: _Form, pattern: str, shift: Shift) -> Shift:
    stem = f"shift.{pattern}.{shift.name}"
    hours = form.hours(stem)
    if hours is None:
        form.wrong.setdefault(f"{stem}.start", Wrong.TIME)
    return replace(shift, hours=hours or shift.hours)


def _windows(form: _Form, windows: Windows) -> Windows:
    opens = form.minutes("window.in_opens", windows.in_opens)
    closes = form.minutes("window.out_closes", windows.out_closes)
    for name, value in (("window.in_opens", opens), ("window.out_closes", closes)):
        if value is None:
            form.wrong[name] = Wrong.NUMBER
    return Windows(
        in_opens=opens or 0,
        in_closes=form.minutes("window.in_closes", windows.in_closes),
        out_opens=form.minutes("window.out_opens", windows.out_opens),
        out_closes=closes or 0,
    )


def _measure(form: _Form, measure: Measure) -> Measure:
    tolerance = form.minutes("tolerance", measure.tolerance)
    bands = [form.minutes(f"band.{place}", usual) or 0 for place, usual in enumerate(measure.bands)]
    for place, (one, other) in enumerate(zip([1, *bands[:2]], bands, strict=True)):
        if other <= one:
            form.wrong.setdefault(f"band.{place}", Wrong.ORDER)
    seconds = form.said.get("seconds", measure.seconds.value)
    if seconds not in Seconds.__members__.values():
        form.wrong["seconds"] = Wrong.CHOICE
        seconds = measure.seconds.value
    return Measure(
        tolerance=tolerance or 0,
        from_start=form.said.get("from_start", "") == YES,
        seconds=Seconds(seconds),
        bands=(bands[0], bands[1], bands[2]),
    )


def _assembly(form: _Form, number: int, assembly: Assembly) -> Assembly:
    opens, closes = form.clock(f"assembly.{number}.opens"), form.clock(f"assembly.{number}.closes")
    if opens is None or closes is None:
        form.wrong.setdefault(f"assembly.{number}.opens", Wrong.TIME)
    elif closes <= opens:
        form.wrong[f"assembly.{number}.closes"] = Wrong.ORDER
    return replace(assembly, opens=opens or assembly.opens, closes=closes or assembly.closes)


def _tpp(form: _Form, tpp: TppTable) -> TppTable:
    before = dict(tpp.percent)
    priced = {code: form.percent(f"tpp.{code}", before.get(code, Decimal(0))) for code in PRICED}
    rest = {code: percent for code, percent in before.items() if code not in priced}
    base = form.said.get("tpp.base", tpp.base.value)
    if base not in TppBase.__members__.values():
        form.wrong["tpp.base"] = Wrong.CHOICE
        base = tpp.base.value
    return TppTable(
        percent=tuple((code, percent) for code, percent in {**priced, **rest}.items() if percent or code in before),
        base=TppBase(base),
        discipline_share=form.percent("tpp.share", tpp.discipline_share * 100) / 100,
        cap=form.percent("tpp.cap", tpp.cap),
    )


def _clock(moment: time) -> str:
    return moment.strftime("%H:%M")


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _or_empty(minutes: int | None) -> str:
    return "" if minutes is None else str(minutes)
