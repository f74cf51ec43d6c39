"""What an import refuses, by element path; what it takes for a "no"; what it never tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consent.decide import decide
from consent.fhir import NotAConsent, read_consent
from consent.model import Consent, Directive, Grant, Interpreter, Recipient, VerbalNote
from consent.model.words import Basis, Category, Code, ConsentState, GivenBy, Purpose
from tests.builders import BASELINE, directive, holding, known
from tests.unit.consent.fhir.forms import (
    FULL,
    KNOWN,
    RECORD,
    STATE,
    ZONE,
    changed,
    extension,
    filed,
    part,
    place,
    written,
)

C = Category
HUB = "https://hub.example.org/fhir"
KIND = f"{HUB}/CodeSystem/client-data-category"
LEVEL = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
PURPOSE = f"{HUB}/CodeSystem/purpose"
NAME = "Ottilie Zzyzx"


def put(**elements: Any) -> Callable[[Any], object]:
    return lambda node: node.update(elements)


def drop(name: str) -> Callable[[Any], object]:
    return lambda node: node.pop(name)


def add(value: Any) -> Callable[[Any], object]:
    return lambda node: node.append(value)


def label(code: str, system: str = KIND) -> dict[str, str]:
    return {"system": system, "code": code}


def of_record(name: str, **elements: Any) -> Callable[[Any], object]:
    return lambda resource: part(resource, name).update(elements)


def no_part(name: str) -> Callable[[Any], object]:
    return lambda resource: extension(resource, RECORD)["extension"].remove(part(resource, name))


def state(word: str, status: str | None = None) -> Callable[[Any], object]:
    def change(resource: Any) -> None:
        extension(resource, STATE)["valueCode"] = word
        resource["status"] = status or resource["status"]

    return change


def faults(resource: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(NotAConsent) as refused:
        read_consent(resource, KNOWN)
    return [(each.path, each.got, each.expected) for each in refused.value.faults]


P, ACTOR, NESTED = "provision", "provision.actor[0]", "provision.provision[0]"
BAD = [
    ("", put(resourceType="Patient"), "resourceType", "another resource"),
    ("", put(verification=[{"verified": True}]), "verification", "an element"),
    ("", put(policyRule={"coding": [{}]}), "policyRule", "an element"),
    ("", put(modifierExtension=[{"url": "x"}]), "modifierExtension", "an element"),
    ("", put(implicitRules="http://x.example"), "implicitRules", "an element"),
    ("", put(contained=[{"resourceType": "Patient"}]), "contained", "an element"),
    ("", put(sourceAttachment={"title": NAME}), "sourceAttachment", "an element"),
    ("", put(_status={"extension": []}), "_status", "an element"),
    ("", put(Ottilie=1), "`aaaaaaa`", "an element"),
    ("meta", put(tag=[{"code": "x"}]), "meta.tag", "an element"),
    ("", put(text={"status": "additional", "div": NAME}), "text.status", "a code of shape aaaaaaaaaa"),
    ("", put(status="bogus"), "status", "a code of shape aaaaa"),
    ("", drop("status"), "status", "nothing"),
    ("", put(status="inactive"), "status", "another status than that of its consent-state"),
    ("", state("suspended"), "status", "another status than that of its consent-state"),
    ("", state("verbal-pending"), "extension", "a state of what was said"),
    ("", lambda r: r["extension"].remove(extension(r, STATE)), "extension", "no consent-state"),
    ("extension", lambda e: e.pop(0), "extension", "no consent-collection-method"),
    (
        "extension",
        add({"url": f"{HUB}/StructureDefinition/other", "valueCode": "x"}),
        "extension[3]",
        "another extension",
    ),
    ("extension", add({"url": STATE, "valueCode": "active"}), "extension[3]", "a second one"),
    ("extension[1]", put(valueString=NAME), "extension[1].valueString", "an element"),
    (
        "",
        put(scope={"coding": [label("research", "http://terminology.hl7.org/CodeSystem/consentscope")]}),
        "scope.coding[0]",
        "a code of shape aaaaaaaa",
    ),
    ("scope", put(text=NAME), "scope.text", "an element"),
    ("category", lambda c: c.pop(), "category", "not both of them, once"),
    ("category[0].coding[0]", put(code="INFA"), "category[0].coding[0]", "a code of shape aaaa"),
    ("", drop("patient"), "patient", "nothing"),
    ("patient", put(reference="Group/1"), "patient.reference", "`aaaaa/9`"),
    ("patient", put(reference="https://other.example/Patient/1"), "patient.reference", "`length 31`"),
    (
        "patient",
        put(identifier={"system": "https://hub.example.org/id/client", "value": "other"}),
        "patient",
        "two things",
    ),
    (
        "patient",
        put(identifier={"system": "urn:x", "value": NAME}),
        "patient.identifier.system",
        "another system, or no type",
    ),
    ("", put(dateTime="2025-01-10T10:00:00"), "dateTime", "`length 19`"),
    ("", put(dateTime="2025-01-10"), "dateTime", "`9999-99-99`"),
    ("", put(dateTime="2025-13-10T10:00:00Z"), "dateTime", "`length 20`"),
    ("performer[0]", put(reference="Patient/other"), "performer[0]", "two meanings"),
    ("performer[0]", put(reference="RelatedPerson/r-1"), "performer[0]", "a person in no role"),
    ("performer[0]", put(reference="Practitioner/w-301"), "performer[0].reference", "`length 18`"),
    ("performer", add({"reference": "RelatedPerson/r-1"}), "performer[1]", "a second one"),
    ("", drop("organization"), "organization", "nothing"),
    ("organization", add({"reference": "Organization/B"}), "organization[1]", "a second one"),
    ("organization[0]", put(reference="Organization/nobody"), "organization[0]", "one that the directory has not"),
    (
        "sourceReference",
        put(type="QuestionnaireResponse"),
        "sourceReference.identifier.system",
        "another system, or no type",
    ),
    ("policy[0]", put(uri="https://example.org/consent/v1"), "policy[0].uri", "a wording that the pack does not know"),
    (
        "policy[0]",
        put(uri="https://hub.example.org/policy/sharing-v99"),
        "policy[0].uri",
        "a wording that the pack does not know",
    ),
    ("policy", add({"uri": "https://hub.example.org/policy/sharing-v3"}), "policy[1]", "a second one"),
    ("identifier[0]", drop("system"), "identifier[0].system", "nothing"),
    ("", drop("provision"), "provision", "nothing"),
    (P, drop("type"), "provision.type", "nothing"),
    (P, put(type="allow"), "provision.type", "a code of shape aaaaa"),
    (P, drop("actor"), "provision.actor", "nothing"),
    (P, drop("purpose"), "provision.purpose", "nothing"),
    (P, drop("securityLabel"), "provision.securityLabel", "nothing"),
    (P, put(dataPeriod={"start": "2025-01-01"}), "provision.dataPeriod", "an element"),
    (P, put(data=[{}]), "provision.data", "an element"),
    (P, put(**{"class": [{}]}), "provision.class", "an element"),
    (P, put(code=[{}]), "provision.code", "an element"),
    (P, put(action=[{}]), "provision.action", "an element"),
    (ACTOR, drop("role"), "provision.actor[0].role", "nothing"),
    (f"{ACTOR}.role.coding[0]", put(code="CST"), "provision.actor[0].role.coding[0]", "a code of shape aaa"),
    (ACTOR, drop("reference"), "provision.actor[0].reference", "nothing"),
    (f"{ACTOR}.reference", put(reference="Group/all"), "provision.actor[0].reference.reference", "`aaaaa/aaa`"),
    (
        f"{ACTOR}.reference",
        put(reference="Organization/nobody"),
        "provision.actor[0].reference",
        "one that the directory has not",
    ),
    (
        f"{ACTOR}.reference",
        put(reference="PractitionerRole/w-9"),
        "provision.actor[0].reference",
        "one that the directory has not",
    ),
    (
        ACTOR,
        put(modifierExtension=[{"url": "http://x.example", "valueCode": "x"}]),
        "provision.actor[0].modifierExtension[0]",
        "another modifier",
    ),
    ("provision.purpose", add(label("safety", PURPOSE)), "provision.purpose[4]", "a code of shape aaaaaa"),
    ("provision.purpose", add(label("research", PURPOSE)), "provision.purpose[4]", "a code of shape aaaaaaaa"),
    ("provision.purpose", add(label("BTG", REASON)), "provision.purpose[4]", "a code of shape aaa"),
    ("provision.purpose", add(label("TREAT", REASON)), "provision.purpose[4]", "a code of shape aaaaa"),
    ("provision.purpose", add(label("referral", PURPOSE)), "provision.purpose[4]", "a code of shape aaaaaaaa"),
    ("provision.purpose", add(label("referral", "urn:x")), "provision.purpose[4]", "a code of another system"),
    ("provision.securityLabel", add(label("gossip")), "provision.securityLabel[6]", "a code of shape aaaaaa"),
    ("provision.securityLabel", add(label("V", LEVEL)), "provision.securityLabel[6]", "`V`"),
    ("provision.securityLabel", add(label("immig")), "provision.securityLabel", "a sensitive category"),
    ("provision.securityLabel", add(label("R", LEVEL)), "provision.securityLabel", "other labels"),
    ("provision.securityLabel", add(label("ident")), "provision.securityLabel[6]", "a code of shape aaaaa"),
    ("provision.period", put(end="2026"), "provision.period.end", "`9999`"),
    ("provision.period", put(end="2026-01-09T10:00:00"), "provision.period.end", "`length 19`"),
    ("provision.period", put(end="9999-12-31"), "provision.period.end", "`9999-99-99`"),
    ("provision.provision", add("permit"), "provision.provision[4]", "`aaaaaa`"),
    (NESTED, drop("type"), "provision.provision[0].type", "nothing"),
    (NESTED, put(provision=[{"type": "deny"}]), "provision.provision[0].provision", "an element"),
    (NESTED, put(actor=[{}]), "provision.provision[0].actor", "an element"),
    (NESTED, put(**{"class": [{"code": "x"}]}), "provision.provision[0].class", "an element"),
    (f"{NESTED}.securityLabel", add(label("needs")), "provision.provision[0].securityLabel", "other labels"),
    (f"{NESTED}.securityLabel[0]", put(code="R"), "provision.provision[0].securityLabel", "other labels"),
    (f"{NESTED}.purpose[0]", put(code="coordination"), "provision.provision[0].purpose[1]", "a code of shape aaaaaaaa"),
    (f"{NESTED}.period", drop("end"), "provision.provision[0].period.end", "nothing"),
    (f"{NESTED}.period", put(start="2025-03-01"), "provision.provision[0].period.start", "another day"),
    (
        "provision.provision[2]",
        put(purpose=[label("referral", PURPOSE)]),
        "provision.provision[2].purpose",
        "an element",
    ),
    ("provision.provision[2]", put(period={"end": "2025-03-01"}), "provision.provision[2].period", "an element"),
    ("provision.provision[2]", drop("securityLabel"), "provision.provision[2].securityLabel", "both or neither"),
    (
        "provision.provision[2].securityLabel",
        add(label("R", LEVEL)),
        "provision.provision[2].securityLabel",
        "a confidentiality",
    ),
    (
        "provision.provision[3].data[0]",
        put(meaning="related"),
        "provision.provision[3].data[0].meaning",
        "a code of shape aaaaaaa",
    ),
    (
        "provision.provision[3].data[0]",
        put(meaning="dependents"),
        "provision.provision[3].data[0].meaning",
        "a code of shape aaaaaaaaaa",
    ),
    ("", of_record("pack", valueString="us|1"), "extension[2].extension[0].valueString", "another pack or version"),
    ("", of_record("pack", valueString="ca-on|2"), "extension[2].extension[0].valueString", "another pack or version"),
    ("", of_record("explained", valueString="what who all"), "extension[2].extension[3].valueString", "other words"),
    ("", of_record("client-reads", valueString=NAME), "extension[2].extension[2].valueString", "not a list of such"),
    ("", of_record("receipt", valueString=NAME), "extension[2].extension[8].valueString", "other words"),
    ("", of_record("onward-sharing", valueBoolean=True), "extension[2].onward-sharing", "two meanings"),
    (
        "",
        of_record("capacity-basis", valueCode="unsure"),
        "extension[2].extension[1].valueCode",
        "a code of shape aaaaaa",
    ),
    (
        "",
        lambda r: extension(r, RECORD)["extension"].append({"url": "safety-flags", "valueString": "DV"}),
        "extension[2].extension[13]",
        "another extension",
    ),
    (
        "extension",
        add({"url": f"{HUB}/StructureDefinition/explained-in", "valueCode": "am"}),
        "extension[3].valueCode",
        "another language than that of the text",
    ),
    (
        "extension",
        add(
            {
                "url": "http://hl7.org/fhir/StructureDefinition/consent-Witness",
                "valueReference": {"reference": "RelatedPerson/r-1"},
            }
        ),
        "extension[3].valueReference.reference",
        "`length 17`",
    ),
]


@pytest.mark.parametrize(
    ("where", "change", "path", "got"),
    [pytest.param(*row, id=f"{row[2]}: {row[3]} {at}") for at, row in enumerate(BAD)],
)
def test_what_cannot_be_read_is_refused_with_its_path(
    where: str, change: Callable[[Any], object], path: str, got: str
) -> None:
    found = faults(changed(where, change))

    assert (f"Consent.{path}", got) in [each[:2] for each in found]
    assert not [text for each in found for text in each if "Ottilie" in text or "Zzyzx" in text]


def test_every_fault_is_named_and_the_text_tells_how_many() -> None:
    resource = changed("provision", put(dataPeriod={"start": "2025"}, action=[{}]))

    with pytest.raises(
        NotAConsent, match=r"Consent\.provision\.dataPeriod: got an element, .*1 faults more.*; correct"
    ):
        read_consent(resource, KNOWN)


@pytest.mark.parametrize("junk", [None, [], "x", 3, {}, {"resourceType": "Consent"}, [{"resourceType": "Consent"}]])
def test_what_is_no_consent_is_refused(junk: object) -> None:
    assert faults(junk)


def test_a_fault_in_a_bundle_begins_with_its_entry() -> None:
    with pytest.raises(NotAConsent) as refused:
        read_consent(changed("", drop("status")), KNOWN, "Bundle.entry[3].resource")

    assert refused.value.faults[0].path == "Bundle.entry[3].resource.status"


# -------------------------------------------------------------------------------------------- what it reads, and how

PLAIN = replace(FULL, categories=FULL.categories[:5], exclusions=())


def read(where: str, change: Callable[[Any], object], record: Consent = FULL) -> Consent:
    found = read_consent(changed(where, change, record), KNOWN)
    assert isinstance(found, Consent)
    return found


@pytest.mark.parametrize(
    ("field", "where", "change"),
    [
        ("expires_at", P, drop("period")),
        ("captured_at", "", drop("dateTime")),
        ("text_version", "", drop("policy")),
        ("evidence_ref", "", drop("sourceReference")),
        ("language", "", drop("language")),
        ("notice_version", "", no_part("notice-version")),
        ("signed_on", "", no_part("signed-on")),
        ("receipt_ref", "", no_part("receipt")),
        ("explained", "", no_part("explained")),
        ("capacity_basis", "", no_part("capacity-basis")),
        ("not_condition_of_service", "", no_part("not-condition-of-service")),
        ("pack", "", no_part("pack")),
    ],
)
def test_a_mandatory_field_that_is_not_there_leaves_it_a_draft_that_says_which(field, where, change) -> None:
    record = filed(read(where, change, PLAIN))
    assert not getattr(record, field)

    assert record.state is ConsentState.DRAFT
    assert not decide(holding(replace(record, registry_seq=3))).permits


def test_a_draft_stays_one_though_nothing_is_missing() -> None:
    assert filed(read("", state("draft", "draft"))).state is ConsentState.DRAFT
    assert filed(read("", state("draft", "proposed"))).state is ConsentState.DRAFT


def test_what_is_complete_is_filed_as_active_with_nothing_of_the_agencys_own_paper() -> None:
    record = filed(read_consent(written(), KNOWN))

    assert record.state is ConsentState.ACTIVE
    assert (record.evidence_ref, record.form_id, record.captured_in) == ("hub/import:1", "digest of 3", "hub")


def test_a_day_is_the_whole_local_day_and_a_time_its_instant() -> None:
    record = read("provision.period", put(start="2025-03-09", end="2025-11-02"), PLAIN)
    timed = read("provision.period", put(end="2025-11-02T01:30:00-04:00"))

    assert record.valid_from.isoformat() == "2025-03-09T05:00:00+00:00"
    assert record.expires_at.isoformat() == "2025-11-03T05:00:00+00:00"  # a day of 25 hours (I-05)
    assert timed.expires_at.isoformat() == "2025-11-02T05:30:00+00:00"


def test_an_act_reason_alone_is_read_by_the_list_and_caremgt_as_coordination() -> None:
    reasons = [label(word, REASON) for word in ("COC", "CAREMGT")]

    assert read("provision", put(purpose=reasons), PLAIN).purposes == (Purpose.REFERRAL, Purpose.COORDINATION)


def test_a_sensitivity_tag_in_an_exception_locks_its_whole_category() -> None:
    tags = [label(tag, "http://terminology.hl7.org/CodeSystem/v3-ActCode") for tag in ("SDV", "VIO", "HIV")]

    assert read("provision.provision[2]", put(securityLabel=tags)).exclusions[:2] == ("DV", "SEXUAL")


def test_the_client_by_identifier_by_the_prefix_of_the_examples_and_by_absolute_reference() -> None:
    alias = "N2VKX7QJ4RAE"
    for patient in (
        {"identifier": {"system": "https://hub.example.org/id/client", "value": alias}},
        {"reference": f"Patient/p-{alias}"},
        {"reference": f"{HUB}/Patient/{alias}", "display": NAME},
    ):
        resource = changed("", put(patient=patient, performer=[patient]))
        record = read_consent(resource, KNOWN)
        assert isinstance(record, Consent)
        assert (record.subject_ref, record.given_by) == (alias, GivenBy.SELF)
        assert NAME not in repr(record)


def test_a_number_of_ones_own_names_the_consent_with_its_system() -> None:
    own = [{"system": "https://harbour.example.org/consent", "value": "88120"}]

    assert read("", put(identifier=own)).consent_id == "https://harbour.example.org/consent|88120"
    assert read("", drop("identifier")).consent_id == ""


def test_a_program_and_a_person_narrow_their_agency() -> None:
    service = {
        "url": f"{HUB}/StructureDefinition/recipient-program",
        "valueReference": {"reference": "HealthcareService/s-1"},
    }
    record = read(ACTOR, put(modifierExtension=[service]))
    person = read(f"{ACTOR}.reference", put(reference="PractitionerRole/w-b"))

    assert record.recipients == (Recipient("B", "s-1"),)
    assert person.recipients == (Recipient("B", None, "w-b"),)
    assert not decide(holding(replace(record, registry_seq=3))).permits  # I-09: it reaches nobody else there


def test_a_substitute_is_known_by_number_and_waits_for_the_registry() -> None:
    resource = changed("performer[0]", put(reference="RelatedPerson/R5YB7CJW2LKE"))
    part(resource, "given-by")["valueCode"] = "parent"
    record = read_consent(resource, KNOWN)
    assert isinstance(record, Consent)

    assert (record.given_by, record.given_by_ref) == (GivenBy.PARENT, "R5YB7CJW2LKE")
    assert filed(record).state is ConsentState.DRAFT


def test_a_verbal_one_waits_for_its_signature_and_its_exceptions_hold_meanwhile() -> None:
    at, due = FULL.captured_at, FULL.expires_at
    note = VerbalNote(True, True, True, "w-301", at, due)
    spoken = replace(
        FULL, basis=Basis.EXPRESS_VERBAL, state=ConsentState.VERBAL_PENDING, verbal_note=note, signed_on=None
    )
    record = filed(read_consent(written(replace(spoken, exclusions=("LANG",))), KNOWN))
    assert record.state is ConsentState.VERBAL_PENDING

    soon = replace(record, registry_seq=3, verbal_note=replace(note, taken_at=BASELINE.at, signature_due_at=due))
    answer = decide(holding(soon))

    assert (answer.codes[0], [each.category for each in answer.withheld]) == (Code.OK_CONSENT, [C.LANG])


def test_a_note_that_says_a_later_day_makes_the_bridge_no_longer() -> None:
    note = VerbalNote(True, True, True, "w-301", BASELINE.at, FULL.expires_at)
    spoken = replace(PLAIN, basis=Basis.EXPRESS_VERBAL, state=ConsentState.VERBAL_PENDING, verbal_note=note)
    record = filed(read_consent(written(spoken), KNOWN))

    assert record.verbal_note.taken_at == FULL.captured_at
    assert decide(holding(replace(record, registry_seq=3))).codes[0] is Code.DN_VERBAL_LAPSED


def test_an_interpreter_is_one_with_the_language_that_it_was_explained_in() -> None:
    heard = replace(FULL, language="en", client_reads=("am",), interpreter=Interpreter("QUALIFIED", "am", True))

    assert read_consent(written(heard), KNOWN) == heard


# ----------------------------------------------------------------------------------------------- a "no" is heard anyway


NO = directive(registry_seq=0, taken_by="A")


@pytest.mark.parametrize(
    ("change", "wide"),
    [
        (drop("purpose"), ()),
        (put(action=[{}]), ()),
        (put(actor=[{"reference": {"display": NAME}}]), ("recipients",)),
        (put(purpose=[label("gossip", PURPOSE)]), ("purposes",)),
        (put(securityLabel=[label("gossip")]), ("categories",)),
        (put(securityLabel=[label("R", LEVEL), label("lang")]), ("categories",)),
    ],
)
def test_a_deny_that_cannot_be_read_in_part_is_the_wider_one(change, wide) -> None:
    narrow = replace(NO, recipients=("B",), purposes=(Purpose.REFERRAL,), categories=(C.LANG,))
    no = read_consent(changed("provision", change, narrow), KNOWN)
    assert isinstance(no, Directive)

    for name in ("recipients", "purposes", "categories"):
        if name in wide:
            assert getattr(no, name) == ()
    answer = decide(known(holding(replace(FULL, exclusions=(), registry_seq=1)), directives=(no,)))
    assert (answer.codes[0] is Code.DN_DIRECTIVE) or C.LANG in {each.category for each in answer.withheld}


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("", state("declined", "rejected")),
        ("", state("declined", "active")),
        ("", state("active", "rejected")),
        ("", lambda r: (state("declined", "rejected")(r), r["provision"].pop("actor"))),
        ("", lambda r: (state("declined", "rejected")(r), r.pop("provision"))),
        ("", lambda r: (state("declined", "rejected")(r), r.update(unknown=1, policy="x"))),
        ("", lambda r: (r.pop("extension"), r.update(status="rejected"))),
    ],
)
def test_a_declined_form_is_heard_in_spite_of_faults_and_denies_a_later_one(where, change) -> None:
    record = filed(read(where, change))
    assert record.state is ConsentState.DECLINED

    answer = decide(holding(replace(FULL, consent_id="K2", registry_seq=9), replace(record, registry_seq=3)))

    assert answer.codes[0] is Code.DN_DIRECTIVE


@pytest.mark.parametrize("more", [put(), put(unknown=1), lambda r: r["provision"].pop("actor")])
def test_a_withdrawal_is_heard_in_spite_of_faults(more) -> None:
    record = filed(read("", lambda r: (state("withdrawn", "inactive")(r), more(r))))

    assert record.state is ConsentState.WITHDRAWN
    assert decide(holding(replace(record, registry_seq=3))).codes[0] is Code.DN_WITHDRAWN


def test_a_no_of_nobody_is_nobodys() -> None:
    assert faults(changed("", put(patient={"display": NAME}), NO))[0][0] == "Consent.patient"


@pytest.mark.parametrize("word", ["superseded", "draft"])
def test_a_deny_that_does_not_stand_is_refused(word: str) -> None:
    """It would lift a "no", and that is done by its name alone (C-105)."""
    said = {"superseded": "inactive", "draft": "draft"}[word]

    assert ("Consent.provision.type", "a denial that does not stand") in [
        each[:2] for each in faults(changed("", state(word, said), NO))
    ]


def test_an_end_is_heard_whatever_the_root_says() -> None:
    record = read_consent(changed("", state("withdrawn", "inactive"), NO), KNOWN)

    assert isinstance(record, Consent)
    assert filed(record).state is ConsentState.WITHDRAWN


def test_a_tick_of_its_own_ends_when_its_exception_does() -> None:
    record = read(f"{NESTED}.period", put(end="2025-03-31"))

    assert record.categories[5] == Grant(
        C.INCOME, (Purpose.ELIGIBILITY,), FULL.categories[5].expires_at.replace(month=4, day=1)
    )
    assert place(written(), f"{NESTED}.period.end") == "2025-08-31"
    assert ZONE.key == KNOWN.pack.zone
