"""What iCARE says of a row, and which row that was sent it speaks of (program systems 2.3, 9.3; settled S12)."""

from __future__ import annotations

import pytest

from adapters.icare.details import UNKNOWN, SentRow, key_of, link, read, state_after
from adapters.icare.states import RowState
from tests.icare_builder import assessed, profile

PUBLIC = (
    "[BUID:305939,RID:,ORP:4/5,DTS:2018-08-07 10:05:04][1] (Client) Unable to validate against database. / "
    "(Client) Impossible de valider dans la base de données."
)


def test_the_public_message_is_read_to_the_letter():
    found = read(PUBLIC)

    assert found is not None
    assert (found.batch, found.record, found.row, found.rows) == ("305939", "", 4, 5)
    assert found.at == "2018-08-07 10:05:04", "case 62: without a zone, so it stays a text"
    (message,) = found.messages
    assert message.code == "CLIENT_UNKNOWN"
    assert (message.entity, message.english) == ("Client", "Unable to validate against database.")
    assert message.french == "Impossible de valider dans la base de données."
    assert found.refused


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_row_without_details_was_accepted(text: str):
    assert read(text) is None


def test_an_accepted_row_with_its_record_id_is_not_refused():
    found = read("[BUID:305939,RID:10387104,ORP:1/5,DTS:2018-08-07 10:05:04]")

    assert found is not None
    assert (found.record, found.refused) == ("10387104", False)
    assert state_after(found) is state_after(read("")) is RowState.ACCEPTED
    assert state_after(read(PUBLIC)) is RowState.REJECTED


def test_several_messages_are_told_apart_by_running_numbers_alone():
    found = read(f"{PUBLIC} [2] (Service) See [7] of the guide. / (Service) Voir [7] du guide. [3] Something else")

    assert found is not None
    assert [message.code for message in found.messages] == ["CLIENT_UNKNOWN", UNKNOWN, UNKNOWN]
    assert found.messages[1].english == "See [7] of the guide."
    assert found.messages[1].french == "Voir [7] du guide."
    assert found.messages[2].english == "Something else"


@pytest.mark.parametrize("text", ["Rejected", "[BUID:1] ???", "[1] x", "[BUID:,RID:ab,ORP:x/y]no brackets / aucun"])
def test_a_text_of_another_shape_is_kept_as_a_message_that_nobody_knows(text: str):
    found = read(text)

    assert found is not None
    assert [message.code for message in found.messages] == [UNKNOWN]
    assert (found.record, found.row) == ("", None)


def test_a_text_that_is_made_to_be_slow_is_read_at_once():
    for text in ("(Client)" + " " * 9_000 + "x", "(Client) " + "/ (" * 3_000, "[1]" * 3_000, "(" * 9_000):
        found = read(text)
        assert found is not None


def test_the_number_of_a_message_is_no_code():
    other = PUBLIC.replace("Unable to validate against database.", "Date missing.").replace("Impossible", "Autre")

    found = read(other)

    assert found is not None
    assert found.messages[0].code == UNKNOWN


def test_either_language_leads_to_the_code():
    found = read("[1] (Client) ??? / (Client) Impossible de valider dans la base de donne\u0301es.")

    assert found is not None
    assert found.messages[0].code == "CLIENT_UNKNOWN"


def test_no_text_of_icares_and_nobodys_number_shows_when_it_is_printed():
    found = read("[1] (Zyxwvut) Zyxwvut is unknown / (Zyxwvut) inconnu")

    assert "Zyxwvut" not in repr(found)
    assert "11223344" not in repr(key_of("NARS", assessed()))


def test_the_key_is_whose_it_is_what_it_reports_and_its_month():
    key = key_of("NARS", assessed(client_validation_id="1122-3344"))

    assert key == key_of("NARS", assessed(assessment_start_dt="2026-05-29", postal_cd="K1A0A1"))
    assert key != key_of("NARS", assessed(assessment_start_dt="2026-06-01"))
    assert key != key_of("NARS", assessed(client_birth_dt="1991-07-23"))
    assert key.octets() != key_of("IO", assessed()).octets()
    assert (key.month, key_of("CLIENT_PROFILE", profile(), "2026-05").month) == ("2026-05", "2026-05")


def test_an_activity_is_part_of_the_key_and_the_first_date_that_is_filled_says_the_month():
    one, other = ({"orientation_service_id": each, "start_dttm": "2026-05-04"} for each in ("Group", "Family"))

    assert key_of("IO", one) != key_of("IO", other)
    assert key_of("ERS", {"session_referral_dt": "2026-04-30"}).month == "2026-04"
    assert (
        key_of("ERS", {"session_referral_dt": "2026-04-30", "intervention_start_dt": "2026-05-04"}).month == "2026-05"
    )


def test_a_returned_row_is_linked_by_its_key_wherever_the_worker_put_it():
    mine, other = key_of("NARS", assessed()), key_of("NARS", assessed(client_validation_id="99887766"))
    sent = [SentRow(1, other), SentRow(2, mine)]

    assert link(mine, read(PUBLIC), sent) == SentRow(2, mine)


def test_the_place_tells_two_equal_keys_apart_and_links_nothing_by_itself():
    key, nobody = key_of("NARS", assessed()), key_of("NARS", assessed(client_validation_id="99887766"))
    sent = [SentRow(3, key), SentRow(4, key)]

    assert link(key, read(PUBLIC), sent) == SentRow(4, key)
    assert link(key, None, sent) is None
    assert link(nobody, read(PUBLIC), sent) is None
