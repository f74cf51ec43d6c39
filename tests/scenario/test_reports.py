"""Reports to iCARE: a CMS's services, month by month, in workbooks of the agency's own site (settled S1, S2, S6, S7).

All people are invented.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.icare.workbook import Workbook
from consent.model.words import Category, Purpose
from hub.exchange import handover, intake, reports, taking_back
from hub.exchange.house import House
from hub.exchange.withdraw import Drain, Receipt
from hub.model.directory import Status, System
from hub.model.rows import Handover
from tests import cms_builder as cms
from tests import icare_builder as icare
from tests.network import Network, agreement
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

FOLDER = "icare"
CATEGORIES = "IDENT LANG NEEDS SERVICE_STATUS"


@dataclass
class Site:
    """Harbour's folder for iCARE, and its worker."""

    network: Network

    @property
    def folder(self) -> Path:
        return self.network.dir / FOLDER

    def books(self, module: str, place: str = "") -> list[Path]:
        return sorted((self.folder / place).glob(f"{module}_*.xlsx"))

    def rows(self, module: str, place: str = "") -> list[dict[str, str]]:
        """What stands in the workbooks of a module, by technical id."""
        found = [row for book in self.books(module, place) for row in Workbook(book.read_bytes()).rows()]
        assert not any(row.faults for row in found)
        return [dict(row.fields) for row in found]

    def processed(self, module: str) -> None:
        """The worker uploaded the workbooks, and iCARE took all of it."""
        (self.folder / "processed").mkdir(exist_ok=True)
        for book in self.books(module):
            shutil.move(book, self.folder / "processed" / book.name)

    def refused(self, module: str, text: str) -> None:
        """iCARE refused the first row of the workbook: it comes back with its words in column A."""
        first, *rest = self.rows(module)
        details = f"[BUID:305939,RID:,ORP:1/1,DTS:2026-06-04 10:05:04][1] {text}"
        (book,) = self.books(module)
        (self.folder / "processed").mkdir(exist_ok=True)
        came_back = icare.workbook(module, [{**first, "processing_details": details}, *rest], lov=False)
        (self.folder / "processed" / f"returned {book.name}").write_bytes(came_back)
        shutil.move(book, self.folder / "processed" / book.name)

    def todo(self, module: str) -> list[tuple[str, str]]:
        """Row and column of each line that a worker still has to fill."""
        lines: list[tuple[str, str]] = []
        for book in self.books(module):
            text = (self.folder / f"{book.name}.todo.csv").read_text(encoding="utf-8-sig")
            lines += [(line[0], line[1]) for line in csv.reader(io.StringIO(text))][1:]
        return lines

    def run(self) -> None:
        """A day: files are closed and looked at again."""
        for _ in range(4):
            self.network.settle()


@pytest.fixture
def site(network: Network) -> Site:
    """Harbour reports to IRCC, with whom it has an agreement."""
    folder = network.dir / FOLDER
    folder.mkdir()
    settings = {"path": str(folder), "agreement": "AGR001", "postal_code": "M5V2T6"}
    signed = agreement(
        network.clock.now() - timedelta(days=300),
        agreement_id="funding",
        parties=("harbour", "ircc"),
        purposes=(Purpose.FUNDER_REPORT,),
        categories=tuple(Category(word) for word in f"{CATEGORIES} CONTACT".split()),
        events=("funder-report",),
    )
    funder = replace(network.directory().agencies["harbour"], id="ircc", name="IRCC", topic="delivery.9f3e")
    network.put(funder, System("harbour-icare", "harbour", "icare", "active", settings), signed)
    return Site(network)


def served(site: Site, *, notice: str = CATEGORIES, client: int | None = None, **fields: object) -> int:
    """A client of Harbour, told that services are reported, and one of May; the client's number."""
    db = site.network.db("harbour")
    if client is None:
        client = cms.add_client(db, phone="416-555-0142", phone_safe=1)
        cms.add_identifier(db, client)
        if notice:
            told(db, client, notice)
    day = {"started_at": "2026-05-14 10:00:00", "ended_at": "2026-05-14 11:00:00"}
    cms.add_service(db, client, **{**day, **fields})
    db.close()
    site.run()
    return client


