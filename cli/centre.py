"""What the commands that work on the centre's database share: its settings, its tables, its errors as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cli.noted import note_acting
from cli.output import Failure
from collector.errors import CollectorError
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.store import migrate
from collector.store.engine import open_engine, open_reader
from collector.store.writer import Writer, translated
from models.errors import ModelsError
from settings import SettingsError, load
from wire.errors import WireError

config = click.option("--config", "path", type=click.Path(path_type=Path), help="The centre's settings file.")
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, alone on the last line.")


@contextmanager
def failures() -> Iterator[None]:
    """Turns every error a person can mend into one line and exit status 1."""
    try:
        yield
    except (CollectorError, ModelsError, RulesError, SettingsError, WireError) as error:
        raise Failure(str(error)) from error


@contextmanager
def centre(path: Path | None) -> Iterator[tuple[CollectorSettings, Writer]]:
    """The centre's settings and its database, to write: SQLite is brought to this program's version. Raises Failure."""
    with failures():
        settings = load(CollectorSettings, path)
        engine = open_engine(settings.store.url)
        with Writer(engine) as writer:
            migrate.prepare(engine)
            yield settings, writer


@contextmanager
def session(path: Path | None) -> Iterator[tuple[CollectorSettings, Session]]:
    """One transaction on the centre's database, committed at the end, with a note for whom it acted. Raises Failure."""
    with centre(path) as (settings, writer), writer.session() as opened:
        yield settings, opened
        note_acting(opened)


@contextmanager
def reading(path: Path | None) -> Iterator[tuple[CollectorSettings, Session]]:
    """The centre's database for a look: it keeps no writer waiting for long and makes no database. Raises Failure."""
    with failures():
        settings = load(CollectorSettings, path)
        engine = open_reader(settings.store.url)
        try:
            migrate.check(engine)
            with Session(engine) as opened:
                yield settings, opened
        except DBAPIError as error:
            raise translated(error) from error
        finally:
            engine.dispose()


def today(settings: CollectorSettings) -> date:
    """Today's date where the regency is."""
    return datetime.now(UTC).astimezone(ZoneInfo(settings.web.timezone)).date()
