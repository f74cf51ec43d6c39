"""Acts of ``hub demo`` about single people: a child, somebody who hides, somebody in danger.

Each says on the screen what it did, and adds to what is expected (``hub.sample.expectation``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.commands.demo_acts import Demo, ending, latest, run
from hub.desk import noted, overrides
from hub.desk.who import Who
from hub.sample import search, show, story
from hub.sample.agencies import SOCIETY
from hub.sample.database import connected, select
from hub.sample.deviations import HIDING_PLACE
from hub.sample.directory import OFFICER
from hub.sample.expectation import Answer, afterwards
from hub.sample.scenarios import Scenario

MANDATORY = "OV_STATUTORY"  # C-141
WORDS = "The worker saw it herself and wrote down what she saw. The law asks her to tell. No more was sent than that."


def child(told: Demo) -> None:
    """A parent has signed for a child; the referral goes once the registry knows who the parent is."""
    person, record = story.child_and_parent(told.network)
    system = told.system(person.home)
    before = latest(told, system.id, record)
    with told.hub.house.store.peek() as rows:
        filed = rows.consents.of_source(system.id, f"consent:{person.number}")
        known = rows.subjects.aliases(filed[0].subject_ref) if filed else {}
    worker = Who(f"{person.home}-worker", told.who)
    note = noted.Note(role="PARENT", evidence="BIRTH_RECORD")
    noted.add_decider(told.hub.house, person.home, known.get(person.home, ""), note, worker)
    run(told, "A parent signed for a child; a worker notes whose child it is")
    after = latest(told, system.id, record)
    show.say(told.screen, f"{record}: {ending(before)}. Now, a new message: {ending(after)}.")
    told.more[f"{system.id}/{record}"] = (afterwards(told.network, person),)


def hidden(told: Demo, place: Path) -> None:
    """Where somebody lives who must not be found stands in one database: their own agency's."""
    person = told.network.one(Scenario.HIDDEN)
    home = told.network.database(person.home)
    files = [*search.files_below(place / "hub"), *search.files_below(told.network.folder)]
    found = {path for path, _ in search.find([path for path in files if _is_not(path, home)], [HIDING_PLACE])}
    others = {told.network.database(each.id) for each in told.network.agencies} - {home}
    clean = [each for each in others if not _has_it_of_another(each)]  # its own clients may hide there too
    traces = [path for path in sorted(found) if all(_is_not(path, each) for each in clean)]
    told.surprises += [f"the hidden address is in {path.name}" for path in traces]
    where = "elsewhere too" if traces else f"in the database of {person.home} and in no other's rows"
    show.act(
        told.screen,
        "Somebody lives where nobody may find them",
        f"{told.network.system(person.home)} referral_out:{person.number} went. The address was to stay:",
        f"{len(files)} files were searched for it: it stands {where}.",
    )


def danger(told: Demo) -> None:
    """A worker sees a child in danger; the law asks them to tell; an officer reviews it."""
    record = story.danger(told.network, told.now())
    home = told.network.one(Scenario.CHILD).home
    system = told.system(home)
    run(told, "A worker sees a child in danger, and tells those whom the law names")
    message = latest(told, system.id, record)
    there = _came(told)
    officer = Who(OFFICER, told.who)
    reviewed = list(_reviewed(told, officer))
    show.say(told.screen, f"{record}: {ending(message)}. {SOCIETY.name} has {there} of it in its hub_inbox.")
    show.say(told.screen, f"The officer's review: {', '.join(reviewed) or 'nothing was due'}.")
    if there != 1 or not reviewed:
        told.surprises.append(f"{system.id}/{record}: {there} arrived, {len(reviewed)} were reviewed")
    others = [told.network.database(each.id) for each in told.network.agencies if each.id != home]
    for path, _ in search.find(others, [story.SEEN]):  # what convinced the worker never leaves
        told.surprises.append(f"{system.id}/{record}: what the worker saw is in {path.name}")
    told.more[f"{system.id}/{record}"] = (Answer(MANDATORY),)


def _came(told: Demo) -> int:
    with connected(told.network.database(SOCIETY.id)) as db:
        return len(select(db, "SELECT 1 FROM hub_inbox WHERE kind = 'override'"))


def _reviewed(told: Demo, officer: Who) -> Iterator[str]:
    """The officer's own part of each review that is due."""
    for due in overrides.queue(told.hub.house, officer, None):
        if due.review.part == "officer":
            said = overrides.Said("officer", "SEEN", WORDS)
            overrides.review(told.hub.house, due.declared.override_id, said, officer)
            yield "SEEN"


def _is_not(path: Path, database: Path) -> bool:
    return not path.name.startswith(database.name)  # its journal too


def _has_it_of_another(path: Path) -> bool:
    """Whether a database has the address of somebody who came to it through the hub."""
    with connected(path) as db:
        query = "SELECT 1 FROM client WHERE address_line = ? AND updated_by = 'hub' UNION SELECT 1 FROM hub_inbox"
        return bool(select(db, f"{query} WHERE instr(payload, ?)", [HIDING_PLACE, HIDING_PLACE]))
