"""The card of iCARE (kind ``icare``): bulk-upload workbooks in a folder, program systems 2 and 9.3. It does nothing.

An agency's own workbook yields referrals; what the hub writes are reports to the funder alone (settled S1).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from adapters.contract import Adapter, RecordKind
from adapters.icare import record, report, source, translate

_REPORT = partial(RecordKind, event="funder-report", parcel="report", told=False)
_SERVICE = partial(_REPORT, holds="Encounter")

ADAPTER = Adapter(
    kind="icare",
    connect=source.connect,
    parse=record.parse,
    render=report.render,
    notice=None,  # the .hub.csv says it
    records=(
        RecordKind("NARS", event="referral", route="flag"),
        _SERVICE("NARS_REPORT", activities=frozenset({"needs-assessment"})),
        _SERVICE("IO", activities=frozenset({"orientation"})),
        _SERVICE("CC", activities=report.COMMUNITY),
        _SERVICE("ERS", activities=report.EMPLOYMENT),
        _REPORT("CLIENT_PROFILE", holds="Patient"),
    ),
    columns=record.columns,
    functions=translate.FUNCTIONS,
    required=report.required,
    completed=report.completed,
    shortened=report.shortened,
    batch_max=1_000,  # rows of one workbook: what was opened must lie in the folder within the lease
    gathers=timedelta(minutes=10),  # so that a worker gets one workbook of a month
    answers=True,
    look=source.look,
)
