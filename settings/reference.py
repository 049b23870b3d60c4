"""The reference page of every key, from the keys themselves."""

from __future__ import annotations

from collections.abc import Mapping

from settings.base import Section, Settings
from settings.describe import keys, sections, toml

HEAD = "| Key | Default | Unit | Allowed | What it does |\n|---|---|---|---|---|"


def reference(files: Mapping[str, type[Settings]]) -> str:
    """Markdown: a chapter a file, a table a section. `files`: the settings model of each name of `config show`."""
    chapters = [
        "# Settings",
        (
            "Written by `siperlu config reference > docs/settings.md`; a test fails when it lags behind.\n"
            "Files are TOML. A key that is left out has its default; a key that does not exist is refused."
        ),
    ]
    for name, model in files.items():
        chapters.append(f"## {name}\n\nPrinted with its values by `siperlu config show {name}`.")
        chapters += [_section(model, table, section) for table, section in sections(model)]
    return "\n\n".join(chapters) + "\n"


def _section(model: type[Settings], table: str, section: type[Section]) -> str:
    rows = [
        f"| `{key.name}` | {_cell(key.default)} | {key.unit} | {_escape(key.allowed)} | {_escape(key.sentence)} |"
        for key in keys(model)
        if key.section == table
    ]
    return "\n".join([f"### [{table}]", "", (section.__doc__ or "").strip(), "", HEAD, *rows])


def _cell(default: object) -> str:
    return "not set" if default is None else f"`{_escape(toml(default))}`"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
