"""What a worker is told before a referral is sent, and what then becomes of it; which referrals will stop, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from hub.desk.asking import would_go
from hub.desk.expiring import expiring
from hub.desk.simulating import simulate
from hub.desk.who import Who
from hub.errors import Refused
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.network import Network
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

WORKER = Who("harbour-worker", "night-shift")


def client(network: Network, **fields: Any) -> str:
    """Harbour's client with one consent row; the alias."""
    db = network.db("harbour")
    number = cms.add_client(db)
    cms.add_identifier(db, number)
    cms.add_consent(db, number, **fields)
    db.close()
    network.run()
    return alias(network)


def alias(network: Network) -> str:
    with network.hub.store.unit() as unit:
        ref = unit.consents.of_source("harbour-cms", "consent:1")[0].subject_ref
        return unit.subjects.alias("harbour", ref)


def refer(network: Network) -> None:
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    network.run()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="agreed"),
        pytest.param({"purposes": "COORDINATION"}, id="for another purpose"),
        pytest.param({"recipient_org": "harbour"}, id="for another recipient"),
        pytest.param({"given_by": "SPOUSE"}, id="by somebody of whom nothing was seen"),
        pytest.param({"declined": 1, "signed_on": "2026-02-01"}, id="declined"),
        pytest.param({"withdrawn_at": "2026-03-01"}, id="withdrawn"),
        pytest.param({"expires_on": "2026-05-01"}, id="ended"),
        pytest.param({"categories": "CONTACT"}, id="without what a referral needs"),
    ],
)
def test_the_answer_foretold_is_the_answer_given(network: Network, fields: dict[str, Any]) -> None:
    known = client(network, **fields)

    foretold = would_go(network.hub.house, "harbour", known, "lakeside-employment", (), WORKER).decision
    refer(network)

    assert network.codes() == {foretold.codes[0].value: 1}
    assert bool(network.inbox("lakeside", "referral")) == foretold.permits


def test_nothing_foretold_is_written_as_a_decision(network: Network) -> None:
    known = client(network)

    would_go(network.hub.house, "harbour", known, "lakeside-employment", (), WORKER)
    expiring(network.hub.house, "harbour", 30, WORKER)

    assert network.codes() == {}
    looks = [each["what"] for each in network.entries() if each["event_type"] == "VIEW"]
    assert sorted(looks) == ["expiring", "question"]


def test_a_service_that_is_closed_is_none_to_ask_about(network: Network) -> None:
    known = client(network)
    (service,) = [each for each in network.directory().services if each.id == "lakeside-employment"]
    network.put(replace(service, status="suspended"))

    with pytest.raises(Refused, match="--to"):
        would_go(network.hub.house, "harbour", known, "lakeside-employment", (), WORKER)


# -- how it stood


def stood(network: Network, known: str, day: str | None) -> str:
    found = would_go(network.hub.house, "harbour", known, "lakeside-employment", (), WORKER, on=day)
    return found.decision.codes[0].value


def test_on_an_earlier_day_it_is_answered_as_the_registry_stood(network: Network) -> None:
    known = client(network)
    network.clock.advance(timedelta(days=1))  # 2 June
    cms.update(network.db("harbour"), "consent", 1, withdrawn_at="2026-06-02", row_version=2)
    network.run()
    network.clock.advance(timedelta(days=1))  # 3 June
    (agreed,) = network.directory().agreements
    network.put(replace(agreed, version=agreed.version + 1, status="suspended"))
    network.clock.advance(timedelta(days=1))

    assert [stood(network, known, day) for day in ("2026-06-01", "2026-06-02", "2026-06-03", None)] == [
        "OK_CONSENT",
        "DN_WITHDRAWN",
        "DN_NO_AGREEMENT",
        "DN_NO_AGREEMENT",
    ]
    looks = [each.get("as_of") for each in network.entries() if each["event_type"] == "VIEW"]
    days = [f"2026-06-0{day}T00:00:00-04:00" for day in (2, 3, 4)]
    assert sorted(looks, key=str) == [*days, None]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-06-01", "a day that is not over"),
        ("2027-01-01", "a day that is not over"),
        ("2026-05-31", "a day before the registry knew this client"),
        ("yesterday", "aaaaaaaaa"),
        ("0001-01-01", "a day before the registry knew this client"),
    ],
)
def test_a_day_of_which_nothing_can_be_said_is_refused(network: Network, day: str, said: str) -> None:
    known = client(network)

    with pytest.raises(Refused, match=f"--as-of: got {said}"):
        stood(network, known, day)


# -- what will stop


def soon(network: Network, days: int = 30, agency: str = "harbour") -> list[tuple[date, str]]:
    found = expiring(network.hub.house, agency, days, Who(f"{agency}-worker", "night-shift"))
    return [(each.last_on, each.decision.codes[0].value) for each in found]


def test_a_referral_whose_consent_ends_is_listed_with_its_last_day(network: Network) -> None:
    client(network, expires_on="2026-06-20")
    refer(network)

    assert soon(network) == [(date(2026, 6, 20), "DN_EXPIRED")]
    assert soon(network, agency="lakeside") == [], "codes are the sender's (I-11)"


def test_on_its_last_day_it_still_goes_and_the_day_after_it_is_no_longer_listed(network: Network) -> None:
    client(network, expires_on="2026-06-20")
    refer(network)

    network.clock.advance(timedelta(days=19))
    assert soon(network, 1) == [(date(2026, 6, 20), "DN_EXPIRED")]

    network.clock.advance(timedelta(days=1))
    assert soon(network) == [], "it has stopped"


