"""Golden cases: what a system's record becomes, and what a message becomes in a system. Files in, files out.

A case is a folder ``tests/golden/<kind>/<name>/`` with two files; its name tells the story; no code is added for it.

- ``in.json`` with ``key``, ``revision`` and ``data``: a record of Harbour as the source gives it. ``out.json`` holds
  the FHIR ``entry`` list that the mapping makes of it, with the ``losses`` that are told; of a consent row what the
  registry would file; of a record that is refused the words of the refusal.
- ``in.json`` a Bundle, as it reaches Lakeside (or Harbour) after withholding. ``out.json`` is what is written of it: a
  ``hub_inbox`` row, drafts of lines, the tree of a package or a line beside a table; or that there is no word for
  it; or the refusal.

``HUB_GOLDEN=write pytest tests/golden`` writes every ``out.json`` anew (read the difference before you commit it); a
run that writes proves nothing and says so. All people in the cases are invented.
"""

from __future__ import annotations

import os
import re
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.contract import Adapter, RecordKind
from consent.packs import PACKAGED, load_packs
from consent.rows import read_row, to_consent
from hub.errors import MessageRejected
from hub.exchange.writing import kind_of, with_places
from hub.kinds import adapters_of, load_mappings
from hub.mapping import Context
from hub.model import codes
from hub.model.canonical import canonical
from hub.model.record import Loss, Record

