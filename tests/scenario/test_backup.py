"""A backup and its way back: whole from either store into either, and no "no" of a client is forgotten by it (INV-3,
INV-8).
"""

from __future__ import annotations

import base64
import re
import shutil
import zipfile
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hub.audit.verify import Fault, verify_export
from hub.backup import back_up
from hub.compose import compose
from hub.desk.stopping import go_on
from hub.desk.who import Who
from hub.errors import IntegrityBroken, Refused
from hub.exchange import intake
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from hub.restore import Request, restore
from hub.settings import Settings
from hub.store import tables as t
from hub.store.dump import EVERY
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.network import Network, refer
from tests.scenario.test_marked_values import everything_happens, mark
from tests.shapes import Empty, ask

STEWARD = Who("steward", "night-shift")
NOBODY = Who(None, "night-shift")
SEEDS = count(1_000)  # each process its own ids, as it is
EACH = pytest.mark.parametrize("into", ["sqlite", "postgresql"])


def keep(network: Network, name: str = "backup.zip") -> Path:
    back_up(network.hub.settings, network.dir / name, STEWARD, str, clock=network.clock, ids=SeededIds(next(SEEDS)))
    return network.dir / name


def bring_back(network: Network, settings: Settings, file: Path, *, behind: bool = False, **more: Any) -> Any:
    request = Request(file, more.get("checkpoints", ()), STEWARD if behind else NOBODY, behind)
    return restore(settings, request, str, clock=network.clock, ids=SeededIds(51))


def reopened(network: Network, settings: Settings) -> Network:
    """The network with the hub that was restored."""
    network.hub.close()
    return Network(network.dir, compose(settings, clock=network.clock, ids=SeededIds(52)), network.clock)


def everything(settings: Settings) -> dict[str, list[Any]]:
    found = {}
    for table in EVERY:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        found[table.name] = sorted(map(repr, ask(settings, f"SELECT {names} FROM {table.name}")))
    del found["lease"]  # of processes, which are gone
    return found


def nothing_in(settings: Settings) -> bool:
    """No row of the hub: none at all, or those of an empty store."""
    if settings.store is None and not settings.database.exists():
        return True
    at_start = (t.registry_head, t.adapter_memory, t.lease)
    return not any(ask(settings, f"SELECT * FROM {table.name}") for table in EVERY if table not in at_start)


def consent_of(network: Network, number: int) -> str:
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", f"consent:{number}")
    assert filed is not None
    return filed[0].consent_id


def withdraw(network: Network, consent_id: str) -> None:
    """At the desk, as a command does it: what was changed is under a checkpoint before it returns."""
    actor = Actor("harbour-worker", "worker", "harbour")
    said_at = network.clock.now()
    withdraw_consent(network.hub.house, consent_id, actor, said_at=said_at, how="TELEPHONE").step()
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()


def take_in(network: Network) -> None:
    """A referral is decided and sealed, and not on its way yet."""
    system = network.directory().systems["harbour-cms"]
    intake.step(network.hub.house, system)


# -- whole, from either store into either


@EACH
def test_a_backup_of_either_store_is_restored_into_either_inv_9(network: Network, empty: Empty, into: str) -> None:
    everything_happens(network)
    file = keep(network)
    before = everything(network.hub.settings)
    settings = empty(network.hub.settings, into)

    done = bring_back(network, settings, file)

    after = everything(settings)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"audit_entry", "audit_head", "audit_leaf", "checkpoint"}
    assert set(before["audit_entry"]) < set(after["audit_entry"])
    assert len(after["audit_entry"]) == len(before["audit_entry"]) + 1
    assert (done["missing"], done["suspended"]) == (0, False)
    restored = reopened(network, settings)
    (entry,) = [entry for entry in restored.entries() if entry.get("action") == "restored"]
    assert (entry["what"], entry["behind"], entry["actor"]) == (
        "store",
        False,
        {"ref": "system:hub", "role": "system", "os_user": "night-shift"},
    )
    refer(restored, last_name="Saint-Pierre")
    restored.settle()
    assert restored.states()["delivered"] >= 1
    assert restored.verifies()
    restored.hub.close()


@EACH
def test_a_restored_hub_goes_on_with_what_was_under_way(network: Network, empty: Empty, into: str) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    settings = empty(network.hub.settings, into)

    bring_back(network, settings, file)

    restored = reopened(network, settings)
    restored.run()
    assert restored.states() == {"delivered": 1}
    assert len(restored.inbox("lakeside", "referral")) == 1
    restored.hub.close()


