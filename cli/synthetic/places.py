"""The units of the invented regency."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice, zip_longest
from random import Random

from cli.synthetic.gazetteer import BAGIAN, KECAMATAN, OPD, SEAT

LEAST = len(OPD) + len(KECAMATAN)
"""OPD and kecamatan are always there."""

BOUNDS = ((-8.3496, -7.9013), (112.8996, 113.3786))
"""Latitudes and longitudes of the regency."""


@dataclass(frozen=True, slots=True)
class Site:
    """A unit. `weight`: its share of the people."""

    code: str
    name: str
    kind: str
    parent: str | None
    lat: float
    lon: float
    weight: float


def sites(chance: Random, units: int) -> list[Site]:
    """So many units, parents before children. Raises ValueError for fewer than `LEAST`."""
    if units < LEAST:
        raise ValueError(f"--units {units}: OPD and kecamatan alone are {LEAST}; ask for at least as many")
    below = units - LEAST
    shared = [*islice(_shared(chance), below // 2)]
    return [*_offices(chance), *shared, *islice(_schools(chance), below - len(shared))]


def _offices(chance: Random) -> Iterator[Site]:
    for code, name, weight in OPD:
        yield Site(code, name, "opd", None, *_near(chance, SEAT, 0.012), weight)
    for name, (lat, lon, _) in KECAMATAN.items():
        yield Site(f"KEC-{_code(name)}", f"Kecamatan {name}", "kecamatan", None, *_near(chance, (lat, lon), 0.004), 26)


def _shared(chance: Random) -> Iterator[Site]:
    """Bagian of the secretariat, puskesmas and education offices of the kecamatan, in turn."""
    bagian = (
        Site(f"BAG-{_code(n)}", f"Bagian {n}", "bagian", "SETDA", *_near(chance, SEAT, 0.001), 20) for n in BAGIAN
    )
    health = (_upt(chance, f"Puskesmas {name}", "DINKES", name) for name in KECAMATAN)
    teaching = (_upt(chance, f"UPT Pendidikan {name}", "DISDIKBUD", name) for name in KECAMATAN)
    for several in zip_longest(bagian, health, teaching):
        yield from filter(None, several)


def _upt(chance: Random, name: str, parent: str, kecamatan: str) -> Site:
    lat, lon, _ = KECAMATAN[kecamatan]
    weight = 44 if parent == "DINKES" else 12
    return Site(_code(name), name, "upt", parent, *_near(chance, (lat, lon), 0.006), weight)


def _schools(chance: Random) -> Iterator[Site]:
    """Schools village by village, an SMP after those of a kecamatan; round after round, without end."""
    for number in count(1):
        for kecamatan, (lat, lon, villages) in KECAMATAN.items():
            for village in villages:
                where = _near(chance, (lat, lon), 0.02)
                school = f"SDN {village} {number:02}"
                yield Site(_code(school), school, "school", "DISDIKBUD", *where, chance.uniform(7, 17))
            school = f"SMPN {number} {kecamatan}"
            yield Site(_code(school), school, "school", "DISDIKBUD", *_near(chance, (lat, lon), 0.02), 30)


def _near(chance: Random, spot: tuple[float, float], degrees: float) -> tuple[float, float]:
    """A place about there, inside the regency."""
    lat, lon = (
        min(max(round(middle + chance.uniform(-degrees, degrees), 6), low), high)
        for middle, (low, high) in zip(spot, BOUNDS, strict=True)
    )
    return lat, lon


def _code(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")
