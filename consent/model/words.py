"""The words of the rules: closed lists in the spelling of consent rules 1.2, 2.1 and 2.2. They are stable."""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """Kinds of information (consent rules 2.2). ``SENSITIVE`` ones need a tick of their own."""

    IDENT = "IDENT"
    CONTACT = "CONTACT"
    LOCATION = "LOCATION"
    NEEDS = "NEEDS"
    LANG = "LANG"
    EMPLOY = "EMPLOY"
    EDUC = "EDUC"
    INCOME = "INCOME"
    HOUSING = "HOUSING"
    FAMILY = "FAMILY"
    SERVICE_STATUS = "SERVICE_STATUS"
    PLAN = "PLAN"
    HEALTH_PHYS = "HEALTH_PHYS"
    HEALTH_MENTAL = "HEALTH_MENTAL"
    SUBSTANCE = "SUBSTANCE"
    SEXUAL = "SEXUAL"
    DV = "DV"
    IMMIG = "IMMIG"
    JUSTICE_ADULT = "JUSTICE_ADULT"
    JUSTICE_YOUTH = "JUSTICE_YOUTH"
    CHILD_PROT = "CHILD_PROT"
    RACE_INDIG = "RACE_INDIG"
    NOTES_FREE = "NOTES_FREE"
    RISK = "RISK"


SENSITIVE = frozenset(
    {
        Category.HEALTH_MENTAL,
        Category.SUBSTANCE,
        Category.SEXUAL,
        Category.DV,
        Category.IMMIG,
        Category.JUSTICE_ADULT,
        Category.JUSTICE_YOUTH,
        Category.CHILD_PROT,
        Category.RACE_INDIG,
        Category.NOTES_FREE,
        Category.RISK,
    }
)


class Purpose(StrEnum):
    """Why something is shared (consent rules 2.2). The event of a message fixes it (I-12)."""

    REFERRAL = "REFERRAL"
    COORDINATION = "COORDINATION"
    ELIGIBILITY = "ELIGIBILITY"
    FOLLOW_UP = "FOLLOW_UP"
    HEALTH_CARE = "HEALTH_CARE"
    CAPACITY_ENQUIRY = "CAPACITY_ENQUIRY"
    FUNDER_REPORT = "FUNDER_REPORT"
    CLIENT_COPY = "CLIENT_COPY"
    SAFETY = "SAFETY"
    RESEARCH = "RESEARCH"
    FUNDRAISING = "FUNDRAISING"


# events of what the hub does not carry: it goes to the privacy officer (settled S38)
OFF_BUS_EVENTS = frozenset({"access-request", "police-request", "court-order", "research", "fundraising"})


class Outcome(StrEnum):
    """The four answers (consent rules 2.1)."""

    PERMIT = "PERMIT"
    PERMIT_REDACTED = "PERMIT_REDACTED"
    DENY = "DENY"
    NEEDS_OVERRIDE = "NEEDS_OVERRIDE"


