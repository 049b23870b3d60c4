"""The commands that print recognition's figures run, and their figures are what is promised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from models import store


def run(*arguments: str) -> dict[str, Any]:
    """The object alone on the last line of standard output."""
    done = CliRunner().invoke(main, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.fixture(autouse=True)
def _installed(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "default_folder", lambda: weights)


def test_evaluation_prints_every_promised_figure(faces_dir: Path) -> None:
    lfw = faces_dir / "lfw"
    arguments = ["--gallery", "5", "--limit", "60", "--detector", "hog", "--pairs", str(lfw / "pairs.txt")]
    result = run("evaluate", "faces", "--faces", str(lfw / "faces"), *arguments)

    assert result["detected"] >= 0.95
    assert result["verification_accuracy"] >= 0.95
    assert list(result["tar_at_fmr"]) == ["0.001", "0.0001", "1e-05"]
    assert list(result["fnir_at_fpir"]) == ["0.01", "0.001"]
    assert list(result["ms_per_face"]) == ["detect", "assess", "chip", "embed"]
    assert 0 <= result["fnir_at_fpir"]["0.01"] <= 0.4


def test_evaluation_of_an_empty_folder_names_the_layout(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["evaluate", "faces", "--faces", str(tmp_path)])
    assert done.exit_code == 1
    assert "<person>/<picture>" in done.output


def test_the_search_bench_prints_its_figures() -> None:
    result = run("bench", "search", "--rounds", "50")
    assert list(result["ms"]) == ["100", "1000", "10000"]
    assert 0 < result["share_at_10000"] < 1  # promised 0.02 on a quiet machine; tests share theirs
    assert {"embed_ms", "growth_exponent"} <= result.keys()


@pytest.mark.parametrize("detector", ["hog", "yunet"])
def test_the_vision_bench_beats_its_peer_with_the_same_embedding(
    detector: str, faces_dir: Path, models_dir: Path
) -> None:
    faces = str(faces_dir / "face_recognition" / "faces")
    more = ["--detector", detector, "--models", str(models_dir), "--rounds", "2"]
    result = run("bench", "vision", "--faces", faces, *more)
    assert result["detector"] == detector
    assert result["max_embedding_diff"] <= 1e-5
    assert result["ratio"] >= 5  # promised 10 on a quiet machine
    assert {"ours_ms", "theirs_ms", "overhead", "frames"} <= result.keys()


def test_models_are_listed_verified_and_installed_by_hash(tmp_path: Path, models_dir: Path) -> None:
    made = run("models", "install", str(models_dir), "--to", str(tmp_path))
    assert "yunet_n_320_320.onnx" in made["installed"]
    assert "mobilefacenet.onnx" not in made["installed"]
    assert run("models", "verify", "--to", str(tmp_path))["altered"] == []

    (tmp_path / "yunet_n_320_320.onnx").write_bytes(b"altered")
    done = CliRunner().invoke(main, ["models", "verify", "--to", str(tmp_path)])
    assert done.exit_code == 1
    assert "yunet_n_320_320.onnx" in done.output


def test_a_model_without_a_licence_is_installed_only_by_name(tmp_path: Path, models_dir: Path) -> None:
    made = run("models", "install", str(models_dir), "--only", "mobilefacenet", "--to", str(tmp_path))
    assert made["installed"] == ["mobilefacenet.onnx"]
