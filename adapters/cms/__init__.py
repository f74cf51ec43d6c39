"""The card of the agency's own case management system (kind ``cms``). It says what there is, and does nothing."""

from __future__ import annotations

from adapters import pairs
from adapters.cms import record, source
from adapters.contract import Adapter, RecordKind

ADAPTER = Adapter(
    kind="cms",
    connect=source.connect,
    parse=record.parse,
    render=record.render,
    notice=record.notice,
    records=(
        RecordKind("RF_REQUEST", event="referral", parcel="referral"),
        RecordKind("RF_STATUS", event="referral-status", parcel="referral-status", own="referral_id"),
        RecordKind("CONSENT", event="consent"),
    ),
    columns=record.columns,
    functions=pairs.FUNCTIONS,
)
