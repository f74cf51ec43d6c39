"""What a row must say beside what its cells can hold: rules V1 to V6 of program systems 2.16, the gates of 2.5. Pure.

It sees rows as they were read, one module at a time, and is told the day. It decides nothing: a breach of a rule in
``STOPPING`` means that the row cannot be read as it is, any other is a word to the worker (iCARE would refuse it).

- V1 whose it is; V2 what is mandatory; V3 dates; V4 one row a month; V5 gates and corrections; V6 postal codes. V7, how
  many and what comes first, is seen to where workbooks are laid out (``split``) and where reports wait (the exchange).
- A gate that says No has no member that says more than No; one that says Yes has at least one; a blank one has none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.icare.details import Key
from adapters.icare.layout import Module, Rules, gates, rules
from adapters.icare.split import IDENTITY
from adapters.icare.words import fold
from hub.errors import shape
from hub.model.identifiers import normalise, shape_problem

KINDS = {  # label of identifier_type to our identifier systems
    "FOSS/GCMS Client ID": "uci",
    "Temporary Resident or Minister’s Permit Number": "trp",
    "IMM5292, IMM5509, IMM1000 Number": "imm",
}
STOPPING = frozenset({"V1", "V5"})  # such a row contradicts itself, or is nobody's
_POSTAL = re.compile(r"[A-Z]\d[A-Z]\d[A-Z]\d", re.ASCII)
_POSTAL_COLUMNS = ("postal_txt", "postal_cd")
_RECORD, _REASON = "update_record_id", "assessment_update_reason_id"
_RECORD_ID = re.compile(r"\d{8}", re.ASCII)  # program systems 1
_STATUS = ("service_status_id", "intervention_status_id")
_ONGOING = "Ongoing"
_NO_CLIENT = "LT_SETUP"


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a row does not keep. It holds no value.

    Args:
        rule: ``V1`` to ``V6``.
        column: technical id, or "" where it is the row itself.
    """

    rule: str
    column: str
    got: str
    expected: str

    def text(self) -> str:
        """One sentence for a person."""
        return f"{self.column or 'row'}: {self.rule}, got {self.got}, expected {self.expected}"


def rules_on(day: date) -> Rules:
    """The rules that iCARE has on a day; before the first, the first."""
    return max((each for each in rules() if each.since <= day), key=lambda each: each.since, default=rules()[0])


def checked(module: Module, fields: Mapping[str, str], today: date) -> list[Breach]:
    """V1, V2, V5, V6 and the dates of V3 that need no upload: what a row says by itself."""
    found = [] if module.code == _NO_CLIENT else _identity(fields, today)
    found += _mandatory(module, fields)
    found += _order(module, fields)
    found += _gates(module, fields)
    found += _correction(fields)
    return [*found, *_postal(fields)]


def reportable(module: Module, fields: Mapping[str, str], uploaded_on: date) -> list[Breach]:
    """V3. Whether iCARE takes the service on a day: not begun too long ago, closed in its month (case 37)."""
    began = started(module, fields)
    if began is None or uploaded_on <= last_day(began, uploaded_on):
        return closed(module, fields, uploaded_on)
    expected = f"the month before, or {rules_on(uploaded_on).days_back} days at most"
    late = Breach("V3", first_of(fields, module.start), "a day too long ago", expected)
    return [late, *closed(module, fields, uploaded_on)]


def closed(module: Module, fields: Mapping[str, str], uploaded_on: date) -> list[Breach]:
    """V3. Whether the service has begun on a day, and was closed in its month."""
    own, began = rules_on(uploaded_on), started(module, fields)
    if began is None:
        return []
    found, ended = [], _day(fields, module.end)
    if began > uploaded_on:
        where = first_of(fields, module.start)
        found.append(Breach("V3", where, "a day to come", "the day of the upload, or before"))
    if own.closed_by_month_end:
        if ended is not None and (ended.year, ended.month) != (began.year, began.month):
            found.append(
                Breach("V3", module.end, "a day of another month", "the month of the start: split the service")
            )
        found += [
            Breach("V3", name, "a service that goes on", "closed by the end of its month")
            for name in _STATUS
            if fold(fields.get(name, "")) == fold(_ONGOING)
        ]
    return found


def started(module: Module, fields: Mapping[str, str]) -> date | None:
    """The day on which a service began; None: the row does not say it, or is of a course."""
    return _day(fields, *module.start) if module.start and module.code != _NO_CLIENT else None


