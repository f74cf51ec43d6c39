"""Whose record is it? Identity over a whole hub (issue item 11, design §4; INV-6, I-07, I-11).

Links are made by an exact identifier with the birth date; a likeness inside the sending agency is a question to that
agency; a likeness at another agency is nothing but a line in the steward's list.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.desk.people import duplicates, resolve
from hub.desk.who import Who
from hub.errors import Refused
from tests import cms_builder as cms
from tests.network import Network, make, refer
from tests.shapes import ON_SQLITE, Shape

pytestmark = ON_SQLITE

HARBOUR, LAKESIDE, STEWARD = (Who(name, "tester") for name in ("harbour-worker", "lakeside-worker", "steward"))
MOTHER = {"first_name": "Hodan", "last_name": "Warsame", "birth_date": "1964-11-02"}
UCI = "12-3456-7890"


def subjects(network: Network) -> dict[str, dict[str, str]]:
    """Every person of the registry, with the agencies that know them."""
    with network.hub.store.database.reading() as connection:
        refs = [row.ref for row in connection.exec_driver_sql("SELECT ref FROM subject ORDER BY rowid").all()]
    with network.hub.store.peek() as rows:
        return {ref: dict(rows.subjects.aliases(ref)) for ref in refs}


def alias(network: Network, agency: str = "harbour") -> str:
    """The agency's alias of the only person whom it knows."""
    (found,) = [known[agency] for known in subjects(network).values() if agency in known]
    return found


def person(network: Network, agency: str, uci: str | None = UCI, **fields: Any) -> int:
    """A client of an agency, with a UCI or none."""
    db = network.db(agency)
    number = cms.add_client(db, **fields)
    if uci:
        cms.add_identifier(db, number, value=uci)
    db.close()
    return number


def consent(network: Network, client: int, agency: str = "harbour", to: str | None = "lakeside", **fields: Any) -> int:
    return cms.add_consent(network.db(agency), client, to, **fields)


def ask(network: Network, client: int, agency: str = "harbour", **fields: Any) -> int:
    wanted = {"harbour": ("lakeside", "employment"), "lakeside": ("harbour", "settlement")}[agency]
    return cms.add_referral(network.db(agency), client, *wanted, **{"from_org": agency, **fields})


# -- what identifies


@pytest.mark.parametrize(
    ("theirs", "people"),
    [
        pytest.param({}, 1, id="the same number and birth date"),
        pytest.param({"first_name": "Hodane", "last_name": "Abdi"}, 1, id="other names do not matter then"),
        pytest.param({"uci": "1234567890"}, 1, id="case 20 the number without hyphens"),
        pytest.param({"birth_date": "1964-02-11"}, 2, id="case 14 the number with another birth date proves nothing"),
        pytest.param({"birth_date_quality": "Y"}, 2, id="case 13 the number with the year alone proves nothing"),
        pytest.param({"uci": None}, 2, id="case 60 names and date link nobody across agencies"),
        pytest.param({"uci": "12-3456-7891"}, 2, id="another number is another person"),
    ],
)
def test_across_agencies_a_number_with_the_birth_date_links_and_nothing_else_does(
    network: Network, theirs: dict[str, Any], people: int
) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    network.run()
    consent(network, person(network, "lakeside", **{**MOTHER, **theirs}), "lakeside", "harbour")

    network.run()

    known = subjects(network)
    assert len(known) == people
    assert len({name for aliases in known.values() for name in aliases.values()}) == 2  # two agencies cannot compare
    assert network.waits() == {}
    assert network.verifies()


def test_who_is_linked_is_one_person_for_every_no_of_either_file_i_07(network: Network) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    there = person(network, "lakeside", **MOTHER)
    consent(network, there, "lakeside", None, declined=1, purposes=None, categories=None)
    network.run()

    ask(network, 1)
    network.run()

    assert network.codes() == {"DN_DIRECTIVE": 1}
    assert network.inbox("lakeside", "referral") == []


def test_within_one_agency_two_rows_with_one_number_are_one_person(network: Network) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    again = person(network, "harbour", **MOTHER)
    referral = ask(network, again)

    network.run()

    assert len(subjects(network)) == 1
    assert network.states() == {"delivered": 1}
    assert network.told("harbour") == []
    assert network.inbox("lakeside")[0]["payload"]["client"][0]["file_no"] == f"2026-{again:06d}"
    assert referral == 1


