"""A duty of care, declared in the agency's own system and received in another's: group J of consent rules 2, by number.

Each case runs the whole road: a worker saves a declaration (and a second person an approval), the hub reads, decides at
both gates, and the recipient's system has it or does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.model.words import Category, Purpose
from consent.packs import PACKAGED
from hub.desk.consents import Forbidden, forbid
from hub.desk.who import Who
from hub.model.directory import Service
from tests import cms_builder as cms
from tests.danger import BODIES, answers, client, declare, declared, in_danger, limbs, other
from tests.network import Network, agreement
from tests.shapes import ask

CHILD = {"child_name": "Tremblay, Noé", "child_birth_date": "2018-05-04"}
OLDER = {"child_name": "Tremblay, Noé", "child_birth_date": "2009-05-04"}  # 17
ALONE: dict[str, Any] = {"approved_by": None}
SPEEDING = {"imminent": 1, "attempts": "Rang the supervisor and the on-call manager twice.", **ALONE}
SHORT = {"told": "Low.", "narrative": "Client seemed low"}


@dataclass(frozen=True)
class Case:
    """One declaration and its answers; ``came``: whether the recipient's system has it."""

    code: str
    to: str
    outcome: str
    codes: tuple[str, ...]
    came: bool
    fields: dict[str, Any] = field(default_factory=dict)


def passes(code: str, to: str, *codes: str, outcome: str = "PERMIT_REDACTED", **fields: Any) -> Case:
    return Case(code, to, outcome, codes, came=True, fields=fields)


def refused(code: str, to: str, why: str, **fields: Any) -> Case:
    return Case(code, to, "DENY", (why,), came=False, fields=fields)


DECLARED = [
    pytest.param(
        passes("ST-CHILD-PROTECT", "society", "OV_STATUTORY", outcome="PERMIT", **CHILD, **ALONE),
        id="C-141 a complete report by a front-line worker, no approver",
    ),
    pytest.param(
        passes("ST-CHILD-PROTECT", "society", "OV_CHILD", outcome="PERMIT", **OLDER, **ALONE),
        id="C-143 the child is 17 and the mandatory code was picked: recoded, never blocked",
    ),
    pytest.param(passes("DOC-SELF", "hospital", "OV_SELF_HARM"), id="C-146 complete, a second person approved"),
    pytest.param(
        refused("DOC-SELF", "hospital", "OX_THRESHOLD", missing=("serious",), **SHORT), id="C-147 a limb is blank"
    ),
    pytest.param(passes("DOC-OTHER", "police", "OV_HARM_OTHERS"), id="C-148 a credible threat to a named person"),
    pytest.param(
        refused("DOC-OTHER", "police", "OX_THRESHOLD", missing=("present",)), id="C-149 a past offence, no present risk"
    ),
    pytest.param(refused("DOC-SELF", "hospital", "OX_ROLE", worker="w-7", **SPEEDING), id="C-155 a volunteer"),
    pytest.param(
        passes("DOC-SELF", "hospital", "OV_SELF_HARM", **SPEEDING),
        id="C-156 imminent, nobody was reached, the attempts are written down",
    ),
    pytest.param(
        refused("DOC-SELF", "hospital", "OX_SECOND_PERSON", **ALONE), id="C-157 not imminent, no second person"
    ),
    pytest.param(
        refused("DOC-SELF", "hospital", "OX_SECOND_PERSON", approved_by="w-301"),
        id="C-158 the second person is the worker",
    ),
    pytest.param(
        refused("DOC-SELF", "hospital", "OX_SECOND_PERSON", approved_by="w-901"),
        id="C-158 the second person reports to the worker",
    ),
    pytest.param(
        refused("DOC-SELF", "hospital", "OX_CONTENT", narrative="Client seemed low"), id="C-159 under the minimum"
    ),
    pytest.param(refused("OTHER", "hospital", "OX_CONTENT"), id="C-160 the list of reason codes is closed"),
    pytest.param(refused("DOC-SELF", "landlord", "OX_RECIPIENT"), id="C-161 the recipient is the landlord"),
    pytest.param(
        passes("DOC-SELF", "hospital", "OV_SELF_HARM", "RD_PURPOSE_MIN", narrowed="CONTACT"),
        id="C-162 more than the profile stays behind, and what the worker keeps back",
    ),
    pytest.param(passes("DOC-OTHER", "police", "OV_HARM_OTHERS"), id="C-169 without an agreement"),
    pytest.param(
        passes("ST-EMERG-ORG", "ambulance", "OV_HARM_OTHERS", danger="HARM_OTHERS"),
        id="C-170 an emergency threatens life; the client is told in writing",
    ),
    pytest.param(
        passes("ST-PUBLIC-BODY", "hospital", "OV_HARM_OTHERS", danger="HARM_OTHERS"),
        id="C-171 compelling circumstances",
    ),
    pytest.param(
        passes("ST-RETIREMENT", "registrar", "OV_STATUTORY", outcome="PERMIT", **ALONE),
        id="C-175 suspected neglect in a retirement home",
    ),
]


