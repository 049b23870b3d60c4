"""What a settings tree is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One table of the file; its docstring says what it is about."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Settings(Section):
    """A whole file: its fields are sections."""


def key(default: Any, sentence: str, *, unit: str = "", **rule: Any) -> Any:
    """One key: default, a sentence that says what it does, its unit (empty when it has none), and pydantic's rules."""
    return Field(default, description=sentence, json_schema_extra={"unit": unit}, **rule)
