"""The acts of ``hub demo``: what the hub, the systems and their people do, in an order that never depends on timing.

Each act says on the screen what it did; what is not as it must be goes to ``surprises``, as ids and codes. The story of
the systems' own side is in ``hub.sample``; here it meets the hub's functions, the same that the commands call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from hub.commands.tools import KAFKA, Hub, StoryClock, Tools
from hub.desk import bus
from hub.desk.configure import add_row, import_rows
from hub.desk.consent_file import import_consents
from hub.desk.who import Act, Who, actor_of
from hub.directory import AGENCY, AGREEMENT, SERVICE, SITE, SYSTEM, WORKER, Form, Problems
from hub.exchange import intake, relay
from hub.exchange.withdraw import Receipt, withdraw_consent
from hub.model.directory import System
from hub.model.envelope import ENDS
from hub.model.rows import Inbox
from hub.sample import cms, icare_papers, judge, search, show, story, tally
from hub.sample.agencies import of_icare
from hub.sample.database import connected
from hub.sample.directory import ADMINISTRATOR, directory_files
from hub.sample.expectation import Answer, afterwards, answers
from hub.sample.network import Network
from hub.sample.people import Person, consent_row
from hub.sample.scenarios import Scenario

TORONTO = ZoneInfo("America/Toronto")  # the agencies' own time
TOLD_OF, MORNING = timedelta(days=5), time(9)  # of that day, so that the story ends before now
ROUNDS_MAX = 12  # of run, apply, answer: a referral is done in four
MESSAGES_PER_CLIENT = 2.6  # in all, answers with them: counted, for the bar alone
LOOK_EVERY = 20  # steps
STEPS_MAX_PER_CLIENT = 40  # a run that takes more goes in circles
DRAIN_LOOKS_MAX = 3  # nothing is under way while the demo withdraws
WAITING_MAX = 1_000_000  # all of them: a sample is small
LATER = "DN_TRANSITION"  # of what waits for another record: nobody has to do anything
LOOKED_AT = 32  # first bytes of a sealed body that are shown

FORMS: dict[str, Form[Any]] = {
    "agencies.csv": AGENCY,
    "systems.csv": SYSTEM,
    "sites.csv": SITE,
    "services.csv": SERVICE,
    "agreements.csv": AGREEMENT,
    "workers.csv": WORKER,
}


@dataclass(slots=True)
class Demo:
    """One demo: what it runs on, and what came of it so far.

    Args:
        away: systems that cannot be reached just now, because the story says so.
        more: source to the answers that the acts have added to what is expected of its record.
    """

    hub: Hub
    clock: StoryClock
    network: Network
    tools: Tools
    screen: Console
    pause: Callable[[], None]
    surprises: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    applied: int = 0
    answered: int = 0
    more: dict[str, Sequence[Answer]] = field(default_factory=dict)
    compared: int = 0
    differences: Sequence[str] = ()

    @property
    def who(self) -> str:
        """The operating system's user, for the log."""
        return self.tools.os_user

    @property
    def folder(self) -> Path:
        """The hub's."""
        return self.network.folder.parent / "hub"

    @property
    def officer(self) -> Path:
        """The privacy officer's own folder, outside the hub's."""
        return self.network.folder.parent / "officer"

    def now(self) -> str:
        """The present local time as the systems write it."""
        return self.hub.house.clock.now().astimezone(TORONTO).strftime("%Y-%m-%d %H:%M:%S")

    def system(self, agency: str) -> System:
        """An agency's system, as the directory has it."""
        with self.hub.house.store.peek() as rows:
            return rows.directory.all().systems[self.network.system(agency)]


def begin(tools: Tools) -> StoryClock:
    """The clock of a story: at nine in the morning some days ago, so that it can go on for days before now."""
    day = tools.now().astimezone(TORONTO).date() - TOLD_OF
    return tools.late(datetime.combine(day, MORNING, TORONTO))


