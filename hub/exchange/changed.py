"""Who holds data under a consent is told when that consent changes (shared model 8, consent rules 1.4; C-25); a request
that went on one, and that nobody has taken on, ends with it (T27); and what lies ready for somebody to fetch, and may
not go any more, ends now.

The word says which consent, by the recipient's own number of it, and what has become of it; nothing of anybody. Nothing
is pulled back: what was lawfully given stays, for the purpose that it was given for. It goes by the notices' road, to
each kind of system that has a place for it. It follows the registry by its sequence, so that whoever files a change
need not think of it, and a hub that was killed goes on where it stood.
"""

from __future__ import annotations

from dataclasses import replace

from consent.incident import may_hold
from consent.model import Consent
from consent.model.words import OPENING, ConsentState
from consent.registry import says_otherwise
from hub.exchange import looking_after, opening
from hub.exchange.house import House
from hub.exchange.reports import TAKEN_BACK
from hub.exchange.writing import CONSENT_CHANGED
from hub.model import locks
from hub.model.rows import Notice
from hub.ports import Unit

CURSOR = "hub:consents"  # stands where a system would: up to which change the holders were told
CHANGED = "CHANGED"  # it allows other things than before
_DUTY = {
    ConsentState.INVALIDATED: "it was void from the start: lock what you have away; the privacy officer will call",
    ConsentState.SUSPENDED: "nothing comes on it for now: pass nothing on until you hear that it stands",
    ConsentState.SUPERSEDED: "another consent stands in its place; what you have is yours to use as before",
}
_ENDED = "nothing comes on it any more: use what you have for what it was given for, and pass nothing on"
_AS_BEFORE = "what you have stays yours to use; what comes now is by the consent as it stands"


def step(house: House) -> bool:
    """Tell of the changes since the last time. True if there were any."""
    with house.store.peek() as rows:
        told = int(rows.cursors.get(CURSOR) or 0)
        if rows.consents.head() <= told:
            return False
        people = {after.subject_ref for _, after in rows.consents.filed_after(told, house.limits.batch)}
    with house.store.unit(share=[locks.CONFIG, *(locks.subject(ref) for ref in people)]) as unit:
        if not unit.cursors.lease(CURSOR, house.worker, unit.now + house.limits.relay_lease):
            return False
        head, told = unit.consents.head(), int(unit.cursors.get(CURSOR) or 0)
        found = unit.consents.filed_after(told, house.limits.batch)
        if any(after.subject_ref not in people for _, after in found):
            return True  # somebody has filed, or told, meanwhile: looked at again
        changed = [f"consent:{after.consent_id}" for _, after in found]
        waiting = [row.envelope_id for name in changed for row in unit.handovers.relying_on(name)]
        for before, after in found:
            if before is not None and says_otherwise(before, after):
                _tell(house, unit, before, after)
            if after.state is ConsentState.WITHDRAWN:
                looking_after.withdrawn(house, unit, after.consent_id)
        last = found[-1][1].registry_seq if found else head
        unit.cursors.put(CURSOR, str(last if len(found) == house.limits.batch else max(last, head)))
    opening.drop(house, waiting)
    return True


def _to(consent: Consent, agency: str) -> Consent:
    """A consent as far as it is about one recipient."""
    return replace(consent, recipients=tuple([each for each in consent.recipients if each.agency == agency]))


def _tell(house: House, unit: Unit, before: Consent, after: Consent) -> None:
    code = after.state.value if after.state is not before.state else CHANGED
    systems = unit.directory.all().systems
    holders = {
        (row.system, row.recipient)
        for row in unit.handovers.relying_on(f"consent:{after.consent_id}")
        if may_hold(row.state, row.opened_at, row.rejection, TAKEN_BACK) is not False
    }
    for system, agency in sorted(holders):
        known = systems.get(system)
        if not says_otherwise(_to(before, agency), _to(after, agency)):
            continue  # it is another recipient's matter
        card = house.adapters[known.kind] if known is not None and known.agency == agency else None
        if card is None or (card.consent_changed is None and not card.remote):
            continue
        number = unit.consents.number(after.consent_id, agency)
        place = _DUTY.get(after.state, _AS_BEFORE if after.state in OPENING else _ENDED)
        unit.notices.put(
            Notice(house.ids.uuid(), system, CONSENT_CHANGED, code, number, unit.now, unit.now, place=place)
        )
