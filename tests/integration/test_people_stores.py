"""Importing, registering, publishing and leaving do the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from collector.keys import CentreKeys
from collector.people import faces, importing, kiosks, publisher, sheet
from collector.people.faces import Portrait, Study
from collector.people.kiosks import Wish
from collector.people.leaving import leave
from collector.people.scope import Scope
from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.people import Chip, Person, PublishedEntry, Template
from collector.store.writer import Writer
from models import manifest
from tests.stores import lay_tables
from wire.jwks import key_set
from wire.seals import DecryptionKey, KeyName, SealingKey

TODAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
UNITS = "kode;nama;jenis;induk\nSD-1;SDN 1;sekolah;DISDIK\nDISDIK;Dinas Pendidikan;opd;\n"
PEOPLE = 'id;nama;status;unit\nG1;Siti;honorer guru;SD-1\nG2;"Robert\'); DROP TABLE people;--";honorer guru;SD-1\n'


def _study(seed: int) -> Study:
    noise = np.random.default_rng(seed).normal(size=(2, 128))
    vectors = np.asarray(noise / np.linalg.norm(noise, axis=1, keepdims=True), np.float32)
    portraits = (Portrait("G1", vectors[0], (b"chip",)), Portrait("Siti Baru", vectors[1], (b"chip", b"chip 2")))
    return Study(manifest.card("dlib"), portraits, ())


def _import(writer: Writer, text: str) -> dict[str, int]:
    with writer.session() as session:
        found = importing.preview(session, sheet.read(text.encode(), "f"), TODAY)
        importing.apply(session, found, TODAY)
        return found.plan.counts


@pytest.fixture
def keys(tmp_path: Path) -> CentreKeys:
    return CentreKeys.open(tmp_path / "keys")


def test_from_a_sheet_to_a_roster_and_out_again(store_url: str, keys: CentreKeys) -> None:
    engine = open_engine(store_url)
    with Writer(engine) as writer:
        lay_tables(engine)
        assert _import(writer, UNITS)["new"] == 2
        assert _import(writer, PEOPLE)["new"] == 2
        assert (_import(writer, UNITS)["same"], _import(writer, PEOPLE)["same"]) == (2, 2)
        for seed in (1, 2):  # the second time templates and chips take the place of the first
            with writer.session() as session:
                report = faces.store(session, _study(seed), keys, today=TODAY, create_in="SD-1")
        assert (report.created, len(report.enrolled)) == (0, 2)
        _register(writer)
        assert _published(writer, keys) == ["k-1/roster/", "k-1/roster/", "k-1/roster"]
        assert _published(writer, keys) == []
        with writer.session() as session:
            assert session.scalar(select(func.count()).select_from(Chip)) == 3
            leave(session, "G1", TODAY, erase=True)
        assert _published(writer, keys) == ["k-1/roster", "k-1/roster/"]
        with writer.session() as session:
            assert session.scalar(select(func.count()).select_from(Template)) == 1
            assert session.scalar(select(func.count()).select_from(PublishedEntry)) == 2
            assert len(publisher.everything(session)[1]) == 3
            assert "Robert'); DROP TABLE people;--" in session.scalars(select(Person.name)).all()


def _register(writer: Writer) -> None:
    sealing = SealingKey.generate(KeyName("k-1", 1)).public
    box = DecryptionKey.generate(KeyName("k-1/roster", 1)).recipient
    with writer.session() as session:
        kiosks.register(session, Wish("k-1", "SD-1", Scope.OPD, key_set([sealing], [box])), NOW)


def _published(writer: Writer, keys: CentreKeys) -> list[str]:
    """Topics without the part that is random."""
    with writer.session() as session:
        messages = publisher.changes(session, keys, CollectorSettings(), NOW)
    return [message.topic.removeprefix("siperlu/v1/").partition("p-")[0] for message in messages]
