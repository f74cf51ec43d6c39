"""A system of tables: what changed, what the hub says of its rows, and that nothing else is ever written."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.contract import Answer, Answering, Gone, Memory, Parcel, Raw, Sent, SentState, Source, Verdict
from adapters.table import card
from adapters.table.answers import File, Line
from adapters.table.record import notice
from adapters.table.source import PAGE
from hub.clock import UtcClock
from hub.errors import RecordUnreadable, Unavailable
from hub.kinds import PACKAGED_MAPPINGS
from hub.model.canonical import canonical
from tests.contract import source as contract
from tests.contract.source import drain, keys, nothing
from tests.fakes import StandingClock
from tests.network import NOON
from tests.table_builder import COLUMNS, Registry

HOUSING = card("housing", (PACKAGED_MAPPINGS / "housing" / "records.toml").read_bytes())


@pytest.fixture(params=["csv", "xlsx", "sql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry", request.param)


@pytest.fixture
def files(tmp_path: Path) -> Registry:
    """A registry of CSV files."""
    return Registry(tmp_path / "registry")


def connect(registry: Registry, memory: Memory | None = None, **settings: Any) -> Answering:
    memory = contract.Memory() if memory is None else memory
    return cast(Answering, HOUSING.connect({**registry.settings, **settings}, memory, UtcClock().now))


def refusal(key: str, code: str = "DN_NO_CONSENT", place: str = "", envelope: str = "e-1") -> Parcel:
    return Parcel(envelope, "refusal", notice(key, code, place))


def status(number: str, said: str, envelope: str = "e-2", **fields: str) -> Parcel:
    return Parcel(envelope, "referral-status", canonical({"own": number, "fields": {"status": said, **fields}}))


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- what changed


def test_consents_come_before_referrals_and_referrals_before_answers(registry: Registry) -> None:
    applicant = registry.apply()
    registry.answer("K7QM2XWBR4TD", "accepted")
    registry.refer(applicant)
    registry.consent(applicant)
    registry.save()

    assert keys(connect(registry).fetch("").raws) == ["consent:C-1", "request:R-1", "answer:1"]


def test_more_than_a_page_comes_in_pages_each_record_once_whoever_reads_them(files: Registry) -> None:
    applicant = files.apply()
    numbers = [files.refer(applicant) for _ in range(PAGE + 100)]
    files.save()
    first = connect(files).fetch("")

    rest, _ = drain(connect(files), first.cursor)

    assert len(first.raws) == PAGE
    assert keys([*first.raws, *rest]) == [f"request:{number}" for number in numbers]


def test_a_row_that_changes_while_pages_are_read_is_not_lost(files: Registry) -> None:
    applicant = files.apply()
    for _ in range(PAGE + 100):
        files.refer(applicant)
    files.save()
    source = connect(files)
    first = source.fetch("")
    files.row("referrals", "R-1")["urgency"] = "urgent"
    files.save()

    rest, _ = drain(source, first.cursor)

    assert "request:R-1" in keys(rest)
    assert len(rest) == 101


def test_a_row_that_moves_is_not_a_row_that_changed(registry: Registry) -> None:
    applicant = registry.apply()
    for _ in range(3):
        registry.refer(applicant)
    registry.save()
    source = connect(registry)
    _, cursor = drain(source)
    registry.tables["referrals"].reverse()
    registry.save()

    assert drain(source, cursor)[0] == []


def test_one_paper_less_is_a_change_of_the_referral_that_holds_it(registry: Registry) -> None:
    registry.refer(registry.apply())
    registry.save()
    source = connect(registry)
    _, cursor = drain(source)
    registry.tables["papers"].clear()
    registry.save()

    (raw,) = drain(source, cursor)[0]

    assert isinstance(raw, Raw)
    assert b"identifier" not in raw.data


def test_a_row_that_is_no_longer_for_the_hub_is_gone(registry: Registry) -> None:
    registry.refer(registry.apply())
    registry.save()
    source = connect(registry)
    _, cursor = drain(source)
    registry.row("referrals", "R-1")["status"] = "draft"
    registry.save()

    assert drain(source, cursor)[0] == [Gone("request:R-1")]


def test_two_rows_of_one_number_are_told_as_a_fault_and_neighbours_go_on(registry: Registry) -> None:
    applicant = registry.apply()
    registry.refer(applicant, "R-1")
    registry.refer(applicant, "R-1", urgency="urgent")
    registry.refer(applicant, "R-2")
    registry.save()

    first, second = connect(registry).fetch("").raws

    assert isinstance(first, Raw)
    assert isinstance(second, Raw)
    assert (first.key, first.data) == ("request:R-1", b"")
    assert "several rows with one key" in first.fault
    assert (second.key, second.fault) == ("request:R-2", "")


def test_a_problem_of_a_table_is_told_once_and_again_when_it_is_another(files: Registry) -> None:
    applicant = files.apply()
    files.refer(applicant, "R 1")
    files.save()
    source = connect(files)
    first = source.fetch("")

    assert first.problems == ("table referrals: 1 row (2) with no key that can be read",)
    assert source.fetch(first.cursor).problems == ()
    assert source.fetch(first.cursor).cursor == first.cursor

    files.refer(applicant, "R 2")
    files.save()
    assert source.fetch(first.cursor).problems == ("table referrals: 2 rows (2, 3) with no key that can be read",)


def test_to_read_writes_nothing(registry: Registry) -> None:
    registry.refer(registry.apply())
    registry.save()
    before = listing(registry.folder)
    memory = contract.Memory()
    source = connect(registry, memory)

    _, cursor = drain(source)
    source.refetch(["request:R-1"])
    source.check()
    source.reach()
    source.awaiting(100)
    source.fetch(cursor)

    assert listing(registry.folder) == before
    assert memory == {}


@pytest.mark.parametrize("cursor", ['{"marks": 3, "told": []}', '{"marks": {"a": 1}, "told": []}', "[]", "{}", "7"])
def test_a_cursor_that_is_none_of_ours_is_refused(files: Registry, cursor: str) -> None:
    with pytest.raises(RecordUnreadable):
        connect(files).fetch(cursor)


def test_a_table_that_lacks_a_column_stops_the_system_and_not_the_records_that_were_read(files: Registry) -> None:
    files.refer(files.apply())
    files.save()
    source = connect(files)
    _, cursor = drain(source)
    path = files.folder / "referrals.csv"
    path.write_text(path.read_text().replace("urgency", "priority"))

    with pytest.raises(Unavailable, match="no column urgency"):
        source.fetch(cursor)

    files.save()
    assert drain(source, cursor)[0] == []


def test_a_file_in_another_encoding_than_the_settings_say_is_named_with_its_line(files: Registry) -> None:
    files.apply(**{"Family name": "Éloïse"})
    files.save()
    path = files.folder / "applicants.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))

    with pytest.raises(Unavailable, match="table applicants, line 2"):
        connect(files).fetch("")

    assert connect(files, encoding="windows-1252").fetch("").raws == ()


def test_a_database_is_read_whole_once_a_minute_at_most(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    registry.refer(registry.apply())
    registry.save()
    clock = StandingClock(NOON)
    source = HOUSING.connect({**registry.settings, "read_every_s": 60}, contract.Memory(), clock.now)
    _, cursor = drain(source)
    registry.row("referrals", "R-1")["urgency"] = "urgent"
    registry.save()

    assert drain(source, cursor)[0] == []
    clock.advance(timedelta(seconds=60))
    assert keys(drain(source, cursor)[0]) == ["request:R-1"]


# -- what the hub says


def test_lines_are_in_two_languages_with_row_and_key_and_hold_nothing_of_a_person(registry: Registry) -> None:
    registry.refer(registry.apply(**{"Family name": contract.MARKED}))
    registry.save()
    source = connect(registry)
    drain(source)

    source.send([refusal("request:R-1", "DN_SCHEMA", "client.birth_date: got 99/99/9999, expected a day")], nothing)

    (line,) = registry.told()
    assert line == {
        "row": "1" if registry.form == "sql" else "2",
        "key": "request:R-1",
        "kind": "refusal",
        "code": "DN_SCHEMA",
        "detail": "client.birth_date: got 99/99/9999, expected a day",
        "english": "a value cannot be read; correct it",
        "french": "une valeur est illisible; corrigez-la",
    }
    assert contract.MARKED not in str(registry.told())


def test_the_answer_to_a_referral_and_a_refusal_of_it_stand_side_by_side(registry: Registry) -> None:
    registry.refer(registry.apply())
    registry.save()
    source = connect(registry)
    drain(source)

    source.send([refusal("request:R-1"), status("R-1", "accepted", appointment_at="2026-06-09 10:00:00")], nothing)
    source.send([status("R-1", "declined", "e-3", status_reason="no-capacity")], nothing)

    assert [(line["kind"], line["code"], line["detail"]) for line in registry.told()] == [
        ("refusal", "DN_NO_CONSENT", ""),
        ("referral-status", "declined", "status_reason=no-capacity"),
    ]


def test_a_line_goes_when_it_is_over_and_stays_while_it_is_not(registry: Registry) -> None:
    applicant = registry.apply()
    for _ in range(3):
        registry.refer(applicant)
    registry.save()
    source = connect(registry)
    drain(source)
    source.send([refusal(f"request:R-{number}", envelope=f"e-{number}") for number in (1, 2, 3)], nothing)
    waits = {"request:R-2": Answer(Verdict.WAITS, "DN_EXPIRED"), "request:R-3": Answer(Verdict.WAITS, "DN_NO_CONSENT")}

    assert sorted(source.awaiting(100)) == ["request:R-1", "request:R-2", "request:R-3"]
    assert source.answer({"request:R-1": Answer(Verdict.ACCEPTED), **waits})
    assert [(line["key"], line["code"]) for line in registry.told()] == [
        ("request:R-2", "DN_EXPIRED"),
        ("request:R-3", "DN_NO_CONSENT"),
    ]
    assert not source.answer(waits), "nothing is written where nothing has changed"


def test_a_line_goes_with_its_row_and_moves_with_it(files: Registry) -> None:
    applicant = files.apply()
    for _ in range(2):
        files.refer(applicant)
    files.save()
    source = connect(files)
    _, cursor = drain(source)
    source.send([refusal("request:R-1"), refusal("request:R-2", envelope="e-2")], nothing)
    del files.tables["referrals"][0]
    files.save()

    drain(source, cursor)
    source.answer({})

    assert [(line["row"], line["key"]) for line in files.told()] == [("2", "request:R-2")]


def test_what_was_cut_is_told_until_somebody_has_read_it(files: Registry) -> None:
    files.refer(files.apply())
    files.save()
    source = connect(files)
    drain(source)
    source.send([Parcel("e-1", "shortened", notice("request:R-1", "CUT", "reason_text"))], nothing)

    assert source.awaiting(100) == []
    source.answer({})

    assert [line["code"] for line in files.told()] == ["CUT"]


def test_a_file_of_answers_that_somebody_spoiled_is_written_anew(files: Registry) -> None:
    (files.folder / "referrals.csv.hub.csv").write_bytes(b'row,key\n"open')
    source = connect(files)

    assert source.awaiting(100) == []
    source.send([refusal("request:R-1")], nothing)

    assert [line["key"] for line in files.told()] == ["request:R-1"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_that_is_a_link_or_a_pipe_is_not_read_and_nobody_waits(tmp_path: Path, form: str) -> None:
    registry = Registry(tmp_path / "registry", form)
    registry.refer(registry.apply())
    registry.save()
    path = Path(registry.settings["path"])
    file = path / "referrals.csv" if form == "csv" else path
    whole = file.rename(tmp_path / "whole")
    for plant in (lambda: file.symlink_to(whole), lambda: os.mkfifo(file)):
        plant()
        for attempt in (lambda: connect(registry).fetch(""), connect(registry).reach):
            with pytest.raises(Unavailable):
                attempt()
        file.unlink()

    whole.rename(file)
    assert len(connect(registry).fetch("").raws) == 1


def test_a_folder_that_cannot_be_written_fails_the_send_and_not_the_reading(
    files: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.refer(files.apply())
    files.save()
    source = connect(files)
    monkeypatch.setattr(File, "prepare", _full)

    assert len(source.fetch("").raws) == 1
    with pytest.raises(Unavailable):
        source.send([refusal("request:R-1")], nothing)
    assert files.told() == []


def _full(*_: object) -> Path:
    raise Unavailable("answers", "no space left")


def test_a_file_that_does_not_come_into_its_place_is_failed_and_the_others_are_there(
    files: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = File.put

    def put_but_answers(self: File, half: Path) -> None:
        if "answers" in half.name:
            raise Unavailable("answers", "no space left")
        put(self, half)

    monkeypatch.setattr(File, "put", put_but_answers)

    sent = connect(files).send([refusal("answer:1"), refusal("request:R-1", envelope="e-2")], nothing)

    assert sent == [
        Sent("e-1", SentState.FAILED, "UNWRITTEN"),
        Sent("e-2", SentState.ACKNOWLEDGED),
    ]
    assert [line["key"] for line in files.told()] == ["request:R-1"]


def test_case_33_no_cell_of_an_answer_begins_as_a_formula(tmp_path: Path) -> None:
    file = File(tmp_path / "answers.csv", "answers")

    file.put(file.prepare([Line("request:R-1", "refusal", "DN_SCHEMA", "=cmd|' /C calc'!A0")]))

    text = (tmp_path / "answers.csv").read_text()
    assert "'=cmd" in text
    assert ",=cmd" not in text


# -- looking


def wrong(source: Source) -> list[tuple[str, str]]:
    findings = [finding for finding in source.check() if not finding.ok]
    assert all(finding.next_step for finding in findings)
    return [(finding.place, finding.text) for finding in findings]


def test_check_counts_rows_and_says_that_such_a_system_only_sends(registry: Registry) -> None:
    registry.refer(registry.apply())
    registry.save()

    found = {finding.place: finding.text for finding in connect(registry).check()}

    assert found["housing table referrals"] == "1 rows"
    assert found["housing records"] == "0 CONSENT, 1 RF_REQUEST, 0 RF_STATUS"
    assert found[f"housing {registry.form}"].startswith("sends referrals and takes none")


def test_check_tells_a_column_by_its_shapes_and_what_to_set(files: Registry) -> None:
    for _ in range(3):
        files.apply(**{"Born on": "22/07/1991"})
    files.save()

    told = wrong(connect(files))

    assert ("housing table applicants, column Born on" in {place for place, _ in told}) is True
    assert all("1991" not in text for _, text in told)
    assert any("3 cells are no date: 99/99/9999" in text for _, text in told)
    assert wrong(connect(files, dates="DD/MM/YYYY")) == []


def test_check_tells_torn_rows_rows_without_a_number_and_numbers_given_twice(files: Registry) -> None:
    applicant = files.apply()
    for number in ("R-1", "R-1", "R 2"):
        files.refer(applicant, number)
    files.save()
    with (files.folder / "papers.csv").open("a") as file:
        file.write("9,101\n10,101,UCI,1100000101\n")

    told = dict(wrong(connect(files)))

    assert "1 rows whose cells do not fit its header" in told["housing table papers"]
    assert "several rows with one key" in told["housing records"]
    assert "no key that can be read" in told["housing records"]


@pytest.mark.skipif(os.geteuid() == 0, reason="who may do everything is refused nothing")
def test_check_tells_a_folder_that_cannot_be_written(files: Registry) -> None:
    files.folder.chmod(0o500)
    try:
        assert ("housing answers beside referrals", "a folder that cannot be written") in wrong(connect(files))
    finally:
        files.folder.chmod(0o700)


# -- databases


def test_a_table_or_column_that_a_database_has_not_is_named(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    db = sqlite3.connect(registry.path)
    db.execute('ALTER TABLE applicants RENAME COLUMN "Born on" TO born')
    db.close()

    with pytest.raises(Unavailable, match="no column Born on"):
        connect(registry).fetch("")

    registry.save()
    db = sqlite3.connect(registry.path)
    db.execute("DROP TABLE papers")
    db.close()
    with pytest.raises(Unavailable, match="table papers: got no such table"):
        connect(registry).fetch("")


def test_a_view_may_stand_in_a_tables_place(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    applicant = registry.apply()
    registry.refer(applicant)
    registry.refer(applicant)
    registry.save()
    db = sqlite3.connect(registry.path)
    db.execute("CREATE VIEW for_the_hub AS SELECT * FROM referrals WHERE referral_no = 'R-2'")
    db.close()

    assert keys(connect(registry, **{"table.referrals": "for_the_hub"}).fetch("").raws) == ["request:R-2"]


def test_a_database_is_never_written_even_where_its_file_could_be(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    before = registry.path.read_bytes()
    db = sqlite3.connect(registry.path)
    db.execute("BEGIN IMMEDIATE")  # somebody writes meanwhile: who only reads is not in their way

    connect(registry).fetch("")

    db.rollback()
    db.close()
    assert registry.path.read_bytes() == before


def test_text_of_a_database_in_windows_1252_is_read_case_63(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    registry.refer(registry.apply())
    registry.save()
    db = sqlite3.connect(registry.path)
    db.execute("UPDATE applicants SET City = CAST(? AS TEXT)", ("Québec".encode("cp1252"),))
    db.commit()
    db.close()

    (raw,) = connect(registry).fetch("").raws

    assert isinstance(raw, Raw)
    assert "Québec".encode() in raw.data


def test_tables_of_postgresql_are_read_in_a_transaction_that_cannot_write(tmp_path: Path, postgres_url: str) -> None:
    registry = Registry(tmp_path / "registry", "sql")
    with psycopg.connect(postgres_url, autocommit=True) as db:
        for name, columns in COLUMNS.items():
            types = [f'"{column}" {"DATE" if column == "Born on" else "TEXT"}' for column in columns]
            db.execute(f"CREATE TABLE {name} ({', '.join(types)})".encode())
        db.execute("ALTER TABLE referrals ALTER sent_at TYPE TIMESTAMPTZ USING sent_at::timestamptz")
        applicant = registry.apply()
        registry.refer(applicant, sent_at="2026-05-04 13:00:00+00")
        for name in ("applicants", "papers", "referrals"):
            (row,) = registry.tables[name]
            marks = ", ".join(["%s"] * len(row))
            named = ", ".join(f'"{column}"' for column in row)
            db.execute(f"INSERT INTO {name} ({named}) VALUES ({marks})".encode(), list(row.values()))
    settings = _on_server(postgres_url, tmp_path)

    source = cast(Answering, HOUSING.connect(settings, contract.Memory(), UtcClock().now))
    (raw,) = source.fetch("").raws

    assert isinstance(raw, Raw)
    record = HOUSING.parse(raw.key, raw.data)
    assert record.get("sent_at") == "2026-05-04 09:00:00"
    assert record.children["client"][0].get("birth_date") == "1991-07-22"
    assert [finding for finding in source.check() if not finding.ok] == []
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute('ALTER TABLE applicants RENAME "Born on" TO born')
    with pytest.raises(Unavailable, match="no column Born on"):
        source.fetch("")


def _on_server(url: str, folder: Path) -> dict[str, Any]:
    """The settings of a system on a server: its password in a file of its own."""
    parts = conninfo_to_dict(url)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(str(parts.get("password") or "none"))
    place = f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    answers = str(folder / "answers.csv")
    return {"form": "sql", "url": place, "password_file": str(secret), "answers_path": answers, "read_every_s": 0}


def test_a_server_that_is_not_there_is_unavailable_and_its_address_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://hub@127.0.0.1:9/nowhere-at-all"
    settings = {"form": "sql", "url": url, "answers_path": str(tmp_path / "answers.csv")}
    source = HOUSING.connect(settings, contract.Memory(), UtcClock().now)

    with pytest.raises(Unavailable) as away:
        source.fetch("")

    assert "nowhere" not in str(away.value)
    assert away.value.next_step
