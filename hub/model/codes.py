"""Code systems, identifier systems and the crossings between rule words and FHIR (design §4, shared model §4)."""

from __future__ import annotations

HUB = "https://hub.example.org/fhir"
ID = "https://hub.example.org/id"

CODE_SYSTEM = f"{HUB}/CodeSystem"
CATEGORY = f"{CODE_SYSTEM}/client-data-category"
PURPOSE = f"{CODE_SYSTEM}/purpose"
REFERRAL_STATE = f"{CODE_SYSTEM}/referral-state"
STATE_REASON = f"{CODE_SYSTEM}/referral-state-reason"
SERVICE_WANTED = f"{CODE_SYSTEM}/service-wanted"
PROGRAM_STREAM = f"{CODE_SYSTEM}/program-stream"
REASON_CODE = f"{CODE_SYSTEM}/reason-code"
MESSAGE_REASON = f"{CODE_SYSTEM}/message-reason"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
UCUM = "http://unitsofmeasure.org"
MESSAGE_EVENT = "https://ehealthontario.ca/fhir/CodeSystem/message-event-code"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"

EXTENSION = f"{HUB}/StructureDefinition"
PURPOSE_OF_USE = f"{EXTENSION}/message-purpose-of-use"
CORRELATION_ID = f"{EXTENSION}/message-correlation-id"
OVERRIDE_ID = f"{EXTENSION}/override"

ID_AGENCY = f"{ID}/agency"
ID_CLIENT = f"{ID}/client"
ID_ENVELOPE = f"{ID}/envelope"
ID_REFERRAL = f"{ID}/referral"
ID_SERVICE = f"{ID}/service"
ID_SITE = f"{ID}/site"

# design §4: the local word decides, the v3-ActReason stands beside it for partners
ACT_REASON_OF_PURPOSE = {
    "REFERRAL": "COC",
    "COORDINATION": "CAREMGT",
    "ELIGIBILITY": "ELIGDTRM",
    "FOLLOW_UP": "CAREMGT",
    "HEALTH_CARE": "TREAT",
    "FUNDER_REPORT": "HOPERAT",
    "CLIENT_COPY": "PATRQT",
    "SAFETY": "THREAT",
    "RESEARCH": "HRESCH",
    "FUNDRAISING": "HMARKT",
}


def kebab(word: str) -> str:
    """A rule word in FHIR spelling: ``HEALTH_MENTAL`` becomes ``health-mental``."""
    return word.lower().replace("_", "-")


def rule_word(code: str) -> str:
    """A FHIR code in rule spelling: ``health-mental`` becomes ``HEALTH_MENTAL``."""
    return code.upper().replace("-", "_")
