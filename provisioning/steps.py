"""Kinds of steps that kiosks and the centre share: files, scripts, packages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioning.shell import Shell, must

PUT = """
folder=$(dirname "$1"); mkdir -p "$folder"
draft=$(mktemp "$folder/.siperlu.XXXXXX"); trap 'rm -f "$draft"' EXIT
cat > "$draft"; chown "$3" "$draft"; chmod "$2" "$draft"; sync "$draft"; mv -f "$draft" "$1"; sync "$folder"
"""
LOOK = """
for path in "$@"; do
  if [ -f "$path" ]; then printf '%s %s %s\\n' "$(sha256sum < "$path" | cut -c1-64)" "$(stat -c '%a %U:%G' "$path")" "$path"; fi
done
"""
MARK = 'mkdir -p "$(dirname "$1")"; : > "$1"; sync "$1"'
QUIET = "DEBIAN_FRONTEND=noninteractive"
APT = "apt-get -q -o DPkg::Lock::Timeout=600"
"""A fresh system updates itself in the background: its turn is waited for."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is to be; `owner` user:group."""

    path: str
    content: bytes
    mode: str = "644"
    owner: str = "root:root"

    @property
    def line(self) -> str:
        """What a look at the machine says when it is so."""
        return f"{hashlib.sha256(self.content).hexdigest()} {self.mode} {self.owner} {self.path}"


@dataclass(frozen=True, slots=True)
class Files:
    """Files with their content, mode and owner; `after` runs when any was written, also when a line broke before it could."""

    name: str
    mend: str
    files: Sequence[File]
    after: str = ""

    def done(self, shell: Shell) -> bool:
        """Whether all are as they are to be, and nothing waits to be told of them."""
        there = self._there(shell)
        return not self._missing(there) and not self._waits(there)

    def do(self, shell: Shell) -> None:
        """Write those that are not, each whole or not at all."""
        missing = self._missing(self._there(shell))
        if self.after:
            must(shell, MARK, self._mark)
        for file in missing:
            must(shell, PUT, file.path, file.mode, file.owner, given=file.content)
        if self.after:
            must(shell, self.after)
            must(shell, 'rm -f "$1"', self._mark)

    @property
    def _mark(self) -> str:
        """Stands beside the first file for as long as `after` has not run."""
        return f"{self.files[0].path.rpartition('/')[0]}/.siperlu-{self.name.replace(' ', '-')}.pending"

    def _there(self, shell: Shell) -> set[str]:
        marks = [self._mark] if self.after else []
        return set(must(shell, LOOK, *(file.path for file in self.files), *marks).splitlines())

    def _missing(self, there: set[str]) -> list[File]:
        return [file for file in self.files if file.line not in there]

    def _waits(self, there: set[str]) -> bool:
        return any(self.after and line.endswith(f" {self._mark}") for line in there)


@dataclass(frozen=True, slots=True)
class Upload:
    """A large file, sent as a stream; `digest`: its SHA-256."""

    name: str
    mend: str
    source: Path
    path: str
    digest: str

    def done(self, shell: Shell) -> bool:
        """Whether that very file is there."""
        return self.digest in must(shell, LOOK, self.path)

    def do(self, shell: Shell) -> None:
        """Send it; it is there whole or not at all."""
        must(shell, PUT, self.path, "644", "root:root", given=self.source, limit_s=3600)


@dataclass(frozen=True, slots=True)
class Script:
    """A script that does something, and one that tells (by exit status 0) that it is done."""

    name: str
    mend: str
    check: str
    act: str
    words: Sequence[str] = ()
    limit_s: float = 900.0

    def done(self, shell: Shell) -> bool:
        """Whether the check succeeds."""
        return shell.run(self.check, *self.words).code == 0

    def do(self, shell: Shell) -> None:
        """Act."""
        must(shell, self.act, *self.words, limit_s=self.limit_s)


@dataclass(frozen=True, slots=True)
class Packages:
    """Debian packages. `optional`: installed where the system's archive has them, left out where not."""

    name: str
    mend: str
    needed: Sequence[str]
    optional: Sequence[str] = ()
    limit_s: float = 3600.0

    def done(self, shell: Shell) -> bool:
        """Whether the needed ones are there, and of the optional ones those that could be."""
        return not self._missing(shell, self.needed) and not self._possible(shell)

    def do(self, shell: Shell) -> None:
        """Install what is missing; the lists are fetched first, and what a power cut left half configured is finished."""
        must(shell, f"{APT} check >/dev/null 2>&1 || {QUIET} dpkg --force-confold --configure -a", limit_s=self.limit_s)
        must(shell, f"{APT} update", limit_s=self.limit_s)
        wanted = [*self._missing(shell, self.needed), *self._possible(shell)]
        install = f'{QUIET} {APT} -y --no-install-recommends -o Dpkg::Options::=--force-confold install "$@"'
        if wanted:
            must(shell, install, *wanted, limit_s=self.limit_s)

    def _possible(self, shell: Shell) -> list[str]:
        missing = self._missing(shell, self.optional)
        if not missing:
            return []
        look = 'for p in "$@"; do apt-cache show "$p" >/dev/null 2>&1 && echo "$p"; done; true'
        return must(shell, look, *missing).split()

    @staticmethod
    def _missing(shell: Shell, names: Sequence[str]) -> list[str]:
        if not names:
            return []
        look = 'for p in "$@"; do dpkg-query -W -f="\\${Status}" "$p" 2>/dev/null | grep -q "ok installed" || echo "$p"; done; true'
        return must(shell, look, *names).split()
