"""One command takes a plain Debian to a centre that serves: broker with client certificates, database, pages behind TLS.

Real SSH, real systemd in a container, in a network namespace of its own without a way to the internet.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from tests.fixtures import roots
from tests.fixtures.containers import CHECKOUT, Container, Network, wait
from tests.fixtures.releases import kept_wheels, own_wheels
from wire.jwks import key_set, readable
from wire.seals import KeyName, SealingKey

pytestmark = pytest.mark.timeout(600)
TARGET: Final = "bookworm-amd64"
PROGRAM = "/opt/siperlu/current/bin/siperlu"
LEFT = 12 * 2**20
CONFIG = ("--config", "/etc/siperlu/collector.toml")


class Host:
    """A plain Debian that becomes a centre, and the technician's desk beside it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        base = roots.centre()
        self.folder = folder
        self.network = stack.enter_context(Network("siperlu-c"))
        self.bundle, self.keys = bundle_for_the_centre(folder)
        self.box = Container(base, folder / "centre", self.network, 21)
        stack.callback(self.box.close)
        self.box.start()
        self.told = ""

    def install(self, *words: str) -> dict[str, Any]:
        line = [
            *(*self.network.prefix, sys.executable, "-m", "cli", "centre", "install", "--on", self.box.address),
            *("--host", self.box.address, "--host", "pusat.uji.go.id", "--regency", "Pemerintah Kabupaten Uji"),
            *("--bundle", str(self.bundle), "--release-keys", str(self.keys), "--identity", str(self.box.key)),
            *("--accept-new", "--known-hosts", str(self.folder / "known_hosts"), "--json", *words),
        ]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=500)
        self.told += done.stderr
        last = (done.stdout.splitlines() or [""])[-1]
        assert last.startswith("{"), done.stderr[-4000:]
        found: dict[str, Any] = json.loads(last)
        return found

    def siperlu(self, *words: str) -> str:
        return self.box.run(PROGRAM, *words, *CONFIG)


def bundle_for_the_centre(folder: Path) -> tuple[Path, Path]:
    """A release of this checkout."""
    own = own_wheels(folder / "own")
    kept = kept_wheels(own, "centre", TARGET)
    key = SealingKey.generate(KeyName("release", 1))
    parts = [
        (CHECKOUT / "systemd", "systemd", "any"),
        (own, "wheels/any", "any"),
        (kept, f"wheels/{TARGET}", TARGET),
    ]
    write_bundle(folder / "siperlu.tar", Recipe("0.1.0", "0.1.0", datetime.now(UTC), 1), collected(parts), key)  # type: ignore[arg-type]
    (folder / "release.json").write_text(readable(key_set([key.public], [])))
    return folder / "siperlu.tar", folder / "release.json"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with ExitStack() as stack:
        yield Host(tmp_path_factory.mktemp("centre"), stack)


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {one["step"]: one["outcome"] for one in found["steps"]}


def test_a_dry_run_changes_nothing(host: Host) -> None:
    found = host.install("--dry-run")
    assert outcomes(found)["software"] == "would change"
    assert host.box.run("ls", "/opt") == ""


def test_an_interrupted_run_is_named_and_finished_by_the_next(host: Host) -> None:
    host.box.run("systemctl", "stop", "postgresql")
    host.box.run("systemctl", "mask", "--runtime", "postgresql")
    stopped = host.install()
    assert not stopped["good"]
    assert outcomes(stopped)["database"] == "failed"
    assert outcomes(stopped)["services"] == "not reached"
    host.box.run("systemctl", "unmask", "--runtime", "postgresql")
    host.box.run("systemctl", "start", "postgresql")
    found = host.install()
    assert found["good"], [one for one in found["steps"] if one["text"]]
    assert outcomes(found)["software"] == "unchanged"
    assert outcomes(found)["health"] == "unchanged"
    assert "told this once" in host.told


def test_a_second_run_changes_nothing_and_says_so(host: Host) -> None:
    found = host.install()
    assert found["good"], [one for one in found["steps"] if one["text"]]
    assert found["changed"] == 0, outcomes(found)


def test_ingest_and_jobs_are_connected_each_by_its_own_certificate(host: Host) -> None:
    log = host.box.run("sh", "-c", "cat /var/log/mosquitto/mosquitto.log")
    assert "u'centre.ingest'" in log
    assert "u'centre.jobs'" in log


def test_the_pages_are_up_behind_tls(host: Host) -> None:
    authority = host.folder / "ca.crt"
    authority.write_text(host.box.run("cat", "/var/lib/siperlu/broker/ca.crt"))
    script = (
        "import ssl, sys, urllib.request as r; c = ssl.create_default_context(cafile=sys.argv[1]); "
        "print(r.urlopen(sys.argv[2], context=c, timeout=10).read().decode())"
    )
    fetch = [sys.executable, "-c", script, str(authority)]
    assert "ok" in host.network.run(*fetch, f"https://{host.box.address}/healthz")
    assert 'name="password"' in host.network.run(*fetch, f"https://{host.box.address}/login")


