"""Bringing machines to what they are to be: kiosks over SSH, the centre on its host."""
