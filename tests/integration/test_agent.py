"""The agent does what a genuine command asks, once, from a closed list; nothing else moves it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from collector.authority.certificates import PrivateKey, Role, Subject, new_key
from collector.authority.founding import found
from firmware import clock
from firmware.clock import Reading
from firmware.signals import Signal
from kiosk.agent.answers import Answers, answer
from kiosk.agent.app import Agent
from kiosk.agent.notice import shown
from kiosk.agent.system import SystemFailed
from kiosk.certificate import Places, mend
from tests.fixtures.agents import NOW, FakeSystem, Post
from wire.messages import Reply
from wire.seals import KeyName, SealingKey

LIFE = timedelta(days=400)


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The clock of a kiosk on the network."""
    state: dict[str, Any] = {"source": "ntp", "at": NOW}
    monkeypatch.setattr(clock, "read", lambda: Reading(state["at"], state["source"], 5, "boot", 1))
    return state


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path)


@pytest.fixture
def system() -> FakeSystem:
    return FakeSystem()


def turn(post: Post, system: FakeSystem) -> Agent:
    agent = Agent(post.settings, system)
    agent.take_up()
    agent.turn()
    return agent


def said(post: Post, number: str) -> Reply | None:
    return answer(post.settings.folders.agent, number)


def test_identify_is_shown_and_lapses_by_itself(post: Post, system: FakeSystem) -> None:
    number = post.lay("identify", seconds="30")
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert (reply.outcome, reply.detail) == ("done", {"seconds": 30.0})
    assert shown(post.settings.folders.notice) is Signal.IDENTIFY


def test_a_command_is_done_once_however_often_it_is_looked_at(post: Post, system: FakeSystem) -> None:
    post.lay("restart-part", part="relay")
    agent = turn(post, system)
    agent.turn()
    turn(post, system)
    assert system.asked == ["restart relay"]


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("restart-part", {"part": "sshd"}, "unknown-part"),
        ("restart-part", {"part": "relay; reboot"}, "unknown-part"),
        ("renew-certificate", {"step": "steal"}, "unknown-step"),
        ("refresh-roster", {}, "not-supported"),
    ],
)
def test_what_is_not_on_the_list_is_refused(
    post: Post, system: FakeSystem, name: str, arguments: dict[str, str], reason: str
) -> None:
    number = post.lay(name, **arguments)
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert (reply.outcome, reply.detail) == ("refused", {"reason": reason})
    assert system.asked == []


def test_a_seal_of_anybody_else_moves_nothing(post: Post, system: FakeSystem) -> None:
    forged = post.lay("restart-part", SealingKey.generate(KeyName("centre", 1)), part="relay")
    own = post.lay("restart-part", SealingKey.generate(KeyName("kiosk-1", 1)), part="relay")
    other = post.lay("restart-part", kiosk="kiosk-2", part="relay")
    turn(post, system)
    assert [said(post, number) for number in (forged, own, other)] == [None, None, None]
    assert system.asked == []


def test_nothing_is_done_after_its_end(post: Post, system: FakeSystem) -> None:
    late = post.lay("restart-part", expires=timedelta(seconds=-1), part="relay")
    good = post.lay("restart-part", part="kiosk")
    turn(post, system)
    outcomes = [reply.outcome for number in (late, good) if (reply := said(post, number))]
    assert outcomes == ["expired", "done"]
    assert system.asked == ["restart kiosk"]


def test_while_nobody_vouches_for_the_clock_the_centres_newest_word_is_the_time(
    post: Post, system: FakeSystem, trusted: dict[str, Any]
) -> None:
    trusted.update(source="none", at=datetime(2030, 1, 1, tzinfo=UTC))
    good = post.lay("restart-part", part="kiosk")
    turn(post, system)
    reply = said(post, good)
    assert reply is not None
    assert reply.outcome == "done", "a clock that runs ahead ends nothing"
    old = post.lay("restart-part", expires=timedelta(hours=-1), part="relay")
    turn(post, system)
    reply = said(post, old)
    assert reply is not None
    assert reply.outcome == "expired", "a clock that stands still in the past opens nothing"


