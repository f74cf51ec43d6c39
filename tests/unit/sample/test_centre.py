"""The assessment centre: files in, ``.ACK`` and answers out, out of its own folders (program systems 4.5, 9.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from adapters.harts import ack, dat
from hub.sample import harts
from hub.sample.centre import Centre
from hub.sample.network import Network, make_network
from hub.sample.scenarios import UNREADABLE, Scenario
from tests.unit.sample.conftest import TODAY
from tests.unit.sample.hub_writes import DAY, answer, asks, to_harts, told

AT = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)


def acked(centre: Centre, path: Path) -> list[tuple[str, str, str, str]]:
    """Record, number, result and code of each line."""
    found = harts.read_ack((centre.to_harts / harts.ack_name(path.name)).read_bytes())
    return [(said.record, said.harts_no, said.result, said.code) for said in found.lines]


def test_what_the_sample_writes_the_adapter_reads_without_a_fault_but_where_the_story_wants_one(
    tmp_path: Path,
) -> None:
    network = make_network(tmp_path / "systems", 600, 3, TODAY)
    (path,) = network.harts.from_harts.glob("*.DAT")

    batch = dat.read(path.name, path.read_bytes(), dat.FROM_HARTS)

    assert isinstance(batch, dat.Batch)
    own = [person for person in network.people() if person.home == "bridgeway"]
    clients = list(batch.clients())
    assert [client.line.fields["surname"] for client in clients] == [person.client["last_name"] for person in own]
    faulty = [person.scenario for person, client in zip(own, clients, strict=True) if client.faults]
    wanted = [person.scenario for person in own if person.scenario is Scenario.BAD_UCI]
    assert wanted, "of this seed some of the centre's have a bad UCI"
    assert [each for each in faulty if each is Scenario.BAD_UCI] == wanted
    assert set(faulty) <= UNREADABLE


def test_what_the_sample_reads_is_what_the_adapter_writes(network: Network) -> None:
    header = dat.Header("TOR01", DAY, 1, dat.TO_HARTS)
    fields = {
        "local_key": "ABCDEFGHIJ23", "doc_type": "NONE", "surname": "Traoré", "dob": "1991-07-22", "dob_flag": "E",
        "sex": "U", "status": "OTH",
    }  # fmt: skip

    (client,) = harts.read(dat.write(header, [[("CL", "A", fields)]]))

    assert (client.line.number, client.line.action) == (2, "A")
    assert (client.line.fields["SURNAME"], client.line.fields["DOB"]) == ("Traoré", "19910722")


def test_a_file_is_taken_in_once_and_new_clients_get_numbers_in_the_order_of_their_names(network: Network) -> None:
    centre = network.harts
    path = to_harts(centre, [asks(1), asks(0), told()])

    assert (centre.take_in(AT), centre.take_in(AT)) == (3, 0)

    assert acked(centre, path) == [
        ("CL", "45000001", "OK", ""), ("RF", "45000001", "OK", ""),
        ("CL", "45000000", "OK", ""), ("RF", "45000000", "OK", ""),
        ("CL", "", "OK", ""), ("RF", "", "OK", ""),
    ]  # fmt: skip
    name = harts.ack_name(path.name)
    assert ack.read(name, (centre.to_harts / name).read_bytes()).settled


def test_the_fourth_who_comes_is_rejected_and_gets_no_other_answer(network: Network) -> None:
    centre = network.harts
    path = to_harts(centre, [asks(place) for place in range(5)])
    centre.take_in(AT)

    assert [row for row in acked(centre, path) if row[2] != "OK"] == [("RF", "45000003", "ERR", "H4")]
    said = {lines[-1][2]["REF_NO"]: lines[-1][2]["STATUS"] for lines in centre.answers(DAY).clients}
    assert said == {"REF-0": "A", "REF-1": "W", "REF-2": "D", "REF-4": "A"}


def test_an_answer_names_its_client_by_numbers_alone_and_goes_once(network: Network) -> None:
    centre = network.harts
    to_harts(centre, [asks(0), asks(1)])
    centre.take_in(AT)
    found = centre.answers(DAY)
    centre.hand_in(found.clients, DAY)

    assert [lines[0][2].keys() for lines in found.clients] == [{"LOCAL_KEY", "HARTS_NO"}] * 2
    assert centre.answers(DAY).clients == []
    assert [path.name for path in sorted(centre.from_harts.glob("*.DAT"))][-1] == "HTTOR01_20260601002.DAT"


def test_who_was_assessed_signs_that_the_result_may_go_back_to_who_asked_and_nobody_else_does(network: Network) -> None:
    centre = network.harts
    to_harts(centre, [asks(0), asks(1)])
    centre.take_in(AT)

    found = centre.answers(DAY)

    assert [[line[0] for line in lines] for lines in found.clients] == [["CL", "AS", "RF"], ["CL", "RF"]]
    (row,) = found.consents
    assert (row["identifier_type"], row["identifier_value"]) == ("LOCAL_KEY", "A" * 12)
    assert (row["recipient_org"], row["birth_date"]) == ("harbour", "1991-07-22")


def test_the_numbers_of_files_begin_anew_with_the_year(network: Network) -> None:
    centre = network.harts
    to_harts(centre, [asks(0)])
    centre.take_in(AT)

    centre.hand_in(centre.answers(DAY).clients, date(2027, 1, 2))

    assert (centre.from_harts / "HTTOR01_20270102001.DAT").exists()


def test_each_answer_of_the_hub_is_kept_once_though_it_is_replaced(network: Network) -> None:
    centre = network.harts
    answer(centre, {"B-000002": ("WARN", "DN_NO_CONSENT")})
    centre.read_answers()
    centre.read_answers()
    answer(centre, {}, "SETTLED")
    centre.read_answers()

    (line,) = [
        c.referral.number for _, c in centre.handed_in() if c.referral and c.referral.fields["REF_NO"] == "B-000002"
    ]
    words = [said.result for record, said in centre.told() if record == f"TOR01/2026/001/{line}"]
    assert words == ["WARN", "OK"]
    assert centre.refused_files() == []


def test_nobody_of_the_centre_without_a_consent_stands_in_the_file_of_consents(network: Network) -> None:
    rows = {row["last_name"] for row in network.harts.consents()}

    for person in network.people():
        if person.home == "bridgeway":
            assert (person.client["last_name"] in rows) == (person.consent is not None)
