"""Find the one subject of a record among those whom the registry knows. Reads the index; the rules are in match.py."""

from __future__ import annotations

from collections.abc import Sequence

from consent.files import kept, others
from hub.exchange.match import Ambiguous, Held, Nobody, One, PersonKeys, compare, resolve
from hub.ports import Peek

NOBODY = "nobody"  # no reference of the registry is this
Resolution = One | Nobody | Ambiguous


def identify(rows: Peek, keys: PersonKeys, agency: str) -> Resolution:
    """Who a record of this agency is about.

    In a unit the digests of ``keys`` are among its locks, so that nobody is minted or linked beside it.
    """
    refs = {ref for _, ref in rows.subjects.by_digests(keys.found_by())}
    asked = refs or {NOBODY}  # the same questions whoever is there: their number would tell (I-11)
    own = rows.subjects.with_alias(agency, asked)
    digests = rows.subjects.digests_of_each(asked)
    links = rows.links.of(asked)
    if not refs:
        return Nobody()
    held = (Held.of(ref, digests.get(ref, {}), own=ref in own) for ref in sorted(refs))
    return resolve((compare(keys, each) for each in held), {ref: kept(ref, links) for ref in refs})


def identify_client(rows: Peek, keys: PersonKeys, alias: str | None, agency: str) -> Resolution:
    """Who a *message* of this agency is about: one of its own clients, a question, or nobody whom it may know of.

    Somebody whom only other agencies know has given it no consent, so the answer is no in any case; that they are
    nobody here makes it the very answer that an unknown person gets, whatever stands in their records (I-11).

    Args:
        alias: the agency's own name for the client, where the record gives it: it decides where nothing identifies.
            It is a question where something identifies somebody else, or nothing that is said of the person agrees.
    """
    found = identify(rows, keys, agency)
    if isinstance(found, One) and not rows.subjects.with_alias(agency, [found.subject_ref]):
        found = Nobody()
    named = rows.subjects.by_alias(agency, alias) if alias else None
    if named is None:
        return found
    if isinstance(found, One) and found.subject_ref != named:
        links = rows.links.of([named])
        if found.subject_ref in others(named, links).confirmed:
            return One(kept(named, links))
        return Ambiguous(tuple(sorted((found.subject_ref, named))))
    return One(named) if isinstance(found, One) or _may_be(rows, keys, named) else Ambiguous((named,))


def _may_be(rows: Peek, keys: PersonKeys, ref: str) -> bool:
    """Whether what a record says of its person, besides the agency's key of them, contradicts nothing."""
    held = Held.of(ref, rows.subjects.digests_of(ref), own=True)
    candidate = compare(keys, held)
    return keys.bare or candidate.exact or candidate.resembles or candidate.family or not (held.family or held.given)


def read_people(rows: Peek, people: Sequence[PersonKeys], agency: str) -> None:
    """Read at once for a batch what :func:`identify` asks for each: the peek or unit keeps the answers."""
    refs = {ref for _, ref in rows.subjects.by_digests({digest for keys in people for digest in keys.kinds()})}
    rows.subjects.with_alias(agency, refs)
    rows.subjects.digests_of_each(refs)
    rows.links.of(refs)
