"""Pictures that an open violation still rests on: they stay until somebody decided, and 90 days at most."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from collector.retention.limits import Due
from collector.store.records import Blob, StoredRecord
from collector.store.violations import StoredViolation
from wire.errors import WireError
from wire.records import decode_record, picture_named
from wire.seals import payload_of

AT_ONCE = 400

Place = tuple[str, str, int]


def held(session: Session, line: Due) -> frozenset[str]:
    """Digests of the blobs that are old enough and stay all the same. Nothing is read where no blob is old enough."""
    between = (Blob.received_at < line.evidence, Blob.received_at >= line.held)
    if session.scalars(select(Blob.digest).where(*between).limit(1)).first() is None:
        return frozenset()
    return frozenset(_named_by(session, sorted(_places(session))))


def _places(session: Session) -> set[Place]:
    """The records that open violations rest on."""
    v = StoredViolation
    listed = session.scalars(select(v.evidence).where(v.status == "open", v.stands))
    parts = [identity.split("/") for evidence in listed for identity in json.loads(evidence)]
    return {(part[0], part[1], int(part[2])) for part in parts if len(part) == 3 and part[2].isdecimal()}


def _named_by(session: Session, places: Sequence[Place]) -> Iterable[str]:
    r = StoredRecord
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        for sealed in session.scalars(select(r.sealed).where(tuple_(r.kiosk, r.chain, r.seq).in_(some))):
            evidence = evidence_of(sealed)
            if evidence is not None:
                yield evidence


def evidence_of(sealed: str) -> str | None:
    """Digest of the picture that a sealed record names; None for none."""
    try:
        return picture_named(decode_record(payload_of(sealed)).body)
    except WireError:
        return None
