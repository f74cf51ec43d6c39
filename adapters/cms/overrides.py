"""A declared duty of care in the CMS's own words (settled S22): about whom it is, and what is told of them. Pure.

Of a child it is about the child: one with a file of its own here, or one of whom a name and a birth date are written
down. Whose file it was written in is then the one who cares for the child.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from hub.errors import RecordUnreadable
from hub.model.record import Record

CHILD = ("DOC-CHILD", "ST-CHILD-PROTECT", "ST-CHILD-PROTECT-Y")  # reason codes of consent rules 3.2 about a child
_OF_THE_CHILD = ("child_client_id", "child_name", "child_birth_date")
_OF_THE_CARER = ("last_name", "first_name", "phone", "phone_safe")


def limbs_apart(row: dict[str, Any]) -> dict[str, Any]:
    """The row of the view with its limbs as a list of rows; a cell that is none is left to whoever reads it."""
    cell = row.get("limbs")
    try:
        limbs = orjson.loads(cell) if isinstance(cell, str) else []
    except orjson.JSONDecodeError:
        limbs = cell
    return {**row, "limbs": limbs} if limbs else {name: value for name, value in row.items() if name != "limbs"}


def declared(key: str, record: Record) -> Record:
    """The record as it is about one person.

    Raises:
        RecordUnreadable: the child's own file is named and not shown.
    """
    fields = {name: value for name, value in record.fields.items() if name not in (*_OF_THE_CHILD, "told")}
    (client,) = record.children["client"]
    person, carer = client, None
    if "child_client_id" in record.fields and record.fields["child_client_id"] != client.fields["client_id"]:
        if "child" not in record.children:
            raise RecordUnreadable(
                f"cms {key}: child_client_id",
                "a client whom the view does not show",
                "a client's number, or the child's name",
                "write child_name and child_birth_date; telephone at once if the child is in danger",
            )
        person, carer = record.children["child"][0], client
    elif "child_name" in record.fields:
        person, carer = _by_name(record), client
    told = Record("told", {name: record.fields[name] for name in ("code", "told") if name in record.fields})
    children: dict[str, tuple[Record, ...]] = {
        "client": (person,),
        "protection" if record.fields["code"] in CHILD else "danger": (told,),
    }
    if carer is not None:
        beside = Record("carer", {name: carer.fields[name] for name in _OF_THE_CARER if name in carer.fields})
        children["client"] = (replace(person, children={**person.children, "carer": (beside,)}),)
    if "limbs" in record.children:
        children["limbs"] = record.children["limbs"]
    return Record(record.kind, fields, children)


def _by_name(record: Record) -> Record:
    """A child without a file here: ``FAMILY, Given``, or one name."""
    family, _, given = (part.strip() for part in record.fields["child_name"].partition(","))
    born = record.fields.get("child_birth_date")
    fields = {"last_name": family or given, "birth_date_quality": "E" if born else "U"}
    fields |= {"first_name": given} if family and given else {}
    return Record("client", fields | ({"birth_date": born} if born else {}))