def test_without_the_epoch_keys_what_was_under_way_goes_back_and_is_sent_anew(network: Network, empty: Empty) -> None:
    """They are in no backup: a machine that was lost has taken them along."""
    refer(network)
    take_in(network)
    file = keep(network)
    settings = empty(network.hub.settings, "sqlite")
    for path in (settings.keys / "epochs").glob("*.key"):
        path.unlink()

    bring_back(network, settings, file)

    restored = reopened(network, settings)
    restored.run()
    assert restored.states() == {"returned": 1, "delivered": 1}
    restored.hub.close()


def test_texts_of_any_kind_come_back_as_they_were(network: Network, empty: Empty) -> None:
    odd = "a\0b\x1ac\n\u2028\U0001f642 \"'\\ é e\u0301"
    with network.hub.store.unit() as unit:
        unit.cursors.put("harbour-cms", odd)
        unit.cursors.remember("harbour-cms", odd, "")
    file = keep(network)

    for into in ("sqlite", "postgresql"):
        settings = empty(network.hub.settings, into)
        bring_back(network, settings, file)
        hub = compose(settings, clock=network.clock, ids=SeededIds(3))
        with hub.store.peek() as rows:
            assert rows.cursors.get("harbour-cms") == odd
            assert rows.cursors.remembered("harbour-cms", odd) == ""
        hub.close()


def test_equal_stores_give_equal_files(network: Network, empty: Empty) -> None:
    """Rows stand in one order and one spelling, whichever database holds them: two backups can be compared."""
    everything_happens(network)
    file = keep(network)
    settings = empty(network.hub.settings, "postgresql" if network.hub.settings.store is None else "sqlite")
    bring_back(network, settings, file)
    restored = reopened(network, settings)
    again = keep(restored, "again.zip")
    restored.hub.close()

    with zipfile.ZipFile(file) as one, zipfile.ZipFile(again) as other:
        differ = {name for name in one.namelist() if one.read(name) != other.read(name)}

    assert {name.removeprefix("tables/").removesuffix(".jsonl") for name in differ} == {
        "audit_entry",
        "audit_head",
        "audit_leaf",
        "checkpoint",
        "lease",
        "manifest.txt",
    }


def test_rules_of_the_data_folder_come_back_and_those_that_are_there_stay(network: Network, empty: Empty) -> None:
    folder = network.hub.settings.dir
    (folder / "mappings" / "cms").mkdir(parents=True)
    (folder / "mappings" / "cms" / "sex.csv").write_text("one")
    (folder / "mappings" / "cms" / ".sex.csv.swp").write_text("an editor's")
    (folder / "packs" / "ca-on.toml").write_text("two")
    (folder / "bus").mkdir()
    (folder / "bus" / "hub-relay.password").write_text("geheim")
    file = keep(network)
    settings = empty(network.hub.settings, "sqlite")
    (settings.dir / "packs").mkdir()
    (settings.dir / "packs" / "ca-on.toml").write_text("another")

    done = bring_back(network, settings, file)

    assert (settings.dir / "mappings" / "cms" / "sex.csv").read_text() == "one"
    assert (settings.dir / "packs" / "ca-on.toml").read_text() == "another"
    assert done["kept_files"] == ["packs/ca-on.toml"]
    assert not (settings.dir / "bus").exists()
    assert b"geheim" not in unpacked(file)


# -- nothing in it that must not be (INV-1)


def unpacked(file: Path) -> bytes:
    with zipfile.ZipFile(file) as backup:
        return b"\n".join([*(name.encode() for name in backup.namelist()), *map(backup.read, backup.namelist())])


def test_no_marked_value_and_no_key_is_in_a_backup_inv_1(network: Network) -> None:
    keys: set[bytes] = set()
    refer(network)
    take_in(network)
    keys |= {path.read_bytes()[:32] for path in (network.hub.settings.keys / "epochs").glob("*.key")}
    everything_happens(network)

    file = keep(network)

    held = unpacked(file)
    words = re.compile(rb"Zq[A-Za-z]+xj|771234560\d|416-?555-?0142|4165550142|198\d-07-22")
    assert words.findall(held) == []
    assert mark("client", "last_name") in str(network.inbox("lakeside", "referral")), "or it could not fail"
    folder = network.hub.settings.keys
    keys |= {path.read_bytes()[:32] for path in (folder / "epochs").glob("*.key")}
    keys.add((folder / "index.key").read_bytes()[:32])
    private = (folder / "hub.key").read_bytes().strip().rsplit(b"+", 1)[1]
    assert len(keys) >= 2
    assert private not in held
    for key in keys:
        assert not any(form in held for form in (key, base64.b64encode(key), key.hex().encode()))
    assert file.stat().st_mode & 0o077 == 0


# -- the log


