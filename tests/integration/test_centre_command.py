"""`siperlu collector …`: what it prints, what it refuses, and that rosters come back after a broker forgot them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cli.main import main
from collector.app import Role, check_sharing, run
from collector.errors import SchemaError, ShareError
from collector.ingest.link import Link
from collector.jobs import RosterJob
from collector.outgoing import Outgoing
from collector.parts import Loop
from collector.settings import Broker, CollectorSettings, Store
from collector.store.engine import open_engine
from collector.store.writer import Writer
from tests.centre import FakeKiosk, opened
from tests.fixtures.brokers import BrokerProcess, wait_for
from wire.jwks import KEY_SET

TOPIC = "siperlu/v1/kiosk-1/roster"
LAST = Outgoing(TOPIC, b"manifest", retain=True)


def config(folder: Path, url: str) -> str:
    path = folder / "centre.toml"
    path.write_text(f'[store]\nurl = "{url}"\nkeys = "{folder / "centre-keys"}"\n')
    return str(path)


def called(*line: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["collector", *line])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("role", list(Role))
def test_separate_processes_on_one_sqlite_file_are_refused_with_the_mend(
    tmp_path: Path, sqlite_url: str, role: Role
) -> None:
    code, _, told = called(role.value, "--config", config(tmp_path, sqlite_url))
    assert code == 1
    assert "siperlu collector run" in told
    assert "postgresql+psycopg://" in told


def test_on_postgresql_they_may_be_separate(postgres_url: str) -> None:
    check_sharing(postgres_url, frozenset({Role.INGEST}))
    with pytest.raises(ShareError):
        check_sharing("sqlite:///x.db", frozenset({Role.INGEST, Role.WEB}))


def test_postgresql_is_migrated_on_purpose_only(tmp_path: Path, empty_postgres_url: str) -> None:
    settings = CollectorSettings(store=Store(url=empty_postgres_url, keys=tmp_path / "keys"))
    with pytest.raises(SchemaError, match="siperlu collector migrate"):
        run(settings, threading.Event(), frozenset({Role.INGEST}))
    path = config(tmp_path, empty_postgres_url)
    for line in (("people", "list"), ("people", "remove", "nobody"), ("collector", "kiosks", "list")):
        refused = CliRunner().invoke(main, [*line, "--config", path])
        assert (refused.exit_code, "siperlu collector migrate" in refused.stderr) == (1, True)
    assert called("migrate", "--config", path)[0] == 0
    assert called("kiosks", "list", "--config", path)[0] == 0


def test_the_centres_public_keys_are_printed_and_never_the_secret(tmp_path: Path, sqlite_url: str) -> None:
    path = config(tmp_path, sqlite_url)
    code, first, _ = called("keys", "--config", path)
    assert code == 0
    assert {key.kid for key in KEY_SET.decode(first).keys} == {"centre#1", "centre/box#1"}
    assert '"d"' not in first
    assert called("keys", "--config", path)[1] == first


def test_gaps_are_listed_until_they_are_filled(tmp_path: Path, store_url: str) -> None:
    kiosk = FakeKiosk()
    path = config(tmp_path, store_url)
    with opened(store_url, tmp_path) as centre:
        centre.register(kiosk)
        kiosk.day(9)
        missing = {2, 3, 7}
        centre.take(*(kiosk.message(text) for seq, text in enumerate(kiosk.sealed, 1) if seq not in missing))
        found = json.loads(called("gaps", "--json", "--config", path)[1].splitlines()[-1])["gaps"]
        assert [(gap["kiosk"], gap["first"], gap["last"]) for gap in found] == [("kiosk-1", 2, 3), ("kiosk-1", 7, 7)]
        centre.take(*(kiosk.message(kiosk.sealed[seq - 1]) for seq in missing))
        assert json.loads(called("gaps", "--json", "--config", path)[1].splitlines()[-1]) == {"gaps": []}


def test_one_kiosk_with_many_gaps_hides_no_other(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.reports.kiosks.MOST_GAPS", 3)
    kiosks = [FakeKiosk(f"kiosk-{n}") for n in (1, 2)]
    with opened(store_url, tmp_path) as centre:
        centre.register(*kiosks)
        for kiosk in kiosks:
            kiosk.day(10)
            centre.take(*(kiosk.message(text) for text in kiosk.sealed[1::2]))
        told = called("gaps", "--json", "--config", config(tmp_path, store_url))[1]
    found = [(gap["kiosk"], gap["first"]) for gap in json.loads(told.splitlines()[-1])["gaps"]]
    assert found == [(kiosk.id, first) for kiosk in kiosks for first in (1, 3, 5)]


def test_a_database_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    code, _, told = called("gaps", "--config", config(tmp_path, f"sqlite:///{tmp_path}/none/centre.db"))
    assert (code, "store.url" in told, told.count("\n")) == (1, True, 1)


@pytest.mark.parametrize("line", [("people", "list"), ("collector", "kiosks", "list"), ("collector", "gaps")])
def test_looking_makes_no_database(tmp_path: Path, sqlite_url: str, line: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, [*line, "--config", config(tmp_path, sqlite_url)]).exit_code == 1
    assert not (tmp_path / "centre.db").exists()


def test_an_embedder_that_is_no_model_ends_the_start_with_the_names_of_those_there_are(
    tmp_path: Path, sqlite_url: str
) -> None:
    path = Path(config(tmp_path, sqlite_url))
    path.write_text(path.read_text() + '[rosters]\nembedder = "nope"\n[broker]\ntls = false\n[web]\nport = 0\n')
    code, _, told = called("run", "--config", str(path))
    assert (code, "'nope' is no model" in told, "sface" in told) == (1, True, True)


def test_a_port_that_is_taken_is_named_with_the_mend(tmp_path: Path, sqlite_url: str) -> None:
    path = Path(config(tmp_path, sqlite_url))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(path.read_text() + f"[broker]\ntls = false\n[web]\nport = {port}\n")
        code, _, told = called("run", "--config", str(path))
    assert (code, f"web.port = {port}" in told, "set another" in told) == (1, True, True)


def test_rosters_are_published_again_when_the_broker_has_forgotten_them(tmp_path: Path, sqlite_url: str) -> None:
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    connected = threading.Event()
    link = Link(Broker(port=broker.port, tls=False), "centre", None, connected.set)

    def everything(_session: Session, after: str) -> tuple[str, list[Outgoing]]:
        return ("", []) if after else ("kiosk-1", [LAST])

    with Writer(open_engine(sqlite_url)) as writer:
        job = RosterJob(writer, link, connected, lambda _session: [], everything, 10)
        loops = [Loop("link", link.run), Loop("jobs", job.run)]
        for loop in loops:
            loop.start()
        for _ in range(2):
            wait_for("the roster is at the broker", _retained(broker.port), 30)
            broker.kill()
            broker.start()
        wait_for("the roster is at the broker again", _retained(broker.port), 30)
        for loop in reversed(loops):
            loop.close()
    broker.kill()


def test_more_rosters_than_a_link_can_hold_all_reach_the_broker_the_last_one_too(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.ingest.link.OUT_QUEUE", 50)
    monkeypatch.setattr("collector.ingest.link.AHEAD", 40)
    broker = BrokerProcess("mosquitto", tmp_path)
    broker.start()
    connected = threading.Event()
    link = Link(Broker(port=broker.port, tls=False), "centre", None, connected.set)

    def everything(_session: Session, after: str) -> tuple[str, list[Outgoing]]:
        following = f"{int(after or 0) + 1}"
        entries = [Outgoing(f"{TOPIC}/p-{following}-{n}", b"entry", retain=True) for n in range(99)]
        return ("", []) if after == "3" else (following, entries if following != "3" else [*entries, LAST])

    with Writer(open_engine(sqlite_url)) as writer:
        job = RosterJob(writer, link, connected, lambda _session: [], everything, 10)
        loops = [Loop("link", link.run), Loop("jobs", job.run)]
        for loop in loops:
            loop.start()
        wait_for("the last roster is at the broker", _retained(broker.port), 30)
        for loop in reversed(loops):
            loop.close()
    broker.kill()


def test_what_could_not_be_committed_is_not_published(tmp_path: Path) -> None:
    def changes(session: Session) -> list[Outgoing]:
        session.execute(text("CREATE TABLE of (x REFERENCES units(code) DEFERRABLE INITIALLY DEFERRED)"))
        session.execute(text("INSERT INTO of VALUES ('nowhere')"))  # found out by the commit
        return [LAST]

    link = Link(Broker(port=1, tls=False), "centre", None)
    with opened(f"sqlite:///{tmp_path / 'centre.db'}", tmp_path) as centre:
        job = RosterJob(centre.writer, link, threading.Event(), changes, lambda _session, _after: ("", []), 0.2)
        with pytest.raises(IntegrityError):
            job.run(threading.Event())
    assert not job._waiting


def _retained(port: int) -> Callable[[], bool]:
    """Whether somebody who comes now is told."""

    def look() -> bool:
        heard = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda *_: client.subscribe(TOPIC, 1) and None
        client.on_message = lambda _client, _user, message: heard.set() if message.retain else None
        client.connect("127.0.0.1", port)
        client.loop_start()
        found = heard.wait(0.5)
        client.disconnect()
        client.loop_stop()
        return found

    return look
