"""Consents at the desk (program systems 9.4): files in, numbers out, and nothing personal anywhere else."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.cms.views import VIEWS
from consent.rows import HOW
from hub.desk.consent_lines import COLUMNS, PERSON
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk

BY = ("--agency", "harbour", "--as", "harbour-worker")
ONE = {
    "identifier_type": "UCI",
    "identifier_value": "1155667788",
    "birth_date": "1984-02-29",
    "last_name": "Zzyzx-Marchetti",
    "first_name": "Ottilie",
    "form_id": "F-9",
    "given_by": "SELF",
    "capacity_basis": "PRESUMED",
    "form": "WRITTEN",
    "valid_from": "2026-01-12",
    "expires_on": "2026-12-31",
    "recipient_org": "lakeside",
    "purposes": "REFERRAL",
    "categories": "IDENT CONTACT NEEDS",
    "text_version": "sharing-v3",
    "notice_version": "notice-v2",
    "language": "en",
    "client_reads": "en",
    "explained": "what who why risk may-refuse",
    "not_condition": "1",
    "captured_by": "harbour-worker",
    "captured_at": "2026-01-12 10:15:00",
    "signed_on": "2026-01-12",
    "evidence_ref": "drawer 4",
    "receipt_channel": "PAPER",
}
OTHER = {"identifier_value": "1155667789", "last_name": "Bartok", "first_name": "Ilse"}
PERSONAL = ("1155667788", "1984-02-29", "Zzyzx-Marchetti", "Ottilie", "drawer 4")


def sheet(*rows: Mapping[str, str | None]) -> str:
    """A CSV of rows that differ from the one above."""
    whole = [{name: cell for name, cell in {**ONE, **row}.items() if cell is not None} for row in rows]
    columns = list(dict.fromkeys(name for row in whole for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(whole)
    return out.getvalue()


def filed(desk: Desk, *rows: Mapping[str, str | None], code: int = 0) -> dict[str, list[dict[str, str]]]:
    document: dict[str, list[dict[str, str]]] = desk.json("consent", "import", "-", *BY, stdin=sheet(*rows), code=code)
    return document


def alias_of(network: Network, agency: str = "harbour") -> str:
    """The agency's alias of its one client."""
    with network.hub.store.database.reading() as connection:
        return str(
            connection.exec_driver_sql("SELECT alias FROM subject_alias WHERE agency = ?", (agency,)).scalar_one()
        )


def test_the_columns_are_those_of_the_view() -> None:
    assert {*COLUMNS, "client_id"} == {*VIEWS["v_hub_consent"], "row_version"}
    assert not set(COLUMNS) & set(PERSON)


def test_a_good_line_is_filed_and_its_number_printed(desk: Desk) -> None:
    document = filed(desk, {})

    (row,) = document["filed"]
    assert (row["line"], row["state"], row["missing"]) == (2, "ACTIVE", [])
    shown = desk.json("consent", "show", row["number"], *BY)["consents"][0]
    assert (shown["number"], shown["recipients"]) == (row["number"], ["lakeside"])


def test_the_worker_acts_and_the_log_holds_no_value_of_the_file(desk: Desk) -> None:
    filed(desk, {})

    entries = desk.entries()
    recorded = [entry for entry in entries if entry["event_type"] == "CONSENT_RECORDED"]
    assert [entry["actor"]["ref"] for entry in recorded] == ["harbour-worker"]
    assert not [value for value in PERSONAL if value in json.dumps(entries)]


def test_no_value_of_a_file_is_in_the_data_folder_or_in_what_is_said(desk: Desk) -> None:
    result = desk.run(
        "consent", "import", "-", *BY, stdin=sheet({}, {"birth_date": "29.02.1984"}, {"given_by": "Ottilie"})
    )

    kept = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert result.exit_code == 1
    assert not [value for value in (*PERSONAL, "29.02.1984") if value in result.output or value.encode() in kept]


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    first = filed(desk, {})
    entries = desk.entries()

    assert filed(desk, {}) == first
    assert desk.entries() == entries


