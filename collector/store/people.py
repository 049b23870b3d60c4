"""Tables of people, units, kiosks and rosters."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class Unit(Base):
    """An OPD, bagian, UPT, kecamatan or school."""

    __tablename__ = "units"
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32), default="opd")
    parent: Mapped[str | None] = mapped_column(ForeignKey("units.code"), index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class Person(Base):
    """A civil servant or contract worker. `id` is random and the only thing the wire knows; `number` is NIP or NI PPPK;
    `left_on` the first day they no longer serve, `left_why`: see `collector.people.changing.Leaving`; `nik`: sealed by the
    vault (`collector.people.sealing.nik_name`)."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(32))
    number: Mapped[str | None] = mapped_column(String(32), unique=True)
    internal_number: Mapped[str | None] = mapped_column(String(64), unique=True)
    left_on: Mapped[date | None] = mapped_column(Date)
    left_why: Mapped[str | None] = mapped_column(String(16))
    nik: Mapped[bytes | None] = mapped_column(LargeBinary)


class Assignment(Base):
    """A person works at a unit between two days, both included; `until` None is open. `kind`: main or second, which needs
    the number of the letter of assignment."""

    __tablename__ = "assignments"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="main")
    from_day: Mapped[date] = mapped_column(Date)
    until_day: Mapped[date | None] = mapped_column(Date)
    letter: Mapped[str | None] = mapped_column(String(100))


class Template(Base):
    """A person's template of one embedder: unit vector, float32 little-endian, sealed by the vault
    (`collector.people.sealing`). `photos`: how many made it."""

    __tablename__ = "templates"
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    photos: Mapped[int]
    made_at: Mapped[datetime]


class Chip(Base):
    """An aligned enrolment picture, sealed by the vault and in Base64, from which a change of embedder makes templates
    again. `digest`: SHA-256 of that text."""

    __tablename__ = "chips"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    family: Mapped[str] = mapped_column(String(32))
    encrypted: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class Kiosk(Base):
    """A kiosk. `scope`: unit (its unit and those below), opd (its whole OPD), kecamatan, or all. `by_stick`: it has no
    network by decision, and its records come on a USB stick."""

    __tablename__ = "kiosks"
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    scope: Mapped[str] = mapped_column(String(16), default="unit")
    registered_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    by_stick: Mapped[bool] = mapped_column(default=False, server_default=false())


class KioskKey(Base):
    """A public key of a kiosk, by the name seals carry (`owner#number`). `use`: record, relay (Ed25519), roster (X25519)."""

    __tablename__ = "kiosk_keys"
    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), index=True)
    use: Mapped[str] = mapped_column(String(16))
    x: Mapped[str] = mapped_column(String(43))
    thumbprint: Mapped[str] = mapped_column(String(43), unique=True)
    added_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PublishedRoster(Base):
    """The manifest a kiosk was last given. `version` is of the size of Unix milliseconds."""

    __tablename__ = "published_rosters"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    sealed: Mapped[str] = mapped_column(Text)


class PublishedRules(Base):
    """Hours, holidays and wishes that a kiosk was last told. `version` is of the size of Unix milliseconds."""

    __tablename__ = "published_rules"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    sealed: Mapped[str] = mapped_column(Text)


class PublishedEntry(Base):
    """One sealed roster entry a kiosk was last given; `content` is a SHA-256 of what it says, to whom and under which seal,
    to tell a change. All three empty: it was taken away, and a broker is told so again on every reconnect."""

    __tablename__ = "published_entries"
    __table_args__ = (Index("ix_published_entries_person", "person"),)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str] = mapped_column(Text)


class PeopleImport(Base):
    """A file of people or units. `state`: staged (uploaded, not decided), applied, undone, dropped; `kind`: people, units.

    `content`: the file, sealed by the vault, until it is decided about. `digest`: SHA-256 of the file; `counts`: JSON.
    """

    __tablename__ = "people_imports"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    file: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(index=True)
    counts: Mapped[str] = mapped_column(Text, default="{}")
    with_nik: Mapped[bool] = mapped_column(default=False)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    undone_by: Mapped[str | None] = mapped_column(String(100))
    undone_at: Mapped[datetime | None]
    undone_why: Mapped[str | None] = mapped_column(Text)


class PeopleImportChange(Base):
    """What an import did to one person or unit: JSON of `collector.people.states` before (None: was not there) and after."""

    __tablename__ = "people_import_changes"
    imported: Mapped[str] = mapped_column(ForeignKey("people_imports.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    line: Mapped[int]
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)


class EnrolmentNote(Base):
    """A face was enrolled, refused or taken away: by whom, of how many photos, under which text of information the person
    was told (`notice`), and why where a rule was stretched."""

    __tablename__ = "enrolment_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(16))
    photos: Mapped[int] = mapped_column(default=0)
    notice: Mapped[str] = mapped_column(String(32), default="")
    why: Mapped[str] = mapped_column(Text, default="")


class DataRequest(Base):
    """A person's request about their own data (UU 27/2022): correction, and what came of it. `state`: open, done, refused."""

    __tablename__ = "data_requests"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    about: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str | None] = mapped_column(String(100))
    answered_at: Mapped[datetime | None]