def test_a_withdrawal_after_the_backup_keeps_it_from_coming_back_inv_3(network: Network, empty: Empty) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    withdraw(network, consent_of(network, 1))
    settings = empty(network.hub.settings, "sqlite")

    with pytest.raises(Refused, match=r"which a checkpoint outside counts.*entries are missing") as refused:
        bring_back(network, settings, file)

    assert "--behind --as WORKER" in refused.value.next_step
    assert nothing_in(settings)


@EACH
def test_who_goes_on_all_the_same_hands_over_nothing_until_it_is_resumed_inv_3(
    network: Network, empty: Empty, into: str
) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    consent_id = consent_of(network, 1)
    withdraw(network, consent_id)
    old = (network.hub.settings.checkpoints / f"{network.hub.log.head().size}.txt").read_bytes()
    settings = empty(network.hub.settings, into)

    done = bring_back(network, settings, file, behind=True)

    assert done["suspended"]
    assert done["missing"] == network.hub.log.head().size - done["entries"] > 0
    restored = reopened(network, settings)
    with restored.hub.store.peek() as rows:
        assert rows.directory.all().stopped
        assert rows.consents.get(consent_id).state.value == "ACTIVE", "the backup does not know better"
    restored.settle()
    restored.settle()
    assert restored.inbox("lakeside") == []
    assert "delivered" not in restored.states()

    (entry,) = [entry for entry in restored.entries() if entry.get("action") == "restored"]
    assert entry["actor"]["ref"] == "steward"
    assert (entry["behind"], entry["entries"], entry["missing"]) == (True, done["entries"], done["missing"])
    assert entry["checkpoint"] == done["newest_checkpoint"]
    aside = settings.checkpoints / "before-restore"
    assert (aside / f"{done['newest_checkpoint']}.txt").read_bytes() == old

    withdraw(restored, consent_id)  # entered again
    resume(restored)
    restored.settle()
    assert restored.inbox("lakeside", "referral") == []
    assert restored.verifies()
    restored.hub.close()


def resume(network: Network) -> None:
    go_on(network.hub.house, "all", "", STEWARD)


def test_what_an_agencys_own_system_says_is_heard_again_before_anything_leaves(network: Network, empty: Empty) -> None:
    """A withdrawal that the client's own agency entered after the backup: its change log still has it."""
    refer(network)
    take_in(network)
    file = keep(network)
    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-06-01 12:00:00", withdrawn_how="TELEPHONE")
    db.close()
    network.clock.advance(timedelta(minutes=1))
    network.run()
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()
    with network.hub.store.peek() as rows:
        assert rows.consents.get(rows.consents.of_source("harbour-cms", "consent:1")[0].consent_id).state == "WITHDRAWN"
    settings = empty(network.hub.settings, "sqlite")
    bring_back(network, settings, file, behind=True)
    restored = reopened(network, settings)

    restored.run()
    with restored.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")[0].consent_id
        assert rows.consents.get(filed).state == "WITHDRAWN", "heard while all is suspended"
    resume(restored)
    restored.settle()

    assert restored.inbox("lakeside", "referral") == []
    restored.hub.close()


def test_after_it_was_resumed_what_is_agreed_to_goes_on(network: Network, empty: Empty) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    network.run()
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()
    settings = empty(network.hub.settings, "sqlite")
    bring_back(network, settings, file, behind=True)
    restored = reopened(network, settings)
    restored.run()
    before = len(restored.inbox("lakeside", "referral"))

    resume(restored)
    restored.settle()

    assert restored.states()["delivered"] >= 1
    assert len(restored.inbox("lakeside", "referral")) == before + 1, "sent a second time, under a new number"
    restored.hub.close()


def test_a_backup_alone_cannot_tell_what_is_missing_inv_8(network: Network, empty: Empty) -> None:
    refer(network)
    network.run()
    file = keep(network)
    settings = empty(network.hub.settings, "sqlite")
    notes = [path.read_bytes() for path in settings.checkpoints.iterdir()]
    shutil.rmtree(settings.checkpoints)

    with pytest.raises(Refused, match="a backup alone cannot tell"):
        bring_back(network, settings, file)
    assert nothing_in(settings)

    done = bring_back(network, settings, file, checkpoints=notes)

    assert done["checkpoints"] == len(notes)
    reopened(network, settings).hub.close()


def test_a_checkpoint_that_somebody_hands_over_counts_like_those_of_the_folder_inv_8(
    network: Network, empty: Empty
) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    settings = empty(network.hub.settings, "sqlite")
    withdraw(network, consent_of(network, 1))
    newer = (network.hub.settings.checkpoints / f"{network.hub.log.head().size}.txt").read_bytes()

    with pytest.raises(Refused, match="which a checkpoint outside counts"):
        bring_back(network, settings, file, checkpoints=[newer])


