"""Spot checks over the database: drawing, noting, closing, comparing. Knows nothing of Flask."""
