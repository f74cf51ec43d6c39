"""Every line of a HARTS file gets a last word in its ``.ACK``; after it nothing of that line moves any more."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, importing


def asks(both: Both, **changes: str) -> str:
    """A file with one request for Harbour; its name."""
    return both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, **changes)))


def asks_for_two(both: Both) -> str:
    """The same, with a request for somebody who has agreed to nothing: the file stays open. It has been read."""
    zed = {"harts_no": "40000009", "dob": "1980-01-02", "surname": "Zed", "given": "Robert", "uci": ""}
    name = both.site.hand_in(
        harts.client(harts.referral(to_site=HARBOUR_SITE)),
        harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="R-2"), **zed),
    )
    both.run()
    return name


def settled(both: Both, name: str) -> bool:
    found = both.site.answer_to(name)
    assert found is not None
    return found.settled


def rejected_by_harbour(both: Both, code: str = "CLOSED_CASE") -> None:
    """Harbour's CMS cannot apply what it got."""
    (row,) = both.network.inbox("harbour", "referral")
    both.network.db("harbour").execute(
        "INSERT INTO hub_inbox_error (message_id, code, occurred_at, seq) VALUES (?, ?, '2026-06-02 10:00:00', 1)",
        (row["message_id"], code),
    )


def after(both: Both, days: int) -> None:
    for _ in range(days):
        both.network.clock.advance(timedelta(days=1))
        both.network.hub.keep_house()
        both.run()


def test_a_rejection_by_the_receiver_stands_in_a_file_that_is_still_open(both: Both) -> None:
    allow(both, consent_row())
    name = asks_for_two(both)
    before = both.told(name)

    rejected_by_harbour(both, "CASE_CLOSED")
    both.run()

    assert [each[1:] for each in before] == [("OK", "")] * 2 + [("WARN", "DN_NO_CONSENT")] * 2
    assert [each[1:] for each in both.told(name)] == [("ERR", "CASE_CLOSED")] * 2 + [("WARN", "DN_NO_CONSENT")] * 2
    assert both.network.states() == {"delivered": 1, "refused": 1}


def test_a_rejection_by_the_receiver_stands_when_another_line_speaks_of_the_same_request(both: Both) -> None:
    allow(both, consent_row())
    name = asks_for_two(both)
    rejected_by_harbour(both, "CASE_CLOSED")
    both.run()

    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, action="D")))
    both.run()

    assert [each[1:] for each in both.told(name)][:2] == [("ERR", "CASE_CLOSED")] * 2


def test_a_rejection_after_the_last_word_is_an_alarm_since_nothing_can_be_written_any_more(both: Both) -> None:
    allow(both, consent_row())
    name = asks(both)
    both.run()
    assert settled(both, name)

    rejected_by_harbour(both, "CASE_CLOSED")
    both.run()

    events = both.network.entries()
    (alarm,) = [entry for entry in events if entry["event_type"] == "ALARM"]
    assert (alarm["reason_code"], alarm["rejection"]) == ("NOT_TOLD", "CASE_CLOSED")
    assert not [entry for entry in events if entry["event_type"] == "NOTICE_SENT"]


@pytest.mark.parametrize("code", ["DN_WITHDRAWN", "DN_RECIPIENT"])
def test_what_waits_for_thirty_days_is_refused_then_and_does_not_go_later(both: Both, code: str) -> None:
    (number,) = allow(both, consent_row())
    if code == "DN_WITHDRAWN":
        importing(both, consent_row(consent_id=number, withdrawn_at="2026-05-30 09:00:00", withdrawn_how="LETTER"))
    name = asks(both) if code == "DN_WITHDRAWN" else asks(both, to_service="HOU")
    both.run()
    before = both.told(name)[-1]

    after(both, 31)
    last = both.told(name)[-1]
    allow(both, consent_row(consent_id="M-7"))
    both.run()

    assert before == ("RF", "WARN", code)
    assert last == ("RF", "ERR", code)
    assert settled(both, name)
    assert both.network.inbox("harbour", "referral") == []
    assert both.network.waits() == {}


def test_a_value_that_has_no_counterpart_is_the_last_word_and_a_mended_mapping_does_not_send_it(both: Both) -> None:
    allow(both, consent_row())
    name = asks(both, to_service="ZZZ")
    both.run()

    waiting = list(both.network.waits().values())

    assert both.told(name)[-1] == ("RF", "ERR", "DN_SCHEMA")
    assert settled(both, name)
    assert [row.locks for row in waiting] == [()]


def test_what_was_returned_as_often_as_the_hub_tries_by_itself_is_refused(both: Both) -> None:
    allow(both, consent_row())
    (both.network.dir / "harbour.sqlite").rename(both.network.dir / "harbour.away")
    name = asks(both)
    for _ in range(6):
        both.network.run()
        both.network.clock.advance(timedelta(hours=73))
    both.network.run()

    assert both.told(name)[-1] == ("RF", "ERR", "NOT_ACKNOWLEDGED")
    assert settled(both, name)


def test_a_file_of_which_all_is_known_is_not_read_again_at_each_step(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(both, consent_row())
    asks(both)
    both.run()
    zed = {"harts_no": "40000009", "dob": "1980-01-02", "surname": "Zed", "given": "Robert", "uci": ""}
    both.site.hand_in(
        harts.client(harts.referral(to_site=HARBOUR_SITE)),
        harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="R-2"), **zed),
    )
    both.run()
    fetched: list[int] = []
    source = type(both.network.hub.house.connections.source(both.system()))
    refetch = source.refetch
    monkeypatch.setattr(source, "refetch", lambda self, keys: fetched.append(len(keys)) or refetch(self, keys))

    for _ in range(5):
        both.network.hub.step()

    assert fetched == []


