"""Reading and writing the CMS's records (program systems 9.2): strict, and no value in an error."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cms.record import columns, notice, parse, recall, render
from adapters.cms.views import FORMS
from hub.errors import MappingGap, RecordUnreadable
from hub.model.canonical import canonical
from hub.model.record import Record

MARK = "Zyxwvut"
CLIENT = {
    "client_id": 7,
    "last_name": MARK,
    "birth_date": "1991-07-22",
    "birth_date_quality": "E",
    "interpreter_needed": 0,
    "phone": "416-555-0101",
    "phone_safe": 1,
    "identifier": [{"identifier_id": 1, "client_id": 7, "type": "UCI", "value": "11-0000-0007"}],
}
LANGUAGE = {
    "language_id": 3,
    "client_id": 7,
    "assessed_on": "2026-03-02",
    "kind": "initial",
    "listening": "6",
    "speaking": "5",
    "reading": "5",
    "writing": "NA",
}
RELATION = {"relation_id": 1, "client_id": 7, "related_client_id": 8, "relation": "child", "same_household": 1}
REFERRAL = {
    "referral_id": 12,
    "client_id": 7,
    "case_id": 5,
    "to_org": "lakeside",
    "service_wanted": "employment",
    "reason_code": "employment",
    "status": "SENT",
    "status_at": "2026-05-04 09:00:00",
    "client": [{**CLIENT, "language": [LANGUAGE], "relation": [RELATION]}],
    "case": [{"case_id": 5, "program": "NEWCOMER", "status": "OPEN"}],
    "issue": [{"rank": 1, "issue_code": "employment"}],
    "assessment": [{"assessment_id": 2, "client_id": 7, "case_id": 5, "done_on": "2026-02-01", "kind": "initial"}],
}
STATUS = {"referral_id": 4, "hub_referral_no": "K7QM2XWBR4TD", "status": "ACCEPTED", "status_at": "2026-05-04 09:00:00"}
PLAN = {
    "plan_id": 3,
    "client_id": 7,
    "version": 2,
    "worker_signed_on": "2026-05-01",
    "review_due": "2026-08-01",
    "client": [CLIENT],
    "goal": [
        {
            "goal_id": 1,
            "term": "short",
            "goal_description": "Find work",
            "goal_status": "IN_PROGRESS",
            "action": [
                {
                    "action_id": 1,
                    "action_description": "Write a résumé",
                    "responsible": "client",
                    "deadline": "2026-06-01",
                }
            ],
        }
    ],
}
NOTE = {
    "note_id": 6,
    "client_id": 7,
    "author": "w-17",
    "written_at": "2026-05-04 09:00:00",
    "signed_at": "2026-05-04 10:00:00",
    "body": "Came with two letters.",
    "language": "en",
    "client": [CLIENT],
}
EXIT = {
    "case_id": 5,
    "client_id": 7,
    "program": "NEWCOMER",
    "opened_on": "2026-01-12",
    "status": "CLOSED",
    "closed_on": "2026-05-04",
    "closure_reason": "EMPLOYED",
    "client": [CLIENT],
}
SERVICE = {
    "participant_id": 8,
    "event_id": 3,
    "client_id": 7,
    "program": "NEWCOMER",
    "activity": "orientation",
    "started_at": "2026-04-14 10:00:00",
    "ended_at": "2026-04-14 11:00:00",
    "minutes": 60,
    "format": "group",
    "delivery": "in person",
    "site_id": "S1",
    "language": "en",
    "group_size": 12,
    "target_group": "youth refugee",
    "funder": "ircc",
    "attended": 1,
    "supports": "childminding transport",
    "client": [CLIENT],
}
REPORT = {
    "participant_id": 8,
    "client_id": 7,
    "funder": "ircc",
    "after": "profile:8",
    "service": [{name: value for name, value in SERVICE.items() if name != "client"}],
    "need": [{"code": "housing"}],
    "client": [CLIENT],
}
PROFILE = {"participant_id": 8, "client_id": 7, "funder": "ircc", "client": [CLIENT]}
FOLLOW_UP = {
    "follow_up_id": 8,
    "client_id": 7,
    "case_id": 5,
    "month": 3,
    "due_on": "2026-08-04",
    "done_on": "2026-08-06",
    "reached": 1,
    "client": [CLIENT],
    "referral": [{"referral_id": 4, "hub_referral_no": "K7QM2XWBR4TD"}],
    "sent": [{"referral_id": 12}],
}
OVERRIDE = {
    "override_id": 3,
    "client_id": 7,
    "recipient_org": "hospital",
    "code": "DOC-SELF",
    "told": "Was told of a plan for tonight.",
    "narrative": "She said on the phone that she has a plan.",
    "imminent": 1,
    "worker": "w-301",
    "client": [CLIENT],
    "limbs": [{"limb": "serious", "attested": 1, "fact": "She has done it before."}],
}
CONSENT = {"consent_id": 9, "client_id": 7, "valid_from": "2026-01-12", "explained": "what who", "client": [CLIENT]}


def read(key: str, row: dict[str, Any]) -> Record:
    return parse(key, canonical(row))


def changed(row: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one place changed: ``client.0.birth_date``; None takes it out."""
    whole = deepcopy(row)
    node: Any = whole
    *way, last = path.split(".")
    for step in way:
        node = node[int(step)] if step.isdigit() else node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return whole


