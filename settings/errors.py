"""The one error of settings."""

from __future__ import annotations


class SettingsError(ValueError):
    """A settings file that cannot be used; the text names the file, the key, the value, the rule and the mend."""
