"""The words of a FHIR Consent: systems, extensions, and what they are in the words of the rules (shared model 4, 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from consent.model.words import SENSITIVE, Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose
from hub.model.codes import (
    ACT_REASON_OF_PURPOSE,
    CODE_SYSTEM,
    EXTENSION,
    HUB,
    ID,
    ID_AGENCY,
    ID_CLIENT,
    ID_SERVICE,
    kebab,
)

SITE = HUB.removesuffix("/fhir")
PROFILE = f"{EXTENSION}/hub-consent"
POLICY = f"{SITE}/policy/"  # the wording that the client saw stands behind it
STANDING_NO = "standing-no"  # of a directive: no wording was shown
SYSTEM_URI = f"{SITE}/system/"
ID_CONSENT = f"{ID}/consent"
SCOPE = ("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")
CATEGORIES = (("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IDSCL"), ("http://loinc.org", "64292-6"))
ROLE = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
METHOD_CODES = f"{CODE_SYSTEM}/consent-collection-method"
PROGRAM_STREAM = f"{CODE_SYSTEM}/program-stream"
STREAMS = frozenset({"women", "newcomer", "youth", "employment"})
OF_STREAM = "program-stream#"  # stands before the word of a stream where a recipient's program is one

METHOD = f"{EXTENSION}/consent-collection-method"
STATE = f"{EXTENSION}/consent-state"
RECORD = f"{EXTENSION}/consent-record"
SUPERSEDES = f"{EXTENSION}/supersedes"
EXPLAINED_IN = f"{EXTENSION}/explained-in"
PROGRAM = f"{EXTENSION}/recipient-program"
WITNESS = "http://hl7.org/fhir/StructureDefinition/consent-Witness"
TRANSCRIBER = "http://hl7.org/fhir/StructureDefinition/consent-Transcriber"

FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
# what a reference by identifier names, where an id has not the form of a FHIR id, or the sender knows no other
SYSTEMS: Mapping[str, str] = {
    "Patient": ID_CLIENT,
    "Organization": ID_AGENCY,
    "Practitioner": f"{ID}/worker",
    "PractitionerRole": f"{ID}/worker",
    "RelatedPerson": f"{ID}/decider",
    "HealthcareService": ID_SERVICE,
    "Consent": ID_CONSENT,
    "DocumentReference": f"{ID}/evidence",
    "QuestionnaireResponse": f"{ID}/evidence",
    "Basic": f"{ID}/item",
}

STATUS: Mapping[ConsentState, str] = {
    ConsentState.DRAFT: "draft",
    ConsentState.ACTIVE: "active",
    ConsentState.VERBAL_PENDING: "active",
    ConsentState.SUSPENDED: "inactive",
    ConsentState.WITHDRAWN: "inactive",
    ConsentState.EXPIRED: "inactive",
    ConsentState.LAPSED: "inactive",
    ConsentState.SUPERSEDED: "inactive",
    ConsentState.ABANDONED: "inactive",
    ConsentState.DECLINED: "rejected",
    ConsentState.INVALIDATED: "entered-in-error",
}
STATUSES = frozenset({*STATUS.values(), "proposed"})  # proposed is read as draft
STATES = {kebab(state): state for state in ConsentState}
METHODS = {kebab(basis): basis for basis in Basis}
CAPACITIES = {kebab(basis): basis for basis in CapacityBasis}
DECIDERS = {kebab(role): role for role in GivenBy}
ALL_CATEGORIES = {kebab(category): category for category in Category}
PLAIN = frozenset(Category) - SENSITIVE

# no consent opens the others (D8, C-14, C-15)
PURPOSES = {
    kebab(purpose): purpose
    for purpose in (
        *(Purpose.REFERRAL, Purpose.COORDINATION, Purpose.ELIGIBILITY, Purpose.FOLLOW_UP),
        *(Purpose.HEALTH_CARE, Purpose.FUNDER_REPORT, Purpose.CLIENT_COPY),
    )
}
# one that stands alone; CAREMGT as coordination
PURPOSE_OF_REASON = {
    ACT_REASON_OF_PURPOSE[purpose]: purpose for purpose in PURPOSES.values() if purpose is not Purpose.FOLLOW_UP
}
