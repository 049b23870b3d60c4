"""`siperlu centre backup|restore`: as root, on the centre's host."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.centre import as_json, config, failures
from cli.output import Failure, emit, say
from collector.authority.claims import new_code
from collector.backup import making
from collector.settings import CollectorSettings
from settings import load

FOLDER = Path("/var/backups/siperlu")
WORD = Path("/etc/siperlu/backup.passphrase")
LACKING = (
    ("records since then", "kiosks send them again by themselves, 90 days back; `siperlu collector gaps` gets empty"),
    ("what people entered, decided or ordered since then", "leave, lists, appeals, rules, accounts: enter it again"),
    (
        "kiosks revoked since then are believed again",
        "`siperlu collector kiosks revoke ID --reason …` for each, first of all",
    ),
    ("sticks that were on their way", 'send each in again and have its ZIP prepared again, on the page "Flashdisk"'),
    ("releases", "`siperlu collector releases add FILE --release-keys KEYS`"),
    ("settings", "collector.toml is the one this machine has; the old one lies in the backup for reading"),
    ("the root's file and the passphrases", "they are where you locked them away; renewing the sub-CA needs them"),
    (
        "the machine's own: logs, models, another certificate of nginx",
        "logs are gone; `siperlu centre install` makes the rest",
    ),
)
"""What is missing after a restore, and the mend."""

word = click.option(
    "--passphrase-file",
    "word_file",
    default=WORD,
    show_default=True,
    type=click.Path(path_type=Path),
    help="File with the passphrase, mode 0600; made by the first backup.",
)
secret_keys = click.option(
    "--keys",
    default=Path("/etc/siperlu/keys"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the secret keys of broker, pages and processes.",
)


@click.command()
@click.option(
    "--to", "folder", default=FOLDER, show_default=True, type=click.Path(path_type=Path), help="Where it goes."
)
@click.option("--keep", default=14, show_default=True, type=click.IntRange(1, 3650), help="Older ones are deleted.")
@word
@secret_keys
@config
@as_json
def backup(folder: Path, keep: int, word_file: Path, keys: Path, path: Path | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917 - one parameter an option
    """Back up database, keys, authority and settings into one encrypted file, read it back, delete old ones."""
    with failures():
        settings = load(CollectorSettings, path)
        try:
            passphrase = _passphrase(word_file)
            made = making.make(settings.store.url, _parts(settings, keys, path), folder, passphrase, datetime.now(UTC))
            old = making.rotate(folder, keep)
        except OSError as error:
            raise Failure(f"no backup was made: {error}") from error
    say(f"{made}: made and read back; {len(old)} old ones deleted. Copy it off this machine.")
    if as_json:
        emit({"file": str(made), "deleted": [one.name for one in old]})


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--verify-only", is_flag=True, help="Only look whether it is good.")
@word
@secret_keys
@config
def restore(file: Path, verify_only: bool, word_file: Path, keys: Path, path: Path | None) -> None:
    """Put a backup back onto a centre with an empty database and without keys; what is there is never written over.

    Kiosks then send again, by themselves, what the backup did not have yet: the centre receipts a lower number.
    """
    with failures():
        try:
            passphrase = word_file.read_text("ascii").strip()
            if verify_only:
                say(f"{file}: good, of {making.verify(file, passphrase)['at']}")
                return
            settings = load(CollectorSettings, path)
            parts = _parts(settings, keys, None)
            done = making.restore(file, settings.store.url, parts, passphrase)
        except OSError as error:
            raise Failure(f"{error}; the passphrase was told at the first backup") from error
    say(f"restored {', '.join(done.parts)}, as they were at {done.at}. No backup holds these:")
    for what, mend in LACKING:
        say(f"  - {what}: {mend}")
    say(
        "Now run `siperlu centre install` once more: it brings the tables up to date, mends owners and starts everything."
    )


def _parts(settings: CollectorSettings, keys: Path, path: Path | None) -> dict[str, Path]:
    """What is backed up beside the database. The settings are in a backup for reading; a restore goes by those it runs with."""
    own = settings.authority
    parts = {"centre-keys": settings.store.keys, "authority": own.folder, "served": own.served, "keys": keys}
    return parts | ({"collector.toml": path} if path else {})


def _passphrase(file: Path) -> str:
    """Read, or made and told once: without it every backup is worthless, so it must be kept elsewhere too."""
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(new_code())
        say(f"{file}: made. Write it down and keep it away from this machine: a backup opens by it alone.")
        click.echo(file.read_text("ascii"), err=True)
    if file.stat().st_mode & 0o077:
        raise Failure(f"{file}: others can read it; chmod 600 {file}")
    return file.read_text("ascii").strip()
