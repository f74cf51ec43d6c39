"""INV-3 at the desk: a command that takes something back returns when nothing that relied on it is under way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.desk import consents as desk
from hub.desk import stopping
from hub.desk.configure import Kept, add_row, import_rows
from hub.directory import AGENCY, AGREEMENT, SERVICE, SITE, SYSTEM, Form
from hub.exchange.withdraw import Receipt
from tests import cms_builder as cms
from tests.network import AGREED, EVENTS, Network
from tests.unit.desk.conftest import HARBOUR, STEWARD, Between, bring_in, only_consent, opened, under_way, waits_a_lease

PAIR = {"agreement_id": "harbour-lakeside", "party_a": "harbour", "party_b": "lakeside", "purposes": "REFERRAL"}
TERMS = {**PAIR, "categories": AGREED, "events": " ".join(EVENTS), "valid_from": "2025-01-01"}
LEFT = "IDENT NEEDS LANG"
CHANGES = [
    pytest.param(AGREEMENT, {**TERMS, "categories": LEFT}, id="fewer categories"),
    pytest.param(AGREEMENT, {**TERMS, "purposes": "FOLLOW_UP"}, id="other purposes"),
    pytest.param(AGREEMENT, {**TERMS, "events": "revoke-service-request"}, id="fewer events"),
    pytest.param(AGREEMENT, {**TERMS, "discloser": "lakeside"}, id="one party discloses"),
    pytest.param(AGREEMENT, {**TERMS, "expires_on": "2026-06-30"}, id="an earlier end"),
    pytest.param(AGREEMENT, {**TERMS, "agreement_id": "beside", "categories": LEFT}, id="a narrower one beside it"),
    pytest.param(
        SERVICE,
        {"id": "lakeside-employment", "agency": "lakeside", "wanted": "employment", "name": "employment"}
        | {"system": "lakeside-cms", "status": "ended"},
        id="a service that closes",
    ),
    pytest.param(
        SYSTEM,
        {"id": "lakeside-cms", "agency": "lakeside", "kind": "cms", "settings.path": "{dir}/elsewhere.sqlite"},
        id="a system that leads elsewhere",
    ),
    pytest.param(
        AGENCY,
        {"id": "lakeside", "name": "Lakeside", "lane": "womens", "pack": "ca-on"},
        id="an agency of another lane",
    ),
]


def row_of(network: Network, row: dict[str, str]) -> dict[str, str]:
    return {name: text.format(dir=network.dir) for name, text in row.items()}


@pytest.mark.parametrize(("form", "row"), CHANGES)
def test_a_changed_row_does_not_return_while_something_relies_on_the_former_one(
    network: Network, form: Form[Any], row: dict[str, str]
) -> None:
    envelope_id = under_way(network)

    kept = add_row(network.hub.house, form, row_of(network, row), STEWARD)

    assert waits_a_lease(network, kept.drain).unknown == (envelope_id,)


def test_a_file_is_drained_as_a_row_is(network: Network) -> None:
    envelope_id = under_way(network)
    rows = {**TERMS, "categories": LEFT}
    data = f"{','.join(rows)}\n{','.join(rows.values())}\n".encode()

    kept = import_rows(network.hub.house, AGREEMENT, data, STEWARD)

    assert isinstance(kept, Kept)
    assert waits_a_lease(network, kept.drain).unknown == (envelope_id,)


@pytest.mark.parametrize(
    ("form", "row"),
    [
        pytest.param(SITE, {"kind": "cms", "code": "TOR01", "agency": "harbour"}, id="nothing relies on it"),
        pytest.param(AGENCY, {"id": "third", "name": "Third", "lane": "general", "pack": "ca-on"}, id="it is new"),
    ],
)
def test_a_row_on_which_nothing_relied_keeps_nobody_waiting(
    network: Network, form: Form[Any], row: dict[str, str]
) -> None:
    under_way(network)

    assert add_row(network.hub.house, form, row, STEWARD).drain.step() == Receipt((), (), ())


def test_a_row_that_stands_so_already_changes_nothing_and_keeps_nobody_waiting(network: Network) -> None:
    add_row(network.hub.house, AGREEMENT, TERMS, STEWARD)
    under_way(network)

    kept = add_row(network.hub.house, AGREEMENT, TERMS, STEWARD)

    assert (kept.changed, kept.same) == ((), 1)
    assert kept.drain.step() == Receipt((), (), ())


def test_a_consent_that_is_relied_on_just_before_the_no_is_drained_too(network: Network) -> None:
    """The client has a draft. Between the look and the unit of the no, a consent is filed and its referral opened."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_consent(db, client, categories=None)
    cms.add_referral(db, client)
    bring_in(network)
    house = network.hub.house
    with house.store.peek() as rows:
        alias = rows.subjects.aliases(only_consent(network).subject_ref)["harbour"]
    under_way_now: list[str] = []

    def meanwhile() -> None:
        cms.add_consent(db, client)
        bring_in(network)
        under_way_now.append(opened(network))

    _, drain = desk.forbid(replace(house, store=Between(house.store, meanwhile)), "harbour", alias, HARBOUR)

    db.close()
    assert waits_a_lease(network, drain).unknown == tuple(under_way_now)


# -- a command that was killed while it drained is given again


def test_an_agreement_that_has_ended_is_ended_again_for_its_receipt(network: Network) -> None:
    envelope_id = under_way(network)
    first = stopping.end(network.hub.house, "harbour-lakeside", STEWARD)
    assert first.step() is None  # and its process is killed

    again = stopping.end(network.hub.house, "harbour-lakeside", STEWARD)

    assert waits_a_lease(network, again).unknown == (envelope_id,)
    with network.hub.store.peek() as rows:
        (agreement,) = rows.directory.all().agreements
    assert (agreement.version, agreement.status) == (2, "ended")  # a repeat is no other version


@pytest.mark.parametrize(
    ("what", "name"),
    [("agency", "lakeside"), ("system", "lakeside-cms"), ("agreement", "harbour-lakeside"), ("all", "")],
)
def test_what_is_suspended_is_suspended_again_for_its_receipt(network: Network, what: str, name: str) -> None:
    envelope_id = under_way(network)
    stopping.stop(network.hub.house, what, name, STEWARD)

    again = stopping.stop(network.hub.house, what, name, STEWARD)

    assert waits_a_lease(network, again).unknown == (envelope_id,)


def test_what_is_withdrawn_is_withdrawn_again_for_its_receipt(network: Network) -> None:
    envelope_id = under_way(network)
    consent_id = only_consent(network).consent_id
    for _ in range(2):
        drain = desk.withdraw(network.hub.house, consent_id, "harbour", HARBOUR, said_at=None, how="LETTER")

    assert waits_a_lease(network, drain).unknown == (envelope_id,)
    assert only_consent(network).version == 2
