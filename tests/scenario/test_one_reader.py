"""Two workers, one source: what the slower one holds is old, and may not undo what the faster one has read since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.compose import Hub, compose
from hub.errors import Unavailable
from hub.exchange import answers, intake, notices
from hub.exchange.connections import Watched
from hub.exchange.reader import alone
from hub.model.directory import System
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.fakes import SeededIds
from tests.mixed import HARBOUR_SITE, make_both
from tests.network import Network, refer
from tests.shapes import ON_SQLITE, Shape

pytestmark = ON_SQLITE


@pytest.fixture
def other(network: Network) -> Iterator[Hub]:
    """A second worker on the same store."""
    hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(7))
    yield hub
    hub.close()


def harbour(hub: Hub) -> System:
    with hub.store.peek() as rows:
        return rows.directory.all().systems["harbour-cms"]


def test_a_source_that_another_worker_reads_is_left_alone_until_its_lease_is_over(network: Network, other: Hub) -> None:
    refer(network)
    system = harbour(other)
    assert alone(network.hub.house, system.id)

    beside = intake.step(other.house, system)
    network.clock.advance(timedelta(seconds=11))
    after = intake.step(other.house, system)

    assert (beside, after) == (False, True)


def test_a_notice_that_two_workers_write_at_once_is_told_once_in_the_log(
    network: Network, other: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))  # without a consent
    assert intake.step(network.hub.house, harbour(other))
    send = Watched.send

    def beside(source: Any, parcels: Any, commit: Any) -> Any:
        monkeypatch.undo()
        assert notices.step(other.house, harbour(other))
        return send(source, parcels, commit)

    monkeypatch.setattr(Watched, "send", beside)

    assert notices.step(network.hub.house, harbour(other))

    assert [each["event_type"] for each in network.entries()].count("NOTICE_SENT") == 1
    assert len(network.inbox("harbour", "refusal")) == 1


def test_batches_that_another_worker_reads_are_answered_by_that_one_alone(tmp_path: Path, shape: Shape) -> None:
    """What a source remembers of its batches is one list: two who keep it would undo what the other has written."""
    both = make_both(tmp_path, shape)
    network = both.network
    other = compose(network.hub.settings, clock=network.clock, ids=SeededIds(7))
    name = both.site.hand_in(harts.client(harts.referral(from_site=harts.SITE, to_site=HARBOUR_SITE)))
    while intake.step(network.hub.house, both.system()):
        pass

    beside = answers.step(other.house, both.system())
    unanswered = both.site.answer_to(name)
    network.clock.advance(timedelta(seconds=11))
    after = answers.step(other.house, both.system())

    assert (beside, unanswered, after) == (False, None, True)
    other.close()
    network.hub.close()


def test_a_page_that_lay_in_a_slow_worker_does_not_put_back_a_consent_that_was_narrowed(
    network: Network, other: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    refer(network)
    system, slow = harbour(other), network.hub
    fetch = type(slow.connections.source(system)).fetch

    def slowly(source: Any, cursor: Any) -> Any:
        page = fetch(source, cursor)
        monkeypatch.undo()
        cms.update(network.db("harbour"), "consent", 1, withdrawn_at="2026-06-01", withdrawn_how="PHONE")
        network.clock.advance(timedelta(seconds=11))
        assert intake.step(other.house, system)
        return page

    monkeypatch.setattr(type(slow.connections.source(system)), "fetch", slowly)

    with pytest.raises(Unavailable, match="another process"):
        intake.step(slow.house, system)

    with slow.store.peek() as rows:
        filed = rows.consents.of_source(system.id, "consent:1")
    assert filed is not None
    assert filed[0].state == "WITHDRAWN"


def test_a_worker_that_stops_lets_the_next_one_read_at_once(network: Network, other: Hub) -> None:
    system = harbour(other)
    assert alone(network.hub.house, system.id)

    network.hub.close()

    assert alone(other.house, system.id)