# -- a likeness inside the agency


LIKENESSES = [
    pytest.param({}, id="the same names and birth date, no number"),
    pytest.param({"first_name": "Warsame", "last_name": "Hodan"}, id="case 17 swapped"),
    pytest.param({"first_name": "Hodaan", "last_name": "Warsamme"}, id="case 17 spelled otherwise"),
    pytest.param({"last_name": "Abdi"}, id="case 17 another family name"),
    pytest.param({"first_name": "FNU"}, id="case 15 a filler in the place of the given name"),
]


def stopped(network: Network, fields: dict[str, Any]) -> int:
    """A known client, and a second row like it without a number that is referred."""
    consent(network, person(network, "harbour", **MOTHER))
    network.run()
    referral = ask(network, person(network, "harbour", None, **{**MOTHER, **fields}))
    network.run()
    return referral


@pytest.mark.parametrize("fields", LIKENESSES)
def test_a_record_like_an_own_client_stops_until_a_worker_says_it_is_that_client(
    network: Network, fields: dict[str, Any]
) -> None:
    referral = stopped(network, fields)
    before = (network.codes(), network.told("harbour"), network.inbox("lakeside"))
    waiting = network.waits()[f"referral_out:{referral}"]

    found = resolve(network.hub.house, waiting.waiting_id, HARBOUR, same_as=alias(network))
    network.run()

    assert before == ({"DN_IDENTITY": 1}, [("referral_id", referral, "DN_IDENTITY")], [])
    assert (found.alias, found.minted) == (alias(network), False)
    assert network.states() == {"refused": 1, "delivered": 1}
    assert len(subjects(network)) == 1
    assert network.waits() == {}
    assert network.verifies()


def test_a_record_like_an_own_client_that_is_somebody_new_has_no_consent_until_it_has_its_own(
    network: Network,
) -> None:
    referral = stopped(network, {})
    waiting = network.waits()[f"referral_out:{referral}"]

    found = resolve(network.hub.house, waiting.waiting_id, HARBOUR, same_as=None)
    network.run()
    without = (network.codes(), network.inbox("lakeside"))
    consent(network, 2)
    network.run()

    assert found.minted
    assert without == ({"DN_IDENTITY": 1, "DN_NO_CONSENT": 1}, [])
    assert len(subjects(network)) == 2
    assert network.states() == {"refused": 2, "delivered": 1}
    assert network.inbox("lakeside")[0]["payload"]["client"][0]["file_no"] == "2026-000002"
    assert network.verifies()


@pytest.mark.parametrize(
    ("who", "same_as"),
    [
        pytest.param(LAKESIDE, None, id="a worker of another agency"),
        pytest.param(STEWARD, None, id="nor the hub's steward, who knows nobody"),
        pytest.param(Who(None, "tester"), None, id="nobody"),
        pytest.param(HARBOUR, "AAAAAAAAAAAA", id="an alias of nobody"),
    ],
)
def test_nobody_else_says_who_it_is(network: Network, who: Who, same_as: str | None) -> None:
    referral = stopped(network, {})
    waiting = network.waits()[f"referral_out:{referral}"]

    with pytest.raises(Refused):
        resolve(network.hub.house, waiting.waiting_id, who, same_as=same_as)
    network.run()

    assert network.codes() == {"DN_IDENTITY": 1}
    assert len(subjects(network)) == 1


def test_a_consent_row_like_an_own_client_opens_nothing_until_its_person_is_named(network: Network) -> None:
    """And nothing of it counts for the one whom it resembles, either."""
    known = person(network, "harbour", **MOTHER)
    consent(network, known, categories="IDENT NEEDS SERVICE_STATUS")
    network.run()
    alike = person(network, "harbour", None, **MOTHER)
    row = consent(network, alike)
    network.run()
    waiting = network.waits()[f"consent:{row}"]
    told = network.told("harbour")

    resolve(network.hub.house, waiting.waiting_id, HARBOUR, same_as=None)
    network.run()
    ask(network, alike)
    network.run()

    assert (waiting.code, told) == ("DN_IDENTITY", [("consent_id", row, "DN_IDENTITY")])
    assert len(subjects(network)) == 2
    assert network.states() == {"delivered": 1}
    assert network.verifies()


