"""Consents over HTTP: what is filed, refused and where, revoked, asked; what is told and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api.outcome import for_software
from hub.desk.people import resolve
from hub.desk.who import Who
from hub.errors import Refused
from hub.model import codes
from hub.model.directory import Agency
from tests.door import Door, Software
from tests.handed_consents import EVIDENCE, file, form, handed, parent, patient, refused, revocation
from tests.network import Network
from tests.scenario.test_consent_fhir import HUB

UCI = f"{codes.ID}/uci"


def places(outcome: dict[str, Any]) -> list[str]:
    return [each["expression"][0] for each in outcome["issue"]]


def supersedes(*numbers: str) -> list[dict[str, Any]]:
    url = f"{HUB}/StructureDefinition/supersedes"
    return [{"url": url, "valueReference": {"reference": f"Consent/{number}"}} for number in numbers]


def without(document: dict[str, Any], *path: Any) -> dict[str, Any]:
    """A copy without one of its elements."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


AT = "Parameters.parameter[0].resource"
WHO = "Parameters.parameter[1].resource"


@pytest.mark.parametrize(
    ("document", "status", "where"),
    [
        pytest.param({"resourceType": "Parameters"}, 400, ["Parameters.parameter"] * 3, id="nothing in it"),
        pytest.param(handed(evidence=None), 400, ["Parameters.parameter"], id="no evidence"),
        pytest.param(
            handed(form(), patient(), ("patient", patient())), 400, ["Parameters.parameter"], id="two patients"
        ),
        pytest.param(handed(form(), patient(), ("note", {})), 400, ["Parameters.parameter[2].name"], id="another part"),
        pytest.param(handed(patient_=form()), 400, [f"{WHO}.resourceType"], id="another resource"),
        pytest.param(handed(patient_=patient(id=None)), 400, [f"{WHO}.id"], id="a patient without an id"),
        pytest.param(handed(patient_=patient(birthDate="1991")), 400, [f"{WHO}.identifier"], id="a year proves nobody"),
        pytest.param(
            handed(patient_=patient(birthDate="1991-02-30")), 400, [f"{WHO}.birthDate"], id="a day that is none"
        ),
        pytest.param(handed(patient_=patient(identifier=None)), 400, [f"{WHO}.identifier"], id="names alone"),
        pytest.param(handed(patient_=patient(name=None)), 400, [f"{WHO}.name"], id="a number alone"),
        pytest.param(
            handed(patient_=patient(identifier=[{"system": UCI, "value": "046 454 286"}])),
            400,
            [f"{WHO}.identifier[0].value", f"{WHO}.identifier"],
            id="a SIN",
        ),
        pytest.param(
            handed(evidence={**EVIDENCE, "content": [{"attachment": {"data": "Wnpm", "hash": "Wnpm"}}]}),
            400,
            [f"Parameters.parameter[2].resource.content[0].attachment.{x}" for x in ("data", "hash")],
            id="content, and no digest",
        ),
        pytest.param(handed(evidence={**EVIDENCE, "id": "other"}), 400, [f"{AT}.sourceReference"], id="other evidence"),
        pytest.param(handed(form(whose="pat-2")), 422, [f"{AT}.patient"], id="somebody else's consent"),
        pytest.param(handed(without(form(), "provision", "actor")), 422, [f"{AT}.provision.actor"], id="for anybody"),
        pytest.param(
            handed({**without(form(), "provision", "purpose"), "verification": [{}]}),
            422,
            [f"{AT}.verification", f"{AT}.provision.purpose"],
            id="two faults, each by its place",
        ),
        pytest.param(
            handed({**form(), "organization": [{"reference": "Organization/lakeside"}]}),
            422,
            [f"{AT}.organization[0]"],
            id="another agency's disclosing",
        ),
        pytest.param(
            handed(
                form(whose="ABCDEFGHIJKL"), patient(identifier=[{"system": codes.ID_CLIENT, "value": "ABCDEFGHIJKL"}])
            ),
            422,
            ["Parameters.parameter.where(name='patient').resource.identifier"],
            id="an alias of nobody",
        ),
    ],
)
def test_what_cannot_be_filed_is_refused_by_its_place_and_nothing_is_kept(
    network: Network, harbour: Software, document: Any, status: int, where: list[str]
) -> None:
    outcome = file(harbour, document, status)

    assert outcome["resourceType"] == "OperationOutcome"
    assert places(outcome)[: len(where)] == where
    assert harbour.get("Consent").json().get("entry") is None
    assert not [e for e in network.entries() if e["event_type"] in ("CONSENT_RECORDED", "SUBJECT_LINKED")]


