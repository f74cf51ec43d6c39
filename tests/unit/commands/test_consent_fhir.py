"""`hub consent show --fhir` and `hub consent import` of FHIR R4 Consents: the rules of a line hold for them too."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.consent import Consent as R4Consent

from tests.network import Network
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_consent import BY, OTHER, alias_of, filed

STATE = "https://hub.example.org/fhir/StructureDefinition/consent-state"
RECORD = "https://hub.example.org/fhir/StructureDefinition/consent-record"
SUPERSEDES = "https://hub.example.org/fhir/StructureDefinition/supersedes"
CATEGORY = "https://hub.example.org/fhir/CodeSystem/client-data-category"
NAME = "Zzyzx Ottilie"
LAKESIDE = ("--agency", "lakeside", "--as", "lakeside-worker")
Resource = dict[str, Any]


@pytest.fixture
def number(desk: Desk) -> str:
    """The number of a consent of Harbour's one client, entered as a line."""
    return str(filed(desk, {})["filed"][0]["number"])


@pytest.fixture
def form(desk: Desk, number: str) -> Resource:
    """That consent as FHIR."""
    return desk.json("consent", "show", number, "--fhir", *BY)


def enter(desk: Desk, *resources: Resource, code: int = 0) -> Any:
    entries = [{"resource": each} for each in resources]
    document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return desk.json("consent", "import", "-", *BY, stdin=json.dumps(document), code=code)


def changed(form: Resource, change: Callable[[Resource], object] = lambda _: None, number: str = "") -> Resource:
    """The form with something else; of another number of the agency's own, where one is given."""
    made = copy.deepcopy(form)
    if number:
        made["identifier"] = [{"system": "https://harbour.example.org/consent", "value": number}]
    change(made)
    return made


def with_state(word: str, status: str) -> Callable[[Resource], None]:
    def change(made: Resource) -> None:
        made["status"] = status
        next(each for each in made["extension"] if each["url"] == STATE)["valueCode"] = word

    return change


def replacing(*numbers: str) -> Callable[[Resource], None]:
    named = [{"url": SUPERSEDES, "valueReference": {"reference": f"Consent/{each}"}} for each in numbers]
    return lambda made: made["extension"].extend(named)


def denies(made: Resource) -> None:
    made["provision"] = {"type": "deny", "actor": made["provision"]["actor"]}


def shown(desk: Desk, number: str) -> Any:
    return desk.json("consent", "show", number, *BY)["consents"][0]


def test_what_is_shown_is_a_fhir_consent_by_the_agencys_own_names_and_the_look_is_in_the_log(
    network: Network, desk: Desk, number: str, form: Resource
) -> None:
    R4Consent.model_validate(form)
    assert form["id"] == form["identifier"][0]["value"] == number
    assert form["patient"] == {"reference": f"Patient/{alias_of(network)}"}
    assert [entry["actor"]["ref"] for entry in desk.entries() if entry["event_type"] == "VIEW"] == ["harbour-worker"]
    assert not [
        word
        for word in ("Zzyzx-Marchetti", "Ottilie", "1155667788", "drawer 4", "Patient/s-", "c-")
        if word in str(form)
    ]


def test_the_recipient_is_shown_no_number_of_the_form_and_needs_an_alias(desk: Desk, number: str) -> None:
    key = desk.refused("consent", "show", number, "--fhir", *LAKESIDE)

    assert key.startswith("NUMBER: got")  # it has another number for it, or none


def test_fhir_is_of_one_number(network: Network, desk: Desk, number: str) -> None:
    desk.refused("consent", "show", "--alias", alias_of(network), "--fhir", *BY, code=2)


def test_what_was_shown_can_be_entered_again_as_another_consent(desk: Desk, form: Resource) -> None:
    (row,) = enter(desk, changed(form, number="F-1"))["filed"]

    assert (row["line"], row["state"], row["missing"]) == (1, "ACTIVE", [])
    again = desk.json("consent", "show", row["number"], "--fhir", *BY)
    assert again["provision"] == form["provision"]


def test_the_same_file_again_changes_nothing(desk: Desk, form: Resource) -> None:
    first = enter(desk, changed(form, number="F-1"), changed(form, denies, "F-2"))
    entries = desk.entries()

    assert enter(desk, changed(form, number="F-1"), changed(form, denies, "F-2")) == first
    assert desk.entries() == entries


