"""The siperlu command."""
