"""What is expected is said beforehand, and every other answer is a difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from hub.sample import expectation
from hub.sample.expectation import (
    REPORT,
    REQUEST,
    Answer,
    Expected,
    differences,
    expected,
    mismarked,
    read,
    unnamed,
    write,
)
from hub.sample.icare_papers import told_of
from hub.sample.network import Network
from hub.sample.scenarios import EXPECTED, UNREADABLE, Scenario
from hub.sample.tally import REFERRAL, STATUS, Message, Received


def answered(network: Network) -> tuple[list[Message], list[str]]:
    """Everybody is answered as is due: the messages, and what is no message."""
    found, unread = [], []
    for number, each in enumerate(expected(network)):
        about = {"event": each.event, "to": each.recipient}
        for answer in each.answers:
            if answer.code == "DN_SCHEMA":
                unread.append(each.source)
            else:
                more = (answer.code, answer.code, answer.withheld)
                found.append(Message(f"m-{number}", "", each.source, *more, **about))
    return found, unread


def test_everybody_has_an_expected_answer_and_what_is_due_is_no_difference(network: Network) -> None:
    found, unread = answered(network)

    compared, wrong = differences(expected(network), found, unread, {})

    assert (compared, wrong) == (sum(len(each.answers) for each in expected(network)), [])


def test_a_code_is_that_of_its_scenario_and_only_what_goes_leaves_something_behind(network: Network) -> None:
    for each in expected(network):
        answer, *later = each.answers
        if each.event == REPORT:
            continue
        scenario = Scenario(each.scenario)
        assert [one.code for one in later] == (["OK_CONSENT"] if scenario is Scenario.NOT_YET else [])
        assert answer.code == ("DN_SCHEMA" if scenario in UNREADABLE else EXPECTED[scenario])
        assert answer.code.startswith("OK_") or answer.withheld == ()


def test_of_a_month_all_are_due_but_the_services_of_whom_the_funder_does_not_find(network: Network) -> None:
    who = network.reported()
    due = {each.source.partition("/")[2]: each.answers for each in expected(network) if each.event == REPORT}

    assert len(who) > 1
    assert list(due) == [f"{kind}:{n}" for n in range(1, len(who) + 1) for kind in ("profile", "report")][:-1]
    assert {answer.code for (answer,) in due.values()} == {"OK_NOTICE_BASED"}
    for place, person in enumerate(who, start=1):
        (answer,) = due[f"profile:{place}"]
        assert answer.withheld == (() if "CONTACT" in told_of(person) else ("CONTACT",))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        pytest.param({"gate_1": "DN_EXPIRED"}, "DN_EXPIRED without", id="another code"),
        pytest.param({"left": ()}, "OK_CONSENT where", id="more went than may"),
        pytest.param({"to": "elsewhere"}, "to elsewhere, which was not asked", id="it leads to another agency"),
        pytest.param({"event": "abort"}, "abort to ", id="it asks for something else"),
        pytest.param({"left": ("IDENT", "IMMIG")}, "without IDENT IMMIG where", id="something else stayed behind"),
    ],
)
def test_what_comes_otherwise_is_named_by_record_codes_and_categories(
    network: Network, change: dict[str, object], word: str
) -> None:
    found, unread = answered(network)
    at = next(place for place, each in enumerate(found) if each.gate_1 == "OK_CONSENT" and len(each.left) > 1)
    found[at] = replace(found[at], **change)

    [wrong] = differences(expected(network), found, unread, {})[1]

    assert wrong.startswith(f"{found[at].source}: ")
    assert word in wrong


def test_who_is_not_answered_is_a_difference_and_so_is_an_answer_to_nobody(network: Network) -> None:
    found, unread = answered(network)
    nobody = replace(found[0], source="harbour-cms/referral_out:999999")

    wrong = differences(expected(network), [nobody, *found[1:]], unread[1:], {})[1]

    assert len(wrong) == 3
    assert sum("no answer where" in each for each in wrong) == 2
    assert sum("where nothing was due" in each for each in wrong) == 1


def test_what_the_story_adds_is_due_too(network: Network) -> None:
    found, unread = answered(network)
    more = {found[0].source: (Answer("OK_CONSENT"),), "harbour-cms/override:1": (Answer("OV_STATUTORY"),)}

    compared, wrong = differences(expected(network), found, unread, more)

    assert compared == sum(len(each.answers) for each in expected(network)) + 2
    assert len(wrong) == 2


def test_an_answer_to_a_referral_passes_by_itself_and_never_from_a_shelter(network: Network) -> None:
    found, unread = answered(network)
    said = replace(found[0], source="lakeside-cms/referral_in:1", gate_1="OK_STATUS_ONLY", kind=STATUS)
    hidden = replace(said, source="sparrow-cms/referral_in:1")

    assert differences(expected(network), [*found, said], unread, {})[1] == []
    assert len(differences(expected(network), [*found, hidden], unread, {})[1]) == 1


def test_a_refusal_may_be_said_twice_and_a_permit_not(network: Network) -> None:
    found, unread = answered(network)
    refused = next(each for each in found if each.gate_1 == "DN_NO_CONSENT")
    passed = next(each for each in found if each.gate_1 == "OK_CONSENT")

    assert differences(expected(network), [*found, refused], unread, {})[1] == []
    [wrong] = differences(expected(network), [*found, passed], unread, {})[1]
    assert wrong.startswith(f"{passed.source}: OK_CONSENT")
    assert "no answer was due" in wrong


def test_a_record_that_was_corrected_is_first_unreadable_and_then_judged(network: Network) -> None:
    found, unread = answered(network)
    to = next(each.recipient for each in expected(network) if each.source == unread[0])
    about = {"event": REQUEST, "to": to}
    corrected = Message("m-later", "", unread[0], "OK_CONSENT", "OK_CONSENT", (), **about)
    more = {unread[0]: (Answer("OK_CONSENT"),)}

    assert differences(expected(network), [*found, corrected], unread, more)[1] == []
    assert len(differences(expected(network), [*found, corrected], unread[1:], more)[1]) == 2


def test_every_code_that_the_sample_meets_is_explained_to_a_worker() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "agency.md").read_text(encoding="utf-8")

    assert [
        code for code in sorted(set(EXPECTED.values())) if code.startswith("DN_") and f"`{code}`" not in guide
    ] == []


def test_a_refusal_that_does_not_name_the_element_is_found(network: Network) -> None:
    due = list(expected(network))
    told = {each.source: each.element for each in due if each.element}

    def inboxes(word: str) -> dict[str, list[Received]]:
        found: dict[str, list[Received]] = {}
        for source, element in told.items():
            system, _, record = source.partition("/")
            found.setdefault(system, []).append(Received("", "refusal", record, "DN", place=word or element))
        return found

    assert {"verbal_note", "identifier.value", "urgency", "birth_date"} < set(told.values())
    assert unnamed(due, inboxes("")) == []
    assert len(unnamed(due, inboxes("consent: got nothing"))) == len(told)
    assert len(unnamed(due, {})) == len(told)


@pytest.mark.parametrize("kept_back", [True, False])
def test_a_referral_that_says_to_be_whole_and_is_not_is_found_and_the_other_way_round(
    network: Network, kept_back: bool
) -> None:
    each = next(
        each
        for each in expected(network)
        if each.answers[0].code == "OK_CONSENT" and bool(each.answers[0].kept_back) is kept_back
    )
    message = Message("m-1", "", each.source, "OK_CONSENT", "OK_CONSENT", envelope_id="e-1")

    def inbox(mark: bool) -> dict[str, list[Received]]:
        return {"lakeside-cms": [Received("e-1", REFERRAL, incomplete=mark)]}

    assert list(mismarked([each], {}, [message], inbox(kept_back))) == []
    assert len(list(mismarked([each], {}, [message], inbox(not kept_back)))) == 1
    later = {each.source: (Answer("OK_CONSENT", kept_back=() if kept_back else ("LANG",)),)}
    assert len(list(mismarked([each], later, [message], inbox(kept_back)))) == 1, "what the story adds counts"


def test_what_is_left_out_by_the_client_is_a_part_of_what_is_left_out(network: Network) -> None:
    answers = [each.answers[0] for each in expected(network)]

    assert any(answer.kept_back for answer in answers)
    assert all(set(answer.kept_back) <= set(answer.withheld) for answer in answers)
    assert not any("IMMIG" in answer.kept_back for answer in answers), "no referral has a use for it"


def test_what_was_written_down_is_read_again_to_the_last_word(network: Network) -> None:
    write(network)

    again, due = list(read(network)), list(expected(network))
    assert again == due
    assert [each.answers[0].kept_back for each in again] == [each.answers[0].kept_back for each in due]


def test_what_is_interrupted_is_not_taken_for_the_whole(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_and_no_more(network: Network) -> Iterator[Expected]:
        yield from islice(expected(network), 1)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(expectation, "expected", one_and_no_more)
        write(network)

    assert not expectation.file(network).exists()
    assert write(network).exists()
    assert len(list(read(network))) > 1
