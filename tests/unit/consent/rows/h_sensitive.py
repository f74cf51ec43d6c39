"""Group H. Sensitive categories."""

from __future__ import annotations

from dataclasses import replace

from consent.model import Facts, Party
from consent.model.words import Category
from tests.builders import BASELINE, C, agreed, consent, holding, item, items, saying, ticked
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_override import disclosing

PLAIN = (C.IDENT, C.CONTACT, C.NEEDS, C.LANG, C.EMPLOY)


def ticking(*more: Category, facts: Facts = BASELINE) -> Facts:
    """The client ticked these too, and the agreement has them."""
    return agreed(*more, facts=holding(consent(categories=ticked(*PLAIN, *more)), facts=facts))


def asked(category: Category, facts: Facts) -> Facts:
    sent = item(category, 8, confidentiality="R")
    return saying(facts, items=(*items(C.IDENT, C.NEEDS), sent))


NOTICE_OF = replace(BASELINE.pack, redisclosure=(C.SUBSTANCE,))

ROWS: Group = {
    120: ("HEALTH_MENTAL; the form ticked health in general", asked(C.HEALTH_MENTAL, ticking(C.HEALTH_PHYS))),
    121: (
        "SUBSTANCE ticked, with the redisclosure notice",
        saying(asked(C.SUBSTANCE, ticking(C.SUBSTANCE)), redisclosure_notice=True),
    ),
    122: (
        "a pack that asks for the notice; it is missing",
        replace(asked(C.SUBSTANCE, ticking(C.SUBSTANCE)), pack=NOTICE_OF),
    ),
    123: ("exact IMMIG ticked; a flag is needed", asked(C.IMMIG, ticking(C.IMMIG))),
    124: (
        "immigration enforcement, and DOC-OTHER",
        replace(disclosing("DOC-OTHER", "E"), recipient=Party("E", lane="enforcement")),
    ),
    125: ("RACE_INDIG added to a referral", asked(C.RACE_INDIG, ticking(C.RACE_INDIG))),
    126: ("a youth-justice record, optional", asked(C.JUSTICE_YOUTH, BASELINE)),
    127: ("a youth-justice record, required", saying(asked(C.JUSTICE_YOUTH, BASELINE), required=(C.JUSTICE_YOUTH,))),
    128: (
        "a legal memo marked privileged",
        saying(items=(*BASELINE.message.items, item(C.NOTES_FREE, 8, privileged=True))),
    ),
    129: ("SEXUAL ticked; a referral does not need it", asked(C.SEXUAL, ticking(C.SEXUAL))),
}
