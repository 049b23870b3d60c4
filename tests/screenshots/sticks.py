"""Sticks of the office's schools: one whose answer has not left, one that was never visited, and what came and went lately."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from collector.sticks import story
from collector.sticks.giving import Given
from collector.sticks.orders import Kind, State
from collector.sticks.sent import Refused, Why
from collector.sticks.story import Story
from collector.sticks.taking import Taken, TakenFile
from collector.store.people import Kiosk
from collector.store.sticks import StickOrder, StickVisit

DAY = timedelta(days=1)
CAME, GOES = "c" * 32, "e" * 32


def fill(session: Session, kiosks: Sequence[str], now: datetime) -> None:
    """What an officer would find on the morning after a round."""
    came, never, due = kiosks[3], kiosks[1], kiosks[4]
    session.execute(update(Kiosk).where(Kiosk.id.in_([came, never, due])).values(by_stick=True))
    visits = [(came, 2 / 24, 31), (due, 38, 37)]
    session.execute(
        insert(StickVisit),
        [{"kiosk": kiosk, "came_at": now - a * DAY, "went_at": now - b * DAY} for kiosk, a, b in visits],
    )
    records = TakenFile("records.txt", 1204, new=1196, again=6, left=0, set_aside=2, passed=1)
    rest = [("blobs.txt", 38, 38), ("replies.txt", 1, 0), ("status.txt", 1, 0)]
    files = (records, *(TakenFile(name, all_, new, 0, 0, 0, 0) for name, all_, new in rest))
    stranger = (TakenFile("records.txt", 12, new=0, again=0, left=0, set_aside=12, passed=0),)
    told = Story(
        taken=(Taken(came, files, 1204, now - DAY / 8), Taken("kiosk-lama", stranger, None, None)),
        strangers=("kiosk-lama",),
        refused=(Refused("SIPERLU/System Volume Information/WPSettings.dat", Why.OFF_LIST),),
        own=4,
    )
    gone = Story(given=(Given(came, 1, 43, 2), Given(due, 1, 0, 0)))
    rows = [
        (CAME, Kind.BRING, [came, "kiosk-lama"], State.DONE, told, 2 / 24, 1_412_380),
        (GOES, Kind.GIVE, [came, due], State.DONE, gone, 1 / 24, 214_016),
        ("d" * 32, Kind.GIVE, [never], State.WORKING, Story(), 0, 0),
    ]
    common = {"asked_by": "bkd-admin", "version": "", "error": "", "done": 0}
    session.execute(
        insert(StickOrder),
        [
            {
                "id": number,
                "kind": kind.value,
                "kiosks": json.dumps(whose),
                "state": state.value,
                "told": story.write(heard),
                "asked_at": now - ago * DAY,
                "finished_at": None if state is State.WORKING else now - ago * DAY,
                "size": size,
                **common,
            }
            for number, kind, whose, state, heard, ago, size in rows
        ],
    )