# -- what a later line, a refused file or a file that is away does to a line that waits


def waiting_line(both: Both) -> str:
    name = asks(both)
    both.run()
    assert both.told(name)[-1] == ("RF", "WARN", "DN_NO_CONSENT")
    return name


def test_what_a_refused_file_says_of_a_waiting_line_does_not_count(both: Both) -> None:
    name = waiting_line(both)
    late = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)), day=date(2099, 12, 31))
    both.run()

    allow(both, consent_row())
    both.run()

    refused = both.site.answer_to(late)
    assert refused is not None
    assert refused.code == "F01"
    assert both.told(name)[-1] == ("RF", "OK", "")
    assert len(both.network.inbox("harbour", "referral")) == 1


@pytest.mark.parametrize("later", [{"status": "X", "reason": "CLD"}, {"to_service": "ZZZ"}, {"action": "D"}])
def test_of_a_waiting_line_of_which_a_newer_one_speaks_the_newer_one_has_the_word(
    both: Both, later: dict[str, str]
) -> None:
    name = waiting_line(both)
    action = later.get("action", "U")
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, **{**later, "action": action})))
    both.run()

    allow(both, consent_row())
    both.run()

    assert both.told(name)[-1] == ("RF", "WARN", "W02")
    assert settled(both, name)
    assert both.network.inbox("harbour", "referral") == []


@pytest.mark.parametrize("other_bytes", [False, True])
def test_a_file_that_is_away_while_its_line_is_woken_is_read_again_when_it_is_back(
    both: Both, other_bytes: bool
) -> None:
    name = waiting_line(both)
    path = both.site.from_harts / name
    data = path.read_bytes()
    if other_bytes:
        path.write_bytes(data + b"x")
    else:
        path.unlink()
    allow(both, consent_row())
    both.run()

    path.write_bytes(data)
    both.run()

    assert both.told(name)[-1] == ("RF", "OK", "")
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_a_client_with_more_lines_than_a_message_can_hold_is_refused_and_its_neighbour_goes(both: Both) -> None:
    allow(both, consent_row())
    crowd = {"harts_no": "40000009", "dob": "1980-01-02", "surname": "Zed", "given": "Robert", "uci": ""}
    name = both.site.hand_in(
        harts.client(
            *[harts.assessment()] * 60,
            *[harts.referral(to_site=HARBOUR_SITE, ref_no=f"C-{number}") for number in range(60)],
            **crowd,
        ),
        harts.client(harts.referral(to_site=HARBOUR_SITE)),
    )
    both.run()

    answers = {each[1:] for each in both.told(name)[:-2]}
    assert answers == {("ERR", "DN_SCHEMA")}
    assert both.told(name)[-1] == ("RF", "OK", "")


def test_a_deleted_client_is_answered_for_good_since_the_hub_keeps_none(both: Both) -> None:
    name = both.site.hand_in([("CL", "D", {"harts_no": "40000001"})])
    both.run()

    assert both.told(name) == [("CL", "ERR", "DN_OFF_BUS")]
    assert settled(both, name)


@pytest.mark.parametrize(
    ("line", "wrong", "field"),
    [
        pytest.param("RF", {"to_service": "ZZZ"}, "TO_SERVICE", id="an unknown service"),
        pytest.param("RF", {"status": "Q"}, "STATUS", id="an unknown state"),
        pytest.param("RF", {"consent_no": "AAAAAAAAAAAA"}, "CONSENT_NO", id="the number of no consent of this client"),
        pytest.param("RF", {"from_site": HARBOUR_SITE, "to_site": harts.SITE, "status": "A"}, "REF_NO", id="nobodys"),
        pytest.param("CL", {"sex": "Q"}, "SEX", id="an unknown code of the client"),
        pytest.param("AS", {"tool": "ZZZ"}, "TOOL", id="an unknown tool"),
    ],
)
def test_a_line_in_error_names_the_field_on_the_line_where_it_stands(
    both: Both, line: str, wrong: dict[str, str], field: str
) -> None:
    of = {record: wrong if record == line else {} for record in ("CL", "AS", "RF")}
    name = both.site.hand_in(
        harts.client(harts.assessment(**of["AS"]), harts.referral(**{"to_site": HARBOUR_SITE, **of["RF"]}), **of["CL"])
    )
    allow(both, consent_row())
    both.run()

    found = both.site.answer_to(name)
    assert found is not None
    named = [(each.record, each.answer.field) for each in found.lines if each.answer.field]
    assert named == [(line, field)]
    assert {each.answer.code for each in found.lines} == {"DN_SCHEMA"}


def test_what_is_accepted_and_has_not_arrived_keeps_its_file_open_since_it_may_still_be_refused(both: Both) -> None:
    (number,) = allow(both, consent_row())
    away = both.network.dir / "harbour.away"
    (both.network.dir / "harbour.sqlite").rename(away)
    name = asks(both)
    both.network.run()
    before, open_still = both.told(name)[-1], not settled(both, name)

    importing(both, consent_row(consent_id=number, withdrawn_at="2026-05-30 09:00:00", withdrawn_how="LETTER"))
    away.rename(both.network.dir / "harbour.sqlite")
    both.network.clock.advance(timedelta(hours=1))
    both.run()

    assert (before, open_still) == (("RF", "OK", ""), True)
    assert both.told(name)[-1] == ("RF", "WARN", "DN_WITHDRAWN")
    assert both.network.inbox("harbour", "referral") == []
