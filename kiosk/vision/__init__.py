"""From a frame to faces with their probe vectors."""
