"""Nothing is forgotten: in the end every record of every system has its answer, and no answer would be another one now.

This looks where the hub cannot look from inside: it reads all rows of the agencies' views again and asks what the hub
would say of each today. A lost wake-up, a cursor that ran ahead or a page that was half settled shows here.
"""

from __future__ import annotations

from contextlib import closing

from adapters.contract import Raw
from consent.decide import decide
from consent.gather import gather_provisional
from consent.model.words import ConsentState
from hub.compose import Hub
from hub.errors import MessageRejected
from hub.exchange.addressing import NothingToSay, address
from hub.exchange.question import at_gate_1
from hub.exchange.reading import read_one
from hub.exchange.records import ConsentRecord, Read, ReferralRecord, Unreadable
from hub.exchange.submission import Submission
from hub.model.directory import System
from hub.model.envelope import MessageState
from hub.ports import Peek
from tests.simulation.world import AGENCIES, World, system_of

VIEWS = {"consent": "v_hub_consent", "referral_out": "v_hub_referral_out", "referral_in": "v_hub_referral_in"}
ID = {"consent": "consent_id", "referral_out": "referral_id", "referral_in": "referral_id"}


def nothing_is_forgotten(world: World, hub: Hub) -> None:
    """Hold the records as they are now against what became of them.

    Raises:
        AssertionError: the first that was forgotten.
    """
    with hub.store.peek() as rows:
        systems = rows.directory.all().systems
        for name in AGENCIES:
            system = systems[system_of(name)]
            shown, questioned = _shown(world, name), _questioned(world, system)
            for raw in hub.connections.source(system).refetch(shown):
                if isinstance(raw, Raw):  # else another line has been said since in its place
                    _answered(hub, rows, read_one(hub.house, system, raw), questioned)
            _gone(rows, system, {*shown, *_settled(world, name)})
    _told(world)


def _shown(world: World, agency: str) -> list[str]:
    if agency in world.sites:
        site = world.sites[agency]
        return [key for name in site.lying() for key in site.sources(name).values()]
    db = world.systems[agency]
    return [
        f"{prefix}:{row[0]}"
        for prefix, view in VIEWS.items()
        for row in db.execute(f"SELECT {ID[prefix]} FROM {view} ORDER BY 1").fetchall()
    ]


def _settled(world: World, agency: str) -> list[str]:
    """Lines of files that a HARTS site took away after their last answer: what is kept of them does no harm."""
    site = world.sites.get(agency)
    return [key for name in site.done for key in site.sources(name).values()] if site else []


def _stood_when_read(rows: Peek, record: ReferralRecord) -> bool:
    """Whether an answer repeats what its side has said last: it had nothing to say until the other side moved on."""
    own = [event.state for event in rows.referrals.events(record.number or "") if event.writer == record.said.writer]
    return bool(own) and own[-1] == record.said.state


def _questioned(world: World, system: System) -> set[str]:
    """Records whose senders were told that it is not clear whose they are."""
    with closing(world.store()) as db:
        query = "SELECT record_key FROM notice WHERE system = ? AND code = 'DN_IDENTITY'"
        return {row["record_key"] for row in db.execute(query, (system.id,))}


def _answered(hub: Hub, rows: Peek, record: Read, questioned: set[str]) -> None:
    source = record.source
    where = f"{source.system.id} {source.key} revision {source.revision}"
    waits = rows.waiting.of(source.system.id, [source.key]).get(source.key)
    waits_so = waits is not None and waits.digest == source.digest
    if isinstance(record, Unreadable):
        assert waits_so, f"forgotten: {where} cannot be read, and nothing says so"
        return
    if isinstance(record, ConsentRecord):
        filed = rows.consents.of_source(source.system.id, source.key)
        # its row has gone to another client: it opens nothing, and whoever wrote it was told
        in_doubt = filed is not None and filed[0].state is not ConsentState.ACTIVE and source.key in questioned
        heard = filed is not None and filed[1] == source.read_as
        assert waits_so or heard or in_doubt, f"forgotten: {where} is not filed"
        return
    previous = rows.inbox.latest(source.system.id, [source.key]).get(source.key)
    try:
        found = address(hub.house, rows, record, previous)
    except MessageRejected:
        assert waits_so, f"forgotten: {where} is no message, and nothing says so"
        return
    if isinstance(found, NothingToSay):
        return
    if previous is None and record.kind == "referral-status" and source.system.kind == "harts":
        return  # a line stays as it was said; another one was said since
    assert previous is not None, f"forgotten: {where} was never judged"
    if previous.state not in (MessageState.REFUSED, MessageState.RETURNED):
        assert (
            source.digest == previous.digest or source.revision == previous.revision or _stood_when_read(rows, record)
        ), f"forgotten: {where} is {previous.state}, and not as it is now"
        return
    assert previous.digest == source.digest, f"forgotten: {where} was not judged as it is now"
    given_up = previous.state is MessageState.RETURNED and previous.attempt > hub.house.limits.resends_max
    barred = not found.allowed  # a step that the referral does not allow waits for nothing but a new revision
    assert waits is not None or barred or _expired(hub, rows, previous.accepted_at), (
        f"forgotten: {where} waits for nothing"
    )
    assert given_up or not _would_pass(hub, rows, found), f"forgotten: {where} would pass today, and waits: {waits}"


def _would_pass(hub: Hub, rows: Peek, submission: Submission) -> bool:
    facts = gather_provisional(rows, at_gate_1(submission), hub.house.packs).facts
    return decide(facts).permits


def _expired(hub: Hub, rows: Peek, accepted_at: object) -> bool:
    return bool(rows.now - accepted_at >= hub.house.limits.unknown_kept)  # type: ignore[operator]


def _gone(rows: Peek, system: System, shown: set[str]) -> None:
    """A consent whose record is no longer to be seen opens nothing; nothing waits for a record that is gone."""
    for row in rows.waiting.every(100_000):
        if row.system == system.id:
            assert row.record_key in shown, f"forgotten: {system.id} {row.record_key} is gone, and is waited for"
    for number in range(1, 400):
        key = f"consent:{number}"
        filed = rows.consents.of_source(system.id, key)
        if filed is not None and key not in shown:
            assert filed[0].state is not ConsentState.ACTIVE, f"forgotten: {system.id} {key} is gone, and opens"


def _told(world: World) -> None:
    """Every word to a sender has been written into its own system."""
    db = world.store()
    left = db.execute("SELECT notice_id, system FROM notice WHERE state <> 'sent'").fetchall()
    systems = {system_of(name) for name in world.systems}  # a HARTS site reads it in the answer to its file
    sent = [row["notice_id"] for row in db.execute("SELECT notice_id, system FROM notice") if row["system"] in systems]
    db.close()
    assert not left, f"forgotten: {len(left)} notices were never written"
    came = {each.message_id for each in world.history.arrivals}
    assert set(sent) <= came, "forgotten: a notice is said to be written and is nowhere"