HERE = Path(__file__).parent
ADAPTERS = adapters_of(HERE / "no overlay")
CASES = sorted(folder for kind in ADAPTERS for folder in (HERE / kind).iterdir() if folder.is_dir())
PLACES = {  # of each agency, in the kinds that name places
    "harts": {"harbour": "HARB01", "lakeside": "LAKE01"},
    "eois": {"harbour": "3898A", "lakeside": "4102B"},
}
HARBOUR = Context("harbour")  # whose records come in
PACKS = load_packs(PACKAGED)
MAPPINGS = {kind: load_mappings(kind, HERE / "no overlay") for kind in ADAPTERS}


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in CASES])
def test_golden(case: Path) -> None:
    kind, given = case.parent.name, orjson.loads((case / "in.json").read_bytes())

    out = _written(_out(kind, given) if "resourceType" in given else _in(kind, given))

    if os.environ.get("HUB_GOLDEN") == "write":
        (case / "out.json").write_bytes(out)
        pytest.skip("written anew: read the difference")
    assert out.decode() == (case / "out.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_cases_of_a_kind_go_both_ways_and_hold_nothing_but_the_two_files(kind: str) -> None:
    cases = [case for case in CASES if case.parent.name == kind]
    given = [orjson.loads((case / "in.json").read_bytes()) for case in cases]

    assert all({file.name for file in case.iterdir()} == {"in.json", "out.json"} for case in cases)
    assert sum("key" in each for each in given) >= 12
    least = 8 if ADAPTERS[kind].takes("referral") else 5 if ADAPTERS[kind].render else 0
    assert sum("resourceType" in each for each in given) >= least


def test_no_word_of_a_refusal_is_a_value_of_its_record_inv_1() -> None:
    """Codes may be shown; nothing that a person is called, lives at or was born on is."""
    told = []
    for case in CASES:
        given, out = (orjson.loads((case / name).read_bytes()) for name in ("in.json", "out.json"))
        words = " ".join([out.get("refused", ""), *map(str, out.get("faults", ())), *map(str, out.get("losses", ()))])
        told += [(case.name, value) for value in _personal(given) if value in words]

    assert told == []


def _in(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """A record through ``parse`` and the mapping, as the road does it."""
    adapter = ADAPTERS[kind]
    try:
        found = adapter.parse(given["key"], canonical(given["data"]))
        if _kind_of(adapter, found).event == "consent":
            return _filed(given, found)
        owned = found if found.kind == "RF_STATUS" else Record(found.kind, _owned(found), found.children)
        made = MAPPINGS[kind].records[found.kind].to_fhir(owned, HARBOUR)
    except MessageRejected as error:
        return {"refused": str(error), "as": type(error).__name__}
    return {"entry": made.resources, "losses": [_told(loss) for loss in made.losses]}


def _kind_of(adapter: Adapter, record: Record) -> RecordKind:
    return next(kind for kind in adapter.records if kind.name == record.kind)


def _owned(record: Record) -> dict[str, str]:
    return {**record.fields, "from_org": HARBOUR.agency}


def _filed(given: dict[str, Any], record: Record) -> dict[str, Any]:
    """What the registry would file of a consent row at its first version, and what it would say about it."""
    row = read_row(
        record.fields,
        agency=HARBOUR.agency,
        system="harbour-cms",
        key=given["key"],
        pack=PACKS.facts("ca-on"),
        known_agency={"harbour", "lakeside"}.__contains__,
        digest=lambda _: "digest",
    )
    consent = to_consent(row, consent_id="c-1", version=1, subject_ref="s-1", previous=None)
    filed = {name: value for name, value in asdict(consent).items() if value not in (None, (), "", frozenset(), False)}
    faults = [{**asdict(fault), "effect": fault.effect.name} for fault in row.faults]
    return {"consent": filed, "missing": row.missing, "faults": faults, "lifts": row.lifts}


def _out(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """A Bundle through the mapping and ``render``, as ``hub/exchange/writing.py`` does it."""
    adapter, header = ADAPTERS[kind], given["entry"][0]["resource"]
    record_kind = kind_of(adapter, header["eventCoding"]["code"], given)
    to = header["destination"][0]["endpoint"].rsplit("/", 1)[1]
    assert record_kind is not None, "what a kind does not take has no cases out"
    assert adapter.render is not None
    try:
        entries = [_placed(entry, PLACES.get(kind, {})) for entry in given["entry"]]
        back = MAPPINGS[kind].records[record_kind.name].from_fhir(entries, Context(to))
        if (
            record_kind.event == "referral-status" and "status" not in back.record.fields
        ):  # it ends as delivered (shared model 6.2)
            return {"nothing": "the system has no word for this state"}
        places, sender = PLACES.get(kind, {}), header["source"]["endpoint"].rsplit("/", 1)[1]
        back = replace(back, record=with_places(record_kind, back.record, places.get(sender), places.get(to)))
        own = {} if adapter.takes("referral") or not record_kind.own else {record_kind.own: "R-1"}  # its own alone
        record = replace(back.record, fields={**back.record.fields, **own})
        if not adapter.writes(record):
            lacks = [_told(loss) for loss in adapter.shortened(record)]
            return {"nothing": "the system needs more than it says", "losses": lacks}
        payload = orjson.loads(adapter.render(record))
    except MessageRejected as error:
        return {"refused": str(error), "as": type(error).__name__}
    tags = [(tag["system"], tag["code"]) for tag in given["meta"]["security"]]
    incomplete = (codes.OBSERVATION_VALUE, "REDACTED") in tags
    losses = [_told(loss) for loss in (*back.losses, *adapter.shortened(record))]
    return {"kind": record_kind.parcel, "payload": payload, "incomplete": incomplete, "losses": losses}


def _placed(entry: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
    """An Organization with its place in this kind of system beside its agency id, as the exchange puts it there."""
    ids = entry["resource"].get("identifier")
    if entry["resource"]["resourceType"] != "Organization" or not places:
        return entry
    place = {"system": codes.ID_SITE, "value": places[ids[0]["value"]]}
    return {**entry, "resource": {**entry["resource"], "identifier": [*ids, place]}}


def _written(document: dict[str, Any]) -> bytes:
    def plain(value: object) -> Any:
        if isinstance(value, frozenset):
            return sorted(value)
        assert not isinstance(value, datetime), "instants are written by the library itself"
        raise TypeError

    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, default=plain, option=options)


_NAMED = ("last_name", "first_name", "preferred_name", "birth_date", "phone", "email", "address_line", "postal_code")
_NAMED_BY_HARTS = (
    "surname",
    "given",
    "preferred",
    "dob",
    "address",
    "postal",
    "uci",
    "harts_no",
    "doc_no",
    "local_key",
)


_TEXTS = re.compile(r"<(?:Legal\w+|Alias|DateOfBirth|PostalCode|Reason|IdentifyAs)>([^<]+)<|(?:phone|email)=\"([^\"]+)")


def _personal(given: dict[str, Any]) -> list[str]:
    """Values of the columns that say who and where somebody is, and of identifiers, in a record that comes in."""
    told = given.get("data", {}).get("client", ())
    clients = [child for child in ([told] if isinstance(told, dict) else told) if isinstance(child, dict)]
    values = [str(client[name]) for client in clients for name in _NAMED + _NAMED_BY_HARTS if client.get(name)]
    package = str(given.get("data", {}).get("package", ""))
    values += [text for pair in _TEXTS.findall(package) for text in pair]
    values += [str(one.get("value", "")) for client in clients for one in client.get("identifier", ())]
    return [value for value in values if len(value) > 3]


def _told(loss: Loss) -> dict[str, str]:
    return {"place": loss.place, "reason": loss.reason}
