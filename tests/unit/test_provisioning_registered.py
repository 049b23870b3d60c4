"""A kiosk that is registered stays so, also when its certificate has been renewed since: no claim is asked for."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from collector.authority.authority import Authority, secret_pem
from collector.authority.certificates import Role, Subject, new_key
from collector.authority.founding import found
from provisioning.bundle import Bundle
from provisioning.kiosk import registering
from provisioning.kiosk.registering import ANSWER, Registration
from provisioning.kiosk.wish import Wish
from provisioning.shell import LIMIT_S, Done, LocalShell
from provisioning.step import Outcome, run
from provisioning.steps import Files
from tests.fixtures.registering import keys_of
from tests.unit.test_provisioning_wish import RELEASE
from wire.registration import BrokerAddress, RegisteredKiosk, RegistrationAnswer

NOW = datetime.now(UTC)
YEAR = timedelta(days=400)


class Rooted(LocalShell):
    """A machine whose /etc/siperlu is a folder."""

    def __init__(self, etc: Path) -> None:
        self.etc = etc

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        inside = [word.replace("/etc/siperlu", str(self.etc)) for word in (script, *words)]
        done = super().run(*inside, given=given, limit_s=limit_s)
        return Done(done.code, done.out.replace(str(self.etc), "/etc/siperlu"), done.err)


class Box:
    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("a machine's files are root's")
        self.etc = folder / "etc"
        self.etc.mkdir()
        self.authority: Authority = found(folder / "ca", folder / "root.pem", "word", "Kabupaten Uji", NOW - YEAR)
        self.shell = Rooted(self.etc)
        key = new_key()
        self.certify(key, NOW)
        answer = RegistrationAnswer(
            kiosk=RegisteredKiosk(id="disdik-1", unit="DISDIK", scope="unit"),
            certificate=(self.etc / "kiosk.crt").read_text(),
            ca=self.authority.root_pem,
            centre_keys=keys_of("centre"),
            broker=BrokerAddress(host="c", port=8883),
        )
        Files("", "", registering._beliefs(answer)).do(self.shell)

    def certify(self, key: EllipticCurvePrivateKey, at: datetime) -> None:
        """As a renewal does: a new key and its certificate take the place of the old ones."""
        issued = self.authority.issue(key.public_key(), Subject("disdik-1", Role.KIOSK), at, YEAR)
        (self.etc / "kiosk.key").write_bytes(secret_pem(key))
        (self.etc / "kiosk.crt").write_text(issued.chain)

    def registered(self, unit: str = "DISDIK") -> Outcome:
        wish = Wish("disdik-1", unit, "", "https://c", Bundle(Path(), RELEASE, b""), b"")
        (result,) = run([Registration(wish)], self.shell)
        assert result.outcome is Outcome.UNCHANGED or "no claim code was given" in result.text
        return result.outcome


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_it_is_registered_and_stays_so_after_a_renewal(box: Box) -> None:
    assert box.registered() is Outcome.UNCHANGED
    box.certify(new_key(), NOW)
    assert box.registered() is Outcome.UNCHANGED


def test_a_certificate_of_another_key_or_that_has_ended_wants_a_claim(box: Box) -> None:
    kept = (box.etc / "kiosk.key").read_bytes()
    box.certify(new_key(), NOW)
    (box.etc / "kiosk.key").write_bytes(kept)
    assert box.registered() is Outcome.FAILED
    box.certify(new_key(), NOW - YEAR - timedelta(days=1))
    assert box.registered() is Outcome.FAILED


def test_another_unit_or_a_damaged_answer_wants_a_claim(box: Box) -> None:
    assert box.registered("BKD") is Outcome.FAILED
    (box.etc / Path(ANSWER).name).write_text("{")
    assert box.registered() is Outcome.FAILED
