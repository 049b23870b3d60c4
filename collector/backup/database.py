"""A consistent copy of the database beside its writers, and the way back into an empty one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from collector.errors import BackupError
from collector.store.engine import is_sqlite

LIMIT_S = 6 * 3600
PASSING = "stick_pieces"
"""Files on their way, which are made or sent again: up to gibibytes that no backup needs. Its orders know (`collector.sticks.orders.miss`)."""
LEFT = (f"--exclude-table-data={PASSING}",)


def dump(url: str, target: Path) -> None:
    """Copy the database into a file: SQLite's own backup, or pg_dump's custom format. Raises BackupError."""
    if not is_sqlite(url):
        _run(url, "pg_dump", "--format=custom", *LEFT, "--no-owner", "--no-acl", f"--file={target}")
        return
    source = Path(make_url(url).database or "")
    if not source.is_file():
        raise BackupError(f"{source}: there is no database to back up")
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        _leave_out(new)


def _leave_out(copy: sqlite3.Connection) -> None:
    """Take out of a copy what is only on its way; what is gone leaves no room behind."""
    there = copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (PASSING,)).fetchone()
    if there and copy.execute(f"DELETE FROM {PASSING}").rowcount:  # noqa: S608 - a name of ours
        copy.commit()
        copy.execute("VACUUM")


def load(url: str, source: Path) -> None:
    """Put a dump into an empty database. Raises BackupError when there is anything in it already."""
    if is_sqlite(url):
        target = Path(make_url(url).database or "")
        if target.exists() and target.stat().st_size:
            raise BackupError(f"{target}: not empty; move it away first, nothing is written over")
        shutil.copyfile(source, target)
        target.chmod(0o600)
        return
    tables = _run(url, "psql", "-XAtc", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").strip()
    if tables != "0":
        raise BackupError(f"the database has {tables} tables; give an empty one: nothing is written over")
    _run(
        url, "pg_restore", "--no-owner", "--no-acl", "--exit-on-error", "--single-transaction", "--dbname=", str(source)
    )


def _run(url: str, program: str, *words: str) -> str:
    """PostgreSQL's own programs, told where by their environment: a password must not stand in a list of processes."""
    parsed = make_url(url)
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed: apt-get install postgresql-client")
    line = [found, *(f"--dbname={parsed.database}" if word == "--dbname=" else word for word in words)]
    done = subprocess.run(  # noqa: S603 - a program of the system, no shell
        line, env=_environment(parsed), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _environment(parsed: URL) -> dict[str, str]:
    host = parsed.host or parsed.query.get("host")
    told = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGPORT": str(parsed.port) if parsed.port else None,
        "PGUSER": parsed.username,
        "PGPASSWORD": str(parsed.password) if parsed.password else None,
        "PGDATABASE": parsed.database,
    }
    return {**os.environ, **{name: value for name, value in told.items() if value}}
