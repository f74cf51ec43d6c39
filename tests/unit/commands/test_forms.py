"""``hub consent form|receipt``: what is asked between two agencies, and what is said of a consent, to whom and how."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.model.words import Category, Purpose
from hub.commands import frame
from hub.desk.forms import WAYS
from hub.forms.texts import FIRST, PACKAGED
from hub.model.directory import Agency, Worker
from tests.network import EVENTS, NOON, Network, agreement
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_consent import alias_of, filed

FORM = ("consent", "form", "harbour", "--to", "lakeside")
BY = ("--as", "harbour-worker")
SIGNED = {"text_version": "2026-1", "language": "en-CA"}
RECEIPT_BY = ("--agency", "harbour", "--as", "harbour-worker")


def number_of(desk: Desk, **changes: str | None) -> str:
    """The number of a consent of a client of Harbour, signed on the hub's own form."""
    return filed(desk, {**SIGNED, **changes})["filed"][0]["number"]


def views(desk: Desk) -> int:
    return sum(entry["event_type"] == "VIEW" for entry in desk.entries())


def test_a_form_is_a_page_for_the_two_agencies(desk: Desk) -> None:
    page = desk.ok(*FORM)

    assert page.startswith("<!DOCTYPE html>")
    assert '<html lang="en-CA">' in page
    assert "We are Harbour Newcomer Centre. We will send it to Lakeside Employment Services." in page
    assert 'id="category-IMMIG"' in page
    assert 'id="category-DV"' not in page, "the agreement has it not"


def test_a_form_is_about_nobody_and_needs_nobodys_name(desk: Desk) -> None:
    before = desk.entries()

    desk.ok(*FORM)

    assert desk.entries() == before


def test_a_program_gets_what_the_form_asks(desk: Desk, tmp_path: Path) -> None:
    said = desk.json(*FORM, "--out", str(tmp_path / "form.html"), "--lang", "fr")

    assert (said["text_version"], said["language"], said["notice_version"]) == ("2026-1", "fr-CA", "notice-v2")
    assert (said["agency"], said["recipient_org"], said["purposes"]) == ("harbour", "lakeside", ["REFERRAL"])
    assert "SUBSTANCE" in said["categories"]
    assert said["months_max"] == 24
    assert '<html lang="fr-CA">' in (tmp_path / "form.html").read_text(encoding="utf-8")


def test_the_page_is_its_owners_alone(desk: Desk, tmp_path: Path) -> None:
    desk.ok(*FORM, "--out", str(tmp_path / "form.html"))

    assert stat.S_IMODE((tmp_path / "form.html").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("harbor", "--to", "lakeside"), "AGENCY: got aaaaaa, expected the id of an active agency of the directory"),
        (("harbour", "--to", "lakesite"), "--to: got aaaaaaaa, expected the id of an active agency"),
        (("harbour", "--to", "hub"), "--to: got aaa, expected the id of an active agency"),
        (("harbour", "--to", "harbour"), "--to: got the same agency, expected another one"),
        (("harbour", "--to", "lakeside", "--purpose", "COORDINATION"), "--purpose: got COORDINATION, expected what"),
        (("harbour", "--to", "lakeside", "--purpose", "FUNDER_REPORT"), "a report to a funder rests on a notice"),
        (("harbour", "--to", "lakeside", "--purpose", "GOSSIP"), "--purpose: got aaaaaa, expected one of REFERRAL"),
        (
            ("harbour", "--to", "lakeside", "--lang", "fa"),
            "--lang: got `fa`, expected a language that there is a text of",
        ),
        (
            ("harbour", "--to", "lakeside", "--text-version", "1999-1"),
            "--text-version: got `1999-1`, of which the hub has no text, expected one of 2026-1",
        ),
        (
            ("harbour", "--to", "lakeside", "--text-version", "2026-1", "--lang", "fa"),
            "--lang: got `fa`, of which there are none, expected one of en-CA, fr-CA",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(desk: Desk, args: tuple[str, ...], said: str) -> None:
    assert said in desk.refused("consent", "form", *args)


def test_agencies_that_have_agreed_on_nothing_have_no_form(network: Network, desk: Desk) -> None:
    network.put(Agency("hill", "Hill Clinic", "general", "ca-on", "delivery.HILLAAAAAAAA"))

    said = desk.refused("consent", "form", "harbour", "--to", "hill")

    assert said.startswith("--to: got nothing in force that `harbour` may share with `hill`")
    assert "hub agreements list" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "suspended"},
        {"status": "ended"},
        {"valid_from": NOON + timedelta(days=1)},
        {"expires_at": NOON},
        {"discloser": "lakeside"},
        {"events": ()},
        {"categories": (Category.NEEDS,)},
        {"purposes": (Purpose.FUNDER_REPORT,), "events": ("funder-report",)},
    ],
)
def test_an_agreement_that_lets_nothing_go_lets_nothing_be_asked(
    network: Network, desk: Desk, changes: dict[str, Any]
) -> None:
    network.put(agreement(NOON - timedelta(days=9), version=2, **changes))

    assert "got nothing in force" in desk.refused(*FORM)


