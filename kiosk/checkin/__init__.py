"""What a look comes to. Pure: no clock, no disk, no network."""
