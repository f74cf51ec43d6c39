"""What the hub wrote for a CaMS site, as ``tally.py`` counts: packages are messages, warnings and refusals notices."""

from __future__ import annotations

from hub.sample.cams import Cams
from hub.sample.cams_papers import STATES
from hub.sample.tally import NOT_READ, REFERRAL, STATUS, Received

_NOT_READ = frozenset({"CODE_UNKNOWN", "DATE_ORDER", "POSTAL_UNKNOWN"})  # CaMS' own words for what cannot be read (9.5)


def read_packages(cams: Cams) -> list[Received]:
    """Every package of the hub's, and what it said of the site's own; without their content."""
    found = [
        Received("", REFERRAL, number=package.number)
        if package.asks
        else Received("", STATUS, state=STATES.get(package.state, ""), number=f"{package.number} {package.state}")
        for _, package in cams.received()
    ]
    told = ((record, NOT_READ if said.code in _NOT_READ else said.code) for record, said in cams.told() if said.code)
    return [*found, *(Received("", "refusal", record, code) for record, code in told)]