def told(db, client: int, categories: str) -> int:
    bare = dict.fromkeys(("given_by", "capacity_basis", "valid_from", "expires_on", "text_version", "client_reads"))
    bare |= dict.fromkeys(("explained", "not_condition", "signed_on", "evidence_ref", "receipt_at", "receipt_channel"))
    return cms.add_consent(
        db, client, "ircc", **{**bare, "form": "NOTICE", "purposes": "FUNDER_REPORT", "categories": categories}
    )


def test_s1_a_profile_comes_first_and_its_services_when_icare_has_taken_it(site: Site) -> None:
    served(site)
    (profile,) = site.rows("CLIENT_PROFILE")
    assert (profile["client_validation_id"], profile["client_birth_dt"]) == ("1100000001", "1991-07-22")
    assert profile["postal_txt"] == "M5V2T6", "the postal code of the home is who the client is (S6)"
    assert site.books("IO") == []

    site.processed("CLIENT_PROFILE")
    site.run()

    (row,) = site.rows("IO")
    assert (row["start_dttm"], row["end_dttm"]) == ("2026-05-14", "2026-05-14")
    assert row["postal_cd"] == "M5V2T6", "the place of service is the site's (case 26)"
    assert site.network.codes() == {"OK_NOTICE_BASED": 2}
    assert site.network.verifies()


def test_case_34_services_of_a_client_whose_profile_was_refused_wait_until_it_was_taken(site: Site) -> None:
    client = served(site)
    site.refused("CLIENT_PROFILE", "(Client) Unable to validate against database. / (Client) Impossible.")
    site.run()
    assert site.books("IO") == []
    assert ("participant_id", 1) in [(key, number) for key, number, _ in site.network.told("harbour", "rejected")]

    db = site.network.db("harbour")
    cms.update(db, "client", client, birth_date="1991-07-23")  # as it stands on the document
    db.close()
    site.run()
    (profile,) = site.rows("CLIENT_PROFILE")
    assert profile["client_birth_dt"] == "1991-07-23"
    site.processed("CLIENT_PROFILE")
    site.run()
    assert [row["client_birth_dt"] for row in site.rows("IO")] == ["1991-07-23"]


def test_c_12_without_a_notice_nothing_is_reported_and_the_first_notice_wakes_it(site: Site) -> None:
    client = served(site, notice="")
    assert site.books("CLIENT_PROFILE") == []
    assert site.network.codes() == {"DN_NOTICE": 1}
    db = site.network.db("harbour")
    told(db, client, CATEGORIES)
    db.close()
    site.run()
    assert len(site.rows("CLIENT_PROFILE")) == 1


@pytest.mark.parametrize(
    ("categories", "phone", "agreed"),
    [
        pytest.param(CATEGORIES, None, "No", id="C-11 S7 follow-up contact was not agreed to"),
        pytest.param(f"{CATEGORIES} CONTACT", "416-555-0142", "Yes", id="S7 it was"),
    ],
)
def test_contact_goes_with_the_agreement_to_it_alone(
    site: Site, categories: str, phone: str | None, agreed: str
) -> None:
    served(site, notice=categories)
    (profile,) = site.rows("CLIENT_PROFILE")
    assert (profile.get("phone_no"), profile["consent_ind"]) == (phone, agreed)
    assert profile.get("street_nme") == ("Elm" if phone else None)


def test_s7_what_the_client_agreed_to_when_it_is_handed_over_counts_and_not_what_she_had_agreed_to_before(
    site: Site,
) -> None:
    site.folder.rename(site.network.dir / "away")
    served(site, notice=f"{CATEGORIES} CONTACT")  # let go, and not handed over: the folder is away
    db = site.network.db("harbour")
    cms.update(db, "consent", 1, categories=CATEGORIES)
    db.close()
    site.run()
    (site.network.dir / "away").rename(site.folder)
    for _ in range(3):
        site.run()

    (profile,) = site.rows("CLIENT_PROFILE")
    assert (profile["consent_ind"], profile.get("phone_no"), profile.get("street_nme")) == ("No", None, None)


