"""Registering kiosks: only a kiosk's own public keys, each under one name for ever, none shared by two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from collector.errors import RegistrationError
from collector.people import kiosks
from collector.people.kiosks import Wish
from collector.people.scope import Scope
from collector.store.people import KioskKey, Unit
from wire.errors import SealError
from wire.jwks import KeySet, PublicJwk, key_set
from wire.seals import DecryptionKey, KeyName, SealingKey

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def _keys(kiosk: str = "k-1", number: int = 1) -> KeySet:
    signing = [SealingKey.generate(KeyName(owner, number)).public for owner in (kiosk, f"{kiosk}/relay")]
    return key_set(signing, [DecryptionKey.generate(KeyName(f"{kiosk}/roster", number)).recipient])


@pytest.fixture
def session(memory_engine: Engine) -> Iterator[Session]:
    with Session(memory_engine) as opened:
        opened.add_all([Unit(code="A", name="A"), Unit(code="B", name="B")])
        opened.flush()
        yield opened


def test_a_kiosk_is_believed_by_its_own_keys(session: Session) -> None:
    keys = _keys()
    done = kiosks.register(session, Wish("k-1", "A", Scope.OPD, keys), NOW)
    assert (done.unit, done.scope, done.keys) == ("A", Scope.OPD, ("k-1#1", "k-1/relay#1", "k-1/roster#1"))
    stored = session.get(KioskKey, "k-1#1")
    assert stored is not None
    assert (stored.use, stored.x) == ("record", keys.keys[0].x)
    assert stored.thumbprint == next(iter(keys.keyring()._keys.values())).thumbprint


def test_registering_again_changes_place_and_adds_keys(session: Session) -> None:
    first, second = _keys(), _keys(number=2)
    kiosks.register(session, Wish("k-1", "A", Scope.UNIT, first), NOW)
    kiosks.register(session, Wish("k-1", "A", Scope.UNIT, first), NOW)
    kiosks.retire(session, "k-1", NOW)
    done = kiosks.register(session, Wish("k-1", "B", Scope.ALL, second), NOW)
    assert (done.unit, done.scope, done.retired_at, len(done.keys)) == ("B", Scope.ALL, None, 6)


def _renamed(keys: KeySet, old: str, new: str) -> KeySet:
    return KeySet(keys=tuple(type(key)(kid=key.kid.replace(old, new), crv=key.crv, x=key.x) for key in keys.keys))


def _only(*kids: str) -> KeySet:
    return KeySet(keys=tuple(key for key in _keys().keys if key.kid in kids))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish("K/1", "A", Scope.UNIT, _keys()), "lower-case"),
        (Wish("k-1\n", "A", Scope.UNIT, _keys()), "lower-case"),
        (Wish("k-1", "Z", Scope.UNIT, _keys()), "unit 'Z' is not known"),
        (Wish("k-1", "A", Scope.UNIT, _keys("k-2")), "none of k-1's"),
        (Wish("k-1", "A", Scope.UNIT, _renamed(_keys(), "/relay", "/other")), "none of k-1's"),
        (Wish("k-1", "A", Scope.UNIT, _renamed(_keys(), "k-1#", "k-1/roster#")), "none of k-1's"),
        (Wish("k-1", "A", Scope.UNIT, _only("k-1#1")), "no roster key"),
        (Wish("k-1", "A", Scope.UNIT, _only()), "no record and no roster key"),
    ],
)
def test_what_is_not_a_kiosks_own_is_refused(session: Session, wish: Wish, said: str) -> None:
    with pytest.raises(RegistrationError, match=said):
        kiosks.register(session, wish, NOW)


def test_a_key_that_hides_nothing_is_refused_before_rosters_are_made_with_it(session: Session) -> None:
    roster = PublicJwk(kid="k-1/roster#1", crv="X25519", x="A" * 43)
    keys = KeySet(keys=(*_only("k-1#1").keys, roster))
    with pytest.raises(SealError, match="small order"):
        kiosks.register(session, Wish("k-1", "A", Scope.UNIT, keys), NOW)


def test_listing_takes_two_queries_however_many_kiosks_there_are(session: Session) -> None:
    for number in range(5):
        kiosks.register(session, Wish(f"k-{number}", "A", Scope.UNIT, _keys(f"k-{number}")), NOW)
    session.flush()
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert [len(one.keys) for one in kiosks.registered(session)] == [3] * 5
    assert len(asked) == 2


def test_a_key_never_changes_under_its_name(session: Session) -> None:
    kiosks.register(session, Wish("k-1", "A", Scope.UNIT, _keys()), NOW)
    with pytest.raises(RegistrationError, match="another value"):
        kiosks.register(session, Wish("k-1", "A", Scope.UNIT, _keys()), NOW)


def test_a_copied_card_is_found_out(session: Session) -> None:
    keys = _keys()
    kiosks.register(session, Wish("k-1", "A", Scope.UNIT, keys), NOW)
    with pytest.raises(RegistrationError, match="a card was copied"):
        kiosks.register(session, Wish("k-2", "A", Scope.UNIT, _renamed(keys, "k-1", "k-2")), NOW)


def test_a_private_key_is_refused() -> None:
    secret = SealingKey.generate(KeyName("k-1", 1)).private | {"kid": "k-1#1"}
    with pytest.raises(RegistrationError, match="private key"):
        kiosks.read_keys(json.dumps({"keys": [secret]}))


def test_retiring_nobody_is_said_so(session: Session) -> None:
    with pytest.raises(RegistrationError, match="no kiosk 'k-9'"):
        kiosks.retire(session, "k-9", NOW)
