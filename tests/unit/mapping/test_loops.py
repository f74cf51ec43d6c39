"""Loops over two kinds of systems: CMS, HARTS, CMS and HARTS, CMS, HARTS. The loss reports explain every difference."""

from __future__ import annotations

import random

import pytest

from adapters.cms.record import columns as cms_columns
from adapters.harts.record import columns as harts_columns
from hub.mapping import Context, RecordMapping
from hub.mapping.model import Block
from hub.model.record import Loss, Record

from . import test_harts_roundtrip as harts_
from . import test_roundtrip as cms_
from .harts_samples import ALIAS, answer, request
from .samples import referral
from .test_harts_roundtrip import HARTS
from .test_roundtrip import CMS, differing

ID = "https://hub.example.org/id"
HARBOUR, LAKESIDE = Context("harbour"), Context("lakeside")
PLACES = {"harbour": "TOR001", "lakeside": "LAKE01"}  # each agency's site, as the exchange puts it beside its id
ENDS = {"from_org": "harbour", "to_org": "lakeside", "from_site": "TOR001", "to_site": "LAKE01"}
ORGANIZATIONS = tuple(
    {
        "resource": {
            "resourceType": "Organization",
            "identifier": [{"system": f"{ID}/agency", "value": agency}, {"system": f"{ID}/site", "value": site}],
        },
        "fullUrl": f"urn:block:hub:{agency}",
    }
    for agency, site in PLACES.items()
)
KINDS = ("RF_REQUEST", "RF_STATUS")


def cms_record(kind: str, seed: int) -> Record:
    chance = random.Random(seed)
    return _between_both(cms_.record(kind, cms_columns()[kind], chance, chance.choice((0.5, 1.0))))


def harts_record(kind: str, seed: int) -> Record:
    chance = random.Random(seed)
    return _between_both(harts_.record(kind, harts_columns()[kind], chance, chance.choice((0.5, 1.0))))


def _between_both(record: Record) -> Record:
    """With the two agencies at its ends, which stand in the directory."""
    fields = {name: ENDS.get(name, text) for name, text in record.fields.items()}
    return Record(record.kind, fields, record.children)


LOOPS = {"cms": (CMS, HARTS, cms_record), "harts": (HARTS, CMS, harts_record)}


def blocks_of(mapping: RecordMapping) -> list[Block]:
    return [each for block in mapping.blocks for each in (block, *block.insides)]


def places(mapping: RecordMapping, way: str) -> dict[str, set[str]]:
    """Fields, by the place in FHIR that their lines name; blocks of one thing have one name in both mappings."""
    found: dict[str, set[str]] = {}
    for block in blocks_of(mapping):
        prefix = "".join(f"{part}." for part in block.child)
        for step in block.steps:
            if step.way != way:
                key = f"{block.name}: {step.element}"
                found.setdefault(key, set()).update(f"{prefix}{name}" for name in step.fields)
    return found


def round_trip(first: RecordMapping, second: RecordMapping, sent: Record) -> tuple[Record, Record, list[Loss]]:
    """A record through the other system and back: what stood there, what came back, and all that was told."""
    out = first.to_fhir(sent, HARBOUR)
    for entry in out.resources:  # what the exchange puts in
        if entry["resource"]["resourceType"] == "ServiceRequest":
            entry["resource"].setdefault("identifier", []).append({"system": f"{ID}/referral", "value": "K7QM2XWBREFE"})
    there = second.from_fhir((*out.resources, *ORGANIZATIONS), LAKESIDE)
    again = second.to_fhir(there.record, LAKESIDE)
    back = first.from_fhir((*again.resources, *ORGANIZATIONS), HARBOUR)
    return there.record, back.record, [*out.losses, *there.losses, *again.losses, *back.losses]


def unexplained(first: RecordMapping, second: RecordMapping, sent: Record) -> set[str]:
    _, back, losses = round_trip(first, second, sent)
    report = {loss.place for loss in (*first.loss_report(),)}
    written, read = places(first, "<"), places(second, ">")
    told = {loss.place for loss in (*losses, *second.loss_report())}
    return {
        place
        for place, _ in differing(sent, back)
        if place not in report and not _explained(place, written, read, told)
    }