def test_an_agency_that_is_suspended_has_no_form(network: Network, desk: Desk) -> None:
    network.put(replace(network.directory().agencies["lakeside"], status="suspended"))

    assert "expected the id of an active agency" in desk.refused(*FORM)


def test_the_longest_life_is_that_of_the_stricter_pack(network: Network, desk: Desk, tmp_path: Path) -> None:
    packaged = (PACKAGED.parents[2] / "consent" / "packs" / "ca-on.toml").read_text(encoding="utf-8")
    strict = packaged.replace("life_months_max = 24", "life_months_max = 6")
    (desk.folder / "packs" / "xx.toml").write_text(strict, encoding="utf-8")
    network.put(replace(network.directory().agencies["lakeside"], pack="xx"))

    assert desk.json(*FORM, "--out", str(tmp_path / "f.html"))["months_max"] == 6
    number = number_of(desk, captured_at="2026-01-12 10:15:00", expires_on="2027-12-31")
    assert desk.json("consent", "receipt", number, *BY)["ends_at"] == "2026-07-13T04:00:00+00:00"


def test_only_purposes_that_were_asked_for_are_on_it(network: Network, desk: Desk) -> None:
    wide = agreement(
        NOON - timedelta(days=9),
        version=2,
        purposes=(Purpose.REFERRAL, Purpose.FOLLOW_UP),
        events=(*EVENTS, "review-due", "review-done"),
    )
    network.put(wide)

    assert desk.json(*FORM)["purposes"] == ["REFERRAL", "FOLLOW_UP"]
    assert desk.json(*FORM, "--purpose", "FOLLOW_UP")["categories"] == [
        "IDENT", "CONTACT", "LANG", "EMPLOY", "SERVICE_STATUS",
    ]  # fmt: skip


def test_a_text_of_the_data_folder_counts_when_its_pack_knows_it(desk: Desk) -> None:
    folder = desk.folder / "texts"
    english = (PACKAGED / FIRST).read_text(encoding="utf-8")
    (folder / "2027-1.en-CA.toml").write_text(english.replace('"2026-1"', '"2027-1"'), encoding="utf-8")
    assert "expected one of 2026-1;" in desk.refused(*FORM, "--text-version", "2027-1")
    assert "Text 2026-1, en-CA." in desk.ok(*FORM)

    pack = (PACKAGED.parents[2] / "consent" / "packs" / "ca-on.toml").read_text(encoding="utf-8")
    (desk.folder / "packs" / "ca-on.toml").write_text(
        pack.replace('"2026-1"]', '"2026-1", "2027-1"]'), encoding="utf-8"
    )

    assert "Text 2027-1, en-CA." in desk.ok(*FORM)
    assert "Text 2026-1, en-CA." in desk.ok(*FORM, "--text-version", "2026-1")
    assert "Texte 2026-1, fr-CA." in desk.ok(*FORM, "--lang", "fr")


