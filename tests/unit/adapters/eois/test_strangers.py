"""Bytes of strangers: whatever lies in the folder, the readers answer with a record or a refusal, in time and in room.

Small by default; large with ``HUB_SOAK``.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.eois import extract, frozen, lists, markup, outcomes, package, parcels, plans, record, result, worksheet
from adapters.eois.translate import moment_in, moment_out
from hub.errors import MappingGap, RecordUnreadable
from hub.mapping import Unfit
from hub.model.canonical import canonical
from tests import eois_builder as eois
from tests.contract.source import Memory

SOAK = bool(os.environ.get("HUB_SOAK"))
few = settings(
    max_examples=5_000 if SOAK else 60,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WHOLE = eois.package(plan=eois.PLAN, groups=["deaf"], reason="Asks for evenings").encode()
TEXT = st.text(max_size=40)
KEY = "P/3898A/4102B/PKG-1"
DAYS = st.one_of(
    st.dates().map(str),
    st.sampled_from(["0001-01-01", "0001-01-15", "2026-07-02", "2026-10-02", "9999-09-30", "9999-12-01", "9999-12-31"]),
)
MOMENTS = st.one_of(
    st.sampled_from(
        ["2026-10-06T10:15:00-04:00", "2026-05-29T24:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
    ),
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
)


def label(listed: str) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(lists.known(listed)))


@st.composite
def plan_text(draw: st.DrawFn) -> str:
    """A service plan whose days, words and gaps are anybody's."""

    def element(name: str, below: str = "", /, **attributes: st.SearchStrategy[str]) -> str:
        given = {each: draw(value) for each, value in attributes.items() if draw(st.integers(0, 30))}
        return f"<{name}{''.join(f' {each}={quoteattr(text)}' for each, text in given.items())}>{below}</{name}>"

    item = {"expectedStart": DAYS, "expectedEnd": DAYS, "actualStart": DAYS, "actualEnd": DAYS, "outcome": st.just("x")}
    goal = element("SubGoal", element("PlanItem", type=st.just("x"), **item), name=st.just("x"), outcome=st.just("x"))
    closure = element("Closure", reason=label("closure_reason"), outcome=label("case_outcome"))
    made = {"date": DAYS, "status": label("follow_up_status")}
    follow_ups = [
        element("FollowUp", month=st.sampled_from(parcels.MONTHS), **made) for _ in range(draw(st.integers(0, 3)))
    ]
    below = "".join(part for part in (goal, closure, *follow_ups) if draw(st.booleans()))
    said = {"reference": st.sampled_from("12"), "program": label("plan_program"), "status": label("plan_status")}
    return element("ServicePlan", below, **said)


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """A valid file with a piece of it taken out, doubled, or replaced by anything."""
    place = st.integers(0, len(data))
    piece = st.one_of(
        st.binary(max_size=20), TEXT.map(str.encode), st.sampled_from([b"<", b"]]>", b"&#0;", b'"', b"<!--"])
    )
    return st.tuples(place, place, piece).map(lambda cut: data[: min(cut[:2])] + cut[2] + data[max(cut[:2]) :])


@few
@given(st.one_of(st.binary(max_size=400), mutated(WHOLE)))
def test_any_bytes_are_a_package_or_refused_by_code_and_path(data: bytes) -> None:
    tree, said = None, ""
    try:
        tree = package.read("eois P", data)
    except RecordUnreadable as error:
        said = str(error)
    if tree is None:
        assert "/CaseReferralPackage" in said
        return
    assert package.read("eois P", package.write(tree)) == tree
    worksheet.write(tree, incomplete=False)


@few
@given(st.one_of(st.binary(max_size=300), mutated(canonical({"package": WHOLE.decode()}))), st.text(max_size=20))
def test_any_document_under_any_key_is_a_record_or_unreadable(data: bytes, key: str) -> None:
    for each in (key, "P/3898A/4102B/PKG-1", "15B/3898A/1/community/80", "R/3898A/4102B/PKG-1"):
        try:
            record.parse(each, data)
        except RecordUnreadable:
            continue


@few
@given(st.lists(st.tuples(plan_text(), MOMENTS, st.booleans()), min_size=1, max_size=3))
def test_any_plan_makes_records_or_a_fault_whatever_its_days_words_and_gaps(said: list[tuple[str, str, bool]]) -> None:
    before = frozen.Plans(Memory())
    for place, (plan, created, shared) in enumerate(said):
        person = {"DateOfBirth": "", "DateArrived": ""}
        text = (eois.shared if shared else eois.package)(plan=plan, created=created, person=person)
        for raw in parcels.records(f"{KEY}{place}", text.encode(), "3898A", before):
            try:
                _ = raw.fault or record.parse(raw.key, raw.data)
            except RecordUnreadable:
                continue


@few
@given(MOMENTS | DAYS)
def test_any_moment_is_carried_or_left_out(text: str) -> None:
    moment_out(text)
    try:
        moment_in(text)
    except Unfit:
        return


