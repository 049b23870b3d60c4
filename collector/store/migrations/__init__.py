"""Alembic's scripts: how each version of the database becomes the next."""
