"""What an agency reads of its referrals, clients and the directory, as it goes over HTTP. The rules: ``scenario``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle
from httpx2 import Response

from hub.exchange.index import PARAMETERS
from hub.model import codes
from tests.door import BASE, Software
from tests.network import Network, refer

KINDS = ("ServiceRequest", "Task", "Patient", "Organization", "HealthcareService")


@pytest.fixture
def number(network: Network) -> str:
    """A referral that Lakeside has."""
    refer(network)
    network.run()
    return str(network.inbox("lakeside", "referral")[0]["payload"]["hub_referral_no"])


def bundle(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/fhir+json"
    Bundle.model_validate(found)
    assert "total" not in found
    return found


def issue(answer: Response) -> dict[str, Any]:
    (found,) = answer.json()["issue"]
    return dict(found)


def link(found: dict[str, Any], relation: str) -> str:
    return next((each["url"] for each in found["link"] if each["relation"] == relation), "")


@pytest.mark.parametrize("kind", ["ServiceRequest", "Task"])
def test_a_referral_is_read_with_its_version_as_etag(lakeside: Software, number: str, kind: str) -> None:
    answer = lakeside.get(f"{kind}/{number}")

    assert answer.status_code == 200
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.json()["id"] == number
    assert lakeside.get(f"{kind}/{number}/_history/1").json() == answer.json()


@pytest.mark.parametrize(
    "path", ["Task/{}", "Task/{}/_history", "Task/{}/_history/1", "ServiceRequest/{}", "Patient/{}"]
)
def test_what_is_not_there_is_said_in_one_way(lakeside: Software, number: str, path: str) -> None:
    absent = lakeside.get(path.format("AAAAAAAAAAAA"))
    odd = lakeside.get(path.format("Zqname%00"))

    assert absent.status_code == odd.status_code == 404
    assert issue(absent) == issue(odd)
    assert "AAAAAAAAAAAA" not in absent.text


def test_a_history_is_a_bundle_of_versions(lakeside: Software, number: str) -> None:
    found = bundle(lakeside.get(f"Task/{number}/_history"))

    (entry,) = found["entry"]
    assert found["type"] == "history"
    assert entry["fullUrl"] == f"{BASE}/Task/{number}"
    assert entry["response"]["etag"] == 'W/"1"'


def test_a_searchset_says_what_was_used_and_leaves_out_what_was_not(lakeside: Software, number: str) -> None:
    found = bundle(lakeside.get("Task?owner=Organization/lakeside&Zqname=Zqvalue&_include=Task:focus&_format=json"))

    assert [(each["resource"]["resourceType"], each["search"]["mode"]) for each in found["entry"]] == [
        ("Task", "match"),
        ("ServiceRequest", "include"),
    ]
    used = parse_qsl(urlsplit(link(found, "self")).query)
    assert used == [("owner", "Organization/lakeside"), ("_include", "Task:focus")]
    assert link(found, "self").startswith(f"{BASE}/Task?")
    assert "Zq" not in str(found)


def test_a_search_by_post_is_the_same(lakeside: Software, number: str) -> None:
    by_get = bundle(lakeside.get(f"Task?identifier={codes.ID_REFERRAL}|{number}"))
    form = {"identifier": f"{codes.ID_REFERRAL}|{number}"}

    by_post = bundle(lakeside.request("POST", "Task/_search", data=form))

    assert by_post == by_get
    assert len(by_post["entry"]) == 1


def test_the_next_link_leads_on_and_is_nobody_elses(
    network: Network, lakeside: Software, harbour: Software, number: str
) -> None:
    refer(network, last_name="Client", birth_date="1960-03-04")
    network.run()
    first = bundle(lakeside.get("Task?_count=1"))
    token = urlsplit(link(first, "next")).query

    second = bundle(lakeside.get(f"Task?{token}"))

    assert link(first, "next").startswith(f"{BASE}/Task?_page=")
    assert first["entry"][0]["fullUrl"] != second["entry"][0]["fullUrl"]
    assert link(second, "next") == ""
    theirs = harbour.get(f"Task?{token}")
    assert theirs.status_code == 400
    assert issue(theirs)["expression"] == ["http._page"]


@pytest.mark.parametrize("query", ["_total=accurate", "_summary=count", "_count=0"])
@pytest.mark.parametrize("kind", KINDS)
def test_how_many_there_are_is_refused(lakeside: Software, kind: str, query: str) -> None:
    answer = lakeside.get(f"{kind}?{query}")

    assert answer.status_code == 400
    assert issue(answer)["expression"] == [f"http.{query.partition('=')[0]}"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_prefers_strict_handling_is_refused_without_a_word_of_what_was_asked(lakeside: Software, kind: str) -> None:
    answer = lakeside.get(f"{kind}?Zqname=Zqvalue", headers={"Prefer": "respond-async; handling=strict"})

    assert answer.status_code == 400
    assert "Zq" not in answer.text


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("Task", "system/Task.r"),
        ("Task/AAAAAAAAAAAA", "system/Task.s"),
        ("ServiceRequest", "system/Task.rs"),
        ("ServiceRequest/AAAAAAAAAAAA/_history", "system/ServiceRequest.s"),
        ("Patient", "system/Patient.r"),
        ("Organization/harbour", "system/Organization.s"),
        ("HealthcareService", "system/Organization.rs"),
    ],
)
def test_each_needs_its_own_scope(lakeside: Software, path: str, scope: str) -> None:
    assert lakeside.get(path, scope=scope).status_code == 403


def test_a_client_and_the_directory_are_read(harbour: Software, number: str) -> None:
    (client,) = bundle(harbour.get("Patient?active=true"))["entry"]
    (agency,) = bundle(harbour.get("Organization?name=lake"))["entry"]
    (service,) = bundle(harbour.get("HealthcareService?service-type=settlement"))["entry"]

    for entry in (client, agency, service):
        own = entry["resource"]
        assert harbour.get(f"{own['resourceType']}/{own['id']}").json() == own


def test_after_a_scope_is_granted_nothing_of_a_client_is_in_an_answer(harbour: Software, number: str) -> None:
    told = "".join(harbour.get(kind).text for kind in KINDS)

    assert not [word for word in ("Okonkwo", "Amara", "1991", "Elm Street", "2026-000001") if word in told]


def test_the_capability_statement_lists_every_parameter(harbour: Software) -> None:
    statement = harbour.get("metadata").json()

    listed = {
        each["type"]: {param["name"]: param["type"] for param in each["searchParam"]}
        for each in statement["rest"][0]["resource"]
        if each["type"] in KINDS
    }
    asked = {kind: PARAMETERS[kind] for kind in KINDS}
    assert listed == {kind: {name: sort for name, (sort, _) in own.items()} for kind, own in asked.items()}