def _explained(place: str, written: dict[str, set[str]], read: dict[str, set[str]], told: set[str]) -> bool:
    """The other system has no field at that place in FHIR; or a loss line is about it, or about that field of its."""
    keys = [key for key, fields in written.items() if place in fields]
    others = {field for key in keys for field in read.get(key, ())}
    elements = {key.split(": ", 1)[1] for key in keys}
    return not others or bool(told & ({place} | others | elements))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loop", LOOPS)
def test_the_loss_reports_explain_every_difference_of_a_loop(loop, kind):
    first, second, make = LOOPS[loop]

    for seed in range(60):
        assert unexplained(first.records[kind], second.records[kind], make(kind, seed)) == set()


def test_a_difference_that_no_report_tells_is_found():
    first, second = CMS.records["RF_REQUEST"], HARTS.records["RF_REQUEST"]

    written, read = places(first, "<"), places(second, ">")

    assert not _explained("client.last_name", written, read, set())
    assert not _explained("service_wanted", written, read, {"urgency"})
    assert _explained("client.file_no", written, read, set())


def test_a_referral_of_a_cms_through_harts_and_back():
    sent = referral({"service_wanted": "housing", "reason_code": "income"}, client={"unit": ""})
    there, back, _ = round_trip(CMS.records["RF_REQUEST"], HARTS.records["RF_REQUEST"], sent)
    person, result = back.children["client"][0], back.children["client"][0].children["language"][0]

    assert (there.get("to_service"), there.get("reason"), there.get("status")) == ("HOU", "INC", "S")
    for name in ("service_wanted", "reason_code", "reason_text", "status", "from_org", "to_org"):
        assert back.get(name) == sent.get(name), name
    gone = {
        "client_id",
        "file_no",
        "service_language",
        "official_language",
        "interpreter_needed",
        "province",
        "status_date",
    }
    own = sent.children["client"][0].fields
    assert person.fields == {name: text for name, text in own.items() if name not in gone}
    was = sent.children["client"][0].children["language"][0].fields
    assert result.fields == {name: text for name, text in was.items() if name not in {"language_id", "client_id"}}
    assert back.get("urgency") == "routine"


def test_a_referral_of_harts_through_a_cms_and_back():
    sent = request(eligible=[])
    there, back, _ = round_trip(HARTS.records["RF_REQUEST"], CMS.records["RF_REQUEST"], sent)
    person = back.children["client"][0]

    assert (there.get("service_wanted"), there.get("reason_code")) == ("employment", "housing")
    assert (there.get("sent_at"), there.get("status_at")) == (None, "2026-03-04 00:00:07")
    assert (back.get("to_service"), back.get("reason"), back.get("status")) == ("EMP", "HOU", "S")
    gone = {"local_key", "harts_no", "doc_type", "doc_no"}
    own = sent.children["client"][0].fields
    assert {k: v for k, v in person.fields.items() if k != "doc_type"} == {
        k: v for k, v in own.items() if k not in gone
    }
    assert person.get("doc_type") == "NONE"
    was = dict(sent.children["client"][0].children["assessment"][0].fields)
    del was["valid_to"]
    assert person.children["assessment"][0].fields == was
    assert ALIAS not in str(there)


@pytest.mark.parametrize(
    ("status", "reason", "said", "why"),
    [
        ("A", "", "ACCEPTED", None),
        ("W", "", "WAITLISTED", None),
        ("D", "CAP", "DECLINED", "no-capacity"),
        ("D", "", "DECLINED", "other"),
        ("N", "UNR", "NO_SHOW", "client-unreachable"),
        ("X", "CLD", "WITHDRAWN", "client-declined"),
    ],
)
def test_an_answer_of_harts_reaches_the_cms_and_would_go_back_the_same(status, reason, said, why):
    sent = answer({"status": status, "reason": reason})
    there, back, _ = round_trip(HARTS.records["RF_STATUS"], CMS.records["RF_STATUS"], sent)

    assert (there.get("status"), there.get("status_reason")) == (said, why)
    assert (back.get("status"), back.get("status_reason")) == (status, reason or ("OTH" if status in "DX" else None))
