"""What people enter beside the records: disasters, dead kiosks, manual lists, the closing of months."""
