"""The steps, oldest first: ``v<number>_<what>.py``. The number is what the database keeps in ``alembic_version``."""