def test_an_act_that_a_power_cut_interrupted_is_not_done_again(post: Post, system: FakeSystem) -> None:
    number = post.lay("restart-part", part="relay")
    Answers(post.settings.folders.agent).begin(Reply(kiosk="kiosk-1", id=number, at=NOW, outcome="failed"))
    assert said(post, number) is None
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert (reply.outcome, reply.detail) == ("failed", {"reason": "interrupted"})
    assert system.asked == []


def test_a_machine_that_does_not_do_it_is_told(post: Post, system: FakeSystem) -> None:
    system.fails.add("restart")
    number = post.lay("restart-part", part="screen")
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert reply.outcome == "failed"
    assert "restart screen does not work" in str(reply.detail["reason"])


@pytest.mark.parametrize("answered", [True, False], ids=["its-order", "no-order-left"])
def test_an_agent_that_finished_an_interrupted_update_makes_room_for_the_new_ones(
    post: Post, system: FakeSystem, answered: bool
) -> None:
    folders = post.settings.folders
    folders.agent.mkdir(exist_ok=True)
    (folders.releases / "releases").mkdir(parents=True)
    before = {"frame_at": None, "last_seq": 0, "online": False}
    state = {"order": "c-9", "version": "1.1.0", "previous": "", "stage": "proven", "before": before, "reason": ""}
    (folders.agent / "update.json").write_text(json.dumps(state))
    if answered:
        Answers(folders.agent).begin(Reply(kiosk="kiosk-1", id="c-9", at=NOW, outcome="failed", detail={}))
    agent = threading.Thread(target=Agent(post.settings, system).run, args=(threading.Event(),), daemon=True)
    agent.start()
    agent.join(20)
    assert not agent.is_alive(), "it was started from the old release, and ends by itself"


def test_diagnostics_tell_the_machine_and_nobody(post: Post, system: FakeSystem) -> None:
    number = post.lay("send-diagnostics")
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert reply.detail["unit-relay"] == "active 2"
    assert {"version", "disk-free-mib", "clock", "backlog", "problems"} <= set(reply.detail)
    assert len(str(reply.detail)) < 2000


