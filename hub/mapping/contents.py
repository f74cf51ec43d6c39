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

_OF_A_CLIENT = frozenset({"ident", "immig", "race-indig", "health-phys"})
_OF_AN_ASSESSMENT = frozenset({"lang", "needs", "health-mental", "dv"})
# content -> the message that brings it, the resources that it is made of, and the labels of those that others use too
CONTENTS: Mapping[str, tuple[str, frozenset[str], frozenset[str]]] = {
    "client": (
        "request",
        frozenset({"Patient", "Observation"}),
        frozenset({"ident", "immig", "race-indig", "health-phys"}),
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


@dataclass(frozen=True, slots=True)
class Cell:
    """One content of one pair.

    Args:
        lost: field of the sender, or one that the receiver misses, to the reason why; none where it is carried.
    """

    sender: str
    receiver: str
    content: str
    verdict: Verdict
    lost: Mapping[str, str]


def cells(sender: Kind, receiver: Kind, sheets: Sequence[Sheet]) -> Iterator[Cell]:
    """The eight cells of a pair.

    Args:
        sheets: of this pair.
    """
    by_message = {sheet.message: sheet for sheet in sheets}
    for content, (message, types, labels) in CONTENTS.items():
        sheet = by_message.get(message)
        if sheet is None:
            verdict, lost = Verdict.CANNOT, {"-": _no_record(sender, receiver, message)}
        else:
            verdict, lost = _judged(sheet, _rows(sender, sheet, types, labels))
        yield Cell(sender.mappings.kind, receiver.mappings.kind, content, verdict, lost)


def _no_record(sender: Kind, receiver: Kind, message: str) -> str:
    if message not in sender.says:
        return f"no record of {sender.mappings.kind} says it"
    return f"no record of {receiver.mappings.kind} takes it"


def _rows(sender: Kind, sheet: Sheet, types: frozenset[str], labels: frozenset[str]) -> list[Row]:
    """The rows of a sheet that belong to a content, by the blocks of the sender's mapping."""
    mapping = sender.mappings.records[sender.says[sheet.message]]
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
    missing = {row.receiver[0]: row.reasons[0] for row in sheet.rows if not row.sender}
    if missing:
        return Verdict.CANNOT, missing
    if not any(row.receiver for row in rows):
        return Verdict.CANNOT, {row.sender: row.reasons[0] for row in rows} or {"-": "no field of it"}
    lost = {row.sender: row.reasons[0] for row in rows if row.verdict is not Verdict.CARRIED}
    return (Verdict.PARTLY if lost else Verdict.CARRIED), lost
