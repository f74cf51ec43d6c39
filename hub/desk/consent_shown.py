"""A consent as one agency may see it, as a FHIR R4 Consent.

Each agency has its own number of it, and its own alias of the client. A recipient sees no other recipient, nor the
form's number, what the consent replaces, what the client kept back, who decided or took it down, nor where its record
lies (shared model 8); of a women's service it sees the hub's relay (C-119).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from consent.fhir import as_fhir
from consent.fhir import codes as fhir
from consent.model import Consent, Directive
from consent.model.words import ConsentState
from hub.desk.consents import Look, look_at_number
from hub.desk.who import Who
from hub.errors import Refused
from hub.exchange.house import House
from hub.model import codes, locks
from hub.model.directory import RELAY
from hub.model.fhir import Resource, coding, concept
from hub.ports import Directory, Unit

_KEPT_THERE = "its-discloser"  # where the paper lies, and whose worker
_HIDDEN: dict[str, Any] = {
    "form_id": None,
    "supersedes": (),
    "lifts": (),
    "exclusions": (),
    "given_by_ref": None,
    "captured_by": None,
    "receipt_ref": None,
}


def fhir_of_number(house: House, agency: str, number: str, who: Who) -> Resource:
    """One consent as a FHIR Consent, as this agency may see it. The look is an entry of the log.

    Raises:
        Refused: it is none of this agency's, the worker may not look, or FHIR cannot say what it says.
    """
    look: Look = look_at_number(house, agency, number, who)
    ((_, consent),) = look.consents
    if look.alias is None:
        raise Refused("patient", "a client of another agency", "an alias of this agency's", "show it without --fhir")
    with house.store.unit(share=[locks.CONFIG]) as unit:
        shown = as_seen_by(agency, consent, look.alias, numbering(unit, agency), confidential(unit.directory.all()))
    return as_fhir(shown, zone_of_pack(house, shown))


def as_seen_by(
    agency: str, consent: Consent, alias: str, number: Callable[[str], str], hidden: Container[str]
) -> Consent:
    """A consent by this agency's own names.

    Args:
        alias: the agency's of the client.
        number: the agency's of a consent; of a directive its id.
        hidden: the agencies that are shown as the relay.
    """
    shown = replace(consent, consent_id=number(consent.consent_id), subject_ref=alias)
    if agency == consent.discloser:
        supersedes, lifts = (tuple([number(each) for each in names]) for names in (consent.supersedes, consent.lifts))
        return replace(shown, supersedes=supersedes, lifts=lifts)
    note = replace(consent.verbal_note, worker=_KEPT_THERE) if consent.verbal_note else None
    if consent.discloser in hidden:  # its system's name would tell as well
        shown = replace(shown, discloser=RELAY, captured_in=RELAY)
    own = tuple([each for each in consent.recipients if each.agency == agency])
    return replace(
        shown,
        **_HIDDEN,
        recipients=own,
        verbal_note=note,
        evidence_ref=_KEPT_THERE if consent.evidence_ref else None,
    )


def spelled(shown: Consent | Directive, zone: ZoneInfo) -> Resource:
    """A consent or a standing no in FHIR; of one that FHIR cannot say wholly, such as a draft without its wording, what
    any Consent says.

    That it is not all of it stands in it (SUBSETTED), and such a one is not taken when it is handed in again.
    """
    try:
        return as_fhir(shown, zone)
    except Refused:
        number, state, version, agency = _of(shown)
        return {
            "resourceType": "Consent",
            "id": number,
            "meta": {**version, "tag": [coding(codes.OBSERVATION_VALUE, "SUBSETTED")]},
            "extension": [{"url": fhir.STATE, "valueCode": codes.kebab(state)}],
            "identifier": [{"system": fhir.ID_CONSENT, "value": number}],
            "status": fhir.STATUS[state],
            "scope": concept(coding(*fhir.SCOPE)),
            "category": [concept(coding(*each)) for each in fhir.CATEGORIES],
            "patient": {"reference": f"Patient/{shown.subject_ref}"},
            "organization": [{"reference": f"Organization/{agency}"}],
        }


def _of(shown: Consent | Directive) -> tuple[str, ConsentState, dict[str, str], str]:
    if isinstance(shown, Consent):
        return shown.consent_id, shown.state, {"versionId": str(shown.version)}, shown.discloser
    return shown.directive_id, ConsentState.ACTIVE, {}, shown.taken_by


def zone_of_pack(house: House, consent: Consent) -> ZoneInfo:
    """Whose days a consent is written in."""
    return ZoneInfo(house.packs.facts(consent.pack).zone)


def confidential(directory: Directory) -> frozenset[str]:
    """The agencies whose name tells too much of their clients (C-119)."""
    return frozenset(row.id for row in directory.agencies.values() if row.lane == "womens")


def numbering(unit: Unit, agency: str) -> Callable[[str], str]:
    """An agency's numbers, which it gets when it is first asked for them."""

    def number(name: str) -> str:
        return unit.consents.number(name, agency) if unit.consents.get(name) else name

    return number
