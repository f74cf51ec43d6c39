"""Group F. Conflicts between records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.builders import AT, BASELINE, C, consent, directive, holding, known, ticked
from tests.unit.consent.rows import Group

K2 = consent(consent_id="K2", version=1, registry_seq=50, captured_at=AT - timedelta(hours=2))

ROWS: Group = {
    104: ("a directive forbids B", known(BASELINE, directives=(directive(),))),
    105: (
        "and a newer record names and lifts it",
        known(holding(consent(), replace(K2, lifts=("D",))), directives=(directive(),)),
    ),
    106: (
        "two active records; CONTACT in one only",
        holding(consent(), replace(K2, categories=ticked(C.IDENT, C.NEEDS, C.LANG))),
    ),
    107: ("a directive against a worker who reads B's queue", known(BASELINE, directives=(directive(worker="w-9"),))),
    108: (
        "the registry shows less than it has shown before",
        replace(BASELINE, system=replace(BASELINE.system, replicas_agree=False)),
    ),
    109: ("a closed system says withdrawn; the link is not proven", known(BASELINE, unproven_no=True)),
}
