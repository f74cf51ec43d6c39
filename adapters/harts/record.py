"""HARTS records in their own words: the lines of one referral in, drafts of lines out.

Program systems 4.5 (records), 9.4 (columns, source key, the constant in NOTE). Pure. Values and widths are the layout's
(``layout``, ``values``); here lines become one tree: an RF with its CL, and the AS, EL and WL lines of that client.
Lines about an enrolment are the matter of ``study``.

- A file of a site speaks for that site: an RF from it is a request (STATUS S, or X where it is withdrawn), an RF to it
  is its answer (A, W, D, N, X). WL lines without an RF are an answer that names no referral: A where an offer was
  accepted, else W. AS lines alone are one that names neither a referral nor a state.
- REASON has two lists in one column: it is ``reason`` with STATUS S and ``status_reason`` with D, N, X; D and X without
  one are OTH. With A and W it is not read.
- NOTE that begins with the constant is no note: ``incomplete`` says so, and what follows is the note.

It does not know the hub's codes: a code that nobody knows is the mapping's to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from adapters.harts import study
from adapters.harts.layout import DELETED, fill, layout, names
from adapters.harts.study import TOLD, without_key, without_local_key
from hub.errors import MappingGap, RecordUnreadable, code, shape
from hub.model.canonical import canonical
from hub.model.record import Loss, Record

INCOMPLETE = "INFO NOT COMPLETE"  # program systems 9.4
REQUEST, ANSWER = "RF_REQUEST", "RF_STATUS"
SAYS = {REQUEST: "SX", ANSWER: "AWDNX"}  # the states that each side may say
CHILDREN = {"AS": "assessment", "EL": "eligibility"}
LISTED = "waitlist"

_NEEDS, _REASONED, _DECIDED = "S", "DNX", "DX"  # states with a need, with a reason of the state, never without one
_OTHER = "OTH"
_KEY = re.compile(r"([A-Za-z0-9._-]{1,6})/([0-9]{4})/([0-9]{1,3})/([0-9]{1,6})")
_TOLD = ("status_reason", "incomplete", *TOLD)
_ACCEPTED, _WAITS = "A", "W"  # of an offer, and of a referral


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of all kinds of record, children nested: what a mapping may name."""
    below = {child: {"fields": without_key(names(record))} for record, child in CHILDREN.items()}
    client = {"fields": names("CL"), "children": below}
    rf = (*without_key(names("RF")), *_TOLD)
    return {
        REQUEST: {"fields": rf, "children": {"client": client}},
        ANSWER: {
            "fields": (*rf, "local_key"),
            "children": {"client": client, LISTED: {"fields": without_key(names("WL"))}},
        },
        **study.columns(),
    }


def required() -> Mapping[str, Sequence[str]]:
    """The fields without which a line cannot be written, with their child path. An answer restates no client."""
    rf, cl = (without_key(layout()[record].needed) for record in ("RF", "CL"))
    below = [
        f"client.{child}.{name}" for line, child in CHILDREN.items() for name in without_key(layout()[line].needed)
    ]
    listed = [f"{LISTED}.{name}" for name in without_key(layout()["WL"].needed)]
    return {
        REQUEST: (*rf, *(f"client.{name}" for name in cl), *below),
        ANSWER: (*rf, *below, *listed),
        **study.required(),
    }


