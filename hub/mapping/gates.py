"""``[gate]``: a field that says whether any of its members is Yes (design §8; the gates of program systems 2.5).

    [gate]
    "support_received_ind" = { any = "supports" }
    "non_cic_program_needs_services_required" = { any = "needs", group = "non_cic" }

``any`` is a table of the mapping. A row's field is its first cell whose column is called ``field`` or ``…_field``;
``group`` keeps the rows with this word under ``group``.

In: Yes without a member that is Yes, or No beside one, refuses the record; blank says nothing. Out: Yes if one is Yes,
No if those that were asked are No, blank if none was asked. So No above members that are all blank does not come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import RecordUnreadable, Refused, shape
from hub.mapping.each import Cells
from hub.model.record import Loss

YES, NO = "1", "0"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate and its members, all fields of the record itself."""

    field: str
    members: tuple[str, ...]

    @property
    def lost(self) -> Loss:
        """What does not come back."""
        return Loss(self.field, f"`{NO}` comes back as blank where {', '.join(self.members)} are all blank")

    def agree(self, fields: Mapping[str, str], record: str) -> None:
        """Compare the gate with its members.

        Raises:
            RecordUnreadable: they do not agree; the gate is named.
        """
        said = fields.get(self.field, "").strip()
        if not said:
            return
        place = f"{record} {self.field}"
        if said not in (YES, NO):
            raise RecordUnreadable(place, shape(said), "1, 0 or blank", "mend it at the source")
        one = any(fields.get(name, "").strip() == YES for name in self.members)
        if said == YES and not one:
            raise RecordUnreadable(place, "Yes, and none below it is", "Yes in one of them, or No here", "mend the row")
        if said == NO and one:
            raise RecordUnreadable(place, "No, and one below it is Yes", "Yes here, or no Yes below", "mend the row")

    def answer(self, fields: dict[str, str]) -> None:
        """Write what the members say; nothing where none says anything."""
        said = {fields[name] for name in self.members if name in fields}
        if said:
            fields[self.field] = YES if YES in said else NO


def compile_gates(
    tree: Any,
    table: Callable[[str], tuple[Cells, ...]],
    refuse: Callable[[str, str, str, str], Refused],
) -> tuple[Gate, ...]:
    """Read the section.

    Raises:
        Refused: another form, no such table, a table that names no field, or a group without rows.
    """
    if not isinstance(tree, dict):
        raise refuse("gate", "no table", '"field" = { any = "table", group = "…" }', "mend it")
    return tuple(_gate(name, words, table, refuse) for name, words in tree.items())


def _gate(
    name: str,
    words: Any,
    table: Callable[[str], tuple[Cells, ...]],
    refuse: Callable[[str, str, str, str], Refused],
) -> Gate:
    key = f'gate."{name}"'
    known = isinstance(words, dict) and "any" in words and set(words) <= {"any", "group"}
    if not known or not all(isinstance(word, str) for word in words.values()):
        raise refuse(key, "another word", '{ any = "table", group = "…" }', "mend it")
    rows = table(words["any"])
    column = next((each for each in rows[0] if each == "field" or each.endswith("_field")), None)
    if column is None:
        raise refuse(key, "a table without a field", "a column `field`, or `…_field`", "mend the table")
    if "group" in words:
        rows = tuple(row for row in rows if row.get("group") == words["group"])
    members = tuple(row[column] for row in rows if row[column])
    if not members or name in members:
        raise refuse(key, f"{len(members)} members", "other fields of the record", "mend `any` or `group`")
    return Gate(name, members)
