"""Whatever bytes come, the readers answer with rows or with an error of ours, which holds nothing of them."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.icare import ADAPTER, blank, details
from adapters.icare.fill import fill
from adapters.icare.layout import modules
from adapters.icare.package import FileRefused
from adapters.icare.source import connect
from adapters.icare.translate import street_in, street_out
from adapters.icare.values import neutral
from adapters.icare.workbook import Workbook
from hub.errors import HubError, MappingGap, RecordUnreadable
from hub.mapping import Partly
from hub.model.identifiers import clean
from tests import icare_builder as icare
from tests.contract.source import Memory

SOAK = bool(os.environ.get("HUB_SOAK"))
MANY = settings(max_examples=5_000 if SOAK else 200, deadline=None)
FEW = settings(max_examples=1_000 if SOAK else 30, deadline=None, suppress_health_check=list(HealthCheck))

WHOLE = icare.workbook(
    "CLIENT_PROFILE", [icare.profile(), icare.profile(city_txt=(' t="s"', "<v>0</v>"))], shared=["x"]
)
PARTS = icare.unzipped(WHOLE)
XML = sorted(name for name in PARTS if name.endswith((".xml", ".rels")))
PIECES = [
    b"", b"<", b">", b"/>", b"</c>", b"<c>", b'<c r="A4"/>', b'<row r="4">', b"</row>", b'r="A1048577"', b't="s"',
    b't="e"', b"<v>9</v>", b"<f/>", b"<is>", b"<t>", b"&#0;", b"&amp;", b"&x;", b"<!DOCTYPE a>", b"<![CDATA[", b"\xff",
    b"\x00", b'"', b"'", b"-1", b"99999999999", "é".encode(), b"<!--", b"?>", b"</sheetData>", b"<sheetData>",
]  # fmt: skip


def read(data: bytes) -> None:
    """Read all of it, or be refused."""
    try:
        rows = list(Workbook(data).rows())
    except FileRefused:
        return
    assert all(fault.text() for row in rows for fault in row.faults)


@MANY
@given(st.binary(max_size=400))
def test_bytes_are_refused(data: bytes):
    read(data)


@MANY
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4))
def test_a_workbook_with_other_bytes_in_it_is_read_or_refused(changes: list[tuple[int, bytes]]):
    data = bytearray(WHOLE)
    for at, new in changes:
        data[at : at + len(new)] = new

    read(bytes(data))


@MANY
@given(
    st.sampled_from(XML),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=3),
)
def test_a_workbook_with_another_part_is_read_or_refused(part: str, changes: list[tuple[float, int, bytes]]):
    xml = bytearray(PARTS[part])
    for where, cut, new in changes:
        at = int(where * len(xml))
        xml[at : at + cut] = new

    read(icare.zipped(PARTS | {part: bytes(xml)}))


@MANY
@given(
    st.sampled_from(["client_birth_dt", "client_validation_id", "consent_ind", "province_id", "street_nme"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60),
    st.sampled_from(["", ' t="str"', ' t="b"', ' t="d"', ' t="n"', ' t="inlineStr"', ' s="2"', ' s="99"']),
)
def test_whatever_stands_in_a_cell_is_read_or_is_a_fault_without_the_value(column: str, text: str, attributes: str):
    inside = icare.cell("A1", text).partition(">")[2].removesuffix("</c>")
    inside = inside if "inlineStr" in attributes else re.sub(r"</?(is|t)[^>]*>", "", inside)
    value = inside if "inlineStr" in attributes else f"<v>{inside}</v>"
    try:
        rows = list(Workbook(icare.workbook("CLIENT_PROFILE", [{column: (attributes, value)}], lov=False)).rows())
    except FileRefused:
        return
    for row in rows:
        for fault in row.faults:
            assert len(clean(text)) <= 6 or clean(text) not in fault.text()


@MANY
@given(st.text(max_size=300))
@example("[" * 300)
@example("(" * 150 + "/" * 150)
def test_any_details_are_read(text: str):
    found = details.read(text)

    assert (found is None) == (not text.strip())


NAMES = st.sampled_from(["fields", "faults", "profile", "referral_no", "client_birth_dt"])
TREES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=4),
    max_leaves=8,
)


@MANY
@given(st.text(max_size=80), st.binary(max_size=200) | TREES.map(orjson.dumps))
def test_any_record_is_refused(key: str, data: bytes):
    for each in (key, "NARS_A-100_202605_1/4/language_skills_referrals_ind"):
        with pytest.raises(RecordUnreadable):
            ADAPTER.parse(each, data)


@MANY
@given(st.text(max_size=60))
def test_any_cursor_is_ours_or_refused(since: str):
    with TemporaryDirectory() as folder:
        source = connect(icare.Office(Path(folder)).settings, Memory(), lambda: datetime(2026, 6, 3, tzinfo=UTC))
        try:
            page = source.fetch(since)
        except RecordUnreadable:
            return
        assert page.raws == ()


EMPTY = icare.workbook("CLIENT_PROFILE")


@FEW
@given(
    st.dictionaries(
        st.sampled_from(["street_nme", "city_txt", "unit_txt", "email_txt"]), st.text(max_size=40), max_size=4
    )
)
def test_any_text_is_written_and_read_back_or_refused(row: dict[str, str]):
    try:
        data = fill(EMPTY, [row])
    except MappingGap:
        return

    found = [each.fields for each in Workbook(data).rows()]
    wanted = {name: clean(text) for name, text in row.items() if clean(text)}
    assert found in ([wanted], [] if not wanted else [wanted])


@FEW
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=3))
def test_a_template_with_another_sheet_is_filled_or_refused(changes: list[tuple[float, int, bytes]]):
    parts = icare.unzipped(EMPTY)
    xml = bytearray(parts["xl/worksheets/sheet1.xml"])
    for where, cut, new in changes:
        at = int(where * len(xml))
        xml[at : at + cut] = new
    try:
        data = fill(icare.zipped(parts | {"xl/worksheets/sheet1.xml": bytes(xml)}), [icare.profile()])  # type: ignore[list-item]
    except HubError:
        return

    assert [row.fields for row in Workbook(data).rows()] == [icare.profile()]


@MANY
@given(st.text(max_size=30))
def test_nothing_that_is_neutral_begins_with_a_sign_of_a_formula(text: str):
    assert not neutral(text).startswith(("=", "+", "-", "@"))


WORDS = st.lists(st.text("abcdeéABC'", min_size=1, max_size=8), min_size=1, max_size=3).map(" ".join)
NUMBERS, TYPES = st.sampled_from(["", "13", "13A"]), st.sampled_from(["", "Street", "Chemin"])
WAYS, UNITS = st.sampled_from(["", "NE - Northeast"]), st.sampled_from(["", "4", "12B"])


@MANY
@given(NUMBERS, WORDS, TYPES, WAYS, UNITS)
def test_a_street_comes_back_as_it_was(number: str, name: str, kind: str, way: str, unit: str):
    lines = street_in(number or None, name, kind or None, way or None, unit or None)

    found = street_out(lines)
    fields = found.value if isinstance(found, Partly) else found

    assert street_in(*fields) == lines


def test_an_empty_template_of_each_module_is_filled_with_nothing():
    module = modules()["LT_EXIT"]

    assert list(Workbook(fill(blank.template(module), [])).rows()) == []
