"""Leave, travel and exceptions: filed with their letter, decided by another, read by the judge once approved."""
