"""Group A. Lanes."""

from __future__ import annotations

from dataclasses import replace

from consent.model import Facts, Party
from consent.model.words import Purpose
from consent.packs import PACKAGED, load_packs
from tests.builders import BASELINE, C, agreed, holding, item, items, saying
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_nobody import BETWEEN, NAMED, PSEUDONYM, TEXT, about_nobody
from tests.unit.consent.test_decide_notice import notice, reporting

COPY = load_packs(PACKAGED).profile("ClientCopy")


def own_copy(*sent: object) -> Facts:
    """The client's own copy, to a channel that was verified as the client's."""
    facts = saying(type="ClientCopy", event="client-copy", purpose=Purpose.CLIENT_COPY, items=sent)
    return replace(facts, recipient=Party("client", kind="client"), profile=COPY)


def for_purpose(purpose: Purpose) -> Facts:
    return saying(purpose=purpose, event=purpose.value.lower())


ROWS: Group = {
    1: ("nothing", BASELINE),
    2: ("no consent record for the client", holding()),
    3: ("an enquiry of coded elements, no client key, no text, no consent", about_nobody()),
    4: ("and the client's name", replace(NAMED, agreements=agreed(**BETWEEN).agreements)),
    5: ("an enquiry with a free-text line", about_nobody(strange=(TEXT,))),
    6: ("its attributes fit fewer than k people", about_nobody(people=10)),
    7: ("a stable pseudonym is re-used across enquiries", about_nobody(strange=(PSEUDONYM,))),
    8: ("B answers: two places, earliest date", about_nobody("capacity-answer", people=None)),
    9: ("a request that cites the enquiry, and no consent", holding(facts=saying(service="svc-1"))),
    10: (
        "the client's own copy holds another person's data",
        own_copy(*items(C.IDENT, C.NEEDS), item(C.NEEDS, 7, subject=None, third_party=True)),
    ),
    11: ("a report under a notice; follow-up contact was refused", reporting(notice(), more=(C.CONTACT,))),
    12: ("no notice is recorded", reporting()),
    13: (
        "a women's service reports rows of clients",
        replace(reporting(notice()), sender=Party("A", "womens", relayed=True)),
    ),
    14: ("purpose RESEARCH", for_purpose(Purpose.RESEARCH)),
    15: ("purpose FUNDRAISING", for_purpose(Purpose.FUNDRAISING)),
}
