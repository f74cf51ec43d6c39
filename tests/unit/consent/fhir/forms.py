"""Consents as FHIR for tests: the baseline K of consent rules 2.5, the example of shared model 13.2, and how a record
is filed. All people and agencies are invented.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from consent.fhir import Known, as_fhir, as_row, read_consent
from consent.model import Consent, Directive, Grant
from consent.model.words import Category, Purpose
from consent.rows import to_consent
from hub.model.fhir import Resource
from tests.builders import BASELINE, K

ZONE = ZoneInfo("America/Toronto")
WORKERS = {"w-301": "A", "w-b": "B"}
KNOWN = Known(BASELINE.pack, {"A", "B", "C"}.__contains__, WORKERS.get)
RECORD = "https://hub.example.org/fhir/StructureDefinition/consent-record"
STATE = "https://hub.example.org/fhir/StructureDefinition/consent-state"

# K as it comes out of a registry, with a sensitive tick, a narrower one, and two things that the client keeps back
FULL = replace(
    K,
    registry_seq=0,
    purposes=(Purpose.REFERRAL, Purpose.ELIGIBILITY),
    categories=(
        *(Grant(each) for each in (Category.IDENT, Category.CONTACT, Category.NEEDS, Category.LANG, Category.EMPLOY)),
        Grant(Category.INCOME, (Purpose.ELIGIBILITY,), datetime(2025, 9, 1, 4, tzinfo=UTC)),
        Grant(Category.HEALTH_MENTAL),
    ),
    exclusions=("NOTES_FREE", "DV", "item-7"),
    form_id="F-1",
    signed_on=date(2025, 1, 10),
)


def written(record: Consent | Directive = FULL) -> Resource:
    """A record as FHIR, which a test may change."""
    return as_fhir(record, ZONE)


def example() -> Resource:
    """The Consent of shared model 13.2, to the letter."""
    return json.loads(Path(__file__).with_name("shared-model-13-2.json").read_text(encoding="utf-8"))


def place(resource: Resource, path: str) -> Any:
    """What stands at a path, as ``provision.actor[0]``."""
    found: Any = resource
    for name, at in re.findall(r"([A-Za-z]+)|\[([0-9]+)\]", path):
        found = found[name] if name else found[int(at)]
    return found


def changed(path: str, change: Callable[[Any], object], record: Consent | Directive = FULL) -> Resource:
    """A record as FHIR, in which something is done to what stands at a path."""
    made = copy.deepcopy(written(record))
    change(place(made, path) if path else made)
    return made


def extension(resource: Resource, url: str) -> Resource:
    """One of its extensions."""
    return next(each for each in resource["extension"] if each["url"] == url)


def part(resource: Resource, name: str) -> Resource:
    """One part of ``consent-record``."""
    return next(each for each in extension(resource, RECORD)["extension"] if each["url"] == name)


def filed(record: Consent) -> Consent:
    """The record as the registry would file it, when it comes first."""
    row = as_row(record, system="hub", place="hub/import:1", digest=lambda text: f"digest of {len(text)}")
    return to_consent(row, consent_id=record.consent_id, version=1, subject_ref=record.subject_ref, previous=None)


def imported(resource: object, known: Known = KNOWN) -> Consent | Directive:
    """What the registry would hold of a resource."""
    read = read_consent(resource, known)
    return filed(read) if isinstance(read, Consent) else read
