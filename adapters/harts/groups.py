"""The lines of a file that make one message, and the answer to each line from the answers to the messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Answer, Verdict
from adapters.harts import ack, dat
from adapters.harts.layout import DELETED, Fault, Line, layout
from hub.model.canonical import canonical

NOTHING_YET = "W01"  # program systems 9.4: no referral to belong to, or nothing to change, yet
LINES_OF_CLIENT_MAX = 100  # [policy] below one CL: each of its RF brings all of its results
NAMED_BY = ("harts_no", "local_key")  # H1: by one of them a CL names its client
_CARRIED = frozenset({"CL", "AS", "EL", "RF"})
_RECORDS = {"client": "CL", "CL": "CL", "assessment": "AS", "AS": "AS", "eligibility": "EL", "EL": "EL", "RF": "RF"}
_FIELDS = {"consent": "consent_no", "hub_referral_no": "ref_no"}  # the exchange's own words for what stands there
_CHOOSE_NOTHING = frozenset({"local_key", "consent_no"})  # whose it is stands in the CL; a consent is found by itself


@dataclass(frozen=True, slots=True)
class Group:
    """The lines that make one message: an RF with its client's CL, AS and EL; or AS lines of a client without an RF."""

    key: str
    client: Line
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]

    def request(self, site: str) -> str:
        """The number of the site's own request that it speaks of, or ""."""
        said = self.lines[0].fields
        return said.get("ref_no", "") if said.get("from_site") == site else ""

    def same_client(self, other: Group) -> bool:
        """Whether the CLs of two groups may name one client: no number that both have differs."""
        ours, theirs = self.client.fields, other.client.fields
        return all(ours[name] == theirs[name] for name in NAMED_BY if name in ours and name in theirs)

    def own(self) -> bytes:
        """What its first line says, wherever it stands and whatever stands beneath its client."""
        said = self.lines[0].fields
        return canonical({name: text for name, text in said.items() if name not in _CHOOSE_NOTHING})

    def octets(self, file_date: str) -> bytes:
        """As :func:`adapters.harts.record.parse` reads it."""
        return canonical(
            {
                "file_date": file_date,
                "client": {"line": self.client.number, "action": self.client.action, "fields": self.client.fields},
                "lines": [[line.number, line.record, line.action, line.fields] for line in self.lines],
                "faults": [fault.text() for fault in self.faults],
            }
        )


def of_client(where: str, client: dat.Client) -> Iterator[Group]:
    """The messages that a client's lines make.

    Args:
        where: ``site/year/seq``.
    """
    if client.line.action == DELETED:
        return
    parts = [line for line in client.lines if line.record in ("AS", "EL") and not line.faults]
    faults = (*client.line.faults, *_crowd(client))
    if len(client.lines) > LINES_OF_CLIENT_MAX:
        parts = parts[:1]
    asked = [line for line in client.lines if line.record == "RF"]
    for line in asked:
        yield Group(f"{where}/{line.number}", client.line, (line, *parts), (*faults, *line.faults))
    results = next((line for line in parts if line.record == "AS" and line.action != DELETED), None)
    if not asked and results is not None:  # of a referral that the site has received (shared model 7)
        yield Group(f"{where}/{results.number}", client.line, tuple(parts), faults)


def of_lines(
    batch: dat.Batch, groups: Sequence[Group], answers: Mapping[str, Answer], *, old: bool, cuaet: bool
) -> dict[int, ack.Answer]:
    """An answer for every line of a file: its own, or that of the message of which it is a part."""
    by_line = {line_of(group.key): _said(answers[group.key], old=old) for group in groups}
    nothing = _said(Answer(Verdict.WAITS, NOTHING_YET), old=old)
    found: dict[int, ack.Answer] = {}
    for client in batch.clients(cuaet_eligible=cuaet):
        if client.line.action == DELETED:  # the hub keeps no client whom it could delete
            found |= {line.number: _of_line(line, _NOT_CARRIED) for line in (client.line, *client.lines)}
            continue
        own = [by_line[line.number] for line in client.lines if line.number in by_line]
        part = own[0] if own else nothing
        for line in (client.line, *client.lines):
            found[line.number] = _of_line(line, by_line.get(line.number, part))
    for line in (*batch.courses(), *batch.strays()):
        found[line.number] = _of_line(line, _NOT_CARRIED)
    return found


def _crowd(client: dat.Client) -> Iterator[Fault]:
    """The fault of a client with more lines than one message should be made of."""
    if len(client.lines) > LINES_OF_CLIENT_MAX:
        got, expected = f"{len(client.lines)} lines below it", f"{LINES_OF_CLIENT_MAX} at most"
        yield Fault(client.line.number, "CL", "", "DN_SCHEMA", got, expected)


@dataclass(frozen=True, slots=True)
class _Part:
    """The answer to a message: its field belongs to the lines of one record type alone."""

    answer: ack.Answer
    record: str = ""
    field: str = ""


def _of_line(line: Line, otherwise: _Part) -> ack.Answer:
    if line.faults:
        fault = line.faults[0]
        return ack.Answer(ack.Result.ERR, fault.code, fault.field)
    said = otherwise if line.record in _CARRIED else _NOT_CARRIED
    return replace(said.answer, field=said.field) if said.record == line.record else said.answer


def _said(answer: Answer, *, old: bool) -> _Part:
    if answer.verdict is Verdict.ACCEPTED:
        known = ack.Answer(ack.Result.WARN, ack.FINAL_WARNING) if answer.known else ack.Answer(ack.Result.OK)
        return _Part(known)
    given_up = answer.code == NOTHING_YET and old
    waits = answer.verdict is Verdict.WAITS and not given_up
    return _Part(ack.Answer(ack.Result.WARN if waits else ack.Result.ERR, answer.code), *_wrong(answer.place))


def _wrong(place: str) -> tuple[str, str]:
    """Record type and column, as 9.4 writes them, of the field that an error names; both "" where it names none."""
    path = re.findall(r"[A-Za-z_]+", place.partition(": got")[0])
    record = next((_RECORDS[word] for word in reversed(path[:-1]) if word in _RECORDS), "RF")
    field = _FIELDS.get(path[-1], path[-1]).lower() if path else ""
    return (record, field.upper()) if field in layout()[record].columns else ("", "")


_NOT_CARRIED = _Part(ack.Answer(ack.Result.ERR, "DN_OFF_BUS"))  # a kind of line that the hub does not carry


def line_of(key: str) -> int:
    """The line of a record key."""
    return int(key.rpartition("/")[2])
