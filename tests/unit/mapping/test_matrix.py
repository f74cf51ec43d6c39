"""The matrix of what two kinds of systems can say to each other, and that it does not lie (design §8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.eois.record import required as eois_required
from adapters.harts.record import required
from consent.model.words import Purpose
from hub.errors import MappingGap, MessageRejected
from hub.exchange.complete import ADD, Ends, Numbers
from hub.exchange.message import assemble
from hub.mapping import Context, Mappings, RecordMapping, load
from hub.mapping.backward import NO_FIELD
from hub.mapping.matrix import NEVER_SAID, Kind, Row, Sheet, Verdict, matrix
from hub.mapping.passage import HUB_SAYS
from hub.mapping.trial import filled, flat
from hub.model.fhir import Resource
from hub.model.record import Record

from .eois_samples import EOIS
from .eois_samples import record as eois_sample
from .harts_samples import answer, request
from .samples import referral
from .test_harts_roundtrip import HARTS
from .test_loops import HARBOUR, LAKESIDE, ORGANIZATIONS, cms_record, harts_record
from .test_roundtrip import CMS


def eois_record(kind: str, seed: int) -> Record:
    """Between the two agencies of these tests; who answers a referral sends the package."""
    found = eois_sample(kind, seed)
    ends = ("TOR001", "LAKE01") if kind == "RF_REQUEST" else ("LAKE01", "TOR001")
    return replace(found, fields={**found.fields, "sender_sds": ends[0], "receiver_sds": ends[1]})


KINDS: Mapping[str, Mappings] = {"cms": CMS, "harts": HARTS, "eois": EOIS}
MAKERS: Mapping[str, Callable[[str, int], Record]] = {"cms": cms_record, "harts": harts_record, "eois": eois_record}
REQUIRED = {"cms": {}, "harts": required(), "eois": eois_required()}
SAMPLES = {
    ("cms", "RF_REQUEST"): [referral(), referral({"urgency": "", "reason_code": "language"}, client={"gender": "man"})],
    ("cms", "RF_STATUS"): [Record("RF_STATUS", {"hub_referral_no": "K7QM2XWBREFE", "status": "DECLINED"})],
    ("eois", "RF_REQUEST"): [],
    ("eois", "RF_STATUS"): [],
    ("harts", "RF_REQUEST"): [request(), request({"reason": "INC"}, eligible=[])],
    ("harts", "RF_STATUS"): [answer(results=[{}]), answer({"status": "D", "reason": "CAP", "start_by": "2026-05-01"})],
}  # fmt: skip
NAMES = {
    "RF_REQUEST": "request",
    "RF_STATUS": "answer",
    "PLAN": "plan",
    "NOTE": "note",
    "EXIT": "exit",
    "FOLLOW_UP": "follow-up",
}
PAIRS = [(one, other, name) for one in KINDS for other in KINDS for name in ("RF_REQUEST", "RF_STATUS")]
ids = pytest.mark.parametrize(("sender", "receiver", "name"), PAIRS, ids=lambda word: word)
SEEDS = 40


@cache
def sheet(sender: str, receiver: str, name: str) -> Sheet:
    sheets = matrix(end(KINDS[sender]), end(KINDS[receiver], REQUIRED[receiver]))
    return next(each for each in sheets if each.message == NAMES[name])


def end(mappings: Mappings, needed: Mapping[str, Sequence[str]] | None = None) -> Kind:
    """A kind that says and takes whatever it has a mapping for."""
    both = {message: (name,) for name, message in NAMES.items() if name in mappings.records}
    return Kind(mappings, both, both, needed or {})


def row(sender: str, receiver: str, name: str, field: str) -> Row:
    return next(each for each in sheet(sender, receiver, name).rows if each.sender == field)


# what the matrix says of the real pair


@pytest.mark.parametrize(
    ("way", "name", "field", "arrives", "verdict"),
    [
        pytest.param("cms harts", "RF_REQUEST", "client.home_language", "client.lang1", "carried", id="the same codes"),
        pytest.param("cms harts", "RF_REQUEST", "client.status_in_canada", "client.status", "partly", id="§6.2 STU"),
        pytest.param("cms harts", "RF_REQUEST", "client.status_date", "", "cannot", id="§6.1 HARTS has no date of it"),
        pytest.param("cms harts", "RF_REQUEST", "client.file_no", "", "cannot", id="a number of the agency's own"),
        pytest.param("cms harts", "RF_REQUEST", "client.unit", "client.address", "partly", id="two lines become one"),
        pytest.param("cms harts", "RF_REQUEST", "from_org", "from_site", "partly", id="an agency becomes a place"),
        pytest.param("harts cms", "RF_REQUEST", "ref_date", "", "cannot", id="a day is no moment"),
        pytest.param("harts cms", "RF_REQUEST", "client.assessment.valid_to", "", "cannot", id="§6.1 CMS has none"),
        pytest.param("harts cms", "RF_REQUEST", "client.sex", "client.gender", "carried", id="F M X are words there"),
        pytest.param("harts cms", "RF_REQUEST", "client.uci", "client.identifier.value", "partly", id="a child there"),
        pytest.param("harts cms", "RF_STATUS", "status", "status", "carried", id="A W D N X"),
        pytest.param("harts harts", "RF_STATUS", "client.surname", "", "cannot", id="an answer restates no client"),
        pytest.param("harts harts", "RF_REQUEST", "client.local_key", "client.local_key", "partly", id="an alias"),
    ],
)
def test_the_verdict_on_a_field(way: str, name: str, field: str, arrives: str, verdict: str) -> None:
    sender, receiver = way.split()
    found = row(sender, receiver, name, field)

    assert (" ".join(found.receiver), found.verdict) == (arrives, verdict)
    assert bool(found.reasons) == (verdict != "carried")


def test_the_codes_without_a_way_back_are_named() -> None:
    need, service = (row("cms", "harts", "RF_REQUEST", field) for field in ("reason_code", "service_wanted"))

    assert "this system has no word for `safety`" in need.reasons
    assert "`literacy` is written as `EMP`, which means `employment`" in service.reasons
    assert not any("housing" in reason for reason in (*need.reasons, *service.reasons))


@ids
def test_every_field_that_is_sent_has_one_row_and_no_other_has(sender: str, receiver: str, name: str) -> None:
    said = [each.sender for each in sheet(sender, receiver, name).rows if each.sender]
    sent = set(filled(KINDS[sender].records[name]))

    assert len(said) == len(set(said))
    assert sent <= set(said)
    skipped = {loss.place for loss in KINDS[sender].records[name].loss_report() if loss.reason.startswith("not sent")}
    assert not skipped & set(said)


@ids
def test_nothing_that_the_receiver_needs_is_missing(sender: str, receiver: str, name: str) -> None:
    assert [each.receiver for each in sheet(sender, receiver, name).rows if not each.sender] == []


@ids
def test_a_field_of_which_a_loss_report_says_that_it_is_cut_is_not_carried(
    sender: str, receiver: str, name: str
) -> None:
    cut = {loss.place for loss in KINDS[receiver].records[name].loss_report() if loss.reason.startswith("cut at")}

    whole = {
        at for each in sheet(sender, receiver, name).rows if each.verdict is Verdict.CARRIED for at in each.receiver
    }
    assert not cut & whole


# it does not lie: records of every form, one way and then read again


def travelling(name: str, entries: Sequence[Resource]) -> list[Resource]:
    """What the exchange sends: with an answer no Patient."""
    return [entry for entry in entries if name != "RF_STATUS" or entry["resource"]["resourceType"] != "Patient"]


def arrived(first: RecordMapping, second: RecordMapping, sent: Record) -> tuple[list[Resource], Record]:
    out = travelling(first.name, first.to_fhir(sent, HARBOUR).resources)
    return out, second.from_fhir((*out, *ORGANIZATIONS), LAKESIDE).record


def values(found: Record, place: str) -> Counter[str]:
    return Counter(text for at, text in flat(found) if at == place)


def without(found: Record, place: str) -> Record:
    name, dot, rest = place.partition(".")
    if not dot:
        return replace(found, fields={at: text for at, text in found.fields.items() if at != name})
    rows = tuple(without(each, rest) for each in found.children.get(name, ()))
    return replace(found, children={**found.children, name: rows})


def records(sender: str, name: str) -> list[Record]:
    return [*SAMPLES[sender, name], *(MAKERS[sender](name, seed) for seed in range(SEEDS))]


def differing(sender: str, receiver: str, name: str, places: Sequence[str]) -> tuple[set[str], set[str]]:
    """The fields that do not mean the same after the receiver has said them again; and those that were seen at all."""
    first, second = KINDS[sender].records[name], KINDS[receiver].records[name]
    changed: set[str] = set()
    met: set[str] = set()
    for sent in records(sender, name):
        try:
            out, there = arrived(first, second, sent)
        except MessageRejected:
            continue  # a field that is partly carried has a form that the receiver's own reader would refuse
        here = first.from_fhir((*out, *ORGANIZATIONS), HARBOUR).record
        again = second.to_fhir(there, LAKESIDE).resources
        back = first.from_fhir((*travelling(name, again), *ORGANIZATIONS), HARBOUR).record
        changed |= {place for place in places if values(back, place) != values(here, place)}
        met |= {place for place in places if values(here, place)}
    return changed, met


@ids
def test_what_is_carried_arrives_and_means_the_same(sender: str, receiver: str, name: str) -> None:
    carried = [each.sender for each in sheet(sender, receiver, name).rows if each.verdict is Verdict.CARRIED]

    assert differing(sender, receiver, name, carried) == (set(), set(carried))


def test_a_field_that_were_called_carried_and_is_not_would_be_found() -> None:
    partly = ["service_wanted", "reason_code", "client.unit", "sent_at", "client.status_in_canada"]
    cannot = ["client.file_no", "client.official_language", "client.status_date"]

    assert differing("cms", "harts", "RF_REQUEST", [*partly, *cannot])[0] == {*partly, *cannot}


@ids
def test_what_cannot_be_carried_changes_nothing_at_the_receiver(sender: str, receiver: str, name: str) -> None:
    first, second = KINDS[sender].records[name], KINDS[receiver].records[name]
    never = [each.sender for each in sheet(sender, receiver, name).rows if each.verdict is Verdict.CANNOT]
    met: set[str] = set()

    for sent in records(sender, name)[: SEEDS // 2]:
        for place in never:
            try:
                there, bare = arrived(first, second, sent)[1], arrived(first, second, without(sent, place))[1]
            except MessageRejected:
                continue  # its neighbour makes no sense without it
            assert sorted(flat(there)) == sorted(flat(bare)), place
            met |= {place} if values(sent, place) else set()

    assert met == set(never), "never carried, and never tried"


# small kinds


SENDER = """
[resource.r]
type = "ServiceRequest"
label = "service-status"
[resource.r.element]
"code" = { code = "want", table = "want", system = "…/CodeSystem/service-wanted" }
"patientInstruction" = { field = "text" }
"authoredOn" = { date = "day" }
"occurrenceDateTime" = { date = "begin" }
"""
RECEIVER = """
[resource.r]
type = "ServiceRequest"
label = "service-status"
[resource.r.element]
"code" = { code = "service", table = "want", system = "…/CodeSystem/service-wanted" }
"patientInstruction" = { field = "words", cut = 5 }
"occurrenceDateTime" = { date = "begin", zone = "America/Toronto" }
"identifier[#number]" = { identifier = "no", system = "…/id/referral" }
"reasonCode[0].text" = { field = "why" }
"""
TABLE = "local,code,way\na,housing,<->\nb,health,<->\n"


def toy(folder: Path, kind: str, toml: str, fields: Sequence[str], table: str) -> Mappings:
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / "RF_REQUEST.toml").write_text(toml, encoding="utf-8")
    (folder / kind / "want.csv").write_text(table, encoding="utf-8")
    return load(kind, [folder / kind], {"RF_REQUEST": {"fields": fields}}, {})


def toys(folder: Path, table: str, needed: Sequence[str] = ()) -> dict[str, Row]:
    one = toy(folder, "one", SENDER, ("want", "text", "day", "begin"), TABLE)
    other = toy(folder, "other", RECEIVER, ("service", "words", "begin", "no", "why"), table)
    (found,) = matrix(end(one), end(other, {"RF_REQUEST": needed}))
    return {each.sender or "/".join(each.receiver): each for each in found.rows}


def test_two_small_kinds(tmp_path: Path) -> None:
    found = toys(tmp_path, "local,code,way\nx,housing,<->\ny,health,<->\n")

    assert {name: (each.receiver, each.verdict.value) for name, each in found.items()} == {
        "want": (("service",), "carried"),
        "text": (("words",), "partly"),
        "day": ((), "cannot"),
        "begin": ((), "cannot"),
    }
    assert found["text"].reasons == ("cut at 5 characters",)
    assert found["begin"].reasons == ("a part of a date only, which this system has no place for",)
    assert (found["want"].block, found["want"].element) == ("r", "ServiceRequest.code")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param("local,code,way\nx,housing,<->\n,health,<\n", "no word for `health`", id="no word"),
        pytest.param("local,code,way\nx,housing,<->\nx,health,<\n", "`health` is written as `x`", id="another's word"),
        pytest.param(
            "local,code,way\nx,housing,<->\n", "with `b` the message waits", id="no row: the message would wait"
        ),
    ],
)
def test_a_table_that_does_not_cover_the_senders_is_told_by_its_codes(tmp_path: Path, table: str, reason: str) -> None:
    found = toys(tmp_path, table)["want"]

    assert found.verdict is Verdict.PARTLY
    assert any(reason in each for each in found.reasons)
    assert not any("housing" in each and "health" not in each for each in found.reasons)


def test_what_the_receiver_needs_and_the_sender_never_says_is_missing(tmp_path: Path) -> None:
    found = toys(tmp_path, TABLE, needed=("no", "service", "why"))

    assert found["why"] == Row("", "", "", ("why",), Verdict.CANNOT, (NEVER_SAID,))
    assert "no" not in found, "the hub's own number is written by the hub"
    assert "service" not in found


def test_a_kind_that_does_not_know_a_message_has_no_sheet_for_it(tmp_path: Path) -> None:
    one = toy(tmp_path, "one", SENDER, ("want", "text", "day", "begin"), TABLE)

    assert [each.message for each in matrix(end(one), end(CMS))] == ["request"]
    assert [each.message for each in matrix(end(CMS), end(one))] == ["request"]


def test_a_gap_of_one_field_does_not_hide_the_others(tmp_path: Path) -> None:
    """The first word of the table is one that the receiver has no row for."""
    found = toys(tmp_path, "local,code,way\ny,health,<->\n")

    assert found["text"].receiver == ("words",)
    assert found["day"].reasons == (NO_FIELD,)


# what the matrix takes for granted of the exchange


def test_what_the_hub_says_in_every_message_is_what_the_exchange_says() -> None:
    entries: list[Resource] = [
        {"fullUrl": f"urn:block:{kind}", "resource": {"resourceType": kind}}
        for kind in ("ServiceRequest", "Patient", "Task")
    ]
    number = "00000000-0000-4000-8000-000000000001"
    bundle = assemble(
        entries,
        event=ADD,
        purpose=Purpose.REFERRAL,
        ends=Ends("harbour", "Harbour", "lakeside", "Lakeside"),
        at=datetime(2026, 3, 3, tzinfo=UTC),
        numbers=Numbers(number, number, "K7QM2XWBREFE", "K7QM2XWBCLIE", None),
    )
    said: dict[str, Any] = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}

    for kind, elements in HUB_SAYS.items():
        assert set(elements) <= set(said[kind]), kind
        systems = {item["system"] for item in said[kind]["identifier"]}
        assert {item["system"] for item in elements["identifier"]} <= systems


def test_the_message_is_refused_where_the_matrix_says_that_it_would_wait(tmp_path: Path) -> None:
    one = toy(tmp_path, "one", SENDER, ("want", "text", "day", "begin"), TABLE).records["RF_REQUEST"]
    table = "local,code,way\nx,housing,<->\n"
    other = toy(tmp_path, "other", RECEIVER, ("service", "words", "begin", "no", "why"), table).records["RF_REQUEST"]
    out = one.to_fhir(Record("RF_REQUEST", {"want": "b"}), Context("a"))

    with pytest.raises(MappingGap):
        other.from_fhir(out.resources, Context("b"))
