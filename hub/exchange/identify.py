"""Find the one subject of a record among those whom the registry knows. Reads the index; the rules are in match.py."""

from __future__ import annotations

from collections.abc import Sequence

from hub.exchange.match import Ambiguous, Held, Nobody, One, PersonKeys, compare, resolve
from hub.ports import Peek

Resolution = One | Nobody | Ambiguous


def identify(rows: Peek, keys: PersonKeys, agency: str) -> Resolution:
    """Who a record of this agency is about.

    In a unit the digests of ``keys`` are among its locks, so that nobody is minted or linked beside it.
    """
    return identify_all(rows, [keys], agency)[0]


def identify_all(rows: Peek, people: Sequence[PersonKeys], agency: str) -> list[Resolution]:
    """The same for several records, with the three reads of one. Called ahead, it makes the single calls cheap."""
    wanted = [keys.kinds() for keys in people]
    known = rows.subjects.by_digests({digest for kinds in wanted for digest in kinds})
    refs = {ref for _, ref in known}
    if not refs:
        return [Nobody() for _ in people]
    own = rows.subjects.with_alias(agency, refs)
    digests = rows.subjects.digests_of_each(refs)
    held = {ref: Held.of(ref, digests.get(ref, {}), own=ref in own) for ref in refs}
    sharing: dict[str, set[str]] = {}
    for digest, ref in known:
        sharing.setdefault(digest, set()).add(ref)
    found: list[Resolution] = []
    for keys, kinds in zip(people, wanted, strict=True):
        theirs = {ref for digest in kinds for ref in sharing.get(digest, ())}
        found.append(resolve(compare(keys, held[ref]) for ref in sorted(theirs)))
    return found
