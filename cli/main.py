"""The `siperlu` command."""

from __future__ import annotations

import importlib
import os

import click

COMMANDS = {
    "models": "cli.models",
    "evaluate": "cli.evaluate",
    "bench": "cli.bench",
    "demo": "cli.demo",
    "kiosk": "cli.kiosk",
    "collector": "cli.collector",
    "people": "cli.people",
    "recap": "cli.recap",
    "verify": "cli.verify",
    "report": "cli.report",
    "violations": "cli.violations",
    "appeal": "cli.appeal",
    "phone": "cli.phone",
    "demo-data": "cli.demo_data",
    "rules": "cli.rules",
    "rota": "cli.rota",
    "hours": "cli.hours",
    "day": "cli.day",
    "entries": "cli.entries",
    "leave": "cli.leave",
    "spot-check": "cli.spot_check",
    "release": "cli.release",
    "provision": "cli.provision",
    "centre": "cli.host",
    "config": "cli.config",
}


class Lazy(click.Group):
    """Imports a command's module only when the command is called: `siperlu --help` must not load a camera."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's own module, which names it `command`."""
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(COMMANDS[cmd_name]).command
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="siperlu-kiosk")
def main() -> None:
    """Attendance by face on a Raspberry Pi, and the centre that judges it."""
    # Our matrix products are small: threads that wait for each other on a busy box cost more than they save. numpy reads
    # this when it is first imported, which is after this line.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
