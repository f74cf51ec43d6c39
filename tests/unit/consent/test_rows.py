"""Consent rows (program systems 9.2, 9.4; consent rules 1.2): what the registry files, and what it must not keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.cells import Effect
from consent.decide import decide
from consent.facts import read_facts
from consent.model import Consent, Grant, Interpreter, Onward, PackFacts, Recipient, VerbalNote
from consent.model.words import EXPLANATIONS, Basis, CapacityBasis, Category, Code, ConsentState, GivenBy, Purpose
from consent.rows import ConsentRow, read_row, to_consent
from tests.cms_builder import MANDATORY

FACTS = read_facts((Path(__file__).parents[2] / "golden/decision/c-01-the-baseline/in.json").read_bytes())
PACK = PackFacts("ca-on", 1, text_versions=("sharing-v3",), notice_versions=("notice-v2",))
AGENCIES = {"A", "B", "C", "lakeside"}
ROW = {
    "consent_id": "17",
    "row_version": "3",
    "client_id": "4711",
    "form_id": "F-2025-0099",
    "given_by": "SELF",
    "capacity_basis": "PRESUMED",
    "form": "WRITTEN",
    "valid_from": "2025-01-10",
    "expires_on": "2026-01-10",
    "recipient_org": "B",
    "purposes": "REFERRAL",
    "categories": "IDENT CONTACT NEEDS LANG EMPLOY",
    "text_version": "sharing-v3",
    "notice_version": "notice-v2",
    "language": "en",
    "client_reads": "en",
    "explained": "what who why risk may-refuse",
    "not_condition": "1",
    "captured_by": "w-104",
    "captured_at": "2025-01-10 10:00:00",
    "signed_on": "2025-01-10",
    "evidence_ref": "cabinet 3, folder of Zoraida",
    "receipt_at": "2025-01-10 10:05:00",
    "receipt_channel": "PAPER",
}
VERBAL = {"form": "VERBAL", "signed_on": "", "evidence_ref": "", "verbal_note": "Zoraida said yes by phone"}
FREE_TEXT = ("verbal_note", "condition_reason", "evidence_ref", "form_id", "authority_kind")
MARK = "Zoraida"


def row_of(**change: str) -> ConsentRow:
    cells = {column: text for column, text in (ROW | change).items() if text}
    return read_row(
        cells,
        agency="A",
        system="a-cms",
        key="17",
        pack=PACK,
        known_agency=AGENCIES.__contains__,
        digest=lambda text: f"digest-{len(text)}",
    )


def consent_of(row: ConsentRow, previous: Consent | None = None) -> Consent:
    version = previous.version + 1 if previous else 1
    return to_consent(row, consent_id="c-1", version=version, subject_ref="s-1", previous=previous)


def answer_to(row: ConsentRow, previous: Consent | None = None) -> Code:
    """What the baseline message (C-01) gets on the consent that a row makes."""
    (subject,) = FACTS.subjects.values()
    consent = replace(consent_of(row, previous), registry_seq=7)
    return decide(replace(FACTS, subjects={"s-1": replace(subject, consents=(consent,))})).codes[0]


def unreadable(row: ConsentRow) -> tuple[str, ...]:
    """Columns whose value is outside its list."""
    return tuple(fault.column for fault in row.faults if fault.unreadable)


def test_c_01_a_complete_row_is_an_active_consent_with_every_field_of_1_2():
    consent = consent_of(row_of())

    assert consent == Consent(
        consent_id="c-1",
        version=1,
        subject_ref="s-1",
        state=ConsentState.ACTIVE,
        registry_seq=0,
        discloser="A",
        recipients=(Recipient("B"),),
        purposes=(Purpose.REFERRAL,),
        categories=tuple(
            Grant(category)
            for category in (Category.IDENT, Category.CONTACT, Category.NEEDS, Category.LANG, Category.EMPLOY)
        ),
        pack="ca-on",
        pack_version=1,
        given_by=GivenBy.SELF,
        capacity_basis=CapacityBasis.PRESUMED,
        direction="ONE_WAY",
        form_id="digest-11",
        onward_sharing=(),
        valid_from=datetime(2025, 1, 10, 5, tzinfo=UTC),
        expires_at=datetime(2026, 1, 11, 5, tzinfo=UTC),
        basis=Basis.EXPRESS_WRITTEN,
        text_version="sharing-v3",
        notice_version="notice-v2",
        language="en",
        client_reads=("en",),
        explained=EXPLANATIONS,
        not_condition_of_service=True,
        captured_by="w-104",
        captured_at=datetime(2025, 1, 10, 15, tzinfo=UTC),
        captured_in="a-cms",
        signed_on=date(2025, 1, 10),
        evidence_ref="a-cms/17",
        receipt_ref="PAPER 2025-01-10T15:05:00+00:00",
    )
    assert answer_to(row_of()) is Code.OK_CONSENT
    assert row_of().faults == ()


@pytest.mark.parametrize("column", MANDATORY)
@pytest.mark.parametrize("blank", ["", "   "])
def test_c_36_a_missing_mandatory_field_leaves_the_record_a_draft_and_says_which(column, blank):
    row = row_of(**{column: blank})

    assert row.missing == (column,)
    assert consent_of(row).state is ConsentState.DRAFT
    assert answer_to(row) is Code.DN_PENDING
    (fault,) = row.faults
    assert (fault.got, fault.effect, fault.unreadable) == ("nothing", Effect.DRAFT, False)
    assert fault.expected


def test_an_empty_row_names_every_mandatory_field_and_opens_nothing():
    row = row_of(**dict.fromkeys(ROW, ""))

    assert len(row.missing) == 17  # signed_on and evidence_ref only once the form is known to be written
    assert consent_of(row).state is ConsentState.DRAFT


def test_a_row_of_an_agency_without_a_pack_is_a_draft():
    row = read_row(
        ROW,
        agency="A",
        system="a-cms",
        key="17",
        pack=PackFacts("", 0, known=False, text_versions=("sharing-v3",), notice_versions=("notice-v2",)),
        known_agency=AGENCIES.__contains__,
        digest=str,
    )

    assert row.missing == ("pack",)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("given_by", "self"),
        ("given_by", "Zoraida herself"),
        ("capacity_basis", "FINE"),
        ("form", "EXPRESS_WRITTEN"),
        ("valid_from", "10/01/2025"),
        ("valid_from", "20250110"),
        ("valid_from", "2025-W02-5"),
        ("valid_from", "2025-02-30"),
        ("valid_from", "٢٠٢٥-٠١-١٠"),
        ("expires_on", "9999-12-31"),
        ("expires_on", "0202-05-01"),
        ("expires_on", "2026-01-10 00:00:00"),
        ("text_version", "sharing-v9"),
        ("notice_version", "whatever Zoraida was told"),
        ("language", "English"),
        ("client_reads", "en Zoraida"),
        ("explained", "what who why risk maybe"),
        ("not_condition", "yes"),
        ("captured_by", "Zoraida Q"),
        ("captured_by", "w" * 41),
        ("captured_at", "2025-03-17"),
        ("captured_at", "2025-01-10T10:00:00"),
        ("captured_at", "2025-01-10 25:00:00"),
        ("signed_on", "yesterday"),
        ("receipt_channel", "given to Zoraida"),
        ("interpreter_kind", "COUSIN"),
        ("declined", "maybe"),
    ],
)
def test_a_value_outside_its_list_is_not_kept_and_leaves_no_open_consent(column, value):
    row = row_of(**{column: value})

    assert row.missing == unreadable(row) == (column,)
    assert value not in repr(row)
    assert MARK not in repr(row)
    assert consent_of(row).state in (ConsentState.DRAFT, ConsentState.DECLINED)
    assert answer_to(row) in (Code.DN_PENDING, Code.DN_DIRECTIVE)


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        pytest.param("recipient_org", "any community agency", "recipients", id="C-54 any community agency"),
        pytest.param("recipient_org", "B C", "recipients", id="two recipients are two records"),
        pytest.param("purposes", "all", "purposes", id="C-55 all purposes"),
        pytest.param("purposes", "REFERRAL all", "purposes", id="C-55 a purpose and all the others"),
        pytest.param("categories", "IDENT NEEDS EVERYTHING", "categories", id="V-05 everything"),
        pytest.param("onward_orgs", "C partners", "onward_sharing", id="onward to whom it may concern"),
    ],
)
def test_v_05_what_names_no_list_is_filed_and_refused_as_too_broad(column, value, field):
    row = row_of(**{column: value})

    assert unreadable(row) == (column,)
    assert consent_of(row).unreadable == (field,)
    assert answer_to(row) is Code.DN_OVERBROAD
    assert [fault.effect for fault in row.faults] == [Effect.BROAD]


@pytest.mark.parametrize(
    ("column", "value"), [("lifts", "Zoraida"), ("withdrawn_how", "she was upset"), ("receipt_at", "in May")]
)
def test_what_nothing_rests_on_is_listed_and_not_kept(column, value):
    row = row_of(**{column: value})

    assert (unreadable(row), row.missing, row.draft.unreadable) == ((column,), (), ())
    assert value not in repr(row)


def test_a_text_becomes_presence_a_pointer_or_a_digest():
    consent = consent_of(row_of(**VERBAL, condition_reason="Zoraida needs it", not_condition="0"))

    assert consent.condition_reason is True
    assert consent.verbal_note == VerbalNote(
        who=True,
        what=True,
        how_explained=True,
        worker="w-104",
        taken_at=datetime(2025, 1, 10, 15, tzinfo=UTC),
        signature_due_at=datetime(2025, 1, 24, 15, tzinfo=UTC),
    )
    assert consent_of(row_of()).evidence_ref == "a-cms/17"
    assert consent_of(row_of()).form_id == "digest-11"


cells = st.text(max_size=30) | st.sampled_from(["1", "0", "SELF", "WRITTEN", "2025-01-10", "B", "REFERRAL"])


@given(st.dictionaries(st.sampled_from([*ROW, *FREE_TEXT, "declined", "lifts", "withdrawn_at", "onward_orgs"]), cells))
def test_a_row_is_read_whatever_it_holds(cells):
    row = row_of(**cells)

    assert set(row.missing) <= {fault.column for fault in row.faults}
    assert not (row.missing and consent_of(row).state in (ConsentState.ACTIVE, ConsentState.VERBAL_PENDING))


@given(st.dictionaries(st.text(max_size=20).map("x_{}".format), st.text(max_size=20)))
def test_columns_that_nobody_knows_change_nothing(cells):
    assert row_of(**cells) == row_of()


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=3, max_size=60), st.sampled_from(FREE_TEXT))
def test_inv_1_no_free_text_is_in_what_is_filed_or_said(text, column):
    marked = f"‹{text}›"
    row = row_of(**(VERBAL if column == "verbal_note" else {}) | {column: marked})

    assert marked.strip() not in repr(row) + repr(consent_of(row))
    assert "‹" not in repr(row)


def test_c_19_a_day_is_a_whole_local_day_also_where_clocks_change():
    row = row_of(valid_from="2025-03-09", expires_on="2025-11-02")

    assert row.draft.valid_from == datetime(2025, 3, 9, 5, tzinfo=UTC)
    assert row.draft.expires_at == datetime(2025, 11, 3, 5, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_the_first_one():
    assert row_of(captured_at="2025-11-02 01:30:00").draft.captured_at == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)


def test_a_signature_is_due_at_the_same_local_time_also_where_clocks_change():
    row = row_of(**VERBAL, captured_at="2025-03-01 10:00:00")

    assert row.draft.verbal_note.taken_at == datetime(2025, 3, 1, 15, tzinfo=UTC)
    assert row.draft.verbal_note.signature_due_at == datetime(2025, 3, 15, 14, tzinfo=UTC)


def test_a_verbal_consent_with_its_note_waits_for_the_signature():
    assert consent_of(row_of(**VERBAL)).state is ConsentState.VERBAL_PENDING


def test_c_47_a_verbal_consent_without_its_note_is_a_draft():
    row = row_of(**VERBAL | {"verbal_note": ""})

    assert row.missing == ("verbal_note",)
    assert row.draft.verbal_note is None


def test_a_verbal_consent_that_was_signed_is_active():
    pending = consent_of(row_of(**VERBAL))

    assert consent_of(row_of(), pending).state is ConsentState.ACTIVE


def test_s32_a_decider_other_than_the_client_stays_a_draft_until_the_registry_has_the_evidence():
    row = row_of(given_by="PARENT", authority_kind="birth certificate of Zoraida")

    assert row.missing == ("authority_kind",)
    assert row.draft.given_by is GivenBy.PARENT
    assert MARK not in repr(row)
    assert consent_of(row).state is ConsentState.DRAFT


def test_an_assessed_capacity_stays_a_draft_until_the_registry_has_the_assessment():
    assert row_of(capacity_basis="ASSESSED_CAPABLE").missing == ("capacity_basis",)


@pytest.mark.parametrize(
    ("kind", "interpreter"),
    [
        ("", None),
        ("STAFF", Interpreter("STAFF", "prs", independent=False)),
        ("FAMILY", Interpreter("FAMILY", "prs", independent=False)),
        ("QUALIFIED", Interpreter("QUALIFIED", "prs", independent=False)),
        ("QUALIFIED_INDEPENDENT", Interpreter("QUALIFIED", "prs", independent=True)),
    ],
)
def test_an_interpreter_speaks_the_client_s_home_language(kind, interpreter):
    assert row_of(interpreter_kind=kind, home_language="prs").draft.interpreter == interpreter


def test_c_53_a_condition_without_a_reason_is_no_gap_but_a_fact():
    row = row_of(not_condition="0")

    assert row.missing == ()
    assert answer_to(row) is Code.DN_COERCED


def test_c_56_a_missing_tick_is_no_gap_but_a_fact():
    row = row_of(explained="what who why may-refuse")

    assert row.missing == ()
    assert answer_to(row) is Code.DN_NOT_KNOWLEDGEABLE


def test_onward_sharing_is_for_the_agencies_and_purposes_of_the_row():
    assert row_of(onward_orgs="C lakeside").draft.onward_sharing == (
        Onward("C", Purpose.REFERRAL),
        Onward("lakeside", Purpose.REFERRAL),
    )


def test_language_tags_are_kept_in_their_usual_letters():
    draft = row_of(language="FR-ca", client_reads="uz-cyrl-UZ zxx en EN").draft

    assert (draft.language, draft.client_reads) == ("fr-CA", ("uz-Cyrl-UZ", "zxx", "en"))


def test_a_row_lifts_what_it_names_by_id():
    row = row_of(lifts="16 d-7f3e0c9a Zoraida")

    assert row.lifts == row.draft.lifts == ("16", "d-7f3e0c9a")


def test_a_number_of_the_hubs_without_a_digit_is_not_taken_for_a_name():
    assert row_of(lifts="ABCDEFGHIJKL Zoraida ZORAIDA").lifts == ("ABCDEFGHIJKL",)


@pytest.mark.parametrize(
    ("change", "at", "how"),
    [
        ({"withdrawn_at": "2025-05-01"}, datetime(2025, 5, 1, 4, tzinfo=UTC), None),
        ({"withdrawn_at": "2025-05-01 09:00:00"}, datetime(2025, 5, 1, 13, tzinfo=UTC), None),
        ({"withdrawn_at": "2025-05-01", "withdrawn_how": "phone"}, datetime(2025, 5, 1, 4, tzinfo=UTC), "PHONE"),
        ({"withdrawn_at": "last week"}, None, None),
        ({"withdrawn_how": "in person"}, None, "IN_PERSON"),
        ({"withdrawn_at": "2025-05-01", "withdrawn_how": "Zoraida rang"}, datetime(2025, 5, 1, 4, tzinfo=UTC), None),
    ],
)
def test_c_23_c_29_any_word_of_a_withdrawal_withdraws(change, at, how):
    row = row_of(**change)

    assert (row.withdrawn, row.withdrawn_at, row.withdrawn_how) == (True, at, how)
    assert consent_of(row).state is ConsentState.WITHDRAWN
    assert answer_to(row) is Code.DN_WITHDRAWN
    assert MARK not in repr(row)


def test_a_draft_too_can_be_withdrawn_and_declined():
    assert consent_of(row_of(given_by="", withdrawn_at="2025-05-01")).state is ConsentState.WITHDRAWN
    assert consent_of(row_of(given_by="", declined="1")).state is ConsentState.DECLINED


def test_a_withdrawal_is_for_good_whatever_a_later_row_says():
    withdrawn = consent_of(row_of(withdrawn_at="2025-05-01"))

    for later in (row_of(), row_of(recipient_org="C"), row_of(declined="1"), row_of(given_by=""), row_of(**VERBAL)):
        assert consent_of(later, withdrawn) == replace(withdrawn, version=2)


@pytest.mark.parametrize("keep_out", ["1", "true", "yes"])
def test_c_30_a_client_who_may_want_the_recipient_out_is_asked_first(keep_out):
    before = consent_of(row_of())

    assert consent_of(row_of(keep_out=keep_out)).state is ConsentState.SUSPENDED
    assert answer_to(row_of(keep_out=keep_out), before) is Code.DN_SUSPENDED
    assert answer_to(row_of(keep_out=keep_out, given_by=""), before) is Code.DN_SUSPENDED
    assert consent_of(row_of(keep_out="0"), before).state is ConsentState.ACTIVE
    assert consent_of(row_of(keep_out=keep_out, withdrawn_at="2025-05-01")).state is ConsentState.WITHDRAWN
    assert consent_of(row_of(keep_out=keep_out, declined="1")).state is ConsentState.DECLINED


@pytest.mark.parametrize("declined", ["1", "true", "yes"])
def test_c_44_a_decline_acts_as_a_no_to_the_recipient_that_it_names(declined):
    row = row_of(declined=declined)

    assert consent_of(row).state is ConsentState.DECLINED
    assert consent_of(row).recipients == (Recipient("B"),)
    assert answer_to(row) is Code.DN_DIRECTIVE


def test_c_44_a_decline_that_names_nobody_or_nobody_known_is_a_no_to_all():
    for recipient in ("", "the neighbours"):
        row = row_of(declined="1", recipient_org=recipient)

        assert answer_to(row) is Code.DN_DIRECTIVE


def test_c_105_a_decline_is_not_taken_back_by_its_own_row():
    declined = consent_of(row_of(declined="1", recipient_org=""))

    for later in (row_of(), row_of(declined="0"), row_of(withdrawn_at="2025-05-01")):
        assert consent_of(later, declined) == replace(declined, version=2)
        assert answer_to(later, declined) is Code.DN_DIRECTIVE


def test_a_row_that_says_declined_and_withdrawn_is_not_read_as_the_narrower_no():
    for previous in (None, consent_of(row_of())):
        assert consent_of(row_of(declined="1", withdrawn_at="2025-05-01"), previous).state is ConsentState.DECLINED


def test_a_decline_can_be_corrected_and_stays_one():
    declined = consent_of(row_of(declined="1", recipient_org="C"))

    corrected = consent_of(row_of(declined="1", withdrawn_at="2025-05-01"), declined)

    assert corrected.state is ConsentState.DECLINED
    assert corrected.recipients == (Recipient("B"),)


@pytest.mark.parametrize(
    "state",
    [
        ConsentState.INVALIDATED,
        ConsentState.SUPERSEDED,
        ConsentState.ABANDONED,
        ConsentState.EXPIRED,
        ConsentState.LAPSED,
    ],
)
def test_what_has_ended_is_not_opened_again_by_its_own_row(state):
    ended = replace(consent_of(row_of()), state=state)

    assert consent_of(row_of(recipient_org="C"), ended) == replace(ended, version=2)


@pytest.mark.parametrize("state", [ConsentState.DRAFT, ConsentState.ACTIVE, ConsentState.SUSPENDED])
def test_a_completed_row_is_active(state):
    before = replace(consent_of(row_of()), state=state)

    after = consent_of(row_of(categories="IDENT NEEDS"), before)

    assert after.state is ConsentState.ACTIVE
    assert after.version == 2
    assert after.categories == (Grant(Category.IDENT), Grant(Category.NEEDS))


NOTICE = {
    "form": "NOTICE",
    "purposes": "FUNDER_REPORT",
    "categories": "IDENT LANG SERVICE_STATUS",
    "recipient_org": "B",
    "notice_version": "notice-v2",
    "language": "en",
    "captured_by": "w-301",
    "captured_at": "2025-01-10 10:00:00",
}


def test_s7_a_notice_needs_no_more_than_whom_it_told_of_what_by_whom_and_when():
    row = row_of(**{**dict.fromkeys(ROW, ""), **NOTICE})
    assert row.missing == ()
    filed = consent_of(row)
    assert (filed.state, filed.basis) == (ConsentState.ACTIVE, Basis.NOTICE_ONLY)


@pytest.mark.parametrize("column", [name for name in NOTICE if name not in ("form", "purposes")])
def test_s7_a_notice_that_lacks_one_of_these_is_a_draft(column):
    assert column in row_of(**{**dict.fromkeys(ROW, ""), **NOTICE, column: ""}).missing


def test_s7_a_notice_for_more_than_a_report_is_too_broad():
    filed = consent_of(row_of(**{**NOTICE, "purposes": "FUNDER_REPORT REFERRAL"}))
    assert "purposes" in filed.unreadable
