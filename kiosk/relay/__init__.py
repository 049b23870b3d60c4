"""The way between the ledger and the centre; its own process."""
