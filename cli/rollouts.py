"""`siperlu collector rollouts …`: bringing a version to all kiosks, a few first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.acting import acting, by
from cli.centre import as_json, config, reading, session
from cli.noted import note
from cli.output import emit, say
from cli.table import show
from collector.accounts.roles import ADMIN
from collector.fleet.rollouts import Plan, Progress, begin, change, left_to_sticks, progress
from collector.fleet.shelf import Shelf
from collector.fleet.waves import SIZES

STATES = {"pause": "paused", "resume": "running", "end": "ended"}


@click.group()
def command() -> None:
    """Bring a version to kiosks in waves; it pauses by itself when more fail than are allowed."""


@command.command("begin")
@click.argument("version")
@click.option("--argument", "arguments", metavar="NAME=VALUE", multiple=True, help="An argument of the update order.")
@click.option(
    "--kiosk", "kiosks", multiple=True, help="Only to this kiosk; may be repeated. Without, to all that have a network."
)
@click.option(
    "--wave", "sizes", type=click.IntRange(min=1), multiple=True, help=f"Kiosks of the next wave; default {SIZES}."
)
@click.option(
    "--allowed", type=click.IntRange(min=0), default=0, show_default=True, help="Failures that are put up with."
)
@click.option(
    "--hours", type=click.IntRange(1, 90 * 24), default=48, show_default=True, help="How long a kiosk has to answer."
)
@by
@config
@as_json
def begin_(  # noqa: PLR0913, PLR0917 - one parameter an option
    version: str,
    arguments: tuple[str, ...],
    kiosks: tuple[str, ...],
    sizes: tuple[int, ...],
    allowed: int,
    hours: int,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Begin to bring VERSION to kiosks."""
    told = {"version": version, **dict(pair(each) for each in arguments)}
    plan = Plan(version, told, allowed, hours, sizes or SIZES)
    with session(path) as (settings, opened):
        number = begin(opened.connection(), plan, kiosks, acting(opened, by, ADMIN).id, datetime.now(UTC))
        note(opened, "rollout.begin", number, version=version)
        carried = 0 if kiosks else left_to_sticks(opened.connection())
    say(f"rollout {number} of version {version} has begun; `siperlu collector rollouts list` shows how far it is")
    if carried:
        say(
            f"{carried} kiosks live by sticks and are left out: prepare their sticks with this version, or name them with --kiosk"
        )
    if version not in Shelf(settings.releases.folder).versions():
        say(
            f"{version} is not laid out here: kiosks wait for it by SSH or stick, or until `siperlu collector releases add`"
        )
    if as_json:
        emit({"rollout": number})


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """How far the rollouts are, the newest first."""
    with reading(path) as (_, opened):
        found = [_public(one) for one in progress(opened.connection())]
    if as_json:
        emit({"rollouts": found})
        return
    rows = [[one["id"], one["version"], one["state"], *_counts(one), one["why"]] for one in found]
    show(["rollout", "version", "state", "waiting", "ordered", "done", "failed", "why"], rows)
    for one in found:
        for kiosk, told in one["failed"]:
            say(f"{one['version']}: {kiosk} failed ({told})")


@command.command("change")
@click.argument("number", metavar="ROLLOUT")
@click.option("--to", "state", type=click.Choice(sorted(STATES)), required=True, help="What becomes of it.")
@by
@click.option("--reason", required=True, help="Why; it can be read later.")
@config
def change_(number: str, state: str, by: str, reason: str, path: Path | None) -> None:
    """Pause ROLLOUT, take it up again with the failures there are, or end it."""
    with session(path) as (_, opened):
        who = acting(opened, by, ADMIN).id
        change(opened.connection(), number, STATES[state], who, reason, datetime.now(UTC))
        note(opened, f"rollout.{STATES[state]}", number)
    say(f"{number}: {STATES[state]}")


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE as two. Raises click.BadParameter."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, as in seconds=30", param_hint="--argument")
    return name, value


def _public(one: Progress) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "state": one.state,
        "by": one.by,
        "at": one.at.isoformat(timespec="seconds"),
        "why": one.why,
        "stages": dict(one.stages),
        "waves": [dict(wave) for wave in one.waves],
        "failed": [[each.kiosk, each.told] for each in one.failed],
    }


def _counts(one: dict[str, Any]) -> list[str]:
    return [str(one["stages"].get(stage, 0)) for stage in ("waiting", "ordered", "done", "failed")]