class Code(StrEnum):
    """Reason codes (consent rules 2.2; DN_TRANSITION: settled S47). They are stable."""

    OK_CONSENT = "OK_CONSENT"
    OK_SUBSTITUTE = "OK_SUBSTITUTE"
    OK_IMPLIED_HEALTH = "OK_IMPLIED_HEALTH"
    OK_ANON_ENQUIRY = "OK_ANON_ENQUIRY"
    OK_STATUS_ONLY = "OK_STATUS_ONLY"
    OK_NOTICE_BASED = "OK_NOTICE_BASED"
    OK_CLIENT_SELF = "OK_CLIENT_SELF"

    RD_CATEGORY = "RD_CATEGORY"
    RD_SENSITIVE = "RD_SENSITIVE"
    RD_LOCATION = "RD_LOCATION"
    RD_SUBJECT = "RD_SUBJECT"
    RD_THIRD_PARTY = "RD_THIRD_PARTY"
    RD_PURPOSE_MIN = "RD_PURPOSE_MIN"
    RD_VERBAL = "RD_VERBAL"
    RD_FREE_TEXT = "RD_FREE_TEXT"
    RD_STATUS_TO_FLAG = "RD_STATUS_TO_FLAG"
    RD_YOUTH_JUSTICE = "RD_YOUTH_JUSTICE"
    RD_LINEAGE = "RD_LINEAGE"

    DN_NO_CONSENT = "DN_NO_CONSENT"
    DN_NOT_YET_VALID = "DN_NOT_YET_VALID"
    DN_EXPIRED = "DN_EXPIRED"
    DN_WITHDRAWN = "DN_WITHDRAWN"
    DN_PENDING = "DN_PENDING"
    DN_SUPERSEDED = "DN_SUPERSEDED"
    DN_SUSPENDED = "DN_SUSPENDED"
    DN_DIRECTIVE = "DN_DIRECTIVE"
    DN_CONFLICT = "DN_CONFLICT"
    DN_RECIPIENT = "DN_RECIPIENT"
    DN_PURPOSE = "DN_PURPOSE"
    DN_DIRECTION = "DN_DIRECTION"
    DN_REQUIRED_BLOCKED = "DN_REQUIRED_BLOCKED"
    DN_OVERBROAD = "DN_OVERBROAD"
    DN_NOT_KNOWLEDGEABLE = "DN_NOT_KNOWLEDGEABLE"
    DN_COERCED = "DN_COERCED"
    DN_RECORD_INCOMPLETE = "DN_RECORD_INCOMPLETE"
    DN_VERBAL_LAPSED = "DN_VERBAL_LAPSED"
    DN_WRITTEN_REQUIRED = "DN_WRITTEN_REQUIRED"
    DN_CASE_CLOSED = "DN_CASE_CLOSED"
    DN_NOTICE = "DN_NOTICE"

    DN_AUTHORITY = "DN_AUTHORITY"
    DN_AUTHORITY_LAPSED = "DN_AUTHORITY_LAPSED"
    DN_SDM_RANK = "DN_SDM_RANK"
    DN_SDM_CONFLICT = "DN_SDM_CONFLICT"
    DN_SDM_BARRED = "DN_SDM_BARRED"
    DN_MINOR_PREVAILS = "DN_MINOR_PREVAILS"
    DN_RECONFIRM = "DN_RECONFIRM"
    DN_DECEASED = "DN_DECEASED"

    DN_NO_AGREEMENT = "DN_NO_AGREEMENT"
    DN_ONWARD = "DN_ONWARD"
    DN_REIDENTIFY = "DN_REIDENTIFY"
    DN_PROTECTED_LOCATION = "DN_PROTECTED_LOCATION"
    DN_EXISTENCE = "DN_EXISTENCE"
    DN_SAFETY_CONFLICT = "DN_SAFETY_CONFLICT"
    DN_ABSOLUTE = "DN_ABSOLUTE"
    DN_OFF_BUS = "DN_OFF_BUS"

    DN_SENDER = "DN_SENDER"
    DN_IDENTITY = "DN_IDENTITY"
    DN_SCHEMA = "DN_SCHEMA"
    DN_PACK = "DN_PACK"
    DN_STALE = "DN_STALE"
    DN_REGISTRY_DOWN = "DN_REGISTRY_DOWN"
    DN_AUDIT_DOWN = "DN_AUDIT_DOWN"
    DN_TRANSITION = "DN_TRANSITION"

    NO_CHILD = "NO_CHILD"
    NO_SELF_HARM = "NO_SELF_HARM"
    NO_HARM_OTHERS = "NO_HARM_OTHERS"
    NO_UNCONSCIOUS = "NO_UNCONSCIOUS"
    NO_STATUTORY = "NO_STATUTORY"

    OV_CHILD = "OV_CHILD"
    OV_SELF_HARM = "OV_SELF_HARM"
    OV_HARM_OTHERS = "OV_HARM_OTHERS"
    OV_UNCONSCIOUS = "OV_UNCONSCIOUS"
    OV_STATUTORY = "OV_STATUTORY"

    OX_ROLE = "OX_ROLE"
    OX_THRESHOLD = "OX_THRESHOLD"
    OX_CONTENT = "OX_CONTENT"
    OX_RECIPIENT = "OX_RECIPIENT"
    OX_EXPIRED = "OX_EXPIRED"
    OX_REUSED = "OX_REUSED"
    OX_BACKDATED = "OX_BACKDATED"
    OX_SECOND_PERSON = "OX_SECOND_PERSON"
    OX_CONFLICT_OF_INTEREST = "OX_CONFLICT_OF_INTEREST"
    OX_SUSPENDED = "OX_SUSPENDED"
    OX_NOT_OVERRIDABLE = "OX_NOT_OVERRIDABLE"
    OX_NOT_NEEDED = "OX_NOT_NEEDED"  # beside OK_CONSENT: what was declared was not used


class Risk(StrEnum):
    """Dangers that a sender may assert of a message (consent rules 2.2)."""

    CHILD_ABUSE = "CHILD_ABUSE"
    SELF_HARM = "SELF_HARM"
    HARM_OTHERS = "HARM_OTHERS"
    NOT_FULLY_CONSCIOUS = "NOT_FULLY_CONSCIOUS"
    RESIDENT_ABUSE = "RESIDENT_ABUSE"


