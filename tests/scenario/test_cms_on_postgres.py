"""An agency whose CMS is a database of PostgreSQL refers and receives like one with a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hub.errors import HubError
from tests import cms_builder as cms
from tests import cms_postgres
from tests.network import Network, make, refer
from tests.scenario.test_marked_values import mark, marked
from tests.services.postgres import Postgres, PostgresAt

TURNS_MAX = 30


@pytest.fixture(params=["harbour", "lakeside", "harbour lakeside"])
def servers(request: pytest.FixtureRequest, postgres: PostgresAt, cms_template: str) -> Iterator[Mapping[str, str]]:
    """Whose CMS is on the server."""
    urls = {agency: postgres.database(template=cms_template) for agency in request.param.split()}
    yield urls
    for url in urls.values():
        postgres.drop(url)


@pytest.fixture
def network(tmp_path: Path, servers: Mapping[str, str]) -> Iterator[Network]:
    made = make(tmp_path, servers=servers)
    yield made
    made.hub.close()


def do(network: Network, agency: str, what: Any, *args: Any, **fields: Any) -> Any:
    """A worker of an agency does something in its own system."""
    db = network.db(agency)
    done = what(db, *args, **fields)
    db.close()
    return done


def arrived(network: Network) -> list[str]:
    """First names of those whose referrals stand in Lakeside's inbox, oldest first."""
    return [row["payload"]["client"][0]["first_name"] for row in network.inbox("lakeside", "referral")]


def test_a_referral_goes_its_answer_comes_back_and_a_withdrawal_stops_the_next(network: Network) -> None:
    client, referral = refer(network)
    network.run()
    (there,) = network.inbox("lakeside")

    do(network, "lakeside", cms.answer, there["hub_referral_no"], "ACCEPTED")
    network.run()
    (answer,) = network.inbox("harbour")

    do(network, "harbour", cms.update, "consent", 1, withdrawn_at="2026-05-20", withdrawn_how="TELEPHONE")
    do(network, "harbour", cms.add_referral, client)
    network.run()

    assert there["kind"] == "referral"
    assert there["payload"]["client"][0]["last_name"] == "Okonkwo-Tremblay"
    assert there["received_at"] == "2026-06-01 12:00:00"
    assert (answer["payload"]["referral_id"], answer["payload"]["status"]) == (referral, "ACCEPTED")
    assert len(network.inbox("lakeside")) == 1
    assert network.codes()["DN_WITHDRAWN"] == 1
    assert network.told("harbour") == [("referral_id", 2, "DN_WITHDRAWN")]
    assert network.verifies()


def test_a_client_whom_the_recipient_knows_is_found_and_a_refusal_of_its_system_comes_back(network: Network) -> None:
    known = do(network, "lakeside", cms.add_client, client_id=7)
    do(network, "lakeside", cms.add_identifier, known, value="11-0000-0001")
    refer(network)
    network.run()
    (there,) = network.inbox("lakeside")

    db = network.db("lakeside")
    sql = "INSERT INTO hub_inbox_error (message_id, code, occurred_at) VALUES (?, 'CONFLICT', ?)"
    db.execute(sql, (there["message_id"], cms.SAVED_AT))
    db.close()
    network.run()

    assert (there["client_id"], there["base_row_version"]) == (7, 1)
    assert network.told("harbour", "rejected") == [("referral_id", 1, "CONFLICT")]


def test_what_was_refused_goes_by_itself_when_the_client_signs(network: Network) -> None:
    client = do(network, "harbour", cms.add_client)
    do(network, "harbour", cms.add_referral, client)
    network.run()

    do(network, "harbour", cms.add_consent, client)
    network.run()

    assert network.states() == {"refused": 1, "delivered": 1}


def test_a_worker_who_saves_slowly_holds_up_only_what_comes_after(tmp_path: Path, cms_url: str) -> None:
    network = make(tmp_path, servers={"harbour": cms_url})
    refer(network, first_name="Amara")
    slow = network.db("harbour")
    slow.execute("BEGIN")
    client = cms.add_client(slow, client_id=7, file_no="2026-000007", first_name="Lin")
    cms.add_consent(slow, client)
    cms.add_referral(slow, client)
    refer(network, client_id=9, file_no="2026-000009", first_name="Odile", birth_date="1984-02-29")

    network.run()
    first = arrived(network)
    network.clock.advance(timedelta(seconds=60))
    network.run()
    second = arrived(network)
    slow.execute("COMMIT")
    slow.close()
    network.settle()

    assert first == ["Amara"]
    assert second == ["Amara", "Odile"]
    assert arrived(network) == ["Amara", "Odile", "Lin"]
    assert network.verifies()
    network.hub.close()


