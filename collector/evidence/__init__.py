"""Pictures that came with records: opened once when they come, kept in the vault, shown to few, deleted in time."""
