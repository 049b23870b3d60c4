"""The command behind the promise of speed runs and prints its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_bench_green_prints_its_figures(faces_dir: Path) -> None:
    command = [sys.executable, "-m", "cli", "bench", "green", "--json", "--count", "3"]
    faces = str(faces_dir / "face_recognition" / "faces")
    done = subprocess.run([*command, "--faces", faces], check=True, capture_output=True, text=True, timeout=100)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["check_ins"] == 3
    assert figures["p95_ms"] >= (figures["agree_frames"] - 1) * 1000 / figures["fps"] * 0.9
    assert figures["p95_frames"] == pytest.approx(figures["p95_ms"] * figures["fps"] / 1000, abs=0.01)