def test_a_consent_that_lacks_something_is_a_draft_and_says_what(harbour: Software) -> None:
    wanting = form()
    wanting["extension"][2]["extension"] = [
        each for each in wanting["extension"][2]["extension"] if each["url"] not in ("receipt", "explained")
    ]

    found = file(harbour, handed(wanting))

    assert found["status"] == "draft"
    (outcome,) = found["contained"]
    assert sorted(each["diagnostics"].rpartition(": ")[2] for each in outcome["issue"]) == ["explained", "receipt_ref"]
    assert {each["details"]["coding"][0]["code"] for each in outcome["issue"]} == {"DN_PENDING"}


def test_a_draft_that_fhir_cannot_say_wholly_is_there_all_the_same_and_says_so(harbour: Software) -> None:
    wanting = form()
    del wanting["policy"]

    found = file(harbour, handed(wanting))

    assert (found["status"], found["meta"]["tag"][0]["code"]) == ("draft", "SUBSETTED")
    assert harbour.get(f"Consent/{found['id']}").json()["meta"]["tag"] == found["meta"]["tag"]
    (seen,) = harbour.get("Consent?status=draft").json()["entry"]
    assert seen["resource"]["id"] == found["id"]
    text = file(
        harbour, handed({**found, "patient": form()["patient"], "sourceReference": form()["sourceReference"]}), 422
    )
    assert f"{AT}.meta.tag" in places(text)


def test_a_later_version_narrows_and_a_late_repeat_of_the_first_widens_nothing(harbour: Software) -> None:
    first = file(harbour, handed(form("1", version="1")))
    narrower = file(harbour, handed(form("1", "ident", "needs", version="2")), 200)

    late = file(harbour, handed(form("1", version="1")), 409)
    unsaid = file(harbour, handed(form("1")), 409)

    assert (narrower["id"], narrower["meta"]["versionId"]) == (first["id"], "2")
    assert places(late) == places(unsaid) == ["Consent.meta.versionId"]
    assert harbour.get(f"Consent/{first['id']}").json()["meta"]["versionId"] == "2"


def test_by_the_hubs_number_the_version_that_it_was_made_of_is_named(harbour: Software) -> None:
    first = file(harbour)
    read = {"identifier": first["identifier"], "meta": {"versionId": "1"}}
    changed = {**form("1", "ident", "needs"), **read}

    second = file(harbour, handed(changed), 200)
    again = file(harbour, handed(changed), 200)
    stale = file(harbour, handed({**form("1"), **read}), 409)

    assert second["meta"]["versionId"] == again["meta"]["versionId"] == "2"
    assert stale["issue"][0]["code"] == "conflict"


def test_a_no_is_heard_whatever_its_version_and_goes_before_what_is_filed_later(harbour: Software) -> None:
    file(harbour, handed(form("1", version="7")))
    declined = refused("1")

    no = file(harbour, handed(declined), 200)
    yes = file(harbour, handed(form("2")))
    lifted = file(harbour, handed(form("3", extension=supersedes(no["id"]))))

    assert no["status"] == "rejected"
    (issue,) = yes["contained"][0]["issue"]
    assert (issue["severity"], issue["details"]["coding"][0]["code"]) == ("warning", "DN_DIRECTIVE")
    assert no["id"] in issue["diagnostics"]
    assert "contained" not in lifted


def test_a_standing_no_is_its_takers_alone_and_another_agencys_is_not_told(
    network: Network, harbour: Software, lakeside: Software
) -> None:
    first = file(harbour)
    alias = first["patient"]["reference"].removeprefix("Patient/")
    root = {**form("2"), "provision": {"type": "deny", "actor": form()["provision"]["actor"]}}

    no = file(harbour, handed(root))
    again = file(harbour, handed(root), 200)
    told = file(harbour, handed(form("3")))

    assert no["id"] == again["id"]
    assert no["provision"]["type"] == "deny"
    assert harbour.get(f"Consent/{no['id']}").json()["id"] == no["id"]
    assert lakeside.get(f"Consent/{no['id']}").status_code == 404
    found = [each["resource"]["id"] for each in harbour.get(f"Consent?patient={alias}").json()["entry"]]
    assert no["id"] in found
    assert "DN_DIRECTIVE" in str(told["contained"])

    network.put(Agency("cedar", "Cedar House", "general", "ca-on", "delivery.CEDAR2CEDAR2"))
    cedar = Door(network).software("cedar")
    theirs = {**form("1"), "organization": [{"reference": "Organization/cedar"}]}
    assert "contained" not in file(cedar, handed(theirs))  # Harbour's no is Harbour's client's, and not Cedar's to know


