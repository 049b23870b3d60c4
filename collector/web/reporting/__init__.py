"""Pages of reports: recaps, early warning, after joint leave, the year, trends."""
