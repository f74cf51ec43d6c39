"""What an agency may read again of its referrals, clients and the directory (settled S49, S50; shared model 12).

Each page is decided as if it were a message of the other end, and is one entry of the log. Over HTTP: ``unit/api``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import Engine, event

from hub.errors import MessageRejected
from hub.exchange.index import (
    Page,
    history,
    read_client,
    read_directory,
    read_referral,
    read_version,
    search_clients,
    search_directory,
    search_referrals,
)
from hub.exchange.index.spelling import SUSPENDED
from hub.exchange.withdraw import withdraw_consent
from hub.model import codes
from hub.model.audit import Actor
from hub.model.directory import RELAY, Agency, Service, System
from hub.model.fhir import Resource
from tests import cms_builder as cms
from tests.network import NOON, Network, refer

KINDS = ("ServiceRequest", "Task")
ACTOR = Actor("harbour-worker", "worker", "harbour", os_user="tester")
WORDS = {  # marks that no answer may hold
    "last_name": "Zyxmark",
    "first_name": "Qwemark",
    "phone": "416-555-0177",
    "email": "markmark@example.org",
}


def by(network: Network, agency: str) -> System:
    """A system of an agency."""
    return network.directory().systems[f"{agency}-cms"]


def stranger(network: Network) -> System:
    """Riverside, who has part in nothing."""
    cms.make_cms(network.dir / "riverside.sqlite")
    system = System("riverside-cms", "riverside", "cms", "active", {"path": str(network.dir / "riverside.sqlite")})
    network.put(Agency("riverside", "Riverside House", "general", "ca-on", "delivery.RIVERSIDEAAA"), system)
    return system


def numbers(network: Network) -> list[str]:
    """The referrals that have reached Lakeside, in the order in which they came."""
    return [str(row["payload"]["hub_referral_no"]) for row in network.inbox("lakeside", "referral")]


def sent(network: Network, **client: Any) -> str:
    """One more referral of Harbour that Lakeside has; its number."""
    refer(network, **client)
    network.run()
    return numbers(network)[-1]


def answered(network: Network, number: str, status: str, **fields: Any) -> None:
    """Lakeside says how it stands."""
    db = network.db("lakeside")
    cms.answer(db, number, status, **fields)
    db.close()
    network.run()


def withdrawn(network: Network, consent: int = 1) -> None:
    """A client takes a consent back."""
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{consent}")
    assert filed is not None
    withdraw_consent(network.hub.house, filed[0].consent_id, ACTOR, said_at=network.clock.now(), how="TELEPHONE")


def search(network: Network, agency: str, kind: str, **asked: str) -> Page:
    """A page; ``_`` stands for the hyphen inside a parameter's name, ``__`` for its colon."""
    parameters = [(name[0] + name[1:].replace("__", ":").replace("_", "-"), value) for name, value in asked.items()]
    return search_referrals(network.hub.house, by(network, agency), kind, parameters)


def ids(page: Page) -> list[str]:
    return [each["id"] for each in page.found]


def views(network: Network) -> list[Mapping[str, Any]]:
    """The looks, oldest first."""
    return [entry for entry in network.entries() if entry["event_type"] == "VIEW"]