@few
@given(st.data())
def test_any_weeks_rows_make_items_whatever_their_days_words_and_gaps(data: Any) -> None:
    def row(report: str) -> dict[str, str]:
        cells = {}
        for column in extract.layout()[report]:
            shown = {
                "date": DAYS.map(lambda day: f"{day[8:]}/{day[5:7]}/{day[:4]}"),
                "month": st.sampled_from(parcels.MONTHS),
                "label": label(column.list) if column.list else TEXT,
            }
            if column.kind in shown and data.draw(st.booleans()):
                cells[column.title] = data.draw(st.just("") | shown[column.kind])
        return cells

    week = {
        report: extract.read(f"{report}_3898A_20260601.csv", eois.extract(report, row(report), row(report)))
        for report in eois.HEADERS
    }
    site = plans.newest([each for each in week.values() if isinstance(each, extract.Extract)])

    for item in (*plans.items(site), *outcomes.items(site)):
        record.parse(item.key, item.octets())


def test_a_plan_that_is_only_spoken_of_is_none() -> None:
    text = eois.package(reason="Asks for a ServicePlan")

    (raw,) = parcels.records(KEY, text.encode(), "3898A", frozen.Plans(Memory()))

    assert record.parse(raw.key, raw.data).kind == "RF_REQUEST"


def test_a_plan_of_a_thousand_follow_ups_takes_no_more_time_than_its_length() -> None:
    many = '<FollowUp month="3" date="2026-10-02" status="Not Completed"/>' * 4_000
    text = eois.shared(plan=eois.closed(follow_ups=many), created="2026-10-06T10:15:00-04:00")
    begun = time.monotonic()

    raws = parcels.records(KEY, text.encode(), "3898A", frozen.Plans(Memory()))

    assert [raw.key for raw in raws] == [KEY, f"X{KEY[1:]}", f"F{KEY[1:]}/3"]
    assert time.monotonic() - begun < 10


@few
@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_refused(data: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        result.read("eois x", "PKG-1", data)


@few
@given(st.sampled_from(sorted(eois.HEADERS)), st.data())
def test_any_bytes_are_an_extract_or_refused_and_every_row_is_accounted_for(report: str, data: Any) -> None:
    whole = eois.extract(report, {}, {})
    octets = data.draw(st.one_of(st.binary(max_size=300), mutated(whole)))

    found = extract.read(f"{report}_3898A_20260601.csv", octets)

    if isinstance(found, extract.Extract):
        told = {fault.row for fault in found.faults if fault.code != extract.MARKS}
        assert told.isdisjoint(number for number, _ in found.rows)
        list(plans.items(plans.newest([found])))
        plans.faults(found)


@few
@given(st.dictionaries(st.sampled_from(eois.HEADERS["15B"].split(",")), TEXT, max_size=6))
def test_any_cells_make_a_row_or_a_fault_and_no_fault_holds_a_cell(cells: dict[str, str]) -> None:
    cells = {name: text.replace("\0", "") for name, text in cells.items()}  # with it, it is no text at all
    found = extract.read("15B_3898A_20260601.csv", eois.extract("15B", cells, encoding="utf-8"))

    assert isinstance(found, extract.Extract)
    assert len(found.rows) + len({fault.row for fault in found.faults if fault.code != extract.MARKS}) <= 2
    assert not [text for text in cells.values() if len(text) > 12 and text in str(found.faults)]


@few
@given(st.dictionaries(st.sampled_from(["last_name", "first_name", "alias", "phone", "unit"]), TEXT), TEXT)
def test_any_text_is_written_so_that_it_is_read_again_or_not_at_all(client: dict[str, str], reason: str) -> None:
    fields = {
        "number": "R-1", "service": "community/80", "created": eois.CREATED, "sender_sds": "3898A",
        "receiver_sds": "4102B", "reason": reason,
    }  # fmt: skip
    child = record.Record("client", {"postal_code": "M5V2T6", **client})
    try:
        body = record.render(record.Record("RF_REQUEST", fields, {"client": (child,)}))
    except MappingGap:
        return
    tree = {**orjson.loads(body)["package"], "packageId": "PKG-1", "language": "fr"}
    page = worksheet.write(tree, incomplete=True).decode()

    assert package.read("eois P", package.write(tree))["Referral"]["number"] == "R-1"
    assert page.count("<script") == 0


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1_000 + b'">]><a>' + b"&b;" * 100_000 + b"</a>",
        b"<a>" * 200_000,
        b"<a>" + b"<b/>" * 400_000 + b"</a>",
        b"<a b='" + b"x" * 4_000_000 + b"'/>",
    ],
    ids=["entities", "depth", "width", "a long value"],
)
def test_a_bomb_takes_no_more_room_than_its_own_bytes(data: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(markup.NotXml):
        markup.read(data, markup.PACKAGE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * len(data) + 4_000_000
