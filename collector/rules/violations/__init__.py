"""Violations: reasons to check, never proof. One detector a kind over one stream of observations, and what people decide."""
