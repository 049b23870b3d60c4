"""Tables of accounts, their sessions, and of attempts to log in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class StoredAccount(Base):
    """Somebody who may log in. `id` stays for ever and is what the audit log names; `login` is what they type, in small
    letters. `password`: argon2id, None before the first. `one_time_until`: the password is for one log-in before then,
    and must be changed. An account is disabled, never deleted: the audit log must go on naming it."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    person: Mapped[str | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), unique=True)
    password: Mapped[str | None] = mapped_column(String(200))
    one_time_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class WebSession(Base):
    """A browser that is logged in. `id`: SHA-256 of the token in its cookie, so that a copy of the database opens nothing.
    `seen_at` is renewed at most once a minute. `address`, `agent`: what the owner recognises it by."""

    __tablename__ = "web_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(Text)


class Attempts(Base):
    """Failed attempts since `since`. `key`: SHA-256 of what is limited (an account, an address, both): what was typed as
    a login may have been a password."""

    __tablename__ = "login_attempts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]


class Handout(Base):
    """A link on paper by which an employee chooses their own password, once. `id`: SHA-256 of the token in the link."""

    __tablename__ = "handouts"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Secret(Base):
    """A secret that the centre's web processes share, made at first need. `name`: cookies."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
