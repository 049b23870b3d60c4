"""`siperlu demo`: everybody enrolled is recorded, nobody else, and all of it reaches the centre."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIRST_GREEN_S = 5.0
BUSY = 3
"""A test machine does other things meanwhile: the promise is for a quiet one, and docs/measured.md has its figure."""


def demo(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--json", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def check(figures: dict[str, Any], people: int) -> None:
    assert figures["recorded"] >= people
    assert figures["received"] == figures["recorded"]
    assert figures["refused"] >= 1
    assert figures["first_green_s"] <= BUSY * FIRST_GREEN_S
    assert {name: figures[name] for name in ("wrong", "strangers_accepted", "lost", "missed")} == {
        "wrong": 0,
        "strangers_accepted": 0,
        "lost": 0,
        "missed": 0,
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_pictures_from_the_package_registry() -> None:
    check(demo(), people=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_a_folder_of_people(faces_dir: Path) -> None:
    check(demo("--faces", str(faces_dir / "face_recognition" / "faces"), "--people", "4"), people=4)


def test_a_folder_in_which_nobody_can_be_enrolled_is_refused_with_the_mend(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--faces", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "two photos" in done.stderr
