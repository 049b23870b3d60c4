"""`siperlu centre …`: the centre's host: installing it, and its backups."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from cli.backup import backup, restore
from cli.output import Failure, emit, say
from cli.provision import access_options, failures
from provisioning.bundle import open_bundle
from provisioning.centre.plan import CentreWish, centre_plan
from provisioning.shell import Access, LocalShell, SshShell
from provisioning.step import Outcome, Result, run
from wire.jwks import KEY_SET


@click.group()
def command() -> None:
    """Install the centre on a Debian host, back it up, restore it."""


command.add_command(backup)
command.add_command(restore)


@command.command()
@click.option(
    "--host", "hosts", required=True, multiple=True, help="Name or address it is reached by; the first is the pages'."
)
@click.option(
    "--bundle", required=True, type=click.Path(path_type=Path), help="The release bundle, made for the centre."
)
@click.option("--release-keys", required=True, type=click.Path(path_type=Path), help="Public release keys.")
@click.option("--regency", default="Pemerintah Kabupaten Lumajang", show_default=True, help="Whose letterhead it is.")
@click.option("--place", default="Lumajang", show_default=True, help="Where recaps are signed.")
@click.option("--on", help="Install over SSH on this machine; without, on the one this runs on, as root.")
@click.option("--dry-run", is_flag=True, help="Change nothing; tell what would be changed.")
@access_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object, alone on the last line.")
def install(**wish: Any) -> None:
    """From a plain Debian 12 or 13 to a centre that serves. Again, it changes nothing; interrupted, it goes on."""
    with failures():
        keys = KEY_SET.decode(_bytes(wish["release_keys"])).keyring()
        bundle = open_bundle(wish["bundle"], keys)
        steps = centre_plan(CentreWish(bundle, wish["hosts"], say, wish["regency"], wish["place"]))
        with _shell(wish) as shell:
            results = run(steps, shell, dry=wish["dry_run"], tell=_told)
    _end(results, as_json=wish["as_json"])


def _shell(wish: dict[str, Any]) -> Any:
    if not wish["on"]:
        return nullcontext(LocalShell())
    names = ("user", "port", "identity", "known_hosts", "accept_new")
    return SshShell(Access(wish["on"], **{name: wish[name] for name in names}))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error


def _told(result: Result) -> None:
    say(f"{result.outcome:>12}  {result.step} ({result.seconds:.1f} s){f': {result.text}' if result.text else ''}")


def _end(results: list[Result], *, as_json: bool) -> None:
    changed = sum(one.outcome in {Outcome.CHANGED, Outcome.WOULD_CHANGE} for one in results)
    failed = next((one for one in results if one.outcome is Outcome.FAILED), None)
    if as_json:
        rows = [{"step": one.step, "outcome": one.outcome.value, "text": one.text} for one in results]
        emit({"good": failed is None, "changed": changed, "steps": rows})
    if failed:
        raise Failure(f"stopped at {failed.step}: {failed.text}")
    say(f"{changed} steps changed" if changed else "nothing changed: it is as it should be")
