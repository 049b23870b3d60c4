"""`siperlu bench ingest`: records a second into the centre's database, beside a script that commits every message."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import make_url, text

from cli.bench.ingest_broker import over_broker
from cli.bench.ingest_load import Load, open_centre, sealed_load
from cli.bench.ingest_peer import Peer
from cli.bench.postgres import PrivatePostgres, find_binaries
from cli.centre import as_json, failures
from cli.output import emit, say
from collector.ingest.intake import Intake
from collector.keys import CentreKeys
from collector.settings import Ingest
from collector.store.engine import open_engine
from wire.seals import Sealed

STORES = ("ours", "peer", "broker_ours", "broker_peer")
PEER_SHARE = 5
"""The peer gets every fifth record: it is slow, and its pace does not change."""


class Stores(NamedTuple):
    """Addresses of empty databases: for ours and the peer, without and with a broker."""

    ours: str
    peer: str
    broker_ours: str
    broker_peer: str


@click.command()
@click.option("--records", default=5000, show_default=True, type=click.IntRange(100), help="Records to take in.")
@click.option("--kiosks", default=20, show_default=True, type=click.IntRange(1, 5000), help="Kiosks that send them.")
@click.option("--batch", default=Ingest().batch, show_default=True, type=click.IntRange(1), help="Most in one commit.")
@click.option("--url", help="PostgreSQL server to make databases on, instead of one started for the bench.")
@as_json
def command(records: int, kiosks: int, batch: int, url: str | None, as_json: bool) -> None:
    """Measure how many records a second the centre takes in, on SQLite and PostgreSQL.

    Beside it in the same run: verifying the seals alone, and a script that commits every message. Slices of the three
    take turns, so that a busy machine slows all alike. `broker_…`: the same through a real mosquitto.
    """
    load = sealed_load(kiosks, records)
    result: dict[str, Any] = {}
    with failures(), tempfile.TemporaryDirectory(prefix="siperlu-bench-") as folder, _stores(Path(folder), url) as urls:
        for name, stores in urls.items():
            found = _direct(load, stores, batch, Path(folder))
            found |= over_broker(load, (stores.broker_ours, stores.broker_peer), batch, Path(folder))
            result[name] = found
            for key, value in found.items():
                say(f"{name:10} {key:26} {value:10.2f}")
    for worst in ("ratio", "share_of_seals"):
        result[worst] = min(result[name][worst] for name in ("sqlite", "postgresql") if name in result)
    if as_json:
        emit(result)


@contextmanager
def _stores(folder: Path, url: str | None) -> Iterator[dict[str, Stores]]:
    """Addresses of empty databases, by kind."""
    with ExitStack() as stack:
        stores = {"sqlite": Stores(*(f"sqlite:///{folder / name}.db" for name in STORES))}
        binaries = find_binaries()
        if url is None and binaries is not None:
            url = stack.enter_context(PrivatePostgres(binaries, durable=True)).url
        if url is None:
            say("PostgreSQL is not installed here: SQLite alone is measured")
        else:
            stores["postgresql"] = Stores(*(stack.enter_context(_temporary(url, name)) for name in STORES))
        yield stores


@contextmanager
def _temporary(url: str, name: str) -> Iterator[str]:
    """A database on that server, dropped afterwards."""
    named = f"siperlu_bench_{name}_{secrets.token_hex(4)}"
    engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {named}"))
    try:
        yield make_url(url).set(database=named).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {named} WITH (FORCE)"))
        engine.dispose()


def _direct(load: Load, urls: Stores, batch: int, folder: Path) -> dict[str, float]:
    """Slices of the real intake, of the peer, and of seals alone, taking turns."""
    writer, other = open_centre(urls.ours, load.keys), open_centre(urls.peer, load.keys)
    intake = Intake(writer, CentreKeys.open(folder / "keys"))
    peer, ring = Peer(other.engine, load.ring), load.ring
    spent = {"seals": 0.0, "ours": 0.0, "peer": 0.0}
    starts = range(0, len(load.messages), batch)
    for start in track(starts, "records", console=Console(stderr=True), transient=True):
        messages = load.messages[start : start + batch]
        with _timed(spent, "seals"):
            for message in messages:
                ring.verify(message.payload, Sealed.RECORD)
        with _timed(spent, "ours"):
            intake.take(messages)
        with _timed(spent, "peer"):
            for message in messages[::PEER_SHARE]:
                peer.take(message)
    peer.close()
    writer.close()
    other.close()
    count = len(load.messages)
    peer_count = sum(len(load.messages[start : start + batch : PEER_SHARE]) for start in starts)
    return _figures(count / spent["ours"], peer_count / spent["peer"], count / spent["seals"])


@contextmanager
def _timed(spent: dict[str, float], what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    spent[what] += time.perf_counter() - start


def _figures(ours: float, peer: float, seals: float) -> dict[str, float]:
    return {
        "records_per_s": round(ours, 1),
        "peer_records_per_s": round(peer, 1),
        "ratio": round(ours / peer, 2),
        "seals_per_s": round(seals, 1),
        "share_of_seals": round(ours / seals, 3),
    }
