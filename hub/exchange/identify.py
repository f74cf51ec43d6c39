"""Find the one subject of a record among those whom the registry knows. Reads the index; the rules are in match.py."""

from __future__ import annotations

from hub.exchange.match import Ambiguous, Held, Nobody, One, PersonKeys, compare, resolve
from hub.ports import Peek

Resolution = One | Nobody | Ambiguous


def identify(rows: Peek, keys: PersonKeys, agency: str) -> Resolution:
    """Who a record of this agency is about.

    In a unit the digests of ``keys`` are among its locks, so that nobody is minted or linked beside it.
    """
    refs = {ref for _, ref in rows.subjects.by_digests(keys.kinds())}
    if not refs:
        return Nobody()
    own = rows.subjects.with_alias(agency, refs)
    held = (Held.of(ref, rows.subjects.digests_of(ref), own=ref in own) for ref in sorted(refs))
    return resolve(compare(keys, each) for each in held)
