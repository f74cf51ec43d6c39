"""C-104, C-105: a client's "no" is lifted where it was said, and nowhere else, by desk and by consent row alike."""

from __future__ import annotations

from typing import Any

import pytest

from hub.desk import consents as desk
from hub.errors import Refused
from hub.model import locks
from hub.model.audit import AuditEvent
from tests import cms_builder as cms
from tests.network import Network
from tests.unit.desk.conftest import HARBOUR, LAKESIDE, STEWARD, arrived, only_consent


def alias_of(network: Network, agency: str) -> str:
    ref = only_consent(network).subject_ref
    with network.hub.store.unit(own=[locks.subject(ref)]) as unit:
        return unit.subjects.alias(agency, ref)


def forbidden_at(network: Network, agency: str) -> str:
    """A directive of Harbour's client that a worker of an agency has taken."""
    who = {"harbour": HARBOUR, "lakeside": LAKESIDE}[agency]
    directive_id, _ = desk.forbid(network.hub.house, agency, alias_of(network, agency), who)
    return directive_id


def names_it(network: Network, directive_id: str) -> tuple[str, ...]:
    """What Harbour's next row of the consent lifts, when it names a directive."""
    db = network.db("harbour")
    cms.update(db, "consent", 1, lifts=directive_id)
    db.close()
    network.run()
    return only_consent(network).lifts


def test_a_row_of_another_agency_does_not_lift_what_this_one_was_told(network: Network) -> None:
    arrived(network)
    directive_id = forbidden_at(network, "lakeside")

    assert names_it(network, directive_id) == ()
    assert network.inbox("lakeside", "referral") == []
    assert network.codes(gate=2) == {"DN_DIRECTIVE": 1}


def test_a_row_of_the_agency_that_took_it_lifts_it(network: Network) -> None:
    arrived(network)
    directive_id = forbidden_at(network, "harbour")

    assert names_it(network, directive_id) == (directive_id,)
    assert len(network.inbox("lakeside", "referral")) == 1


@pytest.mark.parametrize(
    ("agency", "who"), [("harbour", HARBOUR), ("harbour", STEWARD), ("lakeside", STEWARD)], ids=str
)
def test_a_worker_of_another_agency_or_of_the_hub_does_not_lift_it_at_the_desk(
    network: Network, agency: str, who: Any
) -> None:
    arrived(network)
    directive_id = forbidden_at(network, "lakeside")

    with pytest.raises(Refused):
        desk.lift(network.hub.house, directive_id, agency, who)

    with network.hub.store.peek() as rows:
        directive = rows.consents.directive(directive_id)
    assert directive is not None
    assert directive.lifted_by is None


def test_a_directive_of_nobody_and_one_of_somebody_else_are_refused_in_the_same_words(network: Network) -> None:
    arrived(network)
    theirs = forbidden_at(network, "lakeside")
    told = []
    for name in (theirs, theirs[:-1] + ("0" if theirs[-1] != "0" else "1")):
        with pytest.raises(Refused) as refused:
            desk.lift(network.hub.house, name, "harbour", HARBOUR)
        told.append((refused.value.where, refused.value.expected, refused.value.next_step))

    assert told[0] == told[1]


def test_who_took_it_lifts_it_at_the_desk_once_and_the_log_says_who(network: Network) -> None:
    arrived(network)
    directive_id = forbidden_at(network, "harbour")

    for _ in range(2):
        desk.lift(network.hub.house, directive_id, "harbour", HARBOUR)

    with network.hub.store.peek() as rows:
        directive = rows.consents.directive(directive_id)
    assert directive is not None
    assert directive.lifted_by == "worker:harbour-worker"
    while network.hub.log.step():
        pass
    lifted = [entry for entry in network.hub.log.stored() if AuditEvent.DIRECTIVE_LIFTED.value.encode() in entry.body]
    assert len(lifted) == 1


def test_another_agencys_number_of_a_decline_lifts_nothing(network: Network) -> None:
    """A row names a decline by its own agency's number of it; somebody else's number is nobody's here."""
    arrived(network)
    db = network.db("harbour")
    cms.update(db, "consent", 1, declined=1)
    db.close()
    network.run()
    declined = only_consent(network)
    with network.hub.store.unit() as unit:
        numbers = {agency: unit.consents.number(declined.consent_id, agency) for agency in ("harbour", "lakeside")}
    found = {}
    for agency, number in numbers.items():
        db = network.db("harbour")
        client = db.execute("SELECT client_id FROM consent WHERE consent_id = 1").fetchone()[0]
        row = cms.add_consent(db, client, lifts=number)
        db.close()
        network.run()
        with network.hub.store.peek() as rows:
            known = rows.consents.of_source("harbour-cms", f"consent:{row}")
        assert known is not None
        found[agency] = known[0].lifts

    assert found == {"harbour": (declined.consent_id,), "lakeside": ()}