def test_one_consent_in_a_file_of_its_own(desk: Desk, form: Resource, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text("\ufeff" + json.dumps(changed(form, number="F-1")), encoding="utf-8")

    assert desk.json("consent", "import", str(file), *BY)["filed"][0]["state"] == "ACTIVE"


def test_the_hubs_number_makes_it_the_next_version(desk: Desk, number: str, form: Resource) -> None:
    narrower = changed(form, lambda made: made["provision"]["securityLabel"].pop())

    assert enter(desk, narrower)["filed"][0]["number"] == number
    assert (shown(desk, number)["version"], shown(desk, number)["categories"]) == (2, ["IDENT", "CONTACT"])


def test_good_ones_are_filed_and_every_fault_of_the_others_has_its_path(desk: Desk, form: Resource) -> None:
    document = enter(
        desk,
        changed(form, number="F-1"),
        changed(form, lambda made: made["provision"].update(action=[{}], dataPeriod={}), "F-2"),
        changed(
            form, lambda made: made["provision"]["actor"][0]["reference"].update(reference="Organization/x"), "F-3"
        ),
        changed(form, lambda made: made["patient"].update(reference=f"Patient/{'A' * 12}"), "F-4"),
        changed(form, lambda made: made["organization"][0].update(reference="Organization/lakeside"), "F-5"),
        {"resourceType": "Patient", "name": [{"text": NAME}]},
        code=1,
    )

    assert [row["line"] for row in document["filed"]] == [1]
    paths = [problem["where"].partition("resource.")[::2] for problem in document["problems"]]
    assert paths == [
        ("Bundle.entry[1].", "provision.action"),
        ("Bundle.entry[1].", "provision.dataPeriod"),
        ("Bundle.entry[2].", "provision.actor[0].reference"),
        ("Bundle.entry[3].", "performer[0]"),
        ("Bundle.entry[4].", "organization[0]"),
        ("Bundle.entry[5].", "resourceType"),
    ]
    assert "Ottilie" not in str(document)


def test_a_client_whom_the_agency_does_not_know_is_refused_and_nobody_is_minted(desk: Desk, form: Resource) -> None:
    def other(made: Resource) -> None:
        made["patient"] = {"reference": "Patient/AAAAAAAAAAAA"}
        made["performer"] = [made["patient"]]

    document = enter(desk, changed(form, other, "F-1"), code=1)

    assert document["problems"][0]["where"] == "Bundle.entry[0].resource.patient"


def test_a_field_that_is_missing_leaves_a_draft_that_says_which(desk: Desk, form: Resource) -> None:
    document = enter(desk, changed(form, lambda made: made.pop("sourceReference"), "F-1"))

    assert [(row["state"], row["missing"]) for row in document["filed"]] == [("DRAFT", ["evidence_ref"])]


def test_a_consent_of_another_client_is_not_taken_over_by_its_number(desk: Desk, form: Resource) -> None:
    other = filed(desk, {**OTHER, "form_id": "F-10"})["filed"][0]["number"]

    def named(made: Resource) -> None:
        made["identifier"][0]["value"] = other

    document = enter(desk, changed(form, named), code=1)

    assert document["problems"][0]["got"] == "the consent of another client"


def test_the_same_consent_twice_in_a_file_is_refused_once(desk: Desk, form: Resource) -> None:
    document = enter(desk, changed(form, number="F-1"), changed(form, number="F-1"), code=1)

    assert len(document["filed"]) == 1
    assert document["problems"][0]["got"] == "the same consent as Consent 1 of the file"


def test_of_two_that_speak_of_one_consent_the_no_counts_wherever_it_stands(
    desk: Desk, number: str, form: Resource
) -> None:
    no = changed(form, with_state("withdrawn", "inactive"))

    document = enter(desk, form, no, no, code=1)

    assert [(row["line"], row["state"]) for row in document["filed"]] == [(2, "WITHDRAWN")]
    assert [(each["where"], each["got"]) for each in document["problems"]] == [
        ("Bundle.entry[0].resource.identifier", "a yes, and Consent 2 of the file says no to the same consent"),
        ("Bundle.entry[2].resource.identifier", "the same consent as Consent 2 of the file"),
    ]
    assert shown(desk, number)["state"] == "WITHDRAWN"


def unreadable(made: Resource) -> None:
    made["verification"] = [{"verified": True}]


@pytest.mark.parametrize("change", [with_state("invalidated", "entered-in-error"), unreadable])
@pytest.mark.parametrize("turned", [False, True])
def test_beside_one_that_is_over_or_cannot_be_read_no_yes_of_the_file_counts(
    desk: Desk, number: str, form: Resource, change: Callable[[Resource], None], turned: bool
) -> None:
    both = [changed(form, lambda made: made["provision"]["securityLabel"].pop()), changed(form, change)]

    document = enter(desk, *(reversed(both) if turned else both), code=1)

    assert document["filed"] == []
    assert shown(desk, number)["state"] == "SUSPENDED"


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_one_of_the_agencys_own_number_that_can_no_longer_be_read_is_suspended(
    desk: Desk, form: Resource, status: str
) -> None:
    number = enter(desk, changed(form, number="F-1"))["filed"][0]["number"]

    enter(desk, changed(form, lambda made: (unreadable(made), made.update(status=status)), "F-1"), code=1)

    assert shown(desk, number)["state"] == "SUSPENDED"


def test_what_was_kept_back_stays_so_when_a_line_that_cannot_say_it_changes_the_consent(
    desk: Desk, number: str, form: Resource
) -> None:
    def kept(made: Resource) -> None:
        label = next(each for each in made["provision"]["securityLabel"] if each["code"] == "contact")
        made["provision"]["provision"] = [{"type": "deny", "securityLabel": [label]}]

    enter(desk, changed(form, kept))
    filed(desk, {"consent_id": number, "keep_out": "1"})
    filed(desk, {"consent_id": number, "keep_out": "0"})

    assert desk.json("consent", "show", number, "--fhir", *BY)["provision"]["provision"][0]["type"] == "deny"


@pytest.mark.parametrize("status", ["active", "proposed"])
def test_what_can_no_longer_be_read_is_suspended_until_it_can(
    desk: Desk, number: str, form: Resource, status: str
) -> None:
    odd = changed(form, lambda made: made.update(status=status, verification=[{"verified": True}]))

    document = enter(desk, odd, code=1)
    before = shown(desk, number)["state"]
    enter(desk, changed(form, lambda made: made["provision"]["securityLabel"].pop()))

    assert all("is suspended" in each["next_step"] for each in document["problems"])
    assert (before, shown(desk, number)["state"]) == ("SUSPENDED", "ACTIVE")


def test_what_can_no_longer_be_read_and_says_that_it_is_over_stays_suspended(
    desk: Desk, number: str, form: Resource
) -> None:
    enter(desk, changed(form, lambda made: made.update(status="inactive", verification=[{}])), code=1)

    enter(desk, changed(form, lambda made: made["provision"]["securityLabel"].pop()))

    assert shown(desk, number)["state"] == "SUSPENDED"


def test_a_declined_form_and_a_withdrawal_go_on_in_spite_of_faults(desk: Desk, number: str, form: Resource) -> None:
    def declined(made: Resource) -> None:
        with_state("declined", "rejected")(made)
        made["provision"]["action"] = [{}]

    assert enter(desk, changed(form, declined, "F-1"))["filed"][0]["state"] == "DECLINED"

    def withdrawn(made: Resource) -> None:
        with_state("withdrawn", "inactive")(made)
        made["organization"] = made["policy"] = None

    assert enter(desk, changed(form, withdrawn))["filed"][0]["state"] == "WITHDRAWN"
    assert shown(desk, number)["state"] == "WITHDRAWN"


def test_a_withdrawal_names_what_it_withdraws(desk: Desk, form: Resource) -> None:
    def withdrawn(made: Resource) -> None:
        with_state("withdrawn", "inactive")(made)
        del made["identifier"]

    assert enter(desk, changed(form, withdrawn), code=1)["problems"][0]["where"].endswith(".identifier")


def test_an_active_root_deny_is_a_directive_until_it_is_lifted_by_its_id(
    network: Network, desk: Desk, form: Resource
) -> None:
    (row,) = enter(desk, changed(form, denies, "F-1"))["filed"]

    assert (row["state"], row["alias"]) == ("FORBIDS", alias_of(network))
    (no,) = desk.json("consent", "show", "--alias", row["alias"], *BY)["directives"]
    assert (no["id"], no["recipients"], no["purposes"]) == (row["number"], ["lakeside"], [])
    asked = ("consent", "decide", "--alias", row["alias"], "--to", "lakeside-employment", *BY)
    assert desk.json(*asked)["codes"][0] == "DN_DIRECTIVE"
    enter(desk, changed(form, replacing(row["number"]), "F-2"))
    assert desk.json(*asked)["codes"][0] == "OK_CONSENT"


def test_one_that_replaces_another_ends_it_in_the_same_moment(desk: Desk, number: str, form: Resource) -> None:
    def narrower(made: Resource) -> None:
        made["provision"]["securityLabel"].pop()
        replacing(number)(made)

    (row,) = enter(desk, changed(form, narrower, "F-1"))["filed"]

    assert (shown(desk, number)["state"], shown(desk, row["number"])["state"]) == ("SUPERSEDED", "ACTIVE")
    made = desk.json("consent", "show", row["number"], "--fhir", *BY)
    named = [each["valueReference"] for each in made["extension"] if each["url"] == SUPERSEDES]
    assert named == [{"reference": f"Consent/{number}"}]


def test_a_draft_replaces_nothing(desk: Desk, number: str, form: Resource) -> None:
    def unsigned(made: Resource) -> None:
        del made["sourceReference"]
        replacing(number)(made)

    assert enter(desk, changed(form, unsigned, "F-1"))["filed"][0]["state"] == "DRAFT"
    assert shown(desk, number)["state"] == "ACTIVE"


@pytest.mark.parametrize("named", ["AAAAAAAAAAAA", "d-0", "itself"])
def test_what_is_replaced_must_be_this_clients(desk: Desk, number: str, form: Resource, named: str) -> None:
    made = changed(form, replacing(number if named == "itself" else named), "" if named == "itself" else "F-1")

    assert enter(desk, made, code=1)["problems"][0]["got"] == "a number that supersedes names"


def test_a_file_does_not_change_and_replace_one_consent(desk: Desk, number: str, form: Resource) -> None:
    narrower = changed(form, lambda made: made["provision"]["securityLabel"].pop())

    document = enter(desk, narrower, changed(form, replacing(number), "F-1"), code=1)
    assert document["problems"][0]["got"] == "one that another Consent of the file is a version of"
    document = enter(desk, changed(form, replacing(number), "F-2"), changed(form, denies), form, code=1)
    assert document["problems"][0]["got"] == "one that another Consent of the file replaces"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("suspended", "inactive"),
        ("superseded", "inactive"),
        ("invalidated", "entered-in-error"),
        ("expired", "inactive"),
    ],
)
def test_one_that_says_it_is_over_is_not_filed_and_what_the_hub_holds_of_it_is_suspended(
    desk: Desk, number: str, form: Resource, word: str, status: str
) -> None:
    document = enter(desk, changed(form, with_state(word, status)), code=1)

    assert document["problems"][0]["got"] == f"consent-state {word.upper()}"
    assert shown(desk, number)["state"] == "SUSPENDED"


