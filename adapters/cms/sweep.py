"""Row versions that were delivered, and the comparison that finds what the change log did not say.

Program systems 9.2: a nightly sweep compares row versions. Remembered are numbers only: key and row version, in
blocks of a thousand keys in the adapter's memory.

A page counts as delivered when the exchange comes back with that page's cursor; until then its versions are set
aside, so a crash in between can only make a row come twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from adapters.cms.changes import PAGE, Sweep
from adapters.cms.reports import Reports
from adapters.cms.sql import Database
from adapters.cms.views import KEYS
from adapters.contract import Gone, Memory, Raw
from hub.model.canonical import canonical

BLOCK = 1000  # keys a block
_PENDING = "pending"  # memory key of the page that is not settled yet


class Delivered:
    """What the exchange has of each row: its row version, kept in the adapter's memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def set_aside(self, cursor: str, found: Sequence[Raw | Gone]) -> None:
        """Remember the versions of a page until it is settled. ``cursor``: the one that the page hands out."""
        versions = {one.key: one.revision if isinstance(one, Raw) else None for one in found}
        self._memory.put(_PENDING, canonical({"cursor": cursor, "versions": versions}).decode())

    def settle(self, since: str) -> None:
        """Take over the page set aside, if ``since`` is its cursor: the exchange has stored it."""
        text = self._memory.get(_PENDING)
        if text is None:
            return
        pending = orjson.loads(text)
        if pending["cursor"] == since:
            blocks: dict[tuple[str, int], dict[int, str | None]] = {}
            for key, version in pending["versions"].items():
                prefix, _, number = key.partition(":")
                blocks.setdefault((prefix, int(number) // BLOCK), {})[int(number)] = version
            for (prefix, block), versions in blocks.items():
                self._merge(prefix, block, versions)
            self._memory.put(_PENDING, None)

    def knows(self, key: str) -> bool:
        """Whether a row was delivered, as far as is remembered."""
        prefix, _, number = key.partition(":")
        return int(number) in self.block(prefix, int(number) // BLOCK)

    def block(self, prefix: str, block: int) -> dict[int, str]:
        """Row version by key, of one block."""
        text = self._memory.get(f"seen:{prefix}:{block}")
        return {int(number): version for number, version in orjson.loads(text).items()} if text else {}

    def next_block(self, prefix: str, start: int) -> int | None:
        """The first block from ``start`` on of which something is remembered."""
        return min((block for block in self._blocks(prefix) if block >= start), default=None)

    def _merge(self, prefix: str, block: int, versions: Mapping[int, str | None]) -> None:
        whole = {**self.block(prefix, block), **versions}
        kept = {str(number): version for number, version in whole.items() if version is not None}
        self._memory.put(f"seen:{prefix}:{block}", canonical(kept).decode() if kept else None)
        blocks = set(self._blocks(prefix))
        if (block in blocks) != bool(kept):
            self._memory.put(f"seen:{prefix}", canonical(sorted(blocks ^ {block})).decode())

    def _blocks(self, prefix: str) -> list[int]:
        return list(orjson.loads(self._memory.get(f"seen:{prefix}") or "[]"))


@dataclass(frozen=True, slots=True)
class Compared:
    """Keys of rows that are new, other or gone, and where the sweep goes on; None: it is through."""

    keys: tuple[str, ...]
    rest: Sweep | None


def compare(database: Database, delivered: Delivered, reports: Reports, sweep: Sweep) -> Compared:
    """Compare block by block until a page is full or all views are through."""
    keys: list[str] = []
    for index, (prefix, keyed) in enumerate(KEYS.items()):
        if index < sweep.view:
            continue
        view = keyed.view
        start = sweep.start if index == sweep.view else 0
        while (block := _next(database, delivered, prefix, view, start)) is not None:
            start = (block + 1) * BLOCK
            known = delivered.block(prefix, block)
            shown = (
                reports.versions(prefix, block * BLOCK, start, known)
                if keyed.reported
                else database.versions(view, block * BLOCK, start)
            )
            differing = _differing(shown, known, full=sweep.full)
            keys.extend(f"{prefix}:{number}" for number in differing)
            if len(keys) >= PAGE:
                return Compared(tuple(keys), Sweep(index, start, sweep.full))
    return Compared(tuple(keys), None)


def _next(database: Database, delivered: Delivered, prefix: str, view: str, start: int) -> int | None:
    """The next block of which the view or the memory has a row."""
    row = database.first_key(view, start)
    candidates = (None if row is None else row // BLOCK, delivered.next_block(prefix, start // BLOCK))
    return min((block for block in candidates if block is not None), default=None)


def _differing(shown: Mapping[int, str], known: Mapping[int, str], *, full: bool) -> list[int]:
    """Keys that are new, other or gone, or that have no version to tell by; all of them where the sweep is full."""
    other = {number for number, version in shown.items() if full or not version or known.get(number) != version}
    return sorted(other | (known.keys() - shown.keys()))
