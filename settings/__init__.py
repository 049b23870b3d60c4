"""Settings in TOML: every key with a default, a unit and a sentence; unknown keys refused with "did you mean"."""

from settings.base import Section, Settings, key
from settings.describe import keys, render
from settings.errors import SettingsError
from settings.read import load, parse
from settings.reference import reference

__all__ = ["Section", "Settings", "SettingsError", "key", "keys", "load", "parse", "reference", "render"]