def test_a_wipe_answers_first_and_leaves_nothing(
    post: Post, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.agent.app.WIPE_S", 0.0)
    (post.settings.folders.ledger / "ledger.db").write_text("x")
    post.settings.relay.certificate_key.write_text("x")
    number = post.lay("wipe")
    turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert reply.outcome == "done"
    assert system.asked == ["stop"]
    left = [post.settings.folders.ledger, post.settings.folders.relay, post.settings.relay.certificate_key]
    assert [path.exists() for path in left] == [False, False, False]


@pytest.mark.parametrize("cut", ["while-it-waits", "while-it-stops"])
def test_a_wipe_that_was_answered_is_done_whatever_interrupts_it(
    post: Post, system: FakeSystem, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    monkeypatch.setattr("kiosk.agent.app.WIPE_S", 5.0 if cut == "while-it-waits" else 0.0)
    keys = [post.settings.folders.ledger / "kiosk-1.jwk", post.settings.relay.certificate_key]
    for key in keys:
        key.write_text("secret")
    number = post.lay("wipe")
    if cut == "while-it-stops":
        system.fails.add("stop")
    with monkeypatch.context() as power:
        power.setattr("kiosk.agent.app.time.sleep", cut_off)
        with pytest.raises((PowerCut, SystemFailed)):
            turn(post, system)
    reply = said(post, number)
    assert reply is not None
    assert reply.outcome == "done", "the centre may have been told"
    monkeypatch.setattr("kiosk.agent.app.WIPE_S", 0.0)
    system.fails.clear()
    turn(post, system)
    assert [path.exists() for path in (*keys, post.settings.folders.relay)] == [False, False, False]
    system.asked.clear()
    turn(post, system)
    assert system.asked == [], "provisioned anew, it is not wiped once more"


class PowerCut(BaseException):
    """The process is gone."""


def cut_off(_seconds: float) -> None:
    raise PowerCut


class Renewal:
    """An authority, and a kiosk with a certificate of it."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.places = Places(
            post.settings.relay.certificate_key, post.settings.relay.certificate, post.settings.relay.ca
        )
        self.authority = found(post.folder / "authority", post.folder / "root.pem", "correct-horse", "Uji", NOW)
        self.places.ca.write_text(self.authority.root_pem)
        self.old = new_key()
        self.places.key.write_bytes(pem_of(self.old))
        self.places.certificate.write_text(self.chain(self.old))

    def chain(self, key: Any, name: str = "kiosk-1", at: datetime = NOW) -> str:
        public = key.public_key() if isinstance(key, PrivateKey) else key
        return self.authority.issue(public, Subject(name, Role.KIOSK), at, LIFE).chain

    def asked(self, system: FakeSystem) -> Any:
        number = self.post.lay("renew-certificate", step="request")
        turn(self.post, system)
        reply = said(self.post, number)
        assert reply is not None
        return x509.load_pem_x509_csr(str(reply.detail["csr"]).encode()).public_key()

    def install(self, system: FakeSystem, chain: str) -> Reply:
        number = self.post.lay("renew-certificate", step="install", certificate=chain)
        turn(self.post, system)
        reply = said(self.post, number)
        assert reply is not None
        return reply


def pem_of(key: PrivateKey) -> bytes:
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*encoding)


def test_a_certificate_is_renewed_with_a_key_made_here(post: Post, system: FakeSystem) -> None:
    renewal = Renewal(post)
    public = renewal.asked(system)
    assert public != renewal.old.public_key()
    chain = renewal.chain(public)
    assert renewal.install(system, chain).outcome == "done"
    assert renewal.places.certificate.read_text() == chain
    key = serialization.load_pem_private_key(renewal.places.key.read_bytes(), None)
    assert key.public_key() == public
    assert not renewal.places.next_key.exists()
    assert system.asked == ["restart relay"]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("other-key", "another key"),
        ("other-kiosk", "it is for kiosk-2"),
        ("ended", "does not hold at this time"),
        ("other-authority", "does not go back"),
        ("garbage", "no chain"),
    ],
)
def test_a_certificate_that_is_not_right_changes_nothing(post: Post, system: FakeSystem, how: str, says: str) -> None:
    renewal = Renewal(post)
    public = renewal.asked(system)
    before = renewal.places.certificate.read_text()
    stranger = found(post.folder / "stranger", post.folder / "other.pem", "correct-horse", "Lain", NOW)
    chains = {
        "other-key": lambda: renewal.chain(new_key()),
        "other-kiosk": lambda: renewal.chain(public, "kiosk-2"),
        "ended": lambda: renewal.chain(public, at=datetime(2020, 1, 1, tzinfo=UTC)),
        "other-authority": lambda: stranger.issue(public, Subject("kiosk-1", Role.KIOSK), NOW, LIFE).chain,
        "garbage": lambda: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    reply = renewal.install(system, chains[how]())
    assert reply.outcome == "failed"
    assert says in str(reply.detail["reason"])
    assert renewal.places.certificate.read_text() == before
    assert (
        serialization.load_pem_private_key(renewal.places.key.read_bytes(), None).public_key()
        == renewal.old.public_key()
    )
    assert system.asked == []


def test_a_power_cut_between_the_two_files_is_mended(post: Post, system: FakeSystem) -> None:
    renewal = Renewal(post)
    public = renewal.asked(system)
    renewal.places.certificate.write_text(renewal.chain(public))  # the key had not followed yet
    turn(post, system)
    assert serialization.load_pem_private_key(renewal.places.key.read_bytes(), None).public_key() == public
    assert not mend(renewal.places)