def fill_directory(told: Demo) -> None:
    """As an administrator would, with the files of ``hub sample``: the first worker adds itself."""
    who = Who(ADMINISTRATOR, told.who)
    add_row(told.hub.house, WORKER, {"id": ADMINISTRATOR, "agency": "hub", "role": "administrator"}, who)
    kept = 1
    for name, data in directory_files(told.network).items():
        found = import_rows(told.hub.house, FORMS[name], data, who)
        if isinstance(found, Problems):
            raise found.found[0]
        kept += len(found.changed)
    names = ", ".join(f"{agency.name} ({agency.kind})" for agency in told.network.everyone)
    show.act(told.screen, "The directory", f"{kept} rows: {names}", "some of them have signed no agreement")
    if told.tools.shape(told.folder).bus == KAFKA:
        topics = bus.topics(bus.provisioning(told.hub.house, who, ()))
        told.tools.bus(told.folder).provision(topics, ())
        show.say(told.screen, f"{len(topics)} topics, users and their rights are made on Kafka")


def lay_routes(network: Network, folder: Path) -> None:
    """Where the flags of the agency lead whose only system is iCARE; the hub reads it when it opens."""
    file = folder / "agencies" / network.settlement.id / "routes.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(icare_papers.routes(of_icare()))


def enter_consents(told: Demo) -> None:
    """As their workers would: HARTS, CaMS and iCARE hold no consents, so they enter the hub by a file."""
    for site in told.network.sites:
        name = next(agency.name for agency in told.network.everyone if agency.id == site.home)
        for path in site.consent_files():
            count = _import(told, site.home, path.read_bytes())
            show.act(
                told.screen,
                f"{name} hands in its consents",
                f"{count} {'consents' if count > 1 else 'consent'}: {path}",
            )


def _import(told: Demo, home: str, data: bytes) -> int:
    found = import_consents(told.hub.house, data, home, Who(f"{home}-worker", told.who))
    told.surprises += [f"{home}: a consent was not taken: {problem}" for problem in found.problems]
    return len(found.filed)


def run(told: Demo, title: str) -> None:
    """Hub, systems and workers in turn, until nothing moves."""
    show.act(told.screen, title)
    total = 2 * round(MESSAGES_PER_CLIENT * told.network.clients)  # each is accepted, and ends
    with show.counting(told.screen, total) as counted:
        for _ in range(ROUNDS_MAX):
            until_quiet(told, counted)
            applied = _apply(told)
            until_quiet(told, counted)
            answered = _answer(told)
            if not applied and not answered:
                break
            if not told.screen.is_terminal:
                show.say(told.screen, _progress(told)[1])
        else:
            told.surprises.append(f"still moving after {ROUNDS_MAX} rounds")
        counted(total, _progress(told)[1])


def _progress(told: Demo) -> tuple[int, str]:
    with told.hub.house.store.peek() as rows:
        states = rows.inbox.count_by_state()
    done = sum(states.values()) + sum(states.get(state, 0) for state in ENDS)
    return done, show.progress(states, told.applied, told.answered)


def until_quiet(told: Demo, counted: Callable[[int, str], None] = lambda _done, _line: None) -> None:
    """Let the hub work until it finds nothing to do."""
    for number in range(STEPS_MAX_PER_CLIENT * told.network.clients):
        if not told.hub.step():
            return
        if told.screen.is_terminal and number % LOOK_EVERY == 0:
            counted(*_progress(told))
    told.surprises.append("the hub goes in circles")


def _apply(told: Demo) -> int:
    applied = 0
    for agency in told.network.agencies:
        with connected(told.network.database(agency.id)) as db:
            done = cms.apply_inbox(db, agency.id, agency.program, told.now())
        applied += done.applied
        told.surprises += [
            f"{agency.system}: {count} messages not applied: {code}" for code, count in done.errors.items()
        ]
    for site in told.network.sites:
        site.read_answers()
    now = told.hub.house.clock.now()
    applied += told.network.harts.take_in(now) + told.network.cams.take_in(now)
    told.applied += applied
    return applied


