"""A record: an agency's own data in its own words, whatever its format was.

Values are text as the source wrote it (a boolean as ``1`` or ``0``, a whole number in digits); a field that is
absent or blank is left out, so nothing can be mistaken for a value. Children are nested records by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PART = ">"  # in a record key: what follows is the agency that this part of the record is for; no source's key holds it


@dataclass(frozen=True, slots=True)
class Record:
    """One record of one kind (``RF_REQUEST``, ``CONSENT`` …) with its children.

    Args:
        kind: the record kind, named by the adapter's ``record.py``.
        fields: field name to text; what is absent is left out.
        children: child name to the records nested under this one, in the source's order.
    """

    kind: str
    fields: Mapping[str, str]
    children: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The text of a field, or None where the source has nothing."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that did not go across, and why: a line of the loss report. Names a place, never a value.

    Args:
        cut: a text was too long for its field and stands there in part; its sender is told.
    """

    place: str
    reason: str
    cut: bool = False
