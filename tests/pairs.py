"""Golden messages of the matrix: from one system's real file, by the exchange, into another system (settled S18).

What comes in is read by the real source, mapped, addressed, labelled and checked as on the road; what goes out is
written by the real source into a real system: a database, or a folder. The gate has tests of its own: here everything
is allowed. Harbour sends, Lakeside receives, and each has a system of every kind.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from adapters.contract import Adapter, Page, Raw, RecordKind
from hub.commands.matrix import end_of
from hub.compose import Hub, compose
from hub.errors import MessageRejected
from hub.exchange import addressing
from hub.exchange.house import House
from hub.exchange.match import Held, to_learn
from hub.exchange.message import Numbers, renumber
from hub.exchange.reading import read_one
from hub.exchange.records import ReferralRecord
from hub.exchange.submission import Submission
from hub.exchange.writing import Written, write_parcel
from hub.kinds import adapters_of, load_mappings
from hub.mapping.contents import CONTENTS, REPORTED, Cell, cells
from hub.mapping.matrix import Kind, Sheet, Verdict, matrix
from hub.mapping.trial import flat
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System
from hub.model.envelope import Envelope
from hub.model.record import Loss, Record
from hub.model.rows import ReferralRow
from tests.contract.source import Memory
from tests.fakes import SeededIds, StandingClock
from tests.network import NOON, fill_directory, prepare
from tests.pair_systems import HERE, PLACES, pretty, settings_of, texts_of

NOWHERE = HERE / "no overlay"
ADAPTERS = adapters_of(NOWHERE)
NUMBER = "K7QM2XWBR4TD"  # of the referral that Lakeside once sent to Harbour, and that all but requests speak of
ALIAS, CONSENT = "ALIASAAAAAAA", "CONSENTAAAAA"
OWN = {"cms": "12"}  # as which number Lakeside's system knows it; others call it R-1
FUNDER = "ircc"  # who hears of services in reports, by the iCARE site of who sends them
ROUTES = "kind,list,code,service\nicare,NARS,find_employment_referrals_ind,lakeside-employment\n"


@cache
def end(kind: str) -> Kind:
    """A kind of system as one end of a pair."""
    return end_of(ADAPTERS[kind], load_mappings(kind, NOWHERE))


@cache
def sheets(sender: str, receiver: str) -> tuple[Sheet, ...]:
    """What the matrix says of each field of a pair."""
    return matrix(end(sender), end(receiver))


@cache
def message_of(sender: str, receiver: str) -> Mapping[str, str]:
    """Content to the message that brings it, of the cells of a pair."""
    of_records = {(sheet.says, sheet.takes): sheet.message for sheet in sheets(sender, receiver)}
    found = cells(end(sender), end(receiver), sheets(sender, receiver))
    return {each.content: of_records.get((each.says, each.takes), CONTENTS[each.content][0]) for each in found}


@cache
def cells_of(sender: str, receiver: str, message: str) -> tuple[Cell, ...]:
    """The cells of a pair that a message brings and that are carried, whole or partly."""
    found = cells(end(sender), end(receiver), sheets(sender, receiver))
    brought = message_of(sender, receiver)
    return tuple(each for each in found if brought[each.content] == message and each.verdict != Verdict.CANNOT)


def sheet_of(sender: str, receiver: str, message: str) -> Sheet:
    """The sheet of a message: of several kinds of record for it that which its cells name as the best."""
    own = [each for each in sheets(sender, receiver) if each.message == message]
    best = {(each.says, each.takes) for each in cells_of(sender, receiver, message)}
    found = [each for each in own if len(own) == 1 or (each.says, each.takes) in best]
    assert len(found) == 1, f"{sender} {receiver} {message}: as {sorted(best)}; put a record of each there"
    return found[0]


def messages(sender: str, receiver: str) -> list[str]:
    """The messages that the one kind says and the other takes, and that bring something of the matrix."""
    bring = dict.fromkeys([*(message for message, *_ in CONTENTS.values()), *REPORTED.values()])
    return [each for each in bring if each in end(sender).says and each in end(receiver).takes]


def make_hub(folder: Path) -> Hub:
    """A composed hub whose two agencies have a system of every kind."""
    settings = prepare(folder / "hub", 7)
    routes = settings.dir / "agencies" / "harbour" / "routes.csv"
    routes.parent.mkdir(parents=True)
    routes.write_text(ROUTES, encoding="utf-8")
    hub = compose(settings, clock=StandingClock(NOON), ids=SeededIds(8))
    fill_directory(hub, folder, NOON)
    with hub.store.unit(own=[locks.CONFIG]) as unit:
        unit.directory.put(Agency(FUNDER, "IRCC", "general", "ca-on", "delivery.9f3e"))
        for kind in ADAPTERS:
            for agency in ("harbour", "lakeside"):
                unit.directory.put(System(f"{agency}-{kind}", agency, kind, "active", {}))
        for kind, places in PLACES.items():
            for agency, code in places.items():
                unit.directory.put(Site(kind, code, agency, agency))
        unit.directory.put(Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-cms"))
    return hub


def system(agency: str, kind: str) -> System:
    """An agency's system of a kind."""
    return System(f"{agency}-{kind}", agency, kind, "active", {})


