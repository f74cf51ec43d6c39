"""What else stands in an inbox beside referrals: answers, dangers and words. Each has its columns, and no other.

A word of the hub is a code, a number and what to do: it holds nothing of anybody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hub.sample import database
from hub.sample.cms import DANGER, NOTICES
from hub.sample.network import Network

_STATUS = "referral-status"
_COLUMNS: Mapping[str, frozenset[str]] = {
    _STATUS: frozenset(
        {"hub_referral_no", "referral_id", "status", "status_reason", "status_at", "appointment_at", "language"}
    ),
    DANGER: frozenset({"override_no", "from_org", "worker", "call_back", "client", "protection", "danger"}),
    **dict.fromkeys(
        NOTICES,
        frozenset(
            {"code", "place", "referral_id", "consent_id", "override_id", "consent_no", "message_id", "participant_id"}
        ),
    ),
}
_IN_DANGER = frozenset(  # who somebody is, where, how to reach them, and who cares for a child: no number, no language
    {
        "last_name", "first_name", "preferred_name", "birth_date", "birth_date_quality", "gender", "file_no", "phone",
        "phone_safe", "email", "email_safe", "address_line", "unit", "city", "province", "postal_code", "carer",
    }
)  # fmt: skip


def judge(network: Network, values: Collection[str]) -> Iterator[str]:
    """Columns that a row of its kind has no right to, and words that hold a value of somebody; by system and row.

    Args:
        values: everything personal (:func:`hub.sample.judge.private_values`).
    """
    said: dict[str, str] = {}  # every sentence once: there are few, however many rows
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            rows = database.select(db, "SELECT message_id, kind, payload FROM hub_inbox WHERE kind <> 'referral'")
        for row in rows:
            payload, place = json.loads(row["payload"]), f"{agency.system} hub_inbox {row['message_id']}"
            yield from (f"{place}: {what}" for what in _strange(row["kind"], payload))
            if row["kind"] in NOTICES:
                said.setdefault(str(payload.get("place", "")), place)
    every = "\n".join(said)
    for value in values:
        if value in every:
            yield from (f"{place}: a word that names somebody" for text, place in said.items() if value in text)


def _strange(kind: str, payload: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(payload.keys() - _COLUMNS.get(kind, payload.keys())):
        yield f"column {name} is none of {kind}"
    if kind == DANGER:
        for client in payload.get("client", ()):
            yield from (f"{name} of somebody in danger: not needed" for name in sorted(client.keys() - _IN_DANGER))
