"""`siperlu bench search`: what finding a probe in the gallery costs, beside making the probe."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime

import click
import numpy as np

from cli.bench.vision import filled_gallery, milliseconds
from cli.output import Failure, emit, say
from models import store
from models.build import synthetic_chip
from models.engine import Engine, open_engine
from models.errors import ModelsError

SIZES = (100, 1_000, 10_000)


def quick(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of one call, the first decile: what else the machine does in these microseconds is not the search's."""
    return statistics.quantiles((milliseconds(work) for _ in range(rounds)), n=10)[0]


def search_ms(people: int, engine: Engine, rounds: int) -> float:
    """One search among so many people."""
    gallery = filled_gallery(people, engine.card.dimensions, engine.model)
    probe = gallery.roster.people[0].template
    now = datetime.now(UTC)
    gallery.search(probe, now)
    return quick(lambda: gallery.search(probe, now), rounds)


@click.command()
@click.option("--rounds", default=200, show_default=True, type=click.IntRange(10), help="Searches a size.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def command(rounds: int, as_json: bool) -> None:
    """Search time by size of the gallery, as a share of the time of one embedding, and whether it grows in proportion."""
    try:
        engine = open_engine(store.default_folder(), "hog")
    except ModelsError as error:
        raise Failure(str(error)) from error
    chip = synthetic_chip(1)
    embed = quick(lambda: engine.embed_chip(chip), 20)
    spent = {size: search_ms(size, engine, rounds) for size in SIZES}
    slope = np.polyfit(np.log(SIZES), np.log(list(spent.values())), 1)[0]
    result = {
        "ms": {str(size): round(value, 4) for size, value in spent.items()},
        "embed_ms": round(embed, 3),
        "share_at_10000": round(spent[SIZES[-1]] / embed, 4),
        "growth_exponent": round(float(slope), 3),
    }
    if as_json:
        emit(result)
    else:
        say("\n".join(f"{key}: {value}" for key, value in result.items()))
