"""The card of EOIS-CaMS (kind ``eois``): packages and weekly extracts in two folders. It does nothing.

Program systems 3, 9.1 and 9.5. There is no way into CaMS but its screens: a package goes out with a keying worksheet.
"""

from __future__ import annotations

from functools import partial

from adapters.contract import Adapter, RecordKind
from adapters.eois import record, source, translate

_shared = partial(RecordKind, place_from="sender_sds", place_to="receiver_sds")  # names no recipient by itself

ADAPTER = Adapter(
    kind="eois",
    connect=source.connect,
    parse=record.parse,
    render=record.render,
    notice=None,  # the answer beside a package, or the file beside an extract, says it
    records=(
        RecordKind(
            "RF_REQUEST",
            event="referral",
            parcel="referral",
            consent="consent_id",
            incomplete="incomplete",
            route="service",
        ),
        RecordKind(
            "RF_STATUS", event="referral-status", parcel="referral-status", own="number", incomplete="incomplete"
        ),
        _shared("PLAN", event="plan-shared", parcel="plan", holds="CarePlan"),
        _shared("EXIT", event="notify-update-process-request", parcel="exit", own="number", holds="EpisodeOfCare"),
        _shared("FOLLOW_UP", event="review-done", parcel="follow-up", holds="Task"),
    ),
    columns=record.columns,
    functions=translate.FUNCTIONS,
    required=record.required,
    shortened=record.shortened,
    batch_max=50,  # each is two files
    answers=True,
    look=source.look,
)
