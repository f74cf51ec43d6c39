"""Receipts by commands: what an agency holds in hand, and what anybody can check who has the key (design §5; S40)."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cryptography
import pytest

from hub.audit.tree import leaf_hash
from hub.audit.verify import standalone
from hub.exchange import intake
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk

SITE = Path(cryptography.__file__).parents[1]


@pytest.fixture
def envelope(network: Network, desk: Desk) -> str:
    """A referral of Harbour's that Lakeside has."""
    refer(network)
    network.run()
    (row,) = desk.json("deliveries", "list", "--all")["deliveries"]
    return str(row["id"])


@pytest.fixture
def key(desk: Desk) -> str:
    return str(desk.folder / "keys" / "hub.pub")


@pytest.fixture
def verifier(tmp_path: Path, desk: Desk) -> Path:
    """The one file, alone in its folder."""
    file = tmp_path / "outside" / "verify_receipt.py"
    file.parent.mkdir()
    file.write_text(desk.ok("receipt", "verifier"))
    return file


def outside(verifier: Path, document: Path | str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the one file in a Python that finds nothing but it, the standard library and cryptography."""
    (verifier.parent / "site").mkdir(exist_ok=True)
    for name in ("cryptography", "_cffi_backend", "cffi", "typing_extensions"):
        for found in SITE.glob(f"{name}*"):
            link = verifier.parent / "site" / found.name
            if not link.exists():
                link.symlink_to(found)
    start = f"import sys, runpy; sys.path.append({str(verifier.parent / 'site')!r}); sys.argv.pop(0); "
    code = start + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", code, str(verifier), str(document), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={}, cwd=os.sep)


def receipt(desk: Desk, envelope: str, *more: str) -> dict[str, Any]:
    return dict(json.loads(desk.ok("receipt", "get", envelope, *(more or ("--as", "lakeside-worker")))))


def promised(document: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(document["promise"].split("\n")[1]))


def written(folder: Path, document: dict[str, Any]) -> str:
    (folder / "receipt.json").write_text(json.dumps(document))
    return str(folder / "receipt.json")


def test_a_receipt_is_the_promise_about_the_entry_that_released_the_message(
    desk: Desk, envelope: str, key: str, tmp_path: Path
) -> None:
    document = receipt(desk, envelope)

    report = desk.json("receipt", "verify", written(tmp_path, document), "--key", key)

    promise = promised(document)
    (entry,) = [one for one in desk.entries() if one["event_type"] == "DELIVERY"]
    assert report["ok"]
    assert report["promise"] == promise
    assert {name: promise[name] for name in ("entry", "envelope_id", "decision_id", "codes", "digest")} == {
        "entry": entry["id"],
        "envelope_id": envelope,
        "decision_id": entry["decision_id"],
        "codes": ["OK_CONSENT"],
        "digest": entry["payload_digest"],
    }
    assert (entry["recorded_at"], promise["merged_by"]) == ("2026-06-01T16:00:00.000Z", "2026-06-01T16:00:01.000Z")
    assert base64.b64decode(promise["leaf"]) == leaf_hash(
        json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
    )
    assert desk.entries()[document["index"]] == entry


def test_it_is_verified_on_a_machine_without_the_hub(
    desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path
) -> None:
    file = written(tmp_path, receipt(desk, envelope))

    found = outside(verifier, file, "--key", key)

    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == desk.ok("receipt", "verify", file, "--key", key)


def test_a_file_that_runs_there_finds_no_module_of_the_hub(verifier: Path) -> None:
    verifier.write_text("import cryptography\nimport hub\n")

    found = outside(verifier, "nothing")

    assert "No module named 'hub'" in found.stderr


def test_the_one_file_holds_the_code_that_the_hub_itself_runs_and_no_name_twice() -> None:
    text = standalone.text()
    names = re.findall(r"^(?:def |class )?(\w+)(?: =|\(|:$)", text, re.MULTILINE)

    assert "from hub" not in text
    assert {"leaf_hash", "includes", "parse_key", "judge", "main"} <= set(names)
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("place", ["index", "proof", "promise", "checkpoint", "log"])
def test_whatever_of_it_is_changed_is_found_by_both(
    desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path, place: str
) -> None:
    document = receipt(desk, envelope)
    if place == "index":
        document["index"] += 1
    elif place == "proof":
        document["proof"][0] = base64.b64encode(bytes(32)).decode()
    elif place == "promise":
        document["promise"] = document["promise"].replace("OK_CONSENT", "OK_CARE")
    elif place == "checkpoint":
        lines = document["checkpoint"].split("\n")
        document["checkpoint"] = "\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]])
    else:
        document["log"] = "hub.example.org/other"
    file = written(tmp_path, document)

    report = desk.json("receipt", "verify", file, "--key", key, code=3)
    found = outside(verifier, file, "--key", key)

    assert not report["ok"]
    assert (found.returncode, found.stdout) == (3, f"NOT PROVEN: {report['reason']}\n")


def test_a_key_of_another_log_does_not_verify_it(desk: Desk, envelope: str, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", desk.clock, [], seed=900)
    other.ok("init")
    file = written(tmp_path, receipt(desk, envelope))

    report = desk.json("receipt", "verify", file, "--key", str(other.folder / "keys" / "hub.pub"), code=3)

    assert report["fault"] == "key-unknown"


def test_each_agency_has_its_own_numbers_and_none_has_a_persons_reference(
    desk: Desk, envelope: str, network: Network
) -> None:
    theirs = receipt(desk, envelope, "--as", "lakeside-worker")
    ours = receipt(desk, envelope, "--as", "harbour-worker")

    (one,), (other,) = promised(theirs)["consents"], promised(ours)["consents"]
    (entry,) = [each for each in desk.entries() if each["event_type"] == "DELIVERY"]
    assert one["version"] == other["version"] == 1
    assert one["number"] != other["number"]
    assert one["number"] in desk.ok("consent", "show", one["number"], "--agency", "lakeside", "--as", "lakeside-worker")
    for document in (theirs, ours):
        text = json.dumps(document)
        assert entry["subject_ref"] not in text
        assert entry["basis"][0].split(":")[1].split("/")[0] not in text
        assert "outcome" not in text  # that something was withheld is no business of who did not get it


def test_a_receipt_that_is_given_is_an_entry_of_the_log(desk: Desk, envelope: str) -> None:
    document = receipt(desk, envelope)

    (read,) = [entry for entry in desk.entries() if entry["event_type"] == "AUDIT_READ"]

    assert read["actor"]["ref"] == "lakeside-worker"
    assert (read["what"], read["agency"], read["entries"]) == ("receipt", "lakeside", [promised(document)["entry"]])


def test_the_officer_has_one_for_either_and_says_for_which(desk: Desk, envelope: str) -> None:
    desk.ok("workers", "add", "officer", "--agency", "hub", "--role", "officer", "--as", "steward")

    assert promised(receipt(desk, envelope, "--agency", "harbour", "--as", "officer"))["agency"] == "harbour"
    assert "--agency" in desk.refused("receipt", "get", envelope, "--as", "officer")
    assert "--as" in desk.refused("receipt", "get", envelope, "--agency", "harbour", "--as", "steward")


def test_a_message_of_others_and_none_at_all_are_the_same_to_an_agency(desk: Desk, envelope: str) -> None:
    desk.ok("agencies", "add", "third", "--name", "Third", "--lane", "general", "--as", "steward")
    desk.ok("workers", "add", "third-worker", "--agency", "third", "--role", "worker", "--as", "steward")

    said = desk.refused("receipt", "get", envelope, "--as", "third-worker")
    of_none = desk.refused("receipt", "get", "0" * len(envelope), "--as", "third-worker")

    assert "a message that `third` has sent or got" in said
    assert said.split("expected")[1] == of_none.split("expected")[1]
    assert "AUDIT_READ" not in {entry["event_type"] for entry in desk.entries()}


def test_a_message_that_was_not_released_has_no_receipt(network: Network, desk: Desk) -> None:
    refer(network)
    sender = network.directory().systems["harbour-cms"]
    while intake.step(network.hub.house, sender):
        pass
    (row,) = desk.json("deliveries", "list", "--all")["deliveries"]

    assert "never released" in desk.refused("receipt", "get", row["id"], "--as", "harbour-worker")


def test_a_receipt_leads_to_the_checkpoint_that_its_reader_holds(
    desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path
) -> None:
    note = desk.json("audit", "checkpoint")
    mine = tmp_path / "mine.txt"
    mine.write_text(note["checkpoint"])
    desk.ok("workers", "add", "more", "--agency", "hub", "--role", "worker", "--as", "steward")

    newest = written(tmp_path, receipt(desk, envelope))
    refused = desk.json("receipt", "verify", newest, "--key", key, "--checkpoint", str(mine), code=3)
    led = written(tmp_path, receipt(desk, envelope, "--at", str(note["entries"]), "--as", "lakeside-worker"))
    report = desk.json("receipt", "verify", led, "--key", key, "--checkpoint", str(mine))

    assert (refused["fault"], report["outside"]) == ("other-checkpoint", True)
    assert f"--at {note['entries']}" in refused["reason"]
    assert outside(verifier, led, "--key", key, "--checkpoint", str(mine)).returncode == 0


def test_a_receipt_is_written_to_a_file_whole(desk: Desk, envelope: str, key: str, tmp_path: Path) -> None:
    said = desk.json("receipt", "get", envelope, "--out", str(tmp_path / "r.json"), "--as", "harbour-worker")

    assert desk.json("receipt", "verify", str(tmp_path / "r.json"), "--key", key)["index"] == said["index"]
    nowhere = str(tmp_path / "none" / "r.json")
    assert "--out" in desk.refused("receipt", "get", envelope, "--out", nowhere, "--as", "harbour-worker", code=4)


class TestProofs:
    def test_every_entry_is_proven_by_its_index_and_by_its_id(
        self, desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path
    ) -> None:
        file = tmp_path / "proof.json"
        for index, entry in enumerate(desk.entries()):
            for name in (str(index), entry["id"]):
                desk.ok("audit", "prove", name, "--out", str(file))
                report = desk.json("audit", "verify", "--proof", str(file), "--key", key)
                assert (report["ok"], report["index"]) == (True, index)
        assert outside(verifier, file, "--key", key).returncode == 0
        assert desk.json("receipt", "verify", str(file), "--key", key)["ok"]

    def test_the_log_is_proven_to_continue_an_older_checkpoint(
        self, desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path
    ) -> None:
        note = desk.json("audit", "checkpoint")
        (tmp_path / "old.txt").write_text(note["checkpoint"])
        desk.ok("workers", "add", "more", "--agency", "hub", "--role", "worker", "--as", "steward")
        file = str(tmp_path / "proof.json")

        desk.ok("audit", "prove", "--from", str(note["entries"]), "--out", file)

        old = ("--checkpoint", str(tmp_path / "old.txt"))
        assert desk.json("audit", "verify", "--proof", file, "--key", key, *old)["size"] > note["entries"]
        assert outside(verifier, file, "--key", key, *old).returncode == 0
        assert desk.json("audit", "verify", "--proof", file, "--key", key, code=3)["fault"] == "other-checkpoint"

    def test_of_an_entry_that_stands_nowhere_in_a_document_no_proof_speaks(
        self, desk: Desk, envelope: str, key: str, tmp_path: Path, verifier: Path
    ) -> None:
        file = tmp_path / "proof.json"
        desk.ok("audit", "prove", "3", "--out", str(file))
        document = json.loads(file.read_text())

        for changed in (document | {"entry": "another"}, document | {"log": "\ud800"}):
            file.write_text(json.dumps(changed))
            report = desk.json("audit", "verify", "--proof", str(file), "--key", key, code=3)
            assert report["fault"] == "document-unreadable"
            assert outside(verifier, file, "--key", key).returncode == 3

    def test_a_proof_has_no_cosigner(self, desk: Desk, envelope: str, key: str, tmp_path: Path) -> None:
        file = str(tmp_path / "proof.json")
        desk.ok("audit", "prove", "3", "--out", file)

        said = desk.refused("audit", "verify", "--proof", file, "--key", key, "--cosigner", key, code=2)

        assert "--cosigner" in said

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            ((), 2),
            (("3", "--from", "2"), 2),
            (("99999",), 1),
            (("20260601T160000000000-00001-AAAAAAAAAAAA",), 1),
            (("--from", "99999"), 1),
            (("3", "--at", "1"), 1),
            (("--from", "3", "--at", "99999"), 1),
        ],
    )
    def test_what_is_not_there_is_not_proven(self, desk: Desk, envelope: str, args: tuple[str, ...], code: int) -> None:
        desk.refused("audit", "prove", *args, code=code)
