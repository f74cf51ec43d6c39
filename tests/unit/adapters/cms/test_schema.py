"""The agency's own database: views, change log, rules of program systems 5.4 and 9.2.

Of ``schemas/records/cms.sql`` and ``cms.postgres.sql`` alike: the same stories on either engine.
"""

from __future__ import annotations

import sqlite3

import pytest

from adapters.cms.sql import NEEDED
from tests import cms_builder as cms

from .conftest import ON_SQLITE

# program systems 9.2, word for word
VIEWS = {
    "v_hub_client": "client_id, row_version, file_no, last_name, first_name, preferred_name, birth_date,"
    " birth_date_quality, gender, status_in_canada, status_date, arrival_date, country_of_origin, home_language,"
    " service_language, official_language, interpreter_needed, phone, phone_safe, email, email_safe, address_line,"
    " unit, city, province, postal_code, merged_into_client_id, deceased_date",
    "v_hub_identifier": "identifier_id, row_version, client_id, type, value",
    "v_hub_relation": "relation_id, row_version, client_id, related_client_id, relation, same_household",
    "v_hub_language": "language_id, row_version, client_id, assessed_on, kind, tool, listening, speaking, reading,"
    " writing, centre_site, assessor",
    "v_hub_consent": "consent_id, row_version, client_id, form_id, given_by, authority_kind, capacity_basis, form,"
    " valid_from, expires_on, recipient_org, purposes, categories, onward_orgs, text_version, notice_version, language,"
    " client_reads, interpreter_kind, explained, not_condition, condition_reason, captured_by, captured_at, signed_on,"
    " evidence_ref, receipt_at, receipt_channel, verbal_note, declined, lifts, withdrawn_at, withdrawn_how,"
    " keep_out",
    "v_hub_case": "case_id, row_version, client_id, program, opened_on, worker, status, closed_on, closure_reason,"
    " previous_case_id, issues",
    "v_hub_assessment": "assessment_id, row_version, client_id, case_id, done_on, kind, needs, strengths, barriers,"
    " priority",
    "v_hub_plan": "plan_id, row_version, client_id, case_id, version, client_signed_on, worker_signed_on, review_due,"
    " goal_id, term, goal_description, indicator, goal_status, result, action_id, action_description, action_note,"
    " responsible, deadline, done_on",
    # participant_id beyond 9.2: the key of one client's row is no client's number; case_id by settled S4
    "v_hub_service": "participant_id, row_version, event_id, client_id, case_id, program, activity, started_at,"
    " ended_at, minutes, format, delivery, site_id, language, group_size, target_group, funder, attended, supports",
    "v_hub_referral_out": "referral_id, row_version, client_id, case_id, to_org, service_wanted, urgency, reason_code,"
    " reason_text, consent_id, sent_at, status, status_at, worker, risk_flags",
    # case_id beyond 9.2: whose referral a case came of, so that its end is told to nobody else
    "v_hub_referral_in": "referral_id, row_version, hub_referral_no, case_id, status, status_reason, status_at,"
    " appointment_at, worker",
    "v_hub_note_shareable": "note_id, row_version, client_id, case_id, author, written_at, signed_at, body, language,"
    " category",
    # settled S22, S29; danger, covers, reported_to, reported_at and entered_by beyond it
    "v_hub_override": "override_id, row_version, client_id, child_client_id, child_name, child_birth_date,"
    " recipient_org, code, danger, limbs, told, narrative, imminent, consent_sought, narrowed, attempts, notice,"
    " covers, worker, reported_to, reported_at, ended_at, end_cause, entered_by",
    "v_hub_override_word": "word_id, row_version, override_id, kind, worker, said, of_version, entered_by",
    "v_hub_follow_up": "follow_up_id, row_version, client_id, case_id, month, due_on, done_on, method, reached,"
    " satisfaction, situation, needs_booking",
}


def shown(db: sqlite3.Connection, view: str) -> list[int]:
    return [row[0] for row in db.execute(f"SELECT * FROM {view}")]


