"""Registering kiosks: where they hang, whom they know, and the public keys they are believed by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from collector.errors import RegistrationError
from collector.keys import CENTRE
from collector.people.scope import Scope
from collector.store.people import Kiosk, KioskKey, Unit
from wire.jwks import KEY_SET, KeySet, PublicJwk
from wire.seals import KeyName, PublicKey, Recipient
from wire.topics import Address, parse

USES = {("", "Ed25519"): "record", ("relay", "Ed25519"): "relay", ("roster", "X25519"): "roster"}
NEEDED = ("record", "roster")


@dataclass(frozen=True, slots=True)
class Wish:
    """A kiosk as it should be registered: name, unit it hangs at, whom it knows, its public keys."""

    id: str
    unit: str
    scope: Scope
    keys: KeySet


@dataclass(frozen=True, slots=True)
class Registration:
    """A kiosk as registered. `keys`: names of the keys that are believed."""

    id: str
    unit: str
    scope: Scope
    retired_at: datetime | None
    keys: tuple[str, ...]


def read_keys(text: str) -> KeySet:
    """A key set as `siperlu kiosk keys` prints it. Raises ContractError, RegistrationError when it holds a secret."""
    keys = KEY_SET.decode(text)
    if any("d" in key for key in json.loads(text)["keys"]):
        raise RegistrationError("this key set holds a private key: it is no secret any more; make the kiosk new keys")
    return keys


def register(session: Session, wish: Wish, now: datetime) -> Registration:
    """Add a kiosk, or give one another unit, scope or further keys; one that was retired serves again.

    Raises RegistrationError, SealError; the caller's transaction must not be committed then.
    """
    check_id(wish.id)
    if session.get(Unit, wish.unit) is None:
        raise RegistrationError(f"unit {wish.unit!r} is not known; import the units first (siperlu people import)")
    stored = session.get(Kiosk, wish.id) or Kiosk(id=wish.id, registered_at=now)
    stored.unit, stored.scope, stored.retired_at = wish.unit, wish.scope.value, None
    session.add(stored)
    session.flush()
    for key in wish.keys.keys:
        _add_key(session, _key(wish.id, key, now))
        session.flush()
    missing = set(NEEDED) - set(session.scalars(select(KioskKey.use).where(_live(wish.id))))
    if missing:
        raise RegistrationError(
            f"{wish.id}: no {' and no '.join(sorted(missing))} key; take what `siperlu kiosk keys` prints"
        )
    return _registration(session, stored)


def retire(session: Session, kiosk: str, now: datetime) -> Registration:
    """A kiosk serves no more: its roster is emptied on its next contact. Its keys stay, for its last records."""
    stored = _known(session, kiosk)
    stored.retired_at = stored.retired_at or now
    session.flush()
    return _registration(session, stored)


def bring_by_stick(session: Session, kiosk: str, *, by_stick: bool) -> None:
    """Whether a kiosk has no network by decision: its silence is then no alarm for weeks. Raises RegistrationError."""
    _known(session, kiosk).by_stick = by_stick
    session.flush()


def registered(session: Session) -> list[Registration]:
    """Every kiosk, by id. Two queries."""
    keys: dict[str, list[str]] = defaultdict(list)
    live = select(KioskKey.kiosk, KioskKey.kid).where(KioskKey.revoked_at.is_(None)).order_by(KioskKey.kid)
    for kiosk, kid in session.execute(live):
        keys[kiosk].append(kid)
    stored = session.scalars(select(Kiosk).order_by(Kiosk.id))
    return [_as_registered(kiosk, keys[kiosk.id]) for kiosk in stored]


def _known(session: Session, kiosk: str) -> Kiosk:
    stored = session.get(Kiosk, kiosk)
    if stored is None:
        raise RegistrationError(f"no kiosk {kiosk!r}; `siperlu collector kiosks list` shows those there are")
    return stored


def check_id(kiosk: str) -> None:
    """Raises RegistrationError for a name that no kiosk can have."""
    if kiosk == CENTRE:
        raise RegistrationError(f"kiosk id {kiosk!r}: the centre's own keys carry that name; choose another")
    try:
        parse(Address(kiosk, "records").topic)
    except ValueError as error:
        rule = "lower-case letters, digits and hyphens, at most 63, no hyphen first"
        raise RegistrationError(f"kiosk id {kiosk[:80]!r}: {rule}; choose another") from error


def _key(kiosk: str, key: PublicJwk, now: datetime) -> KioskKey:
    owner, _, part = KeyName.parse(key.kid).owner.partition("/")
    use = USES.get((part, key.crv))
    if owner != kiosk or use is None:
        raise RegistrationError(
            f"key {key.kid!r} ({key.crv}) is none of {kiosk}'s; take what `siperlu kiosk keys` prints"
        )
    _try(key)
    return KioskKey(kid=key.kid, kiosk=kiosk, use=use, x=key.x, thumbprint=key.thumbprint, added_at=now)


def _try(key: PublicJwk) -> None:
    """Raises SealError for a key that cannot be used: found out now, not when rosters are made for everybody."""
    name = KeyName.parse(key.kid)
    if key.crv == "X25519":
        Recipient(name, key.x).encrypt(b"")
    else:
        PublicKey.from_x(name, key.x)


def _add_key(session: Session, key: KioskKey) -> None:
    """Nothing when it is there already; a key never changes under its name, and no two kiosks share one."""
    same_name = session.get(KioskKey, key.kid)
    if same_name is not None and same_name.revoked_at is not None:
        raise RegistrationError(
            f"key {key.kid} was revoked and is never believed again; set another kiosk.id and make new keys"
        )
    if same_name is not None and same_name.x == key.x:
        return
    if same_name is not None:
        raise RegistrationError(
            f"key {key.kid} is registered with another value, and its records stay its own; for a new card set another "
            f"kiosk.id, register that, and retire {key.kiosk}"
        )
    same_key = session.scalar(select(KioskKey.kid).where(KioskKey.thumbprint == key.thumbprint))
    if same_key is not None:
        raise RegistrationError(f"key {key.kid} is the same as {same_key}; a card was copied: make the kiosk new keys")
    session.add(key)


def _live(kiosk: str) -> ColumnElement[bool]:
    return (KioskKey.kiosk == kiosk) & KioskKey.revoked_at.is_(None)


def _registration(session: Session, kiosk: Kiosk) -> Registration:
    kids = session.scalars(select(KioskKey.kid).where(_live(kiosk.id)).order_by(KioskKey.kid))
    return _as_registered(kiosk, kids)


def _as_registered(kiosk: Kiosk, kids: Iterable[str]) -> Registration:
    return Registration(kiosk.id, kiosk.unit, Scope(kiosk.scope), kiosk.retired_at, tuple(kids))