def last_day(began: date, uploaded_on: date) -> date:
    """The last day on which a service may be uploaded: V3, within its reporting month or at most 30 days back.

    The month that is reported is the one before (program systems 2.4), so a service may always be uploaded until the
    end of the month after its own. S12's 30 days alone would make the first days of every month too late.
    """
    after_next = (began.replace(day=1) + timedelta(days=62)).replace(day=1)  # two months have 59 to 62 days
    return max(began + timedelta(days=rules_on(uploaded_on).days_back), after_next - timedelta(days=1))


def repeated(keys: Sequence[Key], day: date) -> list[int]:
    """V4. Places of rows whose key an earlier row has; none before one row a month was asked for."""
    if not rules_on(day).one_row_a_month:
        return []
    seen: Counter[Key] = Counter()
    found = []
    for place, key in enumerate(keys):
        seen[key] += 1
        if seen[key] > 1 and any(key.client):
            found.append(place)
    return found


def is_postal_code(text: object) -> bool:
    """V6. Whether a postal code has iCARE's form."""
    return isinstance(text, str) and _POSTAL.fullmatch(text) is not None


def _identity(fields: Mapping[str, str], today: date) -> list[Breach]:
    kind, value, born = IDENTITY
    found = [Breach("V1", name, "nothing", "who the client is") for name in IDENTITY if not fields.get(name)]
    system = KINDS.get(fields.get(kind, ""))
    if fields.get(kind) and system is None:
        found.append(Breach("V1", kind, shape(fields[kind]), "one of the three kinds of number"))
    number = normalise(fields.get(value, ""))
    if number and system and (problem := shape_problem(system, number)):
        found.append(Breach("V1", value, problem, "the number as it stands on the document"))
    day = _day(fields, born)
    if day is not None and day > today:
        found.append(Breach("V1", born, "a day to come", "a birth date"))
    return found


def _mandatory(module: Module, fields: Mapping[str, str]) -> list[Breach]:
    return [
        Breach("V2", column.id, "nothing", "a value: the column is mandatory")
        for column in module.columns.values()
        if column.required == "yes" and column.id not in IDENTITY and not fields.get(column.id)
    ]


def _order(module: Module, fields: Mapping[str, str]) -> list[Breach]:
    began, ended = _day(fields, *module.start), _day(fields, module.end)
    if began is not None and ended is not None and ended < began:
        return [Breach("V3", module.end, "a day before the start", "the start, or after")]
    return []


def _gates(module: Module, fields: Mapping[str, str]) -> list[Breach]:
    found = []
    for gate in gates()[module.code]:
        says = fields.get(gate.id, "")
        said = [name for name in gate.members if fields.get(name) and fields[name] != "No"]
        if says == "No" and said:
            found.append(Breach("V5", gate.id, f"No, and {said[0]} is filled", "Yes, or none of them"))
        elif says == "Yes" and not said:
            found.append(Breach("V5", gate.id, "Yes, and none of its columns says so", "No, or one of them"))
        elif not says and said:
            found.append(Breach("V5", gate.id, f"nothing, and {said[0]} is filled", "Yes"))
    return found


def _correction(fields: Mapping[str, str]) -> list[Breach]:
    record, reason = fields.get(_RECORD, ""), fields.get(_REASON, "")
    if record and not reason:
        return [Breach("V5", _REASON, "nothing", "why the record is corrected")]
    if reason and not record:
        return [Breach("V5", _RECORD, "nothing", "which record is corrected")]
    if record and not _RECORD_ID.fullmatch(record):
        return [Breach("V5", _RECORD, shape(record), "the eight digits that iCARE gave")]
    return []


def _postal(fields: Mapping[str, str]) -> Iterable[Breach]:
    return [
        Breach("V6", name, shape(fields[name]), "A9A9A9: six, upper case, no space")
        for name in _POSTAL_COLUMNS
        if fields.get(name) and not is_postal_code(fields[name])
    ]


def first_of(fields: Mapping[str, str], names: Sequence[str]) -> str:
    """The first of these columns that is filled, or the first of them."""
    return next((name for name in names if fields.get(name)), names[0])


def _day(fields: Mapping[str, str], *names: str) -> date | None:
    """The first of these that is filled; what was read as a date is one."""
    text = next((fields[name] for name in names if fields.get(name)), "")
    return date.fromisoformat(text) if text else None