def parse(key: str, data: bytes) -> Record:
    """Read one referral, or its answer, as the file layer hands it over.

    Args:
        key: ``site/year/seq/line`` of the line that makes the message.
        data: JSON ``{"file_date", "client": {"fields": …}, "lines": [[line, record, action, {fields}], …], "faults"}``.

    Returns:
        The record; what is absent or blank left out; AS and EL lines that delete left out.

    Raises:
        RecordUnreadable: names key and field, what was got (a code or a shape), what was expected and what to do.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise RecordUnreadable("harts record key", shape(key), "site/year/sequence/line", "look the key up again")
    site, _, seq, line = found.groups()
    document = _document(key, data)
    told = document.get("client")
    client = _fields(key, "CL", told.get("fields", told) if isinstance(told, dict) else told)
    place = {"file_date": str(document.get("file_date") or ""), "seq": str(int(seq)), "line": str(int(line))}
    lines = _lines(key, document)
    if lines and lines[0][0] in study.LINES:
        return study.record(lines, client, place)
    return _of_a_referral(key, site, lines, client, place)


def _of_a_referral(
    key: str, site: str, lines: Sequence[study.Said], client: dict[str, str], place: dict[str, str]
) -> Record:
    asked = [fields for record, _, fields in lines if record == "RF"]
    children = _children(lines)
    listed = tuple(Record(LISTED, without_local_key(fields)) for record, _, fields in lines if record == "WL")
    if len(asked) > 1 or not (asked or listed or children.get("assessment")):
        raise _bad(key, "", f"{len(asked)} RF lines", "one, or WL or AS alone", "send the lines of one referral")
    kind = _kind(key, site, asked[0]) if asked else ANSWER
    fields = {**_said(asked[0] if asked else _stands(site, listed)), **place}
    if kind == ANSWER:
        fields["local_key"] = client.get("local_key", "")
    nested = {name: tuple(Record(name, each) for each in rows) for name, rows in children.items()}
    below = {"client": (Record("client", client, nested),), **({LISTED: listed} if listed else {})}
    return Record(kind, {name: text for name, text in fields.items() if text}, below)


def render(record: Record) -> bytes:
    """Write a record as drafts of lines.

    An answer restates nothing about its client: where its message holds no Patient, its CL has LOCAL_KEY alone.

    Args:
        record: of a kind in :func:`columns`.

    Returns:
        Canonical JSON: ``{"lines": [[record, action, {fields}], …]}``, the CL first.

    Raises:
        MappingGap: another kind, or a line that cannot be written: as ``layout.fill``.
    """
    if record.kind in study.KINDS:
        return canonical({"lines": study.drafts(record)})
    if record.kind not in SAYS:
        raise MappingGap(f"harts record kind {record.kind}", "a kind nobody knows", f"one of {', '.join(SAYS)}")
    client = next(iter(record.children.get("client", ())), Record("client", {}))
    local_key = record.get("local_key") or client.get("local_key") or ""
    named = {"local_key": local_key} if local_key else {}
    restated = client.get("surname") is not None or record.kind == REQUEST
    drafts: list[study.Said] = [
        ("CL", "A" if record.kind == REQUEST else "U", {**client.fields, **named} if restated else named)
    ]
    for name, child in CHILDREN.items():
        drafts += [(name, "A", dict(each.fields)) for each in client.children.get(child, ()) if _whole(name, each)]
    if record.get("ref_no") or record.get("status"):
        drafts.append(("RF", "A" if record.get("status") == _NEEDS else "U", _written(record)))
    drafts += [("WL", "A", dict(each.fields)) for each in record.children.get(LISTED, ()) if _whole("WL", each)]
    for name, action, fields in drafts:
        _try(name, action, {**fields, **named}, restated=restated)
    return canonical({"lines": drafts})


def writes(record: Record) -> bool:
    """Whether there is a line that can be written of it (program systems 9.4); else nothing of it goes to HARTS."""
    return record.kind not in study.KINDS or len(study.drafts(record)) > 1


def marked(note: str) -> tuple[str, bool]:
    """NOTE where something was withheld (I-10): the constant, then the note that was permitted; and was it cut?"""
    width = layout()["RF"].columns["note"].width
    whole = f"{INCOMPLETE} {note}".rstrip()
    return whole[:width].rstrip(), len(whole) > width


def shortened(record: Record) -> Sequence[Loss]:
    """What of a note had to make room for the constant, and which lines could not be written."""
    if record.kind in study.KINDS:
        return study.unwritten(record)
    losses = list(_unwritten(record))
    if record.get("incomplete") and marked(record.get("note") or "")[1]:
        width = layout()["RF"].columns["note"].width
        losses.append(Loss("note", f"cut at {width} characters, its marker counted", cut=True))
    return losses


def _document(key: str, data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _bad(key, "", f"{len(data)} bytes", "JSON", "fetch the record again") from error
    if not isinstance(document, dict) or not isinstance(document.get("lines", []), list):
        raise _bad(key, "", type(document).__name__, "lines of one client", "fetch the record again")
    for fault in document.get("faults", ()):  # the file layer's own words, which hold no value
        raise RecordUnreadable(f"harts {key}: {fault}")
    return document


def _lines(key: str, document: Mapping[str, Any]) -> list[study.Said]:
    lines: list[study.Said] = []
    for row in document.get("lines", []):
        if not isinstance(row, list) or len(row) != 4 or row[1] not in ("RF", "WL", *CHILDREN, *study.LINES):
            raise _bad(key, "", "a line of another kind", "a line below a CL", "fetch the record again")
        record, action, fields = row[1], row[2], _fields(key, row[1], row[3])
        if record == "RF" and action == DELETED:
            raise _bad(key, "RF", "a line that deletes", "A or U", "withdraw it with STATUS X")
        lines.append((record, action, fields))
    return lines


def _fields(key: str, record: str, row: object) -> dict[str, str]:
    known = (*names(record), *study.ADDED.get(record, ()))
    if not isinstance(row, dict) or not all(name in known and isinstance(text, str) for name, text in row.items()):
        raise _bad(key, record, type(row).__name__, "fields of that record as text", "fetch the record again")
    return {name: text for name, text in row.items() if text}


def _children(lines: Sequence[study.Said]) -> dict[str, list[dict[str, str]]]:
    children: dict[str, list[dict[str, str]]] = {}
    for record, action, fields in lines:
        if record in CHILDREN and action != DELETED:
            children.setdefault(CHILDREN[record], []).append(without_local_key(fields))
    return children


def _stands(site: str, listed: Sequence[Record]) -> dict[str, str]:
    """What places on lists say of a referral that they do not name; nothing where there are none."""
    if not listed:
        return {}
    accepted = any(each.get("offer_result") == _ACCEPTED for each in listed)
    return {"status": _ACCEPTED if accepted else _WAITS, "to_site": site}


def _kind(key: str, site: str, rf: Mapping[str, str]) -> str:
    """Who speaks: the site of the file is the sender of the referral, or its receiver."""
    if site not in (rf.get("from_site"), rf.get("to_site")):
        raise _bad(key, "RF.FROM_SITE", "a referral between other sites", "the file's own site at one end", "mend it")
    kind = REQUEST if rf.get("from_site") == site else ANSWER
    if (status := rf.get("status", "")) not in SAYS[kind] or not status:
        raise _bad(key, "RF.STATUS", code(status), f"one of {', '.join(SAYS[kind])}", "correct it and send it again")
    return kind


def _said(rf: Mapping[str, str]) -> dict[str, str]:
    """The RF with REASON and NOTE taken apart."""
    status, fields = rf.get("status", ""), {name: text for name, text in rf.items() if name != "local_key"}
    reason, note = fields.pop("reason", ""), fields.pop("note", "")
    if status == _NEEDS:
        fields["reason"] = reason
    elif status and status in _REASONED:
        fields["status_reason"] = reason or (_OTHER if status in _DECIDED else "")
    if note == INCOMPLETE or note.startswith(f"{INCOMPLETE} "):
        fields["incomplete"], note = "1", note.removeprefix(INCOMPLETE).strip()
    return {**fields, "note": note}


def _written(record: Record) -> dict[str, str]:
    """The fields of an RF, REASON and NOTE put together again."""
    fields = {name: record.fields[name] for name in without_key(names("RF")) if record.get(name)}
    status = record.get("status") or ""
    reason = record.get("reason") if status == _NEEDS else record.get("status_reason") if status in _REASONED else None
    fields.pop("reason", None)
    if reason:
        fields["reason"] = reason
    if record.get("incomplete"):
        fields["note"] = marked(record.get("note") or "")[0]
    return fields


def _whole(name: str, record: Record) -> bool:
    """Whether a line can be written; an EL or a WL that says too little is not (program systems 9.4)."""
    return name == "AS" or not study.missing(name, record.fields)


def _unwritten(record: Record) -> Iterator[Loss]:
    """Of each EL and WL that cannot be written, what it lacks first."""
    client = next(iter(record.children.get("client", ())), Record("client", {}))
    rows = [("EL", f"client.{CHILDREN['EL']}", each) for each in client.children.get(CHILDREN["EL"], ())]
    rows += [("WL", LISTED, each) for each in record.children.get(LISTED, ())]
    for name, place, each in rows:
        if where := study.missing(name, each.fields):
            yield Loss(f"{place}.{where}", f"no {name} line without it")


def _try(name: str, action: str, fields: Mapping[str, str], *, restated: bool) -> None:
    """Hold a draft against the layout, so that what cannot be written is known before anything is opened."""
    if name != "CL" or restated:
        fill(name, action, fields)


def _bad(key: str, field: str, got: str, expected: str, next_step: str) -> RecordUnreadable:
    return RecordUnreadable(f"harts {key}{': ' if field else ''}{field}", got, expected, next_step)
