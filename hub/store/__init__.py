"""All SQL of ours: tables, the unit, and a file of queries per room."""
