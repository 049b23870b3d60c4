"""Part `camera`: the real picamera2 in the kiosk's own unit, on the kernel's own buffers, to a check-in at the centre.

What stands where a Raspberry Pi's pipeline is: libcamera's virtual one, which plays pictures (tests/fixtures/camera). In containers its
buffers are memory files by a shim; here they are of /dev/dma_heap, which the unit's list of devices and group must let it open.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import Any

from tests.e2e.appliance.books import agree
from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import CHECKOUT, Broken
from tests.fixtures.virtual_camera import play

FILES = CHECKOUT / "tests/fixtures/camera"
FPS, HOLD, GAP = 2, 60, 30
"""Libcamera keeps every frame in memory: half a minute of a person is 60 of them and no more."""
HEAP = "L+ /dev/dma_heap/vidbuf_cached - - - - system\n"
"""picamera2 asks for a Raspberry Pi's heap by name; the device behind the name is the kernel's."""
PREPARE = f"""
packages=$(echo /usr/local/lib/python3*/dist-packages)
cp /srv/camera/pykms.py "$packages"
sed 's/^FPS = .*/FPS = {FPS}/' /srv/camera/virtual.py > "$packages/picamera2/virtual.py"
grep -q virtual "$packages/picamera2/__init__.py" || echo "from . import virtual" >> "$packages/picamera2/__init__.py"
cp /srv/camera/heap.conf /etc/tmpfiles.d/virtual-camera.conf
systemd-tmpfiles --create virtual-camera.conf
modprobe -a system_heap udmabuf 2>/dev/null || true
ls -lL /dev/dma_heap/
"""
LIMIT_S = 900
SETTINGS = "/etc/siperlu/kiosk.toml"
BUFFERS = "grep -c dmabuf /proc/$(systemctl show -P MainPID siperlu-kiosk)/maps || true"


def camera(stage: Stage) -> dict[str, Any]:
    """A person before picamera2 is recorded, twice over a restart; its buffers are the kernel's, and the books agree."""
    machine = stage.set_up().machine
    _bring(stage)
    heap = machine.run(PREPARE)
    if "system" not in heap:
        raise Broken(f"this kernel has no heap of buffers: {heap}")
    before = machine.run(f"grep -m 1 frames: {SETTINGS}")
    machine.run(f'cp {SETTINGS} /srv/kiosk.toml; sed \'s#"frames:[^"]*"#"picamera2:0"#\' /srv/kiosk.toml > {SETTINGS}')
    found: dict[str, Any] = {"instead of": before, "serves_after_s": [], "check_in_after_s": []}
    try:
        for _ in range(2):
            begun = time.monotonic()
            machine.run("systemctl restart siperlu-kiosk", limit_s=300)
            found["serves_after_s"].append(round(time.monotonic() - begun))
            found["check_in_after_s"].append(round(stage.wait_for_check_in(LIMIT_S)))
        found["buffers"] = int(machine.run(BUFFERS))
        found["kiosk_mb"] = int(machine.run("systemctl show -P MemoryCurrent siperlu-kiosk")) >> 20
        found["restarts"] = int(machine.run("systemctl show -P NRestarts siperlu-kiosk"))
        found["records"] = agree(stage, LIMIT_S).last
    except Broken as error:
        told = machine.run("journalctl -u siperlu-kiosk -n 30 --no-pager -o cat", check=False)
        raise Broken(f"{error}\n{told}") from error
    finally:
        machine.run(f"cp /srv/kiosk.toml {SETTINGS}; systemctl restart siperlu-kiosk", check=False, limit_s=300)
    if not found["buffers"] or found["restarts"]:
        raise Broken(f"no buffer of the kernel's is mapped, or the unit was started again by itself: {found}")
    return found


def _bring(stage: Stage) -> None:
    """The stand-ins, and the frames of the one person whom the roster knows."""
    root = stage.folder / "before the lens"
    play(root, [min((stage.folder / "show").iterdir())], HOLD, GAP)
    shutil.copytree(FILES, root / "srv/camera", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "srv/camera/heap.conf").write_text(HEAP)
    packed = subprocess.run(["tar", "-C", str(root), "-c", "."], capture_output=True, check=True).stdout
    stage.machine.run("tar -x -C / --no-same-owner --no-overwrite-dir", given=packed)
