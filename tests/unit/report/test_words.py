"""The report in French: every sentence and label of ours, and no other; figures and codes as in English."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from consent.incident import DutyState, Harm, Kind
from consent.model import Consent
from consent.model.reviewed import Outcome, Withhold
from consent.model.reviewed import Part as Reviewed
from consent.model.words import Basis, Code, ConsentState
from hub.model.audit import Actor, AuditEvent
from hub.model.incidents import Duty, Incident
from hub.model.rows import Request
from hub.report.metrics import Kept
from hub.report.pages import NOTHING, files
from hub.report.shown import Part
from hub.report.tally import GIVEN, WITHHELD
from hub.report.words import french, say, written
from tests.unit.report.log import DAY, MAY, NOON, Log
from tests.unit.report.test_parts import GIVEN_WELL, KEPT, busy, made

AS_THEY_ARE = re.compile(r"[A-Z][A-Z0-9_]*|DOC-[A-Z]+|ST-[A-Z]+|\d{4}-\d\d-\d\d|")
NAMES = {"harbour", "lakeside", "quiet", "signed", "ca-on.toml", "fa", "worker: added"}  # ids, and words of the log


@pytest.fixture
def log() -> Log:
    """Something of everything that a report tells."""
    log = Log()
    busy(log)
    log.override(code="DOC-SELF", approved=False, imminent=True)
    log.override(at=NOON + timedelta(hours=14))
    log.override(at=NOON + 3 * DAY)
    number = log.override(needless=True, goes=False)
    for outcome in Outcome:
        log.override(done=outcome.value)
    for reason in Withhold:
        said = {"override_id": number, "agency": "harbour", "part": "notice", "outcome": "WITHHELD"}
        log.add(AuditEvent.REVIEW_DONE, NOON, **said, reason_code=reason.value)
    for _ in range(12):
        log.sent(outcome="DENY", codes=[Code.DN_NO_AGREEMENT.value])
        log.sent()
        late = {**log.entries[-2].details, "outcome": "DENY", "codes": ["DN_WITHDRAWN"], "opened_before": "unknown"}
        log.add(AuditEvent.DELIVERY, NOON, **late)
        log.add(AuditEvent.CONFIG_CHANGE, NOON, what="worker", action="added")
        log.add(AuditEvent.CONFIG_CHANGE, NOON, what="rules", name="ca-on.toml", digest="x")
        log.add(AuditEvent.ALARM, NOON, reason_code="AU_UNKNOWN")
        log.add(AuditEvent.VIEW, NOON, Actor("w-c", "administrator", "harbour"), what="consents")
    return log


def consents() -> list[Consent]:
    verbal = replace(GIVEN_WELL, state=ConsentState.VERBAL_PENDING, basis=Basis.EXPRESS_VERBAL)
    old = [replace(GIVEN_WELL, captured_at=MAY.end - age * DAY, language="fa") for age in (100, 400)]
    soon = replace(GIVEN_WELL, expires_at=MAY.end + DAY, captured_at=None)
    return [verbal, replace(verbal, captured_at=MAY.start - 20 * DAY), *old, soon] * 11


def whole(log: Log) -> tuple[Part, ...]:
    incidents = [
        Incident("i", kind.value, NOON, "w", determined_at=NOON, harm=harm.value) for kind in Kind for harm in Harm
    ]
    duties = [
        Duty("i", 1, "harbour", told, "law", "", MAY.start, state=state.value, at=NOON)
        for told in ("individual", "regulator")
        for state in (DutyState.GIVEN, DutyState.WITHHELD)
    ]
    asked = [Request("r", "s", "harbour", date(2026, 5, 1), "w", date(2026, 5, day), "w") for day in (8, 20)]
    kept: Kept = replace(KEPT, open=())
    return made(log, consents=consents(), incidents=incidents * 11, duties=duties * 11, requests=asked * 11, kept=kept)


def texts(parts: tuple[Part, ...]) -> set[str]:
    found: set[str] = {NOTHING}
    for part in parts:
        found |= {part.title, *part.notes, *part.missing}
        for table in part.tables:
            found |= {table.title, *table.columns, *table.bars}
            found |= {cell for row in table.rows for cell in row if isinstance(cell, str)}
    return found


def test_every_text_of_a_report_has_its_french(log: Log) -> None:
    words = french()

    lacking = {
        piece
        for text in texts(whole(log))
        for piece in ([text] if text in words else text.split(", "))
        if piece not in words and piece not in NAMES and not AS_THEY_ARE.fullmatch(piece)
    }
    assert lacking == set()


@pytest.mark.parametrize(
    "word", [*Kind, *Harm, *DutyState, *Reviewed, "individual", "regulator", GIVEN, *(WITHHELD + w for w in Withhold)]
)
def test_closed_words_that_a_month_may_hold_have_their_french(word: str) -> None:
    assert str(word) in french()


def test_no_two_texts_of_one_table_are_the_same_in_french(log: Log) -> None:
    for part in whole(log):
        for table in part.tables:
            labels = {str(row[0]) for row in table.rows}
            assert len({say(label, "fr") for label in labels}) == len(labels)


def test_an_agency_whose_id_is_a_word_of_ours_keeps_it(log: Log) -> None:
    log.sent(times=40, sender="self")
    for _ in range(12):
        log.override(agency="self")
    page = files(made(log), "2026-05", MAY.end, "fr")["part-05.csv"].decode()

    assert '"Par organisme, et par millier de messages transmis",self,' in page
    assert '"Par organisme, et par millier de messages transmis",en tout,' in page


def test_the_french_page_says_what_the_english_one_says(log: Log) -> None:
    parts = whole(log)
    english, said = files(parts, "2026-05", MAY.end), files(parts, "2026-05", MAY.end, "fr")
    page = said["report-2026-05.html"].decode()

    assert '<html lang="fr">' in page
    assert "masqué" in page
    assert "Rapport du mois 2026-05" in page
    assert [
        word
        for word in (" the ", " of ", ">masked<", NOTHING, "{")
        if word in re.sub("<style>.*</style>", "", page, flags=re.S)
    ] == []
    assert page.count("<tr>") == english["report-2026-05.html"].decode().count("<tr>")
    assert page.count("<svg") == english["report-2026-05.html"].decode().count("<svg")
    assert set(said) == set(english)
    for name in said:
        assert said[name].count(b"\r\n") == english[name].count(b"\r\n")
    assert "Changements,worker: added,12" in said["part-14.csv"].decode()


@pytest.mark.parametrize(
    ("cell", "en", "fr"),
    [
        (1234, "1,234", "1\u202f234"),
        (2.5, "2.5", "2,5"),
        (None, "masked", "masqué"),
        ("DN_EXPIRED", "DN_EXPIRED", "DN_EXPIRED"),
    ],
)
def test_figures_are_written_as_each_language_writes_them(cell, en: str, fr: str) -> None:
    assert (written(cell, "en"), written(cell, "fr")) == (en, fr)
