"""Steps change what is missing and nothing else; words stay words; what a technician typed wrong is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioning import inventory, report
from provisioning.errors import ConnectionLost, InventoryError, StepFailed
from provisioning.report import MachineReport
from provisioning.shell import LocalShell, Shell, must
from provisioning.step import Outcome, Result, run
from provisioning.steps import File, Files, Script

HOSTILE = ["$(touch pwned)", "`touch pwned`", "a; rm -rf x", "'\"", "", "-n", "*", "ü\n2"]
NOWHERE = LocalShell()


@dataclass
class Fake:
    """A step that is done after so many tries, or breaks."""

    name: str = "fake"
    mend: str = "Mend it."
    needs: int = 1
    breaks: Exception | None = None
    did: int = field(default=0)

    def done(self, _shell: Shell) -> bool:
        return self.did >= self.needs

    def do(self, _shell: Shell) -> None:
        self.did += 1
        if self.breaks:
            raise self.breaks


def outcomes(results: Sequence[Result]) -> list[str]:
    return [one.outcome.value for one in results]


def test_words_stay_words_whatever_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = must(LocalShell(), 'for w in "$@"; do printf "%s\\0" "$w"; done', *HOSTILE)
    assert told.split("\0")[:-1] == HOSTILE
    assert list(tmp_path.iterdir()) == []


def test_a_script_that_fails_says_its_last_words() -> None:
    with pytest.raises(StepFailed, match="exit status 3: no such thing"):
        must(LocalShell(), "echo no such thing >&2; exit 3")


def test_a_script_that_hangs_is_ended() -> None:
    with pytest.raises(StepFailed, match=r"did not finish within 0 s"):
        must(LocalShell(), "sleep 20", limit_s=0.2)


def test_what_is_done_is_left_alone_and_what_is_missing_is_done() -> None:
    steps = [Fake(needs=0), Fake(), Fake(did=1)]
    assert outcomes(run(steps, NOWHERE)) == ["unchanged", "changed", "unchanged"]
    assert outcomes(run(steps, NOWHERE)) == ["unchanged"] * 3


def test_a_dry_run_does_nothing() -> None:
    step = Fake()
    assert outcomes(run([step], NOWHERE, dry=True)) == ["would change"]
    assert step.did == 0


@pytest.mark.parametrize("error", [StepFailed("no room"), ConnectionLost("gone"), None])
def test_after_a_failure_nothing_more_is_tried(error: Exception | None) -> None:
    bad, after = Fake(needs=9, breaks=error), Fake()
    results = run([Fake(), bad, after], NOWHERE)
    assert outcomes(results) == ["changed", "failed", "not reached"]
    assert results[1].text.endswith("Mend it.")
    assert after.did == 0


def test_files_are_written_whole_with_mode_and_owner(tmp_path: Path) -> None:
    import grp  # noqa: PLC0415
    import os  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    owner = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
    place = tmp_path / "etc" / "it's here"
    step = Files("files", "", [File(str(place), b"\x00\xff$HOME", "600", owner)], after=f"echo x >> {tmp_path}/after")
    assert outcomes(run([step], LocalShell())) == ["changed"]
    assert place.read_bytes() == b"\x00\xff$HOME"
    assert place.stat().st_mode & 0o777 == 0o600
    assert outcomes(run([step], LocalShell())) == ["unchanged"]
    place.chmod(0o644)
    assert outcomes(run([step], LocalShell())) == ["changed"]
    assert (tmp_path / "after").read_text() == "x\nx\n"
    assert [path.name for path in place.parent.iterdir()] == [place.name], "no draft is left"


def test_a_script_is_asked_again_after_it_acted(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    good = Script("good", "", 'test -e "$1"', 'touch "$1"', [mark])
    vain = Script("vain", "Look.", 'test -e "$1.x"', "true", [mark])
    assert outcomes(run([good, vain], LocalShell())) == ["changed", "failed"]


def written(folder: Path, text: str) -> Path:
    (folder / "list.toml").write_text(text)
    return folder / "list.toml"


GOOD = '[[kiosk]]\nhost = "10.0.0.9"\nid = "a-1"\nunit = "A"\nscope = "unit"\nclaim = ""\n[[kiosk]]\nhost = ""\nid = "a-2"\nunit = "A"\n'


def test_an_inventory_lists_those_that_have_an_address(tmp_path: Path) -> None:
    (one,) = inventory.read(written(tmp_path, GOOD))
    assert (one.host, one.id, one.unit, one.screen) == ("10.0.0.9", "a-1", "A", True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no [[kiosk]] in it"),
        ("[[kiosk]", "cannot be read"),
        ('[[kiosk]]\nhost = "h"\nid = "a"\nunti = "A"\n', "'unti' is not known"),
        ('[[kiosk]]\nhost = "h"\nid = "a"\n', "id and unit are needed"),
        ('[[kiosk]]\nhost = 9\nid = "a"\nunit = "A"\n', "host = 9 is not a text"),
        ('[[kiosk]]\nhost = "-oProxyCommand=x"\nid = "a"\nunit = "A"\n', "is no name or address"),
        ('[[kiosk]]\nhost = ""\nid = "a"\nunit = "A"\n', "no kiosk has an address"),
        (GOOD.replace('host = ""', 'host = "10.0.0.9"'), "'10.0.0.9' stands twice"),
    ],
)
def test_a_wrong_inventory_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InventoryError) as caught:
        inventory.read(written(tmp_path, text))
    assert says in str(caught.value)


def test_the_report_can_be_filed() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    good = MachineReport("h1", "a-1", [Result("system", Outcome.UNCHANGED), Result("ssh", Outcome.CHANGED)])
    bad = MachineReport(
        "h2", "a-2", [Result("system", Outcome.FAILED, "no. Mend."), Result("ssh", Outcome.NOT_REACHED)]
    )
    assert (good.verdict, bad.verdict) == ("in service, 1 steps changed", "stopped at system: no. Mend.")
    assert "1 of 2 kiosks as they should be" in report.text([good, bad], at, "1.0")
    tree = json.loads(json.dumps(report.tree([good, bad], at, "1.0")))
    assert (tree["good"], [one["good"] for one in tree["machines"]]) == (False, [True, False])
