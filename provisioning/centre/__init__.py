"""The centre's host: broker, database, TLS front, units, backups."""