def test_i_17_a_withdrawal_ends_reports(site: Site) -> None:
    served(site)
    site.processed("CLIENT_PROFILE")
    withdrawn(site, 1)
    site.run()

    assert site.books("IO") == []
    assert site.network.told("harbour") == [("participant_id", 1, "DN_WITHDRAWN")]


def allowed(site: Site, categories: str) -> None:
    db = site.network.db("harbour")
    cms.update(db, "consent", 1, categories=categories)
    db.close()
    for _ in range(3):
        site.run()


@pytest.mark.parametrize(
    ("before", "after", "phone", "agreed"),
    [(f"{CATEGORIES} CONTACT", CATEGORIES, None, "No"), (CATEGORIES, f"{CATEGORIES} CONTACT", "416-555-0142", "Yes")],
    ids=["no more", "from now on"],
)
def test_i_17_what_the_client_allows_by_now_is_what_stands_in_a_workbook_that_lies_there(
    site: Site, before: str, after: str, phone: str | None, agreed: str
) -> None:
    served(site, notice=before)

    allowed(site, after)

    (profile,) = site.rows("CLIENT_PROFILE")
    assert (profile.get("phone_no"), profile["consent_ind"]) == (phone, agreed)
    assert site.network.told("harbour") == []  # she goes on being reported: nobody has to do anything
    site.run()
    assert len([entry for entry in site.network.entries() if entry.get("taken_back")]) == 1, "and it stands"


def withdrawn(site: Site, consent: int) -> None:
    db = site.network.db("harbour")
    cms.update(db, "consent", consent, withdrawn_at="2026-06-01 11:00:00", withdrawn_how="PHONE")
    db.close()


def test_i_17_who_withdraws_is_taken_out_of_a_workbook_that_lies_there_and_her_neighbour_stays(
    site: Site,
) -> None:
    group(site, 2)
    site.run()
    numbers = [row["client_validation_id"] for row in site.rows("CLIENT_PROFILE")]
    assert len(numbers) == 2

    withdrawn(site, 1)
    site.run()

    assert [row["client_validation_id"] for row in site.rows("CLIENT_PROFILE")] == numbers[1:]
    told = site.network.told("harbour")
    assert ("participant_id", 1, "DN_WITHDRAWN") in told
    assert all(number == 1 for _, number, _ in told)
    taken = [entry for entry in site.network.entries() if entry.get("taken_back")]
    assert [(entry["event_type"], entry["codes"]) for entry in taken] == [("DELIVERY", ["DN_WITHDRAWN"])]
    assert site.network.verifies()

    site.run()
    assert len([entry for entry in site.network.entries() if entry.get("taken_back")]) == 1, "it is told once"


def test_i_17_no_workbook_is_put_anew_with_somebody_who_has_withdrawn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(site, 2)
    site.run()
    monkeypatch.setattr(taking_back, "step", lambda *_: False)  # nobody looks in between: the hand-over itself must
    withdrawn(site, 1)
    db = site.network.db("harbour")
    cms.update(db, "client", 2, birth_date="1991-02-04")
    db.close()

    site.run()

    assert [row["client_birth_dt"] for row in site.rows("CLIENT_PROFILE")] == ["1991-02-04"]


def agrees_again(site: Site) -> None:
    db = site.network.db("harbour")
    cms.add_consent(db, 1, "ircc", purposes="FUNDER_REPORT", categories=CATEGORIES)
    db.close()
    site.run()


def test_i_17_who_is_told_anew_and_agrees_is_reported_again(site: Site) -> None:
    served(site)
    withdrawn(site, 1)
    site.run()
    assert site.books("CLIENT_PROFILE") == []

    agrees_again(site)

    assert len(site.rows("CLIENT_PROFILE")) == 1


def test_i_17_what_cannot_be_taken_out_is_told_once_and_taken_out_when_it_can_be(site: Site) -> None:
    served(site)
    (book,) = site.books("CLIENT_PROFILE")
    lock = site.folder / f"~${book.name}"
    lock.write_bytes(b"")
    withdrawn(site, 1)
    for _ in range(2):
        site.run()

    places = [row["payload"]["place"] for row in site.network.inbox("harbour", "refusal")]
    assert places.count(taking_back.LEFT_THERE) == 1
    lock.unlink()
    site.run()
    assert site.books("CLIENT_PROFILE") == []


