"""The centre: takes in sealed records, knows people and units, publishes rosters, shows who was present."""
