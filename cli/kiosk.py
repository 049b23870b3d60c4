"""`siperlu kiosk …`: the processes on the wall, and what an IT technician asks of them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.output import Failure, emit, say
from firmware.errors import AddressError
from kiosk.settings import KioskSettings
from settings import SettingsError, load

config = click.option(
    "--config", "path", type=click.Path(path_type=Path), help="Settings file of the kiosk; the defaults without."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on the last line.")


@click.group()
def command() -> None:
    """Run and look after a kiosk."""


@command.command()
@config
def run(path: Path | None) -> None:
    """Serve people: camera, recognition, ledger, lights and screen. Ends with SIGTERM."""
    from kiosk.__main__ import serve  # noqa: PLC0415 - loads the recogniser's libraries

    settings = _settings(path)
    try:
        serve(settings)
    except (AddressError, OSError) as error:
        raise Failure(
            f"{error}; screen.port is {settings.screen.port}, camera.address {settings.camera.address!r}"
        ) from error


@command.command()
@config
def relay(path: Path | None) -> None:
    """Bring records to the centre and its answers back. Ends with SIGTERM."""
    from kiosk.database import DatabaseError, TakenError  # noqa: PLC0415
    from kiosk.keys import KeyFileError  # noqa: PLC0415
    from kiosk.process import set_up_logging, stop_on_signals  # noqa: PLC0415
    from kiosk.relay import app  # noqa: PLC0415

    settings = _settings(path)
    set_up_logging()
    try:
        app.run(settings, stop_on_signals())
    except (DatabaseError, TakenError, KeyFileError) as error:
        raise Failure(str(error)) from error


@command.command()
@config
def agent(path: Path | None) -> None:
    """Do what the centre's sealed commands ask, from a closed list; as root, without a network. Ends with SIGTERM."""
    from kiosk.agent import app  # noqa: PLC0415
    from kiosk.agent.system import Debian  # noqa: PLC0415
    from kiosk.process import set_up_logging, stop_on_signals  # noqa: PLC0415

    settings = _settings(path)
    set_up_logging()
    try:
        app.run(settings, Debian(), stop_on_signals())
    except OSError as error:
        raise Failure(f"the agent cannot start: {error}") from error


@command.command()
@config
@as_json
def check(path: Path | None, as_json: bool) -> None:
    """Try every part of this kiosk and say what is wrong and how to mend it; exit status 1 when anything is."""
    from kiosk.check import examine  # noqa: PLC0415

    findings = examine(_settings(path))
    for finding in findings:
        say(f"{'ok  ' if finding.good else 'FAIL'}  {finding.part}: {finding.text}")
    wrong = [finding.part for finding in findings if not finding.good]
    if as_json:
        emit({"good": not wrong, "wrong": wrong})
    if wrong:
        raise SystemExit(1)


@command.command()
@config
@as_json
def status(path: Path | None, as_json: bool) -> None:
    """What the kiosk and its relay have on disk; reads only, whether they run or not."""
    from kiosk.status import read_status  # noqa: PLC0415

    found = read_status(_settings(path))
    if as_json:
        emit(found)
    else:
        for name, value in found.items():
            click.echo(f"{name}: {'-' if value is None else value}")


@command.command()
@config
def csr(path: Path | None) -> None:
    """Print a request for this kiosk's certificate, for registering it; makes the TLS key when there is none."""
    from kiosk.certificate import request  # noqa: PLC0415
    from kiosk.keys import KeyFileError  # noqa: PLC0415

    settings = _settings(path)
    try:
        click.echo(request(settings.relay.certificate_key, settings.kiosk.id), nl=False)
    except KeyFileError as error:
        raise Failure(str(error)) from error


@command.command()
@config
def keys(path: Path | None) -> None:
    """Print the public keys of this kiosk as a JSON Web Key Set, for registering it; makes them when there are none."""
    from kiosk.keys import KeyFileError  # noqa: PLC0415
    from kiosk.status import public_keys  # noqa: PLC0415

    settings = _settings(path)
    try:
        click.echo(public_keys(settings))
    except KeyFileError as error:
        raise Failure(str(error)) from error


def _settings(path: Path | None) -> KioskSettings:
    try:
        return load(KioskSettings, path)
    except SettingsError as error:
        raise Failure(str(error)) from error
