"""One thing changed in recorded facts: what it reaches, what it must not reach, and what is no draft."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from consent.decide import decide
from consent.model import Facts
from consent.simulate import Draft, flip, read_draft
from hub.errors import MessageRejected
from tests.builders import BASELINE, CLIENT


def draft(**said: Any) -> Draft:
    return read_draft(orjson.dumps(said))


(K,) = BASELINE.subjects[CLIENT].consents
(AGREED,) = BASELINE.agreements


def codes(facts: Facts, one: Draft) -> tuple[list[str], list[str]] | None:
    found = flip(facts, one)
    return ([*found.before.codes], [*found.after.codes]) if found else None


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ({"consent": K.consent_id, "changes": {"state": "WITHDRAWN"}}, "DN_WITHDRAWN"),
        ({"consent": K.consent_id, "changes": {"purposes": ["FOLLOW_UP"]}}, "DN_PURPOSE"),
        ({"agreement": AGREED.agreement_id, "changes": {"status": "suspended"}}, "DN_NO_AGREEMENT"),
        ({"directive": {"client": CLIENT, "recipients": [BASELINE.recipient.agency]}}, "DN_DIRECTIVE"),
        ({"pack": BASELINE.pack.pack, "changes": {"life_months_max": 1}}, "DN_EXPIRED"),
    ],
)
def test_a_change_that_forbids_flips_a_permit_and_says_why(said, after):
    assert decide(BASELINE).permits

    assert codes(BASELINE, draft(**said)) == ([*decide(BASELINE).codes], [after])


def test_a_narrower_tick_flips_what_goes_though_it_still_permits():
    narrower = [{"category": each.category.value} for each in K.categories if each.category != "NEEDS"]
    found = flip(BASELINE, draft(consent=K.consent_id, changes={"categories": narrower}))
    several = {item.category for item in BASELINE.message.items}

    assert "NEEDS" in several, "else this shows nothing"
    assert found is not None
    assert found.before != found.after


def test_a_consent_more_opens_what_was_refused_for_want_of_one():
    refused = replace(BASELINE, subjects={CLIENT: replace(BASELINE.subjects[CLIENT], consents=(), directives=())})
    whole = orjson.loads(orjson.dumps(replace(K, consent_id="x"), option=orjson.OPT_SERIALIZE_DATACLASS, default=list))
    named = {name: value for name, value in whole.items() if value not in (None, [], {})}
    for name in ("consent_id", "version", "subject_ref", "registry_seq", "state_events"):
        named.pop(name, None)

    found = flip(refused, draft(consent={"client": CLIENT, **named}))

    assert found is not None
    assert (found.before.codes[0], found.after.codes[0]) == ("DN_NO_CONSENT", "OK_CONSENT")


def test_a_consent_more_that_lacks_what_it_must_hold_opens_nothing():
    refused = replace(BASELINE, subjects={CLIENT: replace(BASELINE.subjects[CLIENT], consents=())})

    assert flip(refused, draft(consent={"client": CLIENT, "discloser": BASELINE.sender.agency})) is None


@pytest.mark.parametrize(
    "said",
    [
        {"consent": "another", "changes": {"state": "WITHDRAWN"}},
        {"agreement": "another", "changes": {"status": "ended"}},
        {"directive": {"client": "somebody else"}},
        {"pack": "eu", "changes": {"verbal_days": 1}},
        {"agreement": {"parties": ["x", "y"]}},
        {"consent": K.consent_id, "changes": {"state": K.state.value}},
    ],
)
def test_what_a_decision_does_not_rest_on_flips_nothing(said):
    assert flip(BASELINE, draft(**said)) is None


def test_between_two_packs_either_of_them_is_changed():
    between = replace(BASELINE, pack=replace(BASELINE.pack, pack="ca-on+us"))

    assert draft(pack="us", changes={"life_months_max": 1}).apply(between).pack.life_months_max == 1
    assert draft(pack="us", changes={"life_months_max": 99}).apply(between) == between, "the other pack's may govern"
    assert draft(pack="eu", changes={"life_months_max": 1}).apply(between) == between


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"", "draft: got no JSON"),
        (b"[]", "draft: got an array"),
        (b"{}", "draft: got none of them"),
        (b'{"consent": "c", "pack": "p", "changes": {}}', "draft: got consent, pack"),
        (b'{"consent": "c"}', "draft.consent: got something else"),
        (b'{"consent": "c", "changes": {}}', "draft.consent: got something else"),
        (b'{"consent": "c", "changes": {"state": "GIVEN"}}', "changes.state: got `aaaaa`"),
        (b'{"consent": "c", "changes": {"mood": "good"}}', "changes.*: got an element of another name"),
        (b'{"consent": "c", "changes": {"subject_ref": "s"}}', "draft: subject_ref"),
        (b'{"consent": "c", "changes": {"state": "ACTIVE"}, "and": 1}', "draft.consent: got something else"),
        (b'{"consent": {"recipients": []}}', "draft.consent: got something else"),
        (b'{"directive": "d", "changes": {"recipients": []}}', "draft.directive: got something else"),
        (b'{"directive": {"client": 7}}', "draft.directive: got something else"),
        (b'{"agreement": "a", "changes": {"version": 2}}', "draft: version"),
        (b'{"pack": {"verbal_days": 1}}', "draft.pack: got something else"),
        (b'{"pack": "p", "changes": {"known": true}}', "draft: known"),
        (b'{"pack": "p", "changes": {"verbal_days": "7"}}', "changes.verbal_days: got"),
        (
            b'{"pack": "p", "changes": {"verbal_days": 7, "verbal_days": 8}}',
            "draft.*.verbal_days: got an element",
        ),
    ],
)
def test_what_is_no_draft_is_refused_with_its_place(document, place):
    with pytest.raises(MessageRejected) as refused:
        read_draft(document)

    assert str(refused.value).startswith(place)