def test_one_who_resembles_a_client_waits_for_a_steward_and_goes_when_it_is_said(
    network: Network, harbour: Software
) -> None:
    file(harbour)
    twin = patient(identifier=[{"system": UCI, "value": "9999-0000"}], name=[{"family": "Other", "given": ["Zqgiven"]}])

    outcome = file(harbour, handed(form("2"), twin), 422)

    (issue,) = outcome["issue"]
    assert issue["details"]["coding"][0]["code"] == "DN_IDENTITY"
    (row,) = network.waits().values()
    assert f"hub subjects resolve {row.waiting_id}" in issue["diagnostics"]
    resolve(network.hub.house, row.waiting_id, Who("harbour-worker"), same_as=None)
    network.run()
    assert file(harbour, handed(form("2"), twin))["status"] == "active"
    assert network.waits() == {}


def test_the_alias_says_who_it_is_and_must_not_be_somebody_elses(harbour: Software) -> None:
    alias = file(harbour)["patient"]["reference"].removeprefix("Patient/")
    named = {"identifier": [{"system": codes.ID_CLIENT, "value": alias}]}

    same = file(harbour, handed(form("2"), patient(**named)))
    by_alias = file(harbour, handed(form("3", whose=alias), patient(id=None, name=None, birthDate=None, **named)))
    other = file(harbour, handed(form("4"), patient(name=[{"family": "Else", "given": ["Nobody"]}], **named)), 422)

    assert same["patient"] == by_alias["patient"] == {"reference": f"Patient/{alias}"}
    assert places(other) == ["Parameters.parameter.where(name='patient').resource.identifier"]


def by_parent(role: str = "parent", own_id: str = "mother-1", number: str = "1") -> dict[str, Any]:
    found = form(number, performer=[{"reference": f"RelatedPerson/{own_id}"}])
    found["extension"][2]["extension"].append({"url": "given-by", "valueCode": role})
    return found


def test_a_childs_consent_is_active_with_who_decides_beside_it_and_the_same_one_is_one(
    network: Network, harbour: Software
) -> None:
    child = patient(birthDate="2018-07-22")

    alone = file(harbour, handed(by_parent(number="9"), child))
    found = file(harbour, handed(by_parent(), child, ("decider", parent())))
    again = file(harbour, handed(by_parent(), child, ("decider", parent())), 200)
    second = file(harbour, handed(by_parent(number="2"), child, ("decider", parent())))

    assert alone["status"] == "draft"  # nobody knows who gave it
    assert (found["status"], second["status"]) == ("active", "active")
    assert again["meta"]["versionId"] == "1"
    assert found["performer"] == second["performer"] != [{"reference": "RelatedPerson/mother-1"}]
    noted = [e for e in network.entries() if e["event_type"] == "SUBJECT_NOTED"]
    assert [(e["what"], e["action"], e["code"]) for e in noted] == [("decider", "added", "PARENT")]
    assert "mother-1" not in str(network.entries())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param({"relationship": []}, "relationship", id="no role"),
        pytest.param({"extension": []}, "extension", id="no paper"),
        pytest.param({"patient": {"reference": "Patient/pat-9"}}, "patient", id="of somebody else"),
        pytest.param({"period": {"end": "soon"}}, "period.end", id="until when"),
    ],
)
def test_a_decider_of_whom_something_is_missing_is_none(harbour: Software, change: dict[str, Any], where: str) -> None:
    outcome = file(harbour, handed(by_parent(), None, ("decider", parent(**change))), 400)

    assert places(outcome)[0] == f"Parameters.parameter[2].resource.{where}"


@pytest.mark.parametrize(
    ("document", "status", "where"),
    [
        pytest.param(revocation("X", "telepathy"), 422, "name='how'", id="how"),
        pytest.param(revocation("X", at={"valueDateTime": "2027-01-01T00:00:00Z"}), 422, "name='at'", id="to come"),
        pytest.param(revocation("X", scope={"valueCode": "part"}), 422, "scope", id="a part"),
        pytest.param({"resourceType": "Parameters", "parameter": []}, 400, "Parameters.parameter", id="nothing"),
    ],
)
def test_what_is_no_revocation_changes_nothing(harbour: Software, document: Any, status: int, where: str) -> None:
    number = file(harbour)["id"]
    document = json.loads(json.dumps(document).replace("Consent/X", f"Consent/{number}"))

    answer = harbour.post("Consent/$revoke-consent", document)

    assert answer.status_code == status, answer.text
    assert where in answer.text
    assert harbour.get(f"Consent/{number}").json()["status"] == "active"


