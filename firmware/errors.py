"""Every error of the board, on one page.

FirmwareError (RuntimeError)
├── CameraError
│   ├── CameraMissing    no such camera, file or folder, or it vanished
│   └── CameraStalled    it is there but gives no frame
├── AddressError (ValueError)   a camera or lights address that names no driver
└── LightsError          pins that cannot be driven
    └── LightsBusy       another process drives them
"""

from __future__ import annotations


class FirmwareError(RuntimeError):
    """Something of the board does not work."""


class CameraError(FirmwareError):
    """No picture."""


class CameraMissing(CameraError):
    """No such camera, file or folder, or it vanished."""


class CameraStalled(CameraError):
    """The camera is there but gives no frame."""


class AddressError(FirmwareError, ValueError):
    """An address that names no driver; the text lists those there are."""


class LightsError(FirmwareError):
    """The pins cannot be driven."""


class LightsBusy(LightsError):
    """Another process drives the pins."""