def logged(db: sqlite3.Connection, after: int = 0) -> list[tuple[str, int, str]]:
    return db.execute("SELECT table_name, row_id, op FROM change_log WHERE seq > ? ORDER BY seq", (after,)).fetchall()


def head(db: sqlite3.Connection) -> int:
    return db.execute("SELECT COALESCE(MAX(seq), 0) FROM change_log").fetchone()[0]


def add_note(db: sqlite3.Connection, case: int, **fields: object) -> int:
    note = {"case_id": case, "author": "w-17", "written_at": cms.SAVED_AT, "body": "x", "language": "en", **fields}
    sql = f"INSERT INTO case_note ({', '.join(note)}) VALUES ({', '.join('?' * len(note))}) RETURNING note_id"
    return db.execute(sql, tuple(note.values())).fetchone()[0]


def add_plan(db: sqlite3.Connection, case: int) -> tuple[int, int]:
    plan = "INSERT INTO isp_plan (case_id, version, review_due) VALUES (?, 1, '2026-08-01') RETURNING plan_id"
    (number,) = db.execute(plan, (case,)).fetchone()
    goal = (
        "INSERT INTO isp_goal (plan_id, term, description, status) VALUES (?, 'short', 'x', 'NOT_STARTED')"
        " RETURNING goal_id"
    )
    return number, db.execute(goal, (number,)).fetchone()[0]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_exactly_the_columns_of_9_2(db, view):
    have = [column[0] for column in db.execute(f"SELECT * FROM {view}").description]

    assert have == VIEWS[view].split(", ")


@pytest.mark.parametrize("name", NEEDED)
def test_a_view_or_table_has_what_the_hub_asks_for(db, name):
    have = {column[0] for column in db.execute(f"SELECT * FROM {name}").description}

    assert set(NEEDED[name]) <= have


def test_case_38_an_anonymous_client_is_in_no_view(db):
    client, named = cms.add_client(db, is_anonymous=1), cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_language(db, client)
    cms.add_consent(db, client)
    case = cms.add_case(db, client)
    cms.add_referral(db, client)
    cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED", client_id=client)
    add_note(db, case, shareable=1, signed_at=cms.SAVED_AT)
    add_plan(db, case)
    db.execute("INSERT INTO assessment (case_id, done_on, kind) VALUES (?, '2026-02-01', 'initial')", (case,))
    db.execute("INSERT INTO follow_up (case_id, month, due_on) VALUES (?, 3, '2026-08-01')", (case,))
    db.execute(
        "INSERT INTO client_relation (client_id, related_client_id, relation) VALUES (?, ?, 'sibling')", (named, client)
    )
    db.execute(
        "INSERT INTO service_event (program, activity, started_at, format, delivery, site_id, language, funder)"
        " VALUES ('NEWCOMER', 'orientation', ?, 'group', 'in person', 'S1', 'en', 'ircc')",
        (cms.SAVED_AT,),
    )
    db.execute("INSERT INTO service_participant (event_id, client_id, attended) VALUES (1, ?, TRUE)", (client,))

    assert {view: shown(db, view) for view in VIEWS} == {view: [] for view in VIEWS} | {"v_hub_client": [named]}


def test_case_27_a_confidential_address_is_shown_in_no_part(db):
    cms.add_client(db, address_confidential=1, unit="4")

    row = db.execute("SELECT address_line, unit, city, province, postal_code, last_name FROM v_hub_client").fetchone()

    assert row == (None, None, None, None, None, "Okonkwo-Tremblay")