def test_i_17_a_withdrawal_is_told_while_the_system_is_suspended_and_the_row_goes_when_it_is_resumed(
    site: Site,
) -> None:
    served(site)
    system = site.network.directory().systems["harbour-icare"]
    site.network.put(replace(system, status="suspended"))
    withdrawn(site, 1)
    for _ in range(2):
        site.run()

    places = [row["payload"]["place"] for row in site.network.inbox("harbour", "refusal")]
    assert places == [taking_back.LEFT_THERE], "once"
    assert len(site.rows("CLIENT_PROFILE")) == 1, "nobody reaches a suspended system"

    site.network.put(system)
    site.run()
    assert site.books("CLIENT_PROFILE") == []
    assert site.network.verifies()


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_i_17_a_withdrawal_counts_also_where_the_agencies_have_stopped(site: Site, status: Status) -> None:
    served(site)
    set_agreement(site, status)
    withdrawn(site, 1)
    site.run()

    assert site.books("CLIENT_PROFILE") == []
    assert ("participant_id", 1, "DN_WITHDRAWN") in site.network.told("harbour")


def test_who_dies_when_a_row_is_out_has_not_lost_it_although_its_client_agrees_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(site)
    withdrawn(site, 1)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(taking_back, "_told", killed)
        site.run()
    assert site.books("CLIENT_PROFILE") == []
    agrees_again(site)

    assert len(site.rows("CLIENT_PROFILE")) == 1


def test_who_agrees_again_while_the_row_is_taken_out_is_told_of_no_refusal_and_reported_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(site)
    withdrawn(site, 1)
    told = taking_back._told

    def agreed_just_now(house: House, taken: Sequence[Handover]) -> None:
        monkeypatch.undo()
        db = site.network.db("harbour")
        cms.add_consent(db, 1, "ircc", purposes="FUNDER_REPORT", categories=CATEGORIES)
        db.close()
        while intake.step(house, site.network.directory().systems["harbour-cms"]):
            pass
        told(house, taken)

    monkeypatch.setattr(taking_back, "_told", agreed_just_now)
    site.run()

    taken = [entry for entry in site.network.entries() if entry.get("taken_back")]
    assert [entry["outcome"] for entry in taken] == ["PERMIT"], "as it is decided then"
    assert site.network.told("harbour") == []
    assert len(site.rows("CLIENT_PROFILE")) == 1
    assert site.network.verifies()


def test_what_lies_stays_while_the_agreement_is_suspended(site: Site) -> None:
    served(site)
    set_agreement(site, "suspended")
    site.run()
    assert len(site.rows("CLIENT_PROFILE")) == 1
    set_agreement(site, "active")
    site.run()
    assert len(site.rows("CLIENT_PROFILE")) == 1


def set_agreement(site: Site, status: Status) -> None:
    row = next(row for row in site.network.directory().agreements if row.agreement_id == "funding")
    site.network.put(replace(row, status=status, version=row.version + 1))


def test_i_17_the_receipt_of_a_withdrawal_names_what_lies_in_a_workbook_until_icare_has_taken_it(site: Site) -> None:
    served(site)
    before = receipt_of_the_notice(site)
    assert len(before.arrived) == 1
    assert before.unanswered == before.arrived

    site.processed("CLIENT_PROFILE")
    site.run()

    after = receipt_of_the_notice(site)
    assert len(after.arrived) == 2  # the service followed, and lies there now
    assert set(after.unanswered) == set(after.arrived) - set(before.arrived)


def receipt_of_the_notice(site: Site) -> Receipt:
    """What relied on the notice, as a withdrawal tells it."""
    house = site.network.hub.house
    with house.store.peek() as rows:
        notice = rows.consents.of_source("harbour-cms", "consent:1")[0]
    receipt = Drain(house, [f"consent:{notice.consent_id}"]).step()
    assert receipt is not None
    return receipt


def group(site: Site, count: int) -> None:
    """So many clients in one session of May."""
    db = site.network.db("harbour")
    clients = []
    for place in range(count):
        number = cms.add_client(db, last_name=f"Nwosu-{'ABCDEFG'[place]}", birth_date=f"199{place}-02-03")
        cms.add_identifier(db, number)
        told(db, number, CATEGORIES)
        clients.append(number)
    cms.add_service(
        db, *clients, format="group", group_size=12, started_at="2026-05-14 10:00:00", ended_at="2026-05-14 11:00:00"
    )
    db.close()


