"""A duty of care on the client's page: once they have been told, and never who reported it (consent rules 3.7, 4.4).

All people are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from consent.model.reviewed import Outcome, Part, Review
from hub.account import Fate
from hub.account.fhir import bundle
from hub.account.page import page
from hub.desk.who import Who
from hub.exchange.declaring import end
from hub.model.audit import Actor
from hub.model.directory import Worker
from tests.danger import declare, declared, in_danger
from tests.network import Network
from tests.scenario.test_disclosures import OFFICER, told
from tests.shapes import Shape


@pytest.fixture
def danger(tmp_path: Path, shape: Shape) -> Iterator[Network]:
    """Harbour and the bodies that can help, each with its officer."""
    made = in_danger(tmp_path, shape=shape)
    made.put(Worker("officer", "hub", "officer"))
    yield made
    assert made.verifies()
    made.hub.close()


def notice(network: Network, number: int, outcome: Outcome | None) -> None:
    """What the privacy officer has decided of the notice to the client."""
    override_id = declared(network, number).override_id
    with network.hub.store.unit() as unit:
        unit.reviews.put(Review(override_id, Part.NOTICE, unit.now, outcome=outcome))


@pytest.mark.parametrize("outcome", [None, Outcome.WITHHELD])
def test_3_7_what_went_under_a_duty_of_care_is_not_told_before_its_notice_and_leaves_no_gap(
    danger: Network, outcome: Outcome | None
) -> None:
    number = declare(danger, "DOC-SELF", "hospital")
    notice(danger, number, outcome)
    ref = declared(danger, number).subject
    assert any(entry["event_type"] == "ACK" for entry in danger.entries())

    for who, agency in ((OFFICER, None), (Who("w-500"), "harbour")):
        found = told(danger, ref, who, agency)
        assert found.account.disclosures == []
        assert found.face is None or bundle(found.entries, [], found.face)["entry"] == []

    notice(danger, number, Outcome.GIVEN)
    (only,) = told(danger, ref).account.disclosures
    assert (only.sender, only.recipient, only.code) == ("harbour", "hospital", "OV_SELF_HARM")
    assert (only.reason, only.grounds, only.fate) == ("DOC-SELF", (), Fate.ARRIVED)


def test_of_which_the_client_was_told_before_is_told_again_with_its_beginning_and_end(danger: Network) -> None:
    number = declare(danger, "DOC-SELF", "hospital", notice="told-before")
    ref = declared(danger, number).subject
    danger.clock.advance(timedelta(hours=1))
    end(danger.hub.house, declared(danger, number).override_id, "danger-passed", Actor("w-301"))

    found = told(danger, ref, Who("w-500"), "harbour")

    assert found.face is not None
    made = bundle(found.entries, found.account.disclosures, found.face)["entry"]
    codes = [each["resource"].get("subtype", [{"code": "Provenance"}])[0]["code"] for each in made]
    assert sorted(codes) == sorted(["110127", "disclose", "Provenance", "disclose", "110138"])
    assert "w-301" not in repr(made)


def test_who_reported_a_danger_to_a_child_is_not_told_and_not_by_its_own_list_either(danger: Network) -> None:
    child = {"child_name": "Tremblay, Noé", "child_birth_date": "2018-05-04"}
    number = declare(danger, "ST-CHILD-PROTECT", "society", approved_by=None, **child)
    notice(danger, number, Outcome.GIVEN)
    ref = declared(danger, number).subject

    found = told(danger, ref)

    assert [(each.sender, each.recipient) for each in found.account.disclosures] == [(None, "society")]
    assert "Harbour" not in page(found.account, "en")
