"""`siperlu bench …`: figures of speed, each beside a peer that does the same work in the same run."""

from __future__ import annotations

import importlib

import click

BENCHES = {
    "vision": "cli.bench.vision",
    "search": "cli.bench.search",
    "green": "cli.bench.green",
    "ingest": "cli.bench.ingest",
    "centre": "cli.bench.centre",
}


class Benches(click.Group):
    """Loads a bench only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every bench."""
        return list(BENCHES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The bench's own module, which names it `command`."""
        module = BENCHES.get(cmd_name)
        return importlib.import_module(module).command if module else None


@click.group(cls=Benches)
def command() -> None:
    """Measure speed against a peer."""
