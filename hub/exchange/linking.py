"""What systems say of clients that were merged (settled S37): noted as it comes, for the hub's steward to confirm.

A row that has gone into another one may have no record of its own any more, so the one that is left says it too.
"""

from __future__ import annotations

from collections.abc import Sequence

from consent.linking import say
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import GONE_INTO, LOCAL, One
from hub.exchange.records import ConsentRecord
from hub.model import locks
from hub.ports import Peek


def note_links(house: House, records: Sequence[ConsentRecord]) -> None:
    """Note whose files are said to be one person's, once the records themselves are filed."""
    for record in (each for each in records if each.merged_into or each.merged_from):
        with house.store.peek() as rows:
            theirs = _theirs(rows, record)
            pairs = [(gone, theirs) for key in record.merged_from for gone in _of_row(rows, key)] if theirs else []
            into = _of_row(rows, record.merged_into) if theirs and record.merged_into else []
            pairs += [(theirs, kept) for kept in into if theirs]
            news = [pair for pair in pairs if pair[0] != pair[1] and not rows.links.was(*pair)]
            unknown = theirs is not None and record.merged_into is not None and not into
            plant = unknown and not rows.subjects.by_digests([record.merged_into or ""])
        actor, source = acting(record.source.system), f"{record.source.system.id}/{record.source.key}"
        for gone, kept in news:
            with house.store.unit(own=[locks.subject(gone), locks.subject(kept)]) as unit:
                say(unit, gone, kept, actor, source=source)
        if plant and theirs and record.merged_into:
            # whom nobody knows yet is a question to a human when they come
            with house.store.unit(own=[locks.subject(theirs), locks.digest(record.merged_into)]) as unit:
                unit.subjects.add_digests(theirs, {record.merged_into: GONE_INTO})


def _theirs(rows: Peek, record: ConsentRecord) -> str | None:
    """Whose row a record's client is, as it stands now; None: nobody's whom the registry knows."""
    local = record.person.local if record.person else None
    found = _of_row(rows, local) if local else []
    if len(found) == 1:
        return found[0]
    who = identify(rows, record.person, record.source.system.agency) if record.person else None
    return who.subject_ref if isinstance(who, One) else None


def _of_row(rows: Peek, key: str) -> list[str]:
    """The subjects that are known by a system's own row id: more than one, where it is not clear whose it is."""
    return [ref for _, ref in rows.subjects.by_digests([key]) if rows.subjects.digests_of(ref).get(key) == LOCAL]
