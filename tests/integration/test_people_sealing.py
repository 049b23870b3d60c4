"""Faces and NIK at rest: what was written before there was a vault is sealed, and a new key seals everything again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text, update

from collector.errors import KeysError
from collector.keys import CentreKeys
from collector.people.known import Opener
from collector.people.sealing import (
    chip_name,
    clear_template,
    letter_name,
    nik_name,
    pin_name,
    reseal_all,
    template_name,
    upload_name,
)
from collector.store.engine import open_engine
from collector.store.leave import Letter, StoredPin
from collector.store.people import Chip, PeopleImport, Person, Template
from collector.store.writer import Writer
from collector.vault import Vault, add_key, is_sealed
from tests.stores import lay_tables

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
VECTOR = np.ones(128, "<f4").tobytes()


@pytest.fixture
def writer(store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(store_url)) as writer:
        lay_tables(writer.engine)
        yield writer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def _before_the_vault(writer: Writer, keys: CentreKeys, people: int = 3) -> None:
    with writer.session() as session:
        for number in range(people):
            name = f"p-{number}"
            session.add(Person(id=name, name="N", status="PNS"))
            session.flush()
            session.add(Template(person=name, model="dlib", vector=VECTOR, photos=1, made_at=NOW))
            box = keys.boxes[-1].recipient.encrypt(f"picture {number}".encode())
            session.add(Chip(digest=f"d{number}", person=name, family="dlib", encrypted=box, made_at=NOW))
        session.add(Template(person="p-0", model="synthetic", vector=b"", photos=1, made_at=NOW))


def _templates(writer: Writer) -> list[bytes]:
    with writer.session() as session:
        return list(session.scalars(select(Template.vector).where(Template.model == "dlib").order_by(Template.person)))


def test_what_lay_in_clear_is_sealed_and_means_the_same(writer: Writer, folder: Path) -> None:
    keys = CentreKeys.open(folder)
    _before_the_vault(writer, keys)
    assert reseal_all(writer, keys) == 6
    assert reseal_all(writer, keys) == 0
    kept = _templates(writer)
    assert all(is_sealed(one) and VECTOR not in one for one in kept)
    assert clear_template(keys.vault, "p-1", "dlib", kept[1]) == VECTOR
    with writer.session() as session:
        chips = session.execute(select(Chip.person, Chip.family, Chip.encrypted).order_by(Chip.person)).all()
    opened = [keys.vault.unseal(base64.b64decode(chip), chip_name(who, family)) for who, family, chip in chips]
    assert opened == [b"picture 0", b"picture 1", b"picture 2"]


def test_a_new_key_seals_everything_again_and_then_the_old_one_is_needed_no_more(writer: Writer, folder: Path) -> None:
    keys = CentreKeys.open(folder)
    _before_the_vault(writer, keys)
    reseal_all(writer, keys)
    with writer.session() as session:
        session.execute(
            update(Person).where(Person.id == "p-1").values(nik=keys.vault.seal(b"1" * 16, nik_name("p-1")))
        )
        letter = {"name": "surat.pdf", "kind": "pdf", "size": 4, "digest": "d", "by": "x", "at": NOW}
        session.add(Letter(id="l-1", sealed=keys.vault.seal(b"%PDF", letter_name("l-1")), **letter))
        held = {"salt": b"s", "cost": 15, "since": NOW.date(), "until": NOW.date(), "by": "x", "at": NOW}
        told = {"guarantor": "K", "letter": "1", "reason": "r", "entry": "e"}
        verifier = keys.vault.seal(b"scrypt", pin_name("p-2"))
        session.add(StoredPin(person="p-2", number="40718", digest=verifier, **held, **told))
        upload = {"kind": "people", "file": "f", "digest": "d", "state": "staged", "by": "x", "at": NOW}
        session.add(PeopleImport(id="i-1", content=keys.vault.seal(b"id;nama", upload_name("i-1")), **upload))
    add_key(folder)
    assert reseal_all(writer, CentreKeys.open(folder)) == 10
    (folder / "vault" / "vault-1.jwk").unlink()
    vault = Vault.open(folder)
    assert clear_template(vault, "p-2", "dlib", _templates(writer)[2]) == VECTOR
    with writer.session() as session:
        nik = session.scalars(select(Person.nik).where(Person.nik.is_not(None))).one()
        page, rows = session.scalars(select(Letter.sealed)).one(), session.scalars(select(PeopleImport.content)).one()
        pin = session.scalars(select(StoredPin.digest)).one()
    assert vault.unseal(pin, pin_name("p-2")) == b"scrypt"
    assert vault.unseal(nik or b"", nik_name("p-1")) == b"1" * 16
    assert vault.unseal(page, letter_name("l-1")) == b"%PDF"
    assert vault.unseal(rows or b"", upload_name("i-1")) == b"id;nama"


def test_a_dump_of_the_database_holds_no_template_and_no_picture(writer: Writer, folder: Path) -> None:
    keys = CentreKeys.open(folder)
    _before_the_vault(writer, keys)
    reseal_all(writer, keys)
    with writer.transaction() as connection:
        for table in ("templates", "chips", "people"):
            rows = str(connection.execute(text(f"SELECT * FROM {table}")).all()).encode()
            assert base64.b64encode(VECTOR)[:40] not in rows
            assert VECTOR[:40] not in rows


def test_a_template_that_was_moved_to_another_person_is_left_out_and_the_others_stay(
    writer: Writer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = CentreKeys.open(folder)
    _before_the_vault(writer, keys)
    reseal_all(writer, keys)
    stolen = _templates(writer)[0]
    with writer.session() as session:
        session.execute(update(Template).where(Template.person == "p-1").values(vector=stolen))
    told: set[str] = set()
    rows = [("p-0", "N", stolen), ("p-1", "N", stolen), ("p-2", "N", _templates(writer)[2])]
    for _ in range(2):
        opener = Opener(keys.vault, "dlib", told)
        assert [person for person, _ in opener.faces(rows)] == ["p-0", "p-2"]
    assert len([one for one in caplog.messages if "left out of every roster" in one]) == 1


def test_a_missing_key_stops_rosters_instead_of_emptying_them(writer: Writer, folder: Path, tmp_path: Path) -> None:
    keys = CentreKeys.open(folder)
    _before_the_vault(writer, keys)
    add_key(folder)
    sealed = Vault.open(folder).seal(VECTOR, template_name("p-0", "dlib"))
    opener = Opener(Vault.open(tmp_path / "restored"), "dlib", set())
    with pytest.raises(KeysError, match="vault-2"):
        list(opener.faces([("p-0", "N", sealed)]))
