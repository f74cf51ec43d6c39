"""An invented referral, and small changes of it."""

from __future__ import annotations

from typing import Any

from hub.mapping import Context, RecordMapping
from hub.model.fhir import Resource
from hub.model.record import Record

HARBOUR, LAKESIDE = Context("harbour"), Context("lakeside")

REFERRAL = {
    "referral_id": "5512",
    "client_id": "20417",
    "case_id": "88",
    "from_org": "harbour",
    "to_org": "lakeside",
    "service_wanted": "employment",
    "urgency": "crisis",
    "reason_code": "employment",
    "reason_text": "Looks for work\nnear home",
    "consent_id": "3",
    "sent_at": "2026-03-03 09:01:00",
    "status": "SENT",
    "status_at": "2026-03-03 09:02:00",
    "worker": "w-301",
}
CLIENT = {
    "client_id": "20417",
    "file_no": "2024-000123",
    "last_name": "N’Guessan",
    "first_name": "Amina",
    "preferred_name": "Mina",
    "birth_date": "1991-07-22",
    "birth_date_quality": "E",
    "gender": "woman",
    "status_in_canada": "PR",
    "status_date": "2024-02-01",
    "arrival_date": "2023-11-15",
    "country_of_origin": "ETH",
    "home_language": "amh",
    "service_language": "fr-CA",
    "official_language": "en",
    "interpreter_needed": "0",
    "phone": "416-555-0142",
    "phone_safe": "1",
    "email": "amina@example.org",
    "email_safe": "1",
    "address_line": "123, rue Ste-Catherine O",
    "unit": "5",
    "city": "Québec",
    "province": "QC",
    "postal_code": "G1R 4P5",
}
UCI = {"identifier_id": "1", "client_id": "20417", "type": "UCI", "value": "1234567890"}
RESULT = {
    "language_id": "771",
    "client_id": "20417",
    "assessed_on": "2025-11-18",
    "kind": "I",
    "tool": "CLBPT",
    "listening": "05",
    "speaking": "12",
    "reading": "2L",
    "writing": "PC",
    "centre_site": "TOR01",
    "assessor": "J.M.",
}


def referral(
    change: dict[str, str] | None = None,
    client: dict[str, str] | None = None,
    identifiers: list[dict[str, str]] | None = None,
    results: list[dict[str, str]] | None = None,
) -> Record:
    """The referral with what differs; a value of "" takes the field away."""

    def rows(kind: str, base: dict[str, str], given: list[dict[str, str]] | None) -> tuple[Record, ...]:
        return tuple(Record(kind, filled(base | row)) for row in ([{}] if given is None else given))

    children = {"identifier": rows("identifier", UCI, identifiers), "language": rows("language", RESULT, results)}
    person = Record("client", filled(CLIENT | (client or {})), children)
    case = Record("case", {"case_id": "88", "program": "EMPLOYMENT", "status": "OPEN"})
    return Record("RF_REQUEST", filled(REFERRAL | (change or {})), {"client": (person,), "case": (case,)})


def filled(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value != ""}


def blocks(mapping: RecordMapping, record: Record) -> dict[str, Resource]:
    """The resources by the names of their blocks."""
    found = mapping.to_fhir(record, HARBOUR).resources
    return {entry["fullUrl"].removeprefix("urn:block:"): entry["resource"] for entry in found}


def there_and_back(mapping: RecordMapping, record: Record) -> tuple[Record, dict[str, str]]:
    """What the receiver gets, and the losses of the way in by place."""
    translated = mapping.to_fhir(record, HARBOUR)
    read: Any = mapping.from_fhir(translated.resources, LAKESIDE).record
    return read, {loss.place: loss.reason for loss in translated.losses}
