"""The steps of the centre, in their order: from a plain Debian to broker, database, pages and processes that serve."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.bundle import Bundle
from provisioning.centre.broker import Listener, configuration, rights
from provisioning.centre.files import FRONT, MOSQUITTO, SETTINGS, SHELF
from provisioning.errors import InventoryError
from provisioning.kiosk.plan import KnownSystem
from provisioning.kiosk.software import PROGRAM, Software, system_of
from provisioning.shell import Shell, must
from provisioning.step import Step
from provisioning.steps import File, Files, Packages, Script

NEEDED = (
    *("postgresql", "mosquitto", "nginx-light", "python3-venv", "openssl", "libgomp1", "ca-certificates"),
    *("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
)
CONFIG = "/etc/siperlu/collector.toml"
SERVED = "/var/lib/siperlu/broker"
KEYS = "/etc/siperlu/keys"
ROOT_FILE = "/root/siperlu-root.pem"
PORT = 8883
SHELF_FOLDER = "/var/lib/siperlu/releases"
SHELF_PORT = 8884
"""As kiosks' settings have it (relay.releases_port)."""
LOCAL = ("localhost", "127.0.0.1")
UNITS = ("ingest", "jobs", "web")
AGAIN = "Run this again: what is done stays, the rest goes on."

_ROLES = """
for role in siperlu-ingest siperlu-jobs siperlu-web root; do
  test "$(runuser -u postgres -- psql -XAtc "SELECT count(*) FROM pg_roles WHERE rolname = '$role' AND rolcanlogin")" = 1 || exit 1
done
test "$(runuser -u postgres -- psql -XAtc "SELECT count(*) FROM pg_database WHERE datname = 'siperlu'")" = 1
"""
_DATABASE = """
psql() { runuser -u postgres -- psql -XAqt -v ON_ERROR_STOP=1 -c "$1"; }
has() { test "$(psql "$1")" = 1; }
has "SELECT 1 FROM pg_roles WHERE rolname = 'siperlu'" || psql 'CREATE ROLE siperlu NOLOGIN'
has "SELECT 1 FROM pg_database WHERE datname = 'siperlu'" || \\
  psql "CREATE DATABASE siperlu OWNER siperlu ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
for role in siperlu-ingest siperlu-jobs siperlu-web root; do
  has "SELECT 1 FROM pg_roles WHERE rolname = '$role'" || psql "CREATE ROLE \\"$role\\" LOGIN IN ROLE siperlu"
  psql "ALTER ROLE \\"$role\\" IN DATABASE siperlu SET role = 'siperlu'"
done
psql 'REVOKE CONNECT ON DATABASE siperlu FROM PUBLIC'; psql 'GRANT CONNECT ON DATABASE siperlu TO siperlu'
"""
_TIDY = "systemd-tmpfiles --create /etc/tmpfiles.d/siperlu-centre.conf"
_OWNERS = f"""
is() {{ test "$(stat -c %U:%G:%a "$1")" = "$2"; }}
is {SERVED} siperlu-jobs:siperlu-jobs:755 && is {KEYS} root:siperlu-seal:751 && \\
is /var/lib/siperlu/authority root:siperlu-seal:750 && is /var/lib/siperlu/centre-keys root:siperlu-seal:751
"""
_EQUIPPED = """
for name in server.broker server.pages centre.ingest centre.jobs; do
  test -s "$1/$name.crt" && test -s "$2/$name.key" || exit 1
done
test -s "$1/revoked.crl" && test "$(stat -c %G:%a "$2/server.broker.key")" = mosquitto:640 || exit 1
folder=$1; shift 2
names=$(openssl x509 -in "$folder/server.broker.crt" -noout -ext subjectAltName)
for host in "$@"; do echo "$names" | grep -qE "(DNS|IP Address):$host(,|\\$)" || exit 1; done
"""
_EQUIP = f"""
folder=$1; keys=$2; shift 2; set -- $(for host in "$@"; do echo --host "$host"; done)
{PROGRAM} collector authority equip "$@" --keys "$keys" --config {CONFIG}
chgrp mosquitto "$keys/server.broker.key"; chmod 640 "$keys/server.broker.key"; {_TIDY}
"""
_SERVES = f"""
for try in $(seq 60); do
  if test "$(ss -Htn state established '( sport = :{PORT} )' | wc -l)" -ge 2 && /opt/siperlu/current/bin/python - <<'END'
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="{SERVED}/ca.crt")
try: sys.exit(urllib.request.urlopen("https://127.0.0.1/healthz", timeout=5, context=context).status != 200)
except OSError: sys.exit(1)
END
  then exit 0; fi
  sleep 1
done
exit 1
"""


