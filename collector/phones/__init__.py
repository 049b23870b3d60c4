"""Presence by telephone: tokens of applications, reading what they send, taking it in. Knows nothing of Flask."""
