"""How the command line tells errors: one line that names value, rule and mend, exit status 1."""

from __future__ import annotations

import json
from typing import Any

import click


class Failure(click.ClickException):
    """An error the user can mend."""


def emit(result: dict[str, Any]) -> None:
    """Print a `--json` result alone on the last line of standard output; everything else goes to standard error."""
    click.echo(json.dumps(result, ensure_ascii=False))


def say(message: str) -> None:
    """A message for people, on standard error."""
    click.echo(message, err=True)