@pytest.mark.parametrize("case", DECLARED)
def test_a_declaration_end_to_end(tmp_path, case):
    network = in_danger(tmp_path)

    number = declare(network, case.code, case.to, **case.fields)

    found = answers(network, number)
    outcome, codes = found[-1]
    assert (outcome, codes[0]) == (case.outcome, case.codes[0])
    assert set(case.codes) <= set(found[0][1]) | set(codes)
    assert len(network.inbox(case.to, "override")) == int(case.came)
    assert all(not network.inbox(name) for name in BODIES if name != case.to), "nobody else hears of it"
    if not case.came:
        ((_, told, code),) = network.told("harbour")[-1:]
        assert (told, code) == (number, case.codes[0])
        assert network.inbox("harbour", "refusal")[-1]["payload"]["place"], "the sentence that says what is missing"
    assert network.verifies()


ASSERTED = [
    pytest.param("CHILD_ABUSE", "society", "NO_CHILD", id="C-140 a child is abused, no declaration"),
    pytest.param("SELF_HARM", "hospital", "NO_SELF_HARM", id="C-145 self-harm, no declaration"),
    pytest.param("HARM_OTHERS", "police", "NO_HARM_OTHERS", id="C-153 harm to others, no declaration"),
    pytest.param("NOT_FULLY_CONSCIOUS", "hospital", "NO_UNCONSCIOUS", id="C-154 not conscious, no declaration"),
    pytest.param("RESIDENT_ABUSE", "registrar", "NO_STATUTORY", id="C-174 a resident is abused, no invocation"),
    pytest.param("HARM_OTHERS", "police", "NO_HARM_OTHERS", id="C-177 a situation table's message with identifiers"),
    pytest.param(None, "hospital", "DN_NO_AGREEMENT", id="without a danger none is offered"),
    pytest.param("BAD_TEMPER", "hospital", "DN_NO_AGREEMENT", id="what is no danger of the list offers none"),
]


@pytest.mark.parametrize(("risk", "to", "code"), ASSERTED)
def test_a_referral_that_asserts_a_danger_is_offered_an_override_end_to_end(tmp_path, risk, to, code):
    network = in_danger(tmp_path)
    network.put(Service(f"{to}-help", to, "other", "Help", f"{to}-cms"))
    db = network.db("harbour")

    referral = cms.add_referral(db, client(network), to, "other", risk_flags=risk)
    network.run()

    assert network.told("harbour") == [("referral_id", referral, code)]
    assert not network.inbox(to)


def forbids(network: Network, about: int, to: str) -> None:
    """The client says no to this recipient."""
    db = network.db("harbour")
    consent = cms.add_consent(db, about, recipient_org="lakeside")
    network.run()
    with network.hub.store.peek() as rows:
        found = rows.consents.of_source("harbour-cms", f"consent:{consent}")
        assert found is not None
        alias = rows.subjects.aliases(found[0].subject_ref)["harbour"]
    forbid(network.hub.house, "harbour", alias, Who("harbour-worker", "test"), Forbidden([to]))


@pytest.mark.parametrize(
    ("serious", "answer"),
    [
        pytest.param(True, ("PERMIT_REDACTED", "OV_UNCONSCIOUS"), id="C-150 serious bodily harm is attested"),
        pytest.param(False, ("DENY", "OX_THRESHOLD"), id="C-151 care would only be easier"),
    ],
)
def test_who_is_not_conscious_and_has_forbidden_it_end_to_end(tmp_path, serious, answer):
    network = in_danger(tmp_path)
    about = client(network)
    forbids(network, about, "ambulance")

    number = declare(network, "DOC-UNCON", "ambulance", about, against_a_no=serious)

    outcome, codes = answers(network, number)[-1]
    assert (outcome, codes[0]) == answer
    assert len(network.inbox("ambulance", "override")) == int(serious)


