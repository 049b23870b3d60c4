"""Verify, commit, then receipt."""
