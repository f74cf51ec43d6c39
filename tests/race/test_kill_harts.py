"""INV-5 over a mixed network: SIGKILL between open and rename, between rename and acknowledgement, in the middle of an
``.ACK``, and at random. Each accepted message ends exactly once, files are numbered without a gap, answers are whole.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.harts import ack
from consent.decide import decide
from consent.facts import read_decision, read_facts
from hub.audit.verify import verify_export
from hub.compose import Hub
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.fakes import FastClock
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, make_both
from tests.network import NOON
from tests.race.processes import MOMENTS, open_hub, work, work_and_die
from tests.race.test_kill import settle

SOAK = bool(os.environ.get("HUB_SOAK"))
KILLS = 40 if SOAK else 2  # at each moment
PEOPLE = 6  # each way, for one kill
BOUND_S = 1_800 if SOAK else 150
SPEED = 20.0
RANDOM = "at-random"


@dataclass
class Race:
    """A mixed network between two lives of its hub."""

    folder: Path
    clock: FastClock
    both: Both
    count: int = 0  # people so far, each way
    consents: list[str] = field(default_factory=list)  # of Maple's clients
    left_before: dict[str, set[str]] = field(default_factory=dict)  # whose consent ended: where they were by then

    def fill(self) -> None:
        """People of Harbour who are referred to Maple, and people of Maple who are referred to Harbour."""
        numbers = range(self.count, self.count + PEOPLE)
        self.count += PEOPLE
        db = self.both.network.db("harbour")
        db.execute("BEGIN")
        for number in numbers:
            client = cms.add_client(db, last_name=name_of("Ha", number), birth_date=born(1950, number))
            cms.add_consent(db, client, "maple")
            cms.add_referral(db, client, "maple", "language-training")
        db.execute("COMMIT")
        asked = db.execute(
            "SELECT DISTINCT hub_referral_no FROM hub_inbox WHERE kind = 'referral' AND hub_referral_no NOT IN"
            " (SELECT hub_referral_no FROM referral WHERE direction = 'IN' AND hub_referral_no IS NOT NULL)"
        ).fetchall()
        for (number_given,) in asked[:PEOPLE]:
            cms.answer(db, number_given, "ACCEPTED")
        db.close()
        self.both.site.hand_in(*(maple_client(number) for number in numbers))

    def withdraw(self, consent_id: str, actor: Actor, name: str) -> None:
        """A consent ends; where its person is in the agencies' systems when that has returned."""
        hub = open_hub(self.folder, self.clock)
        drain = withdraw_consent(hub.house, consent_id, actor, said_at=self.clock.now(), how="TELEPHONE")
        while drain.step() is None:
            time.sleep(0.002)
        hub.close()
        self.left_before[name] = self.places(name)

    def places(self, name: str) -> set[str]:
        """Files and rows in which a person stands."""
        files = {each.name for each in self.both.site.to_harts.glob("*.DAT") if name.encode() in each.read_bytes()}
        return files | {row["message_id"] for row in self.both.network.inbox("harbour") if name in str(row["payload"])}

    def consent_of_harbour(self, row: int) -> str | None:
        hub = open_hub(self.folder, self.clock)
        with hub.store.peek() as rows:
            filed = rows.consents.of_source("harbour-cms", f"consent:{row}")
        hub.close()
        return filed[0].consent_id if filed else None


def name_of(side: str, number: int) -> str:
    """An invented family name that is no part of another."""
    digits = "".join("bcdfghjklm"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:04}")
    return f"{side}{digits}x"


def born(first: int, number: int) -> str:
    return f"{first + number % 40}-{number // 40 % 12 + 1:02}-{number // 480 % 28 + 1:02}"


def maple_client(number: int) -> list[Any]:
    """One of six cannot be read, and stops no other."""
    service = {"to_service": "ZZZ"} if number % PEOPLE == 4 else {}
    return harts.client(
        harts.assessment(),
        harts.referral(ref_no=f"M-{number}", to_site=HARBOUR_SITE, **service),
        harts_no=f"4{number:07}", uci="", doc_no="", doc_type="NONE", surname=name_of("Ma", number),
        dob=born(1952, number),
    )  # fmt: skip


@pytest.fixture
def race(tmp_path: Path) -> Race:
    both = make_both(tmp_path)
    rounds = KILLS * (len(MOMENTS) + 1) + 1
    people = [
        consent_row(
            identifier_value=f"4{number:07}", birth_date=born(1952, number), last_name=name_of("Ma", number),
            consent_id=f"M-{number}",
        )
        for number in range(rounds * PEOPLE)
    ]  # fmt: skip
    given = allow(both, *people)
    made = Race(tmp_path, FastClock(SPEED, NOON, time.monotonic()), both)
    with both.network.hub.store.peek() as rows:
        made.consents += [rows.consents.by_number("maple", number) or "" for number in given]
    assert all(made.consents)
    both.network.hub.close()
    return made


