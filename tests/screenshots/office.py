"""An office of invented people, for the pages' tests and pictures."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, inspect
from sqlalchemy.orm import Session

from collector.store.engine import open_engine
from collector.store.people import Assignment, Kiosk, Person, PublishedRoster, Template, Unit
from collector.store.records import Chain, Incident, KioskStatus, SetAside, StoredRecord
from tests.screenshots import machines, sticks
from tests.stores import copy_sqlite, lay_tables

ZONE = ZoneInfo("Asia/Jakarta")
TODAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 7, 41, 12, tzinfo=ZONE)
FIRST = [
    "Siti",
    "Budi",
    "Agus",
    "Dewi",
    "Rina",
    "Eko",
    "Sri",
    "Wahyu",
    "Nur",
    "Yuni",
    "Hendra",
    "Lestari",
    "Bambang",
    "Fitri",
    "Joko",
    "Ratna",
    "Dian",
    "Arif",
    "Maya",
    "Slamet",
]
LAST = [
    "Rahmawati",
    "Santoso",
    "Prasetyo",
    "Lestari",
    "Wulandari",
    "Hidayat",
    "Utami",
    "Nugroho",
    "Aisyah",
    "Setiawan",
    "Kurniawan",
    "Handayani",
]
TITLE = ("S.Pd.", "S.E.", "S.H.", "S.Kom.", "M.Si.", "A.Md.")
UNITS = (
    ("SETDA", "Sekretariat Daerah", None),
    ("UMUM", "Bagian Umum", "SETDA"),
    ("HUKUM", "Bagian Hukum", "SETDA"),
    ("BKD", "Badan Kepegawaian Daerah", None),
    ("DISDIK", "Dinas Pendidikan dan Kebudayaan", None),
    ("SDN1", "SD Negeri Tompokersan 01", "DISDIK"),
    ("SMPN1", "SMP Negeri 1 Lumajang", "DISDIK"),
    ("DINKES", "Dinas Kesehatan", None),
)
KIOSKS = (
    ("kiosk-umum", "UMUM"),
    ("kiosk-bkd", "BKD"),
    ("kiosk-sdn1", "SDN1"),
    ("kiosk-smpn1", "SMPN1"),
    ("kiosk-dinkes", "DINKES"),
)
BEHIND = "kiosk-sdn1"


def digest(*parts: object) -> str:
    """64 hexadecimal digits that stand for these parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def chain_of(kiosk: str) -> str:
    """The chain of an invented kiosk."""
    return digest(kiosk)[:43]


def local(hour: int, minute: int = 0, second: int = 0, day: date = TODAY) -> datetime:
    """A local moment."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZONE)


def name_of(number: int) -> str:
    """An invented name with its degree."""
    return f"{FIRST[number % len(FIRST)]} {LAST[(number * 7 // 3) % len(LAST)]}, {TITLE[number % len(TITLE)]}"


def record(kiosk: str, seq: int, at: datetime, **fields: object) -> dict[str, object]:
    """A record's row; a heartbeat unless a person is given."""
    kind = "check-in" if fields.get("person") else "heartbeat"
    return {
        "kiosk": kiosk,
        "chain": chain_of(kiosk),
        "seq": seq,
        "kind": kind,
        "at": at,
        "received_at": at,
        "digest": digest(kiosk, seq),
        "prev": digest(kiosk, seq - 1),
        "sealed": "",
        "boot": "b",
        "monotonic_ns": 0,
        "clock_source": "ntp",
        "clock_error_ms": 12,
        "person": None,
        "method": None,
        "score": None,
        "unit": None,
        **fields,
    }


def fill(engine: Engine, people: int = 148, present: float = 0.72) -> None:
    """Units, kiosks and `people` people, of whom a share was seen this morning; one kiosk is behind, with a gap.

    An empty SQLite database becomes a copy of one that is filled once a process.
    """
    if engine.dialect.name == "sqlite" and not inspect(engine).get_table_names():
        with closing(_filled(people, present).raw_connection()) as made:
            assert made.driver_connection is not None
            copy_sqlite(made.driver_connection, engine)
    else:
        _fill(engine, people, present)


def fill_at(url: str, people: int) -> None:
    """The same in a new database at this address, before anybody opens it."""
    engine = open_engine(url)
    fill(engine, people)
    engine.dispose()


@cache
def _filled(people: int, present: float) -> Engine:
    engine = open_engine("sqlite://")
    _fill(engine, people, present)
    return engine


