"""How the store's tables came to be what they are: one numbered step a file in ``versions/``, run by Alembic.

A step that has been released is never edited; the next change is the next number (docs/developer.md says how). That
the steps together lead to exactly ``hub/store/tables.py`` is a test.
"""