@pytest.mark.parametrize(
    ("fields", "is_shown"),
    [
        pytest.param({}, True, id="sent by the hub"),
        pytest.param({"status": "WITHDRAWN"}, True, id="withdrawn"),
        pytest.param({"status": "DRAFT"}, False, id="a draft stays"),
        pytest.param({"status": "ACCEPTED"}, False, id="a state that others report"),
        pytest.param({"channel": "fax"}, False, id="case 53: the same referral by fax"),
        pytest.param({"direction": "IN"}, False, id="one that came in"),
    ],
)
def test_an_outgoing_referral_is_shown_only_when_the_hub_is_to_carry_it(db, fields, is_shown):
    referral = cms.add_referral(db, cms.add_client(db), **fields)

    assert shown(db, "v_hub_referral_out") == ([referral] if is_shown else [])


def test_an_incoming_referral_is_shown_once_it_holds_our_answer(db):
    cms.answer(db, "K7QM2XWBR4TD", "SENT")
    assert shown(db, "v_hub_referral_in") == []

    referral = cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED")

    assert shown(db, "v_hub_referral_in") == [referral]
    assert db.execute("SELECT COUNT(*) FROM referral").fetchone() == (1,)


@pytest.mark.parametrize(
    ("fields", "is_shown"),
    [
        pytest.param({"shareable": 1, "signed_at": cms.SAVED_AT}, True, id="C5 signed and shareable"),
        pytest.param({"shareable": 1}, False, id="C5 unsigned"),
        pytest.param({"shareable": 0, "signed_at": cms.SAVED_AT}, False, id="case 64 not shareable"),
    ],
)
def test_a_note_leaves_only_signed_and_shareable(db, fields, is_shown):
    note = add_note(db, cms.add_case(db, cms.add_client(db)), **fields)

    assert shown(db, "v_hub_note_shareable") == ([note] if is_shown else [])


@ON_SQLITE
def test_c5_a_note_that_is_signed_with_nothing_stays(db):
    add_note(db, cms.add_case(db, cms.add_client(db)), shareable=1, signed_at="")

    assert shown(db, "v_hub_note_shareable") == []


def test_issues_stand_in_order_of_rank(db):
    case = cms.add_case(db, cms.add_client(db))
    for rank, issue in ((3, "legal"), (1, "housing"), (5, "income")):
        db.execute("INSERT INTO presenting_issue (case_id, rank, issue_code) VALUES (?, ?, ?)", (case, rank, issue))
    empty = cms.add_case(db, cms.add_client(db))

    issues = dict(db.execute("SELECT case_id, issues FROM v_hub_case"))

    assert issues == {case: "housing legal income", empty: None}


@pytest.mark.parametrize(
    ("add", "table", "view", "change"),
    [
        pytest.param(cms.add_client, "client", "v_hub_client", {"city": "Ottawa"}, id="client"),
        pytest.param(cms.add_consent, "consent", "v_hub_consent", {"withdrawn_at": "2026-05-04"}, id="consent"),
        pytest.param(cms.add_case, "case_file", "v_hub_case", {"worker": "w-3"}, id="case"),
        pytest.param(cms.add_referral, "referral", "v_hub_referral_out", {"urgency": "asap"}, id="referral out"),
    ],
)
def test_a_save_raises_the_version_once_and_is_logged_once_under_the_view(db, add, table, view, change):
    number = add(db) if add is cms.add_client else add(db, cms.add_client(db))
    before = head(db)

    cms.update(db, table, number, **change)
    cms.update(db, table, number, **change, row_version=9)

    versions = db.execute(f"SELECT row_version FROM {view}").fetchall()
    assert versions == [(9,)]
    assert logged(db, before) == [(view, number, "U")] * 2


def test_a_referral_is_logged_under_the_view_of_its_direction(db):
    client = cms.add_client(db)
    out, came_in = cms.add_referral(db, client), cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED", client_id=client)

    db.execute("DELETE FROM referral")

    assert [entry for entry in logged(db) if "referral" in entry[0]] == [
        ("v_hub_referral_out", out, "I"),
        ("v_hub_referral_in", came_in, "I"),
        ("v_hub_referral_out", out, "D"),
        ("v_hub_referral_in", came_in, "D"),
    ]


