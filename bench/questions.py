"""Random questions from a seed: facts as ``decide`` takes them, near misses of a permit.

All lie in the subset of the rules that ``bench/policies`` writes once more: a request or an eligibility check about one
person whom the registry knows; nobody decides for the person; express consents alone; no declared override, no asserted
risk, nothing that may be passed on. It draws and knows no rule: what the answer is, three engines are asked.

Instants lie between June and October 2025, so that in Ontario no clock changes within the days of a verbal consent;
consents were captured up to three years before, in summer and in winter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from bench import constellations
from consent.model import (
    Agreement,
    Consent,
    Directive,
    Facts,
    Finding,
    Grant,
    Interpreter,
    Item,
    PackFacts,
    Party,
    Recipient,
    SubjectFacts,
    SystemFacts,
    VerbalNote,
)
from consent.model.words import Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose, SafetyFlag
from tests.builders import AGREEMENT, BASELINE, CLIENT, PROFILES, TASK, K

TYPES = ("ReferralRequest", "ReferralRequest", "LanguageClassReferral", "EligibilityCheck", "BenefitOverlapCheck")
AGENCIES = ("A", "B", "C", "")
ALWAYS = (Category.IDENT, Category.NEEDS)
SECOND = timedelta(seconds=1)
ONE_DAY = timedelta(days=1)
_T = TypeVar("_T")


def questions(seed: int, *, consents: int | None = None) -> Iterator[Facts]:
    """Facts without end; the same seed gives the same facts.

    Args:
        consents: records of the person, and single facts alone; None: up to six records, often one, and in every other
            question facts that decide together (``constellations.py``).
    """
    draw = Random(seed)
    while True:
        count = draw.choice((0, *(1, 2) * 6, *(3, 4, 5, 6) * 2)) if consents is None else consents
        made = _Question(draw, count).facts()
        meets = consents is None and draw.random() < 0.5
        yield draw.choice(constellations.ALL)(draw, made) if meets else made


class _Question:
    """One question in the making. Most of what is drawn is ordinary, so that a single fact often decides."""

    def __init__(self, draw: Random, consents: int) -> None:
        self._draw, self._consents = draw, consents
        self._at = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(140 * 24 * 3600))
        self._type = draw.choice(TYPES)
        self._purpose = PROFILES[self._type].purpose
        self._open = (*draw.sample(list(Category), 9), Category.IDENT, Category.NEEDS, Category.CONTACT)

    def facts(self) -> Facts:
        draw, item_count = self._draw, self._draw.randint(1, 5)
        patient, needs = (self._item(category, at) for at, category in ((1, Category.IDENT), (2, Category.NEEDS)))
        sent = [replace(patient, essential=True), needs, *(self._item(None, 3 + at) for at in range(item_count))]
        if self._is_rare(0.05):
            sent = sent[: draw.randint(0, 2)]
        task = [TASK] if draw.random() < (0.05 if self._type == "EligibilityCheck" else 0.7) else []
        message = self._vary(
            replace(BASELINE.message, type=self._type, purpose=self._purpose, items=(*sent, *task)),
            0.012,
            event=lambda: draw.choice(("add-service-request", "notify-update-process-request", "research")),
            purpose=lambda: draw.choice(list(Purpose)),
            labelled_purpose=lambda: draw.choice(("REFERRAL", "COORDINATION")),
            required=lambda: tuple(draw.sample(self._open, 2)),
            case_closed=lambda: True,
            pinned=lambda: (draw.choice(("K0", "K1", "X")), draw.randint(1, 3)),
            transition_allowed=lambda: False,
            redisclosure_notice=lambda: True,
            channel=lambda: draw.choice(("MAIL", "PHONE")),
        )
        return self._vary(
            replace(
                BASELINE,
                at=self._at,
                pack=self._pack(),
                sender=self._party("A"),
                recipient=self._party("B"),
                message=message,
                profile=PROFILES[self._type],
                subjects={CLIENT: self._person()},
                agreements=tuple(self._agreement(n) for n in range(draw.choice((1,) * 40 + (2,) * 8 + (0,)))),
                system=self._system(),
            ),
            0.01,
            profile=lambda: PROFILES[draw.choice(TYPES)],
        )

    def _person(self) -> SubjectFacts:
        draw = self._draw
        records = tuple(self._consent(n) for n in range(self._consents))
        return self._vary(
            SubjectFacts(CLIENT, 7, consents=records),
            0.018,
            directives=lambda: tuple(self._directive(n) for n in range(draw.randint(1, 2))),
            flags=lambda: tuple(draw.sample(list(SafetyFlag), 1)),
            deceased=lambda: draw.random() < 0.3,
            findings=lambda: (self._finding(),),
            alleged_abusers=lambda: ("w-9",),
            unproven_no=lambda: draw.random() < 0.3,
            corrupt=lambda: draw.random() < 0.3,
        )

    def _consent(self, number: int) -> Consent:
        draw = self._draw
        months = draw.choice((1, 5, 11, 20, 23, 24, 25, 30)) if self._is_rare(0.2) else draw.randint(0, 20)
        captured = self._at - timedelta(days=30.44 * months, seconds=draw.randrange(2 * 24 * 3600))
        made = replace(
            K,
            consent_id=f"K{number}",
            registry_seq=draw.randint(1, 60),
            recipients=(Recipient(draw.choice("BBBBBBBCD")),),
            purposes=(self._purpose,),
            categories=tuple(self._tick(category) for category in self._mostly(self._open, 0.9)),
            valid_from=captured,
            captured_at=captured,
            signed_on=draw.choice((None, captured.date())),
            expires_at=captured + timedelta(days=1000),
        )
        if self._is_rare(0.06):  # the next version of the one before
            made = replace(made, consent_id=f"K{max(number - 1, 0)}", version=4 if number else 3)
        if self._is_rare(0.08):
            made = replace(made, basis=Basis.EXPRESS_VERBAL, verbal_note=self._note())
        return self._vary(
            made,
            0.02,
            subject_ref=lambda: "s-other",
            state=lambda: draw.choice(list(ConsentState)),
            discloser=lambda: draw.choice(AGENCIES),
            recipients=self._recipients,
            purposes=lambda: tuple(draw.sample(list(Purpose), 2)),
            pack=lambda: draw.choice(("us", "")),
            given_by=lambda: draw.choice((None, GivenBy.PARENT, GivenBy.AUTHORISED_AGENT)),
            capacity_basis=lambda: draw.choice((None, *CapacityBasis)),
            lifts=lambda: tuple(draw.sample(("D0", "D1", "K0", "K1"), 2)),
            valid_from=lambda: draw.choice((None, self._near())),
            expires_at=lambda: draw.choice((None, self._near(), self._near())),
            captured_at=lambda: draw.choice((None, self._at + ONE_DAY, self._at + ONE_DAY + SECOND, self._capped())),
            signed_on=lambda: self._day(draw.randint(-1, 3)),
            basis=lambda: draw.choice((None, Basis.EXPRESS_ELECTRONIC)),
            text_version=lambda: draw.choice((None, "sharing-v1")),
            notice_version=lambda: draw.choice((None, "", "notice-v1")),
            language=lambda: draw.choice((None, "", "zxx", "fr", "EN-ca")),
            client_reads=lambda: draw.choice(((), ("fr",), ("fr", "en-CA"))),
            interpreter=lambda: Interpreter(draw.choice(("QUALIFIED", "STAFF", "FAMILY")), "en", independent=True),
            explained=lambda: frozenset(draw.sample(sorted(K.explained), draw.randint(0, 4))),
            not_condition_of_service=lambda: draw.choice((None, False)),
            condition_reason=lambda: True,
            evidence_ref=lambda: draw.choice((None, "")),
            receipt_ref=lambda: None,
            captured_by=lambda: "",
            names_discloser=lambda: True,
            unreadable=lambda: (draw.choice(("recipients", "purposes", "categories", "language", "lifts")),),
        )

    def _recipients(self) -> tuple[Recipient, ...]:
        draw = self._draw
        return draw.choice(
            ((), (Recipient("B", program="p"),), (Recipient("B", person="w"), Recipient("C")), (Recipient("A"),))
        )

    def _tick(self, category: Category) -> Grant:
        return self._vary(
            Grant(category),
            0.02,
            purposes=lambda: (self._draw.choice(list(Purpose)), *self._some((self._purpose,), 0.5)),
            expires_at=self._near,
        )

    def _note(self) -> VerbalNote:
        taken = self._at - self._draw.choice((ONE_DAY, 5 * ONE_DAY, 14 * ONE_DAY - SECOND, 14 * ONE_DAY, 20 * ONE_DAY))
        whole = VerbalNote(True, True, True, "w-301", taken, self._draw.choice((None, self._at + ONE_DAY)))
        return self._vary(
            whole,
            0.05,
            what=lambda: False,
            worker=lambda: self._draw.choice((None, "")),
            taken_at=lambda: None,
            signature_due_at=self._near,
        )

    def _directive(self, number: int) -> Directive:
        draw = self._draw
        return Directive(
            directive_id=f"D{number}",
            subject_ref=CLIENT,
            registry_seq=draw.randint(1, 60),
            recipients=draw.choice(((), ("B",), ("C",), ("B", "C"))),
            purposes=draw.choice(((), (self._purpose,), (Purpose.SAFETY,))),
            categories=draw.choice(((), tuple(draw.sample(list(Category), 3)), tuple(draw.sample(list(Category), 6)))),
            items=draw.choice(((), (), ("i-1",))),
            said_by=draw.choice((GivenBy.SELF, GivenBy.SELF, GivenBy.PARENT)),
            lifted_by=draw.choice((None, None, None, "K0")),
        )

    def _finding(self) -> Finding:
        draw = self._draw
        found = self._at - timedelta(days=draw.choice((0, 10, 100, 700)))
        lifted = draw.choice((None, found + timedelta(days=draw.choice((5, 50, 100, 300)))))
        return Finding(found, lifted, draw.choice(("", "A", "C")))

    def _item(self, category: Category | None, entry: int) -> Item:
        draw = self._draw
        chosen = category or (draw.choice(self._open) if draw.random() < 0.8 else draw.choice(list(Category)))
        place = draw.choice(("", "", "", ".address"))
        return self._vary(
            Item(f"Bundle.entry[{entry}].resource{place}", chosen, CLIENT, item_id=draw.choice((None, "i-1", "i-2"))),
            0.008,
            subject=lambda: draw.choice((None, "s-other")),
            confidentiality=lambda: draw.choice("ULMNRV"),
            sensitivity=lambda: (draw.choice(("MH", "SDV", "SUD", "RACE", "HIV", "XYZ")),),
            essential=lambda: True,
            third_party=lambda: True,
            mentioned=lambda: True,
            privileged=lambda: draw.random() < 0.3,
            shelter=lambda: True,
            source_agency=lambda: draw.choice(("A", "C")),
            lineage=lambda: draw.choice(("", "X")),
        )

    def _party(self, agency: str) -> Party:
        draw = self._draw
        return self._vary(
            Party(agency),
            0.004,
            agency=lambda: draw.choice(("A", "B", "C")),
            lane=lambda: draw.choice(("womens", "womens", "custodian", "funder")),
            pack=lambda: "us",
            status=lambda: draw.choice(("suspended", "ended")),
            known=lambda: False,
            kind=lambda: draw.choice(("program", "person")),
            program=lambda: "p",
            person=lambda: "w",
            relayed=lambda: True,
            knows_abuser=lambda: True,
        )

    def _agreement(self, number: int) -> Agreement:
        draw = self._draw
        made = replace(
            AGREEMENT,
            agreement_id=f"G{number}",
            version=draw.randint(1, 3),
            purposes=(self._purpose,),
            categories=tuple(self._mostly(list(Category), 0.9)),
        )
        return self._vary(
            made,
            0.005,
            parties=lambda: draw.choice((("B", "A"), ("A", "C"))),
            purposes=lambda: (draw.choice(list(Purpose)),),
            events=lambda: draw.choice(((), ("notify-update-process-request",))),
            status=lambda: draw.choice(("suspended", "ended")),
            valid_from=self._near,
            expires_at=self._near,
            discloser=lambda: draw.choice(("A", "B")),
        )

    def _pack(self) -> PackFacts:
        draw = self._draw
        return self._vary(
            BASELINE.pack,
            0.01,
            pack=lambda: draw.choice(("us", "ca-on+us")),
            known=lambda: False,
            life_months_max=lambda: draw.choice((1, 6, 12)),
            verbal_days=lambda: draw.choice((1, 5, 30)),
            text_versions=lambda: ("sharing-v1", "sharing-v3"),
            redisclosure=lambda: tuple(draw.sample(self._open, 2)),
        )

    def _system(self) -> SystemFacts:
        draw = self._draw
        return self._vary(
            SystemFacts(),
            0.004,
            authenticated=lambda: False,
            schema=lambda: False,
            labelled=lambda: False,
            identity=lambda: draw.choice(("none", "ambiguous")),
            registry=lambda: "down",
            replicas_agree=lambda: False,
            audit=lambda: "down",
            decision_age_s=lambda: draw.choice((1.0, 900.0, 900.5)),
        )

    def _near(self) -> datetime:
        """An instant at the edge of now, or some weeks off."""
        offsets = (-SECOND, timedelta(0), SECOND, -40 * ONE_DAY, 40 * ONE_DAY, 40 * ONE_DAY)
        return self._at + self._draw.choice(offsets)

    def _capped(self) -> datetime:
        """A capture whose longest life ends about now."""
        return (self._at - timedelta(days=730)).replace(day=self._draw.randint(1, 28))

    def _day(self, days: int) -> date:
        return (self._at + days * ONE_DAY).date()

    def _is_rare(self, share: float) -> bool:
        return self._draw.random() < share

    def _some(self, of: Sequence[_T], share: float) -> list[_T]:
        return [each for each in of if self._draw.random() < share]

    def _mostly(self, of: Sequence[Category], share: float) -> list[Category]:
        """The same of categories; what nearly every message must have is left out only seldom."""
        return [each for each in of if self._draw.random() < (0.995 if each in ALWAYS else share)]

    def _vary(self, row: _T, share: float, **changes: Any) -> _T:
        """The row with each of these fields drawn anew, each with so small a share."""
        changed = {name: change() for name, change in changes.items() if self._draw.random() < share}
        return replace(row, **changed) if changed else row  # type: ignore[type-var]
