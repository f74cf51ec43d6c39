"""Consent rows of a page are filed together: the store is asked once for a batch, and each row keeps its own answer."""

from __future__ import annotations

from hub.exchange import intake
from hub.model.directory import System
from tests import cms_builder as cms
from tests.network import Network
from tests.shapes import ON_SQLITE
from tests.statements import statements

pytestmark = ON_SQLITE

FAMILY_NAMES = ("Abebe", "Castillo", "Dang", "Farah", "Haddad", "Ibrahim", "Kovacs", "Lopez", "Mensah", "Nguyen")


def consents(network: Network, names: tuple[str, ...]) -> None:
    """A client with a consent of each name; everybody has a birthday of their own."""
    db = network.db("harbour")
    for name in names:
        client = cms.add_client(db, last_name=name, birth_date=f"{1960 + FAMILY_NAMES.index(name)}-03-04")
        cms.add_consent(db, client)


def executions(network: Network) -> int:
    """How often reading one page of Harbour's records asks the store; many rows of one statement count once."""
    with statements() as asked:
        assert intake.step(network.hub.house, harbour(network))
    return len(asked)


def harbour(network: Network) -> System:
    return network.directory().systems["harbour-cms"]


def refs(network: Network, rows_filed: range) -> list[str]:
    with network.hub.store.peek() as rows:
        found = rows.consents.of_sources("harbour-cms", [f"consent:{number}" for number in rows_filed])
    return [consent.subject_ref for consent, _ in found.values()]


def test_seven_people_s_consents_ask_the_store_no_more_often_than_two_people_s(network: Network) -> None:
    consents(network, FAMILY_NAMES[:1])
    executions(network)  # the first page also reads the directory
    consents(network, FAMILY_NAMES[1:3])
    few = executions(network)
    consents(network, FAMILY_NAMES[3:])

    many = executions(network)

    assert len(set(refs(network, range(1, 11)))) == len(FAMILY_NAMES), "each is filed, for somebody else"
    assert many <= few


def test_two_rows_of_one_new_client_on_one_page_make_one_subject(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    cms.add_consent(db, client, signed_on="2026-02-01")

    network.run()

    assert len(refs(network, range(1, 3))) == 2
    assert len(set(refs(network, range(1, 3)))) == 1


def test_records_that_go_together_put_each_of_their_consents_in_doubt_and_no_other(network: Network) -> None:
    consents(network, FAMILY_NAMES[:4])
    network.run()
    db = network.db("harbour")
    with db:
        db.execute("DELETE FROM consent WHERE consent_id IN (1, 3)")

    network.run()

    with network.hub.store.peek() as rows:
        found = rows.consents.of_sources("harbour-cms", [f"consent:{number}" for number in range(1, 6)])
    assert {key: (filed.state.value, filed.version) for key, (filed, _) in found.items()} == {
        "consent:1": ("SUSPENDED", 2),
        "consent:2": ("ACTIVE", 1),
        "consent:3": ("SUSPENDED", 2),
        "consent:4": ("ACTIVE", 1),
    }
