"""What the pages and exports ask of the database. Queries and judgement only: no web, no pictures, no broker."""
