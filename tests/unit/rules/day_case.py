"""Reads `tests/fixtures/day_cases.md`: one row of the officer's table becomes a person, evidence and an expectation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from collector.rules import evidence as ev
from collector.rules.codes import Code
from collector.rules.hours import WIB, Turn
from collector.rules.ready import perpres_ramadan
from collector.rules.rulebook import Holiday, Rulebook
from collector.rules.ruleset import Assembly, AssemblyKind, Measure, Seconds
from tests.unit.rules.scene import ELSEWHERE, PUBLISHED, UNIT, WHO, complete, look, moment, rulebook, standing

TABLE = Path(__file__).parents[2] / "fixtures" / "day_cases.md"
COLUMNS = 13

UPACARA = Assembly(name="upacara", kind=AssemblyKind.UPACARA, opens=time(6, 30), closes=time(8), on=date(2026, 8, 17))
MIDDAY = Assembly(name="tengah hari", kind=AssemblyKind.MIDDAY, opens=time(11, 30), closes=time(13))

BOOKS: dict[str, Callable[[tuple[Holiday, ...]], Rulebook]] = {
    "baku": lambda own: rulebook(overrides=own),
    "detik dihitung": lambda own: rulebook(standing(measure=Measure(seconds=Seconds.COUNTED)), own),
    "toleransi 15": lambda own: rulebook(standing(measure=Measure(tolerance=15)), own),
    "toleransi 15 dari batas": lambda own: rulebook(standing(measure=Measure(tolerance=15, from_start=False)), own),
    "upacara": lambda own: rulebook(standing(assemblies=(*standing().assemblies, UPACARA)), own),
    "tengah hari": lambda own: rulebook(standing(assemblies=(MIDDAY,)), own),
    "Ramadan Perpres": lambda own: Rulebook(
        [standing(), perpres_ramadan(1447, date(2026, 2, 19), date(2026, 3, 20))], PUBLISHED, own
    ),
}
STATES = {"final": "final", "terbuka": "open", "tinjau": "review"}
CAUSES = {
    "gangguan": ev.Cause.OUTAGE,
    "wajah belum terkirim": ev.Cause.ROSTER_LATE,
    "wajah orang lain belum terkirim": ev.Cause.ROSTER_LATE,
    "pendaftaran gagal": ev.Cause.NOT_ENROLLED,
}
MANUAL = {
    "alat rusak": ev.ManualWhy.DEVICE_BROKEN,
    "belum terdaftar": ev.ManualWhy.NOT_ENROLLED,
    "tidak ada alat": ev.ManualWhy.NO_DEVICE,
    "bencana": ev.ManualWhy.DISASTER,
}
RULINGS = {
    "tinjauan: diterima": ev.Effect.ACCEPT,
    "tinjauan: tidak diterima": ev.Effect.UPHOLD,
    "putusan: masuk dimaafkan": ev.Effect.EXCUSE_IN,
    "putusan: pulang dimaafkan": ev.Effect.EXCUSE_OUT,
    "putusan: apel dimaafkan": ev.Effect.EXCUSE_ASSEMBLY,
    "putusan: hari dimaafkan": ev.Effect.EXCUSE_DAY,
}


@dataclass
class Case:
    """One row, read."""

    number: str
    person: ev.Person
    day: date
    hours: str
    codes: tuple[Code, ...]
    late: int
    early: int
    percent: Decimal
    state: str
    why: str
    evidence: ev.Evidence
    overrides: list[Holiday] = field(default_factory=list)
    rules: str = "baku"

    @property
    def book(self) -> Rulebook:
        return BOOKS[self.rules](tuple(self.overrides))


def read_cases() -> list[Case]:
    rows = [
        line.split("|")[1:-1] for line in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"\| *\d", line)
    ]
    return [_case([cell.strip() for cell in row]) for row in rows]


def _case(cells: list[str]) -> Case:
    if len(cells) != COLUMNS:
        raise ValueError(f"row {cells[0]}: {len(cells)} cells, {COLUMNS} are wanted")
    number, who, day, hours, rules, looks, facts, codes, late, early, percent, state, why = cells
    on = datetime.strptime(day, "%d-%m-%Y").replace(tzinfo=WIB).date()
    case = Case(
        number=number,
        person=WHO[who],
        day=on,
        hours=hours,
        codes=() if codes == "-" else tuple(Code(code) for code in codes.split()),
        late=int(late),
        early=int(early),
        percent=Decimal(percent),
        state=STATES[state],
        why=why,
        evidence=ev.Evidence(looks=_looks(on, looks), kiosks=(complete(on, "A"),)),
        rules=rules,
    )
    for fact in filter(None, (part.strip() for part in facts.split(";"))):
        _tell(case, fact)
    return case


def _looks(day: date, cell: str) -> tuple[ev.Look, ...]:
    return tuple(_look(day, text.strip(), number) for number, text in enumerate(cell.split(","), 1) if text.strip())


def _look(day: date, text: str, number: int) -> ev.Look:
    doubtful = re.fullmatch(r"(\S+)\?\[(\S+)\.\.(\S+)\]", text)
    if doubtful:
        at, earliest, latest = (moment(day, clock) for clock in doubtful.groups())
        when = ev.Moment(at=at, earliest=earliest, latest=latest, basis=ev.Basis.UNKNOWN)
        return replace(look(at, number, kiosk="A"), when=when)
    clock, _, method = text.partition(" ")
    return look(moment(day, clock), number, kiosk="A", method=ev.Method.PIN if method == "PIN" else ev.Method.FACE)


def _tell(case: Case, fact: str) -> None:
    """Add one circumstance to the case; a phrase that is not known is an error of the table."""
    for pattern, add in PHRASES:
        found = re.fullmatch(pattern, fact)
        if found:
            add(case, *found.groups())
            return
    raise ValueError(f"row {case.number}: nobody knows what {fact!r} means")


def _more(case: Case, **parts: object) -> None:
    for name, part in parts.items():
        case.evidence = replace(case.evidence, **{name: (*getattr(case.evidence, name), part)})  # type: ignore[arg-type]


def _outage(case: Case, what: str, kiosk: str, since: str, until: str) -> None:
    affected = {"gangguan": None, "wajah orang lain belum terkirim": "somebody-else"}.get(what, case.person.id)
    _more(
        case,
        outages=ev.Outage(
            kiosk=kiosk,
            since=moment(case.day, since),
            until=moment(case.day, until),
            cause=CAUSES[what],
            person=affected,
        ),
    )


def _kiosk(case: Case, kiosk: str, elsewhere: str | None) -> None:
    _more(case, kiosks=replace(complete(case.day, kiosk), at_place=not elsewhere))


def _watermark(case: Case, kiosk: str, how: str, clock: str) -> None:
    kiosks = tuple(
        replace(state, complete_until=moment(case.day, clock), finished=how == "selesai sejak")
        if state.kiosk == kiosk
        else state
        for state in case.evidence.kiosks
    )
    case.evidence = replace(case.evidence, kiosks=kiosks)


def _permit(case: Case, code: str, hours: tuple[time, time] | None = None) -> None:
    _more(
        case,
        permits=ev.Permit(
            person=case.person.id, code=Code(code), since=case.day, until=case.day, letter=f"800/{code}", hours=hours
        ),
    )


def _turn(case: Case, shift: str | None, off: Code = Code.LB) -> None:
    case.person = replace(case.person, rota=(Turn(day=case.day, shift=shift, off=off),))


def _ruling(case: Case, effect: ev.Effect, record: str = "") -> None:
    _more(case, rulings=ev.Ruling(person=case.person.id, day=case.day, effect=effect, entry="S-1", record=record))


def _disaster(case: Case, elsewhere: str | None) -> None:
    since, until = moment(case.day, "03:00"), moment(case.day, "+03:00")
    _more(case, disasters=ev.Disaster(unit=ELSEWHERE if elsewhere else UNIT, since=since, until=until, name="Semeru"))


def _decree(case: Case, what: str) -> None:
    unit = ELSEWHERE if what == "libur unit lain" else UNIT
    case.overrides.append(
        Holiday(day=case.day, name=what, decree="188.45/1/2026", units=(unit,), works=what == "tetap masuk")
    )


PHRASES: tuple[tuple[str, Callable[..., None]], ...] = (
    (rf"({'|'.join(CAUSES)}) (\w) (\S+?)-(\S+)", _outage),
    (r"kiosk (\w)( tempat lain)?", _kiosk),
    (r"(\w) (lengkap sampai|selesai sejak) (\S+)", _watermark),
    (r"tanpa kiosk", lambda case: setattr(case, "evidence", replace(case.evidence, kiosks=()))),
    (r"surat (\w+)", _permit),
    (
        r"izin (\S+)-(\S+)",
        lambda case, since, until: _permit(case, "I", (time.fromisoformat(since), time.fromisoformat(until))),
    ),
    (r"jaga (\w+)", _turn),
    (r"lepas jaga", lambda case: _turn(case, None, Code.LJ)),
    (r"libur jaga", lambda case: _turn(case, None)),
    (r"jam sendiri belum diisi", lambda case: setattr(case, "person", replace(case.person, own_hours=()))),
    (r"bencana( unit lain)?", _disaster),
    (r"keputusan: (tetap masuk|libur daerah|libur unit lain)", _decree),
    (
        r"jaminan PIN",
        lambda case: _more(
            case, guarantees=ev.Guarantee(person=case.person.id, since=case.day, until=None, letter="800/1")
        ),
    ),
    (
        r"manual (\S+) (.+)",
        lambda case, clock, why: _more(
            case,
            manuals=ev.Manual(
                person=case.person.id, at=moment(case.day, clock), why=MANUAL[why], list=f"manual/{clock}"
            ),
        ),
    ),
    (
        r"putusan: presensi (\d+) bukan pegawai ini",
        lambda case, number: _ruling(case, ev.Effect.STRIKE_LOOK, f"A/c/{number}"),
    ),
    (rf"({'|'.join(RULINGS)})", lambda case, text: _ruling(case, RULINGS[text])),
)
