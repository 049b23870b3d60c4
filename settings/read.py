"""From a TOML file to checked settings."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from settings.base import Settings
from settings.errors import SettingsError

S = TypeVar("S", bound=Settings)


def load(model: type[S], path: Path | None) -> S:
    """Settings from a file; the defaults when `path` is None. Raises SettingsError."""
    if path is None:
        return parse(model, "", "defaults")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); check the path and its permissions") from error
    return parse(model, text, str(path))


def parse(model: type[S], text: str, origin: str) -> S:
    """Settings from TOML text; `origin` names it in errors. Raises SettingsError listing every wrong key."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{origin}: not TOML: {error}") from error
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        lines = [_explain(model, one) for one in error.errors(include_url=False)]
        raise SettingsError("\n".join(f"{origin}: {line}" for line in lines)) from error


def _explain(model: type[BaseModel], error: Any) -> str:
    *parents, name = [str(part) for part in error["loc"]] or [""]
    where = ".".join([*parents, name])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, _known(model, parents), n=1)
        mend = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(_known(model, parents))}"
        return f"{where}: unknown key; {mend}"
    return f"{where} = {error.get('input')!r}: {error['msg']}"


def _known(model: type[BaseModel], parents: list[str]) -> list[str]:
    for parent in parents:
        field = model.model_fields.get(parent)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return list(model.model_fields)
