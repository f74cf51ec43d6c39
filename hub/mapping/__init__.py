"""Mappings: a system's records as FHIR and back, both ways from one file (design §8).

``load`` reads ``mappings/<kind>/*.toml`` with their CSV tables, checks them and compiles each line to a pair of
closures; afterwards everything is pure and knows no agency. The grammar is described in ``mappings/README.md``.

What it does not do: no message header, no ids, no aliases, no Consent reference (the exchange adds them), no rule of
sharing. Standard: FHIR R4, in the spelling of the shared model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from hub.mapping.backward import from_fhir
from hub.mapping.block import Sheet, compile_blocks
from hub.mapping.check import check, reasons, sections
from hub.mapping.files import digest, gather, toml
from hub.mapping.forward import to_fhir
from hub.mapping.gates import Gate, compile_gates
from hub.mapping.model import Back, Block, Context, Converter, Partly, Translation, Unfit, fault
from hub.mapping.table import Table, read, rows_of
from hub.model.fhir import Resource
from hub.model.record import Loss, Record

__all__ = [
    "Back",
    "Context",
    "Converter",
    "Mappings",
    "Partly",
    "RecordMapping",
    "Translation",
    "Unfit",
    "gather",
    "load",
]


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """One record kind, compiled. Calls are pure and may run side by side."""

    name: str
    blocks: tuple[Block, ...]
    gates: tuple[Gate, ...]
    losses: tuple[Loss, ...]

    def to_fhir(self, record: Record, context: Context) -> Translation:
        """Translate a record into a collection of resources with block-local references.

        Args:
            record: a record of this kind.
            context: the agency whose record it is.

        Raises:
            MappingGap: a word without a row in its table.
            RecordUnreadable: a field out of shape, named; of its value only the shape is told.
        """
        for gate in self.gates:
            gate.agree(record.fields, self.name)
        return to_fhir(self.blocks, record, context)

    def from_fhir(self, entries: Sequence[Resource], context: Context) -> Back:
        """Translate the entries of a message into a record of this kind.

        Args:
            entries: ``{"fullUrl", "resource"}``; any resource or element may have been withheld.
            context: the agency whose system is written to.

        Raises:
            MappingGap: a code of ours without a row in its table.
        """
        back = from_fhir(self.name, self.blocks, entries, context)
        if not self.gates:
            return back
        fields = dict(back.record.fields)
        for gate in self.gates:
            gate.answer(fields)
        return Back(replace(back.record, fields=fields), back.losses)

    def loss_report(self) -> tuple[Loss, ...]:
        """What does not come back and why: a line per field and reason, known before any record is seen."""
        return self.losses


@dataclass(frozen=True, slots=True)
class Mappings:
    """All record kinds of a kind of system with their code tables, and the digest of the files that they came from."""

    kind: str
    digest: str
    records: Mapping[str, RecordMapping]
    tables: Mapping[str, Table] = field(default_factory=dict)


def load(
    kind: str,
    folders: Sequence[Path],
    columns: Mapping[str, Any],
    functions: Mapping[str, Converter],
    beside: Collection[str] = (),
) -> Mappings:
    """Read, check and compile the mappings of a kind.

    Args:
        kind: ``cms``, for errors.
        folders: folders that hold the kind's files themselves; a later one's file replaces an earlier one's of the
            same name, a folder that does not exist overlays nothing.
        columns: record kind to ``{"fields": (…), "children": {name: {…}}}``.
        functions: the named pairs of the kind's ``translate.py``.
        beside: names of files that are no mapping, and count in the digest: what the kind's adapter itself reads.

    Raises:
        Refused: the first thing that is wrong: file, key, what was got, what was expected, the next step.
    """
    files = gather(kind, folders)
    tables: dict[str, Table] = {}

    def csv(name: str) -> tuple[str, bytes]:
        file = f"mappings/{kind}/{name}.csv"
        if f"{name}.csv" not in files:
            raise fault(file, "", "no such file", "a table of this name beside the mapping", "add it, or mend its name")
        return file, files[f"{name}.csv"]

    def table(name: str) -> Table:
        if name not in tables:
            tables[name] = read(*csv(name))
        return tables[name]

    def rows(name: str, gaps: bool) -> tuple[Mapping[str, str], ...]:
        return rows_of(*csv(name), gaps=gaps)

    records = {}
    for name in sorted(files):
        if name.endswith(".toml") and name not in beside:
            file, record = f"mappings/{kind}/{name}", name.removesuffix(".toml")
            if record not in columns:
                raise fault(file, "", f"record kind `{record}`", ", ".join(sorted(columns)), "mend the file's name")
            tree = toml(file, files[name])
            sheet = Sheet(file, f"{kind} {record}", sections(file, tree), table, functions, rows)
            blocks = compile_blocks(sheet)
            gates = compile_gates(tree.get("gate", {}), partial(rows, gaps=True), partial(fault, file))
            skipped = reasons(file, "skipped", tree.get("skipped", {}))
            kept = reasons(file, "not_returned", tree.get("not_returned", {}))
            losses = check(file, blocks, gates, columns[record], skipped, kept)
            records[record] = RecordMapping(record, blocks, gates, losses)
    return Mappings(kind, digest(files), records, tables)
