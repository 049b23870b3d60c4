"""Machines that QEMU emulates, on the test networks of `tests/fixtures/containers.py`: a whole Debian with its own kernel.

Only emulation (TCG) is used, by the QEMU of Debian 13: a guest's processor is some 15 times slower than the host's. The
disk of a run is a throw-away layer over an image that is made once under `.cache/appliance`. Needs root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from tests.fixtures.containers import CHECKOUT, HASTE, Broken, Network, mark, wait

CACHE = CHECKOUT / ".cache" / "appliance"
KEY = CACHE / "technician"
NUMBER = 21
"""The machine's place on the network; its image knows it."""
QEMU = "qemu-system-x86,qemu-system-arm,qemu-system-data,qemu-user,qemu-utils,ipxe-qemu,seabios,device-tree-compiler"
SYSTEM = (
    "initramfs-tools,systemd-sysv,systemd-timesyncd,udev,dbus,kmod,iproute2,openssh-server,openssl,ca-certificates,python3,"
    "python3-venv,python3-pip,libgomp1,nftables,procps,sudo,e2fsprogs,"
    "swig,gcc,libc6-dev,python3-dev,make"
)
DISK = "8G"
"""A power of two: an SD card of a Raspberry Pi is emulated in no other size."""
HOOK = Path(__file__).with_name("image.sh")
FORMATS, FORMAT = Path("/proc/sys/fs/binfmt_misc"), "siperlu-aarch64"
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
"""The head of a 64-bit ELF program for aarch64, as qemu-binfmt-conf.sh has it; the newest entry goes before an older one."""


class NotRun(Exception):
    """A part cannot be run on this machine; the text says why."""


def emulator(name: str) -> list[str]:
    """How to start a program of Debian 13's QEMU (that of Debian 12 corrupts its guests); fetched the first time. Raises NotRun."""
    root = _emulators()
    libraries = ":".join(str(root / folder) for folder in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
    line = [str(root / "lib64/ld-linux-x86-64.so.2"), "--library-path", libraries, str(root / "usr/bin" / name)]
    data = [word for folder in ("qemu", "seabios") for word in ("-L", str(root / "usr/share" / folder))]
    return line + (data if name.startswith("qemu-system") else [])


@contextmanager
def foreign_programs() -> Iterator[None]:
    """Programs of aarch64 are run by QEMU 10's emulator meanwhile: that of Debian 12 (7.2) crashes on loading onnxruntime. Raises NotRun."""
    program = _emulators() / "usr/bin/qemu-aarch64"
    if not (FORMATS / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(FORMATS)], check=False, capture_output=True)
    name = f"{FORMAT}-{os.getpid()}"
    try:
        (FORMATS / "register").write_text(f":{name}:M::{MAGIC}:{MASK}:{program}:FP")
    except OSError as error:
        raise NotRun(f"binfmt_misc takes no entry here: {error}") from error
    try:
        yield
    finally:
        (FORMATS / name).write_text("-1")


def root_of(arch: str) -> Path:
    """The root folder of Debian 13 for `amd64` or `arm64`; made in minutes, and again when what it is made from changed. Raises NotRun."""
    folder = CACHE / f"{arch}-{mark(SYSTEM.encode(), HOOK.read_bytes())}"
    if not (folder / "made").exists():
        _technician()
        words = (f"--arch={arch}", f"--customize-hook={HOOK}", "--skip=check/qemu")  # that would want arch-test
        with foreign_programs() if arch == "arm64" else nullcontext():
            _debian(folder / "root", SYSTEM, *words)
        (folder / "made").touch()
    return folder / "root"


def image(arch: str) -> Path:
    """Folder with the disk of such a system, its kernel and its initial disk. Raises NotRun."""
    root = root_of(arch)
    folder = root.parent
    if not (folder / "disk.img").exists():
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(max((root / "boot").glob(f"{name}-*")), folder / name)
        made = folder / "disk.partial"
        made.unlink(missing_ok=True)
        subprocess.run(["truncate", "-s", DISK, str(made)], check=True)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(made)], check=True)
        made.rename(folder / "disk.img")
    return folder


def _emulators() -> Path:
    """The root folder with QEMU."""
    root = CACHE / f"qemu-{mark(QEMU.encode())}"
    if not (root / "usr/bin/qemu-img").exists():
        _debian(root, QEMU)
    return root


def _technician() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(KEY)], check=True)


