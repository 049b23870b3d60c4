"""`siperlu verify FILE`: is a recap or an export of records as the centre made it? Needs public keys, no database."""

from __future__ import annotations

import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.centre import as_json, failures
from cli.output import Failure, emit, say
from cli.recap import save
from collector.recap import checking, links, pdf
from collector.recap.export import MANIFEST
from wire.jwks import KEY_SET
from wire.seals import Keyring


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keys", "keys_file", type=click.Path(path_type=Path), help="The centre's public keys: `siperlu collector keys`."
)
@click.option("--print", "printed", type=click.Path(path_type=Path), help="Print what a PDF carries into this file.")
@as_json
def command(file: Path, keys_file: Path | None, printed: Path | None, as_json: bool) -> None:
    """Check FILE: a recap (XLSX, PDF, CSV, or the text of its QR code) or an export of sealed records (ZIP)."""
    with failures():
        keys = KEY_SET.decode(_read(keys_file)).keyring() if keys_file else None
        raw = _read(file)
        if printed:
            _reprint(file, raw, printed)
        told, fault = _export(file, keys) if _is_export(file) else _recap(file, raw, keys)
    if as_json:
        emit({"file": str(file), "good": not fault, "fault": fault, **told})
    if fault:
        raise Failure(f"{file}: NOT GOOD: {fault}")
    say(f"{file}: good")


def _recap(file: Path, raw: bytes, keys: Keyring | None) -> tuple[dict[str, Any], str]:
    if keys is None:
        raise Failure(f"{file}: a recap is checked with the centre's public keys: give --keys FILE")
    found = checking.check(raw, keys)
    if found.stamp is None:
        return {}, found.fault
    said = asdict(found.stamp)
    say(f"sealed by the centre: recap of {said['unit']}, {said['month']}, printed {said['printed']}")
    say(f"digest {said['digest']}: it stands on every page and at the foot of the signed one")
    return said, found.fault


def _export(file: Path, keys: Keyring | None) -> tuple[dict[str, Any], str]:
    found = links.check(file, keys)
    say(f"{len(found.manifest.chains)} chains, {found.records} records")
    if not found.vouched:
        say(f"keys inside it: {' '.join(found.centre)}; compare with the centre's, or give --keys")
    for broken in found.broken:
        say(f"kiosk {broken.kiosk} chain {broken.chain}: record {broken.seq} {broken.reason}")
    told = {"chains": len(found.manifest.chains), "records": found.records, "vouched": found.vouched}
    listed = [asdict(broken) for broken in found.broken]
    if not found.broken:
        return {**told, "broken": listed}, ""
    first = found.broken[0]
    fault = f"kiosk {first.kiosk}, chain {first.chain}, record {first.seq}: {first.reason}"
    return {**told, "broken": listed}, fault


def _is_export(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _reprint(file: Path, raw: bytes, target: Path) -> None:
    content = pdf.content_of(raw)
    if content is None:
        raise Failure(f"{file}: carries no recap that could be printed")
    save(target, pdf.laid_out(content.document, content.seal))
    say(f"{target}: what {file} carries, printed here")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(checking.MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"{file}: cannot be read ({error.strerror}); check the path") from error
