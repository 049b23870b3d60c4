"""Imports as things of their own: uploaded, looked at, applied, listed, and undone as a whole while nothing stands on them."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import SheetError, UndoError
from collector.judging.marks import touch
from collector.people import importing, sheet
from collector.people.importing import Preview
from collector.people.register import read_people, read_units
from collector.people.sealing import nik_name, upload_name
from collector.people.sheet import Sheet
from collector.people.states import PERSON, UNIT, PersonState, UnitState, marks_of
from collector.people.units import marks_of_unit
from collector.store.people import PeopleImport, PeopleImportChange, Person
from collector.vault import Vault

STAGED, APPLIED, UNDONE, DROPPED = "staged", "applied", "undone", "dropped"
KEPT_STAGED = timedelta(hours=24)
"""So long an uploaded file waits for a decision."""
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """An import as the history shows it. `counts`: rows by what became of them."""

    id: str
    kind: str
    file: str
    state: str
    by: str
    at: datetime
    counts: Mapping[str, int]
    with_nik: bool
    undone_by: str | None
    undone_at: datetime | None
    undone_why: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Which file it is, and who imports it. `with_nik`: whether the column NIK is read."""

    file: str
    digest: str
    by: str
    with_nik: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What applying an import needs. `vault`: for the NIK, where asked for; `ident`: of the staged file, None makes a new
    import."""

    origin: Origin
    vault: Vault | None
    today: date
    now: datetime
    ident: str | None = None


def stage(session: Session, vault: Vault, raw: bytes, origin: Origin, now: datetime) -> str:
    """Keep an uploaded file, sealed, until it is decided about; its id. Raises SheetError when it is no table.

    Files that have waited for a day are let go.
    """
    kind = importing.kind_of(sheet.read(raw, origin.file))
    old = (PeopleImport.state == STAGED) & (PeopleImport.at < now - KEPT_STAGED)
    session.execute(update(PeopleImport).where(old).values(state=DROPPED, content=None))
    ident = secrets.token_hex(8)
    row = _row(kind, STAGED, origin, {}, now)
    session.execute(insert(PeopleImport).values(id=ident, **row, content=vault.seal(raw, upload_name(ident))))
    audit.note(session, origin.by, "import.uploaded", ident, {"file_sha256": origin.digest}, now)
    return ident


def staged(session: Session, vault: Vault, ident: str) -> tuple[Sheet, Origin]:
    """The file that waits. Raises SheetError when none does: it was decided about, or let go."""
    row = session.get(PeopleImport, ident)
    if row is None or row.state != STAGED or row.content is None:
        raise SheetError("this import does not wait any more; upload the file again")
    raw = vault.unseal(row.content, upload_name(ident))
    return sheet.read(raw, row.file), Origin(row.file, row.digest, row.by, row.with_nik)


def origin_of(raw: bytes, file: str, by: str, *, with_nik: bool = False) -> Origin:
    """A file by its name without its folder, and its SHA-256."""
    name = " ".join(file.replace("\\", "/").rpartition("/")[2].split()) or "tanpa nama"
    return Origin(name[:LONGEST_NAME], hashlib.sha256(raw).hexdigest(), by, with_nik)


def apply(session: Session, found: Preview, work: Work) -> str:
    """Write the good rows of a preview made in the same transaction, and what they changed; the import's id.

    The days they touch are judged again.
    """
    subjects = [_subject(item.after) for item in found.plan.items if item.effect != "same"]
    before = _states(session, found.kind, subjects)
    importing.apply(session, found, work.today)
    _keep_niks(session, found, work.vault)
    session.flush()
    session.expire_all()
    after = _states(session, found.kind, subjects)
    ident = _record(session, found, work)
    digest = _changes(session, ident, found, before, after)
    touch(session.connection(), _marks(before, after, work.today))
    detail: dict[str, str | int] = {**found.plan.counts, "changes_sha256": digest}
    audit.note(session, work.origin.by, "import.applied", ident, detail, work.now)
    return ident


def drop(session: Session, ident: str, by: str, now: datetime) -> None:
    """Let a waiting file go."""
    waiting = (PeopleImport.id == ident) & (PeopleImport.state == STAGED)
    session.execute(update(PeopleImport).where(waiting).values(state=DROPPED, content=None))
    audit.note(session, by, "import.dropped", ident, {}, now)


def history(session: Session, limit: int, offset: int = 0) -> list[Listed]:
    """Imports that were applied, the newest first. One query."""
    p = PeopleImport
    rows = session.scalars(
        select(p).where(p.state.in_((APPLIED, UNDONE))).order_by(p.at.desc(), p.id).limit(limit).offset(offset)
    )
    return [listed(row) for row in rows]


def count(session: Session) -> int:
    """How many imports the history has."""
    query = select(func.count()).select_from(PeopleImport).where(PeopleImport.state.in_((APPLIED, UNDONE)))
    return session.scalars(query).one()


def listed(row: PeopleImport) -> Listed:
    """A row as the history shows it."""
    return Listed(
        row.id,
        row.kind,
        row.file,
        row.state,
        row.by,
        row.at,
        json.loads(row.counts),
        row.with_nik,
        row.undone_by,
        row.undone_at,
        row.undone_why,
    )


def recorded(session: Session, ident: str) -> PeopleImport:
    """An import that was applied. Raises UndoError."""
    row = session.get(PeopleImport, ident)
    if row is None or row.state not in (APPLIED, UNDONE):
        raise UndoError(f"no import {ident[:40]!r} was applied; `siperlu people imports` lists them")
    return row


def _row(kind: str, state: str, origin: Origin, counts: Mapping[str, int], now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "file": origin.file,
        "digest": origin.digest,
        "state": state,
        "by": origin.by,
        "at": now,
        "counts": json.dumps(counts),
        "with_nik": origin.with_nik,
    }


def _record(session: Session, found: Preview, work: Work) -> str:
    """The import's own row: the staged one, or a new one."""
    row = _row(found.kind, APPLIED, work.origin, found.plan.counts, work.now)
    ident = work.ident or secrets.token_hex(8)
    if work.ident is None:
        session.execute(insert(PeopleImport).values(id=ident, **row))
    else:
        session.execute(update(PeopleImport).where(PeopleImport.id == ident).values(**row, content=None))
    return ident