class Role(StrEnum):
    """What a worker is, as far as an override asks (consent rules 3.1)."""

    WORKER = "WORKER"
    VOLUNTEER = "VOLUNTEER"
    SUPERVISOR = "SUPERVISOR"
    ON_CALL_MANAGER = "ON_CALL_MANAGER"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"
    OPERATOR = "OPERATOR"  # of the hub, or a system account


class Body(StrEnum):
    """What an agency is to somebody in danger (settled S27)."""

    CHILD_PROTECTION = "CHILD_PROTECTION"
    POLICE = "POLICE"
    HOSPITAL = "HOSPITAL"
    CRISIS = "CRISIS"
    AMBULANCE = "AMBULANCE"
    REGISTRAR = "REGISTRAR"
    PRESCRIBED_BODY = "PRESCRIBED_BODY"


class ConsentState(StrEnum):
    """States of a record (consent rules 1.4). EXPIRED and LAPSED are computed, not waited for."""

    DRAFT = "DRAFT"  # -> ACTIVE, VERBAL_PENDING, ABANDONED
    VERBAL_PENDING = "VERBAL_PENDING"  # -> ACTIVE, LAPSED
    ACTIVE = "ACTIVE"  # -> SUSPENDED, WITHDRAWN, EXPIRED, SUPERSEDED, INVALIDATED
    SUSPENDED = "SUSPENDED"  # -> ACTIVE, WITHDRAWN, INVALIDATED
    WITHDRAWN = "WITHDRAWN"  # final: only a new record opens the gate again
    EXPIRED = "EXPIRED"
    LAPSED = "LAPSED"
    ABANDONED = "ABANDONED"
    SUPERSEDED = "SUPERSEDED"
    INVALIDATED = "INVALIDATED"
    DECLINED = "DECLINED"  # acts as a deny directive until a newer record names and lifts it (C-105)


OPENING = (ConsentState.ACTIVE, ConsentState.VERBAL_PENDING)  # what opens the gate; STANDING may come to do so again
STANDING = (*OPENING, ConsentState.SUSPENDED)


class Basis(StrEnum):
    """How the consent was given (consent rules 1.2)."""

    EXPRESS_WRITTEN = "EXPRESS_WRITTEN"
    EXPRESS_ELECTRONIC = "EXPRESS_ELECTRONIC"
    EXPRESS_VERBAL = "EXPRESS_VERBAL"
    IMPLIED_HEALTH = "IMPLIED_HEALTH"
    NOTICE_ONLY = "NOTICE_ONLY"


class GivenBy(StrEnum):
    """Who decided (consent rules 1.2)."""

    SELF = "SELF"
    PARENT = "PARENT"
    SOCIETY = "SOCIETY"
    GUARDIAN = "GUARDIAN"
    ATTORNEY = "ATTORNEY"
    REPRESENTATIVE = "REPRESENTATIVE"
    SPOUSE = "SPOUSE"
    SIBLING = "SIBLING"
    RELATIVE = "RELATIVE"
    ESTATE_TRUSTEE = "ESTATE_TRUSTEE"
    AUTHORISED_AGENT = "AUTHORISED_AGENT"
    PGT = "PGT"


# who decides for somebody who cannot, before whom (PHIPA s.26(1), CYFSA s.21); a pack may order them otherwise
SUBSTITUTES = (
    GivenBy.GUARDIAN,
    GivenBy.ATTORNEY,
    GivenBy.REPRESENTATIVE,
    GivenBy.SPOUSE,
    GivenBy.SOCIETY,
    GivenBy.PARENT,
    GivenBy.SIBLING,
    GivenBy.RELATIVE,
    GivenBy.PGT,
)


class CapacityBasis(StrEnum):
    """What is known of the person's capacity for this decision."""

    PRESUMED = "PRESUMED"
    ASSESSED_CAPABLE = "ASSESSED_CAPABLE"
    ASSESSED_INCAPABLE = "ASSESSED_INCAPABLE"


class SafetyFlag(StrEnum):
    """Flags that the registry holds and never sends (consent rules 1.2)."""

    PROTECTED_LOCATION = "PROTECTED_LOCATION"
    MAIL_UNSAFE = "MAIL_UNSAFE"
    PHONE_UNSAFE = "PHONE_UNSAFE"
    DV = "DV"
    COERCION = "COERCION"
    SAFE_CONTACT = "SAFE_CONTACT"
    ALLEGED_ABUSER = "ALLEGED_ABUSER"


EXPLANATIONS = frozenset({"what", "who", "why", "risk", "may-refuse"})  # the four ticks, and "may refuse or stop"
