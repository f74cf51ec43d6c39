"""INV-8 by force: each kind of fault at many random places of a log, exported or stored, and every one is found.

What must not be found is here too: nothing is said of an untouched log, nor of a clock that wavers within its bound.
Places come from a seed, which a failing test names.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from hub.audit.checkpoints import Head, signed
from hub.audit.log import AuditLog
from hub.audit.own import verify_own
from hub.audit.tree import Frontier, leaf_hash
from hub.audit.verify import Fault, Report, verify_export
from hub.audit.verify.times import BACK_MAX
from hub.errors import IntegrityBroken
from hub.keys.ring import KeyRing, create_keys
from hub.model.canonical import canonical
from hub.store.tables import audit_entry, audit_head, audit_leaf, audit_pending
from tests.fakes import BEFORE_SPRING, SeededIds, StandingClock
from tests.unit.audit.conftest import new_database

ENTRIES, LODGED = 61, 40  # no power of two: the right edge has several peaks
PLACES = 25  # of each fault
A_MINUTE = timedelta(minutes=1)

Dice = random.Random


def entry(number: int, at: Any, **said: Any) -> bytes:
    return canonical(
        {
            "id": f"e{number:06d}",
            "event_type": "DECISION",
            "recorded_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "actor": {"ref": "system:harbour-cms", "role": "system"},
            "outcome": "PERMIT",
            **said,
        }
    )


BODIES = [entry(number, BEFORE_SPRING + number * A_MINUTE) for number in range(ENTRIES)]


def fill(database: Any, bodies: list[bytes], start: int = 0) -> None:
    with database.writing() as connection:
        for number, body in enumerate(bodies, start=start):
            connection.execute(insert(audit_entry).values(id=f"e{number:06d}", body=body, entry_index=None))
            connection.execute(insert(audit_pending).values(id=f"e{number:06d}"))


class Kept:
    """A log as it was signed, with what has left the hub: its key, and two checkpoints."""

    def __init__(self, folder: Path) -> None:
        create_keys(folder / "keys", SeededIds(), name="hub.example.org/log")
        create_keys(folder / "old-keys", SeededIds(5), name="hub.example.org/log")
        self.keys, self.old = KeyRing(folder / "keys", SeededIds(2)), KeyRing(folder / "old-keys", SeededIds(2))
        self.folder = folder
        database = new_database(folder / "hub.sqlite")
        log = AuditLog(database, self.keys, StandingClock(), folder / "checkpoints")
        fill(database, BODIES[:LODGED])
        log.step()
        self.lodged = log.checkpoint()
        fill(database, BODIES[LODGED:], LODGED)
        self.newest = log.export(folder / "export")
        database.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("log"))


# ------------------------------------------------------------------------------------------------ of an exported log


class Export:
    """A copy of the export, to be tampered with."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        shutil.copytree(kept.folder / "export", folder)
        self.kept, self.folder = kept, folder

    def read(self) -> list[bytes]:
        lines = (self.folder / "entries.jsonl").read_text().splitlines()
        return [base64.b64decode(json.loads(line)["body"]) for line in lines]

    def write(self, bodies: list[bytes], *, leaves: bool, index: Callable[[int], int] = lambda n: n) -> None:
        """The bodies, and with ``leaves`` the hashes too: whoever tampers with both is more careful."""
        self._lines("entries.jsonl", "body", bodies, index)
        if leaves:
            self._lines("hashes.jsonl", "leaf", [leaf_hash(body) for body in bodies], index)

    def sign(self, bodies: list[bytes], keys: KeyRing) -> None:
        """A checkpoint over exactly these, by whoever has the key."""
        tree = Frontier()
        for body in bodies:
            tree.add(leaf_hash(body))
        (self.folder / "checkpoint.txt").write_bytes(signed(Head(tree.size, tree.root()), keys))

    def verify(self, *, lodged: bytes | None) -> Report:
        return verify_export(self.folder, key=self.kept.keys.verifier, checkpoint=lodged)

    def _lines(self, name: str, field: str, values: list[bytes], index: Callable[[int], int]) -> None:
        lines = [
            json.dumps({"index": index(n), field: base64.b64encode(value).decode()}) for n, value in enumerate(values)
        ]
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines))


def flipped(data: bytes, dice: Dice) -> bytes:
    changed = bytearray(data)
    changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def a_flipped_bit_of_a_body(export: Export, dice: Dice) -> None:
    bodies = export.read()
    at = dice.randrange(ENTRIES)
    bodies[at] = flipped(bodies[at], dice)
    export.write(bodies, leaves=dice.random() < 0.5)


