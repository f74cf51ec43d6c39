"""One registry in a file and on PostgreSQL: both give equal facts, in one order, and so the same decisions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from bench.questions import questions
from consent.decide import decide
from consent.gather import Question, gather_provisional
from consent.model import Consent, Directive, Facts, Raised, StateEvent
from consent.packs import PACKAGED, load_packs
from hub.model import locks
from hub.model.directory import Agency
from hub.store.migrate import migrate
from hub.store.postgres import PostgresDatabase
from hub.store.sqlite import SqliteDatabase
from hub.store.unit import SqlStore
from tests.builders import AGREEMENT, CLIENT
from tests.fakes import SeededIds, StandingClock

ASKED = 200
PACKS = load_packs(PACKAGED)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def stores(tmp_path: Path, hub_url: str, clock: StandingClock) -> Iterator[list[SqlStore]]:
    """Both, with equal ids and one time, three agencies and the agreement of two."""
    file = SqliteDatabase(tmp_path / "hub.sqlite")
    migrate(file)
    made = [SqlStore(database, clock, SeededIds()) for database in (file, PostgresDatabase(hub_url))]
    with closing(made[0]), closing(made[1]):
        for store in made:
            with store.unit(own=[locks.CONFIG]) as unit:
                for name in ("A", "B", "C"):
                    unit.directory.put(Agency(name, f"Agency {name}", "general", "ca-on", f"delivery.{name}"))
                unit.directory.put(AGREEMENT)
        yield made


def test_both_stores_give_equal_facts_and_decisions(stores: list[SqlStore], clock: StandingClock) -> None:
    permits = 0
    for number, asked in enumerate(islice(questions(3), ASKED)):
        clock.set(asked.at)
        refs = [file(store, asked, str(number)) for store in stores]
        assert refs[0] == refs[1]

        one, other = (gathered(store, asked, ref) for store, ref in zip(stores, refs, strict=True))

        assert one == other, f"question {number}"
        assert decide(one) == decide(other)
        person = one.subjects[refs[0]]
        assert len(person.consents) == len(latest(asked.subjects[CLIENT].consents))
        assert [no.registry_seq for no in person.directives] == sorted(no.registry_seq for no in person.directives)
        permits += decide(one).permits
    assert 0.1 < permits / ASKED < 0.9, "both answers are frequent"


def file(store: SqlStore, asked: Facts, number: str) -> str:
    """A person of whom the registry knows what these facts say, and some directives about another agency more."""
    person = asked.subjects[CLIENT]
    elsewhere = [Directive(name, "", 0, recipients=("C",)) for name in ("z", "a", "m", "b")]
    with store.unit(share=[locks.CONFIG]) as unit:
        ref = unit.subjects.mint()
        for no in (*person.directives, *elsewhere):
            named = replace(no, directive_id=f"{no.directive_id}-{number}", subject_ref=ref, lifted_by=None)
            unit.consents.put_directive(named)
        unit.subjects.put_findings(ref, person.findings)
        unit.subjects.put_raised(ref, [Raised(flag, "A") for flag in person.flags])
        unit.subjects.set_deceased(ref, "A", "test", dead=person.deceased)
    with store.unit(own=[locks.subject(ref)]) as unit:
        unit.consents.lift(f"b-{number}", "A")
        for consent in latest(person.consents):
            lifts = tuple([f"{name}-{number}" for name in consent.lifts])
            named = replace(
                consent, consent_id=f"{consent.consent_id}-{number}", version=1, subject_ref=ref, lifts=lifts
            )
            event = StateEvent(named.state, 0, unit.now, unit.now, "system:test", "ROW")
            unit.consents.put(named, event, system="test", key=named.consent_id, read_as="1")
    return ref


def latest(consents: tuple[Consent, ...]) -> list[Consent]:
    """Of each record one version."""
    return list({consent.consent_id: consent for consent in consents}.values())


def gathered(store: SqlStore, asked: Facts, ref: str) -> Facts:
    """What the registry knows of the same question."""
    items = tuple([replace(item, subject=ref if item.subject == CLIENT else None) for item in asked.message.items])
    message = replace(asked.message, subject=ref, items=items)
    with store.peek() as rows:
        return gather_provisional(rows, Question("A", "B", message), PACKS).facts