def test_good_lines_are_filed_and_every_fault_of_the_others_is_named_with_line_and_column(desk: Desk) -> None:
    document = filed(
        desk,
        {},
        {"identifier_type": "PASSPORT"},
        {"identifier_value": "12345"},
        {"birth_date": "1984"},
        {"last_name": None},
        {"purposes": "REFERRAL SPYING", "valid_from": "soon"},
        {**OTHER, "recipient_org": None},
        code=1,
    )

    assert [problem["where"] for problem in document["problems"]] == [
        "consents, line 3, identifier_type",
        "consents, line 4, identifier_value",
        "consents, line 5, birth_date",
        "consents, line 6, last_name",
        "consents, line 7, purposes",
        "consents, line 7, valid_from",
    ]
    assert all(problem["expected"] for problem in document["problems"])
    assert [(row["line"], row["state"], row["missing"]) for row in document["filed"]] == [
        (2, "ACTIVE", []),
        (8, "DRAFT", ["recipient_org"]),
    ]


def test_after_correction_the_file_files_the_rest_and_nothing_twice(desk: Desk) -> None:
    first = filed(desk, {}, {**OTHER, "birth_date": "1984"}, code=1)

    second = filed(desk, {}, OTHER)

    assert second["filed"][0] == first["filed"][0]
    assert len(second["filed"]) == 2


