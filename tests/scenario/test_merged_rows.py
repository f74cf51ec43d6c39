"""No "no" is lost where a person has two files, however systems and people say it (I-07, INV-10; C-109)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub.desk import doubts, noted, simulating
from hub.desk.consent_file import import_consents
from hub.desk.consents import lift, look_at_client, withdraw
from hub.desk.people import duplicates, resolve
from hub.desk.who import Who
from hub.errors import Refused
from hub.exchange import retention
from hub.model import locks
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.mixed import consent_row
from tests.network import Network
from tests.scenario.test_identity import HARBOUR, LAKESIDE, MOTHER, STEWARD, UCI, ask, consent, person, subjects
from tests.scenario.test_merging import (
    SISTER,
    confirm,
    consents,
    merge,
    no,
    part,
    refer,
    save,
    sister_with_her_number,
    states,
    take_back,
    two,
)
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE
__all__ = ["two"]  # the fixture

TAKEN_BACK = {"withdrawn_at": "2026-05-30 09:00:00", "withdrawn_how": "TELEPHONE"}


@pytest.fixture
def confirmed(network: Network, two: tuple[str, str]) -> tuple[str, str]:
    """Two files of one person whose consents are both confirmed."""
    merge(network, two)
    confirm(network, 1)
    confirm(network, 2)
    return two


def row(network: Network, number: int, **fields: Any) -> None:
    db = network.db("harbour")
    cms.update(db, "consent", number, **fields)
    db.close()
    network.run()


def taken_back(network: Network, number: int = 1) -> None:
    name = f"harbour-cms/consent:{number}"
    withdraw(network.hub.house, name, "harbour", HARBOUR, said_at=None, how="PHONE")
    network.run()


def files(network: Network) -> list[str]:
    return [f"harbour:{known['harbour']}" for known in subjects(network).values() if "harbour" in known]


# -- what a withdrawal takes back


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"recipient_org": None, "purposes": None}, id="a row that names nobody and nothing any more"),
        pytest.param({"recipient_org": "nobody-knows"}, id="a recipient that cannot be read"),
        pytest.param({"purposes": "COORDINATION"}, id="another purpose than it had allowed"),
    ],
)
def test_a_withdrawal_takes_back_what_was_given_whatever_its_row_still_says(
    network: Network, confirmed: tuple[str, str], said: dict[str, Any]
) -> None:
    take_back(network, **said)

    assert states(network)[0] == "WITHDRAWN"
    assert states(network)[1] in ("WITHDRAWN", "SUSPENDED")
    assert refer(network, 2) is not None


def test_a_withdrawal_beside_a_draft_takes_back_what_still_opens(network: Network, confirmed: tuple[str, str]) -> None:
    row(network, 1, recipient_org=None)
    drafted = states(network)
    taken_back(network)

    assert (drafted, states(network)) == (["DRAFT", "ACTIVE"], ["WITHDRAWN", "WITHDRAWN"])


def test_a_withdrawal_said_again_for_its_receipt_ends_no_later_yes(network: Network, two: tuple[str, str]) -> None:
    taken_back(network)
    merge(network, two)
    confirm(network, 2)
    taken_back(network)

    assert states(network) == ["WITHDRAWN", "ACTIVE"]


def test_a_withdrawal_of_before_the_last_yes_is_a_doubt(network: Network, confirmed: tuple[str, str]) -> None:
    row(network, 1, **TAKEN_BACK)

    assert states(network) == ["WITHDRAWN", "SUSPENDED"]


def test_a_withdrawal_that_is_imported_drains_both_files(network: Network) -> None:
    imported(network)
    consent(network, person(network, "harbour", None, **SISTER))
    network.run()
    one, other = files(network)
    merge(network, (one, other))
    before = consents_of_row(network, 1)
    doubts.resume(network.hub.house, "harbour-cms/consent:1", "harbour", HARBOUR, version=before.version, how="PHONE")

    done = imported(network, **TAKEN_BACK)

    assert consents_of_row(network, 1).state in ("WITHDRAWN", "SUSPENDED")
    assert f"consent:{before.consent_id}" in done.drain._basis


@pytest.mark.parametrize("merged", [False, True])
def test_a_withdrawal_can_be_imported_whether_or_not_the_files_are_merged(network: Network, merged: bool) -> None:
    imported(network)
    sister_with_her_number(network)
    if merged:
        one, two_ = files(network)
        merge(network, (one, two_))

    assert imported(network, **TAKEN_BACK).problems == ()


def imported(network: Network, **fields: str) -> Any:
    """A line of a file of consents about the mother."""
    about = {name: MOTHER[name] for name in ("birth_date", "last_name", "first_name")}
    line = consent_row(
        consent_id="M-1",
        identifier_type="UCI",
        identifier_value=UCI,
        recipient_org="lakeside",
        purposes="REFERRAL",
        categories="IDENT CONTACT NEEDS LANG SERVICE_STATUS",
        captured_by="harbour-worker",
        **{**about, **fields},
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted(line))
    writer.writeheader()
    writer.writerow(line)
    done = import_consents(network.hub.house, text.getvalue().encode(), "harbour", HARBOUR)
    network.run()
    return done


def consents_of_row(network: Network, number: int) -> Any:
    with network.hub.store.peek() as rows:
        found = rows.consents.of_source("harbour-cms", f"consent:{number}")
    assert found is not None
    return found[0]


# -- rows that a system moves from one client to another


@pytest.mark.parametrize("linked", [False, True])
def test_a_no_of_a_row_that_now_stands_under_another_client_is_heard(
    network: Network, two: tuple[str, str], linked: bool
) -> None:
    if linked:
        merge(network, two)
        confirm(network, 2)
    row(network, 1, client_id=2, **TAKEN_BACK)

    assert states(network) == ["WITHDRAWN", "SUSPENDED"]
    with pytest.raises(Refused, match="WITHDRAWN"):
        confirm(network, 1)
    assert refer(network, 2) is not None


@pytest.mark.parametrize("said", [False, True])
def test_a_decline_whose_row_moves_still_counts(network: Network, two: tuple[str, str], said: bool) -> None:
    row(network, 1, declined=1)
    if said:
        save(network, 1, merged_into_client_id=2)
    row(network, 1, client_id=2)

    assert states(network)[0] == "DECLINED"
    assert refer(network, 2) is not None


def test_what_is_suspended_by_hand_is_not_resumed_over_the_withdrawal_of_its_own_row(
    network: Network, two: tuple[str, str]
) -> None:
    doubts.suspend(network.hub.house, "harbour-cms/consent:1", "harbour", HARBOUR, why="DISPUTE")
    row(network, 1, client_id=2, **TAKEN_BACK)

    with pytest.raises(Refused, match="WITHDRAWN"):
        confirm(network, 1)


def test_a_tool_that_moves_the_rows_and_says_merged_at_once_is_heard_by_the_client_that_is_left(
    network: Network, two: tuple[str, str]
) -> None:
    no(network, two[0], recipients=["lakeside"])
    db = network.db("harbour")
    db.execute("BEGIN")
    cms.update(db, "consent", 1, client_id=2)
    cms.update(db, "client", 1, merged_into_client_id=2)
    db.execute("COMMIT")
    db.close()
    network.run()

    assert [pair.likeness for pair in duplicates(network.hub.house, STEWARD, limit=10)] == ["said"]
    assert refer(network, 2) == "DN_DIRECTIVE"


def test_a_merged_client_without_a_consent_row_is_heard_by_the_client_that_is_left(
    network: Network, two: tuple[str, str]
) -> None:
    no(network, two[0], recipients=["lakeside"])
    db = network.db("harbour")
    db.execute("DELETE FROM consent WHERE consent_id = 1")
    db.close()
    network.run()
    save(network, 1, merged_into_client_id=2)

    assert refer(network, 2) == "DN_DIRECTIVE"


def test_a_client_whose_key_another_row_had_named_is_found_by_its_own(network: Network) -> None:
    consent(network, person(network, "harbour", None, **MOTHER))
    network.run()
    other = person(network, "harbour", None, **SISTER)
    save(network, 1, merged_into_client_id=other)
    named = consent(network, other)
    network.run()
    waiting = network.waits()[f"consent:{named}"].waiting_id
    resolve(network.hub.house, waiting, HARBOUR, same_as=None)
    network.run()
    third = person(network, "harbour", None, first_name="Ayaan", last_name="Osman", birth_date="1990-01-01")
    consent(network, third)
    network.run()
    no(network, files(network)[-1], recipients=["lakeside"])
    save(network, third, merged_into_client_id=other)

    assert len(subjects(network)) == 3
    assert refer(network, other) == "DN_DIRECTIVE"


def test_a_moved_no_is_asked_about_once_however_often_its_row_is_saved(network: Network, two: tuple[str, str]) -> None:
    row(network, 1, client_id=2, **TAKEN_BACK)
    confirm(network, 2)  # the worker has asked the other client
    told = network.told("harbour")
    save(network, 2, first_name="Ifrah Hodan")
    row(network, 1, row_version=9)

    assert states(network) == ["WITHDRAWN", "ACTIVE"]
    assert network.told("harbour") == told


def test_a_moved_no_of_whom_nobody_can_tell_is_perhaps_each_ones(network: Network, two: tuple[str, str]) -> None:
    third = person(network, "harbour", None, **SISTER)  # resembles the second
    row(network, 1, client_id=third, **TAKEN_BACK)

    assert states(network) == ["WITHDRAWN", "SUSPENDED"]


def test_a_receipt_tells_an_agency_nothing_of_what_another_file_gave_somebody_else(network: Network) -> None:
    consent(network, person(network, "harbour", None, **MOTHER))
    consent(network, person(network, "harbour", None, **SISTER))
    network.run()
    one, other = files(network)
    merge(network, (one, other))

    drain = withdraw(network.hub.house, "harbour-cms/consent:1", "lakeside", LAKESIDE, said_at=None, how="PHONE")

    assert drain._told == "lakeside"
    assert len(drain._basis) == 2


# -- what else is of the person


def test_a_no_of_whom_nobody_can_tell_holds_back_every_file(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    confirm(network, 2)
    consent(network, person(network, "harbour", None, **MOTHER), declined=1, purposes=None, categories=None)
    network.run()

    assert refer(network, 2) == "DN_SUSPENDED"


def test_who_is_too_near_is_so_whatever_file_says_it(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    one, other = (consents(network)[number].subject_ref for number in (1, 2))
    with network.hub.store.unit(own=[locks.subject(one)]) as unit:
        unit.overrides.relate("harbour-worker", one, "family")

    with network.hub.store.peek() as rows:
        assert rows.overrides.related("harbour-worker", other)


def test_a_worker_is_shown_the_no_that_stops_a_file(network: Network, confirmed: tuple[str, str]) -> None:
    name = no(network, confirmed[0], recipients=["lakeside"])

    look = look_at_client(network.hub.house, "harbour", confirmed[1].partition(":")[2], HARBOUR)

    assert name in [directive.directive_id for directive in look.directives]


def test_a_no_that_is_tried_is_tried_on_both_files(network: Network, confirmed: tuple[str, str]) -> None:
    network.put(Worker("harbour-officer", "harbour", "officer"))
    sent = refer(network, 2)
    draft = {"directive": {"client": confirmed[0].partition(":")[2], "recipients": ["lakeside"]}}

    found = simulating.simulate(
        network.hub.house, orjson.dumps(draft), 30, Who("harbour-officer", "tester"), agency="harbour"
    )

    assert (sent, len(found.flips)) == (None, 2)  # at both gates


# -- parted


def test_what_is_under_way_when_files_are_parted_is_looked_at_again(network: Network) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    sister_with_her_number(network)
    one, other = files(network)
    pair = (one, other)
    merge(network, pair)
    confirm(network, 2)
    away = network.dir / "lakeside.sqlite"
    away.rename(network.dir / "lakeside.away")
    ask(network, 1)
    network.run()
    part(network, pair)
    no(network, pair[0], recipients=["lakeside"])
    (network.dir / "lakeside.away").rename(away)
    network.settle()

    assert network.inbox("lakeside", "referral") == []
    assert network.waits()["referral_out:1"].code == "DN_IDENTITY"


def test_what_a_system_said_by_mistake_leaves_nothing_behind(network: Network, two: tuple[str, str]) -> None:
    no(network, two[0], recipients=["lakeside"])
    save(network, 1, merged_into_client_id=2)
    stopped = refer(network, 2)
    part(network, two)

    assert (stopped, network.waits()) == ("DN_DIRECTIVE", {})
    assert states(network) == ["ACTIVE", "ACTIVE"]


def test_merged_and_parted_again_and_again_a_no_is_kept_once_and_lifted_once(
    network: Network, two: tuple[str, str]
) -> None:
    name = no(network, two[0], recipients=["lakeside"])
    for _ in range(3):
        merge(network, two)
        part(network, two)
    with network.hub.store.peek() as rows:
        known = rows.subjects.facts([each.subject_ref for each in consents(network).values()])
    confirm(network, 1)
    lift(network.hub.house, name, "harbour", HARBOUR)
    network.run()

    assert [len(each.directives) for each in known.values()] == [1, 1]
    assert refer(network, 1) is None


def test_what_is_kept_of_an_agency_that_does_not_know_the_file_can_be_taken_down(network: Network) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    consent(network, person(network, "lakeside", **MOTHER), "lakeside", "harbour")
    consent(network, person(network, "harbour", None, **SISTER))
    network.run()
    known = subjects(network)
    one = next(ref for ref, names in known.items() if "lakeside" in names)
    other = next(ref for ref in known if ref != one)
    noted.add_flag(network.hub.house, "lakeside", known[one]["lakeside"], "PHONE_UNSAFE", LAKESIDE, of=None)
    pair = (f"harbour:{known[one]['harbour']}", f"harbour:{known[other]['harbour']}")
    merge(network, pair)
    part(network, pair)

    with network.hub.store.peek() as rows:
        assert {flag.taken_by for flag in rows.subjects.raised(other)} == {"harbour"}


def test_merged_parted_and_merged_in_one_instant(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    part(network, two)

    assert merge(network, two) == {"harbour": 2}
    assert states(network) == ["SUSPENDED", "SUSPENDED"]


# -- kept


def test_a_file_stays_as_long_as_another_of_the_same_person_is_needed(network: Network, two: tuple[str, str]) -> None:
    merge(network, two)
    no(network, two[0], recipients=["lakeside"])
    refs = set(subjects(network))
    for _ in range(11):
        network.clock.advance(timedelta(days=366))
        for _ in range(60):  # more than there are rooms and pages
            retention.step(network.hub.house)

    assert set(subjects(network)) == refs
