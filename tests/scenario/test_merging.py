"""Two files are one person's (I-07, settled S37): a "no" counts for both, a yes does not; and apart again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from consent.model import Consent
from hub.desk import doubts, merging
from hub.desk.consents import Forbidden, forbid, lift, withdraw
from hub.desk.people import duplicates
from hub.desk.who import Who
from hub.errors import Refused
from tests import cms_builder as cms
from tests.network import Network
from tests.scenario.test_identity import HARBOUR, LAKESIDE, MOTHER, STEWARD, UCI, ask, consent, person, subjects
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

SISTER = {**MOTHER, "first_name": "Ifrah"}  # whom nothing here takes for the same person


@pytest.fixture
def two(network: Network) -> tuple[str, str]:
    """Two files of harbour's, each with a consent to lakeside and no number; as the desk names them."""
    for fields in (MOTHER, SISTER):
        consent(network, person(network, "harbour", None, **fields))
        network.run()
    one, other = (f"harbour:{known['harbour']}" for known in subjects(network).values())
    return one, other


def merge(network: Network, pair: tuple[str, str]) -> dict[str, int]:
    merged = merging.merge(network.hub.house, *pair, STEWARD)
    network.run()
    return dict(merged.in_doubt)


def part(network: Network, pair: tuple[str, str]) -> None:
    merging.unmerge(network.hub.house, *pair, STEWARD)
    network.run()


def consents(network: Network) -> dict[int, Consent]:
    """By row, the newest version."""
    with network.hub.store.peek() as rows:
        found = rows.consents.of_sources("harbour-cms", ["consent:1", "consent:2"])
    return {row: found[f"consent:{row}"][0] for row in (1, 2)}


def states(network: Network) -> list[str]:
    return [each.state.value for each in consents(network).values()]


def confirm(network: Network, row: int) -> None:
    version = consents(network)[row].version
    name = f"harbour-cms/consent:{row}"
    doubts.resume(network.hub.house, name, "harbour", HARBOUR, version=version, how="PHONE")
    network.run()


def no(network: Network, file: str, **wanted: Any) -> str:
    name, _ = forbid(network.hub.house, "harbour", file.partition(":")[2], HARBOUR, Forbidden(**wanted))
    network.run()
    return name


def refer(network: Network, client: int) -> str | None:
    """Why a referral of a client waits now; None: it was delivered."""
    row = ask(network, client)
    network.run()
    waits = network.waits().get(f"referral_out:{row}")
    return waits.code if waits else None


def take_back(network: Network, **fields: Any) -> None:
    """The row of the first consent says the next day that the client has withdrawn it that morning."""
    network.clock.advance(timedelta(days=1))
    said = {"withdrawn_at": "2026-06-02 07:00:00", "withdrawn_how": "TELEPHONE"}
    cms.update(network.db("harbour"), "consent", 1, **{**said, **fields})
    network.run()


def save(network: Network, client: int, **fields: Any) -> None:
    db = network.db("harbour")
    cms.update(db, "client", client, **fields)
    db.close()
    network.run()


def sister_with_her_number(network: Network) -> int:
    """A second client of harbour's with a consent, whose row gets the mother's number later."""
    other = person(network, "harbour", None, **SISTER)
    consent(network, other)
    network.run()
    db = network.db("harbour")
    cms.add_identifier(db, other, value=UCI)
    db.close()
    network.run()
    return other


def test_i_07_what_either_file_allows_is_suspended_until_it_is_confirmed(
    network: Network, two: tuple[str, str]
) -> None:
    before = refer(network, 1)
    in_doubt = merge(network, two)
    stopped, suspended = refer(network, 2), states(network)
    confirm(network, 2)

    assert (before, in_doubt, stopped) == (None, {"harbour": 2}, "DN_SUSPENDED")
    assert suspended == ["SUSPENDED", "SUSPENDED"]
    assert states(network) == ["SUSPENDED", "ACTIVE"]
    assert len(network.inbox("lakeside", "referral")) == 2  # what waited went when it was confirmed
    assert refer(network, 1) == "DN_SUSPENDED"  # what the one allows is not what the other allows
    assert network.verifies()