def _fill(engine: Engine, people: int, present: float) -> None:
    lay_tables(engine)
    with Session(engine) as session:
        session.execute(insert(Unit), [{"code": code, "name": name, "parent": None} for code, name, _ in UNITS])
        session.flush()
        for code, _, parent in UNITS:
            session.get_one(Unit, code).parent = parent
        _people(session, people)
        session.execute(insert(Kiosk), [{"id": k, "unit": u, "registered_at": local(6)} for k, u in KIOSKS])
        session.flush()
        _records(session, people, present)
        _kiosk_facts(session)
        machines.fill(session, [kiosk for kiosk, _ in KIOSKS], NOW)
        sticks.fill(session, [kiosk for kiosk, _ in KIOSKS], NOW)
        session.commit()


def _people(session: Session, count: int) -> None:
    rows = [
        {
            "id": f"p{i:04}",
            "name": name_of(i),
            "status": ("pns", "pppk")[i % 3 == 0],
            "number": f"19{70 + i % 29}{1 + i % 12:02}{1 + i % 28:02}2010011{i % 1000:03}",
        }
        for i in range(count)
    ]
    session.execute(insert(Person), rows)
    places = [code for code, _, _ in UNITS if code != "SETDA"]
    day = date(2024, 1, 1)
    session.execute(
        insert(Assignment),
        [{"person": f"p{i:04}", "unit": places[i % len(places)], "from_day": day} for i in range(count)],
    )
    made = {"model": "dlib-1", "vector": b"", "photos": 3, "made_at": local(6)}
    session.execute(insert(Template), [{"person": f"p{i:04}", **made} for i in range(count) if i % 31 != 30])


def _records(session: Session, people: int, present: float) -> None:
    rows, heads = [], dict.fromkeys((kiosk for kiosk, _ in KIOSKS), 1)
    for kiosk, _ in KIOSKS:
        rows.append(record(kiosk, 1, local(4 if kiosk == BEHIND else 7)))
    looks = sorted(
        (local(6, 42) + timedelta(seconds=(i * 2654435761) % 3500), i)
        for i in range(people)
        if (i * 37) % 100 < 100 * present
    )
    for at, i in looks:
        kiosk, unit = KIOSKS[i % len(KIOSKS)]
        for again in range(1 + (i % 9 == 4)):
            heads[kiosk] += 1 + (kiosk == BEHIND and heads[kiosk] in {4, 9})
            seen = {"person": f"p{i:04}", "method": "face", "score": 0.71 + (i % 23) / 100, "unit": unit}
            rows.append(record(kiosk, heads[kiosk], at + again * timedelta(seconds=95), **seen))
    session.execute(insert(StoredRecord), rows)
    chains = [
        {
            "kiosk": kiosk,
            "chain": chain_of(kiosk),
            "seen": seq,
            "upto": 4 if kiosk == BEHIND else seq,
            "complete_at": local(4 if kiosk == BEHIND else 7),
            "first_at": local(4),
        }
        for kiosk, seq in heads.items()
    ]
    session.execute(insert(Chain), chains)


def _kiosk_facts(session: Session) -> None:
    for number, (kiosk, _) in enumerate(KIOSKS):
        behind = kiosk == BEHIND
        health = {"online": kiosk != "kiosk-smpn1", "version": "0.1.0", "state": "idle", "backlog": 41 if behind else 0}
        health |= {"temperature_c": 51.5, "disk_free_mib": 21874, "roster_version": 6 if behind else 7}
        health |= {
            "board": "Raspberry Pi 4 Model B Rev 1.4",
            "system": "Debian GNU/Linux 12 (bookworm)",
            "throttled": "",
        }
        health |= {"certificate_until": NOW + timedelta(days=300), "last_frame_at": NOW - timedelta(seconds=20)}
        at = NOW - timedelta(seconds=17 * number + 4)
        session.add(KioskStatus(kiosk=kiosk, at=at, received_at=at, last_seq=0, **health))
        session.add(PublishedRoster(kiosk=kiosk, version=7, at=local(6), sealed=""))
    chain = chain_of("kiosk-dinkes")
    session.add(Incident(kiosk="kiosk-dinkes", chain=chain, seq=3, kind="fork", digest=digest("i"), at=local(7, 2)))
    aside = {"topic": "t", "reason": "contract", "detail": "", "raw": b"", "first_at": local(7), "last_at": local(7)}
    session.add(SetAside(kiosk="kiosk-dinkes", chain=chain, seq=None, digest=digest("s"), **aside))