def test_a_referral_is_read_with_its_client_identifiers_language_and_case():
    record = read("referral_out:12", REFERRAL)

    (client,) = record.children["client"]
    assert (record.kind, record.get("referral_id"), record.get("status")) == ("RF_REQUEST", "12", "SENT")
    assert (client.get("last_name"), client.get("interpreter_needed")) == (MARK, "0")
    assert client.children["identifier"][0].get("value") == "11-0000-0007"
    assert client.children["language"][0].get("writing") == "NA"
    assert record.children["case"][0].fields == {"case_id": "5", "program": "NEWCOMER", "status": "OPEN"}


def test_an_answer_and_a_consent_are_read():
    assert read("referral_in:4", STATUS).kind == "RF_STATUS"
    assert read("consent:9", CONSENT).children["client"][0].get("birth_date") == "1991-07-22"


def test_what_is_blank_or_null_is_left_out():
    record = read("referral_out:12", {**REFERRAL, "urgency": "  ", "worker": None, "sent_at": ""})

    assert {"urgency", "worker", "sent_at"}.isdisjoint(record.fields)


@pytest.mark.parametrize("mark", [0, None, ""])
def test_s11_a_channel_that_is_not_marked_safe_is_not_read(mark):
    client = {**CLIENT, "phone_safe": mark, "email": "a@b.example"}

    (read_client,) = read("referral_out:12", {**REFERRAL, "client": [client]}).children["client"]

    assert {"phone", "email"}.isdisjoint(read_client.fields)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        pytest.param("referral_id", None, "RF_REQUEST.referral_id", id="no referral_id"),
        pytest.param("to_org", None, "RF_REQUEST.to_org", id="no to_org"),
        pytest.param("service_wanted", " ", "RF_REQUEST.service_wanted", id="blank service_wanted"),
        pytest.param("status", None, "RF_REQUEST.status", id="no status"),
        pytest.param("status_at", None, "RF_REQUEST.status_at", id="no status_at"),
        pytest.param("status_at", MARK, "RF_REQUEST.status_at", id="a time that is none"),
        pytest.param("referral_id", "12", "RF_REQUEST.referral_id", id="case 30 a number as text"),
        pytest.param("to_org", 12, "RF_REQUEST.to_org", id="case 30 a text as number"),
        pytest.param("nickname", MARK, "RF_REQUEST.nickname", id="an unknown column"),
        pytest.param("from_org", "harbour", "RF_REQUEST.from_org", id="a column that only the hub writes"),
        pytest.param("client", None, "client", id="no client"),
        pytest.param("client", [CLIENT, CLIENT], "client", id="two clients"),
        pytest.param("client", MARK, "client", id="a client that is no row"),
        pytest.param("case", [], "case", id="no case"),
        pytest.param("client.0.last_name", None, "client.last_name", id="a client without a name"),
        pytest.param("client.0.file_no", f"ask {MARK}", "client.file_no", id="C1 a story as file number"),
        pytest.param("status_at", "9999-12-31 23:59:59", "RF_REQUEST.status_at", id="A2 the end of all days"),
        pytest.param("status_at", "0001-01-01 00:00:00", "RF_REQUEST.status_at", id="A2 and their beginning"),
        pytest.param("client.0.birth_date", "22/07/1991", "client.birth_date", id="case 12 another date format"),
        pytest.param("client.0.interpreter_needed", MARK, "client.interpreter_needed", id="case 29 no yes and no no"),
        pytest.param("client.0.last_name", f"{MARK}\ufffd", "client.last_name", id="case 63 a broken name"),
        pytest.param("client", [{"client_id": 8, "last_name": MARK}], "client.client_id", id="somebody else's client"),
        pytest.param("client.0.identifier.0.client_id", 8, "identifier.client_id", id="somebody else's identifier"),
        pytest.param("client.0.identifier.0.value", "1234567", "identifier.value", id="case 20 a UCI of 7 digits"),
        pytest.param("client.0.identifier.0.value", "1.1E+07", "identifier.value", id="case 20 scientific notation"),
        pytest.param("client.0.identifier.0.value", "IMM5688", "identifier.value", id="case 21 a form's number"),
        pytest.param("client.0.identifier.0.value", "CAN123456", "identifier.value", id="case 21 an application"),
        pytest.param("client.0.identifier.0.value", "046 454 286", "identifier.value", id="case 21 a SIN"),
        pytest.param("client.0.language.0.writing", None, "language.writing", id="a language result without writing"),
    ],
)
def test_a_record_that_cannot_be_understood_is_refused_with_its_place_and_no_value(path, value, place):
    row = changed(REFERRAL, path, value)

    with pytest.raises(RecordUnreadable) as refused:
        read("referral_out:12", row)

    assert refused.value.where == f"cms referral_out:12: {place}"
    assert refused.value.expected
    assert refused.value.next_step
    assert not [personal for personal in (MARK, "1991", "1234567", "046") if personal in str(refused.value)]


