"""`siperlu demo`: a whole small system on one machine, with real faces, and a count of what it did."""

from cli.demo.command import command

__all__ = ["command"]
