"""The centre's database: migrations are the tables, one writer, errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from collector.errors import SchemaError, StoreDownError
from collector.store import migrate
from collector.store.engine import open_engine, open_reader
from collector.store.people import Unit
from collector.store.tables import metadata
from collector.store.writer import Writer


@pytest.fixture
def writer(empty_store_url: str) -> Iterator[Writer]:
    with Writer(open_engine(empty_store_url)) as writer:
        migrate.upgrade(writer.engine)
        yield writer


def test_the_migrations_make_exactly_the_tables_of_the_code(writer: Writer) -> None:
    with writer.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(writer: Writer) -> None:
    migrate.upgrade(writer.engine)
    migrate.check(writer.engine)


def test_an_empty_database_is_refused_with_the_command_to_run(empty_store_url: str) -> None:
    engine = open_engine(empty_store_url)
    with pytest.raises(SchemaError, match="siperlu collector migrate"):
        migrate.check(engine)
    engine.dispose()


def test_a_database_of_a_newer_program_is_left_alone(writer: Writer) -> None:
    with writer.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (migrate.check, migrate.upgrade):
        with pytest.raises(SchemaError, match="newer"):
            look(writer.engine)


def test_what_fails_half_way_leaves_nothing(writer: Writer) -> None:
    def write() -> None:
        with writer.session() as session:
            session.add(Unit(code="A", name="A"))
            session.flush()
            session.execute(sa.insert(Unit).values(code="A", name="again", kind="opd"))

    with pytest.raises(sa.exc.IntegrityError):
        write()
    with writer.session() as session:
        assert session.scalars(sa.select(Unit)).all() == []


def test_the_database_goes_forward_only() -> None:
    """Half a ladder is worse than none: the way back is a backup (decision 0299)."""
    scripts = sorted((migrate.SCRIPTS / "versions").glob("0*.py"))
    assert len(scripts) > 25
    assert [path.name for path in scripts if "def downgrade" in path.read_text("utf-8")] == []


def test_a_reader_sees_what_is_committed_and_cannot_write(writer: Writer, empty_store_url: str) -> None:
    reader = open_reader(empty_store_url)
    with writer.session() as session:
        session.add(Unit(code="A", name="A"))
    with reader.connect() as connection:
        assert connection.scalars(sa.select(Unit.code)).all() == ["A"]
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.insert(Unit).values(code="B", name="B", kind="opd"))
    reader.dispose()


def test_a_locked_file_is_an_error_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.store.engine.BUSY_S", 0.05)
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    with Writer(open_engine(url)) as writer, Writer(open_engine(url)) as intruder:
        migrate.upgrade(writer.engine)
        with intruder.transaction(), pytest.raises(StoreDownError, match="locked"), writer.transaction():
            pass
        with writer.session() as session:
            session.add(Unit(code="A", name="A"))


def test_a_server_that_is_away_is_an_error_that_passes() -> None:
    with Writer(open_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")) as writer:
        with pytest.raises(StoreDownError), writer.transaction():
            pass
        with pytest.raises(StoreDownError):
            migrate.check(writer.engine)


@pytest.mark.parametrize("url", ["", "mysql://x/y", "postgresql://x/y", "nonsense"])
def test_an_address_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(SchemaError, match=r"store\.url"):
        open_engine(url)


def test_nobody_else_reads_the_file(tmp_path: Path, sqlite_url: str) -> None:
    with Writer(open_engine(sqlite_url)) as writer, writer.transaction():
        assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("centre.db*")} == {0o600}


def test_an_error_tells_no_values(writer: Writer) -> None:
    with pytest.raises(sa.exc.IntegrityError) as caught, writer.session() as session:
        session.execute(sa.insert(Unit), [{"code": code, "name": "Siti Rahayu", "kind": "opd"} for code in "AA"])
    assert "Siti Rahayu" not in str(caught.value)


def test_a_commit_is_on_disk_when_it_returns(writer: Writer) -> None:
    with writer.transaction() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.scalar(sa.text("PRAGMA synchronous")) == 2
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "truncate"
        else:
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"


def test_a_mistyped_address_is_shown_without_its_password() -> None:
    with pytest.raises(SchemaError, match=r"store\.url = 'postgres//centre:\*\*\*@db") as caught:
        open_engine("postgres//centre:hunter2@db")
    assert "hunter2" not in str(caught.value)
