"""What the hub's processes and its people do, each part of the road as a step of its own.

A worker steps through the parts in any order. People at the hub withdraw and suspend: their commands wait, look by
look, until what is under way is drained, and what they were told is written down when they return.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hub.compose import Hub
from hub.desk import consents as desk
from hub.desk import people
from hub.desk.consent_file import import_consents
from hub.desk.who import Who
from hub.errors import Refused
from hub.exchange import answers, ending, intake, notices, relay, wake
from hub.exchange.house import House
from hub.exchange.withdraw import resume, suspend, withdraw_consent
from hub.model.audit import Actor
from hub.model.directory import System
from tests.simulation.harts_site import HartsSite
from tests.simulation.process import Process
from tests.simulation.world import AGENCIES, PAIRS, Draining, Stopped, World, system_of

STEWARD = Actor("steward", "steward", "hub", os_user="tester")
LONGEST_S = 11.1  # design §3.6: a drain returns after lease + 1 s at most

Part = Callable[[World, Hub], object]


def for_a_system(part: Callable[[House, System], object]) -> Part:
    """A part that is done for one system at a time, for one that may take part."""

    def act(world: World, hub: Hub) -> None:
        with hub.house.store.peek() as rows:
            system = rows.directory.all().systems[system_of(world.dice.choice(AGENCIES))]
        if system.status == "active":
            part(hub.house, system)

    return act


def part_arrive(world: World, hub: Hub) -> None:
    """From a topic on which something is, if there is one."""
    with closing(world.store()) as db:
        full = [
            row[0]
            for row in db.execute(
                "SELECT t.topic FROM bus_topic t LEFT JOIN bus_group g USING (topic)"
                " WHERE t.next_offset > COALESCE(g.next_offset, 0) ORDER BY 1"
            )
        ]
        topics = full or [row[0] for row in db.execute("SELECT topic FROM agency ORDER BY id")]
    relay.arrive(hub.house, world.dice.choice(topics))


def part_hand_over(world: World, hub: Hub) -> None:
    """For a system that something waits for, if there is one."""
    with closing(world.store()) as db:
        waiting = db.execute("SELECT DISTINCT system FROM handover WHERE state = 'arrived' ORDER BY 1").fetchall()
    name = world.dice.choice([row[0] for row in waiting] or [system_of(name) for name in AGENCIES])
    with hub.house.store.peek() as rows:
        system = rows.directory.all().systems[name]
    if system.status == "active":
        hub.exchange.hand_over(system)


def bring_in(_world: World, hub: Hub) -> None:
    """In peace, as far as the bus: so there is something to hand over when the trouble begins."""
    with hub.house.store.peek() as rows:
        directory = rows.directory.all()
    for system in directory.systems.values():
        intake.step(hub.house, system)
    relay.publish(hub.house)
    for agency in directory.agencies.values():
        relay.arrive(hub.house, agency.topic)


PARTS: dict[str, tuple[int, Part]] = {  # name: weight, part
    "intake": (10, for_a_system(intake.step)),
    "publish": (10, lambda _, hub: relay.publish(hub.house)),
    "arrive": (10, part_arrive),
    "hand over": (14, part_hand_over),
    "wake": (4, for_a_system(wake.step)),
    "return": (2, lambda _, hub: ending.return_overdue(hub.house)),
    "notices": (2, for_a_system(notices.step)),
    "answers": (4, for_a_system(answers.step)),
    "log": (3, lambda _, hub: hub.log.step()),
    "house": (1, lambda _, hub: hub.keep_house()),
    "everything": (6, lambda _, hub: hub.step()),
}


def withdraw(world: World, process: Process) -> None:
    """A client withdraws a consent by word of mouth, rather one on which something rests that is under way."""
    with closing(world.store()) as db:
        known = db.execute("SELECT consent_id FROM consent WHERE current = 1 ORDER BY rowid DESC LIMIT 6").fetchall()
        under_way = db.execute(
            "SELECT DISTINCT substr(basis, 9) FROM handover JOIN handover_basis USING (envelope_id)"
            " WHERE basis LIKE 'consent:%' AND state IN ('arrived', 'opened') ORDER BY basis"
        ).fetchall()
    if not known:
        return
    consent_id = world.dice.choice(under_way if under_way and world.dice.random() < 0.8 else known)[0]

    def command(hub: Hub) -> None:
        drain = withdraw_consent(hub.house, consent_id, STEWARD, said_at=world.clock.now(), how="TELEPHONE")
        world.history.draining.append(Draining((f"consent:{consent_id}",), drain, world.clock.monotonic_s()))

    process.do(command)


def take_consents(world: World, process: Process) -> None:
    """The worker of a site without consent rows gives the hub the next file of consents."""
    for name, site in world.sites.items():
        files = site.centre.consent_files()[site.imported :]

        def command(hub: Hub, name: str = name, site: HartsSite = site, files: list[Path] = files) -> None:
            done = import_consents(hub.house, files[0].read_bytes(), name, Who(f"{name}-worker", "tester"))
            world.history.told += [str(problem) for problem in done.problems]
            site.imported += 1

        if files:
            process.do(command)


def stop(world: World, process: Process) -> None:
    """An administrator suspends an agency, a system, an agreement, or all exchange."""
    dice = world.dice
    agreements = [f"{one}-{other}" for one, other in PAIRS]
    what, names = dice.choice(
        [
            ("agency", list(AGENCIES)),
            ("system", [system_of(name) for name in AGENCIES]),
            ("agreement", agreements),
            ("all", [""]),
        ]
    )
    name = dice.choice(names)

    def command(hub: Hub) -> None:
        drain = suspend(hub.house, what, name, STEWARD)
        world.suspended[what, name] = None
        basis = tuple(f"agency:{each}" for each in AGENCIES) if what == "all" else (f"{what}:{name}",)
        world.history.draining.append(Draining(basis, drain, world.clock.monotonic_s()))

    process.do(command)


def go_on(world: World, process: Process) -> None:
    """And lets it take part again."""
    if not world.suspended:
        return
    what, name = world.dice.choice(list(world.suspended))

    process.do(lambda hub: let(world, hub, what, name))


def let(world: World, hub: Hub, what: str, name: str) -> None:
    """Resume it. From here on it may pass, whether the command fails or not."""
    basis = {f"agency:{each}" for each in AGENCIES} if what == "all" else {f"{what}:{name}"}
    for stopped in world.history.stopped:
        if stopped.lifted_at is None and basis & set(stopped.what):
            stopped.lifted_at = world.history.moment()
    for draining in [each for each in world.history.draining if basis & set(each.what)]:
        world.history.draining.remove(draining)
    resume(hub.house, what, name, STEWARD)
    world.suspended.pop((what, name), None)


def look_at_drains(world: World) -> None:
    """The waiting commands look once more; who is told a receipt returns with it."""
    for draining in list(world.history.draining):
        with world.at_rest():  # a look is one read: nothing can come between
            receipt = draining.drain.step()
        waited_s = world.clock.monotonic_s() - draining.began_s
        if receipt is None:
            assert waited_s <= LONGEST_S, f"INV-3: a drain has not returned after {waited_s} s"
        else:
            world.history.draining.remove(draining)
            world.history.stopped.append(Stopped(draining.what, receipt, world.history.moment()))


def choose_identity(world: World, process: Process) -> None:
    """A worker says whose record it is that waits with a question."""
    db = world.store()
    asked = db.execute(
        "SELECT w.waiting_id, s.agency FROM waiting w JOIN system s ON s.id = w.system"
        " WHERE w.code = 'DN_IDENTITY' ORDER BY w.created_at, w.waiting_id"
    ).fetchall()
    if not asked:
        db.close()
        return
    waiting_id, agency = world.dice.choice(asked)
    aliases = db.execute("SELECT alias FROM subject_alias WHERE agency = ? ORDER BY rowid", (agency,)).fetchall()
    db.close()
    alias = world.dice.choice(aliases)["alias"] if aliases and world.dice.random() < 0.6 else None
    who = Who(f"{agency}-worker", "tester")
    process.do(lambda hub: people.resolve(hub.house, waiting_id, who, same_as=alias))


def forbid_or_lift(world: World, process: Process) -> None:
    """A client says a standing no, or takes one back."""
    dice = world.dice
    db = world.store()
    clients = db.execute("SELECT agency, alias FROM subject_alias ORDER BY rowid").fetchall()
    standing = db.execute(
        "SELECT d.directive_id, a.agency FROM directive d JOIN subject_alias a ON a.subject_ref = d.subject_ref"
        " WHERE d.lifted_by IS NULL ORDER BY d.rowid, a.rowid"
    ).fetchall()
    db.close()
    if standing and dice.random() < 0.7:
        directive, agency = dice.choice(standing)
        process.do(lambda hub: desk.lift(hub.house, directive, agency, Who(f"{agency}-worker")))
    elif clients:
        agency, alias = dice.choice(clients)
        recipients = [name for name in AGENCIES if name != agency][: dice.choice([0, 1])]
        wanted = desk.Forbidden(recipients)
        process.do(lambda hub: desk.forbid(hub.house, agency, alias, Who(f"{agency}-worker"), wanted))


def try_again(world: World, process: Process) -> None:
    """Somebody re-drives what is stuck or waits."""
    db = world.store()
    names = [row[0] for row in db.execute("SELECT envelope_id FROM handover ORDER BY rowid DESC LIMIT 8")]
    names += [row[0] for row in db.execute("SELECT waiting_id FROM waiting ORDER BY rowid DESC LIMIT 8")]
    db.close()
    if names:
        name = world.dice.choice(names)

        def command(hub: Hub) -> None:
            try:
                desk.retry(hub.house, name, Who("steward", "tester"))
            except Refused:
                return

        process.do(command)
