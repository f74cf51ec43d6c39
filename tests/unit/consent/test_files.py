"""Several files of one person, as pure rules (I-07): who is linked with whom, and what stays when they are parted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consent.files import Others, around, as_directives, as_one, kept, others
from consent.model import Consent, Directive, Link, Recipient, SubjectFacts
from consent.model.words import Category, ConsentState, GivenBy, Purpose, SafetyFlag

A_B, B_C, D_E = Link("a", "b", confirmed=True), Link("b", "c", confirmed=False), Link("d", "e", confirmed=True)
LINKS = {ref: around(ref, [A_B, B_C, D_E]) for ref in "abcdef"}
FORM = Consent(
    consent_id="c-1",
    version=2,
    subject_ref="a",
    state=ConsentState.DECLINED,
    registry_seq=7,
    discloser="harbour",
    recipients=(Recipient("lakeside"),),
    purposes=(Purpose.REFERRAL,),
    categories=(),
    pack="ca-on",
    pack_version=1,
)


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("a", Others(("b",), ("c",))),
        ("b", Others(("a",), ("c",))),
        ("c", Others((), ("a", "b"))),
        ("e", Others(("d",), ())),
        ("f", Others()),
    ],
)
def test_a_file_beyond_an_unconfirmed_link_is_one_of_which_it_is_said(ref: str, found: Others) -> None:
    assert others(ref, LINKS) == found


def test_the_file_that_is_kept_is_the_one_that_has_gone_into_no_other() -> None:
    chain = {ref: (A_B, Link("b", "c", confirmed=True)) for ref in "abc"}
    fork = {ref: (A_B, Link("a", "c", confirmed=True)) for ref in "abc"}

    assert [kept(ref, LINKS) for ref in "abcf"] == ["b", "b", "c", "f"]
    assert [kept(ref, chain) for ref in "abc"] == ["c", "c", "c"]
    assert [kept(ref, fork) for ref in "abc"] == ["b", "b", "b"]  # of two the first, for each of them
    assert {kept(ref, {each: (A_B, Link("b", "a", confirmed=True)) for each in "ab"}) for ref in "ab"} == {"a"}


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        pytest.param({}, {}, id="a decline: whole, whatever it listed"),
        pytest.param({"unreadable": ("recipient_org",)}, {"recipients": ()}, id="of whom it cannot be read: everybody"),
        pytest.param({"unreadable": ("purposes",)}, {"purposes": ()}, id="for what it cannot be read: for everything"),
        pytest.param(
            {"state": ConsentState.ACTIVE, "exclusions": ("HEALTH_MENTAL",)},
            {"categories": (Category.HEALTH_MENTAL,)},
            id="a category that a form locks out",
        ),
        pytest.param(
            {"state": ConsentState.SUSPENDED, "exclusions": ("HEALTH_MENTAL", "note:1")},
            {},
            id="what is no category may be anything: all of it",
        ),
    ],
)
def test_s37_what_a_record_forbids_stays_as_a_directive(said: dict[str, Any], stays: dict[str, Any]) -> None:
    no = Directive("", "a", 0, ("lakeside",), purposes=(Purpose.REFERRAL,), said_by=GivenBy.SELF, taken_by="harbour")

    assert as_directives(SubjectFacts("a", 1, consents=(replace(FORM, **said),))) == [replace(no, **stays)]


@pytest.mark.parametrize("state", [each for each in ConsentState if each is not ConsentState.DECLINED])
def test_s37_what_allows_and_locks_nothing_out_leaves_no_directive(state: ConsentState) -> None:
    lifted = Directive("d-1", "a", 1, lifted_by="worker:w-1")
    known = SubjectFacts("a", 1, consents=(replace(FORM, state=state),), directives=(lifted,))

    assert as_directives(known) == []


@pytest.mark.parametrize(
    ("state", "agency", "suspends"),
    [
        (ConsentState.WITHDRAWN, "lakeside", True),
        (ConsentState.WITHDRAWN, "elsewhere", False),
        (ConsentState.ACTIVE, "lakeside", False),
        (ConsentState.EXPIRED, "lakeside", False),
    ],
)
def test_c_109_a_withdrawal_in_a_file_that_is_perhaps_theirs(state: ConsentState, agency: str, suspends: bool) -> None:
    own, other = SubjectFacts("b", 1), SubjectFacts("a", 1, consents=(replace(FORM, state=state),))

    assert as_one(own, [], [other], agency).unproven_no is suspends
    assert as_one(own, [other], [], agency).unproven_no is False  # confirmed: what it allowed was suspended then


def test_i_07_of_the_other_file_only_what_forbids_is_looked_at() -> None:
    given = replace(FORM, consent_id="c-2", state=ConsentState.ACTIVE)
    other = SubjectFacts("a", 1, consents=(FORM, given), flags=(SafetyFlag.PROTECTED_LOCATION,), corrupt=True)

    one = as_one(SubjectFacts("b", 4), [other], [], "lakeside")

    assert (one.subject_ref, one.version, one.corrupt) == ("b", 4, True)
    assert (one.consents, one.flags) == ((FORM,), (SafetyFlag.PROTECTED_LOCATION,))
