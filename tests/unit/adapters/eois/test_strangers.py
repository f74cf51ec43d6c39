"""Bytes of strangers: whatever lies in the folder, the readers answer with a record or a refusal, in time and in room.

Small by default; large with ``HUB_SOAK``.
"""

from __future__ import annotations

import os
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.eois import extract, markup, package, plans, record, result, worksheet
from hub.errors import MappingGap, RecordUnreadable
from hub.model.canonical import canonical
from tests import eois_builder as eois

SOAK = bool(os.environ.get("HUB_SOAK"))
few = settings(
    max_examples=5_000 if SOAK else 60,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WHOLE = eois.package(plan=eois.PLAN, groups=["deaf"], reason="Asks for evenings").encode()
TEXT = st.text(max_size=40)


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
