"""Who may connect to the broker: the sub-CA, claims and registration, renewal, revocation."""