@dataclass(frozen=True, slots=True)
class CentreWish:
    """The centre as it is to be: its release, the names and addresses it is reached by (the first is the pages'), whose it is.

    `tell` is given each secret once, at the moment it is made: nothing else keeps it.
    """

    bundle: Bundle
    hosts: Sequence[str]
    tell: Callable[[str], None]
    regency: str = "Pemerintah Kabupaten Lumajang"
    place: str = "Lumajang"
    packages: Sequence[str] = field(default=NEEDED)

    def check(self) -> None:
        """Raises InventoryError for a name that cannot be one."""
        if not self.hosts or any(not set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for host in self.hosts):
            raise InventoryError(
                f"host {', '.join(self.hosts) or '(none)'}: names or addresses in lower case are needed"
            )
        if any(mark in text for text in (self.regency, self.place) for mark in '"\\\n'):
            raise InventoryError("regency and place: no quotation marks or line ends; write them without")


def centre_plan(wish: CentreWish) -> list[Step]:
    """All steps. Raises InventoryError."""
    wish.check()
    names = [*LOCAL, *wish.hosts]
    return [
        KnownSystem(mend="Install Debian 12 or 13, 64 bit."),
        Packages("packages", "Is a Debian mirror reachable? `apt-get update` says what is wrong.", wish.packages),
        Software(wish.bundle),
        CentreUnits(wish.bundle),
        Script("database", "`systemctl status postgresql` says why.", _ROLES, _DATABASE),
        Script("settings", AGAIN, f"test -s {CONFIG}", _settings(), (_toml(wish),)),
        Script("tables", AGAIN, _asks("kiosks list"), _siperlu("migrate")),
        Script("keys", AGAIN, "test -s /etc/siperlu/centre.json", _siperlu("keys > /etc/siperlu/centre.json") + _TIDY),
        Script("models", AGAIN, _models(), f"{PROGRAM} models build --to /var/lib/siperlu/weights"),
        Founded(wish.tell),
        Script("certificates", AGAIN, _EQUIPPED, _EQUIP, (SERVED, KEYS, *names)),
        Script("owners", AGAIN, _OWNERS, _TIDY),
        _broker(),
        _front(wish),
        FirstAdmin(wish.tell),
        Script("services", "`systemctl status 'siperlu-*'` says why.", _runs(), _start(), limit_s=180),
        Script(
            "health", "`journalctl -u siperlu-ingest -u siperlu-jobs -u mosquitto -n 50` says why.", _SERVES, "true"
        ),
    ]


@dataclass(frozen=True, slots=True)
class CentreUnits:
    """Units, users and folders of the centre, as the release has them."""

    bundle: Bundle
    name: str = "units"
    mend: str = "`journalctl -b` says why; then run this again."

    def done(self, shell: Shell) -> bool:
        """Whether every file is so."""
        return self._files(shell).done(shell)

    def do(self, shell: Shell) -> None:
        """Write them, make users and folders, have systemd read anew."""
        self._files(shell).do(shell)

    def _files(self, shell: Shell) -> Files:
        return Files(
            self.name,
            self.mend,
            _units(self.bundle, system_of(shell)),
            f"systemd-sysusers; {_TIDY}; systemctl daemon-reload",
        )


@dataclass(frozen=True, slots=True)
class Founded:
    """The certificate authority, made once; the passphrase of its root's file is told once."""

    tell: Callable[[str], None]
    name: str = "authority"
    mend: str = "Restore /var/lib/siperlu/authority from the backup, or move it away to begin anew."

    def done(self, shell: Shell) -> bool:
        """Whether it can be read."""
        return shell.run(_asks("authority show")).code == 0

    def do(self, shell: Shell) -> None:
        """Make it."""
        word = must(shell, _siperlu(f"authority found --root-file {ROOT_FILE}")).strip()
        must(shell, _TIDY)
        if word:
            self.tell(
                f"The root of all certificates is {ROOT_FILE}: copy it to two sticks, lock them away, delete it there. "
                f"Its passphrase, told this once: {word}"
            )


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """Somebody may log in; the one-time password is told once."""

    tell: Callable[[str], None]
    name: str = "first account"
    mend: str = "`siperlu collector accounts list` shows those there are; `accounts reset admin` gives a new password."

    def done(self, shell: Shell) -> bool:
        """Whether there is an account."""
        return '"id"' in must(shell, _siperlu("accounts list --json"))

    def do(self, shell: Shell) -> None:
        """Make the administrator's."""
        word = must(shell, _siperlu("accounts create admin --role bkd-admin --name Administrator")).strip()
        self.tell(f"Log in as admin; the password, told this once, must be changed then: {word}")


