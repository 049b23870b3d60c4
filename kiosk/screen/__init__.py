"""The page on the wall: live picture, big state, and whether it counted. Loopback only."""