def test_a_wrong_text_of_the_data_folder_is_named_by_every_command_that_needs_it(desk: Desk) -> None:
    folder = desk.folder / "texts"
    (folder / "2027-1.en-CA.toml").write_text("version = 1", encoding="utf-8")

    assert desk.refused(*FORM).startswith("2027-1.en-CA.toml: version: got a whole number, expected a text")
    found = [each for each in desk.json("doctor", code=1)["findings"] if each["place"].startswith("texts")]
    assert [each["ok"] for each in found] == [False]


@pytest.mark.parametrize("command", ["form", "receipt"])
def test_a_page_takes_the_place_of_nothing_and_what_cannot_be_written_is_said(
    desk: Desk, tmp_path: Path, command: str
) -> None:
    number = number_of(desk)
    args = FORM if command == "form" else ("consent", "receipt", number, *BY)
    there = tmp_path / "there.html"
    there.write_text("mine", encoding="utf-8")
    looks = views(desk)

    assert "--out: got what is there already" in desk.refused(*args, "--out", str(there))
    assert there.read_text(encoding="utf-8") == "mine"
    assert views(desk) == looks, "refused before anything was looked at"
    nowhere = tmp_path / "no" / "folder.html"
    assert "--out: got No such file or directory" in desk.refused(*args, "--out", str(nowhere), code=4)
    assert views(desk) == looks + (command == "receipt"), "what was looked at is in the log, though it was not written"


