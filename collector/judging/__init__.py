"""Between the database and the pure rules: dates records, gathers evidence, judges what was touched, keeps results."""
