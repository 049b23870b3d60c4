"""`siperlu provision …`: from a fresh card to a kiosk in service, over SSH, for one box or hundreds."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cli.output import Failure, emit, say
from provisioning import inventory, paper, report
from provisioning.bundle import Bundle, open_bundle
from provisioning.errors import ProvisioningError
from provisioning.inventory import Machine
from provisioning.kiosk import Wish, plan
from provisioning.kiosk.checking import backlog, examine, name_of, wipe
from provisioning.kiosk.identity import Identity, identity_of
from provisioning.kiosk.software import laid_out
from provisioning.paper import Occasion
from provisioning.report import MachineReport
from provisioning.shell import Access, Shell, SshShell
from provisioning.step import Outcome, Result, Step, run
from wire.errors import WireError
from wire.jwks import KEY_SET

AT_ONCE = 8


class DefaultGroup(click.Group):
    """`siperlu provision HOST…` is `siperlu provision kiosks HOST…`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is no sub-command, nor a question for help, are hosts."""
        if args and args[0] not in {*self.commands, "--help", "-h"}:
            args = ["kiosks", *args]
        return super().parse_args(ctx, args)


def access_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How machines are reached."""
    path = click.Path(path_type=Path)
    for option in (
        click.option(
            "--user",
            default="root",
            show_default=True,
            help="Who logs in; others than root need sudo without a password.",
        ),
        click.option("--port", type=int, default=22, show_default=True, help="SSH's port."),
        click.option("--identity", type=path, help="Your private key; without, ssh's own choice."),
        click.option("--known-hosts", type=path, help="Where host keys are remembered; without, ssh's own file."),
        click.option(
            "--accept-new",
            is_flag=True,
            help="Take machines never seen before on trust; a changed key is always refused.",
        ),
    ):
        command = option(command)
    return command


@click.group(cls=DefaultGroup)
def command() -> None:
    """Bring kiosks into service over SSH, look what is wrong with one, take one out of service."""


@contextmanager
def failures() -> Iterator[None]:
    """Turns every error a person can mend into one line and exit status 1."""
    try:
        yield
    except (ProvisioningError, WireError) as error:
        raise Failure(str(error)) from error


@command.command()
@click.argument("hosts", metavar="HOST…", nargs=-1)
@click.option("--inventory", "list_file", type=click.Path(path_type=Path), help="List of machines, instead of HOST…")
@click.option("--unit", help="Code of the unit that HOST hangs at.")
@click.option("--id", "kiosk", help="The kiosk's name, as the claim was made for. [default: unit's code and -1]")
@click.option("--claim", default="", help="Its one-time claim code; not needed for one that is registered.")
@click.option("--centre", required=True, help="Address of the centre's pages, https://…")
@click.option(
    "--centre-ca", type=click.Path(path_type=Path), help="Certificate authority of that address, when it is your own."
)
@click.option("--bundle", "bundle_file", required=True, type=click.Path(path_type=Path), help="The release bundle.")
@click.option(
    "--release-keys", required=True, type=click.Path(path_type=Path), help="Public release keys (release-1.json)."
)
@click.option(
    "--setting", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="A line of kiosk.toml; may be repeated."
)
@click.option(
    "--allow-usb",
    multiple=True,
    metavar="VENDOR:PRODUCT",
    help="A USB device that is let in (keypad, touch panel, modem), as lsusb shows it; may be repeated.",
)
@click.option("--no-screen", is_flag=True, help="The box has lights and sound, and no screen.")
@click.option("--dry-run", is_flag=True, help="Change nothing; tell what would be changed.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    help="Write the report: .html to print and sign, .json, else plain text.",
)
@click.option("--by", default=getpass.getuser, show_default="who is logged in", help="Who does it, for the report.")
@access_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object, alone on the last line.")
def kiosks(**wish: Any) -> None:
    """Bring HOST (several with --inventory) from a fresh system to a kiosk in service.

    Running it again changes nothing that is right already, and goes on where it stopped.
    """
    with failures():
        keys = _bytes(wish["release_keys"])
        bundle = open_bundle(wish["bundle_file"], KEY_SET.decode(keys).keyring())
        jobs = [(machine, _wish(machine, wish, bundle, keys)) for machine in _machines(wish)]
        for _, one in jobs:
            one.check()
    found = _run_all(jobs, wish)
    _file(found, wish["report_file"], Occasion(_now(), wish["by"], bundle.release.version, wish["centre"]))
    if wish["as_json"]:
        emit(report.tree(found, _now(), bundle.release.version))
    if not all(one.good for one in found):
        raise Failure(
            f"{sum(not one.good for one in found)} of {len(found)} did not get there; mend it and run this again"
        )