def _siperlu(words: str) -> str:
    command, arrow, rest = words.partition(" > ")
    return f"{PROGRAM} collector {command} --config {CONFIG}{arrow}{rest}\n"


def _asks(words: str) -> str:
    return f"test -x {PROGRAM} || exit 1; {PROGRAM} collector {words} --config {CONFIG} --json >/dev/null 2>&1"


def _settings() -> str:
    return f"printf '%s' \"$1\" > {CONFIG}.new; chgrp siperlu-centre {CONFIG}.new; chmod 640 {CONFIG}.new; mv {CONFIG}.new {CONFIG}"


def _toml(wish: CentreWish) -> str:
    return SETTINGS.format(host=wish.hosts[0], port=PORT, regency=wish.regency, place=wish.place)


def _models() -> str:
    names = "dlib-resnet-v1.onnx shape_predictor_5_face_landmarks.dat"
    return f'for f in {names}; do test -s "/var/lib/siperlu/weights/$f" || exit 1; done'


def _broker() -> Step:
    listener = Listener(PORT, Path(SERVED), Path(KEYS, "server.broker.key"), Path("/etc/mosquitto/siperlu.acl"))
    files = [
        File("/etc/mosquitto/conf.d/siperlu.conf", configuration(listener).encode()),
        File("/etc/mosquitto/siperlu.acl", rights().encode(), "640", "root:mosquitto"),
        File("/etc/systemd/system/mosquitto.service.d/siperlu.conf", MOSQUITTO.encode()),
    ]
    after = "systemctl daemon-reload; systemctl enable mosquitto; systemctl restart mosquitto"
    return Files("broker", "`journalctl -u mosquitto` and /var/log/mosquitto say why.", files, after)


def _front(wish: CentreWish) -> Step:
    words = {"@HOSTS@": " ".join([*wish.hosts, *LOCAL]), "@SERVED@": SERVED, "@KEYS@": KEYS, "@SHELF@": SHELF_FOLDER}
    files = [
        File("/etc/nginx/conf.d/siperlu.conf", _filled(FRONT, words)),
        File("/etc/nginx/conf.d/siperlu-releases.conf", _filled(SHELF, {**words, "@PORT@": str(SHELF_PORT)})),
    ]
    after = "rm -f /etc/nginx/sites-enabled/default; nginx -t; systemctl enable nginx; systemctl restart nginx"
    return Files("TLS front", "`nginx -t` says why; another program on port 443?", files, after)


def _filled(text: str, words: Mapping[str, str]) -> bytes:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text.encode()


def _runs() -> str:
    names = " ".join(f"siperlu-{name}" for name in UNITS)
    units = f"{names} siperlu-broker-reload.path siperlu-backup.timer mosquitto nginx postgresql"
    return f"systemctl -q is-enabled siperlu-centre.target && for u in {units}; do systemctl -q is-active $u || exit 1; done"


def _start() -> str:
    names = " ".join(f"siperlu-{name}" for name in UNITS)
    return f"systemctl enable siperlu-centre.target; systemctl restart {names}; systemctl start siperlu-centre.target; sleep 2"


_FOLDERS = {
    "sysusers.d/siperlu-centre.conf": "/etc/sysusers.d/",
    "tmpfiles.d/siperlu-centre.conf": "/etc/tmpfiles.d/",
    **dict.fromkeys(
        (
            *("siperlu-centre.target", "siperlu-broker-reload.path", "siperlu-broker-reload.service"),
            *("siperlu-backup.timer", "siperlu-backup.service"),
            *(f"siperlu-{unit}.service" for unit in UNITS),
        ),
        "/etc/systemd/system/",
    ),
}


def _units(bundle: Bundle, target: str) -> list[File]:
    with tempfile.TemporaryDirectory() as scratch:
        bundle.unpack(target, Path(scratch))
        folder = Path(scratch, "systemd")
        return [
            File(place + name.rpartition("/")[2], (folder / name).read_bytes())
            for name, place in _FOLDERS.items()
            if (folder / name).is_file()
        ]
