"""Twenty agencies whose software speaks FHIR, on the real exchange: a turn of a day or a few, all from one seed.

A turn: what is due by then is said, the hub works, whoever reads fetches what lies there and makes plans, the hub keeps
house. Nobody but the agencies knows what they mean to do; they know of each other what they have opened.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from pathlib import Path

from hub.compose import Hub, compose
from hub.desk.consent_api import file_consent, revoke_consent
from hub.errors import HubError, MessageRejected, Unexpected
from hub.exchange import opening
from hub.exchange.alerts import Watch
from hub.exchange.process import Processed, process_message
from hub.model import locks
from hub.model.alerts import Alert, AlertCode, Role
from hub.model.directory import Agency, Service, System
from hub.model.fhir import Resource
from tests.fakes import SeededIds, StandingClock
from tests.network import EVENTS, NOON, Network, agreement, prepare
from tests.referral_messages import ASKS, PROCESS, REVOKE, SAYS_MORE, UPDATE, WRONG
from tests.simulation.loop_habits import ABORTS, CLIENTS, READING, RECEIVERS, SENDERS, Step
from tests.simulation.loop_messages import ADD, asked, consent, read, word, written

AGENCIES = 20
DAY = timedelta(days=1)
PASSES_MAX = 40  # of one turn: say, work, fetch, until nobody has anything more to say
ROUNDS_MAX = 100_000


@dataclass(slots=True)
class Person:
    """Who looks after the hub: what was told them last, and when."""

    clock: StandingClock
    told: dict[AlertCode, tuple[datetime, int]] = field(default_factory=dict)

    def recipients(self, role: Role) -> Sequence[str]:
        return ["somebody"] if role is Role.ADMINISTRATOR else []

    def tell(self, recipient: str, alert: Alert) -> bool:
        assert recipient == "somebody"
        self.told[alert.code] = (self.clock.now(), alert.count)
        return True


@dataclass(slots=True)
class Referral:
    """A referral as its two ends know it.

    Args:
        left: when its client's consent was withdrawn; None: it was not.
        said: the last state that its receiver has got through.
        course: what the receiver means to say still.
    """

    client: int
    sender: str
    recipient: str
    own: str
    request: Resource
    number: str = ""
    left: datetime | None = None
    said: str = "requested"
    course: list[Step] = field(default_factory=list)
    stopped: bool = False


class Loop:
    """The world of one seed.

    Args:
        referrals: how many, over ``days``; every client has two.
        turn: how long one is.
    """

    def __init__(self, folder: Path, seed: int, referrals: int, days: int, turn: timedelta = DAY) -> None:
        self._turn = turn
        self.dice = random.Random(seed)
        self.clock = StandingClock(NOON)
        self.ids = SeededIds(seed + 2)
        self.person = Person(self.clock)
        self.faults: list[str] = []
        hub = compose(prepare(folder / "hub", seed), report=self._fault, clock=self.clock, ids=SeededIds(seed + 1))
        hub = replace(hub, watch=Watch(hub.house, self.person, self._fault))
        self.network = Network(folder, hub, self.clock)
        self.names = [f"agency-{number:02d}" for number in range(AGENCIES)]
        self.systems = {name: System(f"{name}-fhir", name, "fhir") for name in self.names}
        self.reads = {name: READING[place % len(READING)] for place, name in enumerate(self.names)}
        self.referrals: dict[str, Referral] = {}  # by number
        self.requests: dict[str, Referral] = {}  # by the id of the message that asked
        self.seen: set[str] = set()  # of those who never acknowledge: what they have opened
        self.answers: Counter[str] = Counter()  # of gate 1
        self.leaks: list[str] = []  # what was opened after its client's no
        self._plans: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._fill_directory()
        for client in range(referrals // 2):
            self._plan(self.dice.randrange(days), partial(self._enrol, client))

    @property
    def hub(self) -> Hub:
        return self.network.hub

    def live(self) -> None:
        """One turn."""
        self.clock.advance(self._turn)
        self._say()
        for _ in range(PASSES_MAX):
            self._work()
            for name in self.names:
                self._fetch(name)
            if not self._say():
                break
        else:
            raise AssertionError("a turn never ends")
        self.keep_house()

    def live_on(self, by: timedelta) -> None:
        """Time passes in which nobody says anything."""
        self.clock.advance(by)
        self._work()
        for name in self.names:
            self._fetch(name)
        self.keep_house()

    def idle(self) -> bool:
        """Whether nobody means to say anything more."""
        return not self._plans

    def keep_house(self) -> None:
        """Until nothing is left of it; then the person is told how it stands."""
        for _ in range(ROUNDS_MAX):
            if not self.hub.keep_house():
                break
        self._work()
        self.clock.advance(timedelta(minutes=1))
        self.hub.watch.step()

    def _work(self) -> None:
        self.network.run(ROUNDS_MAX)

    def _fault(self, place: str, error: HubError) -> None:
        if isinstance(error, Unexpected):
            self.faults.append(f"{place}: {error}")

    def _fill_directory(self) -> None:
        since = NOON - timedelta(days=400)
        with self.hub.store.unit(own=[locks.CONFIG]) as unit:
            for place, name in enumerate(self.names):
                topic = "delivery.AGENCY" + "".join(chr(ord("A") + int(digit)) for digit in f"{place:06d}")
                unit.directory.put(Agency(name, name.title(), "general", "ca-on", topic))
                unit.directory.put(self.systems[name])
                unit.directory.put(Service(f"{name}-jobs", name, "employment", "employment", f"{name}-fhir"))
                for other in self.names[:place]:
                    pair = {"agreement_id": f"{other}-{name}", "parties": (other, name)}
                    unit.directory.put(agreement(since, events=(*EVENTS, ASKS, SAYS_MORE, WRONG), **pair))

    def _plan(self, days: int, act: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._plans, (self.clock.now() + timedelta(days=days), self._count, act))

    def _say(self) -> bool:
        """What is due by now."""
        done = False
        while self._plans and self._plans[0][0] <= self.clock.now():
            heappop(self._plans)[2]()
            done = True
        return done

    # what an agency does of itself

    def _enrol(self, client: int) -> None:
        """A client comes to an agency and agrees to two referrals."""
        sender, *recipients = self.dice.sample(self.names, 3)
        filed = file_consent(self.hub.house, self.systems[sender], consent(client, sender, recipients))
        theirs = [self._refer(client, sender, name, place) for place, name in enumerate(recipients)]
        if self.dice.choice(CLIENTS) == "withdraws":
            self._plan(self.dice.randint(0, 40), partial(self._withdraw, sender, filed.number, theirs))

    def _refer(self, client: int, sender: str, recipient: str, place: int) -> Referral:
        habit = self.dice.choice(SENDERS)
        own = f"R-{client}-{place}"
        request = asked(client, sender, recipient, own, self.clock.now(), slip=habit == "a slip of the pen")
        made = Referral(client, sender, recipient, own, request)
        made.course = list(RECEIVERS[self.dice.choice(sorted(RECEIVERS))])
        found = self._hand_in(sender, request)
        assert found is not None, "a request is a message"
        assert found.decision.permits, f"a request was refused: {found.decision}"
        made.number = found.message.referral_no or ""
        self.referrals[made.number] = self.requests[found.posted.message_id] = made
        match habit:
            case "cancels":
                self._plan(self.dice.randint(0, 40), partial(self._tell, made, REVOKE, "cancelled", "reason"))
            case "takes it back":
                self._plan(self.dice.randint(0, 6), partial(self._tell, made, WRONG, "entered-in-error"))
            case "pauses":
                self._plan(self.dice.randint(1, 20), partial(self._tell, made, UPDATE, "on-hold", "reason"))
        return made

    def _withdraw(self, sender: str, number: str, theirs: Sequence[Referral]) -> None:
        """The client says no. It has returned when the drain is done: nothing of it leaves from then on."""
        drain = revoke_consent(self.hub.house, self.systems[sender], number, at=None, how="TELEPHONE")
        assert drain is not None
        while drain.step() is None:
            self.clock.advance(timedelta(seconds=1))
        for each in theirs:
            each.left = self.clock.now()

    def _tell(self, referral: Referral, event: str, state: str, extra: str = "") -> None:
        """A sender's word."""
        self._word(referral.sender, referral, event, state, extra)

    def _go_on(self, referral: Referral) -> None:
        """A receiver's next step; where it does not pass, its worker lets it be."""
        if referral.stopped or not referral.course:
            return
        step = referral.course.pop(0)
        if self._word(referral.recipient, referral, step.event, step.state, step.extra):
            referral.said = step.state
            self._expect(referral)

    def _expect(self, referral: Referral) -> None:
        if referral.course:
            self._plan(self.dice.randint(*referral.course[0].days), partial(self._go_on, referral))

    def _answer_abort(self, referral: Referral, answer: str) -> None:
        state = "cancelled-after-start" if answer == "accepted" else referral.said
        self._word(referral.recipient, referral, PROCESS, state, f"abort {answer}")

    def _word(self, by: str, referral: Referral, event: str, state: str, extra: str) -> bool:
        other = referral.recipient if by == referral.sender else referral.sender
        said = word(event, state, referral.number, (by, other), self.clock.now(), extra)
        found = self._hand_in(by, said)
        return found is not None and found.decision.permits

    def _hand_in(self, by: str, bundle: Resource) -> Processed | None:
        """None: it stands so already, or is no message as things stand."""
        try:
            found = process_message(self.hub.house, self.systems[by], written(bundle, self.ids))
        except MessageRejected as error:
            self.answers[type(error).__name__] += 1
            return None
        if not isinstance(found, Processed):
            self.answers["stands already"] += 1
            return None
        self.answers[found.decision.codes[0].value] += 1
        return found

    # what it does with what lies there

    def _fetch(self, name: str) -> None:
        """Open all that lies there, and take it, as this agency does."""
        house, system = self.hub.house, self.systems[name]
        if self.reads[name] == "never reads":
            return
        for _ in range(PASSES_MAX):
            listed = [each.envelope_id for each in opening.deliveries(house, system)]
            found = [(each, self._open(name, each)) for each in listed if each not in self.seen]
            if not any(opened for _, opened in found):
                return
        raise AssertionError("there is always more")

    def _open(self, name: str, envelope_id: str) -> bool:
        house, system = self.hub.house, self.systems[name]
        opened = opening.open_one(house, system, envelope_id)
        if opened is None:
            return False
        if self.reads[name] == "acknowledges" or not opened.salt:  # a word stands there until it is taken
            assert opening.acknowledge(house, system, envelope_id)
        else:
            self.seen.add(envelope_id)
        self._opened(name, opened)
        return True

    def _opened(self, name: str, opened: opening.Opened) -> None:
        event, number, state, about = read(opened.content)
        if opened.salt:
            referral = self.referrals[number]
            if referral.left is not None:
                self.leaks.append(f"{event} of {number}")
            self._plan_after(name, referral, event, state)
        elif event == "returned" and about in self.requests and self.dice.random() < 0.5:
            self._plan(self.dice.randint(0, 2), partial(self._send_again, self.requests[about]))

    def _plan_after(self, name: str, referral: Referral, event: str, state: str) -> None:
        if name == referral.recipient:
            match event:
                case _ if event == ADD and referral.said == "requested":
                    self._expect(referral)
                case _ if event == REVOKE:
                    referral.stopped = True
                    if answer := self.dice.choice(ABORTS):
                        self._plan(self.dice.randint(0, 9), partial(self._answer_abort, referral, answer))
                case _ if event == WRONG:
                    referral.stopped = True
        elif event == ASKS and self.dice.random() < 0.6:
            self._plan(self.dice.randint(0, 4), partial(self._tell, referral, SAYS_MORE, "received"))
        elif state == "completed" and self.dice.random() < 0.5:
            self._plan(self.dice.randint(0, 5), partial(self._tell, referral, UPDATE, "loop-closed"))

    def _send_again(self, referral: Referral) -> None:
        """A request that came back goes once more, as a message of its own (settled S44)."""
        if found := self._hand_in(referral.sender, referral.request):  # its ids are new ones each time it is written
            self.requests[found.posted.message_id] = referral