def _answer(told: Demo) -> int:
    answered = 0
    for agency in told.network.agencies:
        with connected(told.network.database(agency.id)) as db:
            answered += cms.answer(db, told.network.seed, told.now())
    answered += _answer_of_the_centre(told)
    packages = told.network.cams.answers(told.hub.house.clock.now())
    told.network.cams.hand_in(packages)
    answered += len(packages)
    told.answered += answered
    return answered


def _answer_of_the_centre(told: Demo) -> int:
    """Status lines and results in a file; who was assessed has signed that the result may go back (C-71)."""
    centre, day = told.network.harts, told.hub.house.clock.now().astimezone(TORONTO).date()
    found = centre.answers(day)
    if signed := centre.sign(found.consents):
        _import(told, centre.home, signed)
    centre.hand_in(found.clients, day)
    return len(found.clients)


def checkpoint(told: Demo) -> bytes:
    """A signed checkpoint leaves the hub: what came before it cannot be changed unseen any more."""
    while told.hub.log.step():
        pass
    note = told.hub.log.checkpoint()
    told.officer.mkdir(exist_ok=True)
    file = told.officer / "checkpoint.txt"
    file.write_bytes(note)
    size = note.split(b"\n")[1].decode()
    show.act(told.screen, "A checkpoint of the log, lodged with the privacy officer", f"{size} entries: {file}")
    return note


def withdrawal(told: Demo) -> Receipt:
    """A message is on the bus, its client withdraws, and only then is it handed over."""
    hub, network = told.hub, told.network
    person, consent_key = story.withdrawing(network)
    system = told.system(person.home)
    again, record = story.second_referral(network, Scenario.WITHDRAWS, told.now())
    while intake.step(hub.house, system):
        pass
    message = latest(told, system.id, record)
    while relay.publish(hub.house):
        pass
    bus_row(told, person.to)
    with hub.house.store.peek() as rows:
        directory, known = rows.directory.all(), rows.consents.of_source(system.id, consent_key)
    while relay.arrive(hub.house, directory.agencies[person.to].topic):
        pass
    if known is None or message is None or message.state in ENDS:
        told.surprises.append(f"{system.id}/{record}: there is nothing on the bus that its client could withdraw")
        return Receipt((), (), ())
    now = hub.house.clock.now()
    actor = actor_of(directory, now, Who(f"{person.home}-worker", told.who), Act.CLIENTS_NO, person.home)
    drain = withdraw_consent(hub.house, known[0].consent_id, actor, said_at=now, how="TELEPHONE")
    receipt = next((found for _ in range(DRAIN_LOOKS_MAX) if (found := drain.step()) is not None), None)
    if receipt is None or receipt.unknown:
        told.surprises.append("the withdrawal found a hand-over under way where there was none")
    show.act(
        told.screen,
        "A client withdraws while a message is on the bus",
        f"{system.id} {record} is sealed on the bus. The client telephones. The withdrawal returns.",
        f"Its receipt lists what had left before: {len(receipt.arrived) if receipt else 0} messages.",
    )
    run(told, "Then the message is handed over")
    ended = latest(told, system.id, record)
    refused_again = Answer("DN_WITHDRAWN")  # C-30: what gate 2 has refused is read again after some minutes
    told.more[f"{system.id}/{record}"] = (*answers(network, again), refused_again)
    with connected(network.database(person.to)) as db:
        heard = [row.code for row in tally.received(db) if row.kind == "consent-changed"]
    if "WITHDRAWN" not in heard:
        told.surprises.append(f"{network.system(person.to)} has what came on the consent, and was not told of its end")
    show.say(told.screen, f"{record}: {ending(ended)}. The second decision governs.")
    return receipt or Receipt((), (), ())


def latest(told: Demo, system: str, record: str) -> Inbox | None:
    """The latest message of a record."""
    with told.hub.house.store.peek() as rows:
        return rows.inbox.latest(system, [record]).get(record)


