"""Backups of the centre: database, keys, authority and settings in one encrypted file."""
