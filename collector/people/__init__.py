"""Units, people, kiosks, and the rosters that kiosks get."""
