"""`siperlu release …`: making, sealing and checking release bundles."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import get_args

import click

from cli.output import Failure, emit, say
from provisioning.errors import ProvisioningError
from wire.errors import WireError
from wire.jwks import KEY_SET, key_set, readable
from wire.release import OWNER, Release, Target
from wire.seals import KeyName, SealingKey

SCHEMA = 1
"""Of the kiosk's own databases; one more whenever an older release could not read them."""
TARGETS = tuple(target for target in get_args(Target) if target != "any")
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, alone on the last line.")
keys_option = click.option(
    "--keys", "keys", required=True, type=click.Path(path_type=Path), help="Public release keys (release.json)."
)


@click.group()
def command() -> None:
    """Make and check release bundles: software for kiosks and centre, sealed off-line."""


@contextmanager
def failures() -> Iterator[None]:
    """Turns every error a person can mend into one line and exit status 1."""
    try:
        yield
    except (ProvisioningError, WireError, OSError) as error:
        raise Failure(str(error)) from error


@command.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The secret key; beside it its public half, .json."
)
@click.option("--number", type=click.IntRange(1, 999), default=1, show_default=True, help="Which release key this is.")
def keygen(out: Path, number: int) -> None:
    """Make a release key. Keep the secret half off-line; the public half goes to every kiosk."""
    key = SealingKey.generate(KeyName(OWNER, number))
    with failures():
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"kid": str(key.public.name), **key.private}, file)
        out.with_suffix(".json").write_text(readable(key_set([key.public], [])), encoding="ascii")
    say(f"{out}: keep it off-line; {out.with_suffix('.json')} goes to kiosks")


@command.command()
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path), help="The secret release key.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.tar.")
@click.option(
    "--target", "targets", multiple=True, type=click.Choice(TARGETS), default=TARGETS, help="Systems; all by default."
)
@click.option("--floor", help="No version below this one after it; its own version's first two numbers by default.")
@click.option(
    "--for", "extras", type=click.Choice(["kiosk", "centre", "kiosk,centre"]), default="kiosk", show_default=True
)
@click.option("--checkout", type=click.Path(path_type=Path), default=Path(), help="The project's folder.")
@as_json
def build(  # noqa: PLR0913, PLR0917 - one parameter an option
    key_file: Path,
    out: Path,
    targets: tuple[Target, ...],
    floor: str | None,
    extras: str,
    checkout: Path,
    as_json: bool,
) -> None:
    """Build a release of this checkout with every wheel that the systems need; needs the package index."""
    from provisioning.bundle import wheels  # noqa: PLC0415
    from provisioning.bundle.writing import Recipe, collected, write_bundle  # noqa: PLC0415

    version = metadata.version("siperlu-kiosk")
    recipe = Recipe(version, floor or ".".join([*version.split(".")[:2], "0"]), datetime.now(UTC), SCHEMA)
    with failures(), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheels.own_wheels(checkout, folder / "any")
        for target in targets:
            wheels.download(folder / "any", extras, checkout, target, folder / target)
        parts: list[tuple[Path, str, Target]] = [(checkout / "systemd", "systemd", "any")]
        parts += [(folder / "any", "wheels/any", "any"), *((folder / t, f"wheels/{t}", t) for t in targets)]
        release = write_bundle(out, recipe, collected(parts), read_key(key_file))
    _tell(release, out)
    if as_json:
        emit({"file": str(out), "version": release.version, "files": len(release.files)})


@command.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@keys_option
@as_json
def verify(bundle: Path, keys: Path, as_json: bool) -> None:
    """Check BUNDLE whole: its seal, and every byte it names."""
    from provisioning.bundle import open_bundle  # noqa: PLC0415

    with failures():
        found = open_bundle(bundle, KEY_SET.decode(keys.read_bytes()).keyring())
    _tell(found.release, bundle)
    if as_json:
        emit({"good": True, "version": found.release.version, "targets": sorted(found.release.targets)})


def read_key(path: Path) -> SealingKey:
    """A secret release key. Raises Failure for a file that others may read, or that is none."""
    try:
        if path.stat().st_mode & 0o077:
            raise Failure(f"{path}: others may read this secret key; chmod 600 {path}")
        secret = json.loads(path.read_text("ascii"))
        return SealingKey.from_private(KeyName.parse(secret["kid"]), secret)
    except (OSError, ValueError, KeyError, TypeError, WireError) as error:
        raise Failure(
            f"{path}: not a secret release key; `siperlu release keygen` makes one ({type(error).__name__})"
        ) from error


def _tell(release: Release, path: Path) -> None:
    size = sum(file.size for file in release.files) / 1e6
    made = ", ".join(sorted(release.targets))
    say(
        f"{path}: version {release.version}, not below {release.floor}, {len(release.files)} files, {size:.0f} MB, for {made}"
    )
