"""USB sticks at a kiosk without a network: what is due goes on, what the centre put there comes off."""
