"""Messages to the funder, as they reach iCARE: one client, one activity, one month. All people are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from adapters.icare import ADAPTER, report
from hub.exchange.writing import kind_of
from hub.mapping import Back, Context, Mappings, load
from hub.mapping.label import labelled
from hub.model import codes

Resource = dict[str, Any]
ROOT = Path(__file__).resolve().parents[4]
UCUM = "http://unitsofmeasure.org"
MAPPINGS: Mappings = load("icare", [ROOT / "mappings" / "icare"], ADAPTER.columns(), ADAPTER.functions)


def extension(name: str, **value: Any) -> Resource:
    """An extension of the hub's."""
    return {"url": f"{codes.EXTENSION}/{name}", **value}


def concept(system: str, code: str) -> Resource:
    """A coded concept of a code system of the hub's."""
    return {"coding": [{"system": f"{codes.CODE_SYSTEM}/{system}", "code": code}]}


def patient(**changes: Any) -> Resource:
    """The client: a UCI, a whole birth date, English; another element, or none where it is None."""
    own = {
        "resourceType": "Patient",
        "meta": labelled("ident")(),
        "identifier": [
            {"system": f"{codes.ID}/harbour/file", "value": "2026-000123"},
            {"system": f"{codes.ID}/uci", "value": "11223344"},
        ],
        "active": True,
        "birthDate": "1991-07-22",
        "extension": [extension("official-language", valueCode="en")],
    }
    return _changed(own, changes)


def session(*more: Resource, heads: int | None = None, held: str = "individual", **changes: Any) -> Resource:
    """What was done, how: in person, one on one, 45 minutes in English on 4 May; ``more`` are further extensions."""
    size = [extension("group-size", valuePositiveInt=heads)] if heads is not None else []
    said = [extension("service-format", valueCode=held), extension("service-language", valueCode="en"), *size, *more]
    own = {
        "resourceType": "Encounter",
        "meta": labelled("service-status")(),
        "status": "finished",
        "class": {"system": codes.ACT_CODE, "code": "AMB"},
        "subject": {"reference": "urn:uuid:client"},
        "period": {"start": "2026-05-04", "end": "2026-05-04"},
        "length": {"value": 45, "unit": "min", "system": UCUM, "code": "min"},
        "extension": said,
        "serviceProvider": {"reference": "urn:uuid:agency"},
    }
    return _changed(own, changes)


def activity(code: str, start: str = "2026-05-04", end: str = "2026-05-04", **changes: Any) -> Resource:
    """What was done."""
    own = {
        "resourceType": "Procedure",
        "meta": labelled("service-status")(),
        "status": "completed",
        "code": concept("service-activity", code),
        "subject": {"reference": "urn:uuid:client"},
        "encounter": {"reference": "urn:uuid:session"},
        "performedPeriod": {"start": start, "end": end},
    }
    return _changed(own, changes)


def need(code: str, status: str = "confirmed", *more: Resource) -> Resource:
    """A need, confirmed or refuted."""
    return {
        "resourceType": "Condition",
        "meta": labelled("needs")(),
        "category": [concept("case-category", "need")],
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "verificationStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": status}]
        },
        "code": concept("need", code),
        "subject": {"reference": "urn:uuid:client"},
        **({"extension": list(more)} if more else {}),
    }


def employment(hours: float | None = None, situation: str = "") -> Resource:
    """Work as a fact: how many hours a week, or what else is said of it."""
    week = {"value": hours, "unit": "h", "system": UCUM, "code": "h"}
    return {
        "resourceType": "Observation",
        "meta": labelled("employ")(),
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "social-history",
                    }
                ]
            }
        ],
        "code": concept("client-fact", "employment"),
        "subject": {"reference": "urn:uuid:client"},
        **({"valueCodeableConcept": concept("situation", situation)} if situation else {}),
        **({"component": [{"code": concept("client-fact", "hours-per-week"), "valueQuantity": week}]} if hours else {}),
    }


def message(*resources: Resource) -> Resource:
    """A Bundle of the event; the first of each type is named by it."""
    names = {"Patient": "client", "Encounter": "session"}
    entries = [
        {"fullUrl": f"urn:uuid:{names.get(each['resourceType'], number)}", "resource": each}
        for number, each in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "message", "entry": entries}


def written(*resources: Resource) -> tuple[dict[str, Any], Back]:
    """The row that a message becomes, and what the mapping says; as the exchange does it."""
    content = message(*resources)
    kind = kind_of(ADAPTER, "funder-report", content)
    assert kind is not None, "a message that no module takes has no row"
    back = MAPPINGS.records[kind.name].from_fhir(content["entry"], Context("ircc"))
    return orjson.loads(report.render(back.record)), back


def lost(back: Back) -> set[tuple[str, str]]:
    """What stayed behind, place and reason, beside what no module has a place for."""
    told = (*back.losses, *report.shortened(back.record))
    return {(loss.place, loss.reason) for loss in told}


def _changed(own: Resource, changes: dict[str, Any]) -> Resource:
    named = {name.rstrip("_"): value for name, value in changes.items()}
    return {name: value for name, value in {**own, **named}.items() if value is not None}
