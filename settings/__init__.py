"""Settings in TOML: every key with a default, a unit and a sentence; unknown keys refused with "did you mean"."""

from settings.base import Section, Settings, key
from settings.errors import SettingsError
from settings.read import load, parse

__all__ = ["Section", "Settings", "SettingsError", "key", "load", "parse"]
