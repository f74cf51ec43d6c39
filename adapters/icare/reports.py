"""A message for iCARE as the row that it becomes: what a parcel says, its key, and what the site adds. Pure.

Program systems 2.4, 9.3; settled S2, S6. A row without which nobody could tell whose it is, or of which month, is no
row; all else that is missing is written as it is and listed for the worker (``todo``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import orjson

from adapters.contract import Parcel
from adapters.icare import rules
from adapters.icare.details import Key, key_of
from adapters.icare.layout import Module, modules
from hub.errors import HubError, MappingGap
from hub.model.identifiers import clean

PARCEL = "report"
RECORD, REASON = "update_record_id", "assessment_update_reason_id"
AMEND = "Amend record"  # the reason of the two that says that iCARE's record was right when it was made
SITE = ("postal_cd", "institution_type_id")  # settled S6: of the place of service, where the row does not say it
_NEXT = "mend the record at its source; it is sent again"


@dataclass(frozen=True, slots=True)
class Report:
    """One row that is to be written.

    Args:
        month: ``YYYY-MM`` of the workbook.
        before: envelopes of the same send in whose place this one stands.
        number: of the record that it brings, the same for all its messages; "" where nobody said one.
    """

    envelope_id: str
    module: Module
    month: str
    fields: Mapping[str, str] = field(repr=False)
    key: Key
    before: tuple[str, ...] = ()
    number: str = ""

    @property
    def corrects(self) -> bool:
        """Whether the row corrects a record that iCARE has."""
        return bool(self.fields.get(REASON))

    def correcting(self, record: str) -> Report:
        """The same as a correction.

        Args:
            record: iCARE's own id of the record, or "": its worker fills it in.
        """
        return replace(self, fields={**self.fields, REASON: AMEND, **({RECORD: record} if record else {})})


def read(parcel: Parcel, site: Mapping[str, str], day: date) -> Report | HubError:
    """Read a parcel.

    Args:
        site: column to text, of :data:`SITE`.
        day: of writing, in Toronto.

    Returns:
        The row; or why there can be none, without a value.
    """
    module, said = _document(parcel.body)
    if module is None:
        return MappingGap("icare report", "another document", "a module of iCARE and its fields", _NEXT)
    own = {name: text for name, text in said.items() if clean(text)}
    added = {name: text for name, text in site.items() if name in module.columns and not own.get(name)}
    fields = {**own, **added}
    for breach in rules.checked(module, fields, day):
        if breach.rule == "V1":
            return MappingGap(f"icare {module.code}.{breach.column}", f"V1, {breach.got}", breach.expected, _NEXT)
    began = rules.started(module, fields)
    if module.start and began is None:
        where = f"icare {module.code}.{module.start[0]}"
        return MappingGap(where, "nothing", "the day on which the service began, which says its month", _NEXT)
    month = (began or _last_month(day)).isoformat()[:7]
    key = key_of(module.code, fields, month)
    return Report(parcel.envelope_id, module, month, fields, key, number=parcel.referral_no or "")


def until(module: Module, fields: Mapping[str, str], day: date) -> date | None:
    """The last day on which iCARE takes a row; None: no day matters."""
    began = rules.started(module, fields)
    return rules.last_day(began, day) if began is not None else None


def _document(body: bytes) -> tuple[Module | None, Mapping[str, str]]:
    try:
        found = orjson.loads(body)
        module, fields = modules().get(found["module"]), found["fields"]
    except (ValueError, KeyError, TypeError):
        return None, {}
    whole = isinstance(fields, dict) and all(isinstance(text, str) for text in fields.values())
    dated = whole and module is not None and all(_is_day(fields.get(name, "")) for name in _days(module))
    return (module, fields) if dated else (None, {})


def _days(module: Module) -> list[str]:
    return [name for name, column in module.columns.items() if column.kind == "date"]


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _last_month(day: date) -> date:
    """A day of the month before: that one is reported (program systems 2.4)."""
    return day.replace(day=1) - timedelta(days=1)
