"""What happens in the agencies' systems after the first run: the demo's acts. Each saves one row, or one file."""

from __future__ import annotations

from dataclasses import replace

from hub.sample import database, papers
from hub.sample.agencies import SOCIETY
from hub.sample.network import Network
from hub.sample.people import ALWAYS, Person, consent_row, referral_row
from hub.sample.scenarios import Scenario

SIGNED = (*ALWAYS, "CONTACT")  # what those agree to who sign late
TOLD_OF_THE_DANGER = (
    "The child came with bruises on both arms on three days of this week, and asked to stay here tonight."
)
SEEN = (
    "I saw the bruises myself on Monday, Wednesday and today, and the child said that they came from being held down."
)
SECOND_WISH = "credentials"  # a further service of the agency that the told people are referred to


def second_referral(network: Network, scenario: Scenario, now: str) -> tuple[Person, str]:
    """Somebody who was referred once is referred again, on the same consent: with that referral; the record's key.

    Args:
        now: ``YYYY-MM-DD HH:MM:SS``, Toronto.
    """
    return _referred_again(network, network.one(scenario), SECOND_WISH, now)


def _referred_again(network: Network, person: Person, wanted: str, now: str) -> tuple[Person, str]:
    again = replace(person, wanted=wanted, referral=referral_row(person, wanted, now))
    with database.connected(network.database(person.home)) as db:
        number = database.insert(db, "referral", again.referral, now)
    return again, f"referral_out:{number}"


def referral_to_the_hospital(network: Network, now: str) -> tuple[Person, str]:
    """Somebody who was referred to the hospital is referred there once more: with that referral; its key."""
    person = network.one(Scenario.TO_HOSPITAL)
    return _referred_again(network, person, person.wanted, now)


def referral_to_the_centre(network: Network, now: str) -> tuple[Person, str]:
    """Somebody who was referred to the centre is referred for its other service too: with that referral; its key."""
    person = network.one_to_centre()
    other = next(each for each in network.centre.services if each != person.wanted)
    return _referred_again(network, person, other, now)


def withdrawing(network: Network) -> tuple[Person, str]:
    """The person who withdraws, and the key of the consent."""
    person = network.one(Scenario.WITHDRAWS)
    return person, f"consent:{person.number}"


def signing_late(network: Network) -> tuple[Person, str]:
    """The person who signs late, and the key of the referral that waits for it."""
    person = network.one(Scenario.LATE)
    return person, f"referral_out:{person.number}"


def late_consent(network: Network, now: str) -> None:
    """The person whose referral was refused signs."""
    person, _ = signing_late(network)
    row = consent_row(person, person.to, network.today, SIGNED)
    with database.connected(network.database(person.home)) as db:
        database.insert(db, "consent", row, now)


def child_and_parent(network: Network) -> tuple[Person, str]:
    """The child for whom a parent has signed, and the key of the referral that waits until the parent is known."""
    person = network.one(Scenario.CHILD)
    return person, f"referral_out:{person.number}"


def correcting(network: Network) -> tuple[Person, str]:
    """The person whose birth date is no day, and the key of the referral that is stuck for it."""
    person = network.one(Scenario.BAD_DATE)
    return person, f"referral_out:{person.number}"


def correct(network: Network, now: str) -> None:
    """A worker looks it up in the paper file, corrects it and saves."""
    person, _ = correcting(network)
    born = {"birth_date": f"{person.client['birth_date'][:4]}-02-28"}
    with database.connected(network.database(person.home)) as db:
        database.update(db, "client", ("client_id", person.number), born, now)


def danger(network: Network, now: str) -> str:
    """A worker has seen that a child is in danger, and declares it to those who must be told; the record's key."""
    child, adult = network.one(Scenario.CHILD), network.one(Scenario.WITHDRAWS)
    row = {
        "client_id": adult.number,
        "child_client_id": child.number,
        "recipient_org": SOCIETY.id,
        "code": "ST-CHILD-PROTECT",
        "told": TOLD_OF_THE_DANGER,
        "narrative": SEEN,
        "imminent": 0,
        "consent_sought": "unsafe-to-ask",
        "notice": "withhold",
        "worker": f"{child.home}-worker",
        "updated_by": f"{child.home}-worker",
    }
    with database.connected(network.database(child.home)) as db, database.saved(db):
        number = database.insert(db, "override_declaration", row, now)
        for limb in ("ground", "information"):
            db.execute(
                "INSERT INTO override_limb (override_id, limb, attested, fact) VALUES (?, ?, 1, ?)",
                (number, limb, SEEN),
            )
    return f"override:{number}"


def late_consent_at_the_centre(network: Network) -> tuple[str, bytes]:
    """Somebody whose line waits signs at the centre: the line's key, and the file for the import command."""
    person = network.one_of_centre(Scenario.LATE)
    row = consent_row(person, person.to, network.today, SIGNED)
    source = next(
        source for each, source in network.sources() if (each.home, each.number) == (person.home, person.number)
    )
    return source.partition("/")[2], network.harts.sign([papers.consent_of(person, row)])