def test_implied_consent_is_nobodys_to_enter(desk: Desk, form: Resource) -> None:
    def implied(made: Resource) -> None:
        made["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = "implied-health"

    assert enter(desk, changed(form, implied, "F-1"), code=1)["problems"][0]["got"] == "a consent that nobody gave"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("{", "FILE"),
        ('{"resourceType": "Consent", "resourceType": "Consent"}', "FILE"),
        ('{"resourceType": "Patient"}', "FILE"),
        ('{"resourceType": "Bundle", "type": "transaction", "entry": []}', "Bundle"),
        ('{"resourceType": "Bundle", "type": "collection"}', "Bundle.entry"),
        (
            '{"resourceType": "Bundle", "type": "collection", "entry": [{"request": {"method": "DELETE"}}]}',
            "Bundle.entry",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_whole(desk: Desk, data: str, place: str) -> None:
    assert desk.refused("consent", "import", "-", *BY, stdin=data).startswith(place)


def test_another_agencys_worker_files_nothing(desk: Desk, form: Resource) -> None:
    said = desk.refused(
        "consent", "import", "-", "--agency", "harbour", "--as", "lakeside-worker", stdin=json.dumps(form)
    )

    assert "expected a worker of `harbour`" in said


def test_no_value_of_a_file_is_in_the_data_folder_or_in_what_is_said(desk: Desk, form: Resource) -> None:
    def named(made: Resource) -> None:
        made["text"] = {"status": "generated", "div": f"<div>{NAME}</div>"}
        made["patient"]["display"] = NAME
        made["sourceReference"] = {"reference": "DocumentReference/Zzyzx-drawer-4"}
        next(e for e in made["extension"] if e["url"] == RECORD)["extension"].append(
            {"url": "form-id", "valueString": NAME}
        ) if not any(e["url"] == "form-id" for r in made["extension"] for e in r.get("extension", ())) else None

    result = desk.run("consent", "import", "-", *BY, stdin=json.dumps(changed(form, named, "Zzyzx-7")))

    kept = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert result.exit_code == 0, result.output
    assert "Zzyzx" not in result.output
    assert b"Zzyzx" not in kept