def test_a_day_before_it_would_be_in_reach_nothing_is_listed(network: Network) -> None:
    client(network, expires_on="2026-06-20")
    refer(network)

    assert soon(network, 19) == []
    assert len(soon(network, 20)) == 1


def test_a_signature_that_is_due_is_an_end(network: Network) -> None:
    spoken = {"form": "VERBAL", "signed_on": None, "evidence_ref": None, "verbal_note": "Told by telephone."}
    client(network, captured_at="2026-05-29 12:00:00", **spoken)
    refer(network)

    ((_, code),) = soon(network)
    assert code == "DN_VERBAL_LAPSED"


def test_an_agreement_that_ends_is_an_end(network: Network) -> None:
    client(network)
    refer(network)
    (row,) = network.directory().agreements
    network.put(replace(row, version=2, expires_at=network.clock.now() + timedelta(days=5)))

    ((_, code),) = soon(network)
    assert code == "DN_NO_AGREEMENT"


def test_what_has_ended_and_what_nobody_referred_is_not_listed(network: Network) -> None:
    client(network, expires_on="2026-06-20")
    assert soon(network) == [], "no referral relies on it"

    refer(network)
    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, sent["hub_referral_no"], "DECLINED", status_reason="no-capacity")
    db.close()
    network.run()
    assert soon(network) == []


def test_more_pages_than_one_are_read_whole(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.desk.expiring.PAGE", 1)
    client(network, expires_on="2026-06-20")
    refer(network)
    refer(network)

    assert len(soon(network)) == 2


@pytest.mark.parametrize("days", [0, -1, 91])
def test_days_out_of_reach_are_refused(network: Network, days: int) -> None:
    with pytest.raises(Refused, match="--days"):
        soon(network, days)


def test_another_agencys_worker_is_told_nothing(network: Network) -> None:
    with pytest.raises(Refused, match="--as"):
        expiring(network.hub.house, "lakeside", 30, WORKER)


# -- what would come out otherwise


def flipped(network: Network, draft: dict[str, Any], agency: str | None = "harbour", days: int = 30) -> list[Any]:
    who = Who("harbour-officer" if agency else "officer", "night-shift")
    network.put(Worker("harbour-officer", "harbour", "officer"), Worker("officer", "hub", "officer"))
    found = simulate(network.hub.house, orjson.dumps(draft), days, who, agency=agency)
    assert (found.unreadable, found.changed_since) == (0, 0)
    return [(each.alias, each.before.codes[0].value, each.after.codes[0].value) for each in found.flips]


def test_a_draft_lists_the_decisions_that_would_flip_and_no_others(network: Network) -> None:
    known = client(network)
    refer(network)
    number = "harbour-cms/consent:1"

    withdrawn = flipped(network, {"consent": number, "changes": {"state": "WITHDRAWN"}})
    assert withdrawn == [(known, "OK_CONSENT", "DN_WITHDRAWN")] * 2, "at both gates"
    assert flipped(network, {"consent": number, "changes": {"form_id": "F-other"}}) == []
    assert len(flipped(network, {"directive": {"client": known, "recipients": ["lakeside"]}})) == 2
    assert flipped(network, {"directive": {"client": known, "recipients": ["harbour"]}}) == []
    (agreed,) = network.directory().agreements
    ended = {"agreement": agreed.agreement_id, "changes": {"status": "ended"}}
    assert len(flipped(network, ended)) == len(flipped(network, ended, agency=None)) == 2
    assert len(flipped(network, ended, days=1)) == 2
    network.clock.advance(timedelta(days=2))
    assert flipped(network, ended, days=1) == [], "they are older"
    assert network.codes() == {"OK_CONSENT": 1}, "nothing was decided"


def test_a_refusal_that_a_consent_more_would_have_opened_is_listed(network: Network) -> None:
    known = client(network, purposes="COORDINATION")
    refer(network)
    with network.hub.store.peek() as rows:
        filed, _ = rows.consents.of_source("harbour-cms", "consent:1")

    draft = {"consent": "harbour-cms/consent:1", "changes": {"purposes": ["REFERRAL"]}}

    assert flipped(network, draft) == [(known, "DN_PURPOSE", "OK_CONSENT")]
    assert filed.purposes != ("REFERRAL",)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ({"consent": "ABCDEFGHIJKL", "changes": {"state": "WITHDRAWN"}}, "draft.consent"),
        ({"directive": {"client": "ABCDEFGHIJKL"}}, "draft.directive.client"),
        ({"agreement": "none", "changes": {"status": "ended"}}, "draft.agreement"),
        ({"pack": "none", "changes": {"verbal_days": 7}}, "draft.pack"),
    ],
)
def test_a_draft_about_what_nobody_knows_is_refused(network: Network, draft: dict[str, Any], said: str) -> None:
    client(network)

    with pytest.raises(Refused, match=said):
        flipped(network, draft)


def test_a_worker_who_is_no_officer_may_not_ask(network: Network) -> None:
    client(network)

    with pytest.raises(Refused, match="--as"):
        simulate(network.hub.house, b'{"pack": "ca-on", "changes": {"verbal_days": 7}}', 30, WORKER, agency="harbour")
