"""The promises of design §2 as oracles over a run that has settled. Each names its promise where it fails.

They read the store's tables, the log's entries in the order of their commits, the recipients' own databases, and what
the world has written down meanwhile. What was decided is checked against the log, not against what the hub says of it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.audit.verify import verify_export
from hub.compose import Hub
from hub.model.canonical import content_digest
from tests.simulation.watch import at_every_moment
from tests.simulation.world import MARKS, World, system_of

ENDS = {"delivered", "refused", "returned"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What there is to judge: rows as dictionaries, and the log's entries in commit order."""

    world: World
    inbox: list[dict[str, Any]]
    handover: dict[str, dict[str, Any]]
    log: list[dict[str, Any]]


def keeps_its_promises(world: World, hub: Hub) -> Settled:
    """Hold a settled run against every promise.

    Raises:
        AssertionError: the first that is broken.
    """
    at_every_moment(world)
    with closing(world.store()) as db:
        inbox = [dict(row) for row in db.execute("SELECT * FROM inbox ORDER BY rowid")]
        handover = {row["envelope_id"]: dict(row) for row in db.execute("SELECT * FROM handover")}
        log = [json.loads(row["body"]) for row in db.execute("SELECT body FROM audit_entry ORDER BY rowid")]
        counts = {
            name: db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            for name in ("outbox", "message_key", "audit_pending", "decision")
        }
    settled = Settled(world, inbox, handover, log)
    for check in (
        ends_once,
        counts_agree,
        delivered_once,
        requested_once,
        in_order,
        nothing_late,
        permitted_in_the_log,
        nothing_personal,
    ):
        check(settled)
    assert (counts["outbox"], counts["message_key"]) == (0, 0), f"INV-6: something rests in the outbox: {counts}"
    decided = Counter(entry["decision_id"] for entry in log if "decision_id" in entry)
    assert len(decided) == counts["decision"], "INV-7: a decision without its entry"
    assert set(decided.values()) <= {1}, "INV-7: a decision with two entries"
    replayed(hub)
    verifies(settled, hub)
    return settled


def ends_once(settled: Settled) -> None:
    """INV-5: each accepted message ends, and the log tells exactly one end of it, the same as the store."""
    told: dict[str, list[str]] = defaultdict(list)
    for entry in settled.log:
        denied = entry.get("outcome") == "DENY"
        match entry["event_type"]:
            case "ACK":
                told[entry["message_id"]].append("delivered")
            case "RETURNED":
                told[entry["message_id"]].append("returned")
            case "DECISION" | "DELIVERY" if denied:
                told[entry["message_id"]].append("refused")
    for row in settled.inbox:
        where = settled.handover.get(row["envelope_id"] or "", {})
        assert row["state"] in ENDS, f"INV-5: {row['message_id']} is still {row['state']}: {where}"
        assert told[row["message_id"]] == [row["state"]], f"INV-5: {row['message_id']}: {told[row['message_id']]}"
    assert len(told) == len(settled.inbox), "INV-5: the log tells an end of what was never accepted"


def counts_agree(settled: Settled) -> None:
    """INV-5, INV-2: what arrived is what was delivered; what arrived beside it was told to be uncertain."""
    history = settled.world.history
    came = {each.message_id: each for each in history.arrivals if each.kind in ("referral", "referral-status")}
    opened: dict[str, list[str]] = defaultdict(list)
    uncertain = set()
    for entry in settled.log:
        if entry["event_type"] == "DELIVERY" and entry["outcome"] != "DENY":
            opened[entry["envelope_id"]].append(entry["payload_digest"])
        if entry.get("opened_before") == "unknown":
            uncertain.add(entry["envelope_id"])
    for envelope_id, row in settled.handover.items():
        digests = opened[envelope_id]
        salt = bytes.fromhex(history.salts.get(envelope_id, ""))
        if row["state"] == "delivered":
            empty = bool(digests) and digests[-1] == content_digest(salt, b"")
            assert envelope_id in came or empty, f"INV-5: {envelope_id} is delivered and is nowhere"
        elif envelope_id in came:
            assert envelope_id in uncertain, f"INV-5: {envelope_id} arrived, ended {row['state']}, and nobody says so"
        if envelope_id in came:
            assert content_digest(salt, history.sent[envelope_id]) in digests, (
                f"INV-2: {envelope_id} is not what was permitted"
            )
            assert came[envelope_id].system == row["system"], f"INV-2: {envelope_id} went elsewhere"
    assert set(came) <= set(settled.handover), "INV-2: a row that no hand-over knows"


def delivered_once(settled: Settled) -> None:
    """INV-5: nothing stands twice in a recipient's system."""
    twice = [
        name for name, count in Counter(each.message_id for each in settled.world.history.arrivals).items() if count > 1
    ]
    assert not twice, f"INV-5: {twice[0]} was delivered twice"


def requested_once(settled: Settled) -> None:
    """A request that its recipient has is not made again (settled S44)."""
    made = Counter(
        row["referral_no"]
        for row in settled.inbox
        if (row["event"], row["state"]) == ("add-service-request", "delivered")
    )
    twice = [number for number, count in made.items() if count > 1]
    assert not twice, f"INV-5: the request of {twice[0]} was delivered {made[twice[0]]} times"