def test_c_152_it_ends_with_its_cause_and_opens_no_second_message_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-UNCON", "hospital", imminent=1)
    assert len(network.inbox("hospital", "override")) == 1

    ended = {"ended_at": "2026-06-01 12:30:00", "end_cause": "can-decide"}
    cms.update(network.db("harbour"), "override_declaration", number, told="She also asks for her pills.", **ended)
    network.run()

    assert answers(network, number)[-1][1][0] == "OX_EXPIRED"
    assert len(network.inbox("hospital", "override")) == 1
    assert declared(network, number).end_cause == "can-decide"


def test_c_163_what_is_delivered_four_hours_and_a_minute_after_is_refused_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    (tmp_path / "hospital.sqlite").rename(tmp_path / "away")
    number = declare(network, "DOC-SELF", "hospital")
    assert answers(network, number) == [("PERMIT_REDACTED", ("OV_SELF_HARM", "RD_PURPOSE_MIN"))]

    network.clock.advance(timedelta(hours=4, minutes=1))
    (tmp_path / "away").rename(tmp_path / "hospital.sqlite")
    network.settle()

    assert answers(network, number)[-1][1][0] == "OX_EXPIRED"
    assert not network.inbox("hospital")
    assert not declared(network, number).used_by


def test_c_164_one_declaration_opens_one_message_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "hospital")

    cms.update(network.db("harbour"), "override_declaration", number, told="And something else of last year.")
    network.run()

    assert answers(network, number)[-1] == ("DENY", ("OX_REUSED", "DN_NO_AGREEMENT"))
    assert len(network.inbox("hospital", "override")) == 1


def test_saved_again_without_a_change_it_is_no_second_message(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "hospital")
    before = answers(network, number)

    cms.update(network.db("harbour"), "override_declaration", number, worker="w-301")
    network.settle()

    assert answers(network, number) == before
    assert not network.inbox("harbour")


def test_c_165_nothing_is_declared_for_what_was_sent_already_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    declare(network, "DOC-SELF", "hospital")
    sent = network.inbox("hospital", "override")[0]["message_id"]

    number = declare(network, "DOC-SELF", "hospital", 1, covers=sent, narrative="For what went out at noon, since " * 3)

    assert answers(network, number)[-1][1][0] == "OX_BACKDATED"


def test_c_166_who_is_close_to_the_client_declares_nothing_but_a_childs_report_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    about = client(network)
    first = declare(network, "DOC-SELF", "hospital", about, worker="w-7", **SPEEDING)
    relate(network, "w-301", declared(network, first).subject)

    number = declare(network, "DOC-SELF", "hospital", about)

    assert answers(network, number)[-1][1][0] == "OX_CONFLICT_OF_INTEREST"
    assert not network.inbox("hospital")


def relate(network: Network, worker: str, subject: str) -> None:
    with network.hub.store.unit(own=[f"subject:{subject}"]) as unit:
        unit.overrides.relate(worker, subject, "partner")


def test_c_167_three_late_self_reviews_suspend_a_worker_save_in_imminent_danger_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    for turn in range(3):
        about = other(network, turn)
        declare(network, "DOC-SELF", "hospital", about, narrative=f"What she said on day {turn} was another. " * 3)
    network.clock.advance(timedelta(hours=25))

    about = other(network, 3)
    calm = declare(network, "DOC-SELF", "hospital", about, narrative="Today she said that she has bought a rope. " * 3)
    urgent = declare(
        network, "DOC-SELF", "hospital", about, narrative="Now she has it round her neck, she says. " * 3, **SPEEDING
    )

    assert answers(network, calm)[-1][1][0] == "OX_SUSPENDED"
    assert answers(network, urgent)[-1][1][0] == "OV_SELF_HARM"


def test_c_159_the_words_of_three_earlier_ones_are_canned_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    given = [declare(network, "DOC-SELF", "hospital", other(network, turn)) for turn in range(4)]

    assert [answers(network, each)[-1][1][0] for each in given] == ["OV_SELF_HARM"] * 3 + ["OX_CONTENT"]


