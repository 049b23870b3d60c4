"""What ingest writes: bulk statements, no object a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, case, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from collector.ingest.chains import ChainState
from collector.ingest.directory import KnownKey
from collector.ingest.judge import Accepted, AcceptedBlob, AcceptedStatus, Reason, Refused
from collector.ingest.links import Place
from collector.store.people import KioskKey
from collector.store.records import Blob, Chain, Discarded, Incident, KioskStatus, SetAside, StoredRecord
from collector.store.results import Fresh
from wire.records import MAX_SEALED_BYTES, AnyRecord, CheckIn, Enrolment

KEPT_A_DAY = 1000
"""Messages without a valid seal that are set aside of one kiosk on one day; the rest of a flood is only counted."""

BLOBS_A_DAY = 2000
"""Pictures that are taken of one kiosk on one day: ten times what a large one may have in doubt, and no way to fill the disk."""

STALE = timedelta(minutes=15)
"""A kiosk speaks every few minutes: its last word is out of date after so long."""


def write_keys(connection: Connection, keys: Sequence[KnownKey], at: datetime) -> None:
    """Register keys that endorsed chain starts brought."""
    rows = [
        {
            "kid": str(key.public.name),
            "kiosk": key.kiosk,
            "use": key.use,
            "x": key.public.x,
            "thumbprint": key.public.thumbprint,
            "added_at": at,
        }
        for key in keys
    ]
    _many(connection, _upsert(connection, KioskKey).on_conflict_do_nothing(), rows)


def write_records(connection: Connection, records: Sequence[Accepted]) -> None:
    """New records; each place is free, as `read_links` has shown under the same lock."""
    _many(connection, insert(StoredRecord), [_row(one) for one in records])


def write_fresh(connection: Connection, records: Sequence[Accepted]) -> None:
    """Tell the judge which numbers of which chains are new. Added to, never changed: judging cannot hold ingest up."""
    spans: dict[tuple[str, str], list[int]] = {}
    for one in records:
        spans.setdefault((one.record.kiosk, one.record.chain), []).append(one.record.seq)
    rows = [
        {"kiosk": kiosk, "chain": chain, "first": min(numbers), "last": max(numbers)}
        for (kiosk, chain), numbers in spans.items()
    ]
    _many(connection, insert(Fresh), rows)


def write_incidents(connection: Connection, kind: str, found: Iterable[tuple[Place, str]], at: datetime) -> None:
    """Incidents by place and digest; known ones stay as they are."""
    rows = [{**place._asdict(), "kind": kind, "digest": digest, "at": at} for place, digest in found]
    _many(connection, _upsert(connection, Incident).on_conflict_do_nothing(index_elements=["digest"]), rows)


def write_chains(connection: Connection, states: Iterable[ChainState]) -> None:
    """Chains as they now are."""
    statement = _upsert(connection, Chain)
    new = statement.excluded
    changed = {name: new[name] for name in ("upto", "seen", "complete_at", "previous", "previous_upto")}
    _many(
        connection,
        statement.on_conflict_do_update(index_elements=["kiosk", "chain"], set_=changed),
        [asdict(state) for state in states],
    )


def write_statuses(connection: Connection, statuses: Sequence[AcceptedStatus]) -> None:
    """The newest word of each kiosk.

    An older word is ignored, except that a last will ("offline", dated when the connection began) turns `online` off. But a
    word that nothing newer has followed for STALE gives way to an older one: its clock ran ahead, or this one's runs
    behind. The same word again, as a broker retains it, is no sign of life.
    """
    if not statuses:
        return
    statement = _upsert(connection, KioskStatus)
    new, held = statement.excluded, _table(KioskStatus).c
    stale = held.received_at <= statuses[0].envelope.message.at - STALE
    newer = or_(new.at > held.at, and_(new.at < held.at, stale))
    changed: dict[str, Any] = {
        column.name: case((newer, new[column.name]), else_=held[column.name])
        for column in held
        if column.name not in {"kiosk", "online"}
    }
    latest = statement.on_conflict_do_update(
        index_elements=["kiosk"],
        set_={**changed, "online": new.online},
        where=or_(newer, ~new.online),
    )
    _many(connection, latest, [_status_row(one) for one in statuses])


def write_blobs(connection: Connection, blobs: Sequence[AcceptedBlob]) -> tuple[list[AcceptedBlob], int]:
    """Blobs under their digests; one that is there already stays. Gives those that are stored now, which alone are receipted, and
    how many are new: of what a kiosk sends beyond its day's share the rest comes again tomorrow."""
    if not blobs:
        return [], 0
    known = set(connection.scalars(select(Blob.digest).where(Blob.digest.in_({one.envelope.digest for one in blobs}))))
    room = _room_for_blobs(connection, blobs)
    stored = []
    for one in blobs:
        new = one.envelope.digest not in known
        if new and room[one.kiosk] <= 0:
            continue
        room[one.kiosk] -= new
        stored.append(one)
    rows = [
        {
            "digest": one.envelope.digest,
            "kiosk": one.kiosk,
            "sealed": one.envelope.message.payload.decode("ascii"),
            "picture": one.picture,
            "received_at": one.envelope.message.at,
        }
        for one in stored
        if one.envelope.digest not in known
    ]
    _many(connection, _upsert(connection, Blob).on_conflict_do_nothing(index_elements=["digest"]), rows)
    return stored, len({row["digest"] for row in rows})