def a_flipped_bit_of_a_file(export: Export, dice: Dice) -> None:
    path = export.folder / dice.choice(["entries.jsonl", "hashes.jsonl", "checkpoint.txt"])
    path.write_bytes(flipped(path.read_bytes(), dice))


def a_deletion(export: Export, dice: Dice) -> None:
    bodies = export.read()
    del bodies[dice.randrange(ENTRIES)]
    export.write(bodies, leaves=dice.random() < 0.5)


def a_swap(export: Export, dice: Dice) -> None:
    bodies = export.read()
    one, other = dice.sample(range(ENTRIES), 2)
    bodies[one], bodies[other] = bodies[other], bodies[one]
    export.write(bodies, leaves=dice.random() < 0.5)


def a_sequence_gap(export: Export, dice: Dice) -> None:
    at, gap = dice.randrange(ENTRIES), dice.randrange(1, 9)
    export.write(export.read(), leaves=dice.random() < 0.5, index=lambda n: n if n < at else n + gap)


def a_truncation(export: Export, dice: Dice) -> None:
    export.write(export.read()[: dice.randrange(ENTRIES)], leaves=dice.random() < 0.5)


def a_truncation_that_the_hub_itself_has_signed(export: Export, dice: Dice) -> None:
    bodies = export.read()[: dice.randrange(1, ENTRIES)]
    export.write(bodies, leaves=True)
    export.sign(bodies, export.kept.keys)


def a_fork_that_the_hub_itself_has_signed(export: Export, dice: Dice) -> None:
    bodies, at = export.read(), dice.randrange(ENTRIES)
    bodies[at:] = [entry(n, BEFORE_SPRING + n * A_MINUTE, outcome="DENY") for n in range(at, dice.choice([61, 90]))]
    export.write(bodies, leaves=True)
    export.sign(bodies, export.kept.keys)


def a_log_signed_again_with_an_old_key(export: Export, dice: Dice) -> None:
    bodies = export.read()
    if dice.random() < 0.5:
        bodies[dice.randrange(ENTRIES)] = entry(7, BEFORE_SPRING, outcome="DENY")
    export.write(bodies, leaves=True)
    export.sign(bodies, export.kept.old)


BY_ITSELF = [
    a_flipped_bit_of_a_body,
    a_flipped_bit_of_a_file,
    a_deletion,
    a_swap,
    a_sequence_gap,
    a_truncation,
    a_log_signed_again_with_an_old_key,
]
WITH_A_CHECKPOINT_OF_MINE = [a_truncation_that_the_hub_itself_has_signed, a_fork_that_the_hub_itself_has_signed]


@pytest.mark.parametrize("inject", BY_ITSELF, ids=lambda inject: inject.__name__)
def test_every_one_is_found_in_an_export_by_the_key_alone(kept: Kept, tmp_path: Path, inject: Any) -> None:
    for seed in range(PLACES):
        export = Export(kept, tmp_path / str(seed))
        inject(export, Dice(seed))

        report = export.verify(lodged=None)

        assert report.fault is not None, f"seed {seed}"


@pytest.mark.parametrize("inject", WITH_A_CHECKPOINT_OF_MINE, ids=lambda inject: inject.__name__)
def test_what_the_hub_itself_has_signed_is_found_by_a_checkpoint_that_has_left_it(
    kept: Kept, tmp_path: Path, inject: Any
) -> None:
    for seed in range(PLACES):
        export = Export(kept, tmp_path / str(seed))
        inject(export, Dice(seed))

        assert export.verify(lodged=None).ok, "by itself it is a perfect log: the key alone does not tell"
        assert export.verify(lodged=kept.newest).fault in {Fault.LOG_CUT, Fault.FORK}, f"seed {seed}"


@pytest.mark.parametrize("lodged", ["none", "older", "newest"])
def test_nothing_is_said_of_an_untouched_export(kept: Kept, tmp_path: Path, lodged: str) -> None:
    note = {"none": None, "older": kept.lodged, "newest": kept.newest}[lodged]

    report = Export(kept, tmp_path / "copy").verify(lodged=note)

    assert (report.fault, report.first_wrong, report.warnings, report.size) == (None, None, (), ENTRIES)


# -------------------------------------------------------------------------------------------------- of a stored log


