"""Services in the CMS's own words: one client's part in one event, and a month of them (settled S2, S3). Pure.

- A list in a cell (``supports``, ``target_group``: words with one space between them) becomes child records.
- A report is of one client, funder, activity and month: minutes are added, the span is from the
  earliest start to the latest end, lists are united; of what may differ the first service speaks, and ``differs`` says
  so (case 36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hub.model.record import Record

LISTS: Mapping[str, str] = {"supports": "support", "target_group": "target"}  # cell -> child, each with a `code`
_SINGLE = ("format", "delivery", "site_id", "language", "group_size")
_OF_THE_GROUP = ("program", "activity")


def told(record: Record) -> Record:
    """One client's part in one event, with what its cells list as child records."""
    fields = {name: value for name, value in record.fields.items() if name not in LISTS}
    return Record(record.kind, fields, {**record.children, **_listed([record])})


def merged(record: Record) -> Record:
    """A month's services of one client and activity as one record.

    Args:
        record: has its services as children ``service``, at least one, in the order of their keys.
    """
    services: Sequence[Record] = sorted(record.children["service"], key=_began)
    first = services[0].fields
    fields = dict(record.fields)
    fields |= {name: first[name] for name in (*_OF_THE_GROUP, *_SINGLE) if name in first}
    fields["first_on"] = first["started_at"][:10]
    fields["last_on"] = max(_ended(each) for each in services)
    minutes = [int(each.fields["minutes"]) for each in services if "minutes" in each.fields]
    if len(minutes) == len(services):  # of a part nothing is said rather than too little
        fields["minutes"] = str(sum(minutes))
    if differing := [name for name in _SINGLE if len({each.fields.get(name) for each in services}) > 1]:
        fields["differs"] = " ".join(differing)
    children = {name: rows for name, rows in record.children.items() if name != "service"}
    return replace(record, fields=fields, children={**children, **_listed(services)})


def _listed(services: Iterable[Record]) -> dict[str, tuple[Record, ...]]:
    found: dict[str, tuple[Record, ...]] = {}
    rows = list(services)
    for cell, child in LISTS.items():
        words = dict.fromkeys(word for row in rows for word in row.fields.get(cell, "").split())
        if words:
            found[child] = tuple(Record(child, {"code": word}) for word in words)
    return found


def _began(service: Record) -> tuple[str, int]:
    return service.fields["started_at"], int(service.fields["participant_id"])


def _ended(service: Record) -> str:
    return (service.fields.get("ended_at") or service.fields["started_at"])[:10]
