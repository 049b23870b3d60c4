"""What kiosks are told beside rosters and commands: hours and holidays of their place, and which pictures are wanted."""
