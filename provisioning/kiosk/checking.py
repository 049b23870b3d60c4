"""What is wrong with a kiosk, in plain words, and what to do; and taking one out of service for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioning.errors import StepFailed
from provisioning.kiosk.registering import answer_on
from provisioning.kiosk.software import CURRENT, PROGRAM
from provisioning.kiosk.usb import PLACE
from provisioning.shell import Shell, must


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: good, or what is wrong and what to do."""

    part: str
    good: bool
    text: str


SAME_RELEASE = f"""
release=$(readlink {CURRENT}) || exit 1
for part in kiosk relay agent; do
  pid=$(systemctl show -P MainPID "siperlu-$part"); test "$pid" -gt 0 || continue
  case $(tr '\\0' ' ' < "/proc/$pid/cmdline") in "$release"/*) ;; *) exit 1 ;; esac
done
"""

_LOOKS: tuple[tuple[str, str, str], ...] = (
    ("software", f"test -x {PROGRAM}", "no release is installed: run `siperlu provision` on it"),
    (
        "kiosk",
        "systemctl -q is-active siperlu-kiosk",
        "the kiosk process does not run: `journalctl -u siperlu-kiosk -n 50` says why",
    ),
    (
        "relay",
        "systemctl -q is-active siperlu-relay",
        "the relay does not run: `journalctl -u siperlu-relay -n 50` says why",
    ),
    (
        "screen",
        "test ! -e /etc/systemd/system/siperlu-screen.service || systemctl -q is-active siperlu-screen",
        "the wall's page is not shown: is a display plugged in and on? `journalctl -u siperlu-screen -n 50` says why",
    ),
    (
        "agent",
        "systemctl -q is-active siperlu-agent",
        "the agent does not run, so that orders, updates and sticks wait: `journalctl -u siperlu-agent -n 50` says why",
    ),
    (
        "release",
        SAME_RELEASE,
        "something still runs in another release than the current one: `systemctl restart siperlu-kiosk siperlu-relay siperlu-agent`",
    ),
    (
        "units",
        'test -z "$(systemctl --failed --no-legend --plain)"',
        "a unit has failed: `systemctl --failed` lists it, `systemctl reset-failed` after mending",
    ),
    ("usb", f"test -s {PLACE}", "USB is open to anything: run `siperlu provision` on it"),
    ("firewall", "nft list table inet siperlu >/dev/null 2>&1", "the firewall is not up: `systemctl restart nftables`"),
    (
        "listeners",
        "test -z \"$(ss -Hltn | awk '{print $4}' | grep -vE '(127\\.0\\.0\\.[0-9]+|\\[::1\\]|%lo):' | grep -v ':22$')\"",
        "something besides SSH listens: `ss -ltnp` names it; remove the package it came with",
    ),
    (
        "disk",
        'test "$(df --output=pcent /var/lib/siperlu | tail -1 | tr -dc 0-9)" -lt 90',
        "the disk is nearly full: `df -h /var/lib/siperlu`; nothing in kiosk/ or relay/ may be deleted",
    ),
    (
        "certificate",
        "openssl x509 -in /etc/siperlu/kiosk.crt -noout -checkend 1209600 >/dev/null",
        "the certificate ends within two weeks or is missing: provision it again with a new claim",
    ),
    (
        "time",
        "timedatectl show -P NTPSynchronized | grep -q yes",
        "the time is not confirmed by the network yet: is UDP port 123 open?",
    ),
)


def examine(shell: Shell) -> Iterator[Finding]:
    """Look at a kiosk, part by part; nothing is changed. Raises ConnectionLost."""
    for part, look, mend in _LOOKS:
        good = shell.run(look).code == 0
        yield Finding(part, good, "good" if good else mend)
    yield _connection(shell)
    yield from _own(shell)


def _connection(shell: Shell) -> Finding:
    """Whether the relay has reached the broker. A school without a network is told so here, too: whoever looks knows which it is."""
    said = shell.run(_STATUS)
    if "online: True" in said.out:
        return Finding("connection", True, "good")
    waiting = backlog(shell)
    records = "whether records wait cannot be told" if waiting is None else f"{waiting} records wait"
    text = (
        f"the broker is not reached, {records}: `journalctl -u siperlu-relay -n 50` says why; is the broker's port open from "
        "there, and the kiosk not revoked? Where there is no network, a stick carries them"
    )
    return Finding("connection", False, text)


def _own(shell: Shell) -> Iterator[Finding]:
    """What the kiosk's own check finds."""
    said = shell.run(f"{PROGRAM} kiosk check --config /etc/siperlu/kiosk.toml 2>&1")
    told = False
    for line in said.out.splitlines():
        word, _, rest = line.partition("  ")
        part, colon, text = rest.strip().partition(": ")
        if not colon or word not in {"ok", "FAIL"}:
            continue
        told = True
        if not (part == "camera" and _busy(shell)):
            yield Finding(part, word == "ok", text)
    if not told:
        last = (said.out.strip() or "it said nothing").splitlines()[-1][:300]
        yield Finding(
            "self-test", False, f"`siperlu kiosk check` does not work there ({last}): run `siperlu provision` on it"
        )


def _busy(shell: Shell) -> bool:
    """The running kiosk has the camera, and sees: trying it from beside would fail, and say nothing."""
    return shell.run("test $(( $(date +%s) - $(stat -c %Y /run/siperlu-kiosk/last-frame) )) -lt 90").code == 0


WIPE = """
systemctl disable --now siperlu.target siperlu-kiosk siperlu-relay siperlu-screen siperlu-agent 2>/dev/null || true
for folder in /var/lib/siperlu/kiosk /var/lib/siperlu/relay /var/lib/siperlu/agent; do
  if [ -d "$folder" ]; then find "$folder" -type f -exec shred -u {} + 2>/dev/null || true; rm -rf "$folder"; fi
done
for file in /etc/siperlu/kiosk.key /etc/siperlu/.kiosk.key.next /etc/siperlu/kiosk.crt /etc/siperlu/registration.json /etc/siperlu/kiosk.toml; do shred -u "$file" 2>/dev/null || rm -f "$file"; done
sync
"""


def wipe(shell: Shell) -> None:
    """Stop a kiosk and destroy its keys, ledger, roster and registration. Raises StepFailed when anything is left.

    What the centre has not received is lost with it: ask `backlog` before.
    """
    must(shell, WIPE, limit_s=600)
    left = must(
        shell,
        "ls -d /var/lib/siperlu/kiosk /var/lib/siperlu/relay /etc/siperlu/kiosk.key /etc/siperlu/.kiosk.key.next 2>/dev/null || true",
    ).split()
    if left:
        raise StepFailed(f"{left[0]} is still there: take the card out and destroy it")


def name_of(shell: Shell) -> str:
    """The name that a kiosk was registered under; empty for a box that was not."""
    answer = answer_on(shell)
    return "" if answer is None else answer.kiosk.id


_STATUS = f"{PROGRAM} kiosk status --config /etc/siperlu/kiosk.toml 2>/dev/null"


def backlog(shell: Shell) -> int | None:
    """Records that the centre has not receipted yet; none where there never was a ledger; None where it cannot be told."""
    if shell.run("test -e /var/lib/siperlu/kiosk/ledger.db").code:
        return 0
    said = shell.run(f"{_STATUS} | sed -n 's/^backlog: //p'").out.strip()
    return int(said) if said.isdigit() else None
