"""Messages that an agency's own software hands in: about nobody, and what the hub does not carry (settled S35, S38).

Over the whole road: the call, gate 1, the bus, gate 2, the recipient's ``hub_inbox``.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from consent.model.words import OFF_BUS_EVENTS, Purpose, Risk
from hub.directory.catchment import ACCESSIBILITY, AGE_BANDS
from hub.directory.words import SERVICE_WANTED
from hub.errors import MessageRejected
from hub.exchange.process import Processed, process_message
from hub.model.codes import kebab
from hub.model.directory import Agency, System
from hub.model.fhir import Resource
from tests.door import Door
from tests.network import EVENTS, NOON, Network, agreement, refer
from tests.posted import basic, message, written
from tests.shapes import ON_SQLITE
from tests.unit.commands.conftest import Desk

ATTRIBUTES = (
    ("age-band", "valueCode", "25-34"),
    ("language", "valueCode", "am"),
    ("accessibility", "valueCode", "step-free"),
)
ROOM = (("service-wanted", "valueCode", "employment"), ("starts-from", "valueDate", "2026-07"))
PLACES = (("places", "valueInteger", 2), ("earliest", "valueDate", "2026-07-06"))
CATCHMENT = "age_band,language,accessibility,people\n,,,500000\n25-34,am,step-free,{people}\n25-34,,,90000\n"


@dataclass
class Desks:
    """Harbour's and Lakeside's own software."""

    network: Network

    def hand_in(self, bundle: Resource, by: str = "harbour") -> Processed:
        house = self.network.hub.house
        return process_message(house, self.network.directory().systems[f"{by}-cms"], written(bundle))


@pytest.fixture
def desks(network: Network) -> Desks:
    catchment(network)
    return Desks(network)


def catchment(network: Network, people: int = 4200) -> None:
    (network.dir / "hub" / "catchment.csv").write_text(CATCHMENT.format(people=people))
    network.reopen(people)


def enquiry(*more: tuple[str, str, Any], **other: Any) -> Resource:
    return message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", *ROOM, *more, **other))


def with_header(bundle: Resource, **change: Any) -> Resource:
    first, *rest = bundle["entry"]
    return {**bundle, "entry": [{**first, "resource": {**first["resource"], **change}}, *rest]}


def decided(network: Network) -> list[tuple[str, str, str]]:
    return [
        (each["stage"], each["outcome"], each["codes"][0])
        for each in network.entries()
        if each["event_type"] in ("DECISION", "DELIVERY")
    ]


def test_c_03_c_08_an_enquiry_about_nobody_and_its_answer_arrive_without_consent_or_agreement(network, desks):
    asked = desks.hand_in(enquiry(*ATTRIBUTES))
    network.run()

    (arrived,) = network.inbox("lakeside")
    number = arrived["hub_referral_no"]
    assert (arrived["kind"], arrived["client_id"], arrived["incomplete"]) == ("enquiry", None, 0)
    assert arrived["payload"] == {
        "from_org": "harbour",
        "service_wanted": "employment",
        "starts_from": "2026-07",
        "age_band": "25-34",
        "language": "am",
        "accessibility": [{"code": "step-free"}],
    }
    assert asked.message.referral_no == number
    answer = message("capacity-answer", "lakeside", "harbour", basic("capacity-answer", *PLACES), number=number)
    assert desks.hand_in(answer, "lakeside").decision.permits
    network.run()
    (answered,) = network.inbox("harbour")
    assert (answered["kind"], answered["hub_referral_no"]) == ("enquiry-answer", number)
    assert answered["payload"] == {"from_org": "lakeside", "places": 2, "earliest": "2026-07-06"}
    assert decided(network) == [("P-2", "PERMIT", "OK_ANON_ENQUIRY")] * 4
    assert network.verifies()


def test_c_176_a_danger_without_a_word_on_who_it_is_arrives(network, desks):
    said = (
        ("risk", "valueCode", "self-harm"),
        ("risk", "valueCode", "harm-others"),
        ("age-band", "valueCode", "25-34"),
    )

    found = desks.hand_in(message("risk-filter", "harbour", "lakeside", basic("risk-filter", *said)))
    network.run()

    assert (found.decision.outcome, found.decision.codes) == ("PERMIT", ("OK_ANON_ENQUIRY",))
    (arrived,) = network.inbox("lakeside", "risk-filter")
    assert arrived["payload"] == {
        "from_org": "harbour", "age_band": "25-34", "risk": [{"code": "HARM_OTHERS"}, {"code": "SELF_HARM"}],
    }  # fmt: skip


PATIENT = {
    "resourceType": "Patient",
    "meta": {
        "source": "https://harbour.example.org",
        "security": [{"system": "https://hub.example.org/fhir/CodeSystem/client-data-category", "code": "ident"}],
    },
    "identifier": [{"system": "https://hub.example.org/id/uci", "value": "1100000001"}],
    "active": True,
    "name": [{"use": "official", "family": "Ligeti", "given": ["Ana"]}],
}


def test_c_04_an_enquiry_that_names_the_client_is_an_ordinary_message_without_consent(network, desks):
    every = (Purpose.REFERRAL, Purpose.CAPACITY_ENQUIRY)
    network.put(agreement(NOON, purposes=every, events=(*EVENTS, "capacity-enquiry")))
    refer(network)
    network.run()
    bundle = message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", *ROOM), PATIENT)

    found = desks.hand_in(bundle)

    assert (found.decision.outcome, found.decision.codes[0]) == ("DENY", "DN_NO_CONSENT")
    network.run()
    assert network.inbox("lakeside", "enquiry") == []
    assert "Ligeti" not in json.dumps(network.entries())


@pytest.mark.parametrize(
    ("bundle", "place"),
    [
        pytest.param(
            enquiry(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ana</div>'}),
            "Bundle.entry[3].resource.text",
            id="C-05 a free-text line",
        ),
        pytest.param(
            enquiry(identifier=[{"system": "https://harbour.example.org/pseudonym", "value": "p-17"}]),
            "Bundle.entry[3].resource.identifier",
            id="C-07 a pseudonym that may come again",
        ),
        pytest.param(
            enquiry(("note", "valueString", "x")), "Bundle.entry[3].resource.extension[2]", id="another element"
        ),
        pytest.param(
            enquiry(("starts-to", "valueDate", "1987-03")),
            "Bundle.entry[3].resource.extension[2]",
            id="a birth date as a start",
        ),
        pytest.param(
            enquiry(("starts-to", "valueDate", "2026-06")),
            "Bundle.entry[3].resource.extension(starts-to)",
            id="a start that ends before it begins",
        ),
        pytest.param(enquiry(author={"display": "Ana Ligeti"}), "Bundle.entry[3].resource.author", id="an author"),
        pytest.param(
            with_header(enquiry(), response={"identifier": "p-17", "code": "ok"}),
            "Bundle.entry[0].resource.response",
            id="a pseudonym in the header",
        ),
        pytest.param(
            with_header(enquiry(), extension=[{"url": "https://x.example.org/note", "valueString": "Ana Ligeti"}]),
            "Bundle.entry[0].resource.extension[0]",
            id="a text in the header",
        ),
        pytest.param(
            enquiry(("age-band", "valueCode", "27")), "Bundle.entry[3].resource.extension[2]", id="an age in years"
        ),
        pytest.param(
            enquiry(("age-band", "valueCode", "25-34"), ("age-band", "valueCode", "35-44")),
            "Bundle.entry[3].resource.extension(age-band)",
            id="two age bands",
        ),
        pytest.param(
            message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry")),
            "Bundle.entry[3].resource.extension(service-wanted)",
            id="nothing is asked for",
        ),
        pytest.param(
            message("capacity-enquiry", "harbour", "lakeside", basic("risk-filter", *ROOM)),
            "Bundle.entry[3].resource.code",
            id="what another event holds",
        ),
        pytest.param(
            message(
                "capacity-enquiry",
                "harbour",
                "lakeside",
                basic("capacity-enquiry", *ROOM),
                {"resourceType": "Practitioner", "name": [{"family": "Ligeti"}]},
            ),
            "Bundle.entry[4].resource",
            id="somebody beside it",
        ),
    ],
)
def test_what_is_none_of_its_codes_may_be_known_again(network, desks, bundle, place):
    found = desks.hand_in(bundle)

    assert (found.decision.outcome, found.decision.stage, found.decision.codes) == ("DENY", "P-2", ("DN_REIDENTIFY",))
    assert place in found.anonymous.strange
    network.run()
    assert network.inbox("lakeside") == []


@pytest.mark.parametrize(("people", "outcome"), [(10, "DENY"), (11, "PERMIT")])
def test_c_06_of_fewer_than_eleven_people_one_may_be_known(network, people, outcome):
    catchment(network, people)

    assert Desks(network).hand_in(enquiry(*ATTRIBUTES)).decision.outcome == outcome


def test_c_06_what_the_catchment_does_not_list_is_nobody_and_without_a_file_so_is_everybody(network, desks):
    rare = enquiry(("language", "valueCode", "rop"))

    assert desks.hand_in(rare).decision.codes == ("DN_REIDENTIFY",)
    (network.dir / "hub" / "catchment.csv").unlink()
    network.reopen(1)
    assert desks.hand_in(enquiry()).decision.codes == ("DN_REIDENTIFY",)


def test_c_06_the_count_is_asked_again_when_it_is_handed_over(network, desks):
    assert desks.hand_in(enquiry(*ATTRIBUTES)).decision.permits
    catchment(network, 3)

    network.run()

    assert network.inbox("lakeside") == []
    assert decided(network)[-1] == ("P-2", "DENY", "DN_REIDENTIFY")
    (waits,) = network.waits().values()
    assert (waits.code, waits.due_at) == ("DN_REIDENTIFY", None)
    assert "hand it in once more" in waits.place, "who handed it in has gone home: it is in sight"


@pytest.mark.parametrize(
    ("event", "row"),
    [
        pytest.param("research", "C-14", id="C-14 research"),
        pytest.param("fundraising", "C-15", id="C-15 fundraising"),
        pytest.param("access-request", "C-86", id="C-86 C-103 a parent or a brother demands a copy"),
        pytest.param("police-request", "C-172", id="C-172 the police ask for contact details"),
        pytest.param("court-order", "C-173", id="C-173 a subpoena is served on an agency"),
    ],
)
def test_what_the_hub_does_not_carry_is_refused_and_on_record(network, desks, event, row):
    network.put(Agency("police", "City Police", "protective", "ca-on", "delivery.POLICEPOLICE", body="POLICE"))
    network.put(System("police-cms", "police", "cms", "active", {"path": str(network.dir / "police.sqlite")}))
    demand = {
        "resourceType": "DocumentReference",
        "description": "everything about Ana Ligeti",
        "nobody": "checks this",
    }

    found = desks.hand_in(message(event, "police", "harbour", demand), "police")
    network.run()

    assert (found.decision.outcome, found.decision.stage, found.decision.codes) == ("DENY", "P-4", ("DN_OFF_BUS",))
    assert network.inbox("harbour") == []
    entry = next(each for each in network.entries() if each["event_type"] == "DECISION")
    said = (entry["sender"], entry["recipient"], entry["purpose"], entry["event"])
    assert said == ("police", "harbour", "NONE", event)
    assert "Ligeti" not in json.dumps(network.entries())
    assert network.verifies()


def test_c_186_a_message_of_another_agency_is_not_its_own(network, desks):
    found = desks.hand_in(enquiry(), "lakeside")

    assert (found.decision.stage, found.decision.codes) == ("P-0", ("DN_SENDER",))


def test_c_192_another_message_under_an_id_that_has_gone_is_refused_and_the_first_one_stands(network, desks):
    ids = {"message_id": str(uuid.uuid4())}
    first = message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", *ROOM), **ids)
    other = message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", ROOM[0]), **ids)
    went = desks.hand_in(first)

    found = desks.hand_in(other)

    assert (found.decision.stage, found.decision.codes) == ("P-0", ("DN_SCHEMA",))
    again = desks.hand_in(first)
    assert (again.message, again.repeated) == (went.message, True)
    network.run()
    assert len(network.inbox("lakeside", "enquiry")) == 1


def test_the_same_message_again_is_answered_as_before_and_a_no_is_looked_at_afresh(network, desks):
    bundle = enquiry(("language", "valueCode", "rop"))
    assert not desks.hand_in(bundle).decision.permits
    path = network.dir / "hub" / "catchment.csv"
    path.write_text(path.read_text() + ",rop,,60\n")
    network.reopen(1)

    second, third = desks.hand_in(bundle), desks.hand_in(bundle)

    assert (second.decision.permits, second.repeated) == (True, False)
    assert (third.message, third.repeated) == (second.message, True)


@pytest.mark.parametrize("number", ["", "AAAAAAAAAAAA", "the referral's"])
def test_an_answer_is_of_an_enquiry_that_came(network, desks, number):
    refer(network)
    network.run()
    if number.startswith("the"):
        number = network.inbox("lakeside", "referral")[0]["hub_referral_no"]
    answer = message("capacity-answer", "lakeside", "harbour", basic("capacity-answer", *PLACES), number=number)

    with pytest.raises(MessageRejected, match="a number of no enquiry"):
        desks.hand_in(answer, "lakeside")


def test_an_agency_without_a_system_that_takes_it_cannot_be_asked(network, desks):
    network.put(Agency("elm", "Elm House", "general", "ca-on", "delivery.ELMELMELMELM"))

    found = desks.hand_in(message("capacity-enquiry", "harbour", "elm", basic("capacity-enquiry", *ROOM)))

    assert (found.decision.stage, found.decision.codes) == ("P-0", ("DN_RECIPIENT",))


def test_what_went_through_one_system_does_not_go_again_through_another_of_the_same_agency(network, desks):
    network.put(System("harbour-two", "harbour", "cms", "active", {"path": str(network.dir / "harbour.sqlite")}))
    bundle = enquiry()
    went = desks.hand_in(bundle)
    house = network.hub.house

    again = process_message(house, network.directory().systems["harbour-two"], written(bundle))

    assert (again.message, again.repeated) == (went.message, True)


def test_what_was_refused_may_be_corrected_under_its_id(network, desks):
    ids = {"message_id": str(uuid.uuid4())}
    wrong = message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry"), **ids)
    right = message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", *ROOM), **ids)

    assert not desks.hand_in(wrong).decision.permits
    assert desks.hand_in(right).decision.permits


def test_an_enquiry_is_answered_once(network, desks):
    desks.hand_in(enquiry())
    network.run()
    number = network.inbox("lakeside")[0]["hub_referral_no"]
    first, second = (
        message("capacity-answer", "lakeside", "harbour", basic("capacity-answer", PLACES[0]), number=number)
        for _ in range(2)
    )
    assert desks.hand_in(first, "lakeside").decision.permits
    assert desks.hand_in(first, "lakeside").repeated

    with pytest.raises(MessageRejected, match="has been answered"):
        desks.hand_in(second, "lakeside")


def test_an_id_that_a_sender_chose_stands_in_no_line_of_the_log(network, desks):
    ids = {"message_id": "00000000-1987-0304-0000-000046454286", "envelope_id": "00000000-1987-0304-0000-000046454287"}

    desks.hand_in(message("capacity-enquiry", "harbour", "lakeside", basic("capacity-enquiry", *ROOM), **ids))
    network.run()

    assert "1987-0304" not in json.dumps(network.entries())


@pytest.mark.parametrize(
    "more",
    [
        {"resourceType": "Organization", "name": 5, "identifier": "x"},
        {"resourceType": "DocumentReference", "content": [{"attachment": {"data": 7}}]},
        {"resourceType": ["Organization"]},
    ],
)
def test_a_demand_is_on_record_however_it_is_made(network, desks, more):
    bundle = message("court-order", "harbour", "lakeside", more)
    bundle["entry"].append("nothing")

    assert desks.hand_in(bundle).decision.codes == ("DN_OFF_BUS",)


def test_a_demand_with_the_header_of_its_envelope_is_on_record_too(network, desks, tmp_path):
    network.put(System("harbour-fhir", "harbour", "fhir"))
    software = Door(network).software("harbour")
    bundle = message("court-order", "harbour", "lakeside", {})
    headers = {"X-Request-ID": bundle["identifier"]["value"]}

    answer = software.post("$process-message", bundle, headers=headers)

    assert answer.status_code == 403
    assert "DN_OFF_BUS" in answer.text
    assert [each[2] for each in decided(network)] == ["DN_OFF_BUS"]


def test_an_end_is_an_organization(network, desks):
    bundle = enquiry()
    there = bundle["entry"][2]["resource"]
    bundle["entry"][2]["resource"] = {**PATIENT, "id": there["id"], "identifier": there["identifier"]}

    with pytest.raises(MessageRejected, match="no agency"):
        desks.hand_in(bundle)


@ON_SQLITE
def test_the_example_of_the_guide_goes(network):
    guide = (Path(__file__).parents[2] / "docs" / "administrator.md").read_text("utf-8")
    example, table = re.findall(r"   ```(?:json)?\n(   [{a][^`]*)   ```", guide)[:2]
    (network.dir / "hub" / "catchment.csv").write_text(dedent(table))
    network.reopen()

    assert Desks(network).hand_in(json.loads(example)).decision.codes == ("OK_ANON_ENQUIRY",)


def test_the_guide_says_every_code(network):
    guide = (Path(__file__).parents[2] / "docs" / "administrator.md").read_text("utf-8")

    for word in (*AGE_BANDS, *ACCESSIBILITY, *SERVICE_WANTED, *(kebab(risk) for risk in Risk), *OFF_BUS_EVENTS):
        assert f"`{word}`" in guide, word


@ON_SQLITE
def test_an_agencys_worker_hands_a_file_in(network, desks, tmp_path):
    desk = Desk(network.dir / "hub", network.clock, [])
    file = tmp_path / "enquiry.json"
    file.write_bytes(written(enquiry()))
    call = ("systems", "submit", "harbour-cms", str(file), "--as")

    assert "it goes: number" in desk.ok(*call, "harbour-worker")
    assert "it has gone already" in desk.ok(*call, "harbour-worker")
    assert "--as" in desk.refused(*call, "lakeside-worker")
    file.write_bytes(written(enquiry(("note", "valueString", "x"))))
    said = desk.run(*call, "harbour-worker")
    assert said.exit_code == 1
    assert "IT DOES NOT GO (DN_REIDENTIFY)" in said.stdout
    assert "not one of its codes, or not once: Bundle.entry[3].resource.extension[2]" in said.stdout
    for bad in (b"", b"[]", b"{}", b'{"entry": [1]}', b'{"entry": [{"resource": {"eventCoding": []}}]}', b"\xff"):
        file.write_bytes(bad)
        assert "expected" in desk.refused(*call, "harbour-worker")