def in_order(settled: Settled) -> None:
    """Order within a lane is kept."""
    last: dict[str, int] = {}
    for each in settled.world.history.arrivals:
        row = settled.handover.get(each.message_id)
        if row is None or each.late:
            continue
        assert row["lane_seq"] > last.get(row["lane"], 0), f"{each} overtook another one of its lane"
        last[row["lane"]] = row["lane_seq"]


def nothing_late(settled: Settled) -> None:
    """INV-3: after a command has returned nothing passes that relied on what it stopped; its receipt is true."""
    history, relied = settled.world.history, _relied(settled)
    came = {each.message_id: each.tick for each in history.arrivals}
    for stopped in history.stopped:
        until = stopped.lifted_at if stopped.lifted_at is not None else history.tick + 1
        concerned = {name for name, basis in relied.items() if basis & set(stopped.what)}
        for name in concerned:
            if history.has_jumped and name in stopped.receipt.unknown:
                continue  # it was said that nobody can tell
            passed = [tick for tick in history.checked.get(name, ()) if stopped.tick < tick <= until]
            assert not passed, f"INV-3: {name} passed its last check after {stopped.what} had returned"
        for name in stopped.receipt.not_arrived:
            assert not came.get(name, until + 1) <= until, f"INV-3: {name} was said not to arrive, and did"
        for name in stopped.receipt.arrived:
            assert settled.handover[name]["state"] == "delivered", f"INV-3: {name} was said to have arrived"
        listed = {*stopped.receipt.arrived, *stopped.receipt.not_arrived, *stopped.receipt.unknown}
        before = {name for name in concerned if came.get(name, until) <= stopped.tick}
        assert before <= listed, f"INV-3: {before - listed} had left before and is not on the receipt"


def _relied(settled: Settled) -> dict[str, set[str]]:
    """What each envelope relied on at either gate, as the log says."""
    relied: dict[str, set[str]] = defaultdict(set)
    for entry in settled.log:
        if entry["event_type"] in ("DECISION", "DELIVERY") and entry["outcome"] != "DENY":
            ends = {f"agency:{entry['sender']}", f"agency:{entry['recipient']}"}
            systems = {f"system:{system_of(entry[end])}" for end in ("sender", "recipient")}
            relied[entry["envelope_id"]] |= {name.split("/")[0] for name in entry["basis"]} | ends | systems
    return relied


def permitted_in_the_log(settled: Settled) -> None:
    """INV-2, INV-3: in the order of commits, every permit rests on what was in force at that very place."""
    consents: dict[str, tuple[str, str]] = {}
    off: set[tuple[str, str]] = set()
    for entry in settled.log:
        match entry["event_type"]:
            case "CONSENT_RECORDED" | "CONSENT_WITHDRAWN":
                consent_id, version = entry["consent_id"].split("/")
                kept = entry["state"] == "DRAFT" and consents.get(consent_id, ("", ""))[1] == "ACTIVE"
                if not kept:  # a draft changes nothing: what opens stays beside it
                    consents[consent_id] = (version, entry["state"])
            case "CONFIG_CHANGE" if "status" in entry:
                change = off.discard if entry["status"] == "active" else off.add
                change((entry["what"], entry["name"]))
            case "DECISION" | "DELIVERY" if entry["outcome"] != "DENY":
                _permit_holds(entry, consents, off)


def _permit_holds(entry: dict[str, Any], consents: dict[str, tuple[str, str]], off: set[tuple[str, str]]) -> None:
    where = f"{entry['event_type']} of {entry['message_id']}"
    for name in entry["basis"]:
        kind, _, rest = name.partition(":")
        if kind == "consent":
            consent_id, version = rest.split("/")
            assert consents[consent_id] == (version, "ACTIVE"), (
                f"INV-3: {where} rests on {name}: {consents[consent_id]}"
            )
        elif kind == "agreement":
            assert ("agreement", rest.split("/")[0]) not in off, f"INV-3: {where} rests on a suspended {name}"
    ends = {("agency", entry["sender"]), ("agency", entry["recipient"])}
    assert not ends & off, f"INV-3: {where} though {ends & off} is suspended"
    assert not [each for each in off if each[0] == "all"], f"INV-3: {where} though all exchange is stopped"


def nothing_personal(settled: Settled) -> None:
    """INV-1: no marked value is in any file of the hub, nor in anything that it said."""
    world = settled.world
    for path in sorted(world.settings.dir.rglob("*")):
        if path.is_file():
            found = MARKS.search(path.read_bytes())
            assert found is None, f"INV-1: {path.name} holds {found.group()!r}"
    for text in world.history.told:
        assert MARKS.search(text.encode()) is None, f"INV-1: an error says {text}"


def replayed(hub: Hub) -> None:
    """Every stored decision is what ``decide`` says of its stored facts."""
    with hub.store.peek() as rows:
        stored = rows.decisions.stored(1_000_000)
    for decision_id, facts, decision in stored:
        assert decide(read_facts(facts)) == read_decision(decision), (
            f"decision {decision_id} is not what its facts give"
        )


def verifies(settled: Settled, hub: Hub) -> None:
    """INV-8: the exported log is what the checkpoints say, the one from the middle of the run included."""
    export = settled.world.folder / "export"
    hub.log.export(export)
    key = (settled.world.settings.keys / "hub.pub").read_text()
    report = verify_export(export, key=key, checkpoint=settled.world.history.note)
    assert report.ok, f"INV-8: {report}"
    assert report.size >= len(settled.log), "INV-8: an entry is not in the tree"