@pytest.mark.parametrize("first", [pytest.param(True, id="said before"), pytest.param(False, id="said afterwards")])
def test_i_07_a_no_of_either_file_counts_for_both(network: Network, two: tuple[str, str], first: bool) -> None:
    if first:
        no(network, two[0], recipients=["lakeside"])
    merge(network, two)
    confirm(network, 2)
    if not first:
        no(network, two[0], recipients=["lakeside"])

    assert refer(network, 2) == "DN_DIRECTIVE"


def test_i_07_a_no_that_is_lifted_in_one_file_is_lifted_for_the_person(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    confirm(network, 2)
    name = no(network, two[0], recipients=["lakeside"])
    stopped = refer(network, 2)
    lift(network.hub.house, name, "harbour", HARBOUR)
    network.run()

    assert (stopped, network.waits()) == ("DN_DIRECTIVE", {})


def test_i_07_a_withdrawal_in_one_file_is_one_in_the_other(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    confirm(network, 1)
    confirm(network, 2)

    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", HARBOUR, said_at=None, how="PHONE")

    assert states(network) == ["WITHDRAWN", "WITHDRAWN"]
    assert refer(network, 2) == "DN_WITHDRAWN"


def test_i_07_a_withdrawal_of_less_leaves_the_rest_in_doubt(network: Network, two: tuple[str, str]) -> None:
    db = network.db("harbour")
    cms.update(db, "consent", 2, purposes="REFERRAL COORDINATION")
    cms.update(db, "consent", 1, purposes="REFERRAL")
    db.close()
    network.run()
    merge(network, two)
    confirm(network, 1)
    confirm(network, 2)

    take_back(network)

    assert states(network) == ["WITHDRAWN", "SUSPENDED"]
    assert consents(network)[2].doubt == "POSSIBLE_WITHDRAWAL"


def test_a_withdrawal_in_a_file_of_somebody_else_ends_nothing(network: Network, two: tuple[str, str]) -> None:
    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", HARBOUR, said_at=None, how="PHONE")

    assert states(network) == ["WITHDRAWN", "ACTIVE"]
    assert refer(network, 2) is None


def test_merged_twice_nothing_is_in_doubt_anew(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    confirm(network, 1)
    confirm(network, 2)

    assert merge(network, two) == merge(network, (two[1], two[0])) == {}
    assert states(network) == ["ACTIVE", "ACTIVE"]


def test_s37_parted_each_keeps_what_the_other_has_forbidden_and_doubts_stay(
    network: Network, two: tuple[str, str]
) -> None:
    name = no(network, two[0], recipients=["lakeside"])
    merge(network, two)
    part(network, two)
    confirm(network, 2)
    stopped = refer(network, 2)
    lift(network.hub.house, name, "harbour", HARBOUR)  # of the first file alone, by now
    network.run()

    assert stopped == "DN_DIRECTIVE"
    assert states(network) == ["SUSPENDED", "ACTIVE"]
    assert set(network.codes()) == {"DN_DIRECTIVE"}


def test_s37_parted_a_later_no_is_of_one_file_alone(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    part(network, two)
    confirm(network, 2)
    no(network, two[0], recipients=["lakeside"])

    assert refer(network, 2) is None


def test_s37_a_row_that_says_merged_stops_at_once_what_the_other_forbids(
    network: Network, two: tuple[str, str]
) -> None:
    no(network, two[0], recipients=["lakeside"])
    before = refer(network, 2)
    save(network, 1, merged_into_client_id=2)

    assert (before, refer(network, 2)) == (None, "DN_DIRECTIVE")
    assert states(network) == ["ACTIVE", "ACTIVE"]  # what they allow is suspended when the steward confirms it


def test_c_109_what_a_file_has_taken_back_that_is_perhaps_the_clients_suspends_the_other(
    network: Network, two: tuple[str, str]
) -> None:
    withdraw(network.hub.house, "harbour-cms/consent:1", "harbour", HARBOUR, said_at=None, how="PHONE")
    network.run()
    before = refer(network, 2)
    save(network, 1, merged_into_client_id=2)
    unproven = refer(network, 2)
    part(network, two)

    assert (before, unproven) == (None, "DN_SUSPENDED")
    assert network.waits() == {}  # they are two: what waited has gone


def test_s37_the_steward_is_shown_what_a_row_says_and_confirms_it_or_not(
    network: Network, two: tuple[str, str]
) -> None:
    save(network, 1, merged_into_client_id=2)
    house = network.hub.house
    shown = [(pair.likeness, f"harbour:{pair.one['harbour']}") for pair in duplicates(house, STEWARD, limit=10)]
    part(network, two)
    save(network, 1, first_name="Hodane")  # it says so again

    assert shown == [("said", two[0])]
    assert duplicates(house, STEWARD, limit=10) == []
    with house.store.peek() as rows:
        assert all(rows.links.of([ref]) == {} for ref in subjects(network))


def test_s37_merged_into_somebody_whom_the_registry_does_not_know_is_a_question_when_they_come(
    network: Network,
) -> None:
    consent(network, person(network, "harbour", None, **MOTHER))
    network.run()
    other = person(network, "harbour", None, **SISTER)
    save(network, 1, merged_into_client_id=other)
    row = consent(network, other)
    network.run()

    assert len(subjects(network)) == 1
    assert network.waits()[f"consent:{row}"].code == "DN_IDENTITY"


def test_a_record_that_identifies_both_files_is_no_question_any_more(network: Network) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    other = sister_with_her_number(network)
    one, two = (f"harbour:{known['harbour']}" for known in subjects(network).values())
    before = refer(network, other)
    merge(network, (one, two))
    suspended = refer(network, other)
    confirm(network, 2)

    assert (before, suspended) == ("DN_IDENTITY", "DN_SUSPENDED")
    assert network.waits() == {}
    assert len(network.inbox("lakeside", "referral")) == 2


@pytest.mark.parametrize("who", [HARBOUR, LAKESIDE, Who(None, "tester")])
def test_nobody_but_the_steward_merges_or_parts(network: Network, two: tuple[str, str], who: Who) -> None:
    with pytest.raises(Refused, match="--as"):
        merging.merge(network.hub.house, *two, who)
    with pytest.raises(Refused, match="--as"):
        merging.unmerge(network.hub.house, *two, who)


def test_two_files_that_are_not_linked_cannot_be_parted(network: Network, two: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="not linked"):
        merging.unmerge(network.hub.house, *two, STEWARD)
    with pytest.raises(Refused, match="the same file twice"):
        merging.merge(network.hub.house, two[0], two[0], STEWARD)
    with pytest.raises(Refused, match="alias"):
        merging.merge(network.hub.house, two[0], "lakeside:ABCDEFGHIJKL", STEWARD)
    with pytest.raises(Refused, match="AGENCY:ALIAS"):
        merging.merge(network.hub.house, two[0], "ABCDEFGHIJKL", STEWARD)


def test_as_it_stood_before_the_files_were_merged(network: Network, two: tuple[str, str]) -> None:
    with network.hub.store.peek() as rows:
        before = rows.now
    network.clock.advance(timedelta(seconds=60))
    merge(network, two)
    ref = consents(network)[1].subject_ref

    with network.hub.store.peek(as_of=before) as rows:
        assert rows.links.of([ref]) == {}
    with network.hub.store.peek() as rows:
        assert len(rows.links.of([ref])[ref]) == 1
