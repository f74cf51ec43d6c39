"""Two files are one person's, says the hub's steward, or no more (I-07, settled S37).

A file is named by an agency and its alias of the client, as ``hub subjects duplicates`` lists it. What each has
forbidden counts for both; what each allows is suspended until a worker of its discloser resumes it, once the client has
confirmed it. The rules are those of ``consent/linking.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from consent import linking
from consent.model import Consent
from hub.desk.consents import consents_of
from hub.desk.who import Act, Who, allowed
from hub.directory.cells import seen
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks
from hub.ports import Peek


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it.

    Args:
        drain: of what is under way on the person's consents.
        in_doubt: agency -> how many of its consents are suspended until its client has confirmed them.
    """

    drain: Drain
    in_doubt: Mapping[str, int]


def merge(house: House, gone: str, kept: str, who: Who) -> Merged:
    """Say that two files are one person's. Again, it changes nothing and drains anew.

    Args:
        gone: ``AGENCY:ALIAS`` of the file that is used no more.
        kept: likewise, of the one that a message is about where both may be meant.

    Raises:
        Refused: there is no such file, both are one, or the worker may not.
    """
    with house.store.peek() as rows:
        actor = allowed(rows.directory.all(), rows.now, who, Act.MERGE)
        one, other = _two(rows, gone, kept, "--into")
        digests = rows.subjects.digests_of_each([one, other]).values()
    # what identifies them, too: a record that led to both is no question any more, and is woken
    own = [locks.subject(one), locks.subject(other), *{locks.digest(each) for of_one in digests for each in of_one}]
    with house.store.unit(own=own) as unit:
        doubted = linking.merge(unit, one, other, actor)
        return _merged(house, consents_of(unit, one), doubted)


def unmerge(house: House, one: str, other: str, who: Who) -> Merged:
    """Say that two files are two people's after all, or that a system is wrong about it.

    Of what was merged each keeps what the other has forbidden, and all is suspended: what is under way may be about the
    other. What a system alone had said leaves nothing behind, and nothing in doubt.

    Raises:
        Refused: there is no such file, they are not linked, or the worker may not.
    """
    with house.store.peek() as rows:
        actor = allowed(rows.directory.all(), rows.now, who, Act.MERGE)
        refs = _two(rows, one, other, "OTHER")
    with house.store.unit(own=[locks.subject(ref) for ref in refs]) as unit:
        consents = consents_of(unit, refs[0])
        doubted = linking.part(unit, house.ids, *refs, actor)
        if doubted is None:
            step = "`hub subjects duplicates` lists what a system says"
            raise Refused("ONE, OTHER", "two files that are not linked with each other", "two that are", step)
        return _merged(house, consents if doubted else [], doubted)


def _merged(house: House, consents: Iterable[Consent], doubted: Iterable[Consent]) -> Merged:
    drain = Drain(house, sorted({f"consent:{each.consent_id}" for each in consents}))
    return Merged(drain, dict(sorted(Counter(each.discloser for each in doubted).items())))


def _two(rows: Peek, one: str, other: str, second: str) -> tuple[str, str]:
    refs = _file(rows, one, "ONE"), _file(rows, other, second)
    if refs[0] == refs[1]:
        raise Refused(second, "the same file twice", "two files", "an agency's other alias")
    return refs


def _file(rows: Peek, named: str, where: str) -> str:
    agency, colon, alias = named.rpartition(":")
    if not colon or agency not in rows.directory.all().agencies:
        got = seen(agency) if colon else shape(named)
        raise Refused(where, got, "AGENCY:ALIAS, as harbour:ABCDEFGHIJKL", "`hub subjects duplicates`")
    ref = rows.subjects.by_alias(agency, alias)
    if ref is None:
        expected = f"{seen(agency)}'s alias of one of its clients"
        raise Refused(where, shape(alias), expected, "`hub subjects duplicates`, `hub subjects find`")
    return ref
