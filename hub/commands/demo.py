"""``hub demo``: the whole story on an invented network, ended by counting and verifying it.

It makes the network and a hub folder and plays the acts (``demo_acts.py``). At the end everything is counted from the
systems' own databases and the exported log, and judged by the sample's own code (``hub.sample``): what disagrees is a
surprise, and the command ends with 1.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.audit.verify import Report as Verified
from hub.audit.verify import verify_export
from hub.commands import demo_acts as acts
from hub.commands import demo_days as days
from hub.commands import demo_people as people
from hub.commands.demo_acts import TORONTO, Demo
from hub.commands.frame import DONE, REFUSED, Interrupted, Json, Misused, show_json, tools
from hub.commands.tools import POSTGRES, Shape, StoryClock, Tools
from hub.errors import HubError, Refused, Unavailable
from hub.exchange import Report
from hub.exchange.withdraw import Receipt
from hub.sample import cms, expectation, judge, judge_log, search, show, tally
from hub.sample.cams_tally import read_packages
from hub.sample.database import connected
from hub.sample.icare_tally import read_reports, read_words
from hub.sample.network import CLIENTS_MIN, make_network
from hub.sample.pairs import pairs
from hub.sample.people import PEOPLE_MAX

CLIENTS, SEED = 60, 1
DIFFERENCES_SHOWN = 20
LOOK = "select kind, hub_referral_no, incomplete, payload from hub_inbox limit 3"
REPLAY_PAGE = 500  # stored decisions read at a time

Clients = Annotated[int, typer.Option("--clients", min=CLIENTS_MIN, max=PEOPLE_MAX, help="How many invented clients.")]
Store = Annotated[
    Literal["sqlite", "postgres"],
    typer.Option("--store", help="postgres: the empty database that HUB_STORE names."),
]
Bus = Annotated[
    Literal["store", "kafka"],
    typer.Option(
        "--bus", help="kafka: the one that HUB_KAFKA_BOOTSTRAP names, HUB_KAFKA_ADMIN_USER its administrator."
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same people.")]


def demo(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Straight through, without waiting for Enter.")] = False,
    clients: Clients = CLIENTS,
    seed: Seed = SEED,
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder; else a new temporary one.")] = None,
    store: Store = "sqlite",
    bus: Bus = "store",
    as_json: Json = False,
) -> None:
    """Tell the whole story on an invented network of ten agencies, and verify it.

    Exit code 1 if anything is not as it must be.
    """
    made = folder is None or not folder.exists()
    place = _place(folder)
    try:
        _must_be(tools(ctx), place / "hub", Shape(store, bus))
    except HubError:
        if made:  # somebody's own folder stays
            place.rmdir()
        raise
    screen = Console(quiet=as_json, highlight=False)
    at_leisure = not once and not as_json and sys.stdin.isatty() and screen.is_terminal
    try:
        told, document = _tell(tools(ctx), place, (clients, seed), screen, _pause(screen, at_leisure))
    except KeyboardInterrupt:
        step = f"{place} is unfinished: remove it and run this again; the same seed tells the same story"
        raise Interrupted("hub demo", "an interruption", "to run to its end", step) from None
    if as_json:
        show_json(document)
    raise typer.Exit(REFUSED if told.surprises or told.differences else DONE)


def _tell(
    given: Tools, place: Path, sample: tuple[int, int], screen: Console, pause: Callable[[], None]
) -> tuple[Demo, dict[str, Any]]:
    """Make the network, open a hub and play.

    Args:
        sample: how many clients, and their seed.
    """
    (clients, seed) = sample
    clock = acts.begin(given)
    today = clock.now().astimezone(TORONTO).date()
    show.act(
        screen,
        "An invented network",
        f"folder {place}",
        f"{clients} clients, seed {seed}; nobody is real",
        f"told of {today}, nine in the morning",
    )
    with show.counting(screen, clients) as counted:
        network = make_network(place / "systems", clients, seed, today, lambda n: counted(n, f"{n} clients written"))
    show.say(screen, f"what must become of each, said beforehand: {expectation.write(network)}")
    key = given.prepare(place / "hub", None)
    acts.lay_routes(network, place / "hub")
    surprises: list[str] = []
    away: set[str] = set()
    with closing(given.open(place / "hub", _reporting(surprises, away), clock)) as hub:
        told = Demo(hub, clock, network, given, screen, lambda: _read(clock, pause), surprises, away)
        return told, play(told, place, key)


def play(told: Demo, place: Path, key: str) -> dict[str, Any]:
    """The acts in their order; the numbers at the end.

    Args:
        place: holds ``systems/`` and ``hub/``.
        key: the log's verifier-key line.
    """
    acts.fill_directory(told)
    acts.enter_consents(told)
    told.pause()
    acts.run(told, "Referrals on their way, each decided twice, and answered")
    note = acts.checkpoint(told)
    told.pause()
    receipt = acts.withdrawal(told)
    told.pause()
    acts.late_consent(told)
    acts.late_consent_at_the_centre(told)
    people.child(told)
    told.pause()
    people.danger(told)
    told.pause()
    acts.stuck(told)
    told.pause()
    days.an_hour_later(told)
    days.reported(told)
    days.suspended(told)
    told.pause()
    days.overnight(told)
    days.out_of_reach(told)
    days.an_hour_later(told)
    told.pause()
    report = _verify(told, key, note)
    numbers = _count(told, receipt)
    told.surprises += [*_leaks(told, place), *_replayed(told)]
    people.hidden(told, place)
    _show(told, numbers, acts.waiting(told), report)
    return _document(told, place, numbers, report)


def _must_be(given: Tools, folder: Path, asked: Shape) -> None:
    """What the environment names is used if the options say so, and only then: a demo fills it with invented people.

    Raises:
        Misused: they disagree.
        Refused: the database is somebody's, or the demo would sign its log with somebody's key.
    """
    is_ = given.shape(folder)
    if is_.log_key:
        step = "unset HUB_LOG_KEY: a demo makes a key of its own"
        raise Refused("hub demo", "the key of a log in HUB_LOG_KEY", "none: nothing invented is signed with it", step)
    for option, variable, named, wanted in (
        ("--store", "HUB_STORE", is_.store, asked.store),
        ("--bus", "HUB_KAFKA_BOOTSTRAP", is_.bus, asked.bus),
    ):
        if named != wanted:
            got = f"{wanted}, and the environment ({variable}) says {named}"
            step = f"unset {variable}, or say {option} {named} if invented people may be written there"
            raise Misused(option, got, "the same", step)
    if is_.store == POSTGRES and not given.is_empty(folder):
        step = "make an empty database, and name that in HUB_STORE"
        raise Refused("--store", "a database that has tables", "an empty one", step)


def _place(folder: Path | None) -> Path:
    """An empty folder to work in; it is kept.

    Raises:
        Refused: there is something in it.
        Unavailable: it can be neither read nor made.
    """
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="hub-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refused("--dir", "a folder that is not empty", "an empty one, or none yet", "name another folder")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable("--dir", reason, "a folder that can be written", "name another folder") from None
    return folder.resolve()


def _pause(screen: Console, at_leisure: bool) -> Callable[[], None]:
    """What stands between two acts: a person who reads, or nothing."""
    return (lambda: _enter(screen)) if at_leisure else (lambda: None)


def _read(clock: StoryClock, pause: Callable[[], None]) -> None:
    """No time passes in the story while somebody reads, or has gone home."""
    with clock.standing():
        pause()


def _enter(screen: Console) -> None:
    with suppress(EOFError):  # Ctrl-D is an Enter too
        screen.input("\n[dim]Enter goes on[/dim] ")


def _reporting(surprises: list[str], away: set[str]) -> Report:
    """Nothing is out of reach in a demo, unless the story says so: whatever else cannot be done now is a surprise."""

    def report(place: str, error: HubError) -> None:
        if not (isinstance(error, Unavailable) and any(system in place for system in away)):
            surprises.append(f"{place}: {error}")

    return report


def _verify(told: Demo, key: str, note: bytes) -> Verified:
    """Export the log and verify it as a stranger would: with the key and a checkpoint from outside."""
    export = told.officer / "export"
    told.hub.log.export(export)
    report = verify_export(export, key=key, checkpoint=note)
    if not report.ok:
        told.surprises.append(f"the log does not verify: {report.fault}")
    return report


def _count(told: Demo, receipt: Receipt) -> tally.Tally:
    """Count from the log and from what lies in the systems; hold both against each other and against the store."""
    export = told.officer / "export"
    found, withdrawn = tally.messages(tally.read_log(export)), tally.withdrawals(tally.read_log(export))
    inboxes = {a.system: tally.read_inbox(told.network.database(a.id)) for a in told.network.agencies}
    inboxes[told.network.centre.system] = tally.read_files(told.network.harts)
    inboxes[told.network.cams_site.system] = read_packages(told.network.cams)
    inboxes[told.network.settlement.system] = read_words(told.network.icare)
    inboxes[told.network.reports.system] = read_reports(told.network.reporting)
    numbers = tally.tally(found, withdrawn, inboxes)
    told.surprises += tally.disagreements(found, withdrawn, inboxes)
    told.surprises += judge_log.judge(tally.read_log(export), inboxes)
    told.surprises += judge.judge(told.network)
    due, unread = expectation.read(told.network), tally.unread(inboxes)
    told.compared, told.differences = expectation.differences(due, found.values(), unread, told.more)
    told.surprises += expectation.unnamed(expectation.read(told.network), inboxes)
    told.surprises += expectation.mismarked(expectation.read(told.network), told.more, found.values(), inboxes)
    told.surprises += judge.told_otherwise(told.network)
    with told.hub.house.store.peek() as rows:
        states, keys = rows.inbox.count_by_state(), rows.outbox.keys()
    if keys != numbers.open:
        told.surprises.append(f"{keys} keys are kept, and {numbers.open} messages are open")
    for state, count in (
        ("delivered", numbers.delivered),
        ("refused", numbers.refused),
        ("returned", numbers.returned),
    ):
        if states.get(state, 0) != count:
            told.surprises.append(f"the store has {states.get(state, 0)} {state}, the log and the systems {count}")
    if (len(receipt.not_arrived), len(receipt.arrived)) != (numbers.stopped, numbers.left_before):
        told.surprises.append("the receipt of the withdrawal and the log disagree")
    if not numbers.stopped:
        told.surprises.append("the withdrawal stopped nothing")
    return numbers


def _leaks(told: Demo, place: Path) -> Iterator[str]:
    """Personal values in the clear, in any file of the hub's folder or of the log's export."""
    show.act(told.screen, "Looking for personal values in every file of the hub")
    values = judge.private_values(told.network)
    if told.tools.shape(told.folder).store == POSTGRES:
        told.tools.dump(told.folder, place / "hub" / "rows.jsonl")  # no file of ours holds them
    files = [*search.files_below(place / "hub"), *search.files_below(told.officer)]
    found = 0
    for file, number in search.find(files, [value for _, value in values]):
        found += 1
        yield f"{values[number][0]} in {file.relative_to(place)}"
    show.say(told.screen, f"{len(values)} values in {len(files)} files: {found or 'none is'} there")


def _replayed(told: Demo) -> Iterator[str]:
    """Stored decisions that their stored facts do not give again."""
    after = ""
    while True:
        with told.hub.house.store.peek() as rows:
            page = rows.decisions.stored(REPLAY_PAGE, after)
        for decision_id, facts, decision in page:
            if decide(read_facts(facts)) != read_decision(decision):
                yield f"decision {decision_id} is another one when decided again"
        if len(page) < REPLAY_PAGE:
            return
        after = page[-1][0]


def _show(told: Demo, numbers: tally.Tally, waiting: int, report: Verified) -> None:
    """The tables, and where to look next."""
    screen, network = told.screen, told.network
    for table in (show.result(numbers, waiting), show.withheld(numbers), show.systems(numbers)):
        screen.print()
        screen.print(table)
    first = network.agencies[0]
    with connected(network.database(first.id)) as db:
        show.act(screen, "What a worker sees of it in their own system", *show.worklist(first.name, cms.to_do(db)))
    verified = (
        "verifies with the key and the checkpoint from outside" if report.ok else f"does NOT verify: {report.reason}"
    )
    show.act(screen, "The log", f"{report.size} entries, root {report.root}", f"it {verified}")
    folder = network.folder.parent / "hub"
    screen.print()
    screen.print(show.matrix(pairs()))
    show.say(
        screen, f"of each field what stays behind, and why: hub systems matrix --from cms --to harts --dir {folder}"
    )
    there = network.database(network.agencies[1].id)
    show.act(
        screen,
        "Look next",
        f'sqlite3 {there} "{LOOK}"',
        f"less {told.network.harts.to_harts}/*.DAT",
        f"hub deliveries waiting --dir {folder}",
        f"the export of the log: {told.officer / 'export'}",
        f"and when you have seen enough: rm -r {told.network.folder.parent}",
    )
    show.act(
        screen,
        f"{told.compared} answers were compared with what the story says beforehand: "
        f"{len(told.differences)} differences",
        *told.differences[:DIFFERENCES_SHOWN],
    )
    if told.surprises:
        show.act(screen, f"{len(told.surprises)} surprises", *told.surprises)
    else:
        show.act(screen, "No surprise: log, store and the agencies' systems tell the same story.")


def _document(told: Demo, place: Path, numbers: tally.Tally, report: Verified) -> dict[str, Any]:
    return {
        "seed": told.network.seed,
        "clients": told.network.clients,
        "dir": str(place),
        "messages": {
            "accepted": numbers.accepted,
            "delivered": numbers.delivered,
            "refused": numbers.refused,
            "returned": numbers.returned,
            "open": numbers.open,
        },
        "unreadable": numbers.unreadable,
        "refused_by_code": dict(numbers.refused_by_code),
        "withheld_by_category": dict(numbers.withheld_by_category),
        "withdrawal": {"stopped": numbers.stopped, "left_before": numbers.left_before},
        "systems": {
            agency.system: {
                "kind": agency.kind,
                "sent": numbers.sent[agency.system],
                "received": numbers.received[agency.system],
            }
            for agency in (*told.network.everyone, told.network.reports)
        },
        "expectation": {"compared": told.compared, "differences": list(told.differences)},
        "audit": {"entries": report.size, "root": report.root, "verified": report.ok},
        "matrix": [dict(row) for row in pairs()],
        "surprises": list(told.surprises),
    }