def test_where_no_checkpoint_is_left_anywhere_somebody_must_say_so(network: Network, empty: Empty) -> None:
    file = keep(network)
    settings = empty(network.hub.settings, "sqlite")
    shutil.rmtree(settings.checkpoints)

    done = bring_back(network, settings, file, behind=True)

    assert (done["suspended"], done["newest_checkpoint"]) == (True, 0)
    restored = reopened(network, settings)
    with restored.hub.store.peek() as rows:
        assert rows.directory.all().stopped
    restored.hub.close()


def test_a_checkpoint_of_another_history_is_no_witness_inv_8(network: Network, empty: Empty) -> None:
    """Two histories under one name: the one that went on, and the one of a restore that was behind."""
    file = keep(network)
    refer(network)
    network.run()
    while network.hub.log.step():
        pass
    later = keep(network, "later.zip")
    forked = empty(network.hub.settings, "sqlite")
    bring_back(network, forked, file, behind=True)
    fork = Network(network.dir, compose(forked, clock=network.clock, ids=SeededIds(60)), network.clock)
    fork.hub.log.checkpoint()
    note = (forked.checkpoints / f"{fork.hub.log.head().size}.txt").read_bytes()
    fork.hub.close()
    settings = empty(network.hub.settings, "sqlite")

    with pytest.raises(Refused, match="another history"):
        bring_back(network, settings, later, checkpoints=[note])


def test_a_verifier_with_a_checkpoint_of_before_says_that_it_is_another_history_for_good_inv_8(
    network: Network, empty: Empty
) -> None:
    refer(network)
    file = keep(network)
    network.run()
    while network.hub.log.step():
        pass
    old = network.hub.log.checkpoint()
    settings = empty(network.hub.settings, "sqlite")
    bring_back(network, settings, file, behind=True)
    restored = reopened(network, settings)
    for _ in range(40):  # longer than the old one
        refer(restored, last_name="Saint-Pierre")
    restored.settle()
    while restored.hub.log.step():
        pass
    assert restored.hub.log.head().size > int(old.split(b"\n")[1])
    restored.hub.log.export(network.dir / "export")
    restored.hub.close()

    report = verify_export(network.dir / "export", key=(settings.keys / "hub.pub").read_text(), checkpoint=old)

    assert report.fault is Fault.FORK


def test_a_store_whose_log_was_changed_is_not_backed_up_inv_8(network: Network) -> None:
    refer(network)
    network.run()
    while network.hub.log.step():
        pass
    ask(
        network.hub.settings,
        "UPDATE audit_entry SET body = (SELECT body FROM audit_entry WHERE entry_index = 1) WHERE entry_index = 2",
    )

    with pytest.raises(IntegrityBroken, match="audit log"):
        keep(network)

    assert list(network.dir.glob("backup.zip*")) == []


def test_an_inner_node_that_was_changed_is_found_inv_8(network: Network) -> None:
    refer(network)
    network.run()
    while network.hub.log.step():
        pass
    zeros = "zeroblob(32)" if network.hub.settings.store is None else r"'\x00'::bytea"
    ask(network.hub.settings, f'UPDATE audit_leaf SET hash = {zeros} WHERE level = 1 AND "offset" = 0')

    with pytest.raises(IntegrityBroken, match="inner node"):
        keep(network)


# -- into a store that is not empty


def test_a_store_with_rows_in_it_is_not_written_over(network: Network, empty: Empty) -> None:
    file = keep(network)
    before = everything(network.hub.settings)
    network.hub.close()

    with pytest.raises(Refused, match="rows in table"):
        bring_back(network, network.hub.settings, file)

    assert everything(network.hub.settings) == before


def test_a_restore_that_was_killed_after_its_rows_were_there_is_finished_by_the_same_words(
    network: Network, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    refer(network)
    take_in(network)
    file = keep(network)
    withdraw(network, consent_of(network, 1))
    settings = empty(network.hub.settings, "sqlite")
    with monkeypatch.context() as killed:
        killed.setattr("hub.restore.CheckpointFolder.put_aside", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bring_back(network, settings, file, behind=True)
    with pytest.raises(IntegrityBroken, match="which a checkpoint outside counts"):
        compose(settings, clock=network.clock, ids=SeededIds(5))

    bring_back(network, settings, file, behind=True)

    restored = reopened(network, settings)
    assert len([entry for entry in restored.entries() if entry.get("action") == "restored"]) == 1
    with restored.hub.store.peek() as rows:
        assert rows.directory.all().stopped
    restored.hub.close()
