"""Of several kinds of record for one message: which of a sender's records are for one of them (settled S18).

A kind of system may write what was done under a kind of record for each activity. Judged against one of these, a sender
says only what is for it: a record about another activity is none of its own. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import MappingGap, MessageRejected
from hub.mapping import Context, RecordMapping, Translation
from hub.mapping.trial import HOME, record, words_of
from hub.model import codes
from hub.model.record import Record

ACTIVITY = f"{codes.CODE_SYSTEM}/service-activity"


@dataclass(frozen=True, slots=True)
class Only(RecordMapping):
    """A mapping of which only the records about some activities are told."""

    whole: RecordMapping
    activities: frozenset[str]

    def to_fhir(self, record: Record, context: Context) -> Translation:
        """As the mapping itself.

        Raises:
            MessageRejected: as the mapping itself; and for a record that is about none of the activities.
        """
        found = self.whole.to_fhir(record, context)
        for entry in found.resources:
            for coding in entry["resource"].get("code", {}).get("coding", ()):
                if coding.get("system") == ACTIVITY and coding.get("code") in self.activities:
                    return found
        raise MappingGap(f"record {self.name}", "another activity", "one of this kind of record")


def only(mapping: RecordMapping, activities: frozenset[str]) -> RecordMapping:
    """The mapping as far as its records are about these activities; whole where none are named."""
    if not activities:
        return mapping
    return Only(mapping.name, mapping.blocks, mapping.gates, mapping.losses, mapping, activities)


def whole(mapping: RecordMapping) -> RecordMapping:
    """The mapping with all of its records."""
    return mapping.whole if isinstance(mapping, Only) else mapping


def suited(mapping: RecordMapping, fields: dict[str, str]) -> dict[str, str]:
    """A trial record that is about one of the activities: one of its words is another, where it must be."""
    if not isinstance(mapping, Only) or _is_told(mapping, fields):
        return fields
    tried = ({**fields, place: word} for place in fields for word in words_of(mapping, place))
    return next((each for each in tried if _is_told(mapping, each)), fields)


def _is_told(mapping: RecordMapping, fields: Mapping[str, str]) -> bool:
    try:
        mapping.to_fhir(record(mapping.name, fields), HOME)
    except MessageRejected:
        return False
    return True
