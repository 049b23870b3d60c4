"""The relay against real brokers: whatever the broker, the network or the centre forgets, every record arrives."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.agent.answers import Answers
from kiosk.keys import open_relay_key
from kiosk.ledger import Entry, Ledger, Receipted
from kiosk.relay import RelayReader, app
from kiosk.relay.health import Health
from kiosk.settings import Folders, KioskSettings, RelaySettings
from tests.fixtures.brokers import BrokerProcess, wait_for
from tests.fixtures.fake_centre import AT, FakeCentre
from tests.fixtures.ledgers import HEARTBEAT, Box, check_in, reading
from wire import messages as m
from wire.records import Event
from wire.seals import KeyName, Sealed, SealingKey

pytestmark = pytest.mark.timeout(120)


class Site:
    """One kiosk's ledger and relay, a broker, and a centre."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.broker = BrokerProcess(kind, folder)
        self.broker.start()
        self.centre = FakeCentre(self.broker.port)
        self.centre.write_keys(folder / "centre.json")
        self.box = Box(folder / "kiosk")
        self.ledger: Ledger = self.box.open()
        self.reader = RelayReader(folder / "relay")
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def append(self, count: int) -> Entry:
        for number in range(count):
            entry = self.ledger.append(check_in(), reading(number))
        return entry

    def start_relay(self, window: int = 200, resend_s: float = 0.5) -> None:
        settings = KioskSettings(
            folders=Folders(
                ledger=self.folder / "kiosk",
                relay=self.folder / "relay",
                centre_keys=self.folder / "centre.json",
                agent=self.folder / "agent",
            ),
            relay=RelaySettings(port=self.broker.port, tls=False, window=window, resend_s=resend_s),
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(settings, self._stop))
        self._thread.start()

    def stop_relay(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(5)
            assert not self._thread.is_alive(), "the relay stops within seconds"
            self._thread = None
        assert self.failure is None

    def receipted(self, chain: str) -> int:
        return self.reader.receipts().get(chain, Receipted(0)).upto

    def wait_receipted(self, entry: Entry, limit_s: float = 60) -> None:
        wait_for(
            f"record {entry.seq} is receipted (at {self.receipted(entry.chain)})",
            lambda: self.receipted(entry.chain) == entry.seq,
            limit_s,
        )

    def close(self) -> None:
        self.stop_relay()
        self.centre.stop()
        self.broker.kill()
        self.reader.close()
        self.ledger.close()

    def _run(self, settings: KioskSettings, stop: threading.Event) -> None:
        try:
            app.run(settings, stop)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.failure = error


@pytest.fixture(params=["mosquitto", "amqtt"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    made = Site(tmp_path, request.param)
    yield made
    made.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, "mosquitto")
    yield made
    made.close()


def test_records_arrive_and_their_receipts_are_seen(site: Site) -> None:
    site.centre.start()
    entry = site.append(30)
    site.start_relay()
    site.wait_receipted(entry)
    entry = site.append(1)
    site.wait_receipted(entry)
    assert site.reader.link().online
    assert len(site.centre.records) == 31
    assert site.centre.conflicts == 0
    wait_for("the status is told", lambda: site.centre.statuses)
    assert site.centre.statuses[-1].online
    site.stop_relay()
    wait_for("the farewell is told", lambda: not site.centre.statuses[-1].online)


def test_a_broker_killed_without_its_memory_loses_nothing(site: Site) -> None:
    site.centre.start()
    site.start_relay()
    luck = random.Random(20260105)
    for _ in range(2):
        site.append(luck.randrange(5, 20))
        site.broker.kill()
        site.centre.stop()
        entry = site.append(luck.randrange(5, 20))
        site.broker.start()
        site.centre.start()
        site.wait_receipted(entry)
    assert len(site.centre.records) == entry.seq
    assert site.centre.conflicts == 0


def test_no_broker_is_logged_once_and_so_is_its_return(mosquitto: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "kiosk.relay")
    site = mosquitto
    site.centre.start()
    site.start_relay()
    wait_for("the link is up", lambda: site.reader.link().online)
    site.broker.kill()
    site.centre.stop()
    wait_for("the link is seen down", lambda: not site.reader.link().online)
    entry = site.append(3)
    site.broker.start()
    site.centre.start()
    site.wait_receipted(entry)
    told = [record.getMessage() for record in caplog.records if "broker" in record.getMessage()]
    assert [line.split(":")[0] for line in told if line.startswith("no broker")] == ["no broker"]
    assert [line for line in told if line.startswith("broker back after") and line.endswith("s, 3 waiting")]


def test_without_a_broker_no_status_is_sealed_and_at_its_return_one_is(
    mosquitto: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = mosquitto
    sealed: list[bool] = []
    turns: list[None] = []
    status, tell = Health.status, app.Relay._tell

    def counted(self: Health, *what: Any, online: bool = True) -> str:
        sealed.append(online)
        return status(self, *what, online=online)

    def turned(self: app.Relay) -> None:
        tell(self)
        turns.append(None)

    monkeypatch.setattr(Health, "status", counted)
    monkeypatch.setattr(app.Relay, "_tell", turned)
    site.broker.kill()
    site.start_relay()
    wait_for("the relay turns", lambda: len(turns) > 8)
    assert True not in sealed, "a will may be sealed for each try to connect, a status only when it can be told"
    site.broker.start()
    site.centre.start()
    wait_for("the status is told", lambda: site.centre.statuses and site.centre.statuses[-1].online)
    told = sealed.count(True)
    turns.clear()
    wait_for("the relay turns", lambda: len(turns) > 8)
    assert sealed.count(True) == told, "nothing changed: the next one is due in minutes"


def test_records_that_only_the_broker_acknowledged_are_delivered_later(mosquitto: Site) -> None:
    """The centre is away, the broker takes 5,000 records, acknowledges every one, and dies."""
    site = mosquitto
    entry = _fill_fast(site, 5000)
    site.start_relay(window=10_000, resend_s=3600)
    site.centre.answering = False
    site.centre.start()
    wait_for("the broker took all", lambda: len(site.centre.records) == 5000, 60)
    site.centre.stop()
    site.centre.forget()
    site.broker.kill()
    assert site.receipted(entry.chain) == 0
    site.broker.start()
    site.centre.answering = True
    site.centre.start()
    site.wait_receipted(entry)
    assert len(site.centre.records) == 5000


def _fill_fast(site: Site, count: int) -> Entry:
    """Many records in one commit: what is measured here is not the disk."""
    with site.ledger._mutex, site.ledger._writer.transaction() as connection:
        pen = site.ledger._pen or site.ledger._read_pen(connection)
        for number in range(count):
            pen, entry = pen.write(connection, check_in(), reading(number))
        site.ledger._pen = pen
    return entry


def test_lost_receipts_are_asked_for_by_sending_again(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.answering = False
    site.centre.start()
    entry = site.append(20)
    site.start_relay(window=5)
    wait_for("a window arrived", lambda: len(site.centre.records) == 4)
    site.centre.answering = True
    site.wait_receipted(entry)
    assert site.centre.conflicts == 0


def test_a_centre_restored_from_backup_gets_the_rest_again(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.start()
    entry = site.append(40)
    site.start_relay(window=10)
    site.wait_receipted(entry)
    site.centre.forget()
    site.centre.publish("receipts", site.centre.receipt(entry.chain, 0))
    wait_for("all came again", lambda: len(site.centre.records) == 40)
    site.wait_receipted(entry)


def test_a_record_that_the_centre_refuses_does_not_hold_the_others_up(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.refuse = {3}
    site.centre.start()
    entry = site.append(30)
    site.start_relay(window=8, resend_s=0.2)
    wait_for("all others arrived", lambda: len(site.centre.records) == 29, 30)
    wait_for("the refusal is known", site.reader.rejected)
    (rejection,) = site.reader.rejected()
    assert (rejection.chain, rejection.seq, rejection.reason) == (entry.chain, 3, "seal")


def test_a_forged_receipt_and_garbage_are_ignored(mosquitto: Site, caplog: pytest.LogCaptureFixture) -> None:
    site = mosquitto
    site.centre.answering = False
    site.centre.start()
    entry = site.append(5)
    site.start_relay()
    wait_for("the link is up", lambda: site.reader.link().online)
    forger = SealingKey.generate(KeyName("centre", 1))
    for payload in (site.centre.receipt(entry.chain, 5, key=forger), "garbage", "", "x" * 100_000):
        site.centre.publish("receipts", payload)
    site.centre.publish("receipts", site.centre.receipt(entry.chain, 2))
    wait_for("the genuine one is taken", lambda: site.receipted(entry.chain) == 2)
    assert caplog.text.count("dropped a message (receipts: SealError)") == 1


def test_a_receipt_beyond_the_ledger_covers_nothing(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.start()
    entry = site.append(3)
    site.start_relay()
    site.wait_receipted(entry)
    site.centre.publish("receipts", site.centre.receipt(entry.chain, 90))
    wait_for("it is noted", lambda: site.reader.receipts()[entry.chain] == Receipted(3, ahead=90))
    site.ledger.heed(site.reader.receipts(), site.reader.rejected(), reading())
    wait_for("the old chain is settled", lambda: site.reader.receipts()[entry.chain] == Receipted(90))


def test_a_roster_arrives_and_an_older_one_is_refused(site: Site) -> None:
    site.centre.start()
    box = site.box.keys().roster.recipient
    site.centre.publish_roster(4, box, {"p-1": _person("p-1"), "p-2": _person("p-2")})
    site.start_relay()
    wait_for("the roster is in force", site.reader.roster)
    site.centre.publish("roster", site.centre.manifest(3, {}), retain=True)
    site.centre.publish_roster(5, box, {"p-2": _person("p-2"), "p-3": _person("p-3")}, leave_out="p-3")
    wait_for("the removed one is gone", lambda: _people(site) == {"p-2"})
    site.centre.publish_roster(6, box, {"p-2": _person("p-2"), "p-3": _person("p-3")})
    wait_for("the new one appears", lambda: _people(site) == {"p-2", "p-3"})


def _people(site: Site) -> set[str]:
    raw = site.reader.roster()
    return set(raw.entries) if raw else set()


def _person(person: str) -> m.RosterEntry:
    return m.RosterEntry(
        kiosk="kiosk-1",
        person=person,
        name="Siti",
        unit="DISDIK",
        assigned=True,
        model="dlib-resnet-1",
        template="AACAPwAAAAA=",
    )


def test_a_command_is_answered_and_an_expired_one_is_not_done(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.start()
    site.start_relay()
    wait_for("the link is up", lambda: site.reader.link().online)
    expires = {"c-1": AT + timedelta(days=36_500), "c-2": AT + timedelta(days=36_500), "c-3": AT - timedelta(days=1)}
    for name, order in (("c-1", "refresh-roster"), ("c-2", "identify"), ("c-3", "refresh-roster")):
        command = m.Command(kiosk="kiosk-1", id=name, at=AT, expires=expires[name], command=order)  # type: ignore[arg-type]
        for _ in range(2):
            site.centre.publish("commands", site.centre.key.seal(Sealed.COMMAND, m.COMMAND.encode(command)))
    wait_for("the relay's own are answered", lambda: len(site.centre.replies) >= 4)
    answers = Answers(site.folder / "agent")
    answers.end(m.Reply(kiosk="kiosk-1", id="c-2", at=AT, outcome="refused"))
    wait_for("the agent's answer is brought", lambda: len(site.centre.replies) >= 5)
    again = m.Command(kiosk="kiosk-1", id="c-2", at=AT, expires=expires["c-2"], command="identify")
    site.centre.publish("commands", site.centre.key.seal(Sealed.COMMAND, m.COMMAND.encode(again)))
    wait_for("asked again, it is told again", lambda: len(site.centre.replies) >= 6)
    assert {(reply.id, reply.outcome) for reply in site.centre.replies} == {
        ("c-1", "done"),
        ("c-2", "refused"),
        ("c-3", "expired"),
    }


def test_a_relay_that_lost_its_database_finds_its_place_again(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.start()
    entry = site.append(25)
    site.start_relay()
    site.wait_receipted(entry)
    site.stop_relay()
    (site.folder / "relay" / "relay.db").unlink()
    site.start_relay(window=10)
    wait_for("a receipt is stored again", (site.folder / "relay" / "relay.db").exists)
    site.wait_receipted(entry)
    assert site.centre.conflicts == 0


def test_live_records_pass_a_long_backlog(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.answering = False
    backlog = _fill_fast(site, 300)
    site.centre.start()
    site.start_relay(window=40, resend_s=3600)
    wait_for("the window is full", lambda: len(site.centre.records) == 30)
    entry = site.append(1)
    wait_for("the newest arrives before the backlog", lambda: (entry.chain, entry.seq) in site.centre.records)
    assert (backlog.chain, backlog.seq) not in site.centre.records


def test_the_status_is_sealed_by_the_relays_own_key(mosquitto: Site) -> None:
    site = mosquitto
    site.centre.start()
    site.start_relay()
    wait_for("the status is told", lambda: site.centre.sealed_statuses)
    key = open_relay_key(site.folder / "relay" / "keys", "kiosk-1").public
    assert str(key.name) == "kiosk-1/relay#1"
    assert key.verify(site.centre.sealed_statuses[0], Sealed.STATUS)


def test_the_status_tells_whether_the_kiosk_serves(mosquitto: Site) -> None:
    site = mosquitto

    def told(state: str) -> None:
        wait_for(f"the centre hears {state}", lambda: site.centre.statuses and site.centre.statuses[-1].state == state)

    site.centre.start()
    site.start_relay()
    told("out-of-service")
    site.ledger.append(replace(HEARTBEAT, in_service=True), reading())
    told("running")
    site.ledger.append(Event(event="out-of-service", detail={"reason": "camera-lost"}), reading(1))
    site.append(3)
    told("out-of-service")
    site.ledger.append(Event(event="in-service", detail={"seconds": 9}), reading(2))
    told("running")
    site.ledger.close()
    told("out-of-service")
