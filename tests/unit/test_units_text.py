"""What stands in systemd/: users, folders, commands, restarts, and a reason for every loosened line."""

from __future__ import annotations

import json

import click
import pytest

from cli.main import main
from collector.authority.equipping import SERVERS
from collector.authority.job import LIST
from collector.settings import CollectorSettings
from kiosk.loop import CHORES_NS
from kiosk.relay.app import LOOK_S
from kiosk.settings import KioskSettings
from tests.fixtures.units import CENTRE, FOLDER, KIOSK, NAMES, ONCE, ROOT, Unit, entries

PROGRAM = "/opt/siperlu/current/bin/siperlu"
NOTIFYING = {"kiosk": CHORES_NS / 1e9, "relay": LOOK_S}
PLACES = {"kiosk": KIOSK, "centre": CENTRE}

STRICT = {
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "AmbientCapabilities": [""],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateNetwork": ["yes"],
    "PrivateUsers": ["yes"],
    "ProtectClock": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectControlGroups": ["yes"],
    "ProtectHostname": ["yes"],
    "ProtectProc": ["invisible"],
    "ProcSubset": ["pid"],
    "RemoveIPC": ["yes"],
    "RestrictNamespaces": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "RestrictRealtime": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "LockPersonality": ["yes"],
    "KeyringMode": ["private"],
    "SystemCallArchitectures": ["native"],
    "SystemCallFilter": ["@system-service", "~@privileged @resources"],
    "DevicePolicy": ["closed"],
    "UMask": ["0077"],
}


@pytest.fixture(params=NAMES)
def unit(request: pytest.FixtureRequest) -> Unit:
    return Unit(request.param)


def test_every_file_here_is_known() -> None:
    assert {path.name for path in FOLDER.glob("*.service")} == {f"siperlu-{name}.service" for name in (*NAMES, *ONCE)}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "screen"])
def test_what_a_unit_starts_is_a_command_of_ours(name: str) -> None:
    program, *words = Unit(name).words("ExecStart")
    assert program == PROGRAM
    command: click.Command = main
    context = click.Context(main)
    while words and not words[0].startswith("-"):
        assert isinstance(command, click.Group), f"{words[0]}: not a command"
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    assert words[0] in {option for parameter in command.params for option in parameter.opts}


def test_settings_are_one_file_a_machine(unit: Unit) -> None:
    if unit.name != "screen":
        place = "kiosk" if unit.name in (*KIOSK, *ROOT) else "collector"
        assert unit.words("ExecStart")[-2:] == ["--config", f"/etc/siperlu/{place}.toml"]


def test_the_screen_shows_the_kiosks_page() -> None:
    assert Unit("screen").words("ExecStart")[-1] == f"http://127.0.0.1:{KioskSettings().screen.port}/"
    policy = json.loads((FOLDER / "chromium/siperlu.json").read_text())
    assert policy["URLAllowlist"] == ["http://127.0.0.1"]
    assert policy["DeveloperToolsAvailability"] == 2
    by_key = (
        "TaskManagerEndProcessEnabled",
        "BrowserGuestModeEnabled",
        "BrowserAddPersonEnabled",
        "EditBookmarksEnabled",
    )
    assert not [name for name in by_key if policy.get(name, True)], (
        "Shift-Esc ends the wall's page; others open windows"
    )
    assert "-s" not in Unit("screen").words("ExecStart"), "cage -s lets a keyboard change the console"


def test_the_pages_port_is_the_only_one_that_may_be_listened_on() -> None:
    assert Unit("web").one("SocketBindAllow") == f"ipv4:tcp:{CollectorSettings().web.port}"
    assert {Unit(name).one("SocketBindDeny") for name in ("web", "ingest", "jobs", "relay")} == {"1-65535"}, (
        "paho binds to port 0 before it connects: `any` leaves the relay without a broker on a kernel that enforces it"
    )


@pytest.mark.parametrize("name", ["kiosk", "relay"])
def test_a_cold_card_is_given_time_to_start(name: str) -> None:
    assert int(Unit(name).one("TimeoutStartSec")) >= 180, (
        "an emulated kiosk was not ready in 60 s after a power cut, and ended, again and again"
    )


def test_the_kiosk_is_started_where_lgpio_can_make_its_pipe() -> None:
    unit = Unit("kiosk")
    assert unit.one("WorkingDirectory") == f"%t/{unit.one('RuntimeDirectory')}", "lgpio drives no pin without"


def test_nothing_of_a_kiosk_but_its_relay_has_a_network() -> None:
    for name in ("kiosk", "screen"):
        assert Unit(name).one("PrivateNetwork") == "yes"
        other = ({"kiosk", "screen"} - {name}).pop()
        assert Unit(name).one("JoinsNamespaceOf") == f"siperlu-{other}.service"


@pytest.mark.parametrize("place", PLACES)
def test_each_process_has_a_user_and_every_group_is_made(place: str) -> None:
    made = entries(f"sysusers.d/siperlu-{place}.conf")
    users = {line[1] for line in made if line[0] == "u"}
    groups = users | {line[1] for line in made if line[0] == "g"}
    units = [Unit(name) for name in PLACES[place]]
    assert users == {unit.one("User") for unit in units}
    assert all(unit.one("User") == unit.one("Group") == f"siperlu-{unit.name}" for unit in units)
    assert {group for unit in units for group in unit.words("SupplementaryGroups")} <= groups


