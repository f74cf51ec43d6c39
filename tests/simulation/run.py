"""One run: chaos for a while, then the faults stop, what was stopped is resumed, and the hub settles.

Each seed draws its own odds (which faults there are at all, which acts are frequent), so that a thousand seeds are not
a thousand times the same average run. While it goes on, what must hold at every moment is looked at again and again;
what must hold in the end is :mod:`tests.simulation.promises`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from hub.compose import Hub
from tests.simulation import accidents, agencies, hubs
from tests.simulation.process import Process
from tests.simulation.watch import at_every_moment
from tests.simulation.world import AGENCIES, World

TURNS = 200
BUSY = 9
CLIENTS_FIRST = 2  # of each agency
CONSENTS_FIRST = 2  # files of them
LOOK_EVERY = 7
DEPTH_MAX = 2  # processes that interrupt each other
NARROW = {  # where a "no" may come at the last moment: so much likelier an interruption, every second one a withdrawal
    "reach": 8,
    "send": 2,
    "in the recipient's transaction": 4,
    "before the recipient's commit": 4,
}
ROUNDS_MAX = 200  # steps after which a hub that still moves while time stands is said to run in circles

FAULTS = {  # chance at each place where it may happen
    "kill": 0.004,
    "time passes": 0.03,
    "others": 0.08,
    "store at begin": 0.006,
    "store at commit": 0.008,
    "system away": 0.03,
    "recipient refuses one": 0.08,
    "recipient is slow": 0.12,
    "process is suspended": 0.05,
    "recipient's answer is lost": 0.12,
    "bus unknown, not published": 0.08,
    "bus unknown, published": 0.08,
    "bus away": 0.05,
    "bus reorders": 0.3,
    "bus loses": 0.06,
    "bus repeats": 0.15,
    "bus is written by others": 0.06,
}
WEIGHTS = {  # of the kinds of turn
    "hub": 100,
    "register": 8,
    "sign": 3,
    "refer": 6,
    "change consent": 6,
    "change client": 3,
    "change referral": 5,
    "answer": 9,
    "reject": 1,
    "close case": 1,
    "delete": 2,
    "hide": 1.3,
    "show": 1.3,
    "cut log": 0.3,
    "hand in": 12,
    "take in": 4,
    "hear": 3,
    "same again": 0.5,
    "number again": 0.5,
    "take consents": 8,
    "withdraw": 5,
    "stop": 0.6,
    "go on": 4,
    "choose identity": 2,
    "forbid or lift": 1,
    "try again": 2,
    "time": 8,
    "system goes": 0.6,
    "system comes": 3,
    "clock jumps": 0.5,
    "epoch lost": 0.4,
    "log unwritable": 0.5,
    "bus from the beginning": 0.7,
    "checkpoint": 0.7,
    "restart": 2,
}
SETTLING = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 11, 61, 125, 300, 901, 901, 3_600, 3_600, 18_000, 43_200, 86_400, 86_400, 43_200, 300, 901, 901)
)  # 80 hours in all


class Run:
    """One seed.

    Args:
        odds: instead of those that the seed draws.
        busy: the agency where most happens; "": as the seed draws it.
    """

    def __init__(self, folder: Path, seed: int, odds: Mapping[str, float] | None = None, busy: str = "") -> None:
        self.world = World(folder, seed)
        self.world.bustle |= {busy: BUSY} if busy else {}
        dice = random.Random(seed * 7919 + 1)  # of its own: to change the odds does not change what is drawn later
        self.odds = {name: chance * dice.choice([0, 0.5, 1, 1, 2]) for name, chance in FAULTS.items()}
        self.odds |= {"others": FAULTS["others"] * dice.choice([0, 1, 1, 2]), **(odds or {})}
        self.weights = {name: weight * dice.choice([0, 0.5, 1, 1, 2]) for name, weight in WEIGHTS.items()}
        self.weights |= {"hub": WEIGHTS["hub"], "register": WEIGHTS["register"]}
        self.processes = [Process(self.world, self.odds, self.interrupted) for _ in range(3)]
        self._depth = 0
        self._left = 0
        self._turns = _turns(self)

    def chaos(self, turns: int = TURNS) -> None:
        """Anything happens, for so many turns; those that interrupt others are counted too."""
        self._left = turns
        for name in AGENCIES * CLIENTS_FIRST:
            agencies.act(self.world, "register", name)
        for _ in range(CONSENTS_FIRST):
            hubs.take_consents(self.world, self.processes[0])
        for site in self.world.sites:
            agencies.act(self.world, "hand in", site)
        self.processes[0].do(partial(hubs.bring_in, self.world))
        self.world.calm = False
        while self._left > 0:
            for _ in range(LOOK_EVERY):
                self.turn()
            at_every_moment(self.world)
        self.world.calm = True

    def turn(self, name: str | None = None) -> None:
        """One act of somebody, drawn by the weights unless it is named."""
        self._left -= 1
        name = name or self.world.dice.choices(list(self.weights), list(self.weights.values()))[0]
        self.world.history.say(f"{'  ' * self._depth}{name}")
        self._turns[name]()
        hubs.look_at_drains(self.world)

    def interrupted(self, place: str) -> None:
        """A process meets the world: those who wait look again, and perhaps somebody else takes a turn."""
        hubs.look_at_drains(self.world)
        chance = min(0.5, self.odds["others"] * NARROW.get(place, 1))
        if self._depth == DEPTH_MAX or self._left <= 0 or self.world.dice.random() >= chance:
            return
        self._depth += 1
        try:
            self.turn("withdraw" if place in NARROW and self.world.dice.random() < 0.5 else None)
        finally:
            self._depth -= 1

    def idle(self) -> Process | None:
        """A process that may be given something to do."""
        free = [process for process in self.processes if not process.busy]
        return self.world.dice.choice(free) if free else None

    def settle(self) -> Hub:
        """No more faults; up to 80 hours pass. Returns the hub, which still stands."""
        world = self.world
        for process in self.processes:
            process.stop()
        accidents.system_comes(world)
        accidents.log_table(world, writable=True)
        for name in AGENCIES:
            while world.hidden[name] or (name in world.sites and world.sites[name].hidden):
                agencies.act(world, "show", name)
        hub = self.processes[0].running()
        for what, name in list(world.suspended):
            hubs.let(world, hub, what, name)
        world.history.say("settle")
        for by in (*SETTLING, world.latest - world.clock.now()):
            world.pass_time(max(by, timedelta()))
            self._quiet(hub)
            self._at_night()
            hubs.look_at_drains(world)
            hub.keep_house()
        self._quiet(hub)
        return hub

    def _at_night(self) -> None:
        """What waits on a desk for the nightly job is done."""
        for name in self.world.sites:
            hubs.take_consents(self.world, self.processes[0])
            for what in ("hear", "take in", "hand in"):
                agencies.act(self.world, what, name)

    def _quiet(self, hub: Hub) -> None:
        for _ in range(ROUNDS_MAX):
            if not hub.step():
                return
        raise AssertionError(f"the hub still moves after {ROUNDS_MAX} steps while time stands")

    def close(self) -> None:
        for process in self.processes:
            process.stop()
        self.world.close()


def _turns(run: Run) -> dict[str, Callable[[], object]]:
    """What each kind of turn does."""
    world = run.world

    def hub() -> None:
        process, (name, part) = run.idle(), _weighted(world)
        if process:
            world.history.say(f"{'  ' * run._depth}- {name}")
            process.do(lambda hub: part(world, hub))

    def people(what: Callable[[World, Process], None]) -> Callable[[], None]:
        return lambda: what(world, process) if (process := run.idle()) else None

    def checkpoint() -> None:
        def sign(hub: Hub) -> None:
            if hub.log.head().size:
                world.history.note = hub.log.checkpoint()

        if process := run.idle():
            process.do(sign)

    def restart() -> None:
        if (process := run.idle()) and process.hub:
            process.do(lambda hub: hub.close())
            process.stop()

    return {
        "hub": hub,
        **{what: partial(agencies.act, world, what) for what in agencies.ACTS},
        "take consents": people(hubs.take_consents),
        "withdraw": people(hubs.withdraw),
        "stop": people(hubs.stop),
        "go on": people(hubs.go_on),
        "choose identity": people(hubs.choose_identity),
        "forbid or lift": people(hubs.forbid_or_lift),
        "try again": people(hubs.try_again),
        "time": lambda: world.pass_time(
            timedelta(
                seconds=world.dice.choice([1, 1, 1, 5, 5, 12, 12, 12, 65, 65, 130, 130, 950, 3_700, 40_000, 260_000])
            )
        ),
        "system goes": lambda: accidents.system_goes(world, world.dice.choice(AGENCIES)),
        "system comes": lambda: accidents.system_comes(world),
        "clock jumps": lambda: world.jump(timedelta(hours=world.dice.choice([-26, -2, -0.01, 0.01, 2, 26]))),
        "epoch lost": lambda: accidents.lose_epoch(world),
        "log unwritable": lambda: accidents.log_table(world, writable=False),
        "bus from the beginning": lambda: accidents.rewind_bus(world),
        "checkpoint": checkpoint,
        "restart": restart,
    }


def _weighted(world: World) -> tuple[str, hubs.Part]:
    names = list(hubs.PARTS)
    name = world.dice.choices(names, [hubs.PARTS[name][0] for name in names])[0]
    return name, hubs.PARTS[name][1]
