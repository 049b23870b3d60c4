"""Alembic's entry: `collector.store.migrate` hands a connection over; there is no way to run it without one."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from collector.store.base import UtcDateTime
from collector.store.tables import metadata


def render(kind: str, value: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own column types by their import."""
    if kind == "type" and isinstance(value, UtcDateTime):
        autogen_context.imports.add("from collector.store.base import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render,
    render_as_batch=True,
    compare_server_default=True,
)
context.run_migrations()
