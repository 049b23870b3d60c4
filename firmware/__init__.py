"""What touches the board: camera, lights, sound, clock. Knows nothing of people, records or networks."""