def test_no_marked_value_no_password_and_no_address_is_in_any_file_of_the_hub_or_any_error_inv_1(
    tmp_path: Path, cms_url: str, postgres: PostgresAt
) -> None:
    told: list[tuple[str, HubError]] = []
    network = make(tmp_path, servers={"harbour": cms_url})
    network.hub.exchange._report = lambda place, error: told.append((place, error))
    db = network.db("harbour")
    for number in range(3):
        client = cms.add_client(db, **marked("client"), birth_date=f"198{number}-07-22")
        cms.add_identifier(db, client, value=f"771234560{number}")
        cms.add_consent(db, client, **marked("consent"))
        cms.add_referral(db, client, **marked("referral"))
    network.run()
    delivered = len(network.inbox("lakeside"))
    name = urlsplit(cms_url).path[1:]
    db.execute("ALTER VIEW v_hub_client RENAME TO was")
    db.execute(
        "CREATE VIEW v_hub_client AS SELECT *, CAST(last_name AS INTEGER) AS row_version2 FROM was WHERE"
        " CAST(last_name AS INTEGER) > 0"
    )
    cms.update(db, "client", 1, last_name=mark("client", "last_name"))
    network.settle()
    places = [wait.place for wait in network.waits().values()]
    db.execute("DROP VIEW v_hub_client")
    db.execute("ALTER VIEW was RENAME TO v_hub_client")
    db.close()
    postgres.run(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false;"
        f" SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    network.settle()
    postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    network.settle()

    texts = "".join(places) + "".join(f"{place} {error} {error.__cause__} {error.__context__}" for place, error in told)
    words = re.compile(rb"Zq[A-Za-z]+xj|771234560\d|416-?555-?0142|4165550142|198\d-07-22")
    password = (urlsplit(cms_url).password or "no password").encode()
    folder = network.hub.settings.dir
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert delivered == 3
    assert "22P02" in texts
    assert "takes no connections" in texts
    assert {name: found[0] for name, data in files.items() if (found := words.search(data))} == {}
    assert [name for name, data in files.items() if password in data] == []
    assert not words.search(texts.encode())
    assert name not in texts
    network.hub.close()


# -- a server that ends


@pytest.fixture(params=["harbour", "lakeside"])
def faulty(request: pytest.FixtureRequest, tmp_path: Path, own_postgres: Postgres) -> Iterator[Network]:
    """Both agencies' work, one of them on a server of this test alone."""
    url = own_postgres.database()
    cms_postgres.make_cms(url)
    made = make(tmp_path, servers={request.param: url})
    yield made
    made.hub.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_ends_at_any_step_of_the_hub_is_waited_for_and_each_message_arrives_once(
    faulty: Network, own_postgres: Postgres, end: str
) -> None:
    names = ["Amara", "Lin", "Odile"]
    for name in names:
        refer(faulty, first_name=name)
    steps = 0
    while faulty.states().get("delivered", 0) < 3 and steps < TURNS_MAX:
        steps += 1
        faulty.hub.step()
        if steps in (1, 3, 6):
            getattr(own_postgres, end)()
            faulty.run()
            own_postgres.start_again()
        faulty.clock.advance(timedelta(seconds=70))
    faulty.settle()

    assert sorted(arrived(faulty)) == names
    assert faulty.states() == {"delivered": 3}
    assert faulty.verifies()


def test_a_server_that_ends_in_the_middle_of_a_hand_over_has_each_message_once(
    tmp_path: Path, own_postgres: Postgres
) -> None:
    url = own_postgres.database()
    cms_postgres.make_cms(url)
    network = make(tmp_path, servers={"lakeside": url})
    system = network.directory().systems["lakeside-cms"]
    source = network.hub.connections.source(system)
    send, ended = source.send, []

    def interrupted(parcels: Any, commit: Any) -> Any:
        def late() -> None:
            commit()
            if not ended:
                ended.append(own_postgres.kill())

        return send(parcels, late)

    source.send = interrupted  # type: ignore[method-assign]
    refer(network)
    network.run()
    before = network.states()
    own_postgres.start_again()
    network.settle()

    assert ended
    assert before == {"released": 1}
    assert network.states() == {"delivered": 1}
    assert len(network.inbox("lakeside")) == 1
    assert network.verifies()
    network.hub.close()
