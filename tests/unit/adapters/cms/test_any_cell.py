"""Whatever stands in a cell: a record, or a refusal that names its field; never another error, never a silence.

The rows go the way that ``source`` and the road take: cell, canonical JSON, ``parse``, mapping.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.cms.record import columns, parse
from adapters.cms.services import LISTS
from adapters.cms.sql import cell
from adapters.cms.views import FORMS, KEYS, READ, Form
from adapters.pairs import FUNCTIONS
from hub.errors import MessageRejected, RecordUnreadable
from hub.mapping import Context, load
from hub.model.canonical import canonical
from hub.model.record import Record

from .test_record import CONSENT, EXIT, FOLLOW_UP, NOTE, OVERRIDE, PLAN, PROFILE, REFERRAL, REPORT, SERVICE, STATUS

ROOT = Path(__file__).resolve().parents[4]
CMS = load("cms", [ROOT / "mappings" / "cms"], columns(), FUNCTIONS)
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "RF_REQUEST": ("referral_out:12", REFERRAL),
    "RF_STATUS": ("referral_in:4", STATUS),
    "CONSENT": ("consent:9", CONSENT),
    "PLAN": ("plan:3", PLAN),
    "NOTE": ("note:6", NOTE),
    "EXIT": ("case:5", EXIT),
    "SERVICE": ("service:8", SERVICE),
    "PROFILE": ("profile:8", PROFILE),
    "REPORT": ("report:8", REPORT),
    "FOLLOW_UP": ("follow_up:8", FOLLOW_UP),
    "OVERRIDE": ("override:3", OVERRIDE),
}
HARBOUR = Context("harbour")


def places(form: Form, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every column of a record with the children above it."""
    own = [(*path, column) for column in form.columns]
    return own + [place for name, child in form.children.items() for place in places(child, (*path, name))]


COUNTED = ("event_id", "case_id", "funder", "participant_id")  # of a service that is reported: read, and not told
READABLE = {each.kind for each in KEYS.values()}  # others are only written
SHOWN = {kind: form for kind, form in FORMS.items() if kind in READABLE}
PLACES = [(kind, place) for kind, form in SHOWN.items() for place in places(READ.get(kind, form))]
ODD = [
    "9999-12-31 23:59:59", "0001-01-01 00:00:00", "2026-03-08 02:30:00", "9999-12-31", "0001-01-01", "inf", "NaN",
    "1e400", "\x00", "\ufeff", "\u0660\u0661", "\u0130", "a" * 5000, " ", "UCI", "E", "Y", "1", "oui", "H0H 0H0",
]  # fmt: skip
CELLS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),  # what SQLite holds, type by type
    st.floats(allow_nan=False),  # it keeps no not-a-number
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.sampled_from(ODD),
    st.datetimes().map(lambda at: at.isoformat(" ", "seconds")),
    st.dates().map(str),
)


def with_cells(kind: str, cells: dict[tuple[str, ...], Any]) -> bytes:
    """The bytes of a good row with some of its cells replaced."""
    row = copy.deepcopy(ROWS[kind][1])
    for (*way, column), value in cells.items():
        node = row
        for name in way:
            node = node.setdefault(name, [{}])[0]
        node[column] = cell(value)
    return canonical(row)


def translate(record: Record) -> None:
    if record.kind == "CONSENT":  # its client goes the way of a referral's, see hub/exchange/reading.py
        record = Record("RF_REQUEST", {}, {"client": record.children.get("client", ())})
    CMS.records[record.kind].to_fhir(record, HARBOUR)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), CELLS)
@example(("RF_REQUEST", ("status_at",)), "9999-12-31 23:59:59")
@example(("RF_REQUEST", ("sent_at",)), "0001-01-01 00:00:00")
@example(("CONSENT", ("withdrawn_at",)), float("inf"))
@example(("RF_REQUEST", ("client", "birth_date")), b"\xff\x00")
@example(("RF_REQUEST", ("client", "last_name")), "a\x00b")
def test_a2_one_cell_of_any_type_gives_a_record_or_a_refusal(place: tuple[str, tuple[str, ...]], value: Any) -> None:
    kind, column = place
    try:
        record = parse(ROWS[kind][0], with_cells(kind, {column: value}))
    except RecordUnreadable:
        return
    with suppress(MessageRejected):
        translate(record)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a2_several_cells_of_any_type_give_a_record_or_a_refusal(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SHOWN)))
    cells = data.draw(st.dictionaries(st.sampled_from(places(FORMS[kind])), CELLS, min_size=1, max_size=6))
    with suppress(MessageRejected):
        translate(parse(ROWS[kind][0], with_cells(kind, cells)))


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1.5, 0.0, 1e300])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_c3_a_number_with_a_point_is_never_a_blank(place: tuple[str, tuple[str, ...]], value: float) -> None:
    """Where a text is a text, it is one; a withdrawal is heard; everything else is refused."""
    kind, (*way, column) = place
    try:
        record = parse(ROWS[kind][0], with_cells(kind, {(*way, column): value}))
    except RecordUnreadable:
        return
    if column in LISTS or (kind == "REPORT" and way == ["service"]):  # told in another place, or counted out
        assert column in COUNTED or f"'{value!r}'" in str(record)
        return
    if kind == "OVERRIDE" and (column in ("told", "child_name", "code") or way[:1] == ["child"]):
        return  # told in another place: see test_overrides.py
    for name in way:
        (record,) = record.children[name]
    assert record.get(column) == repr(value) or (column in ("phone", "email") and record.get(column) is None)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_c3_canonical_never_makes_null_of_a_number(number: float) -> None:
    for document in (number, {"a": number}, [None, {"a": [1, number]}], {"a": None, "b": (number,)}):
        with pytest.raises(ValueError, match="no word"):
            canonical(document)

    assert canonical({"b": None, "a": [1.5, "null"]}) == b'{"a":[1.5,"null"],"b":null}'


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, b"1", "\ud800", {1: 2}])
def test_c3_canonical_refuses_what_is_no_json(value: object) -> None:
    with pytest.raises(TypeError):
        canonical({"a": value})
