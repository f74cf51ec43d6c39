"""The card of iCARE (kind ``icare``): bulk-upload workbooks in a folder, program systems 2 and 9.3. It does nothing."""

from __future__ import annotations

from adapters.contract import Adapter, RecordKind
from adapters.icare import record, source, translate

ADAPTER = Adapter(
    kind="icare",
    connect=source.connect,
    parse=record.parse,
    render=None,  # iCARE receives no message (settled S1)
    notice=None,  # the .hub.csv says it
    records=(RecordKind("NARS", event="referral", route="flag"),),
    columns=record.columns,
    functions=translate.FUNCTIONS,
    answers=True,
    look=source.look,
)
