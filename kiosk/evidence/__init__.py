"""Pictures of looks that a human may have to judge: which looks, what is kept of them, and where they wait for the centre."""
