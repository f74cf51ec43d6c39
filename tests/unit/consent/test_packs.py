"""Packs and purpose profiles (consent rules 2.6 and 5; shared model 7): what they say, and what is refused at load."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest

from consent.model import PackFacts, Profile
from consent.model.words import Category, Purpose
from consent.packs import BOTH, LEAST, MOST, PACKAGED, Packs, load_packs, strictest
from consent.packs.afterwards import Keeping, Threshold, When
from hub.errors import Refused
from hub.model.directory import Lane

LATER_EVENTS = [
    "notify-add-process-request",
    "notify-update-process-request",
    "notify-add-appointment",
    "notify-data-correction",
    "send-communication-from-provider",
    "send-communication-from-requester",
    "revoke-service-request",
]
NEW_TYPE = '\n[profile.HealthDump]\npurpose = "HEALTH_CARE"\nrequired = ["IDENT"]\noptional = []\n'
NEVER_IN_A_REFERRAL = {"SEXUAL", "JUSTICE_ADULT", "JUSTICE_YOUTH", "CHILD_PROT", "RACE_INDIG", "RISK"}


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load_packs(PACKAGED)


@pytest.fixture
def overlay(tmp_path: Path):
    """Write a file of the data folder: a packaged one with something replaced."""

    def write(name: str, *changes: tuple[str, str]) -> Path:
        text = (PACKAGED / name).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_the_pack_of_ontario_has_the_defaults_of_2_5(packs):
    assert packs.facts("ca-on") == PackFacts(
        pack="ca-on",
        version=1,
        zone="America/Toronto",
        life_months_max=24,
        verbal_days=14,
        staleness_s=15 * 60,
        recipient_class_allowed=False,
        implied_health=True,
        incompleteness_notice=True,
        text_versions=("sharing-v3", "2026-1"),
        notice_versions=("notice-v2",),
    )


@pytest.mark.parametrize(
    ("pack", "code", "kind"),
    [
        ("us", "DOC-UNCON", "may"),
        ("au-nsw", "AU-16A", "scheme"),
        ("au-vic", "AU-VIC-FV", "scheme"),
        ("eu", "EU-VITAL", "may"),
    ],
)
def test_the_other_packs_say_what_rows_need(packs, pack, code, kind):
    found = packs.reason_code(pack, code)

    assert packs.facts(pack).known
    assert found is not None
    assert found.terms.kind == kind
    assert packs.facts("us").redisclosure == (Category.SUBSTANCE,)


def test_of_two_packs_the_stricter_governs_on_every_axis(packs):
    one = replace(packs.facts("ca-on"), group_min=20, narrative_min=200, life_months_max=30)
    other = replace(packs.facts("eu"), redisclosure=(Category.DV,), told_max=100, staleness_s=60)

    found = strictest(one, other)

    assert found.pack == "ca-on+eu"
    assert (found.zone, found.holidays, found.version) == (one.zone, one.holidays, one.version)
    assert (found.life_months_max, found.verbal_days, found.staleness_s, found.told_max) == (12, 7, 60, 100)
    assert (found.group_min, found.narrative_min, found.redisclosure) == (20, 200, (Category.DV,))
    assert (found.implied_health, found.recipient_class_allowed, found.incompleteness_notice) == (False, False, True)
    assert strictest(other, one).life_months_max == 12
    assert not strictest(one, replace(other, known=False)).known
    loose = {"version", "zone", "holidays", "pack", "text_versions", "notice_versions"}
    assert {each.name for each in fields(PackFacts)} - loose == {
        *LEAST,
        *MOST,
        *BOTH,
        "incompleteness_notice",
        "redisclosure",
    }


@pytest.mark.parametrize(
    ("line", "loosened"),
    [
        ("life_months_max = 24", "life_months_max = 121"),
        ("verbal_days = 14", "verbal_days = 91"),
        ("staleness_s = 900", "staleness_s = 86_401"),
        ("group_min = 11", "group_min = 0"),
        ("grant_s = 14_400", "grant_s = 86_401"),
        ("told_max = 600", "told_max = 4_001"),
        ("breach_months = 24", "breach_months = 23"),
        ("recheck_days = 30", "recheck_days = 31"),
        ("[code.DOC-SELF]", "[code.DOC-ANYTHING]"),
        ('holidays = "CA-ON"', 'holidays = "CA-ON"\ndefault_permit = true'),
        ('holidays = "CA-ON"', 'holidays = "CA-ON"\nwithdrawal_needs_form = true'),
    ],
)
def test_no_pack_loosens_what_holds_everywhere(overlay, line, loosened):
    with pytest.raises(Refused):
        load_packs(PACKAGED, overlay("ca-on.toml", (line, loosened)))


def test_the_pack_of_ontario_keeps_what_4_2_says_and_has_no_years_for_what_an_agreement_sets(packs):
    assert packs.keeping["ca-on"] == Keeping(
        event_years=10, service_years=7, from_18_years=7, breach_months=24, files={}
    )


def test_every_lane_has_who_is_told_of_a_breach(packs):
    found = packs.breach["ca-on"].lanes

    assert set(found) == set(get_args(Lane))
    assert found["custodian"] == Threshold(
        "PHIPA", "Information and Privacy Commissioner of Ontario", When.always, When.listed
    )


@pytest.mark.parametrize("pack_id", ["", "ca-qc", "CA-ON", "profiles"])
def test_a_pack_that_nobody_has_is_not_known(packs, pack_id):
    assert packs.facts(pack_id) == PackFacts(pack="", version=0, known=False)


@pytest.mark.parametrize(
    ("event", "service", "kind"),
    [
        ("add-service-request", "housing", "ReferralRequest"),
        ("add-service-request", None, "ReferralRequest"),
        ("add-service-request", "language-training", "LanguageClassReferral"),
        ("add-service-request", "language-assessment", "LanguageClassReferral"),
        ("notify-update-service-request", None, "ReferralRequest"),
        ("notify-update-service-request", "language-training", "LanguageClassReferral"),
        ("revoke-service-request", "language-training", "StatusNotice"),
        ("capacity-answer", None, "CapacityEnquiry"),
        ("review-due", None, "FollowUp"),
        ("review-done", None, "FollowUp"),
        ("consent-changed", None, None),
        ("case-closed", None, None),
        ("", None, None),
        ("ADD-SERVICE-REQUEST", None, None),
        *((event, None, "StatusNotice") for event in LATER_EVENTS),
    ],
)
def test_an_event_makes_one_type_of_message(packs, event, service, kind):
    assert packs.type_of(event, service) == kind


@pytest.mark.parametrize(
    ("event", "purpose"),
    [
        ("add-service-request", Purpose.REFERRAL),
        ("notify-update-process-request", Purpose.REFERRAL),
        ("benefit-overlap-check", Purpose.ELIGIBILITY),
        ("case-note-shared", Purpose.COORDINATION),
        ("health-summary", Purpose.HEALTH_CARE),
        ("review-due", Purpose.FOLLOW_UP),
        ("review-done", Purpose.FOLLOW_UP),
        ("risk-filter", Purpose.CAPACITY_ENQUIRY),
        ("override-disclosure", Purpose.SAFETY),
        ("consent-changed", None),
        ("research", None),
    ],
)
def test_the_event_fixes_the_purpose_i_12(packs, event, purpose):
    assert packs.purpose_of(event) is purpose


def test_every_event_leads_to_a_type_with_a_profile(packs):
    for event in packs.profiles.events:
        assert packs.profile(packs.type_of(event, None)).purpose is packs.purpose_of(event)


def test_a_type_without_a_profile_has_none(packs):
    assert packs.profile("CourtOrder") is None


def test_a_referral_has_the_closed_lists_of_2_6(packs):
    profile = packs.profile("ReferralRequest")

    assert profile.required == (Category.IDENT, Category.NEEDS)
    assert profile.coarse == (Category.IMMIG,)
    assert set(profile.required + profile.optional + profile.coarse) == set(Category) - NEVER_IN_A_REFERRAL


def test_a_language_class_is_told_neither_work_nor_income(packs):
    referral, language = packs.profile("ReferralRequest"), packs.profile("LanguageClassReferral")

    assert set(referral.optional) - set(language.optional) == {Category.EMPLOY, Category.INCOME}
    assert (language.required, language.coarse) == (referral.required, referral.coarse)


def test_a_status_may_hold_what_a_referral_may_and_requires_the_status_alone(packs):
    referral, status = packs.profile("ReferralRequest"), packs.profile("StatusNotice")

    assert status.required == (Category.SERVICE_STATUS,)
    assert set(status.required + status.optional) == set(referral.required + referral.optional)


def test_what_has_no_list_may_hold_nothing_i_18(packs):
    profile = packs.profile("CapacityEnquiry")

    assert profile == Profile(type="CapacityEnquiry", purpose=profile.purpose, required=(), optional=(), coarse=())


def test_no_profile_lets_youth_justice_through(packs):
    for profile in packs.profiles.by_type.values():
        assert Category.JUSTICE_YOUTH not in profile.required + profile.optional + profile.coarse


def test_the_data_folder_puts_its_pack_over_the_packaged_one(packs, overlay):
    folder = overlay("ca-on.toml", ("version = 1", "version = 2"), ('"2026-1"]', '"2026-1", "sharing-v4"]'))

    later = load_packs(PACKAGED, folder)

    assert later.facts("ca-on").text_versions == ("sharing-v3", "2026-1", "sharing-v4")
    assert later.profiles == packs.profiles
    assert later.digest != packs.digest


def test_the_same_files_have_the_same_digest_and_an_absent_folder_adds_nothing(packs, tmp_path):
    shutil.copy(PACKAGED / "ca-on.toml", tmp_path)

    assert load_packs(PACKAGED, tmp_path, tmp_path / "absent") == packs


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("version = 1", "", "version"),
        ("version = 1", "version = true", "version"),
        ("life_months_max = 24", "life_months_max = 0", "life_months_max"),
        ("life_months_max = 24", "life_months_max = 2400", "life_months_max"),
        ("life_months_max = 24", 'life_months_max = "24"', "life_months_max"),
        ("verbal_days", "verbal_day", "verbal_days"),
        ("version = 1", "version = 1\nlife_years = 2", "life_years"),
        ("America/Toronto", "America/Atlantis", "zone"),
        ("America/Toronto", "../etc/passwd", "zone"),
        ("= true", "= 1", "implied_health"),
        ('["sharing-v3", "2026-1"]', '["sharing-v3", "sharing-v3"]', "text_versions[1]"),
        ('["sharing-v3", "2026-1"]', '[""]', "text_versions[0]"),
        ('["sharing-v3", "2026-1"]', "[3]", "text_versions[0]"),
        ('["sharing-v3", "2026-1"]', '"sharing-v3"', "text_versions"),
        ("version = 1", "version =", ""),
        ("[breach.womens]", "[breach.shelters]", "breach.womens"),
        ('individual = "always"', 'individual = "listed"', "breach.custodian.individual"),
        ('told = "listed"', 'told = "sometimes"', "breach.custodian.told"),
        ('law = "PHIPA"', 'law = ""', "breach.custodian.law, regulator"),
        ("notify_days = 5", "notify_days = 500", "breach.notify_days"),
        ("recheck_days = 30", "recheck_days = 31", "breach.recheck_days"),
        ("event_years = 10", "event_years = 0", "retention.event_years"),
        ("from_18_years = 7", "", "retention.from_18_years"),
        ("breach_months = 24", "breach_months = 23", "retention.breach_months"),
        ("# icare = 7", "icare = -1", "retention.files.icare"),
        ("# icare = 7", "harts = 7", "retention.files.harts"),
    ],
)
def test_a_pack_that_is_not_understood_is_refused_with_file_and_key(overlay, old, new, key):
    with pytest.raises(Refused) as refusal:
        load_packs(PACKAGED, overlay("ca-on.toml", (old, new)))

    assert refusal.value.where == (f"ca-on.toml: {key}" if key else "ca-on.toml")
    assert refusal.value.got
    assert refusal.value.expected
    assert refusal.value.next_step


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('purpose = "REFERRAL"', 'purpose = "ANY"', "profile.ReferralRequest.purpose"),
        ('["IDENT", "NEEDS"]', '["IDENT", "NAMES"]', "profile.ReferralRequest.required[1]"),
        ('"CONTACT", "LOCATION"', '"NEEDS", "LOCATION"', "profile.ReferralRequest.optional"),
        ('coarse = ["IMMIG"]', 'course = ["IMMIG"]', "profile.ReferralRequest.course"),
        ('review-due = "FollowUp"', 'review-due = "Followup"', "events.review-due"),
        ("[events_by_service.add-service-request]", "[events_by_service.add-service]", "events_by_service.add-service"),
        (
            'language-training = "LanguageClassReferral"',
            'language-training = "HealthSummary"',
            "events_by_service.add-service-request.language-training",
        ),
        ("\n[events]", "\n[event]", "events"),
        ("[profile.ReferralRequest]", "[profiles.ReferralRequest]", "profiles"),
    ],
)
def test_profiles_that_are_not_understood_are_refused_with_file_and_key(overlay, old, new, key):
    folder = overlay("profiles.toml", (old, new))

    with pytest.raises(Refused) as refusal:
        load_packs(folder)

    assert refusal.value.where == f"profiles.toml: {key}"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"DV", "NOTES_FREE",\n]', '"DV", "NOTES_FREE", "SEXUAL",\n]', "profile.ReferralRequest.optional[15]"),
        ('coarse = ["IMMIG"]', 'coarse = ["IMMIG", "RISK"]', "profile.ReferralRequest.coarse[1]"),
        ('coarse = ["IMMIG"] # eligible yes/no', "", None),  # narrower: it may
        ('["IDENT", "NEEDS"]', '["IDENT"]', "profile.ReferralRequest.required"),
        ('["IDENT", "NEEDS"]', '["IDENT", "NEEDS", "RISK"]', "profile.ReferralRequest.required[2]"),
        ('"SERVICE_STATUS", "PLAN"', '"SERVICE_STATUS"', None),
        ('purpose = "HEALTH_CARE"', 'purpose = "COORDINATION"', "profile.HealthSummary"),
        ("\n[events]", f"{NEW_TYPE}\n[events]", "profile.HealthDump"),
        ('case-note-shared = "CaseNoteShared"', 'case-note-shared = "PlanShared"', "events.case-note-shared"),
        ('plan-shared = "PlanShared"', "", None),
        ('plan-shared = "PlanShared"', 'everything = "ClientCopy"', "events.everything"),
        ('language-training = "LanguageClassReferral"', "", "events.add-service-request"),
    ],
)
def test_the_data_folder_may_narrow_a_profile_never_widen_it(overlay, old, new, key):
    folder = overlay("profiles.toml", (old, new))

    if key is None:
        assert load_packs(PACKAGED, folder).profiles != load_packs(PACKAGED).profiles
        return
    with pytest.raises(Refused) as refusal:
        load_packs(PACKAGED, folder)
    assert refusal.value.where == f"profiles.toml: {key}"


def test_without_profiles_nothing_is_loaded(tmp_path):
    with pytest.raises(Refused, match=r"profiles.toml: got no such file"):
        load_packs(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "ca-on.toml").write_bytes(b"version = \xff")

    with pytest.raises(Refused, match=r"ca-on.toml: got no TOML"):
        load_packs(PACKAGED, tmp_path)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "ca-on.toml").mkdir()

    with pytest.raises(Refused, match=r"ca-on.toml: got IsADirectoryError"):
        load_packs(PACKAGED, tmp_path)
