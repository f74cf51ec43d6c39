"""What EOIS words become in FHIR and back (program systems 6.2, 6.3, 6.5, 9.5; settled S8, S10, S16). All invented."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from adapters.eois import ADAPTER, lists, translate
from hub.errors import RecordUnreadable
from hub.kinds import load_mappings
from hub.mapping import Context, Partly
from hub.model import codes
from hub.model.fhir import code_in
from hub.model.record import Record

from . import eois_samples
from .test_roundtrip import differing

TABLES = Path(__file__).parents[3] / "mappings" / "eois"
EOIS = load_mappings("eois", TABLES / "no overlay")
MAPLE = Context("maple", "3898A")
SERVICES = [
    "language-assessment", "language-training", "settlement", "employment", "literacy", "credentials", "housing",
    "health", "legal", "income", "food-clothing", "childcare", "family", "education", "community", "other",
]  # fmt: skip


def request(client: dict[str, str] | None = None, groups: dict[str, str] | None = None, **fields: str) -> Record:
    whole = {
        "number": "R-1", "service": "community/80", "created": "2026-05-29T10:15:00-04:00",
        "sender_sds": "3898A", "receiver_sds": "4102B",
    }  # fmt: skip
    below = {name: (Record(name, {"code": code}),) for name, code in (groups or {}).items()}
    child = Record("client", {"client_id": "1234567", "last_name": "Okonkwo", **(client or {})}, below)
    return Record("RF_REQUEST", {**whole, **fields}, {"client": (child,)})


def entries(record: Record) -> list[dict[str, Any]]:
    return list(EOIS.records[record.kind].to_fhir(record, MAPLE).resources)


def only(record: Record, kind: str) -> dict[str, Any]:
    (found,) = [each["resource"] for each in entries(record) if each["resource"]["resourceType"] == kind]
    return found


def back(record: Record) -> Record:
    numbered = entries(record)
    for entry in numbered:  # what the exchange puts in
        if entry["resource"]["resourceType"] == "ServiceRequest":
            entry["resource"]["identifier"].append({"system": codes.ID_REFERRAL, "value": record.fields["number"]})
    return EOIS.records[record.kind].from_fhir(numbered, MAPLE).record


def rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader((TABLES / f"{table}.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("gender", "identify_as"), ("immigration_status", "status_in_canada"), ("preferred_language",) * 2,
        ("program", "plan_program"),
    ],
)  # fmt: skip
def test_every_label_of_a_list_has_its_row_and_no_row_names_another(table: str, named: str) -> None:
    assert {row["local"] for row in rows(table) if row["local"]} == set(lists.known(named)) - {"To be chosen"}


def test_every_group_is_of_one_category() -> None:
    groups = [row["local"] for name in ("race_group", "health_group") for row in rows(name)]
    others = ["francophone", "internationally-trained-professional", "newcomer"]

    assert sorted([*groups, *others]) == sorted(lists.known("designated_group"))


def test_every_label_of_both_referral_lists_has_its_row_case_55() -> None:
    named = {row["local"] for row in rows("service_wanted")}

    assert named == {f"{name}/{code}" for name in lists.REFERRED for code in lists.known(name)}


@pytest.mark.parametrize("wanted", SERVICES)
def test_every_service_has_a_label_to_be_written_with_6_3(wanted: str) -> None:
    (row,) = [row for row in rows("service_wanted") if row["code"] == wanted and row["way"] != ">"]

    name, code = row["local"].split("/")
    assert code in lists.known(name)


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("community/60", "language-assessment"), ("program/60", "employment"), ("program/70", "literacy"),
        ("community/90", "credentials"), ("program/10", "credentials"), ("program/220", "income"),
        ("community/100", None), ("program/260", None), ("community/110", None), ("program/20", None),
    ],
)  # fmt: skip
def test_a_label_of_several_services_or_none_says_nothing_when_read_s16(service: str, wanted: str | None) -> None:
    asked = only(request(service=service), "ServiceRequest")

    assert code_in(asked.get("code"), codes.SERVICE_WANTED) == wanted


@pytest.mark.parametrize("status", ["Other: refugee", "Other: work permit"])
def test_a_status_that_stands_for_several_is_written_only_s16(status: str) -> None:
    assert not [each for each in entries(request({"status_in_canada": status})) if "Observation" in str(each)]
    assert {row["code"] for row in rows("immigration_status") if row["local"] == status and row["way"] == "<"}


@pytest.mark.parametrize(
    ("said", "gender"), [("Female", "female"), ("Trans", "other"), ("Other", "other"), ("Prefer not to disclose", None)]
)
def test_a_gender_that_fhir_cannot_say_is_not_guessed_case_59(said: str, gender: str | None) -> None:
    assert only(request({"identify_as": said}), "Patient").get("gender") == gender


def test_each_group_has_the_label_of_what_it_tells_s10() -> None:
    found = entries(request(groups={"race_group": "aboriginal", "health_group": "deaf-blind"}))
    labels = {
        each["resource"]["valueCodeableConcept"]["coding"][0]["code"]: [
            tag["code"] for tag in each["resource"]["meta"]["security"] if tag["system"] == codes.CATEGORY
        ]
        for each in found
        if each["resource"]["resourceType"] == "Observation"
    }

    assert labels == {"aboriginal": ["race-indig"], "deaf-blind": ["health-phys"]}


def test_a_request_comes_back_as_it_was() -> None:
    client = {
        "first_name": "Amara", "alias": "Mara", "birth_date": "1991-07-22", "identify_as": "Female",
        "status_in_canada": "Permanent Resident", "date_arrived": "2024-03-04", "preferred_language": "French",
        "postal_code": "M5V2T6", "street_number": "4", "unit": "12", "phone": "416-555-0142", "email": "a@example.org",
    }  # fmt: skip
    sent = request(client, {"race_group": "visible-minority", "health_group": "deaf"}, reason="Asks for evenings")

    assert back(sent) == sent


@pytest.mark.parametrize(
    ("state", "task", "reason"),
    [
        ("received", "received", None), ("accepted", "accepted", None),
        ("waitlisted", "accepted", None), ("declined", "rejected", "other"),
    ],
)  # fmt: skip
def test_an_answer_says_state_and_reason_s8(state: str, task: str, reason: str | None) -> None:
    fields = {
        "number": "K7QM2XWBREFE",
        "created": "2026-05-29T10:15:00-04:00",
        "sender_sds": "3898A",
        "receiver_sds": "4102B",
    }
    found = only(Record("RF_STATUS", {**fields, "status": state}), "Task")

    assert (found["status"], code_in(found["businessStatus"], codes.REFERRAL_STATE)) == (task, state)
    assert code_in(found.get("statusReason"), codes.STATE_REASON) == reason
    assert found["owner"]["identifier"]["value"] == "3898A"
    assert found["requester"]["identifier"]["value"] == "4102B"  # fmt: skip


def test_a_row_of_an_extract_says_when_its_plan_was_closed_and_of_which_stream_it_is() -> None:
    row = Record(
        "RF_REQUEST",
        {
            "number": "1/program/60", "service": "program/60", "created": "2026-05-28", "sender_sds": "3898A",
            "program": "Youth Job Link",
        },
        {"client": (Record("client", {"client_id": "1234567"}),)},
    )  # fmt: skip
    asked = only(row, "ServiceRequest")

    assert asked["authoredOn"] == "2026-05-28T00:00:00-04:00"
    assert "performer" not in asked
    assert [each["coding"][0]["code"] for each in asked["category"]][-1] == "youth"
    assert "name" not in only(row, "Patient")


# any record


def _explained(place: str, was: str | None, reasons: list[str]) -> bool:
    """A reason that begins with a word in backticks is about that word alone."""
    return any(not reason.startswith("`") or reason.startswith(f"`{was}`") for reason in reasons)


@pytest.mark.parametrize("kind", ["RF_REQUEST", "RF_STATUS", "PLAN", "EXIT", "FOLLOW_UP"])
def test_what_does_not_come_back_as_it_was_is_in_the_loss_report(kind: str) -> None:
    report: dict[str, list[str]] = {}
    for loss in EOIS.records[kind].loss_report():
        report.setdefault(loss.place, []).append(loss.reason)
    met: set[str] = set()

    for seed in range(300):
        sent = eois_samples.record(kind, seed)
        for place, was in differing(sent, back(sent)):
            met.add(place)
            assert _explained(place, was, report.get(place, [])), (seed, place)

    awkward = {"RF_REQUEST": "reason", "RF_STATUS": "reason", "PLAN": "client.phone", "EXIT": "exit"}
    assert {"created", awkward.get(kind, "status")} <= met, "awkward values were tried"


# pairs


@pytest.mark.parametrize(
    ("lines", "number", "unit"),
    [
        (["4 Oak Street"], "4", None),
        (["4", "12"], "4", "12"),
        (["123, rue Ste-Catherine O"], "123", None),
        (["12B Elm Street", "Unit 3"], "12B", "Unit 3"),
        (["R.R. 2"], None, None),
        (["1234567 Nowhere"], None, None),
    ],
)
def test_of_a_street_the_number_goes_and_the_rest_is_told_case_27(
    lines: list[str], number: str | None, unit: str | None
) -> None:
    found = translate.street_out(lines)
    value, lost = (found.value, found.lost) if isinstance(found, Partly) else (found, {})

    assert value == (number, unit)
    assert bool(lost) == (number != lines[0])


@pytest.mark.parametrize("number", ["Oak Street", "-", "R.R. 2"])
def test_a_street_number_begins_with_a_digit_or_stays(number: str) -> None:
    found = translate.street_in(number, "3")

    assert isinstance(found, Partly)
    assert found.value is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-29T10:15:00-04:00", "2026-05-29T10:15:00-04:00"),
        ("2026-05-29T14:15:00Z", "2026-05-29T10:15:00-04:00"),
        ("2026-05-29", "2026-05-29T00:00:00-04:00"),
        ("2026-01-29", "2026-01-29T00:00:00-05:00"),
        ("2026-05", None),
        ("2026-05-29T10:15:00", None),
    ],
)
def test_a_moment_is_written_as_torontos_clocks_show_it(text: str, moment: str | None) -> None:
    found = translate.moment_out(text)

    assert (found.value if isinstance(found, Partly) else found) == moment


def test_the_words_of_a_coded_reason_stand_before_the_receivers_own() -> None:
    reason = {"coding": [{"code": "no-capacity", "display": "No capacity"}]}

    note = [{"text": "Try in autumn"}]

    assert translate.words_out({"statusReason": reason, "note": note}) == "No capacity. Try in autumn"
    assert translate.words_out({"note": note}) == "Try in autumn"
    assert translate.words_out({}) is None


@pytest.mark.parametrize(
    ("code", "out"), [("m5v 2t6", "M5V 2T6"), ("MOV 2T6", "M0V 2T6"), ("M5V", None)]
)  # fmt: skip
def test_a_postal_code_is_put_right_or_stays_case_25(code: str, out: str | None) -> None:
    address = only(request({"postal_code": code}), "Patient").get("address", [{}])[0]

    assert address.get("postalCode") == out


def test_a_postal_code_that_does_not_exist_is_refused_case_25() -> None:
    with pytest.raises(RecordUnreadable, match=r"client\.postal_code"):
        entries(request({"postal_code": "H0H0H0"}))


def test_a_phone_is_one_number_and_the_rest_is_told_case_28() -> None:
    made = EOIS.records["RF_REQUEST"].to_fhir(request({"phone": "(416) 555-0142 ext. 7"}), MAPLE)

    assert [loss.place for loss in made.losses] == ["client.phone"]
    assert translate.phone_out("+1-416-555-0142") == "416-555-0142"


def test_a_year_alone_is_left_out_with_a_line_s16_case_13() -> None:
    found = translate.birth_date_out({"birthDate": "1991"})

    assert isinstance(found, Partly)
    assert (found.value, list(found.lost)) == (None, ["birth_date"])
    assert translate.birth_date_out({"birthDate": "1991-01-01"}) == "1991-01-01"


def test_the_card_says_what_there_is() -> None:
    assert ADAPTER.kind == "eois"
    assert ADAPTER.answers
    assert {kind.name: (kind.event, kind.own) for kind in ADAPTER.records} == {
        "RF_REQUEST": ("referral", ""),
        "RF_STATUS": ("referral-status", "number"),
        "PLAN": ("plan-shared", ""),
        "EXIT": ("notify-update-process-request", "number"),
        "FOLLOW_UP": ("review-done", ""),
    }
