"""The card of HARTS (kind ``harts``): batch files in two folders, program systems 4 and 9.4. It does nothing."""

from __future__ import annotations

from adapters.contract import Adapter, RecordKind
from adapters.harts import record, source, translate

UPDATE = "notify-update-process-request"

ADAPTER = Adapter(
    kind="harts",
    connect=source.connect,
    parse=record.parse,
    render=record.render,
    notice=None,  # the .ACK says it
    records=(
        RecordKind("RF_REQUEST", event="referral", parcel="referral", consent="consent_no", incomplete="incomplete"),
        RecordKind(
            "RF_STATUS",
            event="referral-status",
            parcel="referral-status",
            own="ref_no",
            incomplete="incomplete",
            only_open=True,
        ),
        RecordKind("SERVICE", event=UPDATE, parcel="service", own="ref_no", holds="Encounter", only_open=True),
        RecordKind("EXIT", event=UPDATE, parcel="exit", own="ref_no", holds="EpisodeOfCare", only_open=True),
    ),
    columns=record.columns,
    functions=translate.FUNCTIONS,
    required=record.required,
    shortened=record.shortened,
    writes=record.writes,
    batch_max=200,  # program systems 4.4: clients of a file that the hub writes
    batch_every=source.batch_every,
    answers=True,
    look=source.look,
)