def test_a_change_of_a_child_row_raises_its_parent_and_logs_the_parent(db):
    case = cms.add_case(db, cms.add_client(db))
    plan, goal = add_plan(db, case)
    before = head(db)

    db.execute(
        "INSERT INTO isp_action (goal_id, description, responsible, deadline) VALUES (?, 'x', 'client', '2026-06-01')",
        (goal,),
    )
    db.execute("UPDATE isp_action SET done_on = '2026-05-05'")
    db.execute("UPDATE isp_goal SET status = 'ACHIEVED'")
    db.execute("DELETE FROM isp_action")
    db.execute("INSERT INTO presenting_issue (case_id, rank, issue_code) VALUES (?, 1, 'health')", (case,))

    assert logged(db, before) == [("v_hub_plan", plan, "U")] * 4 + [("v_hub_case", case, "U")]


def test_a_deleted_identifier_raises_its_client_who_cannot_be_asked_for_it_any_more(db):
    client = cms.add_client(db)
    identifier = cms.add_identifier(db, client)
    before = head(db)

    db.execute("DELETE FROM client_identifier")

    assert sorted(logged(db, before)) == [("v_hub_client", client, "U"), ("v_hub_identifier", identifier, "D")]


def test_who_becomes_anonymous_takes_each_row_out_of_its_view_and_the_log_says_so(db):
    client = cms.add_client(db)
    consent, referral = cms.add_consent(db, client), cms.add_referral(db, client)
    before = head(db)

    cms.update(db, "client", client, is_anonymous=1)

    assert {("v_hub_consent", consent, "U"), ("v_hub_referral_out", referral, "U")} <= set(logged(db, before))
    assert shown(db, "v_hub_consent") == shown(db, "v_hub_referral_out") == []


REFUSED_WHEN_CLOSED = [
    "UPDATE case_file SET status = 'OPEN'",
    "UPDATE case_file SET worker = 'w-3'",
    "UPDATE referral SET status = 'WITHDRAWN'",
    "UPDATE isp_goal SET status = 'ACHIEVED'",
    "UPDATE case_note SET body = 'y'",
    "INSERT INTO isp_goal (plan_id, term, description, status) VALUES (1, 'long', 'y', 'NOT_STARTED')",
    "INSERT INTO assessment (case_id, done_on, kind) VALUES (1, '2026-05-05', 're-assessment')",
    "INSERT INTO presenting_issue (case_id, rank, issue_code) VALUES (1, 1, 'health')",
]


@pytest.fixture
def closed(db):
    """A case with a referral, a plan and a note, closed."""
    client = cms.add_client(db)
    case = cms.add_case(db, client)
    cms.add_referral(db, client)
    add_plan(db, case)
    add_note(db, case, shareable=0)
    cms.update(db, "case_file", case, status="CLOSED", closed_on="2026-05-04", closure_reason="ACHIEVED")
    return case


@pytest.mark.parametrize("statement", REFUSED_WHEN_CLOSED)
def test_c1_case_50_a_closed_case_takes_no_update(db, closed, statement):
    with pytest.raises(sqlite3.IntegrityError, match=r"^CASE_CLOSED$"):
        db.execute(statement)


def test_c1_nor_a_new_referral_but_a_new_case_does(db, closed):
    with pytest.raises(sqlite3.IntegrityError, match="CASE_CLOSED"):
        cms.add_referral(db, 1)

    again = cms.add_case(db, 1, previous_case_id=closed)

    assert cms.add_referral(db, 1, case_id=again)


def test_c1_case_52_a_closed_case_takes_follow_up_and_closure_details(db, closed):
    db.execute("INSERT INTO follow_up (case_id, month, due_on) VALUES (?, 3, '2026-08-04')", (closed,))
    db.execute("UPDATE follow_up SET reached = TRUE")

    cms.update(db, "case_file", closed, closure_summary="x", closure_reason="EMPLOYED", status="CLOSED")

    assert db.execute("SELECT closure_reason FROM v_hub_case").fetchone() == ("EMPLOYED",)
