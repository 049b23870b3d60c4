"""The centre's database: tables, migrations, sessions."""
