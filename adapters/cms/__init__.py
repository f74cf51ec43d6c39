"""The card of the agency's own case management system (kind ``cms``). It says what there is, and does nothing."""

from __future__ import annotations

from adapters import pairs
from adapters.cms import record, source
from adapters.contract import Adapter, RecordKind

ADAPTER = Adapter(
    kind="cms",
    connect=source.connect,
    parse=record.parse,
    render=record.render,
    notice=record.notice,
    recall=record.recall,
    consent_changed=record.consent_changed,
    correction="correction",
    follows=True,
    records=(
        RecordKind("RF_REQUEST", event="referral", parcel="referral", risks="risk_flags"),
        RecordKind("RF_STATUS", event="referral-status", parcel="referral-status", own="referral_id"),
        RecordKind("CONSENT", event="consent"),
        RecordKind("PLAN", event="plan-shared", parcel="plan", holds="CarePlan"),
        RecordKind("NOTE", event="case-note-shared", parcel="note", holds="DocumentReference"),
        RecordKind(
            "EXIT",
            event="notify-update-process-request",
            parcel="exit",
            own="referral_id",
            holds="EpisodeOfCare",
            outcome_of="referral.hub_referral_no",
        ),
        RecordKind(
            "FOLLOW_UP",
            event="review-done",
            parcel="follow-up",
            holds="Task",
            outcome_of="referral.hub_referral_no",
            of_case="sent.referral_id",
        ),
        RecordKind(
            "SERVICE",
            event="notify-update-process-request",
            parcel="service",
            own="referral_id",
            holds="Encounter",
            outcome_of="referral.hub_referral_no",
        ),
        RecordKind(
            "OVERRIDE",
            event="override-disclosure",
            parcel="override",
            holds="Communication",
            to="recipient_org",
            number="override_no",
            call_back="call_back",
        ),
        RecordKind("OVERRIDE_WORD", event="override-word"),
        RecordKind("ENQUIRY", event="capacity-enquiry", parcel="enquiry", holds="Basic"),
        RecordKind("ENQUIRY_ANSWER", event="capacity-answer", parcel="enquiry-answer", holds="Basic"),
        RecordKind("RISK_FILTER", event="risk-filter", parcel="risk-filter", holds="Basic"),
        RecordKind("PROFILE", event="funder-report", holds="Patient", to="funder"),
        RecordKind("REPORT", event="funder-report", holds="Encounter", to="funder", after="after"),
    ),
    columns=record.columns,
    declares=True,
    functions=pairs.FUNCTIONS,
)
