"""The key that signs cookies: one for all web processes of a centre, and kept over a restart.

It guards messages and form tokens only. Who is logged in rests on a random token of which the database has the digest.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.audit.log import lock
from collector.store.accounts import Secret
from collector.store.writer import Writer

COOKIES = "cookies"


def cookie_key(writer: Writer) -> bytes:
    """32 bytes, made at first need. Raises StoreDownError."""
    with writer.session() as session:
        found = _stored(session)
        if found is None:
            lock(session)  # several processes may start at once
            found = _stored(session)
        if found is None:
            found = secrets.token_bytes(32)
            session.add(Secret(name=COOKIES, value=found))
        return found


def _stored(session: Session) -> bytes | None:
    return session.scalars(select(Secret.value).where(Secret.name == COOKIES)).one_or_none()