def test_s2_what_is_still_coming_is_waited_for(site: Site) -> None:
    group(site, 1)
    site.network.run()
    assert site.books("CLIENT_PROFILE") == []
    site.network.clock.advance(timedelta(minutes=10))
    site.network.run()
    assert len(site.books("CLIENT_PROFILE")) == 1


def test_s2_a_workbook_of_more_people_than_a_unit_locks_is_opened_in_several(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "UNIT_MAX", 2)
    group(site, 5)
    site.run()
    assert len(site.books("CLIENT_PROFILE")) == 1
    assert len(site.rows("CLIENT_PROFILE")) == 5
    assert site.network.verifies()


def test_case_40_a_group_is_a_row_for_each_client(site: Site) -> None:
    group(site, 3)
    site.run()
    assert len(site.rows("CLIENT_PROFILE")) == 3
    assert len(site.books("CLIENT_PROFILE")) == 1, "one workbook of a month"
    site.processed("CLIENT_PROFILE")
    site.run()
    assert [row["group_clients_no_id"] for row in site.rows("IO")] == ["10 - 20 people"] * 3


def test_s6_what_nobody_said_is_left_blank_and_listed_for_the_worker(site: Site) -> None:
    served(site)
    site.processed("CLIENT_PROFILE")
    site.run()
    (row,) = site.rows("IO")
    columns = {column for _, column in site.todo("IO")}
    assert {"service_referred_by_id", "institution_type_id"} <= columns
    assert not columns & row.keys()
    assert "No" not in [row.get("support_received_ind"), row.get("target_group_specific_ind")]


def test_s2_the_month_that_is_not_over_waits(site: Site) -> None:
    served(site, started_at="2026-06-01 09:00:00", ended_at="2026-06-01 10:00:00")
    assert site.books("CLIENT_PROFILE") == []
    site.network.clock.advance(timedelta(days=30))
    site.run()
    assert len(site.rows("CLIENT_PROFILE")) == 1


def test_a_workbook_of_the_hubs_own_makes_no_referral(site: Site) -> None:
    served(site, activity="needs-assessment")
    site.processed("CLIENT_PROFILE")
    site.run()
    assert len(site.rows("NARS")) == 1
    site.processed("NARS")
    site.run()
    assert site.network.inbox("lakeside") == []
    assert set(site.network.codes()) == {"OK_NOTICE_BASED"}


def test_s1_nothing_that_is_reported_stands_in_the_log_or_in_any_file_of_the_hub(site: Site) -> None:
    served(site)
    site.processed("CLIENT_PROFILE")
    site.run()

    (profile,) = site.rows("CLIENT_PROFILE", "processed")
    words = ("1100000001", "1991-07-22", "Okonkwo")
    assert set(words[:2]) <= set(profile.values()), "the name is not among what is reported"
    files = [path.read_bytes() for path in site.network.hub.settings.dir.rglob("*") if path.is_file()]
    assert any(b"delivery.9f3e" in each for each in files), "its rows were read"
    kept = b"".join(files) + str(site.network.entries()).encode()
    assert [word for word in words if word.encode() in kept] == []


def test_case_37_a_service_that_icare_takes_no_more_is_given_back_at_once_with_the_reason(site: Site) -> None:
    client = served(site)
    site.processed("CLIENT_PROFILE")
    site.run()
    served(site, client=client, started_at="2026-04-03 10:00:00", ended_at="2026-04-03 11:00:00")

    assert [row["start_dttm"] for row in site.rows("IO")] == ["2026-05-14"]
    assert [code for _, _, code in site.network.told("harbour", "returned")] == ["TOO_LATE"]
    assert site.network.states()["returned"] == 1, "it ends, and is not tried again"
    assert site.network.verifies()


