"""The report on paper: a sheet per kiosk with all that somebody files, whatever was typed, Indonesian first."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from provisioning import paper
from provisioning.kiosk.identity import Identity, identity_of
from provisioning.kiosk.plan import plan
from provisioning.paper import OUTCOMES, STEPS, Occasion
from provisioning.report import MachineReport
from provisioning.shell import LocalShell
from provisioning.step import Outcome, Result
from tests.fixtures.shims import Shims
from tests.screenshots.chromium import chromium, chromium_path, width_needed
from tests.unit.test_provisioning_wish import wish
from wire.jwks import key_set, readable

OCCASION = Occasion(datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "Rina (IT)", "0.1.0", "https://pusat.uji.go.id")
IDENTITY = Identity(
    "Debian GNU/Linux 13",
    "Raspberry Pi 4",
    "100000001",
    "SHA256:abc",
    "ab" * 32,
    "Feb  9 2027 GMT",
    {"disdik-1#1": "x" * 43},
)
STEPS_DONE = [Result(name, Outcome.CHANGED) for name in STEPS]


class Text(HTMLParser):
    """What a reader sees; `tags`: all elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())


def sheet(results: list[Result], **more: object) -> Text:
    report = MachineReport("192.168.1.50", "disdik-1", results, "Dinas Pendidikan", identity=IDENTITY, **more)  # type: ignore[arg-type]
    return Text(paper.html([report], OCCASION))


def test_who_when_where_and_the_fingerprints_are_on_it() -> None:
    text = sheet(STEPS_DONE).text
    for said in ("disdik-1", "Dinas Pendidikan", "192.168.1.50", "Raspberry Pi 4, 100000001", "Debian GNU/Linux 13"):
        assert said in text
    for said in (
        "0.1.0",
        "https://pusat.uji.go.id",
        "05-01-2026 09:30 UTC",
        "Rina (IT)",
        "x" * 43,
        "ab" * 32,
        "SHA256:abc",
    ):
        assert said in text
    assert "Siap melayani." in text
    assert text.count("Nama, NIP, tanggal") == 2


def test_every_step_of_the_plan_has_an_indonesian_name() -> None:
    assert {step.name for step in plan(wish(keys=readable(key_set([], [])).encode()))} - {"connection"} <= set(STEPS)
    assert set(OUTCOMES) == set(Outcome)


def test_a_kiosk_that_is_not_ready_says_so_first_with_the_mend() -> None:
    text = sheet([Result("software", Outcome.FAILED, "no room. Look."), Result("ssh", Outcome.NOT_REACHED)]).text
    assert text.index("BELUM SIAP") < text.index("Langkah")
    assert "stopped at software: no room. Look." in text
    assert "GAGAL" in text
    assert "belum sampai" in text
    assert "Siap melayani" not in text


def test_a_dry_run_is_not_taken_for_the_deed() -> None:
    text = sheet([Result("software", Outcome.WOULD_CHANGE)]).text
    assert "Tidak ada yang diubah" in text
    assert "Siap melayani" not in text


def test_a_box_without_a_screen_is_not_checked_for_one() -> None:
    assert "di layar" in sheet(STEPS_DONE).text
    assert "di layar" not in sheet(STEPS_DONE, screen=False).text


def test_each_kiosk_has_a_sheet_and_nothing_is_fetched() -> None:
    html = paper.html([MachineReport(f"h{n}", f"k-{n}", STEPS_DONE) for n in range(3)], OCCASION)
    assert Text(html).tags.count("section") == 3
    assert not re.search(r"(src|href|url\()", html)


@pytest.mark.skipif(chromium_path() is None, reason="Chromium is not installed: apt-get install chromium")
def test_printed_a_kiosk_is_one_sheet_and_a_telephone_shows_it_whole() -> None:
    said = (
        "no room: 20 MiB free below /opt/siperlu/releases. Is there room on the disk (`df -h /opt`)? Run this again. "
        * 3
    )
    keys = {f"dinas-pendidikan-{n}/relay#1": "x" * 43 for n in range(4)}
    identity = replace(IDENTITY, keys=keys, board="Raspberry Pi 4 Model B Rev 1.5")
    steps = [*STEPS_DONE[:-1], Result("self-test", Outcome.FAILED, said)]
    reports = [MachineReport("192.168.1.50", f"k-{n}", steps, "Dinas Pendidikan", identity=identity) for n in range(2)]
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.set_content(paper.html(reports, OCCASION))
        assert width_needed(page) <= 390
        printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


def test_what_was_typed_stays_text() -> None:
    evil = "<script>alert(1)</script><img src=x>\"'&"
    report = MachineReport(
        evil, evil, [Result(evil, Outcome.FAILED, evil)], evil, identity=Identity(*[evil] * 6, {evil: evil})
    )
    html = paper.html([report], Occasion(OCCASION.at, evil, evil, evil))
    assert not {"script", "img"} & set(Text(html).tags)
    assert unescape(html).count("alert(1)") >= 12


def test_a_kiosk_is_looked_at_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shims = Shims(tmp_path, monkeypatch)
    shims.put("ssh-keygen", "echo '256 SHA256:abc root@disdik-1 (ED25519)'")
    shims.put("openssl", f"echo 'sha256 Fingerprint={':'.join(['AB'] * 32)}'; echo 'notAfter=Feb  9 03:04:05 2027 GMT'")
    found = identity_of(LocalShell())
    assert found.system
    assert (found.host_key, found.certificate, found.until) == ("SHA256:abc", "ab" * 32, "Feb  9 03:04:05 2027 GMT")
    assert found.keys == {}, "no keys are made for a look"