def test_no_words_are_not_canned_words(tmp_path):
    network = in_danger(tmp_path)
    bare = [declare(network, "DOC-CHILD", "cas", other(network, turn), narrative="") for turn in range(2)]

    filed = [declared(network, each) for each in bare]

    assert [each.words for each in filed] == ["", ""]
    with network.hub.store.peek() as rows:
        assert [rows.overrides.repeats(each) for each in filed] == [0, 0]


def test_an_approval_that_comes_later_lets_it_go_at_once(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "hospital", **ALONE)
    assert not network.inbox("hospital")

    cms.add_word(network.db("harbour"), number, "w-900")
    network.run()

    assert len(network.inbox("hospital", "override")) == 1
    assert declared(network, number).approver == "w-900"


def test_an_approval_under_the_account_of_the_worker_is_none(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "hospital", **ALONE)

    cms.add_word(network.db("harbour"), number, "w-900", updated_by="w-301")
    network.settle()

    assert declared(network, number).approver is None
    assert not network.inbox("hospital")


def test_a_limb_that_was_forgotten_is_filled_in_and_it_goes(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "hospital", missing=("serious",))
    assert not network.inbox("hospital")

    db = network.db("harbour")
    db.execute("UPDATE override_limb SET attested = 1, fact = 'She has done it before.' WHERE limb = 'serious'")
    network.run()
    assert network.told("harbour")[-1][2] == "OX_SECOND_PERSON", "what was approved were other words"
    assert not network.inbox("hospital")

    cms.add_word(db, number, "w-900")
    network.run()
    assert len(network.inbox("hospital", "override")) == 1
    assert declared(network, number).version == 2


def test_what_was_approved_for_one_recipient_does_not_go_to_another(tmp_path):
    network = in_danger(tmp_path)
    number = declare(network, "DOC-SELF", "landlord")

    cms.update(network.db("harbour"), "override_declaration", number, recipient_org="hospital")
    network.run()

    assert answers(network, number)[-1][1][0] == "OX_SECOND_PERSON"
    assert not network.inbox("hospital")


TEXTS = {
    "worker": "Zqworkerxj",
    "recipient_org": "Zqorgxj",
    "code": "ZQCODEXJ",
    "covers": "Zqcoversxj",
    "danger": "Zqdangerxj",
}


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_in_the_place_of_a_code_goes_nowhere_inv_1(tmp_path, field):
    network = in_danger(tmp_path)
    db = network.db("harbour")
    answered = {**limbs("DOC-SELF"), "Zqlimbxj": "x"}
    said = {"code": "DOC-SELF", "recipient_org": "hospital", field: TEXTS[field]}
    number = cms.add_override(db, client(network), said.pop("code"), said.pop("recipient_org"), answered, **said)
    cms.add_word(db, number, "Zqapproverxj")
    network.run()

    stored = ask(network.hub.settings, "SELECT body FROM override")
    decided = ask(network.hub.settings, "SELECT facts FROM decision")
    assert network.entries(), "the declaration was decided"
    assert "zq" not in json.dumps([network.entries(), network.inbox("harbour"), *map(str, stored + decided)]).lower()


def test_a_worker_whom_the_directory_has_not_may_report_and_nothing_else(tmp_path):
    network = in_danger(tmp_path)

    report = declare(network, "ST-CHILD-PROTECT", "society", worker="Jo Nobody", **CHILD, **ALONE)
    other_one = declare(network, "DOC-SELF", "hospital", other(network, 1), worker="Jo Nobody")

    assert answers(network, report)[-1][1][0] == "OV_STATUTORY"
    assert answers(network, other_one)[-1][1][0] == "OX_ROLE"


ELSEWHERE = {
    "au": """
[code.AU-PGS1] # Privacy Act 1988 (Cth) s.16A item 1
answer = "OV_SELF_HARM"
kind = "may"
limbs = ["consent-impracticable", "serious-threat"]
bodies = ["HOSPITAL"]
profile = ["IDENT", "CONTACT", "RISK"]
""",
    "au-vic": """
[code.AU-VIC-FV] # Family Violence Protection Act 2008 (Vic) Part 5A
answer = "OV_STATUTORY"
kind = "scheme"
limbs = ["risk-assessment"]
bodies = ["PRESCRIBED_BODY"]
profile = ["IDENT", "RISK"]
""",
    "us": "",
}