@pytest.mark.parametrize(
    "at",
    [
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31"),
        *("0001-01-01 00:00:00", "9999-12-31T23:59:59", "\u0662\u0660\u0662\u0666-01-01"),
    ],
)
def test_a_revocation_at_an_end_of_time_is_refused_by_its_place(door: Door, harbour: Software, at: str) -> None:
    number = file(harbour)["id"]

    answer = harbour.post("Consent/$revoke-consent", revocation(number, at={"valueDateTime": at}))

    assert answer.status_code == 422
    assert "name='at'" in answer.text
    assert door.faults == []
    assert harbour.get(f"Consent/{number}").json()["status"] == "active"


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\u0662\u0660\u0662\u0666"])
def test_disclosures_at_an_end_of_time_are_refused_by_their_place(
    door: Door, harbour: Software, name: str, at: str
) -> None:
    whom = file(harbour)["patient"]["reference"]

    answer = harbour.get(f"{whom}/$disclosures", params={name: at})

    assert answer.status_code == 400
    assert f"http.{name}" in answer.text
    assert door.faults == []


MANY = [{"system": "urn:x", "value": str(number)} for number in range(21)]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        pytest.param({"resourceType": "Parameters", "parameter": [{}] * 101}, "Parameters.parameter", id="parts"),
        pytest.param(handed({**form(), "identifier": MANY}), f"{AT}.identifier", id="identifiers of the Consent"),
        pytest.param(handed(patient_=patient(identifier=MANY)), f"{WHO}.identifier", id="identifiers of the Patient"),
    ],
)
def test_more_than_is_looked_at_is_refused_by_its_place(harbour: Software, document: Any, where: str) -> None:
    outcome = file(harbour, document, 400)

    assert where in places(outcome)
    assert "at most" in str(outcome)


@pytest.mark.parametrize(
    "path", ["Consent/$file-consent", "Consent/$revoke-consent", "Consent/$decide", "Patient/$match"]
)
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([{"name": "note"}] * 90, id="other parts"),
        pytest.param([{}] * 50_000, id="far too many"),
        pytest.param([{"name": "patient", **{f"e{number}": 1 for number in range(5_000)}}], id="other elements"),
    ],
)
def test_an_answer_is_never_as_long_as_what_was_sent(harbour: Software, path: str, parts: list[Any]) -> None:
    answer = harbour.post(path, {"resourceType": "Parameters", "parameter": parts})

    assert answer.status_code == 400
    assert 1 <= len(answer.json()["issue"]) <= 5
    assert len(answer.content) < 10_000


def test_of_a_consent_with_many_faults_the_first_five_are_told(harbour: Software) -> None:
    outcome = file(harbour, handed({**form(), **{"z" * length: 1 for length in range(1, 30)}}), 422)

    assert len(outcome["issue"]) == 5