def test_a_withdrawal_row_of_somebody_like_an_own_client_is_asked_about_too_and_lost_by_no_one(
    network: Network,
) -> None:
    consent(network, person(network, "harbour", **MOTHER))
    network.run()
    alike = person(network, "harbour", None, **MOTHER)
    row = consent(network, alike, withdrawn_at="2026-05-20", withdrawn_how="TELEPHONE")
    network.run()

    resolve(network.hub.house, network.waits()[f"consent:{row}"].waiting_id, HARBOUR, same_as=alias(network))
    network.run()

    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{row}")
    assert filed is not None
    assert filed[0].state == "WITHDRAWN"
    assert filed[0].subject_ref in subjects(network)


def test_case_24_twins_with_their_own_given_names_are_two_and_nobody_is_asked(network: Network) -> None:
    one = person(network, "harbour", None, **MOTHER)
    other = person(network, "harbour", None, **{**MOTHER, "first_name": "Ifrah"})
    for twin in (one, other):
        consent(network, twin)
        ask(network, twin)

    network.run()

    assert len(subjects(network)) == 2
    assert network.states() == {"delivered": 2}
    assert network.waits() == {}
    assert duplicates(network.hub.house, STEWARD, limit=10) == []


def test_case_24_a_number_typed_at_the_wrong_twin_is_a_question(network: Network) -> None:
    one = person(network, "harbour", **MOTHER)
    other = person(network, "harbour", None, **{**MOTHER, "first_name": "Ifrah"})
    consent(network, one)
    consent(network, other)
    network.run()
    mistaken = person(network, "harbour", UCI, **{**MOTHER, "first_name": "Ifrah"})

    ask(network, mistaken)
    network.run()

    assert network.codes() == {"DN_IDENTITY": 1}
    assert network.inbox("lakeside", "referral") == []


# -- a likeness at another agency


@pytest.mark.parametrize("fields", LIKENESSES)
def test_case_60_a_look_alike_at_another_agency_stops_nothing_and_is_seen_by_the_steward_alone(
    network: Network, fields: dict[str, Any]
) -> None:
    consent(network, person(network, "harbour", **{**MOTHER, **fields}), "harbour")
    network.run()
    here = person(network, "lakeside", None, **MOTHER)
    consent(network, here, "lakeside", "harbour")
    ask(network, here, "lakeside")

    network.run()

    assert network.states() == {"delivered": 1}
    assert network.waits() == {}
    assert len(subjects(network)) == 2
    (pair,) = duplicates(network.hub.house, STEWARD, limit=10)
    assert pair.one.keys() | pair.other.keys() == {"harbour", "lakeside"}
    for who in (HARBOUR, LAKESIDE):
        with pytest.raises(Refused):
            duplicates(network.hub.house, who, limit=10)


INVENTED = [
    pytest.param({}, None, id="by names and birth date"),
    pytest.param({}, UCI, id="by number and birth date"),
    pytest.param({"birth_date": "1964-02-11"}, UCI, id="by the number with a wrong date"),
    pytest.param({"first_name": "Warsame", "last_name": "Hodan"}, None, id="by names swapped"),
]


@pytest.mark.parametrize(("fields", "uci"), INVENTED)
def test_i_11_an_invented_referral_about_another_agencys_client_is_answered_as_for_an_unknown_person(
    tmp_path: Path, shape: Shape, fields: dict[str, Any], uci: str | None
) -> None:
    """The same code, notice, decision stage and number of steps, whether Harbour knows the person or nobody does."""
    seen = []
    for folder, exists in ((tmp_path / "known", True), (tmp_path / "unknown", False)):
        folder.mkdir()
        network = make(folder, shape=shape)
        someone = MOTHER if exists else {"first_name": "Zofia", "last_name": "Nowak", "birth_date": "1950-05-05"}
        there = person(network, "harbour", UCI if exists else "9999999999", **someone)
        consent(network, there)
        consent(network, there, to=None, declined=1, purposes=None, categories=None)
        network.run()

        ask(network, person(network, "lakeside", uci, **{**MOTHER, **fields}), "lakeside")
        network.run()

        (waiting,) = network.waits().values()
        with network.hub.store.database.reading() as connection:
            stage = connection.exec_driver_sql("SELECT body FROM decision").scalar_one()
        seen.append((network.told("lakeside"), network.codes(), waiting.code, waiting.place, stage))
        network.hub.close()

    known, unknown = seen
    assert known == unknown
    assert known[0] == [("referral_id", 1, "DN_NO_CONSENT")]