@command.command()
@click.argument("host")
@access_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object, alone on the last line.")
def check(host: str, as_json: bool, **access: Any) -> None:
    """Say in plain words what is wrong with the kiosk at HOST, and what to do. Changes nothing."""
    with failures(), SshShell(_access(host, access)) as shell:
        found = list(examine(shell))
    for one in found:
        say(f"{'ok  ' if one.good else 'FAIL'}  {one.part}: {one.text}")
    wrong = [one.part for one in found if not one.good]
    if as_json:
        emit({"good": not wrong, "wrong": wrong})
    if wrong:
        raise Failure(f"{host}: {len(wrong)} of {len(found)} parts need a hand")


@command.command()
@click.argument("hosts", metavar="HOST…", nargs=-1, required=True)
@click.option("--bundle", "bundle_file", required=True, type=click.Path(path_type=Path), help="The release bundle.")
@click.option(
    "--release-keys", required=True, type=click.Path(path_type=Path), help="Public release keys (release-1.json)."
)
@access_options
def push(hosts: tuple[str, ...], bundle_file: Path, release_keys: Path, **access: Any) -> None:
    """Lay a release on each HOST, for an update that the centre orders later: `siperlu collector rollouts begin`.

    Nothing is installed or started anew; a bundle that is there already is not sent again.
    """
    with failures():
        bundle = open_bundle(bundle_file, KEY_SET.decode(_bytes(release_keys)).keyring())
    step = laid_out(bundle)
    results = {host: _push(host, step, access) for host in hosts}
    for host, result in results.items():
        say(f"{host}: {result.outcome}{': ' + result.text if result.text else ''}")
    failed = sum(one.outcome is Outcome.FAILED for one in results.values())
    if failed:
        raise Failure(f"{failed} of {len(hosts)} did not get it; mend it and run this again")


def _push(host: str, step: Step, access: dict[str, Any]) -> Result:
    try:
        with SshShell(_access(host, access)) as shell:
            return run([step], shell)[0]
    except ProvisioningError as error:
        return Result(step.name, Outcome.FAILED, str(error))


@command.command()
@click.argument("host")
@click.option(
    "--lose-records",
    is_flag=True,
    help="Wipe it although the centre has not, or may not have, received all of its records.",
)
@click.option(
    "--config",
    "centre_config",
    type=click.Path(path_type=Path),
    help="The centre's settings file, on the centre's host.",
)
@access_options
@click.pass_context
def retire(ctx: click.Context, /, host: str, lose_records: bool, centre_config: Path | None, **access: Any) -> None:
    """Take the kiosk at HOST out of service for good: it is revoked, and its keys, ledger and roster are destroyed.

    On the centre's host name --config, and it is revoked first; elsewhere the command that revokes it is told.
    """
    with failures(), SshShell(_access(host, access)) as shell:
        waiting, kiosk = backlog(shell), name_of(shell)
        if waiting is None and not lose_records:
            raise Failure(
                f"{host}: whether records wait cannot be told, and they would be destroyed: `siperlu kiosk status` on it says "
                "why; mend that, or say --lose-records"
            )
        if waiting and not lose_records:
            raise Failure(f"{host}: {waiting} records have not reached the centre; let them, or say --lose-records")
        if centre_config is not None and kiosk:
            from cli.revoke import revoke  # noqa: PLC0415 - loads the centre, which a technician's machine need not have

            ctx.invoke(revoke, kiosk=kiosk, reason="retired", wait=True, path=centre_config, as_json=False)
        wipe(shell)
    say(f"{host}: wiped")
    if centre_config is None and kiosk:
        raise Failure(
            f"{kiosk} is still believed: run `siperlu collector kiosks revoke {kiosk} --reason retired` at the centre"
        )