def test_groups_are_the_least_that_work() -> None:
    assert {name: set(Unit(name).words("SupplementaryGroups")) for name in NAMES} == {
        "kiosk": {"video", "gpio", "siperlu-relay"},
        "relay": {"siperlu-kiosk"},
        "screen": {"video", "render"},
        "agent": set(),
        "ingest": {"siperlu-centre", "siperlu-seal", "siperlu-vault"},
        "jobs": {"siperlu-centre", "siperlu-seal", "siperlu-vault"},
        "web": {"siperlu-centre", "siperlu-vault"},
    }


def test_the_folders_are_those_of_the_settings() -> None:
    folders, relay = KioskSettings().folders, KioskSettings().relay
    made = {line[1]: line[2:5] for line in entries("tmpfiles.d/siperlu-kiosk.conf")}
    for name, folder in (("kiosk", folders.ledger), ("relay", folders.relay)):
        assert made[str(folder)] == ["0750", f"siperlu-{name}", f"siperlu-{name}"]
        assert f"/var/lib/{Unit(name).one('StateDirectory')}" == str(folder)
        assert Unit(name).one("StateDirectoryMode") == "0750"
    assert made[str(folders.weights)][0] == "0755"
    assert made[str(relay.certificate_key)] == ["0400", "siperlu-relay", "siperlu-relay"]
    assert {str(path) for path in (folders.centre_keys, relay.ca, relay.certificate)} <= set(made)


def test_the_centres_keys_are_for_those_that_seal() -> None:
    settings = CollectorSettings()
    made = {line[1]: line[2:5] for line in entries("tmpfiles.d/siperlu-centre.conf")}
    assert made[str(settings.store.keys)] == ["0751", "root", "siperlu-seal"]  # the pages go through, to the vault
    assert made[str(settings.store.keys / "vault")] == ["0750", "root", "siperlu-vault"]
    assert made[f"{settings.store.keys}/*.jwk"] == ["0640", "root", "siperlu-seal"]
    assert made[str(settings.broker.of("*").certificate_key)] == ["0640", "root", "siperlu-seal"]
    assert made[str(settings.authority.folder)] == ["0750", "root", "siperlu-seal"]
    assert made[f"{settings.authority.folder}/*.key"] == ["0640", "root", "siperlu-seal"]
    assert made[str(settings.authority.served)] == ["0755", "siperlu-jobs", "siperlu-jobs"]
    assert Unit("jobs").one("ReadWritePaths") == f"-{settings.authority.served}"
    assert made[str(settings.rosters.weights)][0] == "0755"


def test_a_failing_process_is_started_again_for_ever_and_the_board_never(unit: Unit) -> None:
    assert unit.one("Restart") == "always"
    assert int(unit.one("RestartSec")) >= 5
    assert unit.one("StartLimitIntervalSec") == "0"
    actions = {"FailureAction", "SuccessAction", "StartLimitAction", "JobTimeoutAction", "OnFailure"}
    assert not actions & set(unit.values)


def test_who_notifies_is_waited_for_and_watched(unit: Unit) -> None:
    beats = NOTIFYING.get(unit.name)
    assert unit.one("Type") == ("notify" if beats else "exec")
    if beats is None:
        assert "WatchdogSec" not in unit.values
    else:
        assert int(unit.one("WatchdogSec")) >= 20 * beats, "a beat may be late: a card stalls, a database is busy"


def test_every_loosened_line_has_its_reason(unit: Unit) -> None:
    comments = [line for line in unit.lines if line.startswith("# ")]
    for key, strict in STRICT.items():
        if unit.values.get(key) != strict:
            assert any(line.startswith(f"# {key}") for line in comments), f"{unit.path.name}: why is {key}= looser?"


def test_units_belong_to_their_target() -> None:
    for target, names in (("siperlu.target", (*KIOSK, *ROOT)), ("siperlu-centre.target", CENTRE)):
        text = (FOLDER / target).read_text("utf-8")
        for name in names:
            assert f"siperlu-{name}.service" in text
            assert Unit(name).one("PartOf") == Unit(name).one("WantedBy") == target


def test_what_jobs_write_is_what_broker_and_tls_front_are_told_of() -> None:
    served = CollectorSettings().authority.served
    path = (FOLDER / "siperlu-broker-reload.path").read_text("utf-8")
    watched = {line.partition("=")[2] for line in path.splitlines() if line.startswith("PathChanged=")}
    assert watched == {f"{served}/{LIST}", *(f"{served}/{name}.crt" for name in SERVERS)}
    assert "siperlu-broker-reload.path" in (FOLDER / "siperlu-centre.target").read_text("utf-8")


def test_messages_do_not_wear_the_card_and_are_limited() -> None:
    text = (FOLDER / "journald.conf.d/siperlu.conf").read_text("utf-8")
    assert "Storage=volatile" in text
    assert "RuntimeMaxUse=32M" in text