def _room_for_blobs(connection: Connection, blobs: Sequence[AcceptedBlob]) -> dict[str, int]:
    """How many more each kiosk may bring on this day (UTC)."""
    room = dict.fromkeys({one.kiosk for one in blobs}, BLOBS_A_DAY)
    midnight = datetime.combine(blobs[0].envelope.message.at.astimezone(UTC).date(), time(), UTC)
    counted = select(Blob.kiosk, func.count()).where(Blob.kiosk.in_(room), Blob.received_at >= midnight)
    for kiosk, used in connection.execute(counted.group_by(Blob.kiosk)):
        room[kiosk] -= used
    return room


def forget_unknown_keys(connection: Connection, accepted: Iterable[Accepted]) -> None:
    """What was set aside for want of a key, and has now been accepted, is not set aside any more."""
    waiting = and_(SetAside.reason == Reason.UNKNOWN_KEY, SetAside.kiosk.in_({one.record.kiosk for one in accepted}))
    aside = set(connection.scalars(select(SetAside.digest).where(waiting)))
    now_in = [one.envelope.digest for one in accepted if one.envelope.digest in aside]
    if now_in:
        connection.execute(delete(SetAside).where(waiting, SetAside.digest.in_(now_in)))


def write_set_aside(connection: Connection, refused: Sequence[Refused]) -> list[Refused]:
    """Set messages aside, or only count them where a flood has used up the kiosk's day. Gives those that were kept."""
    if not refused:
        return []
    room = _room(connection, refused)
    kept: list[Refused] = []
    beyond: Counter[tuple[str, str]] = Counter()
    for one in refused:
        if one.seq is None and room[one.kiosk] <= 0:
            beyond[one.kiosk, one.reason.value] += 1
            continue
        room[one.kiosk] -= one.seq is None
        kept.append(one)
    _count(connection, beyond, refused[0].envelope.message.at)
    _keep(connection, kept)
    return kept


def _keep(connection: Connection, kept: Sequence[Refused]) -> None:
    statement = _upsert(connection, SetAside)
    new, held = statement.excluded, _table(SetAside).c
    # A message first seen without its key may come again with a seal that verifies: then it has a number.
    told = {name: case((new.seq.is_not(None), new[name]), else_=held[name]) for name in ("chain", "seq", "raw")}
    latest = statement.on_conflict_do_update(
        index_elements=["kiosk", "digest"],
        set_={
            **told,
            "reason": new.reason,
            "detail": new.detail,
            "times": held.times + 1,
            "last_at": new.last_at,
        },
    )
    _many(connection, latest, [_aside_row(one) for one in kept])


def _count(connection: Connection, beyond: Counter[tuple[str, str]], at: datetime) -> None:
    statement = _upsert(connection, Discarded)
    more = statement.on_conflict_do_update(
        index_elements=["kiosk", "day", "reason"],
        set_={"times": _table(Discarded).c.times + statement.excluded.times},
    )
    day = at.astimezone(UTC).date()
    rows = [{"kiosk": kiosk, "day": day, "reason": reason, "times": n} for (kiosk, reason), n in beyond.items()]
    _many(connection, more, rows)


def _room(connection: Connection, refused: Sequence[Refused]) -> dict[str, int]:
    kiosks = {one.kiosk for one in refused}
    midnight = datetime.combine(refused[0].envelope.message.at.astimezone(UTC).date(), time(), UTC)
    counted = select(SetAside.kiosk, func.count()).where(
        SetAside.kiosk.in_(kiosks), SetAside.seq.is_(None), SetAside.first_at >= midnight
    )
    room = dict.fromkeys(kiosks, KEPT_A_DAY)
    for kiosk, used in connection.execute(counted.group_by(SetAside.kiosk)):
        room[kiosk] -= used
    return room


def _row(accepted: Accepted) -> dict[str, Any]:
    record, message = accepted.record, accepted.envelope.message
    return {
        "kiosk": record.kiosk,
        "chain": record.chain,
        "seq": record.seq,
        "digest": accepted.envelope.digest,
        "prev": record.prev,
        "kind": record.kind,
        "at": record.at,
        "clock_source": record.clock.source,
        "clock_error_ms": record.clock.error_ms,
        "boot": storable(record.clock.boot),
        "monotonic_ns": record.clock.monotonic_ns,
        **_body(record),
        "received_at": message.at,
        "sealed": message.payload.decode("ascii"),
    }


def _body(record: AnyRecord) -> dict[str, Any]:
    body = record.body
    columns: dict[str, Any] = dict.fromkeys(("person", "method", "score", "unit"))
    if isinstance(body, CheckIn):
        columns.update(person=body.person, method=body.method, unit=storable(body.place.unit))
        columns["score"] = body.match.score if body.match else None
    elif isinstance(body, Enrolment):
        columns["person"] = body.person
    return columns


def _aside_row(refused: Refused) -> dict[str, Any]:
    message = refused.envelope.message
    sealed = refused.seq is not None
    return {
        "topic": storable(message.topic),
        "kiosk": refused.kiosk,
        "chain": refused.chain if sealed else None,
        "seq": refused.seq,
        "digest": refused.envelope.digest,
        "reason": refused.reason.value,
        "detail": storable(refused.detail),
        "times": 1,
        "first_at": message.at,
        "last_at": message.at,
        "raw": message.payload if sealed else message.payload[:MAX_SEALED_BYTES],
    }


def _status_row(accepted: AcceptedStatus) -> dict[str, Any]:
    status = accepted.status
    row = asdict(status)
    texts = {"version": status.version, "board": status.board, "system": status.system}
    row.update({name: text and storable(text) for name, text in texts.items()})
    row.update(received_at=accepted.envelope.message.at)
    row["throttled"] = None if status.throttled is None else " ".join(status.throttled)
    return row


def storable(text: str) -> str:
    """PostgreSQL keeps no NUL and no lone surrogate in a text; the sealed original has them all the same."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _upsert(connection: Connection, model: Any) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


def _many(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