def late_consent(told: Demo) -> None:
    """Somebody signs after the referral was refused: it is fetched again, and is a new message."""
    person, record = story.signing_late(told.network)
    before = latest(told, told.system(person.home).id, record)
    story.late_consent(told.network, told.now())
    run(told, "A client signs late, and the refused referral is woken")
    after = latest(told, told.system(person.home).id, record)
    show.say(told.screen, f"{record}: {ending(before)}. After the signature, a new message: {ending(after)}.")
    _woken(told, person, record, before, after)


def late_consent_at_the_centre(told: Demo) -> None:
    """The same for a line of a file: the worker enters the consent, and the ``.ACK`` is written anew."""
    home = told.network.centre.id
    record, data = story.late_consent_at_the_centre(told.network)
    before = latest(told, told.system(home).id, record)
    _import(told, home, data)
    run(told, "A client of the centre signs late, and the line that waited goes")
    after = latest(told, told.system(home).id, record)
    words = [f"{said.result} {said.code}".strip() for key, said in told.network.harts.told() if key == record]
    show.say(told.screen, f"{record}: {ending(before)}. Now: {ending(after)}. Its .ACK said: {', then '.join(words)}.")
    _woken(told, told.network.one_of_centre(Scenario.LATE), record, before, after)


def _woken(told: Demo, person: Person, record: str, before: Inbox | None, after: Inbox | None) -> None:
    source = f"{told.network.system(person.home)}/{record}"
    signed = consent_row(person, person.to, told.network.today, story.SIGNED)
    told.more[source] = (afterwards(told.network, person, signed),)
    if after is None or before is None or after.previous != before.message_id:
        told.surprises.append(f"{source}: the late consent woke nothing")


def ending(message: Inbox | None) -> str:
    """How a message stands, for the screen."""
    return f"{message.state}, {message.code}" if message else "no message"


def bus_row(told: Demo, agency: str) -> None:
    """What anybody sees who can read the bus. Nothing is committed by it, and nobody is to be found in it."""
    with told.hub.house.store.peek() as rows:
        topic = rows.directory.all().agencies[agency].topic
    values = [value for _, value in judge.private_values(told.network)]
    for first in told.hub.house.bus.poll(topic, relay.GROUP, 1):
        if search.can_be_read(first.body, values):
            told.surprises.append(f"the body of {first.headers.get('ce_id', 'a record')} can be read on the bus")
        headers = ", ".join(f"{name}={value}" for name, value in sorted(first.headers.items()))
        begins = first.body[:LOOKED_AT].hex(" ", 4)
        lines = [f"topic   {topic} (opaque)", f"key     {first.key} (the lane: keeps order, names nobody)"]
        lines += [f"headers {headers}", f"body    {len(first.body)} bytes, sealed: {begins} ..."]
        show.act(told.screen, "One row of the bus, as it lies there", *lines)
        return
    told.surprises.append("nothing is on the bus")


def waiting(told: Demo) -> int:
    """How many records wait now."""
    with told.hub.house.store.peek() as rows:
        return len(rows.waiting.every(WAITING_MAX))


def stuck(told: Demo) -> None:
    """A record that cannot be read: where, what to do, and that it goes once that is done. It is one of those of which
    the hub can say which element is in the way, drafts of consents among them.
    """
    person, record = story.correcting(told.network)
    with told.hub.house.store.peek() as rows:
        named = [row for row in rows.waiting.every(WAITING_MAX) if row.place and row.code != LATER]
    this = [row.place for row in named if (row.system, row.record_key) == (told.network.system(person.home), record)]
    if this:
        show.act(told.screen, f"One of {len(named)} records that are stuck", *show.problem(this[0]))
    else:
        told.surprises.append(f"{record} is not stuck, though it is wrong")
    story.correct(told.network, told.now())
    run(told, "A worker does so")
    show.say(told.screen, f"{record}: {ending(latest(told, told.network.system(person.home), record))}")
    told.more[f"{told.network.system(person.home)}/{record}"] = (afterwards(told.network, person),)