def _changes(session: Session, ident: str, found: Preview, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Store what was before and after; a SHA-256 over all of it."""
    codec: Any = PERSON if found.kind == "people" else UNIT
    rows = [
        {
            "imported": ident,
            "subject": name,
            "line": item.line,
            "before": codec.encode(before[name]).decode() if name in before else None,
            "after": codec.encode(after[name]).decode(),
        }
        for item in found.plan.items
        if item.effect != "same"
        for name in [_subject(item.after)]
    ]
    for start in range(0, len(rows), 2000):
        session.execute(insert(PeopleImportChange), rows[start : start + 2000])
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _states(session: Session, kind: Literal["people", "units"], subjects: Sequence[str]) -> Mapping[str, Any]:
    if kind == "people":
        return read_people(session, subjects)
    wanted = set(subjects)
    return {code: unit for code, unit in read_units(session).items() if code in wanted}


def _marks(before: Mapping[str, Any], after: Mapping[str, Any], today: date) -> Iterator[Any]:
    for name in {*before, *after}:
        one, other = before.get(name), after.get(name)
        if isinstance(one or other, PersonState):
            yield from marks_of(one, other)
        elif isinstance(one, UnitState) and isinstance(other, UnitState):
            yield from marks_of_unit(one, other, today)


def _keep_niks(session: Session, found: Preview, vault: Vault | None) -> None:
    """A NIK that is there already is not overwritten by a file: it is changed on the person's card."""
    if vault is None:
        return
    sealed = [
        {"id": item.after.id, "nik": vault.seal(found.niks[item.line].encode(), nik_name(item.after.id))}
        for item in found.people.items
        if item.line in found.niks and (item.before is None or "nik" in item.changes)
    ]
    if sealed:
        session.execute(update(Person), sealed)


def _subject(after: Any) -> str:
    return str(getattr(after, "id", None) or after.code)


def forget(session: Session, person: str) -> None:
    """What the history of imports says of a person who is erased."""
    subject: ColumnElement[bool] = PeopleImportChange.subject == person
    session.execute(delete(PeopleImportChange).where(subject))