def elsewhere(folder: Path, pack: str, limbs: str = "") -> Network:
    """The same network under another pack of the data folder; ``limbs`` of DOC-UNCON, if not Ontario's."""
    network = in_danger(folder)
    packs = network.hub.settings.packs
    packs.mkdir(exist_ok=True)
    ontario = (PACKAGED / "ca-on.toml").read_text()
    if limbs:
        ontario = ontario.replace(
            'limbs = ["cannot-decide", "not-in-time", "care-or-kin", "earlier-instruction"]', limbs
        )
    (packs / f"{pack}.toml").write_text(ontario + ELSEWHERE[pack])
    network.reopen()
    for agency in network.directory().agencies.values():
        body = "PRESCRIBED_BODY" if pack == "au-vic" and agency.id in ("harbour", "police") else agency.body
        network.put(replace(agency, pack=pack, body=body))
    return network


def saying(network: Network, code: str, to: str, answered: dict[str, str]) -> int:
    """A declaration with limbs of another pack, about another client each time, approved."""
    db = network.db("harbour")
    (clients,) = db.execute("SELECT COUNT(*) FROM client").fetchone()
    about = other(network, clients)
    number = cms.add_override(db, about, code, to, answered)
    cms.add_word(db, number, "w-900")
    network.run()
    return number


def test_c_168_a_consent_covers_it_already_and_the_officer_is_told_end_to_end(tmp_path):
    network = in_danger(tmp_path)
    about = client(network)
    network.put(
        agreement(
            network.clock.now() - timedelta(days=9),
            agreement_id="harbour-hospital",
            parties=("harbour", "hospital"),
            purposes=(Purpose.SAFETY,),
            categories=(Category.IDENT, Category.CONTACT, Category.RISK),
            events=("override-disclosure",),
        )
    )
    said = {"purposes": "SAFETY", "categories": "IDENT CONTACT RISK"}
    cms.add_consent(network.db("harbour"), about, "hospital", **said)

    number = declare(network, "DOC-SELF", "hospital", about)

    outcome, codes = answers(network, number)[-1]
    assert (outcome, codes[0], codes[-1]) == ("PERMIT", "OK_CONSENT", "OX_NOT_NEEDED")
    assert len(network.inbox("hospital", "override")) == 1
    assert declared(network, number).used_by is None, "it was not needed, so it is not used up"


@pytest.mark.parametrize(
    ("impracticable", "answer"),
    [
        pytest.param("", ("DENY", "OX_THRESHOLD"), id="C-178 consent could practicably be asked for"),
        pytest.param("She hung up.", ("PERMIT_REDACTED", "OV_SELF_HARM"), id="and where it could not"),
    ],
)
def test_c_178_under_the_pack_of_australia_end_to_end(tmp_path, impracticable, answer):
    network = elsewhere(tmp_path, "au")

    number = saying(
        network, "AU-PGS1", "hospital", {"consent-impracticable": impracticable, "serious-threat": "She has tablets."}
    )

    outcome, codes = answers(network, number)[-1]
    assert (outcome, codes[0]) == answer
    assert len(network.inbox("hospital", "override")) == int(bool(impracticable))


def test_c_179_between_prescribed_bodies_of_victoria_end_to_end(tmp_path):
    network = elsewhere(tmp_path, "au-vic")

    number = saying(network, "AU-VIC-FV", "police", {"risk-assessment": "He was seen outside with a knife."})
    outside = saying(network, "AU-VIC-FV", "hospital", {"risk-assessment": "He was seen outside with a knife."})

    assert answers(network, number)[-1][1][0] == "OV_STATUTORY"
    assert len(network.inbox("police", "override")) == 1
    assert answers(network, outside)[-1][1][0] == "OX_RECIPIENT"
    assert not network.inbox("hospital")


def test_c_180_a_medical_emergency_names_who_receives_it_end_to_end(tmp_path):
    asked = ("cannot-decide", "not-in-time", "care-or-kin", "earlier-instruction", "recipient-name-and-affiliation")
    network = elsewhere(tmp_path, "us", f"limbs = {list(asked)}".replace("'", '"'))
    answered = dict.fromkeys(asked, "Dr Osei, emergency, General Hospital.")

    number = saying(network, "DOC-UNCON", "hospital", answered)
    nameless = saying(network, "DOC-UNCON", "hospital", answered | {"recipient-name-and-affiliation": ""})

    assert answers(network, number)[-1][1][0] == "OV_UNCONSCIOUS"
    assert answers(network, nameless)[-1][1][0] == "OX_THRESHOLD"
    assert len(network.inbox("hospital", "override")) == 1