@pytest.mark.parametrize("change", ["number", "format"])
def test_a_row_whose_client_or_format_was_corrected_before_it_was_uploaded_is_taken_out(
    site: Site, change: str
) -> None:
    served(site)
    db = site.network.db("harbour")
    if change == "number":
        db.execute("UPDATE client_identifier SET value = '1100000009'")
    else:
        site.processed("CLIENT_PROFILE")
        site.run()
        day = {"started_at": "2026-05-15 09:00:00", "ended_at": "2026-05-15 10:00:00"}
        cms.update(db, "service_event", 1, minutes=30, format="group", group_size=12, **day)
    db.close()
    site.run()

    if change == "number":
        assert [row["client_validation_id"] for row in site.rows("CLIENT_PROFILE")] == ["1100000009"]
    else:
        assert [(row["start_dttm"], row["orientation_service_id"]) for row in site.rows("IO")] == [
            ("2026-05-15", "Group orientation")
        ]
    assert site.network.verifies()


def test_a_service_that_is_deleted_after_it_was_reported_is_told_so_that_its_row_is_taken_out(site: Site) -> None:
    served(site)
    site.processed("CLIENT_PROFILE")
    site.run()
    db = site.network.db("harbour")
    db.execute("DELETE FROM service_participant")
    db.close()
    site.network.clock.advance(timedelta(days=1))  # what a deleted row was part of, the nightly sweep finds
    site.run()

    told = [row["payload"]["place"] for row in site.network.inbox("harbour", "refusal")]
    assert [place for place in told if "take the row out" in place] == [reports.TAKE_OUT]


def test_of_a_month_a_service_that_ends_before_it_begins_is_told_at_its_source_and_all_goes_when_it_is_mended(
    site: Site,
) -> None:
    client = served(site)
    served(site, client=client, started_at="2026-05-20 10:00:00", ended_at="2026-05-13 11:00:00")
    site.processed("CLIENT_PROFILE")
    site.run()
    waited = [waits.place for key, waits in site.network.waits().items() if key.startswith("report")]
    assert site.books("IO") == []
    assert ["ended_at" in place for place in waited] == [True]
    assert ("participant_id", 1, "DN_SCHEMA") in site.network.told("harbour")

    db = site.network.db("harbour")
    cms.update(db, "service_event", 2, ended_at="2026-05-20 11:00:00")
    db.close()
    site.run()

    assert [(row["start_dttm"], row["end_dttm"]) for row in site.rows("IO")] == [("2026-05-14", "2026-05-20")]


def test_a_row_that_was_put_anew_and_taken_by_icare_is_not_told_as_taken_out_when_the_client_withdraws(
    site: Site,
) -> None:
    served(site)
    db = site.network.db("harbour")
    cms.update(db, "client", 1, birth_date="1991-07-23")
    db.close()
    site.run()
    site.processed("CLIENT_PROFILE")
    site.run()

    withdrawn(site, 1)
    site.run()

    assert site.books("IO") == []
    refused = [row["payload"]["place"] for row in site.network.inbox("harbour", "refusal")]
    assert refused.count(taking_back.TAKEN_OUT) == 1, "the service's row alone, which lay there"
    assert len([entry for entry in site.network.entries() if entry.get("taken_back")]) == 1


def test_a_workbook_in_which_a_row_may_not_stand_is_not_put_anew_with_it(site: Site) -> None:
    group(site, 2)
    site.run()
    (book,) = site.books("CLIENT_PROFILE")
    rows = site.rows("CLIENT_PROFILE")
    strange = {**rows[1], "client_validation_id": "1100000099"}  # its worker has mended an identifier there
    book.write_bytes(icare.workbook("CLIENT_PROFILE", [rows[0], strange], lov=False))
    withdrawn(site, 1)
    db = site.network.db("harbour")
    cms.update(db, "client", 2, birth_date="1991-02-04")
    db.close()
    site.run()

    assert site.books("CLIENT_PROFILE") == [book]
    assert site.network.states() == {"delivered": 2, "released": 1}, "the other waits"


def test_i_17_a_row_is_taken_out_soon_after_the_registry_has_heard_of_the_withdrawal(site: Site) -> None:
    served(site)
    withdrawn(site, 1)
    site.network.run()
    site.network.clock.advance(timedelta(seconds=61))
    site.network.run()

    assert site.books("CLIENT_PROFILE") == []
