"""The card of a kind: what there is. It does nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.contract.source import Memory, Now, Source
from hub.model.record import Loss, Record

Converter = tuple[Callable[..., Any], Callable[..., Any]]  # in: fields -> element; out: element -> fields


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What the hub does with a kind of record.

    Args:
        event: ``referral`` (T1 or withdrawal by its status), ``referral-status``, ``consent``; of a record that names
            no recipient the message event that each agency with a referral of its client gets: ``plan-shared``,
            ``case-note-shared``, ``review-done``, and ``notify-update-process-request`` for what was done for a client.
            ``override-disclosure``: a declared duty of care; ``override-word``: what somebody else says of one.
        holds: of those, the resource type that its messages are known by; "" for the first three.
        outcome_of: of what was done for a client, the child field that names the referrals of which it is the outcome;
            "": it names none, and is that of each referral of its client that its system received.
        of_case: of what is about one case of a client, the child field that names the referrals which its system
            opened in that case, by its own numbers; those that came into it stand in ``outcome_of``. "": of any case.
        only_open: it is the receiver's word about one referral; where it names none, about the only open one of its
            client that its system has received.
        route: of a referral that names no recipient, the field by which its agency's own table leads to one:
            ``list/code``, or a code of the list that is called as the kind of record.
        parcel: the parcel kind under which the record is written out; None: it is only read.
        to: of a report, or of a declared duty of care, the field that names the agency to which it goes.
        number: of a declared duty of care, the field for the hub's number of it; ``call_back``: for the number under
            which its reporter is reached. The exchange fills both when it is written.
        after: of a report, the field with the key of the record that must have been taken before it.
        own: the field that holds a referral's number in the system that opened it.
        risks: the field in which a worker asserts dangers; "": the kind has none.
        consent: the field in which a worker names a consent by the hub's number; "": the kind has none.
        incomplete: the field that says that something was left out (I-10); "": the parcel alone says it.
        told: the system tells of such records; else they are only written.
        activities: of several kinds that hold the same, the codes of the Procedure that it is for; none: it is for all.
        place_from: of what names no recipient by itself, the field for the sender's place code in this kind of system;
            ``place_to``: for the recipient's. The exchange fills both when it is written; where a record that is read
            names a recipient's place, that agency alone gets it. "": the kind writes no places.
    """

    name: str
    event: str
    parcel: str | None = None
    own: str = ""
    consent: str = ""
    incomplete: str = ""
    holds: str = ""
    outcome_of: str = ""
    of_case: str = ""
    route: str = ""
    to: str = ""
    after: str = ""
    told: bool = True
    activities: frozenset[str] = frozenset()
    place_from: str = ""
    place_to: str = ""
    only_open: bool = False
    number: str = ""
    call_back: str = ""
    risks: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """The card: what there is. It does nothing.

    What the exchange itself reads of a record, where it is there: ``client.client_id`` (the system's own row id of the
    client), ``client.deceased_date``, ``client.merged_into_client_id`` (the row id of the client into whom it has
    gone), ``case.status`` (CLOSED); of a consent row its fields (program systems 9.2), ``client.home_language`` and
    ``gone.client_id`` (row ids of clients that have gone into its own); of
    a declared duty of care its fields (settled S22) and ``limbs``. It writes ``from_org``, the record's own agency,
    into a request, and into what is shared, before it is mapped. All else it takes from what the mapping makes of a
    record.
    """

    kind: str
    connect: Callable[[Mapping[str, Any], Memory, Now], Source]
    parse: Callable[[str, bytes], Record]  # (source key, bytes) -> record; raises RecordUnreadable
    render: Callable[[Record], bytes] | None
    notice: Callable[[str, str, str], bytes] | None  # (source key, code, place) -> word to its system; None: it answers
    records: tuple[RecordKind, ...]
    columns: Callable[[], Mapping[str, Mapping[str, Any]]]  # record kind -> field names (children nested)
    functions: Mapping[str, Converter] = field(default_factory=dict)
    required: Callable[[], Mapping[str, Sequence[str]]] = dict  # record kind -> what it cannot be written without
    recall: Callable[[str, str, str], bytes] | None = None  # (envelope id, code, what to do); None: one telephones
    consent_changed: Callable[[str, str, str], bytes] | None = None  # (its number, code, what to do); None: no place
    correction: str = ""  # parcel kind of a request that was delivered and is put right; "": one telephones
    completed: Callable[[], Mapping[str, Sequence[str]]] = dict  # and what a worker fills there where nobody says it
    shortened: Callable[[Record], Sequence[Loss]] = lambda _: ()  # what ``render`` cuts beside the mapping
    writes: Callable[[Record], bool] = lambda _: True  # else it has too little to be written, and nothing of it is
    batch_max: int = 200
    batch_every: Callable[[Mapping[str, Any]], timedelta] | None = None  # how often a batch is closed; None: at once
    gathers: timedelta = timedelta()  # a batch is not closed before nothing new has come so long; ``Gathering``
    declares: bool = False  # its sources are ``Declaring``
    follows: bool = False  # its sources are ``Following``
    answers: bool = False  # its sources are ``Answering``
    remote: bool = False  # its agency's own software hands in and opens: there is nothing to fetch, map or send
    living: bool = (
        False  # of one that answers: its records change where they stand, and wait as rows do, not as a batch
    )
    look: Callable[[Mapping[str, Any], Memory, Now], Source] | None = (
        None  # reads as ``connect``'s does, writes nothing
    )

    def takes(self, event: str) -> RecordKind | None:
        """The kind of record as which a message of this event is written into its systems; None: they take none."""
        if self.render is None and not self.remote:
            return None
        return next((kind for kind in self.records if kind.event == event and kind.parcel), None)
