"""What can be wrong with weights.

ModelsError
├── ManifestError      the manifest breaks its own rules, or names no such model
├── WeightsError       a file is missing, altered, or not one of the manifest's
└── DatError           a file is not the dlib network this reader knows
"""

from __future__ import annotations


class ModelsError(Exception):
    """Any of the errors here."""


class ManifestError(ModelsError, ValueError):
    """The manifest breaks its own rules, or there is no model of that name."""


class WeightsError(ModelsError, OSError):
    """A weights file is missing, altered, or unknown to the manifest."""


class DatError(ModelsError, ValueError):
    """A `.dat` file that is cut short, or is not the network this reader knows."""
