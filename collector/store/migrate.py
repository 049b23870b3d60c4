"""Bringing the database to the version this program needs."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from collector.errors import SchemaError
from collector.store.writer import translated

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Run what is missing, in one transaction. Raises StoreDownError, SchemaError."""
    configuration = _configuration()
    try:
        with engine.begin() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            _refuse_unknown(found)
            if found == head():
                return
            log.info("database goes from version %s to %s", found or "none", head())
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except DBAPIError as error:
        raise translated(error) from error


def prepare(engine: Engine) -> None:
    """What every start does: an SQLite file is brought up to date, a server's database only on purpose, for others may
    run on it. Raises SchemaError, StoreDownError."""
    if engine.dialect.name == "sqlite":
        upgrade(engine)
    check(engine)


def check(engine: Engine) -> None:
    """Raises SchemaError when the database is older or newer than this program, StoreDownError when it is away."""
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise translated(error) from error
    _refuse_unknown(found)
    if found != head():
        raise SchemaError(f"the database is at {found or 'no version'}, needed is {head()}: siperlu collector migrate")


def head() -> str:
    """The newest version."""
    newest = ScriptDirectory.from_config(_configuration()).get_current_head()
    assert newest is not None
    return newest


def _refuse_unknown(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_configuration()).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(f"the database is at {found}, newer than this program knows: install the newer program")


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return configuration