# in


def fetch(kind: str, given: Path, folder: Path) -> list[Raw]:
    """All that a system holds which was filled with these files."""
    settings = settings_of(kind, given, folder, "harbour")
    found: list[Raw] = []
    since, page = None, Page((), "")
    with closing(ADAPTERS[kind].connect(settings, Memory(), lambda: NOON)) as source:
        while page.cursor != since:
            since = page.cursor
            page = source.fetch(since)
            assert not page.problems, page.problems
            found += [raw for raw in page.raws if isinstance(raw, Raw)]
    return found


def record_kind(kind: str, message: str) -> RecordKind:
    """The kind of record that a message is read from."""
    (name,) = end(kind).says[message]
    return next(each for each in ADAPTERS[kind].records if each.name == name)


def one_of(kind: str, message: str, raws: Sequence[Raw]) -> Raw:
    """The one record that says the message; what else lies there belongs to other messages."""
    name = record_kind(kind, message).name
    found = [raw for raw in raws if ADAPTERS[kind].parse(raw.key, raw.data).kind == name]
    assert len(found) == 1, f"{kind} {message}: {len(found)} records of kind {name}, expected one"
    return found[0]


@dataclass(frozen=True, slots=True)
class Run:
    """A message of one kind of system, ready to be written for any other.

    Args:
        said: what the record says: places of fields, with their texts.
    """

    hub: Hub
    kind: str
    raw: Raw
    record: ReferralRecord
    submission: Submission
    said: tuple[tuple[str, str], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The places of the fields that the record says."""
        return frozenset(place for place, _ in self.said)

    def texts(self, place: str) -> list[str]:
        """What it says there."""
        return [text for at, text in self.said if at == place]

    def without(self, place: str) -> Submission:
        """The message of the same record that does not say one of its fields.

        Raises:
            MessageRejected: there is none.
        """
        return _address(self.hub.house, self.kind, _read(self.hub.house, self.kind, self.raw, without=place))


def run(kind: str, message: str, folder: Path) -> Run:
    """From the files of a message to what the road makes of them."""
    assert (HERE / kind / message).is_dir(), f"put the files of {kind} there that say it: {HERE.name}/{kind}/{message}/"
    raw = one_of(kind, message, fetch(kind, HERE / kind / message, folder))
    hub = make_hub(folder / "network")
    record = _read(hub.house, kind, raw)
    if record.kind not in ("referral", "report"):
        _refer(hub.house, kind, record)
    said = tuple(flat(ADAPTERS[kind].parse(raw.key, raw.data)))
    return Run(hub, kind, raw, record, _address(hub.house, kind, record), said)


def _read(house: House, kind: str, raw: Raw, *, without: str = "") -> ReferralRecord:
    own = replace(house, adapters={**house.adapters, kind: _without(ADAPTERS[kind], without)})
    record = read_one(own, system("harbour", kind), raw)
    if not isinstance(record, ReferralRecord):
        raise MessageRejected(f"{kind} {raw.key}: {getattr(record, 'place', '')}", "no message of a referral", "one")
    if record.kind == "report":
        return replace(record, after="")  # what must be taken before it was taken (``reports.py``)
    return replace(record, number=NUMBER) if record.shared else record  # it rides on a referral (``parts.py``)


def _address(house: House, kind: str, record: ReferralRecord) -> Submission:
    with house.store.peek() as rows:
        found = addressing.address(replace(house, ids=SeededIds(1)), rows, record, None)
    assert isinstance(found, Submission), f"{kind} {record.source.key}: {found}"
    numbers = Numbers(found.ids.message_id, found.ids.envelope_id, NUMBER, ALIAS, CONSENT)
    return replace(found, bundle=renumber(found.bundle, numbers), ids=numbers)


def _refer(house: House, kind: str, record: ReferralRecord) -> None:
    """Lakeside has sent a referral of this client to Harbour, which has received it."""
    with house.store.unit(own=[locks.CONFIG]) as unit:
        ref = unit.subjects.mint()
        unit.subjects.alias("harbour", ref)
    learnt = to_learn(record.person, Held.of(ref, {}, own=True)) if record.person else {}
    lock = [locks.subject(ref), *(locks.digest(each) for each in learnt)]
    with house.store.unit(own=sorted(lock)) as unit:
        unit.subjects.add_digests(ref, learnt)
        unit.referrals.put(_referral(kind, "cms", ref))


def _referral(sender: str, receiver: str, ref: str = "subject") -> ReferralRow:
    """That referral. Who answers it is the sender of a message, who opened it receives."""
    return ReferralRow(
        number=NUMBER,
        lane="lane",
        back_lane="back",
        sender="lakeside",
        sender_system=f"lakeside-{receiver}",
        sender_key=f"/{OWN.get(receiver, 'R-1')}",
        recipient="harbour",
        recipient_system=f"harbour-{sender}",
        service=None,
        subject_ref=ref,
        consent_id=None,
        state="received",
    )


def _without(adapter: Adapter, place: str) -> Adapter:
    if not place:
        return adapter
    return replace(adapter, parse=lambda key, data: _cut(adapter.parse(key, data), place))


def _cut(record: Record, place: str) -> Record:
    name, dot, rest = place.partition(".")
    if not dot:
        return replace(record, fields={at: text for at, text in record.fields.items() if at != name})
    below = {at: tuple(_cut(row, rest) for row in rows) if at == name else rows for at, rows in record.children.items()}
    return replace(record, children=below)


# out


def write(house: House, sender: str, receiver: str, submission: Submission) -> Written:
    """The message in the form of a system of the receiving kind."""
    ids, report = submission.ids, submission.record.kind == "report"
    envelope = Envelope(
        envelope_id=ids.envelope_id,
        message_id=ids.message_id,
        lane="lane",
        lane_seq=1,
        sender="harbour",
        recipient=FUNDER if report else "lakeside",
        event=submission.event,
        purpose=submission.purpose.value,
        decision_id="decision",
        consents=(),
        salt="",
        created_at=NOON,
        bundle=submission.bundle,
    )
    places = PLACES.get(receiver, {})
    if report:  # into a site of the sender's own (settled S1)
        return write_parcel(house, system("harbour", receiver), envelope, submission.bundle, None, places)
    referral = _referral(sender, receiver)
    if submission.record.kind == "referral":
        referral = replace(referral, sender="harbour", sender_system=f"harbour-{sender}", sender_key="/R-1")
    return write_parcel(house, system("lakeside", receiver), envelope, submission.bundle, referral, places)


def deliver(receiver: str, written: Written, folder: Path) -> dict[str, str]:
    """Hand a parcel to a real system that is empty; the texts that lie in it then, by name."""
    assert written.parcel is not None, "its system has no word for it"
    settings = settings_of(receiver, None, folder, "lakeside")
    before = {path for path in folder.rglob("*") if path.is_file()}
    with closing(ADAPTERS[receiver].connect(settings, Memory(), lambda: NOON)) as source:
        (sent,) = source.send([written.parcel], lambda: None)
    assert sent.state == "acknowledged", sent
    return texts_of(receiver, settings, folder, before)


# what is kept


def kept(sender: str, receiver: str, message: str, run: Run, written: Written) -> str:
    """``lost.json`` of a run: the loss lines, what the matrix says is lost of each content, and what was not tried."""
    sheet = sheet_of(sender, receiver, message)
    untried = sorted({row.sender for row in sheet.rows if row.sender} - run.fields)
    mine = cells_of(sender, receiver, message)
    found = {each.content: {"verdict": each.verdict.value, "lost": dict(each.lost)} for each in mine}
    lines = {"in": _told(run.record.losses), "out": _told(written.losses)}
    return pretty({"told": lines, "matrix": found, "not said by this record": untried})


def _told(losses: Sequence[Loss]) -> list[str]:
    return sorted({f"{loss.place}: {loss.reason}" for loss in losses})


def read_texts(folder: Path) -> dict[str, str]:
    """The files of a case by name; none where there is no folder."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path.read_bytes().decode("utf-8") for path in found}


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a case anew, with nothing else in its folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