def test_case_21_a_sin_is_stopped_under_any_type():
    identifier = {"identifier_id": 1, "client_id": 7, "type": "FILE_NO", "value": "046454286"}

    with pytest.raises(RecordUnreadable, match="SIN"):
        read("consent:9", changed(CONSENT, "client.0.identifier", [identifier]))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"referral_id":12', MARK.encode()])
def test_bytes_that_are_no_row_are_refused(data):
    with pytest.raises(RecordUnreadable) as refused:
        parse("referral_out:12", data)

    assert MARK not in str(refused.value)


@pytest.mark.parametrize("key", ["", "referral_out", "referral_out:", "referral_out:a", "note:1", f"consent:{MARK}"])
def test_a_key_of_no_kind_is_refused_without_being_shown(key):
    with pytest.raises(RecordUnreadable) as refused:
        parse(key, canonical(REFERRAL))

    assert MARK not in str(refused.value)


def test_a_row_under_another_rows_key_is_refused():
    with pytest.raises(RecordUnreadable, match="another key"):
        read("referral_out:13", REFERRAL)


@pytest.mark.parametrize("no", [{"withdrawn_at": "2026-05-04"}, {"withdrawn_at": 1}, {"declined": "Oui"}])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("valid_from", MARK),
        ("nickname", MARK),
        ("client", []),
        ("client", [CLIENT, CLIENT]),
        ("client.0.birth_date", MARK),
        ("client.0.last_name", " "),
        ("client.0.client_id", 8),
        ("client.0.identifier.0.value", "1234567"),
    ],
)
def test_a_no_is_read_whatever_the_rest_of_its_row_is(no, path, value):
    record = read("consent:9", changed({**CONSENT, **no}, path, value))

    assert record.get("consent_id") == "9"
    assert record.get("withdrawn_at") or record.get("declined") == "1"
    assert MARK not in str(record.fields)


@pytest.mark.parametrize("no", [{}, {"withdrawn_at": " "}, {"declined": 0}])
def test_a_yes_is_not_read_when_a_part_of_it_cannot_be(no):
    with pytest.raises(RecordUnreadable):
        read("consent:9", {**CONSENT, **no, "valid_from": MARK})


