"""`POST /api/v1/register` as a kiosk meets it: the pages take the request, jobs alone hold the key that answers it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from cli.main import main
from collector.accounts.throttle import ADDRESS_TIMES
from collector.authority import claims
from collector.authority.claims import Berth
from collector.authority.job import AuthorityJob
from collector.settings import CollectorSettings
from collector.store.engine import open_engine, open_reader
from collector.store.people import Unit
from collector.store.writer import Writer
from collector.web import registration
from collector.web.app import create_app
from settings import load
from tests.fixtures.registering import request
from tests.stores import lay_tables
from wire.registration import (
    MAX_REQUEST_BYTES,
    PATH,
    REGISTRATION_ANSWER,
    REGISTRATION_REFUSAL,
    REGISTRATION_REQUEST,
    RegistrationRequest,
)

MOST = registration.RULE.most * ADDRESS_TIMES


@dataclass
class Centre:
    """A small centre on SQLite with an authority, and its pages."""

    folder: Path
    writer: Writer
    client: FlaskClient
    settings: CollectorSettings

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["collector", *words, "--config", str(self.folder / "centre.toml")])

    def claim(self, kiosk: str = "kiosk-1") -> str:
        with self.writer.transaction() as connection:
            berth = Berth(kiosk, "DISDIK")
            return claims.make(connection, berth, by="test", now=datetime.now(UTC), life=timedelta(days=1))

    def ask(self, asked: RegistrationRequest) -> tuple[int, bytes]:
        answer = self.client.post(PATH, data=REGISTRATION_REQUEST.encode(asked), content_type="application/json")
        return answer.status_code, answer.data

    def reason(self, body: bytes) -> str:
        answer = self.client.post(PATH, data=body, content_type="application/json")
        return f"{answer.status_code} {REGISTRATION_REFUSAL.decode(answer.data).reason}"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    config = tmp_path / "centre.toml"
    config.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\nkeys = "{tmp_path}/keys"\n'
        f'[authority]\nfolder = "{tmp_path}/ca"\nserved = "{tmp_path}/served"\nhost = "pusat.uji.go.id"\n'
    )
    settings = load(CollectorSettings, config)
    with Writer(open_engine(settings.store.url)) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
        reader = open_reader(settings.store.url)
        client = create_app(reader, writer, settings).test_client()
        made = Centre(tmp_path, writer, client, settings)
        assert made.run("authority", "found", "--root-file", str(tmp_path / "root.pem")).exit_code == 0
        yield made
        reader.dispose()


@pytest.fixture
def jobs(centre: Centre) -> Iterator[None]:
    """The process that holds the keys."""
    stop = Event()
    thread = Thread(target=AuthorityJob(centre.settings, centre.writer, lambda: datetime.now(UTC)).run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.usefixtures("jobs")
def test_a_kiosk_registers_and_asks_again_after_an_interruption(centre: Centre) -> None:
    asked = request(centre.claim())
    for _ in range(2):
        status, body = centre.ask(asked)
        assert status == 200, body
        told = REGISTRATION_ANSWER.decode(body)
        assert told.kiosk.id == "kiosk-1"
        assert (told.broker.host, told.broker.port) == ("pusat.uji.go.id", 8883)
        assert "PRIVATE" not in body.decode()
    listed = centre.run("kiosks", "list", "--json")
    assert json.loads(listed.stdout)["kiosks"][0]["keys"] == ["kiosk-1#1", "kiosk-1/relay#1", "kiosk-1/roster#1"]


@pytest.mark.usefixtures("jobs")
def test_what_is_refused_is_refused_with_a_word(centre: Centre) -> None:
    code = centre.claim()
    good = REGISTRATION_REQUEST.encode(request(code))
    assert centre.reason(good.replace(code.encode(), claims.new_code().encode())) == "403 claim"
    assert centre.reason(b"{}") == "400 request"
    assert centre.reason(b"\xff") == "400 request"
    assert centre.reason(b"[" * 9000) == "400 request"
    assert (
        centre.reason(REGISTRATION_REQUEST.encode(RegistrationRequest(claim=code, keys=request(code).keys, csr="x")))
        == "422 csr"
    )
    assert centre.reason(REGISTRATION_REQUEST.encode(request(code, "kiosk-2"))) == "422 keys"
    assert centre.ask(request(code))[0] == 200


def test_too_much_is_not_read(centre: Centre) -> None:
    assert centre.client.post(PATH, data=b"x" * (MAX_REQUEST_BYTES + 1)).status_code == 413


def test_without_jobs_it_is_told_to_ask_again_and_the_claim_stays_good(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "PATIENCE_S", 0.2)
    asked = request(centre.claim())
    assert centre.reason(REGISTRATION_REQUEST.encode(asked)) == "503 unavailable"
    file = centre.folder / "request.json"
    file.write_bytes(REGISTRATION_REQUEST.encode(asked))
    answered = centre.run("register-request", str(file))
    assert answered.exit_code == 0, answered.stderr
    assert REGISTRATION_ANSWER.decode(answered.stdout.encode()).kiosk.id == "kiosk-1"


def test_who_tries_codes_is_told_to_wait(centre: Centre) -> None:
    bodies = (REGISTRATION_REQUEST.encode(request(claims.new_code())) for _ in range(MOST + 1))
    told = [centre.reason(body) for body in bodies]
    assert told == ["403 claim"] * MOST + ["429 busy"]
    elsewhere = REGISTRATION_REQUEST.encode(request(claims.new_code()))
    answer = centre.client.post(PATH, data=elsewhere, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert answer.status_code == 403


def test_a_page_of_another_site_registers_nothing(centre: Centre) -> None:
    body = REGISTRATION_REQUEST.encode(request(centre.claim()))
    assert centre.client.post(PATH, data=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_claims_are_made_into_an_inventory_that_only_its_owner_reads(centre: Centre) -> None:

    out = centre.folder / "inventory.toml"
    done = centre.run("kiosks", "claim", "--unit", "DISDIK", "--count", "3", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    rows = tomllib.loads(out.read_text())["kiosk"]
    assert [(row["id"], row["unit"], row["host"]) for row in rows] == [(f"disdik-{n}", "DISDIK", "") for n in (1, 2, 3)]
    assert out.stat().st_mode & 0o777 == 0o600
    again = centre.run("kiosks", "claim", "--unit", "DISDIK", "--out", str(out))
    assert again.exit_code == 1
    assert "No code was made" in again.stderr
    one = centre.run("kiosks", "claim", "--unit", "DISDIK", "--json")
    assert json.loads(one.stdout)["claims"][0]["id"] == "disdik-4"


def test_the_authority_is_made_once_and_tells_its_ends(centre: Centre) -> None:
    again = centre.run("authority", "found", "--root-file", str(centre.folder / "other.pem"), "--json")
    assert json.loads(again.stdout)["made"] is False
    words = ("authority", "equip", "--host", "127.0.0.1", "--keys", str(centre.folder / "secret"), "--json")
    assert len(json.loads(centre.run(*words).stdout)["made"]) == 7
    assert json.loads(centre.run(*words).stdout)["made"] == []
    ends = json.loads(centre.run("authority", "show", "--json").stdout)
    assert {"root", "sub-CA 1", "server.broker", "centre.jobs"} <= set(ends)


def test_revoking_says_what_still_waits(centre: Centre) -> None:
    file = centre.folder / "request.json"
    file.write_bytes(REGISTRATION_REQUEST.encode(request(centre.claim())))
    centre.run("register-request", str(file))
    done = centre.run("kiosks", "revoke", "kiosk-1", "--reason", "stolen", "--no-wait", "--json")
    assert json.loads(done.stdout) == {
        "kiosk": "kiosk-1",
        "keys": ["kiosk-1#1", "kiosk-1/relay#1", "kiosk-1/roster#1"],
        "certificates": 1,
        "enforced": False,
    }
    assert centre.run("kiosks", "revoke", "kiosk-9", "--reason", "stolen").exit_code == 1
