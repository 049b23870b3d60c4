"""USB sticks at the centre: what kiosks without a network wrote is taken in, and what is due to them is put on."""