def test_i_11_what_another_agency_holds_of_an_own_client_does_not_change_the_answer(network: Network) -> None:
    """Harbour's record of the same person got further than Lakeside's own; Lakeside is told of its own alone."""
    consent(network, person(network, "harbour", **MOTHER), to="any community agency")  # too broad, were it asked
    own = person(network, "lakeside", **MOTHER)
    consent(network, own, "lakeside", "harbour", withdrawn_at="2026-05-20", withdrawn_how="TELEPHONE")
    ask(network, own, "lakeside")

    network.run()

    assert len(subjects(network)) == 1
    assert network.told("lakeside") == [("referral_id", 1, "DN_WITHDRAWN")]


# -- a person whom nobody knows yet


def test_who_is_known_by_nobody_waits_on_digests_and_a_consent_of_their_agency_wakes_it(network: Network) -> None:
    client = person(network, "harbour", **MOTHER)
    ask(network, client)
    network.run()
    (waiting,) = network.waits().values()

    consent(network, client)
    network.run()

    assert waiting.subject_ref is None
    assert waiting.locks
    assert all(lock.startswith("digest:") for lock in waiting.locks)
    assert network.states() == {"refused": 1, "delivered": 1}


def test_a_consent_in_another_agencys_system_wakes_and_does_not_open_what_waits_since_another_discloses(
    network: Network,
) -> None:
    """The person becomes known, so the record is judged again: on no consent of its own agency (consent rules 1.2)."""
    client = person(network, "harbour", **MOTHER)
    ask(network, client)
    network.run()
    there = person(network, "lakeside", **MOTHER)

    consent(network, there, "lakeside", "harbour")
    network.clock.advance(timedelta(minutes=2))
    network.run()
    other = (network.codes(), network.inbox("lakeside"), len(subjects(network)))
    (waiting,) = network.waits().values()
    consent(network, client)  # and now their own
    network.run()

    assert other == ({"DN_NO_CONSENT": 2}, [], 1)
    assert waiting.subject_ref is None  # for Harbour the person is still unknown
    assert network.told("harbour") == [("referral_id", 1, "DN_NO_CONSENT")]  # said once: the answer has not changed
    assert network.states() == {"refused": 2, "delivered": 1}
    assert network.verifies()


def test_what_nobody_ever_comes_to_know_is_forgotten_after_thirty_days(network: Network) -> None:
    ask(network, person(network, "harbour", **MOTHER))
    network.run()
    ask(network, person(network, "harbour", "9876543210", first_name="Lin", birth_date="1980-02-03"))

    network.clock.advance(timedelta(days=30))
    network.run()  # a second record is refused now; whatever is due drops what is over
    with network.hub.store.unit() as unit:
        unit.waiting.expire(unit.now)

    assert [waiting.record_key for waiting in network.waits().values()] == ["referral_out:2"]
    assert subjects(network) == {}
    assert network.states() == {"refused": 2}


def test_case_19_a_number_that_arrives_later_links_the_claimant_to_the_consent(network: Network) -> None:
    """Harbour has two rows of a claimant: one with a consent, later one without; the number shows that they are one."""
    consent(network, person(network, "harbour", UCI, **MOTHER))
    late = person(network, "harbour", None, **MOTHER)
    ask(network, late)
    network.run()
    before = network.codes()

    cms.add_identifier(network.db("harbour"), late, value=UCI)
    network.clock.advance(timedelta(minutes=2))
    network.run()

    assert before == {"DN_IDENTITY": 1}
    assert network.states() == {"refused": 1, "delivered": 1}
    assert len(subjects(network)) == 1


def test_refer_and_answer_name_the_person_by_alias_and_number_never_by_the_registrys_reference(
    network: Network,
) -> None:
    refer(network)
    network.run()
    (sent,) = network.inbox("lakeside", "referral")
    cms.answer(network.db("lakeside"), sent["hub_referral_no"], "ACCEPTED")
    network.run()
    (ref,) = subjects(network)
    (told,) = network.inbox("harbour", "referral-status")

    assert not any(ref in str(row) for row in (sent, told))
