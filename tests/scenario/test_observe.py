"""``hub systems observe``: the gate judges live records, and nothing comes of it but codes."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.store import tables as t
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, make_both
from tests.network import Network, refer


def observe(network: Network, *names: str) -> list[tuple[str, str, str]]:
    """Key, what would become of it, and why."""
    systems = [network.directory().systems[name] for name in names or ("harbour-cms",)]
    return sorted((one.key, one.outcome, one.code) for one in network.hub.observe(systems))


def everything(network: Network) -> Mapping[str, list[Any]]:
    """Every row of the hub's store."""
    with network.hub.store.database.reading() as rows:
        return {name: sorted(map(repr, rows.execute(select(table)).all())) for name, table in t.metadata.tables.items()}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def several(network: Network) -> None:
    """One that may go, one without a consent, one that cannot be read, one whose consent has ended."""
    refer(network)
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db, birth_date="1970-01-02"))
    cms.add_consent(db, client := cms.add_client(db, birth_date="1971-01-02"))
    cms.add_referral(db, client, reason_code="no-such-code")
    cms.add_consent(db, client := cms.add_client(db, birth_date="1972-01-02"), expires_on="2026-05-01")
    cms.add_referral(db, client)


SEVERAL = [
    ("referral_out:1", "pass", "OK_CONSENT"),
    ("referral_out:2", "refused", "DN_NO_CONSENT"),
    ("referral_out:3", "unreadable", "DN_SCHEMA"),
    ("referral_out:4", "refused", "DN_EXPIRED"),
]


def test_it_says_of_each_record_what_would_become_of_it_and_why(network: Network) -> None:
    several(network)

    assert observe(network) == SEVERAL


def test_it_is_what_then_becomes_of_them(network: Network) -> None:
    several(network)
    told = observe(network)

    network.run()

    assert network.codes(gate=1) == {"OK_CONSENT": 1, "DN_NO_CONSENT": 1, "DN_EXPIRED": 1}
    assert {row.code for row in network.waits().values()} == {code for _, would, code in told if would != "pass"}


def test_it_changes_nothing_in_the_hub_and_nothing_in_the_system(network: Network) -> None:
    several(network)
    network.hub.step()
    store, system = everything(network), files(network.dir / "hub" / "keys")
    inbox = network.db("harbour").execute("SELECT COUNT(*) FROM hub_inbox").fetchone()

    observe(network)

    assert everything(network) == store
    assert files(network.dir / "hub" / "keys") == system, "no epoch key was made: nothing was sealed"
    assert network.db("harbour").execute("SELECT COUNT(*) FROM hub_inbox").fetchone() == inbox
    assert list((network.dir / "hub").glob(".observe-*")) == []


def test_a_suspended_system_is_observed_as_if_it_took_part(network: Network) -> None:
    several(network)
    network.put(replace(network.directory().systems["harbour-cms"], status="suspended"))
    network.run()
    assert network.states() == {}

    assert observe(network) == SEVERAL
    network.run()
    assert network.states() == {}


def test_what_was_accepted_already_is_no_news_and_what_was_refused_is_judged_anew(network: Network) -> None:
    several(network)
    network.run()
    network.clock.advance(timedelta(minutes=5))

    assert observe(network) == SEVERAL[1:]


def test_a_withdrawal_that_stands_in_the_system_alone_is_heard(network: Network) -> None:
    refer(network)
    network.run()
    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-06-01", withdrawn_how="PHONE")
    cms.add_referral(db, 1)

    assert observe(network) == [("referral_out:2", "refused", "DN_WITHDRAWN")]


def test_what_would_be_withheld_is_counted(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_language(db, client)
    cms.add_consent(db, client, categories="IDENT CONTACT NEEDS SERVICE_STATUS")
    cms.add_referral(db, client)

    (one,) = network.hub.observe([network.directory().systems["harbour-cms"]])

    assert (one.outcome, one.code, one.recipient) == ("pass", "OK_CONSENT", "lakeside")
    assert one.place.endswith("elements would be withheld")


def test_a_system_out_of_reach_is_told(network: Network) -> None:
    (network.dir / "harbour.sqlite").unlink()

    with pytest.raises(Exception, match="no readable file at its path"):
        observe(network)

    assert list((network.dir / "hub").glob(".observe-*")) == []


def test_what_a_killed_observation_has_left_goes_at_the_next_start_and_no_other(network: Network) -> None:
    folder = network.hub.settings.dir
    killed, running = folder / ".observe-killed", folder / ".observe-running"
    for left in (killed, running):
        left.mkdir()
        (left / "lock").touch()
        (left / "hub.sqlite").write_bytes(b"a copy of the registry")

    with (running / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        network.reopen()

    assert (killed.exists(), running.exists()) == (False, True)


def test_a_harts_file_is_read_and_gets_no_answer_not_even_a_refused_one(tmp_path: Path) -> None:
    both = make_both(tmp_path)
    both.site.hand_in(harts.client(harts.referral(from_site=harts.SITE, to_site=HARBOUR_SITE)))
    name = both.site.hand_in(harts.client(harts.referral(from_site=harts.SITE, to_site=HARBOUR_SITE)))
    (both.site.from_harts / name).write_bytes(b"no file of HARTS")
    before = {**files(both.site.from_harts), **files(both.site.to_harts)}

    told = both.network.hub.observe([both.system()])

    assert [(one.outcome, one.code) for one in told] == [("refused", "DN_NO_CONSENT"), ("problem", "SOURCE_PROBLEM")]
    assert {**files(both.site.from_harts), **files(both.site.to_harts)} == before
    both.network.hub.close()


def test_no_value_of_a_person_is_told_inv_1(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db, last_name="Zqcliname", first_name="Zqclifirst", birth_date="1981-07-22")
    cms.add_consent(db, client)
    cms.add_referral(db, client, reason_text="Zqreftext", reason_code="Zqrefcode")

    told = network.hub.observe([network.directory().systems["harbour-cms"]])

    assert told
    assert "zq" not in json.dumps([repr(one) for one in told]).lower()