def test_a_folder_that_may_not_be_written_is_said(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path, _: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(frame, "write_whole", closed)  # root, as whom tests may run, writes anywhere

    assert "--out: got Permission denied" in desk.refused(*FORM, "--out", str(tmp_path / "form.html"), code=4)


def test_a_receipt_says_what_the_record_says(desk: Desk, tmp_path: Path) -> None:
    number = number_of(desk)

    said = desk.json("consent", "receipt", number, "--out", str(tmp_path / "r.html"), *BY)

    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert said["receipt"] == f"{number}-1"
    assert (said["text_version"], said["state"], said["alias"]) == ("2026-1", "ACTIVE", alias_of_client(desk, number))
    assert said["categories"] == ["IDENT", "CONTACT", "NEEDS"]
    for text in (f"{number}-1", said["alias"], "Lakeside Employment Services", "December 31, 2026", "notice-v2"):
        assert text in page


def alias_of_client(desk: Desk, number: str) -> str:
    return str(desk.json("consent", "show", number, *RECEIPT_BY)["alias"])


def test_a_receipt_is_in_the_language_of_the_consent_or_the_one_that_is_asked_for(desk: Desk) -> None:
    number = number_of(desk, language="fr-CA", client_reads="fr")

    assert '<html lang="fr-CA">' in desk.ok("consent", "receipt", number, *BY)
    assert '<html lang="en-CA">' in desk.ok("consent", "receipt", number, "--lang", "en", *BY)


def test_each_run_is_an_entry_of_the_log_whatever_comes_of_it(desk: Desk, tmp_path: Path) -> None:
    number = number_of(desk)
    runs: list[tuple[tuple[str, ...], int]] = [
        ((), 0),
        (("--lang", "fa"), 1),
        (("--text-version", "1999-1"), 1),
        (("--out", str(tmp_path / "no" / "r.html")), 4),
    ]
    for count, (args, code) in enumerate(runs, start=1):
        assert desk.run("consent", "receipt", number, *args, *BY).exit_code == code
        last = desk.entries()[-1]
        assert (last["event_type"], last["what"], last["agency"]) == ("VIEW", "consents", "harbour")
        assert (last["actor"]["ref"], views(desk)) == ("harbour-worker", count)


def test_what_the_client_has_not_given_has_no_receipt(desk: Desk) -> None:
    draft = number_of(desk, evidence_ref=None)
    half = number_of(desk, explained="what who", form_id="F-12")
    no = number_of(desk, declined="1", form_id="F-10")

    said = desk.refused("consent", "receipt", draft, *BY)
    assert said.startswith(
        "NUMBER: got state DRAFT, without evidence_ref, expected a consent that the client has given"
    )
    assert "got state ACTIVE, without explained, expected" in desk.refused("consent", "receipt", half, *BY)
    assert "got state DECLINED, expected" in desk.refused("consent", "receipt", no, *BY)
    notice = number_of(desk, form="NOTICE", purposes="FUNDER_REPORT", form_id="F-11", signed_on=None)
    assert "NUMBER: got basis NOTICE_ONLY" in desk.refused("consent", "receipt", notice, *BY)
    assert views(desk) == 4


def test_a_text_that_the_hub_has_not_is_named_and_the_receipt_can_be_had_in_other_words(desk: Desk) -> None:
    number = number_of(desk, text_version="sharing-v3", language="en")

    said = desk.refused("consent", "receipt", number, *BY)

    assert "got `sharing-v3`, of which the hub has no text, expected one of 2026-1; `--text-version` with one" in said
    page = desk.ok("consent", "receipt", number, "--text-version", "2026-1", *BY)
    assert "Text sharing-v3, en." in page
    assert "This page uses the words of text 2026-1." in page


@pytest.mark.parametrize(
    ("flag", "closed"),
    [
        ("MAIL_UNSAFE", {"MAIL", "TEXT", "EMAIL"}),
        ("PHONE_UNSAFE", {"MAIL", "TEXT", "EMAIL"}),
        ("PROTECTED_LOCATION", set()),
    ],
)
def test_c_118_a_receipt_does_not_go_by_a_way_that_is_not_safe_and_is_handed_over(
    network: Network, desk: Desk, flag: str, closed: set[str]
) -> None:
    number = number_of(desk)
    desk.ok("subjects", "flag", "add", alias_of(network), flag, *RECEIPT_BY)

    for way in WAYS:
        args = ("consent", "receipt", number, "--by", way, *BY)
        if way in closed:
            said = desk.refused(*args)
            assert said.startswith(f"--by: got {way}, which is not safe for this client (DN_SAFETY_CONFLICT)")
            assert "hand it over when you next see the client" in said
            assert "UNSAFE" not in said
        else:
            desk.ok(*args)
    assert views(desk) == len(WAYS)


def test_a_way_that_is_none_is_refused_before_anything_is_looked_at(desk: Desk) -> None:
    number = number_of(desk)

    assert "expected one of HAND, MAIL, TEXT, EMAIL" in desk.refused(
        "consent", "receipt", number, "--by", "PIGEON", *BY, code=2
    )
    assert views(desk) == 0


def test_the_agency_that_took_the_consent_prints_its_receipt_and_no_other(network: Network, desk: Desk) -> None:
    number = number_of(desk)
    network.put(Worker("officer", "hub", "officer"))
    theirs = desk.json("consent", "show", number, *RECEIPT_BY)
    assert theirs["consents"][0]["recipients"] == ["lakeside"]
    with network.hub.store.unit() as unit:
        consent_id = unit.consents.by_number("harbour", number)
        at_lakeside = unit.consents.number(consent_id or "", "lakeside")

    said = desk.refused("consent", "receipt", at_lakeside, "--as", "lakeside-worker")

    assert "NUMBER: got a consent that another agency took" in said
    assert "expected `lakeside`'s number" in desk.refused("consent", "receipt", number, "--as", "lakeside-worker")
    assert "--agency: got nothing" in desk.refused("consent", "receipt", number, "--as", "officer")
    assert f"{number}-1" in desk.ok("consent", "receipt", number, "--agency", "harbour", "--as", "officer")
    assert "--as: got `nobody`" in desk.refused("consent", "receipt", number, "--as", "nobody")
