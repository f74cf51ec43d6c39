"""Pages of referrals, and each parameter by which they are looked for (settled S49; shared model 12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import MessageRejected
from hub.exchange.index import read_referral, search_clients, search_referrals
from hub.model import codes
from tests.looking import KINDS, answered, by, ids, next_of, search, sent, several, suspended_alone, views, withdrawn
from tests.network import Network


def test_pages_follow_one_another_until_there_is_no_more_and_each_is_one_look(network: Network) -> None:
    every = several(network, 5)
    before = len(views(network))

    pages = [search(network, "lakeside", "Task", "_count=2&status=requested")]
    while pages[-1].next is not None:
        pages.append(next_of(network, "lakeside", "Task", pages[-1]))

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

    first = search(network, "harbour", "Task", f"_sort={order}&_count=2")
    second = next_of(network, "harbour", "Task", first)

    assert [*ids(first), *ids(second)] == (every if order == "_lastUpdated" else every[::-1])
    assert second.next is None


def test_a_withdrawal_between_two_pages_is_seen_by_the_second(network: Network) -> None:
    every = several(network, 3)
    first = search(network, "lakeside", "Task", "_count=2")
    withdrawn(network, *every)

    second = next_of(network, "lakeside", "Task", first)

    assert ids(first) == every[:2]
    (last,) = second.found
    assert suspended_alone(last, every[2])


def test_a_link_is_for_its_agency_its_type_and_ten_minutes(network: Network) -> None:
    several(network, 2)
    token = search(network, "lakeside", "Task", "_count=1").next
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
            search(network, agency, kind, f"_page={said}")
    network.clock.advance(timedelta(minutes=10))
    with pytest.raises(MessageRejected, match="search again"):
        search(network, "lakeside", "Task", f"_page={token}")


@pytest.mark.parametrize(("name", "value"), [("_total", "accurate"), ("_summary", "count"), ("_count", "0")])
def test_how_many_there_are_is_not_told(network: Network, name: str, value: str) -> None:
    for kind in KINDS:
        with pytest.raises(MessageRejected, match="not told"):
            search(network, "harbour", kind, f"{name}={value}")
    with pytest.raises(MessageRejected, match="not told"):
        search_clients(network.hub.house, by(network, "harbour"), [(name, value)])


def test_a_page_that_finds_nothing_is_a_look_too(network: Network) -> None:
    search(network, "harbour", "Task", "status=completed")

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


def test_a_parameter_finds_what_it_is_about_and_nothing_else(network: Network) -> None:
    number = sent(network)
    answered(network, number, "WAITLISTED")
    alias = {}
    for agency in ("harbour", "lakeside"):
        task = read_referral(network.hub.house, by(network, agency), "Task", number)
        assert task is not None
        alias[agency] = task["for"]["reference"].partition("/")[2]

    wrong = []
    for each in (*FOUND, *NOT_FOUND):
        kind, agency, name, value = each
        asked = [(name, value.format(number=number, alias=alias[agency]))]
        page = search_referrals(network.hub.house, by(network, agency), kind, asked, strict=True)
        if ids(page) != ([number] if each in FOUND else []) or page.used != tuple(asked):
            wrong.append(each)

    assert wrong == []


def test_a_date_that_is_none_is_refused_where_there_is_nothing_to_find_too(network: Network) -> None:
    for name in ("modified", "authored-on", "_lastUpdated"):
        with pytest.raises(MessageRejected, match="a date or time"):
            search(network, "harbour", "Task", f"{name}=Zqname")


def test_clients_are_any_of_those_who_are_named(network: Network) -> None:
    every = several(network, 3)
    tasks = search(network, "harbour", "Task").found
    aliases = {each["id"]: each["for"]["reference"].partition("/")[2] for each in tasks}

    page = search(network, "harbour", "Task", f"patient={aliases[every[1]]},{aliases[every[2]]}&_count=1")

    assert ids(page) == every[1:2]
    assert ids(next_of(network, "harbour", "Task", page)) == every[2:]


def test_parameters_together_ask_for_all_of_it(network: Network) -> None:
    number = sent(network)

    assert ids(search(network, "harbour", "Task", "status=requested&owner=Organization/lakeside")) == [number]
    assert ids(search(network, "harbour", "Task", "status=requested&requester=Organization/lakeside")) == []


def test_both_resources_come_together_where_that_is_asked(network: Network) -> None:
    number = sent(network)

    tasks = search(network, "harbour", "Task", "_include=Task:focus")
    requests = search(network, "harbour", "ServiceRequest", "_revinclude=Task:focus")

    assert [(each["resourceType"], each["id"]) for each in tasks.included] == [("ServiceRequest", number)]
    assert [(each["resourceType"], each["id"]) for each in requests.included] == [("Task", number)]


def test_what_is_not_known_is_left_out_or_refused_and_never_repeated(network: Network) -> None:
    asked = "Zyxmark=Qwemark&status=requested&_sort=Zyxmark"

    page = search(network, "harbour", "Task", asked)

    assert page.used == (("status", "requested"),)
    with pytest.raises(MessageRejected) as refused:
        search(network, "harbour", "Task", asked, strict=True)
    assert "mark" not in str(refused.value)
