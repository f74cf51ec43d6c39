"""A consent in doubt, at the desk: suspended on any sign, resumed when it is confirmed (consent rules 1.4, C-30).

A "no" needs no form, and a sign of one is enough to stop: either party of a consent may suspend it, and never needs to
know how it stands. A yes is another matter: the discloser alone resumes, once its client has confirmed it, and says
which version was looked at; where somebody else has changed it since, nothing is done.
"""

from __future__ import annotations

from consent import doubts
from consent.rows import HOW, KEEP_OUT
from hub.desk.consents import consent_of
from hub.desk.who import Act, Who, actor_of
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks

WHY = (KEEP_OUT, "POSSIBLE_WITHDRAWAL", "DISPUTE", "IDENTITY", "CAPACITY")


def suspend(house: House, number: str, agency: str, who: Who, *, why: str) -> Drain:
    """Suspend a consent, and the client's others to the same recipient: a doubt is the client's, not the paper's.

    From the commit on nothing passes on them. Again, it changes nothing and drains anew.

    Args:
        why: a word of ``WHY``. KEEP_OUT: the client has said to keep somebody out of it, and no more (C-30).

    Raises:
        Refused: no such consent of this agency, another word, or one that opens nothing.
    """
    if why not in WHY:
        raise Refused("--why", shape(why), f"one of {', '.join(WHY)}", "say what the doubt is")
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_NO, agency)
        consent = consent_of(rows, agency, number)
    with house.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
        suspended = doubts.doubt(unit, consent.consent_id, acting, why=why)
        others = doubts.doubt_others(unit, suspended, acting, why=why)
    return Drain(house, [f"consent:{each.consent_id}" for each in (suspended, *others)], agency)


def resume(house: House, number: str, agency: str, who: Who, *, version: int, how: str) -> int:
    """Resume a consent that was suspended at the desk, because who decides has confirmed it; its new version.

    Args:
        version: the one that was looked at.
        how: it was confirmed, a word of ``consent.rows.HOW``.

    Raises:
        Refused: no such consent of this agency's clients, another word, another version by now, or one that nobody has
            suspended at a desk.
    """
    if how not in HOW:
        raise Refused("--how", shape(how), f"one of {', '.join(sorted(HOW))}", "say how it was confirmed")
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_YES, agency)
        consent = consent_of(rows, agency, number)
    if consent.discloser != agency:
        raise Refused("NUMBER", "a consent to this agency", "one of its own clients", "its discloser resumes it")
    with house.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
        return doubts.confirm(unit, consent.consent_id, acting, version=version, how=how).version
