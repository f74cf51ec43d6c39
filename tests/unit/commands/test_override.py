"""``hub override``: declared by hand, approved at another account, ended, reviewed; and who may do which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.danger import FACT, declare, declared, in_danger, limbs, other
from tests.network import Network
from tests.unit.commands.conftest import Desk

WHY = "He said at nine that he has bought a rope and asked whether anybody would miss him; I heard it myself."
REASONS = "The worker heard it herself, the crisis team was the one who could help, and no more was sent."
FOUND = {
    "client": [{"last_name": "Moreau", "first_name": "Éloi", "birth_date": "1987-02-03", "birth_date_quality": "E"}]
}


def document(code: str = "DOC-SELF", to: str = "hospital", **change: Any) -> str:
    """What a worker of an agency without a form writes."""
    said: dict[str, Any] = {
        "code": code,
        "recipient_org": to,
        "limbs": [{"limb": limb, "attested": 1, "fact": FACT} for limb in limbs(code)],
        "told": "A man of 39 says that he will hang himself tonight.",
        "narrative": WHY,
        "imminent": 0,
        "consent_sought": "unsafe-to-ask",
        "notice": "tell-after",
        **FOUND,
        **change,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})


@pytest.fixture
def network(tmp_path) -> Iterator[Network]:
    made = in_danger(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


DECLARE = ("override", "declare", "-", "--system", "harbour-cms", "--as", "w-301")


def given(desk: Desk, **change: Any) -> Any:
    """A declaration that goes, since danger is imminent and the attempts are written down."""
    return desk.json(*DECLARE, stdin=document(**{"imminent": 1, "attempts": "Rang both supervisors.", **change}))


def test_a_declaration_by_hand_goes_by_the_road(desk: Desk, network: Network):
    found = given(desk)
    network.run()

    (came,) = network.inbox("hospital", "override")
    assert found["goes"] is True
    assert found["code"] == "OV_SELF_HARM"
    assert came["payload"]["client"][0]["last_name"] == "Moreau"
    assert came["payload"]["override_no"] == found["override"]
    assert WHY not in json.dumps(came), "the narrative never leaves"


def test_the_document_in_the_agencys_guide_goes(desk: Desk, network: Network):
    guide = Path("docs/agency.md").read_text()
    said = guide.split("```json\n")[1].split("```")[0]

    assert desk.json(*DECLARE, stdin=said)["goes"] is True
    network.run()
    assert len(network.inbox("hospital", "override")) == 1


def test_a_child_is_named_by_the_document_or_by_its_record_and_not_by_both(desk: Desk, network: Network):
    said = document("ST-CHILD-PROTECT", "society", client=None, child_name="Moreau, Zoé", child_birth_date="2019-02-03")

    assert "--record" in desk.refused(*DECLARE, "--record", "harbour-cms/referral:1", stdin=said)


def test_two_people_declared_by_hand_are_two(desk: Desk, network: Network):
    given(desk)
    twin = {"last_name": "Dubois", "first_name": "Jean", "birth_date": "1951-11-30", "birth_date_quality": "E"}
    given(desk, client=[twin], narrative="This one said at ten that he has swallowed all of them. " * 2)

    with network.hub.store.peek() as rows:
        subjects = {each.subject for each in rows.overrides.every(10)}
    assert len(subjects) == 2


def test_a_second_person_at_an_account_of_their_own_approves_and_the_same_document_goes(desk: Desk, network: Network):
    said = desk.json(*DECLARE, stdin=document(), code=1)
    assert said["code"] == "OX_SECOND_PERSON"
    assert "approval: got none" in said["place"]

    assert "OX_SECOND_PERSON" in desk.refused("override", "approve", said["override"], "--as", "w-900")
    desk.os_user = "day-shift"
    assert "OX_SECOND_PERSON" in desk.refused("override", "approve", said["override"], "--as", "w-301")
    assert "is approved" in desk.ok("override", "approve", said["override"], "--as", "w-900")
    desk.os_user = "night-shift"

    assert desk.json(*DECLARE, stdin=document())["goes"] is True
    network.run()
    assert len(network.inbox("hospital", "override")) == 1


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        ({"limbs": [{"limb": "grounds", "attested": 1, "fact": FACT}]}, "OX_THRESHOLD", "necessary, serious"),
        ({"narrative": "Seemed low."}, "OX_CONTENT", "narrative: got 11 letters"),
        ({"told": "x" * 601}, "OX_CONTENT", "told: got 601 letters, expected 600"),
        ({"notice": "never"}, "OX_CONTENT", "consent_sought, notice"),
        ({"to": "landlord"}, "OX_RECIPIENT", "CRISIS, HOSPITAL, AMBULANCE, POLICE"),
        ({"to": "nobody"}, "DN_RECIPIENT", "directory has not exactly one"),
        ({"attempts": None}, "OX_SECOND_PERSON", "attempts"),
    ],
)
def test_what_it_lacks_is_said_in_a_sentence(desk: Desk, network: Network, change, code, names):
    result = desk.run(*DECLARE, stdin=document(**{"imminent": 1, "attempts": "Rang.", **change}))
    network.run()

    assert result.exit_code == 1
    assert f"IT DOES NOT GO ({code})" in result.stdout
    assert names in result.stdout
    assert not network.inbox("hospital")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("{", "FILE: got 1 bytes, expected JSON"),
        ("[]", "FILE: got something else, expected one object"),
        ('{"worker":"w-900"}', "FILE: got something else, expected one object without override_id, worker"),
        (document(recipient_org=None), "recipient_org"),
        (document(client=None), "client: got 0 rows"),
        (document(narrowed="EVERYTHING"), "narrowed"),
        (document(surprise=1), "surprise"),
        (document(limbs="all"), "limbs"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_in_one_line(desk: Desk, network: Network, data, place):
    assert place in desk.refused(*DECLARE, stdin=data)
    with network.hub.store.peek() as rows:
        assert rows.overrides.every(10) == []


def test_a_mandatory_report_that_cannot_go_says_to_telephone(desk: Desk):
    child = {"client": [{"last_name": "Moreau", "birth_date": "2019-02-03", "birth_date_quality": "E"}]}

    result = desk.run(*DECLARE, stdin=document("ST-CHILD-PROTECT", "hospital", **child))

    assert result.exit_code == 1
    assert "telephone at once" in result.stdout


def test_a_record_of_the_agency_says_who_it_is(desk: Desk, network: Network):
    declare(network, "DOC-SELF", "hospital")  # override:1 of Harbour's own system
    said = document(client=None, imminent=1, attempts="Rang.", narrative="Tonight she says that she has a knife. " * 3)

    assert desk.json(*DECLARE, "--record", "harbour-cms/override:1", stdin=said)["goes"] is True

    network.run()
    assert network.inbox("hospital", "override")[-1]["payload"]["client"][0]["last_name"] == "Okonkwo-Tremblay"
    with network.hub.store.peek() as rows:
        assert len({each.subject for each in rows.overrides.every(10)}) == 1


@pytest.mark.parametrize("name", ["lakeside-cms/override:1", "harbour-cms/", "nowhere/1", "harbour-cms/consent:77"])
def test_a_record_of_somebody_else_says_nothing(desk: Desk, name):
    assert "--record" in desk.refused(*DECLARE, "--record", name, stdin=document(client=None))


def test_an_override_ends_with_its_cause_and_tells_what_had_left(desk: Desk, network: Network):
    number = declared(network, declare(network, "DOC-SELF", "hospital")).override_id

    said = desk.json("override", "end", number, "--cause", "danger-passed", "--as", "w-301")

    assert len(said["arrived"]) == 1
    assert "--cause" in desk.refused("override", "end", number, "--cause", "bored", "--as", "w-301")


def test_the_queue_names_what_is_due_and_every_look_is_an_entry(desk: Desk, network: Network):
    calm = declared(network, declare(network, "DOC-SELF", "hospital")).override_id
    network.clock.advance(timedelta(hours=25))

    due = desk.json("override", "list", "--agency", "harbour", "--as", "w-500")["due"]

    assert [(each["part"], each["late"]) for each in due] == [("self", "LATE"), ("notice", ""), ("officer", "")]
    assert {each["override"] for each in due} == {calm}
    assert desk.entries()[-1]["event_type"] == "VIEW"
    assert "w-900" not in desk.ok("override", "list", "--as", "w-500"), "their own agency, without being asked"


def test_an_officer_reads_the_words_and_closes_the_review(desk: Desk, network: Network, tmp_path):
    number = declared(network, declare(network, "DOC-SELF", "hospital")).override_id
    words = tmp_path / "why.txt"
    words.write_text(REASONS)
    review = ("override", "review", number, "--words", str(words))

    shown = desk.json("override", "show", number, "--as", "w-500")
    assert shown["words"]["narrative"].startswith("At nine she said")
    assert shown["words"]["limb:serious"] == FACT
    assert [entry["what"] for entry in desk.entries() if entry["event_type"] == "VIEW"] == ["override"]

    desk.ok(*review, "--part", "self", "--outcome", "DONE", "--as", "w-301")
    desk.ok(*review, "--part", "officer", "--outcome", "UPHELD", "--as", "w-500")
    later = (network.clock.now() + timedelta(days=20)).date().isoformat()
    withheld = ("--part", "notice", "--outcome", "WITHHELD", "--reason", "RAISES_DANGER", "--recheck-on", later)
    desk.ok(*review, *withheld, "--as", "w-500")
    assert [each["part"] for each in desk.json("override", "list", "--agency", "harbour", "--as", "w-500")["due"]] == [
        "notice"
    ]
    desk.ok(*review, "--part", "notice", "--outcome", "GIVEN", "--as", "w-500")
    assert "nothing is due" in desk.ok("override", "list", "--agency", "harbour", "--as", "w-500")
    assert REASONS not in json.dumps(desk.entries()), "reasons are sealed, never in the log"


@pytest.mark.parametrize("outcome", ["UPHELD_EXCESS", "NOT_JUSTIFIED", "MISUSE"])
def test_these_outcomes_open_a_breach_assessment(desk: Desk, network: Network, outcome):
    number = declared(network, declare(network, "DOC-SELF", "hospital")).override_id

    desk.ok(
        *("override", "review", number, "--part", "officer", "--outcome", outcome, "--words", "-", "--as", "w-500"),
        stdin=REASONS,
    )

    parts = [each["part"] for each in desk.json("override", "list", "--agency", "harbour", "--as", "w-500")["due"]]
    assert "breach" in parts


REFUSED = [
    pytest.param("officer", "UPHELD", "w-301", "OX_ROLE", id="a worker is no reviewer"),
    pytest.param("self", "DONE", "w-500", "OX_ROLE", id="a self-review is one's own"),
    pytest.param("officer", "SEEN", "w-500", "UPHELD", id="SEEN is of a mandatory report alone"),
    pytest.param("officer", "GOOD", "w-500", "--outcome", id="another word"),
    pytest.param("breach", "NO_BREACH", "w-500", "no breach of this override", id="a part that is not due"),
    pytest.param("notice", "WITHHELD", "w-500", "no reason", id="a notice that waits without a reason"),
]


@pytest.mark.parametrize(("part", "outcome", "by", "says"), REFUSED)
def test_a_review_that_may_not_end_so_is_refused(desk: Desk, network: Network, part, outcome, by, says):
    number = declared(network, declare(network, "DOC-SELF", "hospital")).override_id
    call = ("override", "review", number, "--part", part, "--outcome", outcome, "--words", "-", "--as", by)

    assert says in desk.refused(*call, stdin=REASONS)


def test_who_approved_it_does_not_review_it(desk: Desk, network: Network):
    number = declared(network, declare(network, "DOC-SELF", "hospital", approved_by="w-500")).override_id
    call = ("override", "review", number, "--part", "officer", "--outcome", "UPHELD", "--words", "-")

    assert "OX_CONFLICT_OF_INTEREST" in desk.refused(*call, "--as", "w-500", stdin=REASONS)
    assert "UPHELD" in desk.ok(*call, "--as", "w-501", stdin=REASONS)


def test_who_is_close_to_the_client_does_not_review_it(desk: Desk, network: Network):
    found = declared(network, declare(network, "DOC-SELF", "hospital"))
    with network.hub.store.peek() as rows:
        alias = rows.subjects.aliases(found.subject)["harbour"]
    desk.ok(
        "subjects", "conflict", alias, "--agency", "harbour", "--worker", "w-500", "--kind", "relative", "--as", "w-501"
    )
    call = ("override", "review", found.override_id, "--part", "officer", "--outcome", "UPHELD", "--words", "-")

    assert "OX_CONFLICT_OF_INTEREST" in desk.refused(*call, "--as", "w-500", stdin=REASONS)

    desk.ok("subjects", "conflict", alias, "--agency", "harbour", "--worker", "w-500", "--as", "w-501")
    assert "UPHELD" in desk.ok(*call, "--as", "w-500", stdin=REASONS)


def test_another_agency_sees_nothing_of_it(desk: Desk, network: Network):
    number = declared(network, declare(network, "DOC-SELF", "hospital", other(network, 1))).override_id

    for call in (("show", number), ("approve", number), ("end", number, "--cause", "revoked"), ("reached", number)):
        assert "--as" in desk.refused("override", *call, "--as", "lakeside-worker")
    assert "--as" in desk.refused("override", "list", "--agency", "harbour", "--as", "harbour-worker")