def test_a_line_with_the_printed_number_is_the_next_version_of_that_consent(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    again = filed(desk, {"consent_id": number, "categories": "IDENT"})

    assert again["filed"][0]["number"] == number
    shown = desk.json("consent", "show", number, *BY)["consents"][0]
    assert (shown["version"], shown["categories"]) == (2, ["IDENT"])


def test_an_agencys_own_number_names_the_consent_and_is_not_kept(desk: Desk) -> None:
    number = filed(desk, {"consent_id": "HC-77-204"})["filed"][0]["number"]

    withdrawn = filed(desk, {"consent_id": "HC-77-204", "withdrawn_at": "2026-05-01"})["filed"][0]

    assert (withdrawn["number"], withdrawn["state"]) == (number, "WITHDRAWN")
    assert "HC-77-204" not in json.dumps(desk.entries())


def test_a_withdrawal_that_names_nothing_is_refused_for_the_old_consent_would_stand(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    document = filed(desk, {"withdrawn_at": "2026-05-01"}, code=1)

    assert document["problems"][0]["where"] == "consents, line 2, consent_id"
    assert desk.json("consent", "show", number, *BY)["consents"][0]["state"] == "ACTIVE"


def test_a_no_goes_on_though_another_field_cannot_be_read(desk: Desk) -> None:
    document = filed(desk, {"declined": "1", "language": "two tongues"})

    assert document["filed"][0]["state"] == "DECLINED"


def test_a_consent_of_another_client_is_not_taken_over_by_its_number(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    document = filed(desk, {"consent_id": number, "identifier_value": "1155660000", "birth_date": "1990-01-01"}, code=1)

    assert document["problems"][0]["got"] == "the consent of another client"
    assert document["filed"] == []


def test_the_same_consent_twice_in_a_file_is_refused_once(desk: Desk) -> None:
    document = filed(desk, {}, {}, code=1)

    assert len(document["filed"]) == 1
    assert document["problems"][0]["got"] == "the same consent as line 2"


def test_two_consents_of_one_new_client_are_one_person(network: Network, desk: Desk) -> None:
    document = filed(desk, {"form_id": "F-1"}, {"form_id": "F-2", "categories": "IDENT"})

    found = desk.json("consent", "show", "--alias", alias_of(network), *BY)
    assert {row["number"] for row in found["consents"]} == {row["number"] for row in document["filed"]}


def test_a_local_key_is_the_agencys_alias_and_says_by_itself_who_it_is(network: Network, desk: Desk) -> None:
    filed(desk, {})
    alias = alias_of(network)
    local = {"identifier_type": "LOCAL_KEY", "birth_date": "", "last_name": "", "first_name": ""}

    document = filed(desk, {**local, "identifier_value": alias, "form_id": "F-10"})

    found = desk.json("consent", "show", "--alias", alias, *BY)["consents"]
    assert document["filed"][0]["number"] in {row["number"] for row in found}
    assert len(found) == 2


def test_an_alias_beside_the_name_of_somebody_else_is_refused(network: Network, desk: Desk) -> None:
    filed(desk, {})
    wrong = {"identifier_type": "LOCAL_KEY", "identifier_value": alias_of(network), "last_name": "Kowalczyk"}

    document = filed(desk, {**wrong, "first_name": "Bruno", "form_id": "F-11"}, code=1)

    assert document["problems"][0]["where"] == "consents, line 2, identifier_value"


def test_a_person_who_resembles_an_own_client_is_asked_about_and_not_guessed(network: Network, desk: Desk) -> None:
    filed(desk, {})

    document = filed(desk, {"identifier_value": "1199999999", "form_id": "F-12"}, code=1)

    assert document["filed"] == []
    assert alias_of(network) in document["problems"][0]["expected"]
    assert desk.json("deliveries", "waiting") == {"waiting": []}  # nothing could fetch it again


def test_two_look_alikes_in_one_file_are_asked_about_and_the_good_lines_filed(desk: Desk) -> None:
    document = filed(desk, {}, {"identifier_value": "1199999999"}, OTHER, code=1)

    assert [row["line"] for row in document["filed"]] == [2, 4]
    assert [problem["where"] for problem in document["problems"]] == ["consents, line 3, identifier_type"]


@pytest.mark.parametrize(
    "typed", [{"identifier_value": "1199999999"}, {"identifier_value": "1199999999", "last_name": "X"}]
)
def test_a_no_that_names_its_consent_is_heard_whoever_else_its_person_resembles(
    desk: Desk, typed: dict[str, str]
) -> None:
    """A mistyped number of the client; the second resembles nobody."""
    number = filed(desk, {})["filed"][0]["number"]

    said = {"consent_id": number, "withdrawn_at": "2026-05-30 09:00:00", "withdrawn_how": "LETTER"}
    document = filed(desk, {**typed, **said})

    assert document["filed"][0]["state"] == "WITHDRAWN"


def test_a_no_of_another_known_client_is_not_this_ones(desk: Desk) -> None:
    number = filed(desk, {}, {**OTHER, "form_id": "F-10"})["filed"][0]["number"]

    said = {"consent_id": number, "withdrawn_at": "2026-05-30 09:00:00", "withdrawn_how": "LETTER"}
    document = filed(desk, {**OTHER, **said}, code=1)

    assert document["problems"][0]["where"] == "consents, line 2, consent_id"


def test_another_agencys_worker_files_nothing(desk: Desk) -> None:
    said = desk.refused("consent", "import", "-", "--agency", "harbour", "--as", "lakeside-worker", stdin=sheet({}))

    assert "expected a worker of `harbour`" in said


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param("", "file", id="nothing at all"),
        pytest.param("identifier_type\nUCI\n", "header", id="columns of the person missing"),
        pytest.param("client_id," + ",".join(PERSON) + "\n", "header, column 1", id="a column that belongs elsewhere"),
        pytest.param('"open', "line 1", id="a quote that does not close"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(desk: Desk, data: str, place: str) -> None:
    said = desk.refused("consent", "import", "-", *BY, stdin=data)

    assert said.startswith(f"{place}: got")


def test_add_takes_one_line_for_the_client_of_an_alias(network: Network, desk: Desk) -> None:
    filed(desk, {})
    alias = alias_of(network)
    one = sheet({**dict.fromkeys(PERSON), "form_id": "F-20"})

    document = desk.json("consent", "add", "--alias", alias, *BY, stdin=one)

    assert document["filed"][0]["state"] == "ACTIVE"


def test_add_refuses_a_person_beside_the_alias_two_lines_and_an_alias_of_nobody(network: Network, desk: Desk) -> None:
    filed(desk, {})
    alias = alias_of(network)
    bare = dict.fromkeys(PERSON)

    assert "header" in desk.refused("consent", "add", "--alias", alias, *BY, stdin=sheet({}))
    assert "2 lines" in desk.refused(
        "consent", "add", "--alias", alias, *BY, stdin=sheet(bare, {**bare, "form_id": "x"})
    )
    assert "--alias" in desk.refused("consent", "add", "--alias", "AAAAAAAAAAAA", *BY, stdin=sheet(bare))


def test_withdraw_is_for_good_and_its_receipt_is_one_document(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    receipt = desk.json("consent", "withdraw", number, "--how", "TELEPHONE", "--said-at", "2026-05-30 09:00:00", *BY)

    assert (receipt["arrived"], receipt["not_arrived"], receipt["unknown"]) == ([], [], [])
    assert filed(desk, {})["filed"][0]["state"] == "WITHDRAWN"  # the line that gave it does not bring it back
    (entry,) = [entry for entry in desk.entries() if entry["event_type"] == "CONSENT_WITHDRAWN"]
    assert entry["effective_at"] == "2026-05-30T13:00:00+00:00"
    assert entry["reason_code"] == "TELEPHONE"


@pytest.mark.parametrize("when", ["2031-01-01", "yesterday", "2026-13-01"])
def test_a_withdrawal_is_said_at_a_time_that_has_been(desk: Desk, when: str) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    assert "--said-at" in desk.refused("consent", "withdraw", number, "--how", "LETTER", "--said-at", when, *BY)
    assert desk.json("consent", "show", number, *BY)["consents"][0]["state"] == "ACTIVE"


def test_a_later_row_of_a_system_does_not_undo_a_withdrawal_by_command(network: Network, desk: Desk) -> None:
    client, _ = refer(network)
    network.run()
    (row,) = desk.json("consent", "show", "--alias", alias_of(network), *BY)["consents"]

    desk.ok("consent", "withdraw", row["number"], "--how", "TELEPHONE", *BY)
    db = network.db("harbour")
    db.execute(
        "UPDATE consent SET categories = 'IDENT NEEDS', row_version = row_version + 1 WHERE client_id = ?", (client,)
    )
    db.execute("UPDATE client SET city = 'Oshawa' WHERE client_id = ?", (client,))
    db.close()
    network.run()

    found = desk.json("consent", "show", "--alias", alias_of(network), *BY)["consents"]
    assert [one["state"] for one in found] == ["WITHDRAWN"]


def test_either_party_may_take_a_withdrawal_and_a_worker_of_the_hub_too(network: Network, desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    desk.refused("consent", "withdraw", number, "--how", "LETTER", "--agency", "harbour", "--as", "lakeside-worker")
    desk.ok("consent", "withdraw", number, "--how", "LETTER", "--agency", "harbour", "--as", "steward")

    assert desk.entries()[-1]["actor"]["on_behalf_of"] == "harbour"


def test_a_record_names_its_consent_to_its_own_parties_only(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    desk.ok("agencies", "add", "northside", "--name", "N", "--lane", "general", "--as", "steward")
    desk.ok("workers", "add", "nora", "--agency", "northside", "--role", "worker", "--as", "steward")

    shown = desk.json("consent", "show", "harbour-cms/consent:1", *BY)
    assert shown["alias"] == alias_of(network)
    theirs = desk.json("consent", "show", "harbour-cms/consent:1", "--agency", "lakeside", "--as", "lakeside-worker")
    assert theirs["alias"] != shown["alias"]
    assert theirs["consents"][0]["number"] != shown["consents"][0]["number"]
    desk.refused("consent", "show", "harbour-cms/consent:1", "--agency", "northside", "--as", "nora")
    desk.refused("consent", "show", "harbour-cms/consent:2", *BY)


def test_an_end_that_has_passed_is_shown_though_nothing_waited_for_it(desk: Desk) -> None:
    number = filed(desk, {"expires_on": "2026-05-31"})["filed"][0]["number"]

    assert desk.json("consent", "show", number, *BY)["consents"][0]["state"] == "EXPIRED"


def test_an_agency_sees_no_consent_of_which_it_is_no_party(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]
    desk.ok("agencies", "add", "northside", "--name", "N", "--lane", "general", "--as", "steward")
    desk.ok("workers", "add", "nora", "--agency", "northside", "--role", "worker", "--as", "steward")

    assert "NUMBER" in desk.refused("consent", "show", number, "--agency", "northside", "--as", "nora")


def test_a_directive_is_added_shown_and_lifted(network: Network, desk: Desk) -> None:
    filed(desk, {})
    alias = alias_of(network)

    name = desk.json("consent", "directive", "add", "--alias", alias, "--recipient", "lakeside", *BY)["directive"]
    shown = desk.json("consent", "show", "--alias", alias, *BY)["directives"]
    desk.ok("consent", "directive", "lift", name, *BY)

    assert [(one["id"], one["recipients"], one["purposes"]) for one in shown] == [(name, ["lakeside"], [])]
    assert desk.json("consent", "show", "--alias", alias, *BY)["directives"] == []
    said = [entry["event_type"] for entry in desk.entries() if entry["event_type"].startswith("DIRECTIVE")]
    assert said == ["DIRECTIVE_ADDED", "DIRECTIVE_LIFTED"]


def test_no_look_at_a_consent_goes_without_its_entry(network: Network, desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    desk.ok("consent", "show", number, *BY)
    desk.ok("consent", "show", "--alias", alias_of(network), *BY)

    one, all_of_them = [entry for entry in desk.entries() if entry["event_type"] == "VIEW"]
    assert (one["actor"]["ref"], one["what"], one["agency"], one["count"]) == (
        "harbour-worker",
        "consents",
        "harbour",
        1,
    )
    assert (one["subject_ref"], one["consents"]) == (all_of_them["subject_ref"], all_of_them["consents"])


def test_a_look_that_is_refused_mints_no_number_and_is_no_entry(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    before = desk.entries()

    for worker in ("steward", "lakeside-worker"):
        said = desk.refused("consent", "show", "harbour-cms/consent:1", "--agency", "harbour", "--as", worker)
        assert said.startswith("--as: got")

    assert desk.entries() == before


def test_the_hubs_officer_may_look_and_its_other_workers_may_not(network: Network, desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]
    desk.ok("workers", "add", "olive", "--agency", "hub", "--role", "officer", "--as", "steward")

    assert desk.json("consent", "show", number, "--agency", "harbour", "--as", "olive")["consents"]
    assert desk.entries()[-1]["actor"]["on_behalf_of"] == "harbour"
    assert "officer" in desk.refused("consent", "show", number, "--agency", "harbour", "--as", "steward")


def test_a_decline_is_not_withdrawn_and_its_number_lifts_it_in_a_new_consent(network: Network, desk: Desk) -> None:
    number = filed(desk, {"declined": "1"})["filed"][0]["number"]

    said = desk.refused("consent", "withdraw", number, "--how", "TELEPHONE", *BY)

    assert "state DECLINED" in said
    assert "names it in `lifts`" in said  # which is then so:
    newer = filed(desk, {"form_id": "F-30", "lifts": number})["filed"][0]["number"]
    with network.hub.store.peek() as rows:
        declined, lifting = (rows.consents.by_number("harbour", each) or "" for each in (number, newer))
        found = rows.consents.get(lifting)
    assert found is not None
    assert found.lifts == (declined,)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"keep_out": "1", "valid_from": "soon"}, 0, id="beside a day that cannot be read"),
        pytest.param({"keep_out": "perhaps"}, 0, id="an unclear word is the no"),
        pytest.param({"keep_out": "1", "identifier_value": "1199999999"}, 0, id="of a person who resembles a client"),
    ],
)
def test_c_30_a_word_that_keeps_out_is_heard_in_spite_of_faults(
    desk: Desk, more: Mapping[str, str | None], code: int
) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    filed(desk, {"consent_id": number, **more}, code=code)
    before = desk.json("consent", "show", number, *BY)["consents"][0]
    filed(desk, {"consent_id": number})  # silent: it confirms nothing

    assert (before["state"], before["suspended"]) == ("SUSPENDED", "KEEP_OUT")
    assert desk.json("consent", "show", number, *BY)["consents"][0]["state"] == "SUSPENDED"


def test_c_30_a_word_that_keeps_out_names_its_consent_and_goes_before_a_yes(desk: Desk) -> None:
    assert filed(desk, {"keep_out": "1"}, code=1)["problems"][0]["where"].endswith("consent_id")

    document = filed(desk, {"consent_id": "HC-7"}, {"consent_id": "HC-7", "keep_out": "1"}, code=1)

    assert [row["state"] for row in document["filed"]] == ["SUSPENDED"]


def test_c_37_of_a_draft_it_is_said_which_version_counts_meanwhile(desk: Desk) -> None:
    number = filed(desk, {})["filed"][0]["number"]
    before = desk.json("consent", "show", number, *BY)["stands"]
    filed(desk, {"consent_id": number, "given_by": None})

    shown = desk.json("consent", "show", number, *BY)

    assert (before, shown["consents"][0]["state"], shown["stands"]) == (None, "DRAFT", 1)
    assert "version 1 counts until this draft is complete" in desk.ok("consent", "show", number, *BY)


def test_c_107_of_whom_a_directive_speaks_stays_with_it_and_its_agency_is_kept_out(
    network: Network, desk: Desk
) -> None:
    filed(desk, {})
    alias = alias_of(network)
    said = ("--recipient", "lakeside", "--worker", "lakeside-worker", "--said-by", "PARENT")

    name = desk.json("consent", "directive", "add", "--alias", alias, *said, *BY)["directive"]

    (shown,) = desk.json("consent", "show", "--alias", alias, *BY)["directives"]
    assert (shown["id"], shown["recipients"], shown["worker"], shown["said_by"]) == (
        *(name, ["lakeside"]),
        *("lakeside-worker", "PARENT"),
    )
    assert "means lakeside-worker" in desk.ok("consent", "show", "--alias", alias, *BY)


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(["--worker", "lakeside-worker"], id="of nobody in particular"),
        pytest.param(["--worker", "harbour-worker", "--recipient", "lakeside"], id="of another agency"),
        pytest.param(["--worker", "nobody", "--recipient", "lakeside"], id="nobody"),
        pytest.param(["--said-by", "NEIGHBOUR"], id="who decides for nobody"),
    ],
)
def test_a_directive_that_means_somebody_else_is_refused(network: Network, desk: Desk, option: list[str]) -> None:
    filed(desk, {})

    assert option[0] in desk.refused("consent", "directive", "add", "--alias", alias_of(network), *option, *BY)


@pytest.mark.parametrize("option", [["--recipient", "nowhere"], ["--purpose", "SPYING"], ["--category", "SHOES"]])
def test_a_directive_with_a_word_outside_its_list_is_refused(network: Network, desk: Desk, option: list[str]) -> None:
    filed(desk, {})

    assert option[0] in desk.refused("consent", "directive", "add", "--alias", alias_of(network), *option, *BY)


BASELINE = Path(__file__).parents[2] / "golden" / "decision" / "c-01-the-baseline" / "in.json"


def test_decide_answers_from_a_facts_file_alone(tmp_path: Path, desk: Desk) -> None:
    shutil.rmtree(desk.folder)

    document = desk.json("consent", "decide", "--facts", str(BASELINE))
    said = desk.ok("consent", "decide", "--facts", "-", stdin=BASELINE.read_bytes())

    assert (document["outcome"], document["codes"]) == ("PERMIT", ["OK_CONSENT"])
    assert said.startswith("PERMIT at P-10: OK_CONSENT\nIt may go. The client agreed to this.\nCela peut partir.")
    assert document["explained"]["en"] == "It may go. The client agreed to this."
    assert not desk.folder.exists()


@pytest.mark.parametrize(
    ("lang", "said", "unsaid"), [("en", "It may go.", "Cela peut"), ("fr", "Cela peut partir.", "It may")]
)
def test_decide_speaks_the_one_language_that_is_asked_for(desk: Desk, lang: str, said: str, unsaid: str) -> None:
    answer = desk.ok("consent", "decide", "--facts", str(BASELINE), "--lang", lang)

    assert said in answer
    assert unsaid not in answer


@pytest.mark.parametrize(
    "command",
    [("consent", "decide", "--facts", "-"), ("disclosures", "A", "--to", "SELF", "--request", "R", "--as", "x")],
)
def test_a_language_that_the_hub_does_not_speak_is_refused(desk: Desk, command: tuple[str, ...]) -> None:
    assert "expected one of en, fr" in desk.refused(*command, "--lang", "de", code=2)


def test_a_refusal_is_an_answer_and_says_what_to_do(desk: Desk) -> None:
    facts = json.loads(BASELINE.read_bytes())
    facts["agreements"] = []

    said = desk.ok("consent", "decide", "--facts", "-", stdin=json.dumps(facts))

    assert "DN_NO_AGREEMENT" in said
    assert "hub agreements list" in said


def test_decide_refuses_what_is_no_facts_document_with_its_path(desk: Desk) -> None:
    said = desk.refused("consent", "decide", "--facts", "-", stdin='{"at": "2026-06-01T16:00:00Z", "at": "x"}')

    assert "facts" in said


def question(network: Network, *more: str, to: str = "lakeside-employment") -> tuple[str, ...]:
    return ("consent", "decide", "--alias", alias_of(network), "--to", to, *more, *BY)


def test_decide_says_of_a_client_what_would_go_and_on_which_consent(desk: Desk, network: Network) -> None:
    number = filed(desk, {})["filed"][0]["number"]

    document = desk.json(*question(network))
    said = desk.ok(*question(network))

    assert (document["outcome"], document["codes"][0]) == ("PERMIT_REDACTED", "OK_CONSENT")
    assert document["basis"] == [number], "no number of the registry's own, and no agreement"
    assert {"IDENT", "NEEDS"} <= {*document["goes"]}
    assert not {*document["goes"]} & {each["category"] for each in document["withheld"]}
    assert "The client agreed to this." in said
    assert "consenti" in said
    assert "it may not go" not in said.lower()


def test_of_less_that_is_asked_nothing_is_withheld(desk: Desk, network: Network) -> None:
    filed(desk, {})

    document = desk.json(*question(network, "--category", "IDENT", "--category", "NEEDS"))

    assert (document["outcome"], document.get("withheld")) == ("PERMIT", None)


def test_a_look_at_what_would_go_is_an_entry_and_no_decision(desk: Desk, network: Network) -> None:
    filed(desk, {})
    before = len(desk.entries())

    desk.ok(*question(network))

    (entry,) = desk.entries()[before:]
    assert (entry["event_type"], entry["what"], entry["count"]) == ("VIEW", "question", 1)
    assert network.codes() == {}


def test_a_refusal_from_ids_says_what_to_do(desk: Desk, network: Network) -> None:
    number = filed(desk, {})["filed"][0]["number"]
    desk.ok("consent", "withdraw", number, "--how", "TELEPHONE", *BY)

    document = desk.json(*question(network))

    assert (document["outcome"], document["codes"], document["goes"]) == ("DENY", ["DN_WITHDRAWN"], [])
    assert "respect it" in desk.ok(*question(network))


@pytest.mark.parametrize(
    ("args", "place"),
    [
        (("--to", "harbour-employment-of-nobody"), "--to"),
        (("--category", "SHOE_SIZE"), "--category"),
        (("--alias", "ZZZZZZZZZZZZ"), "--alias"),
    ],
)
def test_a_question_with_an_unknown_word_is_refused_by_its_name(
    desk: Desk, network: Network, args: tuple[str, str], place: str
) -> None:
    filed(desk, {})

    assert place in desk.refused(*question(network), *args)


@pytest.mark.parametrize("args", [(), ("--facts", str(BASELINE), "--alias", "ABCDEFGHIJKL"), ("--alias", "A")])
def test_decide_takes_a_document_or_ids_and_not_half_of_either(desk: Desk, args: tuple[str, ...]) -> None:
    assert "--facts" in desk.refused("consent", "decide", *args, code=2)


def test_another_agencys_worker_asks_nothing_of_a_client(desk: Desk, network: Network) -> None:
    filed(desk, {})

    said = desk.refused(
        "consent", "decide", "--alias", alias_of(network), "--to", "lakeside-employment",
        "--agency", "harbour", "--as", "lakeside-worker",
    )  # fmt: skip

    assert "--as" in said


def test_every_way_of_saying_it_is_in_the_help(desk: Desk) -> None:
    assert all(word in " ".join(desk.run("consent", "withdraw", "--help").stdout.split()) for word in HOW)