def test_a_revocation_said_again_is_answered_again(harbour: Software) -> None:
    number = file(harbour)["id"]

    answers = [harbour.post("Consent/$revoke-consent", revocation(number, "in-person")) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert harbour.get(f"Consent/{number}").json()["meta"]["versionId"] == "2"


def test_a_no_whose_person_is_unclear_suspends_what_each_of_them_had_given(network: Network, harbour: Software) -> None:
    number = file(harbour)["id"]
    twin = patient(identifier=[{"system": UCI, "value": "9999-0000"}], name=[{"family": "Other", "given": ["Zqgiven"]}])

    outcome = file(harbour, handed(refused("2"), twin), 422)

    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "DN_IDENTITY"
    assert harbour.get(f"Consent/{number}").json()["status"] == "inactive"
    assert network.verifies()


def test_by_its_number_of_another_agencys_consent_nobody_is_named(network: Network) -> None:
    network.put(Agency("willow", "Willow House", "womens", "ca-on", "delivery.WILLOW2WILLO"))
    door = Door(network)
    lakeside = door.software("lakeside")
    file(door.software("willow"), handed({**form(), "organization": [{"reference": "Organization/willow"}]}))
    with network.hub.store.peek() as rows:
        (consent,) = rows.consents.naming("willow", "", 9)
    with network.hub.store.unit(own=[f"subject:{consent.subject_ref}"]) as unit:
        number = unit.consents.number(consent.consent_id, "lakeside")
    theirs = {"organization": [{"reference": "Organization/lakeside"}]}

    outcome = file(lakeside, handed({**form(number), **theirs, **by_the_hubs(number)}), 422)

    assert places(outcome) == [f"{AT}.identifier"]
    assert "willow" not in json.dumps(outcome).lower()


def by_the_hubs(number: str) -> dict[str, Any]:
    return {"identifier": [{"system": f"{codes.ID}/consent", "value": number}]}


def question(alias: str, service: str = "lakeside-employment", *more: dict[str, Any]) -> dict[str, Any]:
    said = [
        {"name": "patient", "valueReference": {"reference": f"Patient/{alias}"}},
        {"name": "service", "valueReference": {"reference": f"HealthcareService/{service}"}},
        *more,
    ]
    return {"resourceType": "Parameters", "parameter": said}


def test_what_would_go_is_answered_and_written_down_and_nothing_is_sent(network: Network, harbour: Software) -> None:
    found = file(harbour)
    alias = found["patient"]["reference"].removeprefix("Patient/")
    only = {"name": "category", "valueCode": "health-mental"}

    permit = harbour.post("Consent/$decide", question(alias)).json()["parameter"]
    narrow = harbour.post("Consent/$decide", question(alias, "lakeside-employment", only)).json()["parameter"]
    foreign, unknown = (harbour.post("Consent/$decide", question(name)) for name in ("Q" * 12, "R" * 12))
    harbour.post("Consent/$revoke-consent", revocation(found["id"]))
    deny = harbour.post("Consent/$decide", question(alias)).json()["parameter"]

    said = {each["name"]: each for each in permit}
    assert said["outcome"]["valueCode"].startswith("permit")
    assert said["consent"]["valueReference"]["reference"] == f"Consent/{found['id']}"
    assert "health-mental" in str([each for each in narrow if each["name"] == "withheld"])
    assert [each.status_code for each in (foreign, unknown)] == [404, 404]
    assert {each["name"]: each for each in deny}["code"]["valueCoding"]["code"] == "DN_WITHDRAWN"
    views = [e for e in network.entries() if e["event_type"] == "VIEW" and e["what"] == "question"]
    assert sorted(e["count"] for e in views) == [0, 0, 0, 1, 1]
    assert not [e for e in network.entries() if e["event_type"] in ("DECISION", "DELIVERY")]


def test_what_is_refused_to_software_has_no_words_for_a_terminal(harbour: Software) -> None:
    alias = file(harbour)["patient"]["reference"].removeprefix("Patient/")

    answer = harbour.post("Consent/$decide", question(alias, "no-such-service"))

    assert answer.status_code == 422
    assert "an active service of the directory" in answer.text
    assert not [word for word in ("--", "hub services") if word in answer.text]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            ("--words", "nothing", "twenty characters", "write them"),
            "got nothing, expected twenty characters; write them",
        ),
        (
            ("request", "nothing", "a number", "`hub override list` shows them"),
            "request: got nothing, expected a number",
        ),
        (("OX_ROLE", "a worker", "an officer", "hub workers list"), "OX_ROLE: got a worker, expected an officer"),
        (("period", "x", "a hub that runs", "ask the hub's steward"), None),
        (("--as", "", "", "`hub workers add`"), ""),
    ],
)
def test_options_and_commands_are_left_out_and_all_else_stays(
    said: tuple[str, str, str, str], left: str | None
) -> None:
    error = Refused(*said)

    assert for_software(error) == (str(error) if left is None else left)


def test_a_consent_of_the_callers_own_is_no_part_of_the_question(harbour: Software) -> None:
    alias = file(harbour)["patient"]["reference"].removeprefix("Patient/")

    answer = harbour.post(
        "Consent/$decide", question(alias, "lakeside-employment", {"name": "consent", "resource": form()})
    )

    assert answer.status_code == 400
    assert places(answer.json()) == ["Parameters.parameter[2].name"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "Consent/$file-consent", "system/Consent.rus"),
        ("POST", "Consent/$revoke-consent", "system/Consent.crs"),
        ("POST", "Consent/$decide", "system/Consent.cus"),
        ("GET", "Consent/X", "system/Consent.cus"),
        ("GET", "Consent", "system/Consent.cru"),
        ("POST", "Patient/$match", "system/Patient.r"),
        ("GET", "Patient/$ihe-pix", "system/Patient.r"),
        ("GET", "Patient/X/$disclosures", "system/AuditEvent.r"),
        ("GET", "AuditEvent", "system/AuditEvent.r"),
        ("GET", "AuditEvent/X", "system/AuditEvent.s"),
    ],
)
def test_without_its_scope_nothing_is_done(harbour: Software, method: str, path: str, scope: str) -> None:
    answer = harbour.request(method, path, scope=scope, headers={"Content-Type": "application/fhir+json"})

    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["www-authenticate"]
