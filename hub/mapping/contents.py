"""What one kind of system can say to another, in eight words: client, assessment, plan, service, referral, status,
exit, follow-up (settled S18). Read off the sheets of ``matrix``.

- **cannot**: no record of the one says it, or none of the other takes it; or the message cannot be written, since a
  field that the receiver needs is never said; or nothing of it arrives.
- **carried**: all that the sender says of it arrives whole.
- **partly**: what lies between. The fields that stay behind are named, and their first reasons.

What a purpose or a client does not allow is left out later, by the gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.mapping.matrix import Kind, Row, Sheet, Verdict
from hub.mapping.trial import blocks_of

# content -> the message that brings it, the resources that it is made of, and the labels of those that others use too
CONTENTS: Mapping[str, tuple[str, frozenset[str], frozenset[str]]] = {
    "client": (
        "request",
        frozenset({"Patient", "Observation"}),
        frozenset({"ident", "immig", "race-indig", "health-phys", "employ"}),
    ),
    "assessment": (
        "request",
        frozenset({"Observation", "Condition"}),
        frozenset({"lang", "needs", "health-mental", "dv"}),
    ),
    "plan": ("plan", frozenset({"CarePlan", "Goal"}), frozenset({"plan"})),
    "service": ("service", frozenset({"Encounter", "Procedure"}), frozenset({"service-status"})),
    "referral": ("request", frozenset({"ServiceRequest"}), frozenset({"service-status"})),
    "status": ("answer", frozenset({"Task"}), frozenset({"service-status"})),
    "exit": ("exit", frozenset({"EpisodeOfCare"}), frozenset({"service-status"})),
    "follow-up": ("follow-up", frozenset({"Task", "Observation"}), frozenset({"service-status", "employ"})),
}
# a funder hears of the same in reports: content -> the message that brings it where that above does not
REPORTED: Mapping[str, str] = {"client": "profile", "assessment": "report", "service": "report"}
_BEST = (Verdict.CARRIED, Verdict.PARTLY, Verdict.CANNOT)


@dataclass(frozen=True, slots=True)
class Cell:
    """One content of one pair.

    Args:
        lost: field of the sender, or one that the receiver misses, to the reason why; none where it is carried.
        absent: of those, the sender's fields of which nothing arrives.
        says, takes: the kinds of record that bring it, the best of several; "" where there are none.
    """

    sender: str
    receiver: str
    content: str
    verdict: Verdict
    lost: Mapping[str, str]
    absent: tuple[str, ...] = ()
    says: str = ""
    takes: str = ""


def cells(sender: Kind, receiver: Kind, sheets: Sequence[Sheet]) -> Iterator[Cell]:
    """The eight cells of a pair.

    Args:
        sheets: of this pair.
    """
    for content, (message, types, labels) in CONTENTS.items():
        ends = sender.mappings.kind, receiver.mappings.kind, content
        brought = [sheet for sheet in sheets if sheet.message in (message, REPORTED.get(content))]
        judged = []
        for sheet in brought:
            rows = _rows(sender, sheet, types, labels)
            absent = tuple(row.sender for row in rows if not row.receiver)
            judged.append((sheet, *_judged(sheet, rows), absent))
        if judged:
            sheet, verdict, lost, absent = min(judged, key=lambda each: (_BEST.index(each[1]), len(each[2])))
            yield Cell(*ends, verdict, lost, absent, sheet.says, sheet.takes)
        else:
            yield Cell(*ends, Verdict.CANNOT, {"-": _no_record(sender, receiver, content)})


def _no_record(sender: Kind, receiver: Kind, content: str) -> str:
    names = [CONTENTS[content][0], *filter(None, [REPORTED.get(content)])]
    taken = [name for name in names if name in receiver.takes]
    if taken or not any(name in sender.says for name in names):
        return f"no record of {sender.mappings.kind} says it"
    return f"no record of {receiver.mappings.kind} takes it"


def _rows(sender: Kind, sheet: Sheet, types: frozenset[str], labels: frozenset[str]) -> list[Row]:
    """The rows of a sheet that belong to a content, by the blocks of the sender's mapping."""
    mapping = sender.mappings.records[sheet.says]
    own: set[str] = set()
    for block in blocks_of(mapping):
        above = next((each for each in mapping.blocks if each.name == block.inside), block)
        if above.type in types and _label(above.meta) in labels:
            own.add(block.name)
    return [row for row in sheet.rows if row.block in own]


def _label(meta: object) -> str:
    tags = meta()["security"] if callable(meta) else ()
    return str(tags[-1]["code"]) if tags else ""


def _judged(sheet: Sheet, rows: Sequence[Row]) -> tuple[Verdict, dict[str, str]]:
    open_ = [row for row in sheet.rows if not row.sender]
    if missing := {row.receiver[0]: row.reasons[0] for row in open_ if row.verdict is Verdict.CANNOT}:
        return Verdict.CANNOT, missing
    if not any(row.receiver for row in rows):
        return Verdict.CANNOT, {row.sender: row.reasons[0] for row in rows} or {"-": "no field of it"}
    lost = {row.sender: row.reasons[0] for row in rows if row.verdict is not Verdict.CARRIED}
    lost |= {row.receiver[0]: row.reasons[0] for row in open_}
    return (Verdict.PARTLY if lost else Verdict.CARRIED), lost
