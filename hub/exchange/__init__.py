"""The road: what happens to a person's data here, and why.

    process     an agency's own software hands a message in (posted); handed_in makes it a record like any other's,
                cleaning leaves no words in it where there are only codes
    intake      an agency's system says what changed; each record is read, or answered with its place and next step;
                one process at a time reads a source (reader)
    declaring   a declared duty of care goes to the registry: declared, approved, ended (declared, grants)
    filing      a consent row goes to the registry: the person is found or minted, who waits is woken; a "no" of
                nobody knows yet which client holds back each who may have said it (unclear_no)
    reading     bytes -> the agency's record -> FHIR resources, with the mappings as data
    parts       a record that names no recipient becomes a part for each agency that works with its client
    reports     what goes to a funder: into the agency's own site, after what must come before it
    addressing  to whom it leads, about whom it is (identify, match), which step of the referral it is; the message is
                built (message, complete), screened, checked (strict) and labelled (label, elements, person)
    gate        GATE 1, one unit: the question, its facts, the decision, the audit entry; on a permit the sealed
                envelope (release), else nothing of the record is kept but where it is, why, and what would wake it
                (waiting), and the referral takes its step (moving); the facts hold categories and element paths,
                never a value
    relay       sealed bytes go to the bus, and are marked when they arrive
    handover    prepare; then GATE 2, one unit: the same question about what was sealed is decided again, and that
                answer governs; inside the lease the recipient's system takes it (writing); the acknowledgement deletes
                body and key
    taking_back a report that waits in a workbook for its worker is asked about again, and taken out if it may not go so
    opening     the same end for a recipient whose own software fetches: it lists, opens (gate 2, each time) and says
                that it has it; nothing is sent to it
    ending      refused at gate 2; returned after 72 hours, or because its record was corrected or taken away
    notices     content-free words to a record's own system
    answers     what became of each record of a batch, told to the system that handed it in
    following   a system is reminded of the follow-ups of its own clients
    duties      what falls due about declared duties of care: a grant ends, a reporter must telephone, a review is late
    numbers     a receiving system's own number of a client is learnt, as digests
    outage      while the store is down a mandatory report, or imminent danger, goes by this machine's journal; nothing
                else does. recovery: the store is back, and has it before anything else is done
    wake        what waited is fetched again and is a new message; what waited too long is dropped
    withdraw    commits, then drains what is under way
    breaker     a system that cannot be reached rests; it is written down for other processes (reach)
    rules       new mappings and packs wake what waited for them

How long anything is kept: docs/operator.md, *What is kept*.

There is no other road. A message that is tried again by hand goes through ``handover`` as ever, a record through
``intake``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from hub.errors import HubError, IntegrityBroken, Refused, Unavailable, Unexpected
from hub.exchange import (
    answers,
    changed,
    duties,
    ending,
    following,
    grants,
    handover,
    intake,
    notices,
    opening,
    outage,
    reach,
    recovery,
    relay,
    taking_back,
    wake,
)
from hub.exchange.house import House
from hub.model.directory import System
from hub.ports import Directory

_KNOWN_MAX = 10_000  # declarations of which a journal is told when a process begins

Report = Callable[[str, HubError], None]
"""Told of what could not be done now: a place (a system, ``bus``), and why. Nothing is lost by it."""


class Exchange:
    """All workers of the road as one. Every part is a step that does a little and says whether it did anything."""

    def __init__(self, house: House, report: Report) -> None:
        self.house, self._report = house, report
        self._noted: Mapping[str, int] | None = None
        self._store_away = False

    def step(self) -> bool:
        """Do a little of everything, once. True if anything was done.

        Where the store cannot be read or written, what must not wait goes by the journal (``outage.py``).

        Raises:
            IntegrityBroken: stored bytes do not verify; the hub halts.
            Unavailable: the store cannot be read.
        """
        self._store_away = False
        try:
            done = self._step()
        except Unavailable:
            self._try("journal", partial(outage.step, self.house))
            raise
        return (self._store_away and self._try("journal", partial(outage.step, self.house))) or done

    def _step(self) -> bool:
        recovery.step(self.house)  # before anything else is done: what went by the journal stands in the store
        with self.house.store.peek() as rows:
            directory = rows.directory.all()
        self._try("journal", partial(self._note, directory))
        active = [system for system in directory.systems.values() if system.status == "active"]
        fetching = [system for system in active if self.house.adapters[system.kind].remote]
        reached = [system for system in active if not self.house.adapters[system.kind].remote]
        systems = [system for system in reached if not self.house.connections.rests(system)]
        topics = sorted({agency.topic for agency in directory.agencies.values()})
        done = [self._try(system.id, partial(intake.step, self.house, system)) for system in systems]
        done += [self._try(system.id, partial(wake.step, self.house, system)) for system in systems]
        done.append(self._try("bus", partial(relay.publish, self.house)))
        done += [self._try("bus", partial(relay.arrive, self.house, topic)) for topic in topics]
        done += [self._try(system.id, partial(handover.step, self.house, system)) for system in systems]
        gathering = [system for system in directory.systems.values() if system.status != "active"]
        gathering += systems  # what lies in a suspended one is asked about too
        done += [self._try(system.id, partial(taking_back.step, self.house, system)) for system in gathering]
        done += [self._try(system.id, partial(opening.wake, self.house, system)) for system in fetching]
        done.append(self._try("return", partial(ending.return_overdue, self.house)))
        done.append(self._try("consents", partial(changed.step, self.house)))
        done.append(self._try("duties", partial(duties.step, self.house)))
        done += [self._try(system.id, partial(following.step, self.house, system)) for system in systems]
        done += [self._try(system.id, partial(notices.step, self.house, system)) for system in systems]
        done += [self._try(system.id, partial(answers.step, self.house, system)) for system in systems]
        done.append(self._try("store", partial(self._note_reach, reached)))
        return any(done)

    def hand_over(self, system: System) -> bool:
        """Hand over to one system only."""
        return self._try(system.id, partial(handover.step, self.house, system))

    def _note(self, directory: Directory) -> bool:
        """Keep the directory beside the store, for when that is away."""
        self.house.journal.note(directory, self._known)
        return False

    def _known(self) -> list[str]:
        with self.house.store.peek() as rows:
            newest = rows.overrides.every(_KNOWN_MAX)
        return [digest for declared in reversed(newest) for digest in grants.known(self.house, declared)]

    def _note_reach(self, active: Sequence[System]) -> bool:
        """Tell the other processes where something has changed."""
        out = self.house.connections.out_of_reach()
        if out != self._noted:
            reach.note(self.house, active)
            self._noted = out
        return False

    def _try(self, place: str, part: Callable[[], bool]) -> bool:
        """One part's outage does not stop the others."""
        try:
            return part()
        except IntegrityBroken:
            raise
        except (Unavailable, Refused) as error:  # out of reach, or with settings that its adapter refuses
            self._store_away |= error.where.startswith("store")
            self._report("store" if error.where.startswith("store") else place, error)  # ours is no fault of a system
            return False
        except Exception as error:  # noqa: BLE001 - nor does its fault: this is where the worker's unexpected ends
            self._report(place, Unexpected.met(place, error))
            return False
