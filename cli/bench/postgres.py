"""A PostgreSQL server of one's own, for benches and tests: on a free port of loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

UNPRIVILEGED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
LIMIT_S = 60


def find_binaries() -> Path | None:
    """Folder of initdb and postgres: of the PATH, or of Debian's newest version; None when there is none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PrivatePostgres:
    """A server in a temporary folder, run by an unprivileged user (root is refused by PostgreSQL itself).

    Without `durable` it never calls fsync: fast, right for tests that do not cut the power.
    """

    def __init__(self, binaries: Path, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        """`settings`: of postgresql.conf, where the server's own do not fit."""
        self.port = _free_port()
        self._binaries = binaries
        self._home = Path(tempfile.mkdtemp(prefix="siperlu-postgres-"))
        self._cluster = self._home / "cluster"
        self._as: Sequence[str] = UNPRIVILEGED if os.geteuid() == 0 else ()
        self._durable = durable
        self._settings = dict(settings or {})

    @property
    def url(self) -> str:
        """SQLAlchemy address of its first database."""
        return self.address("postgres")

    def address(self, database: str) -> str:
        """SQLAlchemy address of one database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Make the cluster and start it. Raises subprocess.CalledProcessError."""
        if self._as:
            shutil.chown(self._home, "nobody")
        self._run("initdb", "-D", self._cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, after `stop` or `kill` too; returns when it answers."""
        options = f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1"
        if not self._durable:
            options += " -c fsync=off"
        options += "".join(f" -c {name}={value}" for name, value in self._settings.items())
        self._run("pg_ctl", "-D", self._cluster, "-w", "-s", "-l", self._home / "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as if every one of its processes was killed."""
        self._run("pg_ctl", "-D", self._cluster, "-w", "-s", "-m", "immediate", "stop")

    def close(self) -> None:
        """Stop it if it runs, and remove its folder."""
        if (self._cluster / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.create()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def new_database(self, name: str, like: str = "template1") -> str:
        """Make a database, empty or a copy of one that nobody is connected to; its address."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-T", like, name)
        return self.address(name)

    def _run(self, program: str, *arguments: str | Path) -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(self._home)}
        line = [*self._as, str(self._binaries / program), *map(str, arguments)]
        quiet = subprocess.DEVNULL
        subprocess.run(  # noqa: S603 - a fixed program with our own arguments
            line, check=True, env=environment, cwd="/", timeout=LIMIT_S, stdin=quiet, stdout=quiet
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
