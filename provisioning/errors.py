"""Every error of provisioning, on one page.

ProvisioningError (Exception)
├── BundleError (ValueError)       a release bundle that is not what its manifest says, or cannot be made
├── InventoryError (ValueError)    a list of machines that cannot be read
├── ConnectionLost (OSError)       a machine that does not answer over SSH, or lets nobody in
└── StepFailed (RuntimeError)      a step that did not reach what it is for; names it, and the mend
"""

from __future__ import annotations


class ProvisioningError(Exception):
    """Something that a technician can mend; the text says how."""


class BundleError(ProvisioningError, ValueError):
    """A release bundle that is not what its manifest says, or that cannot be made."""


class InventoryError(ProvisioningError, ValueError):
    """A list of machines that cannot be read; names the line and the rule."""


class ConnectionLost(ProvisioningError, OSError):
    """A machine that does not answer over SSH, or lets nobody in."""


class StepFailed(ProvisioningError, RuntimeError):
    """A step that did not reach what it is for."""
