"""As which kind of record a message is written, and a message that a system has no record for (shared model 6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.cms import ADAPTER as CMS
from hub.compose import Hub, compose
from hub.exchange.writing import kind_of, write_parcel
from hub.model import codes
from hub.model.directory import System
from hub.model.envelope import Envelope
from hub.model.record import Loss
from tests.fakes import StandingClock
from tests.network import NOON, prepare
from tests.unit.adapters.icare.reports import activity, message, patient, session

IRCC = System("ircc-icare", "ircc", "icare")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    settings = prepare(tmp_path_factory.mktemp("writing") / "hub", seed=7)
    made = compose(settings, clock=StandingClock(NOON))
    yield made
    made.close()


def enveloped(event: str, *resources: Any) -> tuple[Envelope, Any]:
    content = {**message(*resources), "meta": {"security": []}}
    at = datetime(2026, 6, 2, 12, tzinfo=UTC)
    return Envelope(
        "e-1", "m-1", "lane", 1, "harbour", "ircc", event, "FUNDER_REPORT", "d-1", (), "00" * 32, at, content
    ), content  # fmt: skip


def test_a_report_is_written_as_a_row_of_its_module(hub: Hub) -> None:
    envelope, content = enveloped("funder-report", patient(), session(), activity("mentoring"))

    written = write_parcel(hub.house, IRCC, envelope, content, None, {})

    assert written.parcel is not None
    assert written.parcel.kind == "report"
    assert b'"module":"ERS"' in written.parcel.body
    assert written.parcel.lookup == {f"{codes.ID}/uci": "11223344"}


def test_an_activity_that_no_module_has_ends_as_nothing_with_a_loss_line(hub: Hub) -> None:
    envelope, content = enveloped("funder-report", patient(), session(), activity("cooking"))

    written = write_parcel(hub.house, IRCC, envelope, content, None, {})

    assert written.parcel is None
    assert written.losses == (Loss("Procedure.code", "this kind of system has no record of that activity"),)


def test_an_answer_ends_as_nothing_in_a_system_that_takes_none(hub: Hub) -> None:
    envelope, content = enveloped("notify-update-process-request", {"resourceType": "Task"})

    written = write_parcel(hub.house, IRCC, envelope, content, None, {})

    assert (written.parcel, [loss.place for loss in written.losses]) == (None, ["status"])


@pytest.mark.parametrize(
    ("event", "held", "name"),
    [
        ("notify-update-process-request", "Task", "RF_STATUS"),
        ("notify-update-process-request", "EpisodeOfCare", "EXIT"),
        ("plan-shared", "CarePlan", "PLAN"),
        ("plan-shared", "Task", None),
        ("add-service-request", "ServiceRequest", "RF_REQUEST"),
        ("funder-report", "Task", None),
    ],
)
def test_the_kind_of_record_is_told_by_the_event_and_by_what_is_held(event: str, held: str, name: str | None) -> None:
    found = kind_of(CMS, event, message({"resourceType": held}, patient()))

    assert (found and found.name) == name
