"""How a table is written down: the words of ``tables.py`` and of the files beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, UniqueConstraint

from hub.store.sql import Words

metadata = MetaData()


def table(name: str, *parts: Column[object] | Index | UniqueConstraint, rowid: bool = True) -> Table:
    """A table of the store."""
    return Table(name, metadata, *parts, sqlite_with_rowid=rowid)


def words(name: str, *, key: bool = False, null: bool = False) -> Column[object]:
    """A column of text."""
    return Column(name, Words, primary_key=key, nullable=null)


def number(name: str, *, key: bool = False, null: bool = False) -> Column[object]:
    """A column of whole numbers."""
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)
