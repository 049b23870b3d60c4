"""Appeals over the database: what the centre knows is attached at filing, decisions become entries. No page, no command."""
