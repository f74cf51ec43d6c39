"""Routes and who may change something (program systems 9.1; design §4; issue item 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.directory import NoRoute, acting, answers_for, route
from hub.errors import Refused
from hub.model.directory import Service, Worker

ROOMS = Service("lakeside-rooms", "lakeside", "housing", "Rooms", "lakeside-cms")
BEDS = replace(ROOMS, id="lakeside-beds")
JOBS = replace(ROOMS, id="lakeside-jobs", wanted="employment")
OTHERS = replace(ROOMS, id="harbour-rooms", agency="harbour")


def test_exactly_one_active_service_is_the_route():
    closed = replace(BEDS, status="ended")

    assert route("lakeside", "housing", [JOBS, closed, ROOMS, OTHERS]) == ROOMS


@pytest.mark.parametrize(
    ("services", "candidates"),
    [
        pytest.param([], (), id="an empty directory"),
        pytest.param([JOBS, OTHERS], (), id="another service, another agency"),
        pytest.param([ROOMS, BEDS], ("lakeside-beds", "lakeside-rooms"), id="two active ones are never a guess"),
        pytest.param([replace(ROOMS, status="suspended")], ("lakeside-rooms",), id="a suspended one is none"),
        pytest.param([replace(ROOMS, status="ended")], ("lakeside-rooms",), id="an ended one is none"),
        pytest.param([replace(ROOMS, system="")], ("lakeside-rooms",), id="case 65 no system receives for it"),
    ],
)
def test_anything_else_is_a_humans_to_choose(services, candidates):
    answer = route("lakeside", "housing", services)

    assert isinstance(answer, NoRoute)
    assert answer.candidates == candidates
    assert "`lakeside`" in answer.reason
    assert "harbour" not in answer.reason


@pytest.mark.parametrize(("to_org", "wanted"), [("", "housing"), ("lakeside", ""), ("Lakeside", "housing")])
def test_an_address_is_taken_by_the_letter(to_org, wanted):
    assert isinstance(route(to_org, wanted, [ROOMS]), NoRoute)


def test_a_name_typed_as_an_address_is_not_repeated_inv_1():
    assert "Hodan" not in route("Hodan Warsame", "housing", [ROOMS]).reason


NOON = datetime(2025, 6, 1, 16, tzinfo=UTC)
WORKER = Worker("h-worker-1", "harbour", "steward")


def test_a_worker_acts_until_the_instant_of_leaving():
    leaving = replace(WORKER, ended_at=NOON.isoformat())

    assert acting("h-worker-1", {"h-worker-1": WORKER}, NOON) == WORKER
    assert acting("h-worker-1", {"h-worker-1": leaving}, NOON - timedelta(seconds=1)) == leaving
    with pytest.raises(Refused):
        acting("h-worker-1", {"h-worker-1": leaving}, NOON)


@pytest.mark.parametrize("name", [None, "", "h-worker-9", "H-WORKER-1"])
def test_no_worker_no_change(name):
    with pytest.raises(Refused) as why:
        acting(name, {"h-worker-1": WORKER}, NOON)

    assert why.value.where == "--as"


@pytest.mark.parametrize(
    ("services", "may"),
    [
        pytest.param([replace(ROOMS, answers="lakeside-list")], True, id="a service says so"),
        pytest.param([ROOMS], False, id="none does"),
        pytest.param([replace(ROOMS, answers="lakeside-list", status="suspended")], False, id="one that is closed"),
        pytest.param([replace(JOBS, answers="lakeside-list")], False, id="one for something else"),
        pytest.param(
            [replace(ROOMS, answers="lakeside-list", system="other-cms")], False, id="one that came elsewhere"
        ),
        pytest.param([replace(ROOMS, answers="another-list")], False, id="one that is answered elsewhere"),
    ],
)
def test_what_came_into_one_system_is_answered_in_another_where_its_service_says_so(services, may):
    assert answers_for("lakeside-list", "lakeside-cms", "housing", services) is may
