"""Every key of a settings tree, and the tree written as TOML with each key's sentence above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.base import Section, Settings

BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its table, name, default, unit (empty when it has none), sentence, and what is allowed, in words."""

    section: str
    name: str
    default: Any
    unit: str
    sentence: str
    allowed: str


def sections(model: type[Settings]) -> Iterator[tuple[str, type[Section]]]:
    """The tables of a settings file, in order. Raises TypeError for a field that is not a table."""
    for name, field in model.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, Section)):
            raise TypeError(f"{model.__name__}.{name} is not a Section; a settings file is made of tables of keys")
        yield name, section


def keys(model: type[Settings]) -> Iterator[Key]:
    """Every key of a settings file, in order."""
    for table, section in sections(model):
        for name, field in section.model_fields.items():
            yield _key(table, name, field)


def render(settings: Settings, *, changed_only: bool = False) -> str:
    """The effective settings as TOML, unit and sentence as comments; only what differs from the defaults on request.

    A key that is not set has no value in TOML: it is written as a comment. What is printed reads back as the same.
    """
    tables: list[str] = []
    for table, section in sections(type(settings)):
        values: BaseModel = getattr(settings, table)
        entries = [
            _entry(key, getattr(values, key.name))
            for key in (_key(table, name, field) for name, field in section.model_fields.items())
            if not changed_only or getattr(values, key.name) != key.default
        ]
        if entries:
            tables.append("\n".join([f"# {_first_line(section)}", f"[{table}]", *entries]))
    return "\n\n".join(tables) + "\n" if tables else ""


def toml(value: Any) -> str:
    """A value as TOML writes it. JSON's string is TOML's basic string, but for DEL, which JSON leaves bare."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    raise TypeError(f"{value!r} is {type(value).__name__}; a key holds a text, a number, true or false, or a list")


def _key(section: str, name: str, field: FieldInfo) -> Key:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    default = field.get_default(call_default_factory=True, validated_data={})
    return Key(section, name, default, str(extra.get("unit", "")), field.description or "", _allowed(field))


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(toml(choice) for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "true, false"
    rules = [
        f"{sign} {getattr(rule, bound)}"
        for rule in field.metadata
        for bound, sign in BOUNDS.items()
        if _has(rule, bound)
    ]
    patterns = [f"`{rule.pattern}`" for rule in field.metadata if _has(rule, "pattern")]
    return ", ".join([*rules, *patterns])


def _has(rule: Any, bound: str) -> bool:
    return getattr(rule, bound, None) is not None


def _entry(key: Key, value: Any) -> str:
    remarks = [f"Unit: {key.unit}."] if key.unit else []
    if value != key.default:
        remarks.append("Default: not set." if key.default is None else f"Default: {toml(key.default)}.")
    comment = " ".join([key.sentence, *remarks])
    return f"# {comment}\n" + (f"# {key.name} is not set" if value is None else f"{key.name} = {toml(value)}")


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().partition("\n")[0]
