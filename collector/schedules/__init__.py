"""People's hours: which pattern whom, whose rota, whose own week; checked against rules, reach and what is closed."""