def _machines(wish: dict[str, Any]) -> list[Machine]:
    if bool(wish["list_file"]) == bool(wish["hosts"]):
        raise click.UsageError("name machines either as HOST… or with --inventory")
    if wish["list_file"]:
        return inventory.read(wish["list_file"])
    if len(wish["hosts"]) != 1:
        raise click.UsageError(
            "several machines need a claim each: `siperlu collector kiosks claim --count N --out FILE`, then --inventory FILE"
        )
    if not wish["unit"]:
        raise click.UsageError("--unit CODE is needed: where does it hang?")
    name = wish["kiosk"] or f"{wish['unit'].lower()}-1"
    return [Machine(wish["hosts"][0], name, wish["unit"], wish["claim"])]


def _wish(machine: Machine, wish: dict[str, Any], bundle: Bundle, keys: bytes) -> Wish:
    settings = {name: dict(values) for name, values in machine.settings.items()}
    for each in wish["settings"]:
        name, key, value = _setting(each)
        settings.setdefault(name, {})[key] = value
    screen = machine.screen and not wish["no_screen"]
    usb = (*machine.usb, *(device.lower() for device in wish["allow_usb"]))
    of_all = wish["centre"], bundle, keys, wish["centre_ca"]
    return Wish(machine.id, machine.unit, machine.claim, *of_all, screen=screen, settings=settings, usb=usb)


def _setting(text: str) -> tuple[str, str, Any]:
    place, sign, value = text.partition("=")
    section, dot, key = place.partition(".")
    if not (sign and dot and section.isidentifier() and key.isidentifier()):
        raise click.BadParameter(
            f"{text!r} is not SECTION.KEY=VALUE, as in camera.address=v4l2:/dev/video0", param_hint="--setting"
        )
    try:
        read = json.loads(value)
    except ValueError:
        return section, key, value
    return section, key, read if isinstance(read, str | int | float) else value


def _run_all(jobs: list[tuple[Machine, Wish]], wish: dict[str, Any]) -> list[MachineReport]:
    """All machines, some at once; one that fails stops no other."""
    columns = TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.fields[step]}")
    with Progress(*columns, console=Console(stderr=True)) as progress, ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(_run_one, machine, one, wish, progress) for machine, one in jobs]
        return [each.result() for each in running]


def _run_one(machine: Machine, one: Wish, wish: dict[str, Any], progress: Progress) -> MachineReport:
    task: TaskID = progress.add_task(machine.host, total=None, step="")
    steps = plan(one)
    progress.update(task, total=len(steps))

    def tell(result: Result) -> None:
        progress.update(task, advance=1, step=f"{result.step}: {result.outcome}")

    access = {**wish, "user": machine.user or wish["user"], "port": machine.port or wish["port"]}
    try:
        with SshShell(_access(machine.host, access)) as shell:
            results = run(steps, shell, dry=wish["dry_run"], tell=tell)
            identity = _identity(shell, results)
    except ProvisioningError as error:
        results, identity = [Result("connection", Outcome.FAILED, str(error))], Identity()
    return MachineReport(machine.host, one.id, results, one.unit, one.screen, identity)


def _identity(shell: Shell, results: Sequence[Result]) -> Identity:
    """What can be said of it; a line that broke has been told already."""
    if all(one.outcome in {Outcome.FAILED, Outcome.NOT_REACHED} for one in results):
        return Identity()
    try:
        return identity_of(shell)
    except ProvisioningError:
        return Identity()


def _access(host: str, wish: dict[str, Any]) -> Access:
    return Access(host, wish["user"], wish["port"], wish["identity"], wish["known_hosts"], wish["accept_new"])


def _file(found: list[MachineReport], path: Path | None, occasion: Occasion) -> None:
    told = report.text(found, occasion.at, occasion.version)
    click.echo(told, err=True)
    if path is None:
        return
    written = told
    if path.suffix == ".json":
        written = json.dumps(report.tree(found, occasion.at, occasion.version), indent=2) + "\n"
    elif path.suffix == ".html":
        written = paper.html(found, occasion)
    try:
        path.write_text(written, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path}: the report cannot be written ({error.strerror}); what was done is done") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(
            f"{path}: {error.strerror}; it is what `siperlu release keygen` wrote beside the secret key"
        ) from error


def _now() -> datetime:
    return datetime.now().astimezone()
