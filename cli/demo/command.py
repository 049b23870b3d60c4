"""The demo command."""
command = None
