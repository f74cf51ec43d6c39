"""What happens in the agencies' systems after the first run: the demo's acts. Each saves one row, or one file."""

from __future__ import annotations

from hub.sample import database, papers
from hub.sample.network import Network
from hub.sample.people import ALWAYS, Person, consent_row, referral_row
from hub.sample.scenarios import Scenario

SECOND_WISH = "credentials"  # a further service of the agency that the told people are referred to


def second_referral(network: Network, now: str) -> str:
    """Somebody who was referred once is referred again, on the same consent; the record's key.

    Args:
        now: ``YYYY-MM-DD HH:MM:SS``, Toronto.
    """
    person = network.one(Scenario.WITHDRAWS)
    with database.connected(network.database(person.home)) as db:
        number = database.insert(db, "referral", referral_row(person, SECOND_WISH, now), now)
    return f"referral_out:{number}"


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
    row = consent_row(person, person.to, network.today, (*ALWAYS, "CONTACT"))
    with database.connected(network.database(person.home)) as db:
        database.insert(db, "consent", row, now)


def late_consent_at_the_centre(network: Network) -> tuple[str, bytes]:
    """Somebody whose line waits signs at the centre: the line's key, and the file for the import command."""
    person = network.one_of_centre(Scenario.LATE)
    row = consent_row(person, person.to, network.today, (*ALWAYS, "CONTACT"))
    source = next(source for each, source in network.sources() if each is person)
    return source.partition("/")[2], network.harts.sign([papers.consent_of(person, row)])
