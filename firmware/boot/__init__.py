"""What a Raspberry Pi is told before Linux runs, and how its disk is mounted: parts as data, merged and undone purely.

`config.txt` and `fstab` get a marked block, `cmdline.txt` marked words; merging twice changes nothing more, and undoing
gives back what was there. Who writes the files (atomically, over SSH) is the business of provisioning.
"""

from firmware.boot import block, cmdline
from firmware.boot.parts import CMDLINE, FSTAB, Part, config_parts, lines, words

__all__ = ["CMDLINE", "FSTAB", "Part", "block", "cmdline", "config_parts", "lines", "words"]