def _debian(root: Path, packages: str, *more: str) -> None:
    if os.geteuid() or shutil.which("mmdebstrap") is None:
        raise NotRun("needs root and `apt-get install mmdebstrap`")
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    line = ["mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=APT::Install-Recommends 0", f"--include={packages}"]
    line += HASTE
    environment = {**os.environ, "SIPERLU_TECHNICIAN": str(KEY.with_suffix(".pub"))}
    environment.pop("PIP_FIND_LINKS", None)  # a folder of this machine, not of the root
    done = subprocess.run(
        [*line, *more, "trixie", str(root)], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        shutil.rmtree(root, ignore_errors=True)
        raise NotRun(f"no Debian root could be made: {done.stderr.strip()[-600:]}")


class Machine:
    """An emulated computer on a network. `run`: a command in it as root, over SSH; `below`: a disk it goes on from, not a fresh one."""

    arch = "amd64"
    boot_limit_s = 400

    def __init__(self, folder: Path, network: Network, memory_mb: int = 1024, below: Path | None = None) -> None:
        self.folder = folder
        self.network = network
        self.address = f"10.77.0.{NUMBER}"
        self.key = KEY
        self._memory_mb = memory_mb
        self.base = image(self.arch)
        self._process: subprocess.Popen[bytes] | None = None
        self.disk = folder / "disk.qcow2"
        folder.mkdir(parents=True, exist_ok=True)
        under = [str(below), "-F", "qcow2"] if below else [str(self.base / "disk.img"), "-F", "raw"]
        backing = ["-f", "qcow2", "-b", *under, str(self.disk)]
        subprocess.run([*emulator("qemu-img"), "create", "-q", *backing], check=True)
        self._wire()

    def start(self) -> float:
        """Switch on and wait until SSH answers; the seconds that it took."""
        begun = time.monotonic()
        with (self.folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(self.line(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait("the machine answers to SSH", self._answers, self.boot_limit_s)
        return time.monotonic() - begun

    def run(self, script: str, *, check: bool = True, limit_s: float = 300, given: bytes | None = None) -> str:
        """What a shell script in it says. Raises Broken when it fails or takes longer."""
        line = [*self.ssh(), f"root@{self.address}", "set -eu\n" + script]
        try:
            done = subprocess.run(line, capture_output=True, check=False, timeout=limit_s, input=given or b"")
        except subprocess.TimeoutExpired as error:
            raise Broken(f"not within {limit_s:.0f} s: {script.strip()[:200]}") from error
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if check and done.returncode:
            raise Broken(f"{script.strip()[:200]}: {(err or out)[-2000:]}")
        return str(out).strip()

    def cut_power(self) -> None:
        """As when the plug is pulled: what the guest had not written through is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._forget_connection()

    def power_off(self) -> None:
        """As its own command does: everything is written, and the disk can be copied. Raises Broken."""
        self.run("systemctl poweroff", check=False)
        self._forget_connection()
        wait("the machine is off", lambda: self._process is None or self._process.poll() is not None, 180)

    def close(self) -> None:
        """The throw-away disk goes with its folder."""
        self.cut_power()

    def console(self) -> str:
        """The last that the kernel and systemd said."""
        with suppress(OSError):
            return (self.folder / "console.log").read_text(errors="replace")[-2000:]
        return ""

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise Broken(f"qemu ended: {(self.folder / 'qemu.log').read_text(errors='replace')[-800:]}")
        try:
            return self.run("echo up", check=False, limit_s=20) == "up"
        except Broken:
            return False

    def ssh(self) -> list[str]:
        """How a command line begins that goes on with host and command."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=5", "BatchMode=yes")
        shared = ("LogLevel=ERROR", "ControlMaster=auto", f"ControlPath={self._control}", "ControlPersist=60")
        words = [word for option in (*options, *shared, "ServerAliveInterval=15") for word in ("-o", option)]
        return [*self.network.prefix, "ssh", "-i", str(self.key), *words]

    @property
    def _control(self) -> str:
        return f"/tmp/{self.network.name}.ssh"

    def _forget_connection(self) -> None:
        leave = [*self.ssh(), "-O", "exit", f"root@{self.address}"]
        subprocess.run(leave, capture_output=True, check=False)

    def _wire(self) -> None:
        self.tap = f"tap{NUMBER}"
        self.network.run("ip", "tuntap", "add", self.tap, "mode", "tap")
        self.network.run("ip", "link", "set", self.tap, "master", "br0", "up")

    def line(self) -> list[str]:
        """How it is started."""
        drive = f"file={self.disk},format=qcow2,if=none,id=d0,cache=writeback,discard=unmap"
        net = f"tap,id=n0,ifname={self.tap},script=no,downscript=no"
        return [
            *(*self.network.prefix, *emulator("qemu-system-x86_64")),
            *("-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(self._memory_mb)),
            *("-nodefaults", "-display", "none", "-kernel", str(self.base / "vmlinuz")),
            *("-initrd", str(self.base / "initrd.img"), "-append", "root=/dev/vda rw console=ttyS0 quiet"),
            *("-drive", drive, "-device", "virtio-blk-pci,drive=d0", "-netdev", net),
            *("-device", "virtio-net-pci,netdev=n0,romfile=", "-device", "virtio-rng-pci"),
            *("-serial", f"file:{self.folder / 'console.log'}"),
        ]
