"""A claim is taken once, by one set of keys, for one name; whatever else a request says counts for nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509

from collector.authority import book, claims, revoking
from collector.authority.authority import Authority
from collector.authority.certificates import new_key
from collector.authority.claims import Berth, Taken
from collector.authority.founding import found
from collector.authority.registering import Desk, answer_waiting
from collector.errors import ClaimError, RegistrationError, RequestError
from collector.keys import CentreKeys
from collector.people.scope import Scope
from collector.store.authority import Certificate, Claim
from collector.store.engine import open_engine
from collector.store.people import Kiosk, KioskKey, Unit
from collector.store.writer import Writer
from tests.fixtures.registering import csr, keys_of, request
from tests.stores import lay_tables
from wire.registration import REGISTRATION_ANSWER, BrokerAddress, RegistrationAnswer, RegistrationRequest

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
LIFE = timedelta(days=14)
BERTH = Berth("kiosk-1", "DISDIK", Scope.OPD)


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
        yield writer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    authority = found(tmp_path / "ca", tmp_path / "root.pem", "word", "Kabupaten Uji", NOW)
    broker = BrokerAddress(host="pusat.uji.go.id", port=8883)
    return Desk(authority, CentreKeys.open(tmp_path / "keys").public, broker, timedelta(days=400))


def claim(writer: Writer, berth: Berth = BERTH, now: datetime = NOW) -> str:
    with writer.transaction() as connection:
        return claims.make(connection, berth, by="test", now=now, life=LIFE)


def take(writer: Writer, asked: RegistrationRequest, now: datetime = NOW) -> Taken:
    with writer.transaction() as connection:
        return claims.take(connection, asked, now)


def answer(writer: Writer, desk: Desk, taken: Taken, now: datetime = NOW) -> tuple[str | None, str | None]:
    with writer.session() as session:
        answer_waiting(session, lambda: desk, now)
    with writer.transaction() as connection:
        return claims.answered(connection, taken)


def registered(writer: Writer, desk: Desk, asked: RegistrationRequest, now: datetime = NOW) -> RegistrationAnswer:
    text, refusal = answer(writer, desk, take(writer, asked, now), now)
    assert text is not None, refusal
    return REGISTRATION_ANSWER.decode(text)


def column(writer: Writer, what: sa.orm.InstrumentedAttribute[object]) -> list[object]:
    with writer.session() as session:
        return list(session.scalars(sa.select(what)))


def test_a_kiosk_gets_all_that_it_needs(writer: Writer, desk: Desk) -> None:
    told = registered(writer, desk, request(claim(writer)))
    leaf, sub = x509.load_pem_x509_certificates(told.certificate.encode())
    root = x509.load_pem_x509_certificate(told.ca.encode())
    leaf.verify_directly_issued_by(sub)
    sub.verify_directly_issued_by(root)
    assert leaf.subject.rfc4514_string() == "CN=kiosk-1"
    assert (told.kiosk.id, told.kiosk.unit, told.kiosk.scope) == ("kiosk-1", "DISDIK", "opd")
    assert told.centre_keys == desk.centre_keys
    assert told.broker == desk.broker
    assert sorted(column(writer, KioskKey.use)) == ["record", "relay", "roster"]
    assert column(writer, Certificate.serial) == [f"{leaf.serial_number:x}"]


def test_the_request_names_nobody(writer: Writer, desk: Desk) -> None:
    asked = dataclasses.replace(request(claim(writer)), csr=csr(name="centre.jobs"))
    told = registered(writer, desk, asked)
    assert x509.load_pem_x509_certificate(told.certificate.encode()).subject.rfc4514_string() == "CN=kiosk-1"


def test_neither_code_nor_secret_is_kept(writer: Writer, desk: Desk) -> None:
    code = claim(writer)
    registered(writer, desk, request(code))
    with writer.session() as session:
        stored = "\n".join(
            str(row)
            for table in ("claims", "certificates")
            for row in session.execute(sa.text(f"SELECT * FROM {table}"))
        )
    assert code not in stored
    assert "PRIVATE" not in stored


def test_the_same_keys_are_answered_again_until_the_claim_ends(writer: Writer, desk: Desk) -> None:
    """An interrupted set-up is finished by running it again: its certificate request is a new one, for the same key."""
    key = new_key()
    asked = request(claim(writer), key=key)
    registered(writer, desk, asked)
    again = dataclasses.replace(asked, csr=csr(key))
    assert again.csr != asked.csr
    registered(writer, desk, again, NOW + LIFE - timedelta(seconds=1))
    assert column(writer, Certificate.revoked_at) == [None, None]
    with pytest.raises(ClaimError):
        take(writer, again, NOW + LIFE)


@pytest.mark.parametrize("what", ["other keys", "another TLS key", "unknown", "ended"])
def test_a_claim_that_is_not_good_is_refused_with_one_and_the_same_word(writer: Writer, desk: Desk, what: str) -> None:
    code = claim(writer)
    first = request(code)
    registered(writer, desk, first)
    tries = {
        "other keys": (request(code), NOW),
        "another TLS key": (dataclasses.replace(first, csr=csr()), NOW),
        "unknown": (request(claims.new_code()), NOW),
        "ended": (request(claim(writer, Berth("kiosk-2", "DISDIK"))), NOW + LIFE),
    }
    with pytest.raises(ClaimError) as caught:
        take(writer, *tries[what])
    assert str(caught.value) == claims.REFUSED
    assert column(writer, Kiosk.id) == ["kiosk-1"]


def test_of_two_that_race_with_one_code_one_wins(writer: Writer, desk: Desk) -> None:
    code = claim(writer)
    rivals = [request(code) for _ in range(8)]

    def race(asked: RegistrationRequest) -> bool:
        try:
            take(writer, asked)
        except ClaimError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, rivals))
    assert won.count(True) == 1
    with writer.session() as session:
        assert answer_waiting(session, lambda: desk, NOW) == ["kiosk-1"]
    winner = rivals[won.index(True)]
    assert sorted(column(writer, KioskKey.x)) == sorted(key.x for key in winner.keys.keys)


def test_keys_of_another_kiosk_register_nothing_and_leave_the_claim_free(writer: Writer, desk: Desk) -> None:
    code = claim(writer)
    wrong = dataclasses.replace(request(code), keys=keys_of("kiosk-2"))
    taken = take(writer, wrong)
    text, refusal = answer(writer, desk, taken)
    assert text is None
    assert "kiosk-2#1" in str(refusal)
    assert column(writer, Kiosk.id) == []
    assert column(writer, Certificate.serial) == []
    registered(writer, desk, request(code))
    with writer.transaction() as connection, pytest.raises(ClaimError):
        claims.answered(connection, taken)  # the answer to other keys is not theirs


def test_a_request_that_is_none_uses_no_claim(writer: Writer, desk: Desk) -> None:
    code = claim(writer)
    with pytest.raises(RequestError):
        take(writer, dataclasses.replace(request(code), csr="no request"))
    registered(writer, desk, request(code))


def test_a_newer_claim_for_the_same_kiosk_voids_the_older(writer: Writer) -> None:
    first, _second = claim(writer), claim(writer)
    with pytest.raises(ClaimError):
        take(writer, request(first))


def test_registering_again_with_another_tls_key_ends_the_older_certificate(writer: Writer, desk: Desk) -> None:
    first = request(claim(writer))
    registered(writer, desk, first)
    registered(writer, desk, dataclasses.replace(first, claim=claim(writer), csr=csr()))
    with writer.transaction() as connection:
        assert [subject for _, subject in book.unenforced(connection, NOW)] == ["kiosk-1"]
    assert column(writer, Certificate.reason).count(book.SUPERSEDED) == 1


@pytest.mark.parametrize("name", ["centre", "Kiosk", "a/b", "-x", "centre.jobs", "a" * 64, "+", ""])
def test_a_name_that_a_kiosk_cannot_have_gets_no_claim(writer: Writer, name: str) -> None:
    with pytest.raises(RegistrationError):
        claim(writer, Berth(name, "DISDIK"))


def test_an_unknown_unit_gets_no_claim(writer: Writer) -> None:
    with pytest.raises(ClaimError, match="people import"):
        claim(writer, Berth("kiosk-1", "NOWHERE"))


def test_a_revoked_kiosk_is_nobody(writer: Writer, desk: Desk) -> None:
    first = request(claim(writer))
    registered(writer, desk, first)
    unused = claim(writer)
    with writer.session() as session:
        done = revoking.revoke(session, "kiosk-1", "stolen", by="test", now=NOW)
        again = revoking.revoke(session, "kiosk-1", "stolen", by="test", now=NOW)
    assert (len(done.keys), done.certificates) == (3, 1)
    assert (again.keys, again.certificates) == ((), 0)
    with pytest.raises(ClaimError):
        take(writer, request(unused))
    text, refusal = answer(writer, desk, take(writer, dataclasses.replace(first, claim=claim(writer))))
    assert text is None
    assert "revoked" in str(refusal)
    assert column(writer, Claim.answer).count(None) == len(column(writer, Claim.answer)) - 1


def test_an_authority_that_cannot_be_read_leaves_the_request_waiting(
    writer: Writer, desk: Desk, tmp_path: Path
) -> None:
    taken = take(writer, request(claim(writer)))
    with writer.session() as session, pytest.raises(OSError, match="no certificate authority"):
        answer_waiting(session, lambda: dataclasses.replace(desk, authority=Authority.open(tmp_path / "none")), NOW)
    assert answer(writer, desk, taken)[0] is not None
