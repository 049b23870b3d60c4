"""Enrolling one person from uploaded photos: what is wrong with each, whom the face resembles, and what is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from collector import audit
from collector.audit.chain import Detail
from collector.errors import ChangeError
from collector.people import faces
from collector.people.faces import LookAlike, Portrait, Refused
from collector.settings import Rosters
from collector.store.people import Chip, EnrolmentNote, Person, Template
from collector.vault import Vault
from collector.violating.ghosts import note_ghosts
from models.engine import Engine, open_engine
from models.manifest import Card

NOTICE = "uu27-2022/1"
"""Version of the text of information that a person is given before a photo is taken."""

MOST_PHOTOS = 10
ENROLLED, REFUSED, REMOVED = "enrolled", "refused", "removed"


@dataclass(frozen=True, slots=True, eq=False)
class Studied:
    """What the photos gave: a portrait where they are good enough, and every photo that was not used, with its reason."""

    card: Card
    portrait: Portrait | None
    refused: tuple[Refused, ...]
    used: int


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who enrols, when, and why a resemblance is accepted (empty: it is not)."""

    by: str
    at: datetime
    why: str = ""


class Studio:
    """The recognition engine of the pages, opened at the first photo; one person is studied at a time."""

    def __init__(self, settings: Rosters) -> None:
        self._settings = settings
        self._lock = Lock()
        self._engine: Engine | None = None

    def study(self, photos: Sequence[tuple[str, bytes]]) -> Studied:
        """Look at photos (name, bytes) of one person; about 50 ms each. Raises ModelsError where weights are missing."""
        with self._lock, tempfile.TemporaryDirectory(prefix="siperlu-enrol-") as folder:
            if self._engine is None:
                self._engine = open_engine(self._settings.weights, embedder=self._settings.embedder)
            paths = {self._put(Path(folder), place, raw): name for place, (name, raw) in enumerate(photos)}
            study = faces.study({"": list(paths)}, self._engine)
        names = {f"/{path.name}": name for path, name in paths.items()}
        refused = tuple(Refused(names.get(one.path, ""), one.reason) for one in study.refused)
        portrait = study.portraits[0] if study.portraits else None
        return Studied(study.card, portrait, refused, len(portrait.chips) if portrait else 0)

    @staticmethod
    def _put(folder: Path, place: int, raw: bytes) -> Path:
        """Under a name of ours: what the sender called it is only shown."""
        path = folder / f"{place:03}"
        path.write_bytes(raw)
        return path


def enrol(session: Session, vault: Vault, person: str, studied: Studied, clerk: Clerk) -> tuple[LookAlike, ...]:
    """Keep the portrait in place of what was there; or, where it resembles others and no reason is given, keep nothing and
    tell whom. Raises ChangeError without a portrait or a person."""
    if session.get(Person, person) is None:
        raise ChangeError("person", f"nobody has the id {person!r}")
    if studied.portrait is None:
        raise ChangeError("photos", "no photo that can be used")
    alike = faces.resembling(session, person, studied.portrait.template, studied.card, vault)
    if alike and not clerk.why.strip():
        _note(session, person, clerk, REFUSED, 0, f"resembles {', '.join(pair.other for pair in alike[:5])}")
        audit.note(
            session, clerk.by, "face.refused", person, {"resembles": [pair.other for pair in alike[:5]]}, clerk.at
        )
        return alike
    faces.write(session, {person: studied.portrait}, studied.card, vault)
    note_ghosts(session, [(pair.person, pair.other, pair.cosine) for pair in alike], clerk.at)
    _note(session, person, clerk, ENROLLED, studied.used, clerk.why)
    detail: Detail = {
        "photos": studied.used,
        "model": studied.card.tag,
        "resembles": [pair.other for pair in alike[:5]],
    }
    audit.note(session, clerk.by, "face.enrolled", person, detail, clerk.at)
    return ()


def remove(session: Session, person: str, clerk: Clerk) -> bool:
    """Take a face away: templates and pictures; every roster forgets it. Whether there was one."""
    held = session.scalar(select(Template.person).where(Template.person == person).limit(1)) is not None
    for table in (Template, Chip):
        session.execute(delete(table).where(table.person == person))
    if held:
        _note(session, person, clerk, REMOVED, 0, clerk.why)
        audit.note(session, clerk.by, "face.removed", person, {"why": clerk.why[:200]}, clerk.at)
    return held


def _note(session: Session, person: str, clerk: Clerk, what: str, photos: int, why: str) -> None:  # noqa: PLR0913, PLR0917
    row = {
        "person": person,
        "at": clerk.at,
        "by": clerk.by,
        "what": what,
        "photos": photos,
        "notice": NOTICE,
        "why": why,
    }
    session.execute(insert(EnrolmentNote).values(row))
