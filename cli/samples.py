"""Face pictures that a fresh machine can get: those in the source distribution of `face-recognition`."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from cli.output import Failure, say

_RELEASE = "face-recognition==1.3.0"
_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
_FOLDER = "face_recognition-1.3.0/tests/test_images/"
_LARGEST = 4 << 20  # bytes of one picture
PEOPLE = {
    "Barack Obama": ("obama.jpg", "obama2.jpg", "obama3.jpg"),
    "Joe Biden": ("biden.jpg",),
    "partial": ("obama_partial_face.jpg", "obama_partial_face2.jpg"),
}
"""Which pictures show whom; `partial` are cut-off faces of the first."""


def sample_faces(cache: Path) -> dict[str, list[Path]]:
    """Pictures by person, fetched once into `cache` through the pip that runs this. Raises `Failure` without a registry."""
    folder = cache / "samples"
    wanted = {name: [folder / file for file in files] for name, files in PEOPLE.items()}
    if not all(path.is_file() for files in wanted.values() for path in files):
        say(f"fetching pictures of {_RELEASE} (3 MB) into {folder}")
        with tempfile.TemporaryDirectory() as scratch:
            _unpack(_download(Path(scratch)), folder)
    return wanted


def _download(scratch: Path) -> Path:
    """The archive, its hash checked by pip itself."""
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{_RELEASE} --hash=sha256:{_SHA256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--no-binary", "face-recognition", "--dest", str(scratch), "-r", str(requirement)]
    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - own pip
    archives = list(scratch.glob("*.tar.gz"))
    if done.returncode or not archives:
        last = (done.stderr.strip().splitlines() or ["no archive came"])[-1]
        raise Failure(f"{_RELEASE} cannot be fetched: {last}; name a folder of pictures with --faces instead")
    return archives[0]


def _unpack(archive: Path, folder: Path) -> None:
    """Only the pictures named above, each by its bytes: nothing of the archive decides where anything is written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        for file in (file for files in PEOPLE.values() for file in files):
            member = opened.getmember(_FOLDER + file)
            content = opened.extractfile(member)
            if content is None or member.size > _LARGEST:
                raise Failure(f"{archive.name}: {file} is not a picture of at most {_LARGEST >> 20} MB")
            (folder / file).write_bytes(content.read())