def is_valid(resource: Resource) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the store is asked meanwhile."""
    found: list[str] = []

    def counted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", counted)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", counted)


# -- what is shown


def test_each_end_reads_a_referral_with_its_own_number_and_its_own_alias(network: Network) -> None:
    number = sent(network)
    answered(network, number, "WAITLISTED")

    of_harbour = read_referral(network.hub.house, by(network, "harbour"), "ServiceRequest", number)
    of_lakeside = read_referral(network.hub.house, by(network, "lakeside"), "ServiceRequest", number)

    assert of_harbour is not None
    assert of_lakeside is not None
    assert [each["value"] for each in of_harbour["identifier"]] == [number, "1"]
    assert of_harbour["identifier"][1]["type"]["coding"][0]["code"] == "PLAC"
    assert of_lakeside["identifier"][1]["type"]["coding"][0]["code"] == "FILL"
    assert of_harbour["identifier"][1]["system"] != of_lakeside["identifier"][1]["system"]
    assert of_harbour["subject"]["reference"] != of_lakeside["subject"]["reference"]
    assert (of_harbour["status"], of_harbour["priority"], of_harbour["intent"]) == ("active", "routine", "order")
    assert of_harbour["code"]["coding"] == [{"system": codes.SERVICE_WANTED, "code": "employment"}]
    assert of_harbour["requester"]["reference"] == "Organization/harbour"
    assert of_harbour["performer"][0]["reference"] == "Organization/lakeside"


def test_a_task_says_the_hubs_state_and_the_r4_code_that_follows_from_it(network: Network) -> None:
    number = sent(network)
    answered(network, number, "DECLINED", status_reason="no-capacity")

    task = read_referral(network.hub.house, by(network, "harbour"), "Task", number)

    assert task is not None
    assert task["status"] == "rejected"
    assert task["businessStatus"]["coding"] == [{"system": codes.REFERRAL_STATE, "code": "declined"}]
    assert task["statusReason"]["coding"] == [{"system": codes.STATE_REASON, "code": "no-capacity"}]
    assert task["focus"]["reference"] == f"ServiceRequest/{number}"
    assert task["basedOn"] == [task["focus"]]
    assert task["restriction"]["period"]["end"] == "2026-05-14"


@pytest.mark.parametrize("agency", ["harbour", "lakeside"])
def test_nothing_of_a_client_is_in_any_answer_nor_what_anybody_wrote(network: Network, agency: str) -> None:
    db = network.db("harbour")
    client = cms.add_client(db, **WORDS)
    cms.add_consent(db, client)
    cms.add_referral(db, client, reason_text="Wantsmark")
    db.close()
    network.run()
    (number,) = numbers(network)
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, agency)

    told = [
        *(search(network, agency, kind) for kind in KINDS),
        *(history(house, system, kind, number) for kind in KINDS),
        search_clients(house, system, []),
        views(network),
    ]

    text = str(told) + json.dumps(network.entries())
    assert number in text
    assert not [word for word in (*WORDS.values(), "4165550177", "Wantsmark", "w-17") if word in text]
    assert not any(name in text for name in ("reasonCode", "note", "orderDetail", "supportingInfo", "PractitionerRole"))


def test_all_that_is_shown_is_valid_r4(network: Network) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, "harbour")

    found = [read_referral(house, system, kind, number) for kind in KINDS]
    found += [each for kind in KINDS for each in history(house, system, kind, number) or ()]
    found += list(search_clients(house, system, []).found)
    found += [each for kind in ("Organization", "HealthcareService") for each in directory(network, "harbour", kind)]
    withdrawn(network)
    found += [read_referral(house, system, kind, number) for kind in KINDS]

    for each in found:
        assert each is not None
        is_valid(each)


def test_what_has_not_reached_its_recipient_is_not_there_for_them_and_is_for_its_sender(network: Network) -> None:
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    refer(network)
    network.run()
    (number,) = ids(search(network, "harbour", "Task"))

    withdrawn(network)

    assert ids(search(network, "lakeside", "Task")) == []
    assert read_referral(network.hub.house, by(network, "lakeside"), "Task", number) is None
    assert views(network)[-1]["subjects"] == []


# -- another agency's


@pytest.mark.parametrize("kind", KINDS)
def test_another_agencys_referral_looks_like_one_that_is_not_there_in_all_that_is_asked(
    network: Network, kind: str
) -> None:
    number, system, house = sent(network), stranger(network), network.hub.house
    read_referral(house, system, kind, "AAAAAAAAAAAA")  # the directory is parsed once

    asked = []
    for each in ("BBBBBBBBBBBB", number):
        with statements() as said:
            assert read_referral(house, system, kind, each) is None
            assert read_version(house, system, kind, each, "1") is None
            assert history(house, system, kind, each) is None
            assert search_referrals(house, system, kind, [("_id", each)]).found == ()
            assert search_referrals(house, system, kind, [("identifier", f"{codes.ID_REFERRAL}|{each}")]).found == ()
        asked.append(said)

    assert asked[0] == asked[1]
    assert all(look["subjects"] == [] for look in views(network) if look["agency"] == "riverside")


def test_another_agencys_alias_looks_like_one_that_is_not_there(network: Network) -> None:
    sent(network)
    house, system = network.hub.house, by(network, "lakeside")
    (client,) = search_clients(house, by(network, "harbour"), []).found
    search_clients(house, system, [])

    asked = []
    for alias in ("BBBBBBBBBBBB", client["id"]):
        with statements() as said:
            assert read_client(house, system, alias) is None
            assert search_clients(house, system, [("identifier", f"{codes.ID_CLIENT}|{alias}")]).found == ()
            assert search_referrals(house, system, "Task", [("patient", f"Patient/{alias}")]).found == ()
        asked.append(said)

    assert asked[0] == asked[1]


# -- sharing that is suspended


def suspended_alone(resource: Resource, number: str) -> bool:
    """Whether nothing is left but the number and that word."""
    masked = {"_status", "intent"} | ({"subject"} if resource["resourceType"] == "ServiceRequest" else set())
    return (
        resource.keys() - masked == {"resourceType", "id", "extension", "identifier"}
        and resource["extension"] == [{"url": SUSPENDED, "valueBoolean": True}]
        and resource["identifier"] == [{"system": codes.ID_REFERRAL, "value": number}]
        and resource["intent"] == "order"
        and resource.get("subject", {}).keys() <= {"extension"}
    )


@pytest.mark.parametrize("agency", ["harbour", "lakeside"])
@pytest.mark.parametrize("kind", KINDS)
def test_after_a_withdrawal_a_referral_is_its_number_and_that_sharing_is_suspended(
    network: Network, kind: str, agency: str
) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    withdrawn(network)
    house, system = network.hub.house, by(network, agency)

    shown = read_referral(house, system, kind, number)

    assert shown is not None
    assert suspended_alone(shown, number)
    assert history(house, system, kind, number) == [shown]
    assert read_version(house, system, kind, number, "1") == shown
    assert search(network, agency, kind, _include="Task:focus").included == ()
    assert len(views(network)[-1]["subjects"]) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, True),
        ({"_id": "{number}"}, True),
        ({"identifier": f"{codes.ID_REFERRAL}|{{number}}"}, True),
        ({"focus": "ServiceRequest/{number}"}, True),
        ({"owner": "Organization/lakeside"}, True),
        ({"requester": "Organization/harbour"}, False),
        ({"status": "accepted"}, False),
        ({"status__not": "requested"}, False),
        ({"business_status": "accepted"}, False),
        ({"business_status__missing": "true"}, False),
        ({"patient": "Patient/{alias}"}, False),
        ({"code": "fulfill"}, False),
        ({"authored_on": "ge2020"}, False),
        ({"_lastUpdated": "ge2020"}, False),
        ({"_sort": "_lastUpdated"}, False),
        ({"part_of__missing": "true"}, False),
    ],
)
def test_one_that_is_suspended_is_found_by_what_it_shows_alone(
    network: Network, asked: dict[str, str], found: bool
) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    task = read_referral(network.hub.house, by(network, "lakeside"), "Task", number)
    assert task is not None
    alias = task["for"]["reference"].partition("/")[2]
    withdrawn(network)

    page = search(network, "lakeside", "Task", **{n: v.format(number=number, alias=alias) for n, v in asked.items()})

    assert ids(page) == ([number] if found else [])


def test_what_is_seen_again_after_a_new_consent_is_all_of_it(network: Network) -> None:
    number = sent(network)
    withdrawn(network)
    db = network.db("harbour")
    cms.add_consent(db, 1)
    db.close()
    network.run()

    task = read_referral(network.hub.house, by(network, "lakeside"), "Task", number)

    assert task is not None
    assert task["businessStatus"]["coding"][0]["code"] == "requested"


def test_an_agreement_that_is_suspended_suspends_too(network: Network) -> None:
    number = sent(network)
    (row,) = network.directory().agreements
    network.put(type(row)(**{**{n: getattr(row, n) for n in row.__slots__}, "status": "suspended"}))

    shown = read_referral(network.hub.house, by(network, "harbour"), "Task", number)

    assert shown is not None
    assert suspended_alone(shown, number)


# -- pages


def several(network: Network, count: int) -> list[str]:
    for place in range(count):
        refer(network, last_name=f"Client{'abcdefgh'[place]}", birth_date=f"19{60 + place}-03-04")
    network.run()
    return sorted(numbers(network))


def test_pages_follow_one_another_until_there_is_no_more_and_each_is_one_look(network: Network) -> None:
    every = several(network, 5)
    before = len(views(network))

    pages = [search(network, "lakeside", "Task", _count="2", status="requested")]
    while (token := pages[-1].next) is not None:
        pages.append(search(network, "lakeside", "Task", _page=token))

    assert [ids(page) for page in pages] == [every[:2], every[2:4], every[4:]]
    assert {page.used for page in pages} == {(("_count", "2"), ("status", "requested"))}
    assert sorted(look["count"] for look in views(network)[before:]) == [1, 2, 2]  # at one instant in any order
    assert all(len(look["subjects"]) == look["count"] for look in views(network)[before:])


@pytest.mark.parametrize("order", ["_lastUpdated", "-_lastUpdated"])
def test_pages_by_when_they_moved(network: Network, order: str) -> None:
    every = []
    for place in range(3):
        network.clock.advance(timedelta(minutes=1))
        every.append(sent(network, last_name=f"Client{place}", birth_date=f"196{place}-03-04"))

    first = search(network, "harbour", "Task", _sort=order, _count="2")
    second = search(network, "harbour", "Task", _page=first.next or "")

    assert [*ids(first), *ids(second)] == (every if order == "_lastUpdated" else every[::-1])
    assert second.next is None


def test_a_withdrawal_between_two_pages_is_seen_by_the_second(network: Network) -> None:
    every = several(network, 3)
    first = search(network, "lakeside", "Task", _count="2")
    for consent in (1, 2, 3):
        withdrawn(network, consent)

    second = search(network, "lakeside", "Task", _page=first.next or "")

    assert ids(first) == every[:2]
    (last,) = second.found
    assert suspended_alone(last, every[2])


def test_a_link_is_for_its_agency_its_type_and_ten_minutes(network: Network) -> None:
    several(network, 2)
    token = search(network, "lakeside", "Task", _count="1").next
    assert token is not None
    changed = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]

    for agency, kind, said in (
        ("harbour", "Task", token),
        ("lakeside", "ServiceRequest", token),
        ("lakeside", "Task", changed),
        ("lakeside", "Task", "nothing"),
        ("lakeside", "Task", "\N{GRINNING FACE}"),
    ):
        with pytest.raises(MessageRejected, match="search again"):
            search(network, agency, kind, _page=said)
    network.clock.advance(timedelta(minutes=10))
    with pytest.raises(MessageRejected, match="search again"):
        search(network, "lakeside", "Task", _page=token)


@pytest.mark.parametrize(("name", "value"), [("_total", "accurate"), ("_summary", "count"), ("_count", "0")])
def test_how_many_there_are_is_not_told(network: Network, name: str, value: str) -> None:
    for kind in KINDS:
        with pytest.raises(MessageRejected, match="not told"):
            search(network, "harbour", kind, **{name: value})
    with pytest.raises(MessageRejected, match="not told"):
        search_clients(network.hub.house, by(network, "harbour"), [(name, value)])


def test_a_page_that_finds_nothing_is_a_look_too(network: Network) -> None:
    search(network, "harbour", "Task", status="completed")

    assert views(network)[-1].items() >= {"what": "Task", "count": 0, "subjects": [], "agency": "harbour"}.items()


# -- parameters

FOUND = [
    ("Task", "harbour", "_id", "{number}"),
    ("Task", "harbour", "_id", "{number},AAAAAAAAAAAA"),
    ("Task", "harbour", "owner", "Organization/lakeside"),
    ("Task", "harbour", "owner", "https://hub.example.org/fhir/Organization/lakeside"),
    ("Task", "harbour", "owner:identifier", f"{codes.ID_AGENCY}|lakeside"),
    ("Task", "lakeside", "requester", "Organization/harbour"),
    ("Task", "lakeside", "requester", "harbour"),
    ("Task", "harbour", "status", "accepted"),
    ("Task", "harbour", "status", "requested,accepted"),
    ("Task", "harbour", "status", "http://hl7.org/fhir/task-status|accepted"),
    ("Task", "harbour", "status:not", "completed"),
    ("Task", "harbour", "business-status", "waitlisted"),
    ("Task", "harbour", "business-status", f"{codes.REFERRAL_STATE}|waitlisted"),
    ("Task", "harbour", "business-status", f"{codes.REFERRAL_STATE}|"),
    ("Task", "harbour", "focus", "ServiceRequest/{number}"),
    ("Task", "harbour", "based-on", "ServiceRequest/{number}"),
    ("Task", "harbour", "based-on:identifier", f"{codes.ID_REFERRAL}|{{number}}"),
    ("Task", "harbour", "patient", "Patient/{alias}"),
    ("Task", "harbour", "patient:identifier", f"{codes.ID_CLIENT}|{{alias}}"),
    ("Task", "harbour", "code", "http://hl7.org/fhir/CodeSystem/task-code|fulfill"),
    ("Task", "harbour", "modified", "le2026-06-01"),
    ("Task", "harbour", "authored-on", "2026-05-04"),
    ("Task", "harbour", "authored-on", "lt2026-05-04T13:00:01Z"),
    ("Task", "harbour", "identifier", f"{codes.ID_REFERRAL}|{{number}}"),
    ("Task", "harbour", "identifier", f"{codes.ID}/harbour/task|1"),
    ("Task", "lakeside", "identifier", f"{codes.ID}/lakeside/referral|1"),
    ("Task", "harbour", "part-of:missing", "true"),
    ("Task", "harbour", "_lastUpdated", "2026-06-01"),
    ("Task", "harbour", "_lastUpdated", "ge2026-06-01T16:00:00Z"),
    ("Task", "harbour", "_lastUpdated", "le2026-06-01T12:00:00-04:00"),
    ("ServiceRequest", "harbour", "_id", "{number}"),
    ("ServiceRequest", "lakeside", "patient", "{alias}"),
    ("ServiceRequest", "harbour", "status", "active"),
    ("ServiceRequest", "lakeside", "requester", "Organization/harbour"),
    ("ServiceRequest", "harbour", "performer", "Organization/lakeside"),
    ("ServiceRequest", "harbour", "category", f"{codes.PROGRAM_STREAM}|newcomer"),
    ("ServiceRequest", "harbour", "category", "3457005"),
    ("ServiceRequest", "harbour", "code", f"{codes.SERVICE_WANTED}|employment"),
    ("ServiceRequest", "harbour", "authored", "ge2026-05"),
    ("ServiceRequest", "harbour", "identifier", f"{codes.ID}/harbour/referral|1"),
    ("ServiceRequest", "harbour", "requisition:missing", "true"),
    ("ServiceRequest", "harbour", "based-on:missing", "true"),
    ("ServiceRequest", "harbour", "replaces:missing", "true"),
    ("ServiceRequest", "harbour", "status:missing", "false"),
]
NOT_FOUND = [
    ("Task", "harbour", "_id", "AAAAAAAAAAAA"),
    ("Task", "harbour", "owner", "Organization/harbour"),
    ("Task", "harbour", "owner", "Patient/lakeside"),
    ("Task", "harbour", "owner:missing", "true"),
    ("Task", "lakeside", "requester", "Organization/lakeside"),
    ("Task", "harbour", "status", "requested"),
    ("Task", "harbour", "status", "http://example.org/other|accepted"),
    ("Task", "harbour", "status:not", "accepted"),
    ("Task", "harbour", "business-status", "accepted"),
    ("Task", "harbour", "focus", "ServiceRequest/AAAAAAAAAAAA"),
    ("Task", "harbour", "part-of", "Task/{number}"),
    ("Task", "harbour", "patient", "Patient/AAAAAAAAAAAA"),
    ("Task", "harbour", "modified", "gt2026-06-01"),
    ("Task", "harbour", "authored-on", "lt2026-05-04T13:00:00Z"),
    ("Task", "lakeside", "identifier", f"{codes.ID}/harbour/task|1"),
    ("Task", "harbour", "identifier", f"{codes.ID}/lakeside/referral|1"),
    ("Task", "harbour", "_lastUpdated", "gt2026-06-01"),
    ("Task", "harbour", "_lastUpdated", "lt2026-06-01T16:00:00Z"),
    ("ServiceRequest", "harbour", "status", "completed"),
    ("ServiceRequest", "harbour", "category", "women"),
    ("ServiceRequest", "harbour", "code", "housing"),
    ("ServiceRequest", "harbour", "authored", "eb2026-05-04"),
    ("ServiceRequest", "harbour", "requisition", "https://example.org|1"),
    ("ServiceRequest", "harbour", "replaces", "ServiceRequest/{number}"),
]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, str]]:
    """One referral that is waitlisted, of which many things are asked."""
    from tests.network import make

    network = make(tmp_path_factory.mktemp("standing"))
    number = sent(network)
    answered(network, number, "WAITLISTED")
    yield network, number
    network.hub.close()


@pytest.mark.parametrize(
    ("kind", "agency", "name", "value", "found"),
    [(*each, True) for each in FOUND] + [(*each, False) for each in NOT_FOUND],
)
def test_a_parameter_finds_what_it_is_about(
    standing: tuple[Network, str], kind: str, agency: str, name: str, value: str, found: bool
) -> None:
    network, number = standing
    shown = read_referral(network.hub.house, by(network, agency), "Task", number)
    assert shown is not None
    alias = shown["for"]["reference"].partition("/")[2]
    asked = [(name, value.format(number=number, alias=alias))]

    page = search_referrals(network.hub.house, by(network, agency), kind, asked, strict=True)

    assert ids(page) == ([number] if found else [])
    assert page.used == tuple(asked)


def test_parameters_together_ask_for_all_of_it(network: Network) -> None:
    number = sent(network)

    assert ids(search(network, "harbour", "Task", status="requested", owner="Organization/lakeside")) == [number]
    assert ids(search(network, "harbour", "Task", status="requested", requester="Organization/lakeside")) == []


def test_both_resources_come_together_where_that_is_asked(network: Network) -> None:
    number = sent(network)

    tasks = search(network, "harbour", "Task", _include="Task:focus")
    requests = search(network, "harbour", "ServiceRequest", _revinclude="Task:focus")

    assert [(each["resourceType"], each["id"]) for each in tasks.included] == [("ServiceRequest", number)]
    assert [(each["resourceType"], each["id"]) for each in requests.included] == [("Task", number)]


def test_what_is_not_known_is_left_out_or_refused_and_never_repeated(network: Network) -> None:
    asked = [("Zyxmark", "Qwemark"), ("status", "requested"), ("_sort", "Zyxmark")]

    page = search_referrals(network.hub.house, by(network, "harbour"), "Task", asked)

    assert page.used == (("status", "requested"),)
    with pytest.raises(MessageRejected) as refused:
        search_referrals(network.hub.house, by(network, "harbour"), "Task", asked, strict=True)
    assert "mark" not in str(refused.value)


# -- versions


def test_versions_are_told_one_by_one_the_last_first(network: Network) -> None:
    number = sent(network)
    network.clock.advance(timedelta(hours=1))
    answered(network, number, "RECEIVED")
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, "harbour")

    found = history(house, system, "Task", number)

    assert found is not None
    told = [(each["meta"]["versionId"], each["businessStatus"]["coding"][0]["code"]) for each in found]
    assert told == [("3", "accepted"), ("2", "received"), ("1", "requested")]
    assert found[2]["meta"]["lastUpdated"] == "2026-06-01T16:00:00.000Z"
    assert read_version(house, system, "Task", number, "2") == found[1]
    assert read_version(house, system, "Task", number, "3") == read_referral(house, system, "Task", number)
    assert read_version(house, system, "Task", number, "9") is None


# -- clients and directory


def test_a_client_is_an_alias_and_whether_it_stands(network: Network) -> None:
    sent(network, last_name="Zyxmark")

    (client,) = search_clients(network.hub.house, by(network, "lakeside"), [("active", "true")]).found

    assert client.keys() == {"resourceType", "id", "identifier", "active"}
    assert read_client(network.hub.house, by(network, "lakeside"), client["id"]) == client
    assert search_clients(network.hub.house, by(network, "lakeside"), [("active", "false")]).found == ()
    assert views(network)[-2].items() >= {"what": "Patient", "count": 1}.items()


def test_clients_are_read_page_by_page(network: Network) -> None:
    several(network, 3)
    house, system = network.hub.house, by(network, "harbour")

    first = search_clients(house, system, [("_count", "2")])
    second = search_clients(house, system, [("_page", first.next or "")])

    assert len({*ids(first), *ids(second)}) == 3
    assert second.next is None


def test_a_client_is_not_asked_for_by_a_number_of_theirs(network: Network) -> None:
    with pytest.raises(MessageRejected) as refused:
        search_clients(network.hub.house, by(network, "harbour"), [("identifier", "https://example.org/health|12345")])

    assert "12345" not in str(refused.value)


def directory(network: Network, agency: str, kind: str, **asked: str) -> tuple[Resource, ...]:
    parameters = [(name.replace("_", "-"), value) for name, value in asked.items()]
    return search_directory(network.hub.house, agency, kind, parameters).found


def test_the_directory_is_the_same_for_all_but_for_womens_services(network: Network) -> None:
    network.put(
        Agency("anna", "Anna's House", "womens", "ca-on", "delivery.ANNAAAAAAAAA"),
        Service("anna-shelter", "anna", "housing", "Anna's beds", "lakeside-cms", site="anna-street"),
    )

    others = str([directory(network, "harbour", kind) for kind in ("Organization", "HealthcareService")])
    own = directory(network, "anna", "Organization")

    assert "anna" not in others.lower()
    assert RELAY in others
    assert "anna" in [each["id"] for each in own]
    assert read_directory(network.hub.house, "harbour", "Organization", "anna") is None
    (hidden,) = directory(network, "harbour", "HealthcareService", organization=f"Organization/{RELAY}")
    assert read_directory(network.hub.house, "harbour", "HealthcareService", hidden["id"]) == hidden
    assert directory(network, "harbour", "HealthcareService", organization="Organization/anna") == ()


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        ("Organization", {"name": "lake"}, ["lakeside"]),
        ("Organization", {"name": "SERVICES"}, ["lakeside"]),
        ("Organization", {"identifier": f"{codes.ID_AGENCY}|harbour"}, ["harbour"]),
        ("Organization", {"type": "prov"}, ["harbour", RELAY, "lakeside"]),
        ("Organization", {"active": "false"}, []),
        ("HealthcareService", {"service_type": "settlement"}, ["harbour-settlement"]),
        ("HealthcareService", {"organization": "harbour"}, ["harbour-settlement"]),
        ("HealthcareService", {"name": "lang"}, ["lakeside-language-training"]),
        ("HealthcareService", {"program": "women"}, []),
        ("HealthcareService", {"characteristic": "any"}, []),
        (
            "HealthcareService",
            {"active": "true"},
            ["harbour-settlement", "lakeside-employment", "lakeside-language-training"],
        ),
    ],
)
def test_the_directory_is_searched(network: Network, kind: str, asked: dict[str, str], found: list[str]) -> None:
    assert [each["id"] for each in directory(network, "harbour", kind, **asked)] == found


def test_the_directory_is_nobodys_secret_and_no_look(network: Network) -> None:
    directory(network, "harbour", "Organization")

    assert views(network) == []


def test_a_scenario_ends_with_a_log_that_verifies(network: Network) -> None:
    number = sent(network)
    search(network, "lakeside", "Task")
    read_referral(network.hub.house, by(network, "harbour"), "Task", number)

    assert network.verifies()
    assert network.clock.now() == NOON
