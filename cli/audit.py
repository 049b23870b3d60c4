"""`siperlu collector audit …`: whether the audit log is as it was written."""

from __future__ import annotations

from pathlib import Path

import click

from cli.centre import as_json, config, reading
from cli.output import Failure, emit, say
from collector.audit import log
from collector.audit.chain import Broken, Head


@click.group()
def command() -> None:
    """Check the log of who did and read what."""


@command.command()
@config
@as_json
def head(path: Path | None, as_json: bool) -> None:
    """Print the end of the log as SEQ:DIGEST, to be written down outside the database."""
    with reading(path) as (_, opened):
        found = log.head(opened)
    if as_json:
        emit({"seq": found.seq, "digest": found.digest})
    else:
        click.echo(f"{found.seq}:{found.digest}")


@command.command()
@click.option("--head", "known", metavar="SEQ:DIGEST", help="What `head` printed before; the log must still hold it.")
@config
@as_json
def verify(known: str | None, path: Path | None, as_json: bool) -> None:
    """Follow the log from its first entry; name the first link that does not hold."""
    expected = _parsed(known) if known else None
    with reading(path) as (_, opened):
        found = log.verify(opened, expected)
    broken = found if isinstance(found, Broken) else None
    if as_json:
        emit({"whole": broken is None, "seq": found.seq, "why": broken.why if broken else ""})
    if broken is not None:
        raise Failure(f"the audit log does not hold from entry {broken.seq} on: {broken.why}")
    say(f"{found.seq} entries, each as it was written")


def _parsed(known: str) -> Head:
    seq, _, digest = known.partition(":")
    if not seq.isdecimal() or len(digest) != 64:
        raise Failure(f"--head {known!r}: it is SEQ:DIGEST as `siperlu collector audit head` prints it")
    return Head(int(seq), digest)
