"""Acts of ``hub demo`` in which time passes: the story's clock goes on (settled S54), and the hub does what is due."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hub.commands.demo_acts import TORONTO, Demo, ending, latest, run, until_quiet
from hub.desk import stopping
from hub.desk.who import Who
from hub.exchange import intake, relay
from hub.sample import show, story
from hub.sample.directory import ADMINISTRATOR
from hub.sample.expectation import Answer, answers
from hub.sample.people import Person
from hub.sample.scenarios import Scenario

ENDED = "DN_EXPIRED"  # C-17
OUT_OF_REACH, PAUSE = timedelta(hours=73), timedelta(hours=4)  # after 72 hours it goes back to its sender
EVENING, NIGHT = time(23, 30), timedelta(hours=1)
LATER = timedelta(hours=1)  # longer than anything is gathered for one workbook


def an_hour_later(told: Demo) -> None:
    """What is gathered, so that a worker gets one workbook and not ten, waits no longer: answers that iCARE has no word
    for end then, in no workbook.
    """
    before = _under_way(told)
    if not before:
        return
    told.clock.go_on(told.clock.now() + LATER)
    run(told, "An hour later nothing is gathered for workbooks any more")
    show.say(told.screen, f"{before} messages had waited for that; {_under_way(told)} wait still.")


def reported(told: Demo) -> None:
    """What was done for clients in the month before goes to the funder: the hub writes workbooks, a worker uploads
    them. A client's services follow when the funder has taken the client's profile.
    """
    site, name = told.network.reporting, told.network.reports.system
    for what in ("profiles", "services"):
        if not site.upload():
            told.surprises.append(f"{name}: the hub wrote no workbook of {what}")
        site.process(told.clock.now())
        run(told, f"A worker uploads the {what} of a month to iCARE, and it answers")
        told.clock.go_on(told.clock.now() + LATER)
        until_quiet(told)
        site.read_answers()
    taken, refused = len(list(site.accepted())), ", ".join(word.code for _, word in site.told())
    show.say(told.screen, f"{name}: iCARE took {taken} rows, and refused: {refused or 'none'}")


def suspended(told: Demo) -> None:
    """An agreement is suspended while a message is on the bus: it is refused, and goes when that is resumed (P-5)."""
    again, record = story.referral_to_the_hospital(told.network, told.now())
    system, who = told.system(again.home), Who(ADMINISTRATOR, told.who)
    agreement = next(each.id for each in told.network.agreements if set(each.parties) == {again.home, again.to})
    while intake.step(told.hub.house, system):
        pass
    while relay.publish(told.hub.house):
        pass
    drain = stopping.stop(told.hub.house, "agreement", agreement, who)
    while drain.step() is None:
        pass
    until_quiet(told)
    before = latest(told, system.id, record)
    stopping.go_on(told.hub.house, "agreement", agreement, who)
    run(told, "An agreement is suspended while a message is on the bus, and resumed")
    after = latest(told, system.id, record)
    show.say(told.screen, f"{record}: {ending(before)}. When {agreement} was resumed, a new message: {ending(after)}.")
    told.more[f"{system.id}/{record}"] = answers(told.network, again) * 2


def overnight(told: Demo) -> None:
    """A consent permits on its last evening, and half an hour into the next day it does not."""
    evening = datetime.combine(told.network.today, EVENING, TORONTO)
    told.clock.go_on(evening)
    again, source = _once_more(told, "On the last evening of a consent its client is referred again")
    told.more[source] = answers(told.network, again)
    told.clock.go_on(evening + NIGHT)
    _, source = _once_more(told, "And once more an hour later, when it has ended")
    told.more[source] = (Answer(ENDED),)


def _once_more(told: Demo, title: str) -> tuple[Person, str]:
    again, record = story.second_referral(told.network, Scenario.LAST_DAY, told.now())
    system = told.network.system(again.home)
    run(told, title)
    show.say(told.screen, f"{record}: {ending(latest(told, system, record))}")
    return again, f"{system}/{record}"


def out_of_reach(told: Demo) -> None:
    """A system cannot be reached for three days: what is for it comes back, and goes again when it can."""
    centre, name = told.network.harts, told.network.centre.name
    again, record = story.referral_to_the_centre(told.network, told.now())
    system = told.system(again.home)
    aside = centre.to_harts.rename(centre.to_harts.with_name("out-of-reach"))
    told.away.add(told.network.centre.system)
    ends = told.clock.now() + OUT_OF_REACH
    while told.clock.now() < ends:
        until_quiet(told)
        told.clock.go_on(told.clock.now() + PAUSE)
    until_quiet(told)
    before = latest(told, system.id, record)
    aside.rename(centre.to_harts)
    told.away.clear()
    told.clock.go_on(told.clock.now() + LATER)  # each try after a failure comes later than the one before
    run(told, "A site is out of reach for three days, and then it is not")
    went = ending(latest(told, system.id, record))
    show.say(told.screen, f"{record}, for {name}, came back after 72 hours, was judged anew and sent: {went}")
    if before is None or before.previous is None:
        told.surprises.append(f"{system.id}/{record}: it did not come back")
    told.more[f"{system.id}/{record}"] = answers(told.network, again) * 2


def _under_way(told: Demo) -> int:
    with told.hub.house.store.peek() as rows:
        states = rows.inbox.count_by_state()
    return sum(states.get(state, 0) for state in show.MOVING)
