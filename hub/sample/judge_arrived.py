"""What must be: a referral from one case management system to another says what the sender's row says, as far as
it may; what became of it there stands in the sender's row too. Too little is as wrong as too much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hub.sample import database, situation
from hub.sample.agencies import SHELTER
from hub.sample.database import Row
from hub.sample.names import FILLER
from hub.sample.network import Network
from hub.sample.permitted import NOT_FOR_CLASSES, Systems, allowed

_OF_THE_CLIENT: Mapping[str, str] = {  # columns that go word for word, with their category
    **dict.fromkeys(("last_name", "first_name", "birth_date", "file_no"), "IDENT"),
    **dict.fromkeys(("phone", "email", "address_line", "city", "postal_code"), "CONTACT"),
    **dict.fromkeys(("home_language", "service_language"), "LANG"),
}
_OF_THE_REFERRAL: Mapping[str, str] = {
    **dict.fromkeys(("service_wanted", "sent_at", "urgency", "from_org", "to_org"), ""),
    "reason_code": "NEEDS",
    "reason_text": "NOTES_FREE",
}
_ROUTINE = {"urgency": "routine"}  # what an empty column means
_ON_CONDITION = {  # columns that go only where another one says so: its name, and what it says then
    "phone": ("phone_safe", 1),
    "email": ("email_safe", 1),
    **dict.fromkeys(("address_line", "city", "postal_code"), ("address_confidential", 0)),
}
_SENT = (
    "SELECT r.*, f.client_id FROM referral r JOIN case_file f ON f.case_id = r.case_id"
    " WHERE r.direction = 'OUT' AND r.hub_referral_no IS NOT NULL"
)
_PUT = (
    "SELECT i.message_id, i.payload, i.client_id, c.last_name, c.birth_date FROM hub_inbox i"
    " JOIN client c ON c.client_id = i.client_id WHERE i.kind = 'referral'"
)
_CAME = "SELECT hub_referral_no, from_org, status FROM referral WHERE direction = 'IN' AND hub_referral_no IS NOT NULL"

Sent = Mapping[tuple[str, str], Row]


def judge(network: Network, systems: Systems) -> list[str]:
    """What arrived otherwise than it was sent, and what came back otherwise than it was answered."""
    homes = {agency.id for agency in network.agencies}
    sent: dict[tuple[str, str], Row] = {}
    for home in homes:
        with database.connected(network.database(home)) as db:
            for row in database.select(db, _SENT):
                lives = situation.read(db, row["case_id"], row["client_id"])
                sent[(home, row["hub_referral_no"])] = {**row, "situation": lives}
    wrong = [each for home in sorted(homes) for each in _put_to_others(network, home)]
    for home in sorted(homes - {SHELTER.id}):  # a sender never hears a shelter's number
        wrong += _answers(network, home, homes, sent)
        for row in systems.inboxes[home]:
            payload = row["payload"]
            own = sent.get((payload["from_org"], payload.get("hub_referral_no", "")))
            if own is not None:
                place = f"{home}-cms hub_inbox {row['message_id']}"
                wrong += (f"{place}: {what}" for what in _otherwise(network, systems, home, own, payload))
    return wrong


def _put_to_others(network: Network, home: str) -> Iterator[str]:
    """Referrals that the hub has put to a client of the recipient who is somebody else."""
    with database.connected(network.database(home)) as db:
        rows = database.select(db, _PUT)
    for row in rows:
        told = (json.loads(row["payload"]).get("client") or [{}])[0]
        names = [name for name in ("last_name", "birth_date") if name in told]
        if not all(str(row[name]).startswith(str(told[name])) for name in names):  # of a birth date perhaps the year
            yield f"{home}-cms hub_inbox {row['message_id']}: is put to client {row['client_id']}, who is somebody else"


def _answers(network: Network, home: str, homes: set[str], sent: Sent) -> Iterator[str]:
    with database.connected(network.database(home)) as db:
        for row in database.select(db, _CAME):
            if row["from_org"] not in homes:
                continue
            own = sent.get((row["from_org"], row["hub_referral_no"]))
            if own is None:
                yield f"{home}-cms: referral {row['hub_referral_no']} was sent by nobody"
            elif own["status"] != row["status"]:
                where = f"{row['from_org']}-cms referral_out:{own['referral_id']}"
                yield f"{where}: the sender reads {own['status']}, the recipient's worker saved {row['status']}"


def _otherwise(network: Network, systems: Systems, to: str, own: Row, payload: Mapping[str, Any]) -> Iterator[str]:
    owner = (payload["from_org"], own["client_id"])
    may = allowed(network, systems, owner, to)
    if own["service_wanted"].startswith("language-"):
        may -= NOT_FOR_CLASSES
    whose = f"of client {owner[1]} of {network.system(owner[0])}"
    client, told = systems.people[owner], (payload.get("client") or [{}])[0]
    for row, said, columns in ((own, payload, _OF_THE_REFERRAL), (client, told, _OF_THE_CLIENT)):
        for name, category in columns.items():
            due = row[name] or _ROUTINE.get(name)
            if name in said and not _goes(row, name):
                yield f"{name} {whose} may not be used there: it is not marked safe, or hidden"
            elif name in said and said[name] != due:
                yield f"{name} {whose} is another one"
            elif name not in said and category in {"", *may} and due and due != FILLER and _goes(row, name):
                yield f"{name} {whose} has not arrived"
    for name, rows in situation.arriving(own["situation"], may).items():
        if (told if name == "relation" else payload).get(name, []) != rows:
            yield f"{name} {whose} is not what may go of it"


def _goes(row: Row, name: str) -> bool:
    column, value = _ON_CONDITION.get(name, ("", None))
    return not column or bool(row[column]) == bool(value)
