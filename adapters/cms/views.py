"""What the CMS shows: its views with their columns and types, and of what each kind of record is made.

Program systems 5.3 (columns), 9.2 (views, nesting). Data alone: ``record`` reads and writes by it, ``sql`` asks by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _table(columns: str) -> Mapping[str, str]:
    """``"client_id:int file_no"`` as column to type; text where none is said."""
    pairs = (column.partition(":") for column in columns.split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


# The one table of columns: what the adapter reads of each view, row_version apart (it is the revision, never content).
VIEWS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "v_hub_client": _table(
            "client_id:int file_no:id last_name first_name preferred_name birth_date:date birth_date_quality gender"
            " status_in_canada status_date:date arrival_date:date country_of_origin home_language service_language"
            " official_language interpreter_needed:flag phone phone_safe:flag email email_safe:flag address_line unit"
            " city province postal_code merged_into_client_id:int deceased_date:date"
        ),
        "v_hub_identifier": _table("identifier_id:int client_id:int type value"),
        "v_hub_language": _table(
            "language_id:int client_id:int assessed_on:date kind tool listening speaking reading writing centre_site"
            " assessor"
        ),
        "v_hub_consent": _table(
            "consent_id:int client_id:int form_id given_by authority_kind capacity_basis form valid_from:date"
            " expires_on:date recipient_org purposes categories onward_orgs text_version notice_version language"
            " client_reads interpreter_kind explained not_condition:flag condition_reason captured_by"
            " captured_at:timestamp signed_on:date evidence_ref receipt_at:timestamp receipt_channel verbal_note:prose"
            " declined:flag lifts withdrawn_at:anything withdrawn_how keep_out:flag"
        ),
        "v_hub_case": _table(
            "case_id:int client_id:int program opened_on:date status closed_on:date closure_reason issues"
        ),
        "v_hub_plan": _table(
            "plan_id:int client_id:int case_id:int version:int client_signed_on:date worker_signed_on:date"
            " review_due:date goal_id:int term goal_description:prose indicator:prose goal_status result:prose"
            " action_id:int action_description:prose action_note:prose responsible deadline:date done_on:date"
        ),
        "v_hub_note_shareable": _table(
            "note_id:int client_id:int case_id:int author written_at:timestamp signed_at:timestamp body:prose language"
            " category"
        ),
        "v_hub_referral_out": _table(
            "referral_id:int client_id:int case_id:int to_org service_wanted urgency reason_code reason_text:prose"
            " consent_id:int sent_at:timestamp status status_at:timestamp worker risk_flags"
        ),
        "v_hub_referral_in": _table(
            "referral_id:int hub_referral_no case_id:int status status_reason status_at:timestamp"
            " appointment_at:timestamp worker"
        ),
        "v_hub_follow_up": _table(
            "follow_up_id:int client_id:int case_id:int month:int due_on:date done_on:date method reached:flag"
            " satisfaction:int situation needs_booking:flag"
        ),
        "v_hub_service": _table(
            "participant_id:int event_id:int client_id:int case_id:int program activity started_at:timestamp"
            " ended_at:timestamp minutes:int format delivery site_id language group_size:int target_group funder"
            " attended:flag supports"
        ),
        "v_hub_relation": _table("relation_id:int client_id:int related_client_id:int relation same_household:flag"),
        "v_hub_assessment": _table(
            "assessment_id:int client_id:int case_id:int done_on:date kind needs:prose strengths:prose barriers:prose"
            " priority"
        ),
        "v_hub_override": _table(
            "override_id:int client_id:int child_client_id:int child_name child_birth_date:date recipient_org code"
            " danger limbs:prose told:prose narrative:prose imminent:flag consent_sought narrowed attempts:prose notice"
            " covers worker reported_to reported_at:timestamp ended_at:timestamp end_cause entered_by"
        ),
        "v_hub_override_word": _table("word_id:int override_id:int kind worker said:prose of_version:int entered_by"),
    }
)

SAFE_CHANNELS = MappingProxyType({"phone": "phone_safe", "email": "email_safe"})  # not marked safe: not read (S11)


@dataclass(frozen=True, slots=True)
class Form:
    """What a record of one kind is made of.

    Args:
        columns: column to type.
        required: columns without which the record cannot be understood.
        written: columns that only ``render`` writes: the hub's own words in a payload.
        children: child name to its form.
        owner: column in which a child names the record above it.
        single: exactly one child of this form is expected.
        joined: its columns stand in the rows of the record above it; the first is its key.
    """

    columns: Mapping[str, str]
    required: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, Form] = field(default_factory=dict)
    owner: str = ""
    single: bool = False
    joined: bool = False


def _client(**children: Form) -> Form:
    return Form(VIEWS["v_hub_client"], ("client_id", "last_name"), children=children, owner="client_id", single=True)


IDENTIFIER = Form(VIEWS["v_hub_identifier"], ("identifier_id", "client_id", "type", "value"), owner="client_id")
LANGUAGE = Form(
    VIEWS["v_hub_language"],
    ("language_id", "client_id", "assessed_on", "kind", "listening", "speaking", "reading", "writing"),
    owner="client_id",
)
RELATION = Form(
    VIEWS["v_hub_relation"], ("relation_id", "client_id", "related_client_id", "relation"), owner="client_id"
)
ISSUE = Form(_table("rank:int issue_code"), ("rank", "issue_code"))  # of v_hub_case, one word of ``issues`` each
ASSESSMENT = Form(
    VIEWS["v_hub_assessment"], ("assessment_id", "client_id", "case_id", "done_on", "kind"), owner="case_id"
)
CASE = Form(_table("case_id:int program status"), ("case_id", "program", "status"), owner="case_id", single=True)


def _of(view: str, columns: str) -> Mapping[str, str]:
    """Some columns of a view, with their types."""
    return MappingProxyType({name: VIEWS[view][name] for name in columns.split()})


ACTION = Form(
    _of("v_hub_plan", "action_id action_description action_note responsible deadline done_on"),
    ("action_id", "action_description", "responsible", "deadline"),
    joined=True,
)
CAME_BY = Form(_of("v_hub_referral_in", "referral_id hub_referral_no"), ("hub_referral_no",))
SENT = Form(_of("v_hub_referral_out", "referral_id"), ("referral_id",))
GOAL = Form(
    _of("v_hub_plan", "goal_id term goal_description indicator goal_status result"),
    ("goal_id", "term", "goal_description", "goal_status"),
    children={"action": ACTION},
    joined=True,
)

WORD = Form(_table("code"), ("code",))  # of a list: a support, a target group, a need
_SERVICE = Form(
    VIEWS["v_hub_service"],
    ("participant_id", "client_id", "program", "activity", "started_at", "format", "delivery", "attended"),
    owner="client_id",
)
CARER = Form(_table("last_name first_name phone phone_safe:flag"))  # of a child: whose file it was told in
LIMB = Form(_table("limb attested:flag fact:prose"), ("limb",))
_DECLARED = {name: kind for name, kind in VIEWS["v_hub_override"].items() if name != "limbs"}
_PERSON = {"identifier": IDENTIFIER}

# what is only read: documents of the source that ``services`` or ``overrides`` make a record of, and a word of somebody
READ: Mapping[str, Form] = MappingProxyType(
    {
        "CONSENT": Form(
            VIEWS["v_hub_consent"],
            ("consent_id",),
            children={"client": _client(identifier=IDENTIFIER), "gone": Form({"client_id": "int"}, ("client_id",))},
        ),
        "OVERRIDE_WORD": Form(VIEWS["v_hub_override_word"], ("word_id", "override_id", "kind", "worker")),
        "OVERRIDE": Form(
            _DECLARED,
            ("override_id", "client_id", "recipient_org", "code"),
            children={
                "client": _client(**_PERSON),
                "child": Form(VIEWS["v_hub_client"], ("client_id", "last_name"), children=_PERSON),
                "limbs": LIMB,
            },
        ),
        "SERVICE": Form(
            {name: kind for name, kind in _SERVICE.columns.items() if name != "case_id"},
            _SERVICE.required,
            children={"client": _client(identifier=IDENTIFIER), "referral": CAME_BY},
        ),
        "REPORT": Form(
            _table("participant_id:int client_id:int funder after"),
            ("participant_id", "client_id", "funder"),
            children={"client": _client(identifier=IDENTIFIER), "service": _SERVICE, "need": WORD},
        ),
    }
)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "RF_REQUEST": Form(
            VIEWS["v_hub_referral_out"],
            (
                "referral_id", "client_id", "case_id", "to_org", "service_wanted", "reason_code", "status", "status_at",
            ),
            written=_table("from_org hub_referral_no"),
            children={
                "client": _client(identifier=IDENTIFIER, language=LANGUAGE, relation=RELATION),
                "case": CASE,
                "issue": ISSUE,
                "assessment": ASSESSMENT,
            },
        ),
        "RF_STATUS": Form(
            {name: kind for name, kind in VIEWS["v_hub_referral_in"].items() if name != "case_id"},
            ("referral_id", "hub_referral_no", "status", "status_at"),
            children={"language": LANGUAGE},  # results that came with an answer: written, never in the view
        ),
        "PLAN": Form(
            _of("v_hub_plan", "plan_id client_id case_id version client_signed_on worker_signed_on review_due"),
            ("plan_id", "client_id", "version", "worker_signed_on"),
            written=_table("from_org"),
            children={"client": _client(identifier=IDENTIFIER), "goal": GOAL},
        ),
        "NOTE": Form(
            VIEWS["v_hub_note_shareable"],
            ("note_id", "client_id", "author", "written_at", "signed_at", "body", "language"),
            written=_table("from_org"),
            children={"client": _client(identifier=IDENTIFIER)},
        ),
        "EXIT": Form(
            _of("v_hub_case", "case_id client_id program opened_on status closed_on closure_reason"),
            ("case_id", "client_id", "program", "opened_on", "closed_on"),
            written=_table("referral_id:int referral_status"),
            children={"client": _client(identifier=IDENTIFIER), "referral": CAME_BY},
        ),
        "FOLLOW_UP": Form(
            VIEWS["v_hub_follow_up"],
            ("follow_up_id", "client_id", "case_id", "month", "due_on", "done_on", "reached"),
            written=_table("from_org hub_referral_no"),
            children={"client": _client(identifier=IDENTIFIER), "referral": CAME_BY, "sent": SENT},
        ),
        "CONSENT": Form(
            VIEWS["v_hub_consent"], ("consent_id",), children={"client": _client(identifier=IDENTIFIER)}
        ),
        "SERVICE": Form(
            _of(
                "v_hub_service",
                "participant_id event_id client_id program activity started_at ended_at minutes format delivery site_id"
                " language group_size funder attended",
            ),
            written=_table("referral_id:int service_wanted course"),
            children={
                "client": _client(identifier=IDENTIFIER), "referral": CAME_BY, "support": WORD, "target": WORD,
            },
        ),
        "REPORT": Form(
            _table(
                "participant_id:int client_id:int program activity first_on:date last_on:date minutes:int format"
                " delivery site_id language group_size:int funder after differs"
            ),
            children={
                "client": _client(identifier=IDENTIFIER), "support": WORD, "target": WORD, "need": WORD,
            },
        ),
        "PROFILE": Form(
            _table("participant_id:int client_id:int funder"),
            ("participant_id", "client_id", "funder"),
            children={"client": _client(identifier=IDENTIFIER)},
        ),
        # about nobody: handed in by an agency's own software, and only written here (consent rules P-2)
        "ENQUIRY": Form(
            _table("service_wanted starts_from starts_to age_band language"),
            ("service_wanted",),
            written=_table("from_org"),
            children={"accessibility": WORD},
        ),
        "ENQUIRY_ANSWER": Form(_table("places:int earliest:date"), ("places",), written=_table("from_org")),
        "RISK_FILTER": Form(_table("age_band"), written=_table("from_org"), children={"risk": WORD}),
        "OVERRIDE": Form(
            MappingProxyType(
                {name: kind for name, kind in _DECLARED.items() if not name.startswith("child") and name != "told"}
            ),
            written=_table("from_org override_no call_back"),
            children={
                "client": _client(identifier=IDENTIFIER, carer=CARER),
                "danger": Form(_table("code told:prose"), ("code",)),
                "protection": Form(_table("code told:prose"), ("code",)),
                "limbs": LIMB,
            },
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a record key with this prefix names.

    Args:
        kind: of the record.
        view: whose rows it is made of.
        nested: what stands beneath it of other views.
        reported: it is of several rows, and of a month that is over (``reports``).
        once: the column that must be filled before the row is for the hub; "": it is at once.
    """

    kind: str
    view: str
    nested: tuple[str, ...] = ("client",)
    once: str = ""
    reported: bool = False

    @property
    def column(self) -> str:
        """The key's column: the first of its view."""
        return next(iter(VIEWS[self.view]))


