"""The people of the invented regency: names, numbers that can be NIPs, and where they work since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from cli.synthetic import gazetteer
from cli.synthetic.places import Site
from collector.people.numbers import Status

Mix = dict[Status, int]

OFFICE: Mix = {Status.PNS: 60, Status.PPPK: 12, Status.PPPK_PART_TIME: 3, Status.HONORARY: 25}
SCHOOL: Mix = {Status.PNS: 48, Status.PPPK: 18, Status.PPPK_PART_TIME: 4, Status.HONORARY_TEACHER: 30}
"""Of a hundred people, how many serve so."""
LAST_START = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Employee:
    """`number`: NIP or NI PPPK, else None; `internal`: of those without one. `unit`: index into the sites."""

    id: str
    name: str
    status: Status
    number: str | None
    internal: str | None
    unit: int
    since: date


def staff(chance: Random, sites: Sequence[Site], people: int) -> list[Employee]:
    """So many people over the sites, by their weights; every site that has a weight has somebody."""
    taken: set[str] = set()
    units = [unit for unit, size in enumerate(_sizes(sites, people)) for _ in range(size)]
    return [_employee(chance, sites[unit], unit, number, taken) for number, unit in enumerate(units)]


def _sizes(sites: Sequence[Site], people: int) -> list[int]:
    """Shares of `people` by weight, by largest remainder."""
    whole = sum(site.weight for site in sites)
    exact = [people * site.weight / whole for site in sites]
    sizes = [int(share) for share in exact]
    order = sorted(range(len(sites)), key=lambda n: (sizes[n] > 0, sizes[n] - exact[n], n))
    for n in [each for each in order if sites[each].weight][: people - sum(sizes)]:
        sizes[n] += 1
    return sizes


def _employee(chance: Random, site: Site, unit: int, number: int, taken: set[str]) -> Employee:
    mix = SCHOOL if site.kind == "school" else OFFICE
    status = chance.choices(list(mix), list(mix.values()))[0]
    woman = chance.random() < 0.5
    born = date(1967, 1, 1) + timedelta(days=chance.randrange(365 * 36))
    since = _start(chance, status, born)
    civil = _number(chance, status, born, since, woman, taken) if status.numbered else None
    return Employee(
        id=f"{chance.getrandbits(64):016x}",
        name=_name(chance, woman),
        status=status,
        number=civil,
        internal=None if civil else f"THL-{number:05}",
        unit=unit,
        since=since,
    )


def _start(chance: Random, status: Status, born: date) -> date:
    """First of a month at 20 to 34 years of age; contracts of the PPPK kind exist since 2021."""
    year = born.year + chance.randint(20, 34)
    if status in (Status.PPPK, Status.PPPK_PART_TIME):
        year = max(year, chance.randint(2021, 2024))
    return min(date(year, chance.randint(1, 12), 1), LAST_START)


def _number(  # noqa: PLR0913, PLR0917 - what a NIP is made of
    chance: Random, status: Status, born: date, since: date, woman: bool, taken: set[str]
) -> str:
    """A number that keeps every rule of `collector.people.numbers`, and that nobody has yet."""
    tail = f"{since.month:02}" if status is Status.PNS else str(chance.randint(21, 25))
    head = f"{born:%Y%m%d}{since.year}{tail}{2 if woman else 1}"
    sequence = chance.randint(1, 9)
    while f"{head}{sequence:03}" in taken:
        sequence += 1
    taken.add(f"{head}{sequence:03}")
    return f"{head}{sequence:03}"


def _name(chance: Random, woman: bool) -> str:
    first = chance.choice(gazetteer.WOMEN if woman else gazetteer.MEN)
    last = chance.choice(gazetteer.LAST_WOMEN if woman else gazetteer.LAST_MEN)
    words = " ".join(filter(None, (first, chance.choice(gazetteer.MIDDLE), last)))
    title = chance.choice(gazetteer.TITLES)
    return f"{words}, {title}" if title else words