def test_a_consent_with_missing_fields_is_a_record_all_the_same():
    assert "given_by" not in read("consent:9", CONSENT).fields


# -- out


def test_a_payload_is_canonical_json_in_the_words_of_the_views():
    identifier = Record("identifier", {"type": "UCI", "value": "1100000007"})
    client = Record(
        "client", {"last_name": "Ng", "interpreter_needed": "1"}, {"identifier": (identifier,), "language": ()}
    )
    fields = {"hub_referral_no": "K7QM2XWBR4TD", "from_org": "harbour", "referral_id": "12", "urgency": ""}

    payload = render(Record("RF_REQUEST", fields, {"client": (client,)}))

    assert payload == (
        b'{"client":[{"identifier":[{"type":"UCI","value":"1100000007"}],"interpreter_needed":1,"last_name":"Ng"}],'
        b'"from_org":"harbour","hub_referral_no":"K7QM2XWBR4TD","referral_id":12}'
    )


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(Record("RF_OTHER", {}), id="an unknown kind"),
        pytest.param(Record("RF_STATUS", {"nickname": MARK}), id="an unknown field"),
        pytest.param(Record("RF_STATUS", {"referral_id": MARK}), id="no number"),
        pytest.param(Record("RF_STATUS", {"status_at": MARK}), id="no time"),
        pytest.param(Record("RF_REQUEST", {}, {"nephew": (Record("nephew", {}),)}), id="an unknown child"),
        pytest.param(
            Record("RF_REQUEST", {}, {"client": (Record("client", {"interpreter_needed": "2"}),)}),
            id="no yes and no no",
        ),
    ],
)
def test_what_a_column_cannot_hold_is_a_gap_in_the_mapping(record):
    with pytest.raises(MappingGap) as gap:
        render(record)

    assert MARK not in str(gap.value)


def test_a_notice_holds_the_records_own_number_and_a_code_and_nothing_else():
    assert notice("referral_out:12", "DN_NO_CONSENT") == b'{"code":"DN_NO_CONSENT","referral_id":12}'
    assert notice("consent:9", "DN_RECORD_INCOMPLETE") == b'{"code":"DN_RECORD_INCOMPLETE","consent_id":9}'


def test_a_recall_holds_the_message_a_code_and_what_to_do_and_nothing_else():
    said = recall("e-1", "RECALLED", "lock it away")

    assert said == b'{"code":"RECALLED","message_id":"e-1","place":"lock it away"}'


def test_columns_name_what_a_mapping_may_use_and_no_row_version():
    names = columns()

    told = {"RF_REQUEST", "RF_STATUS", "CONSENT", "PLAN", "NOTE", "EXIT", "FOLLOW_UP", "SERVICE", "PROFILE", "REPORT"}
    assert set(names) == told | {"OVERRIDE", "ENQUIRY", "ENQUIRY_ANSWER", "RISK_FILTER"}
    assert {"from_org", "hub_referral_no"} <= set(names["RF_REQUEST"]["fields"])
    assert names["RF_REQUEST"]["children"]["case"] == {"fields": ("case_id", "program", "status")}
    assert set(names["CONSENT"]["children"]["client"]["children"]) == {"identifier"}
    assert "row_version" not in str(names)


TYPES = {
    "int": st.integers(0, 10**9).map(str),
    "flag": st.sampled_from(["0", "1"]),
    "date": st.dates().map(str),
    "timestamp": st.dates(date(1900, 1, 1)).map(lambda day: f"{day} 12:00:00"),
    "anything": st.dates().map(str),
}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8).filter(
    lambda word: not set(word) & set("ÂÃâ\ufffd")
)


@given(st.data())
def test_what_is_written_is_read_again_as_it_was(data):
    form = FORMS["RF_STATUS"]
    fields = {name: data.draw(TYPES.get(column, WORDS), label=name) for name, column in form.columns.items()}
    record = read(f"referral_in:{fields['referral_id']}", orjson.loads(render(Record("RF_STATUS", fields))))

    again = read(f"referral_in:{fields['referral_id']}", orjson.loads(render(record)))

    assert again == record
    assert set(record.fields) == set(fields)