# consents first: what takes a permission away must not wait. The order stands in cursors: add at the end
KEYS: Mapping[str, Keyed] = MappingProxyType(
    {
        "consent": Keyed("CONSENT", "v_hub_consent", ("client", "gone")),
        "referral_out": Keyed(
            "RF_REQUEST", "v_hub_referral_out", ("client", "language", "relation", "case", "issue", "assessment")
        ),
        "referral_in": Keyed("RF_STATUS", "v_hub_referral_in", ()),
        "plan": Keyed("PLAN", "v_hub_plan", once="worker_signed_on"),  # before that it is a draft
        "note": Keyed("NOTE", "v_hub_note_shareable", once="signed_at"),
        "case": Keyed("EXIT", "v_hub_case", ("client", "referral"), once="closed_on"),
        "follow_up": Keyed("FOLLOW_UP", "v_hub_follow_up", ("client", "referral", "sent"), once="done_on"),
        "service": Keyed("SERVICE", "v_hub_service", ("client", "referral")),
        "profile": Keyed("PROFILE", "v_hub_service", reported=True),
        "report": Keyed("REPORT", "v_hub_service", reported=True),
        "override": Keyed("OVERRIDE", "v_hub_override", ("client", "child")),
        "override_word": Keyed("OVERRIDE_WORD", "v_hub_override_word", ()),
    }
)