FETCH = """
import sys
from pathlib import Path
from kiosk.relay.download import DownloadError, Source, download
host, folder = sys.argv[1], Path(sys.argv[2])
try:
    source = Source(host, 8884, folder / "ca.crt", folder / "client.crt", folder / "client.key")
    download(source, sys.argv[3], folder / "part", lambda: True)
except (DownloadError, OSError) as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def test_a_release_that_is_laid_out_is_fetched_by_whoever_has_a_certificate(host: Host) -> None:
    """The kiosk's own download, through the real front; most of it lies there from a line that broke.

    The front gives 4 MiB a second: what is left to fetch is what the test waits for.
    """
    for file in (host.bundle, host.keys):
        shutil.copy(file, host.box.root / "root")
    assert '"0.1.0"' in host.siperlu(
        "collector", "releases", "add", "/root/siperlu.tar", "--release-keys", "/root/release.json", "--json"
    )
    folder = host.folder / "kiosk"
    folder.mkdir()
    for name, path in (("ca.crt", "broker/ca.crt"), ("client.crt", "broker/centre.jobs.crt")):
        (folder / name).write_text(host.box.run("cat", f"/var/lib/siperlu/{path}"))
    (folder / "client.key").write_text(host.box.run("cat", "/etc/siperlu/keys/centre.jobs.key"))
    whole = host.bundle.read_bytes()
    (folder / "part").write_bytes(whole[:-LEFT])
    fetch = [*host.network.prefix, sys.executable, "-c", FETCH, host.box.address, str(folder)]
    subprocess.run([*fetch, "siperlu-0.1.0.tar"], check=True, timeout=120, cwd=CHECKOUT)
    assert (folder / "part").read_bytes() == whole
    (folder / "part").unlink()
    for name in ("siperlu-0.2.0.tar", "../broker/ca.crt", ""):
        refused = subprocess.run([*fetch, name], capture_output=True, text=True, check=False, timeout=60, cwd=CHECKOUT)
        assert "DownloadError" in refused.stderr, name
    script = (
        "import ssl, sys, urllib.request as r; c = ssl.create_default_context(cafile=sys.argv[1]); "
        "r.urlopen(sys.argv[2], context=c, timeout=10)"
    )
    words = [sys.executable, "-c", script, str(folder / "ca.crt"), f"https://{host.box.address}:8884/siperlu-0.1.0.tar"]
    stranger = subprocess.run([*host.network.prefix, *words], capture_output=True, text=True, check=False, timeout=60)
    assert "400" in stranger.stderr.splitlines()[-1], "nginx says that a certificate is needed"


def test_what_listens_outside_is_ssh_pages_and_broker(host: Host) -> None:
    lines = host.box.run("ss", "-Hltn").splitlines()
    outside = {
        line.split()[3].rpartition(":")[2] for line in lines if not line.split()[3].startswith(("127.", "[::1]"))
    }
    assert outside == {"22", "80", "443", "8883", "8884"}


def test_secrets_are_for_those_who_need_them(host: Host) -> None:
    def reads(user: str, path: str) -> bool:
        groups = (
            "siperlu-centre,siperlu-vault" if user == "siperlu-web" else "siperlu-centre,siperlu-vault,siperlu-seal"
        )
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={groups}", "cat", path]
        return host.box.run("sh", "-c", f"{' '.join(words)} >/dev/null 2>&1 && echo yes || echo no") == "yes"

    secret = [
        "/var/lib/siperlu/authority/issuer-1.key",
        "/etc/siperlu/keys/centre.jobs.key",
        "/etc/siperlu/keys/server.broker.key",
    ]
    assert not any(reads("siperlu-web", path) for path in (*secret, "/var/lib/siperlu/centre-keys/centre-1.jwk"))
    assert reads("siperlu-jobs", secret[0])
    assert not reads("siperlu-jobs", secret[2])


def test_a_revoked_list_reaches_the_broker_by_itself(host: Host) -> None:
    """The path unit, not a person, has mosquitto read the list."""
    look = ("journalctl", "-u", "mosquitto", "-o", "cat", "--no-pager", "--since", "-1min", "-g", "Reloaded")
    done = host.box.run(*look, check=False).count("Reloaded")
    host.box.run("sh", "-c", "cd /var/lib/siperlu/broker; cp -p revoked.crl x; mv x revoked.crl")
    wait("the broker was reloaded", lambda: host.box.run(*look, check=False).count("Reloaded") > done, 20)


def test_a_backup_is_restored_onto_an_empty_centre(host: Host) -> None:
    host.box.run("systemctl", "start", "siperlu-backup.service")
    file = host.box.run("sh", "-c", "ls /var/backups/siperlu/*.backup")
    host.siperlu("centre", "restore", file, "--verify-only")
    seal = host.box.run("cat", "/var/lib/siperlu/centre-keys/centre-1.jwk")
    host.box.run(
        *("sh", "-euc"),
        "systemctl stop siperlu-centre.target siperlu-ingest siperlu-jobs siperlu-web; "
        "runuser -u postgres -- dropdb siperlu; "
        "rm -r /var/lib/siperlu/centre-keys /var/lib/siperlu/authority /var/lib/siperlu/broker /etc/siperlu/keys; "
        "cp /etc/siperlu/backup.passphrase /root/word",
    )
    host.box.run(
        *("sh", "-euc"),
        'p() { runuser -u postgres -- psql -XAqt -v ON_ERROR_STOP=1 -c "$1"; }; '
        "p \"CREATE DATABASE siperlu OWNER siperlu ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0\"; "
        'for r in siperlu-ingest siperlu-jobs siperlu-web root; do p "ALTER ROLE \\"$r\\" IN DATABASE siperlu SET role = \'siperlu\'"; done',
    )
    host.siperlu("centre", "restore", file, "--passphrase-file", "/root/word")
    assert host.box.run("cat", "/var/lib/siperlu/centre-keys/centre-1.jwk") == seal
    found = host.install()
    assert found["good"], [one for one in found["steps"] if one["text"]]
    assert '"admin"' in host.siperlu("collector", "accounts", "list", "--json")
