"""A client's "no" of whom nobody can tell yet which client said it: until a human has, it counts for each who may have.

The consents that such a client gave this agency open nothing meanwhile (INV-10). They are read again, and stand as they
stood, once somebody is known by what identifies the one who said no.
"""

from __future__ import annotations

from collections.abc import Sequence

from consent.model.words import OPENING, Code
from consent.registry import suspend
from consent.versions import Origin
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.match import EXACT, LOCAL
from hub.exchange.records import ConsentRecord
from hub.model import locks
from hub.model.rows import Waiting

REASON = "NO_OF_SOMEBODY"


def hold_back(house: House, record: ConsentRecord, refs: Sequence[str]) -> None:
    """Suspend what any of these clients has allowed this agency, until it is known whose "no" a record is.

    Args:
        refs: the clients between whom a human must choose.
    """
    system = record.source.system
    digests = [digest for digest, kind in record.found_by().items() if kind in (EXACT, LOCAL)]
    with house.store.unit(own=[locks.subject(ref) for ref in refs]) as unit:
        files = {name for names in unit.links.files(refs).values() for name in names}  # a no is the person's (I-07)
        allowed = [consent for known in unit.subjects.facts(sorted(files)).values() for consent in known.consents]
        origins = {
            each.consent_id: origin
            for each in allowed
            if each.discloser == system.agency
            and each.state in OPENING
            and (origin := unit.consents.origin(each.consent_id)) is not None
        }
        for consent_id, origin in origins.items():
            suspend(unit, consent_id, Origin(*origin), acting(system), reason=REASON)
    with house.store.unit(share=[locks.CONFIG, *(locks.digest(digest) for digest in digests)]) as unit:
        systems = unit.directory.all().systems  # what was entered by hand is entered again by hand
        for of_system, key, read_as in (each for each in origins.values() if each[0] in systems):
            unit.waiting.put(
                Waiting(
                    waiting_id=house.ids.number(),
                    system=of_system,
                    record_key=key,
                    revision="",
                    digest=read_as,
                    code=Code.DN_IDENTITY.value,
                    created_at=unit.now,
                    locks=tuple(locks.digest(digest) for digest in digests),
                    place=f"consent: suspended, because {record.source.key} says no and may be the same client's",
                )
            )