class Store:
    """A copy of the database and of its checkpoints, to be tampered with."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        folder.mkdir()
        shutil.copytree(kept.folder / "checkpoints", folder / "checkpoints")
        for path in kept.folder.glob("hub.sqlite*"):
            shutil.copy(path, folder / path.name)
        self.kept, self.folder = kept, folder
        self.database = new_database(folder / "hub.sqlite")

    def change(self, *statements: Any) -> None:
        with self.database.writing() as connection:
            for statement in statements:
                connection.execute(statement)

    def body(self, index: int) -> bytes:
        with self.database.reading() as connection:
            found = select(audit_entry.c.body).where(audit_entry.c.entry_index == index)
            return bytes(connection.execute(found).scalar_one())

    def grow_anew(self, bodies: list[bytes]) -> None:
        """Everything written again, as the hub itself would."""
        self.change(*(delete(table) for table in (audit_entry, audit_leaf, audit_head, audit_pending)))
        fill(self.database, bodies)
        log = AuditLog(self.database, self.kept.keys, StandingClock(), self.folder / "aside")
        while log.step():
            pass

    def verify(self, note: bytes | None = None) -> Report:
        """As `hub audit verify` does; a log that cannot go on at all counts as found."""
        log = AuditLog(self.database, self.kept.keys, StandingClock(), self.folder / "checkpoints")
        try:
            while log.step():
                pass
            return verify_own(log, key=self.kept.keys.verifier, checkpoint=note or self.kept.newest)
        except IntegrityBroken as error:
            return Report(Fault.ROOT_DIFFERS, str(error))
        finally:
            self.database.close()


def _index(at: int) -> Any:
    return audit_entry.c.entry_index == at


def _node(level: int, offset: int) -> Any:
    return (audit_leaf.c.level == level) & (audit_leaf.c.offset == offset)


def stored_bit_of_a_body(store: Store, dice: Dice) -> None:
    at = dice.randrange(ENTRIES)
    store.change(update(audit_entry).where(_index(at)).values(body=flipped(store.body(at), dice)))


def stored_bit_of_a_node_of_the_tree(store: Store, dice: Dice) -> None:
    with store.database.reading() as connection:
        level, offset, hash_ = dice.choice(connection.execute(select(audit_leaf)).all())
    store.change(update(audit_leaf).where(_node(level, offset)).values(hash=flipped(hash_, dice)))


def stored_bit_of_a_checkpoint(store: Store, dice: Dice) -> None:
    path = store.folder / "checkpoints" / f"{ENTRIES}.txt"
    path.write_bytes(flipped(path.read_bytes(), dice))


def stored_deletion(store: Store, dice: Dice) -> None:
    at = dice.randrange(ENTRIES)
    store.change(delete(audit_entry).where(_index(at)))
    if dice.random() < 0.5:
        store.change(delete(audit_leaf).where(_node(0, at)))


def stored_deletion_before_it_has_a_place(store: Store, dice: Dice) -> None:
    for number in range(1 + dice.randrange(3)):
        fill(store.database, [entry(900 + number, BEFORE_SPRING)], 900 + number)
    store.change(delete(audit_pending))


def stored_swap(store: Store, dice: Dice) -> None:
    one, other = dice.sample(range(ENTRIES), 2)
    first, second = store.body(one), store.body(other)
    store.change(
        update(audit_entry).where(_index(one)).values(body=second),
        update(audit_entry).where(_index(other)).values(body=first),
    )


def stored_sequence_gap(store: Store, dice: Dice) -> None:
    at = dice.randrange(ENTRIES)
    index = audit_entry.c.entry_index
    moved = (update(audit_entry).where(index >= at).values(entry_index=-index - 2), index < -1)
    store.change(moved[0], update(audit_entry).where(moved[1]).values(entry_index=-index - 1))


def stored_truncation(store: Store, dice: Dice) -> None:
    at = dice.randrange(1, ENTRIES)
    store.change(delete(audit_entry).where(audit_entry.c.entry_index >= at))
    if dice.random() < 0.5:
        store.change(delete(audit_leaf).where((audit_leaf.c.level == 0) & (audit_leaf.c.offset >= at)))


def stored_truncation_grown_anew(store: Store, dice: Dice) -> None:
    store.grow_anew(BODIES[: dice.randrange(1, ENTRIES)])


def stored_fork_grown_anew(store: Store, dice: Dice) -> None:
    at = dice.randrange(ENTRIES)
    store.grow_anew([*BODIES[:at], *(entry(n, BEFORE_SPRING, outcome="DENY") for n in range(at, 70))])


def stored_head_signed_again_with_an_old_key(store: Store, dice: Dice) -> None:
    at = dice.randrange(ENTRIES)
    bodies = [*BODIES[:at], *(entry(n, BEFORE_SPRING, outcome="DENY") for n in range(at, ENTRIES))]
    store.grow_anew(bodies)
    log = AuditLog(store.database, store.kept.old, StandingClock(), store.folder / "aside")
    (store.folder / "checkpoints" / f"{ENTRIES}.txt").write_bytes(signed(log.head(), store.kept.old))


STORED = [
    stored_bit_of_a_body,
    stored_bit_of_a_node_of_the_tree,
    stored_bit_of_a_checkpoint,
    stored_deletion,
    stored_deletion_before_it_has_a_place,
    stored_swap,
    stored_sequence_gap,
    stored_truncation,
    stored_truncation_grown_anew,
    stored_fork_grown_anew,
    stored_head_signed_again_with_an_old_key,
]


@pytest.mark.parametrize("inject", STORED, ids=lambda inject: inject.__name__)
def test_every_one_is_found_in_the_store(kept: Kept, tmp_path: Path, inject: Any) -> None:
    for seed in range(PLACES):
        store = Store(kept, tmp_path / str(seed))
        inject(store, Dice(seed))
        note = (store.folder / "checkpoints" / f"{ENTRIES}.txt").read_bytes()

        report = store.verify(note)

        assert report.fault is not None, f"seed {seed}"


def test_nothing_is_said_of_an_untouched_store_nor_of_one_that_has_gone_on(kept: Kept, tmp_path: Path) -> None:
    untouched, longer = Store(kept, tmp_path / "untouched"), Store(kept, tmp_path / "longer")
    fill(longer.database, [entry(n, BEFORE_SPRING + n * A_MINUTE) for n in range(ENTRIES, 99)], ENTRIES)

    for store, size in ((untouched, ENTRIES), (longer, 99)):
        report = store.verify()
        assert (report.fault, report.warnings, report.size, report.proven) == (None, (), size, ENTRIES)


# -------------------------------------------------------------------------------------------------------- the clock


def jumped(dice: Dice, back: timedelta) -> tuple[int, list[bytes]]:
    """A genuine log whose clock was set back at one place; the place."""
    at = dice.randrange(1, ENTRIES)
    step = timedelta(seconds=1)
    times = [BEFORE_SPRING + n * step - (back + step if n >= at else timedelta()) for n in range(ENTRIES)]
    return at, [entry(number, when) for number, when in enumerate(times)]


@pytest.mark.parametrize("back", [BACK_MAX + timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_was_set_back_is_a_warning_that_names_the_entry(
    kept: Kept, tmp_path: Path, back: timedelta
) -> None:
    for seed in range(PLACES):
        at, bodies = jumped(Dice(seed), back)
        export, store = Export(kept, tmp_path / f"e{seed}"), Store(kept, tmp_path / f"s{seed}")
        export.write(bodies, leaves=True)
        export.sign(bodies, kept.keys)
        store.grow_anew(bodies)
        shutil.rmtree(store.folder / "checkpoints")
        shutil.copytree(export.folder, store.folder / "lodged")
        store.change(delete(audit_head.metadata.tables["checkpoint"]))

        of_export = export.verify(lodged=None)
        of_store = store.verify((store.folder / "lodged" / "checkpoint.txt").read_bytes())

        for report in (of_export, of_store):
            assert (report.fault, len(report.warnings)) == (None, 1), f"seed {seed}"
            assert report.warnings[0].startswith(f"entry {at} was written at ")


def test_a_clock_that_wavers_within_its_bound_is_none(kept: Kept, tmp_path: Path) -> None:
    for seed in range(PLACES):
        _, bodies = jumped(Dice(seed), BACK_MAX - timedelta(seconds=1))
        export = Export(kept, tmp_path / str(seed))
        export.write(bodies, leaves=True)
        export.sign(bodies, kept.keys)

        assert (export.verify(lodged=None).fault, export.verify(lodged=None).warnings) == (None, ())


def test_of_many_jumps_the_first_are_named_and_the_others_counted(kept: Kept, tmp_path: Path) -> None:
    bodies = [entry(n, BEFORE_SPRING - n * timedelta(hours=1)) for n in range(ENTRIES)]
    export = Export(kept, tmp_path / "copy")
    export.write(bodies, leaves=True)
    export.sign(bodies, kept.keys)

    warnings = export.verify(lodged=None).warnings

    assert len(warnings) == 21
    assert warnings[-1] == "and 40 more entries that go back in time"


@pytest.mark.parametrize("said", ["2030-06-31T12:00:00.000Z", "yesterday", ""])
def test_a_time_that_is_none_is_passed_over(kept: Kept, tmp_path: Path, said: str) -> None:
    bodies = [*BODIES, canonical({"id": "e900000", "recorded_at": said})]
    export = Export(kept, tmp_path / "copy")
    export.write(bodies, leaves=True)
    export.sign(bodies, kept.keys)

    assert (export.verify(lodged=None).fault, export.verify(lodged=None).warnings) == (None, ())