def kill(race: Race, moment: str, dice: random.Random) -> None:
    """One life of the hub, and how it ends."""
    context = multiprocessing.get_context("spawn")
    if moment == RANDOM:
        process = context.Process(target=work, args=(race.folder, race.clock))
        process.start()
        time.sleep(0.9 + dice.random() * 0.8)  # the first part of it is the interpreter's start
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    else:
        process = context.Process(target=work_and_die, args=(race.folder, race.clock, moment, 1))
        process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"the hub never came to {moment}"


def test_every_accepted_message_ends_exactly_once_and_files_are_whole_inv_5(race: Race) -> None:
    until_s = time.monotonic() + BOUND_S
    dice = random.Random(9)
    for number, moment in enumerate([*MOMENTS, RANDOM] * KILLS):
        race.fill()
        kill(race, moment, dice)
        whole_at_once(race)
        last = race.count - PEOPLE
        if filed := race.consent_of_harbour(last + 1):
            race.withdraw(filed, Actor("harbour-worker", "worker", "harbour"), name_of("Ha", last))
        if number % 2:
            race.withdraw(race.consents[last], Actor("maple-worker", "worker", "maple"), name_of("Ma", last))
        assert time.monotonic() < until_s
    race.fill()
    hub = open_hub(race.folder, race.clock)
    settle(hub, until_s - time.monotonic())
    race.both.network.hub = hub

    ends_once(race, hub)
    files_are_whole(race)
    answers_are_whole(race)
    for name, places in race.left_before.items():
        assert race.places(name) == places, "something left after a withdrawal had returned"
    held_back = [name for name, places in race.left_before.items() if not places]
    assert len(race.left_before) >= KILLS
    assert held_back, "all that was withdrawn had left already: the race was not run"
    log_is_whole(race.folder, hub)
    hub.close()


def whole_at_once(race: Race) -> None:
    """Right after a kill, whoever looks sees whole files and whole answers only."""
    race.both.site.received()
    for path in race.both.site.from_harts.glob("*.ACK"):
        ack.read(path.name, path.read_bytes())


def slips(race: Race) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in sorted((race.both.site.to_harts / ".spool").glob("*.slip"))]


def ends_once(race: Race, hub: Hub) -> None:
    states = race.both.network.states()
    assert set(states) <= {"delivered", "refused", "returned"}, states
    in_files = Counter(name for slip in slips(race) for name in slip["lines"])
    in_rows = Counter(row["message_id"] for row in race.both.network.inbox("harbour"))
    assert set(in_files.values()) == set(in_rows.values()) == {1}, "an envelope stands twice"
    with hub.store.peek() as rows:
        standing = rows.handovers.get([*in_files, *in_rows])
        stored = rows.decisions.stored(100_000)
    delivered = {name for name, row in standing.items() if row.state.value == "delivered"}
    assert states["delivered"] == len(delivered)
    not_so = {name for name, row in standing.items() if row.state.value != "delivered"}
    withdrawn = {place for places in race.left_before.values() for place in places}
    files_of = {name: slip["file"] for slip in slips(race) for name in slip["lines"]}
    assert all(name in withdrawn or files_of.get(name) in withdrawn for name in not_so), (
        "what arrived and did not end as delivered was withdrawn before anybody knew"
    )
    assert all(decide(read_facts(facts)) == read_decision(answer) for _, facts, answer in stored)


def files_are_whole(race: Race) -> None:
    """HARTS takes each; numbers without gap or repeat; a slip for each; no line twice; nothing is left in the spool."""
    batches = race.both.site.received()
    assert [batch.header.seq for batch in batches] == list(range(1, len(batches) + 1))
    assert [slip["file"] for slip in slips(race)] == [batch.name for batch in batches]
    asked = Counter((line["ref_no"], line["status"]) for line in race.both.lines("RF"))
    assert {status for _, status in asked} == {"S", "A"}
    assert set(asked.values()) == {1}
    for folder in (race.both.site.to_harts, race.both.site.from_harts):
        left = [path.name for path in (folder / ".spool").iterdir() if path.suffix in (".DAT", ".ACK", ".new")]
        assert left == []


def answers_are_whole(race: Race) -> None:
    """Each file has its answer, for each of its lines; the bad line is said to be bad."""
    names = [path.name for path in sorted(race.both.site.from_harts.glob("*.DAT"))]
    assert len(names) == len(race.consents) // PEOPLE
    for name in names:
        said = race.both.site.answer_to(name)
        assert said is not None
        results = Counter(line.answer.result for line in said.lines if line.record == "RF")
        assert sum(results.values()) == PEOPLE
        assert results[ack.Result.ERR] >= 1
        assert results[ack.Result.OK] >= PEOPLE - 2, "only the bad one and one that was withdrawn do not pass"


def log_is_whole(folder: Path, hub: Hub) -> None:
    while hub.log.step():
        pass
    note = hub.log.checkpoint()
    hub.log.export(folder / "export")
    report = verify_export(folder / "export", key=(hub.settings.keys / "hub.pub").read_text(), checkpoint=note)
    assert report.ok, report
