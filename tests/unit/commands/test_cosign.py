"""An officer cosigns a checkpoint, and whoever verifies is told who has seen it (S40; C2SP tlog-cosignature)."""

from __future__ import annotations

import base64
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.audit.verify.notes import COSIGNED, cosigned_at, parse_key
from tests.unit.commands.conftest import Desk

NAME = "officer.harbour.example.org"


@pytest.fixture
def mine(tmp_path: Path, desk: Desk) -> Path:
    """The officer's folder on another machine: the log's key, and a key of their own."""
    folder = tmp_path / "officer"
    folder.mkdir()
    (folder / "hub.pub").write_bytes((desk.folder / "keys" / "hub.pub").read_bytes())
    (folder / "mine.pub").write_text(desk.ok("audit", "cosigner", NAME, "--key", str(folder / "mine.key")))
    return folder


def checkpoint(desk: Desk, folder: Path, name: str = "checkpoint.txt") -> Path:
    """The log has grown, and its head has been signed and sent."""
    worker = f"clerk-{len(list(folder.iterdir()))}"
    desk.ok("workers", "add", worker, "--agency", "hub", "--role", "worker", "--as", "steward")
    (folder / name).write_text(desk.json("audit", "checkpoint")["checkpoint"])
    return folder / name


def cosign(desk: Desk, folder: Path, note: Path, *more: str) -> tuple[str, ...]:
    key = ("--key", str(folder / "mine.key"), "--log-key", str(folder / "hub.pub"))
    return ("audit", "cosign", "--checkpoint", str(note), *key, *more)


def proof(desk: Desk, folder: Path, before: Path, now: Path) -> tuple[str, ...]:
    older, newer = (path.read_text().split("\n")[1] for path in (before, now))
    desk.ok("audit", "prove", "--from", older, "--at", newer, "--out", str(folder / "proof.json"))
    return "--proof", str(folder / "proof.json")


def export(desk: Desk, tmp_path: Path) -> tuple[str, ...]:
    desk.ok("workers", "add", "officer", "--agency", "hub", "--role", "officer", "--as", "steward")
    desk.ok("audit", "export", "--out", str(tmp_path / "export"), "--as", "officer")
    return "audit", "verify", "--export", str(tmp_path / "export"), "--key", str(tmp_path / "officer" / "hub.pub")


def test_it_is_the_standards_own_form(desk: Desk, mine: Path) -> None:
    note = checkpoint(desk, mine)
    text = note.read_text().split("\n\n")[0] + "\n"

    desk.ok(*cosign(desk, mine, note))

    name, _, key = (mine / "mine.pub").read_text().strip().split("+", 2)
    line = note.read_text().splitlines()[-1]
    data = base64.b64decode(line.split(" ")[2])
    at = int.from_bytes(data[4:12])
    assert line.startswith(f"— {NAME} ")
    assert (name, len(data), at) == (NAME, 4 + 8 + 64, int(desk.clock.now().timestamp()))
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    public.verify(data[12:], f"cosignature/v1\ntime {at}\n{text}".encode())  # raises where it is not


def test_whoever_verifies_is_told_who_has_cosigned_and_when(desk: Desk, mine: Path, tmp_path: Path) -> None:
    note = checkpoint(desk, mine)
    desk.ok(*cosign(desk, mine, note))
    at = desk.clock.now()
    verify = (*export(desk, tmp_path), "--checkpoint", str(note), "--cosigner", str(mine / "mine.pub"))

    report = desk.json(*verify)

    assert report["cosigned"] == [{"name": NAME, "at": at.isoformat().replace("+00:00", "Z")}]
    assert f"cosigned by {NAME}" in desk.ok(*verify)
    assert desk.json(*verify[:-2])["cosigned"] == []  # nobody was asked for: the line is passed over


def test_a_checkpoint_that_somebody_should_have_cosigned_and_has_not_is_a_fault(
    desk: Desk, mine: Path, tmp_path: Path
) -> None:
    note = checkpoint(desk, mine)
    verify = (*export(desk, tmp_path), "--checkpoint", str(note), "--cosigner", str(mine / "mine.pub"))

    assert desk.json(*verify, code=3)["fault"] == "not-cosigned"
    desk.ok(*cosign(desk, mine, note))
    later = note.read_bytes().splitlines(keepends=True)
    data = bytearray(base64.b64decode(later[-1].split(b" ")[2]))
    data[11] ^= 1  # the time that it says
    note.write_bytes(b"".join(later[:-1]) + f"— {NAME} {base64.b64encode(data).decode()}\n".encode())
    assert desk.json(*verify, code=3)["fault"] == "signature-wrong"


def test_the_hub_takes_a_cosigned_checkpoint_back_into_its_folder(desk: Desk, mine: Path) -> None:
    note = checkpoint(desk, mine)
    desk.ok(*cosign(desk, mine, note))
    size = note.read_text().split("\n")[1]
    (desk.folder / "checkpoints" / f"{size}.txt").write_bytes(note.read_bytes())

    report = desk.json("audit", "verify", "--cosigner", str(mine / "mine.pub"))

    assert (report["ok"], report["cosigned"][0]["name"]) == (True, NAME)


def test_the_next_one_is_cosigned_only_with_a_proof_that_it_continues_the_last(desk: Desk, mine: Path) -> None:
    first = checkpoint(desk, mine, "first.txt")
    desk.ok(*cosign(desk, mine, first))
    second = checkpoint(desk, mine, "second.txt")

    said = desk.refused(*cosign(desk, mine, second))
    desk.ok(*cosign(desk, mine, second, *proof(desk, mine, first, second)))

    assert "--proof" in said
    assert cosigned_at(second.read_bytes(), parse_key((mine / "mine.pub").read_text(), COSIGNED)) is not None
    assert "more than the" in desk.refused(*cosign(desk, mine, first))


def test_a_proof_of_something_else_is_none(desk: Desk, mine: Path) -> None:
    first = checkpoint(desk, mine, "first.txt")
    desk.ok(*cosign(desk, mine, first))
    second, third = checkpoint(desk, mine, "second.txt"), checkpoint(desk, mine, "third.txt")

    desk.refused(*cosign(desk, mine, third, *proof(desk, mine, first, second)), code=3)
    desk.refused(*cosign(desk, mine, third, *proof(desk, mine, second, third)), code=3)
    desk.ok(*cosign(desk, mine, third, *proof(desk, mine, first, third)))


def test_the_same_checkpoint_is_cosigned_once(desk: Desk, mine: Path) -> None:
    note = checkpoint(desk, mine)
    desk.ok(*cosign(desk, mine, note))
    before = note.read_bytes()
    desk.clock.advance(timedelta(hours=1))

    desk.ok(*cosign(desk, mine, note))

    assert note.read_bytes() == before


@pytest.fixture
def fork(tmp_path: Path, desk: Desk) -> Any:
    """Another history under the same name and key: a copy of the folder that went on by itself."""
    shutil.copytree(desk.folder, tmp_path / "fork")
    return Desk(tmp_path / "fork", desk.clock, [], seed=700)


def test_another_history_is_never_cosigned(desk: Desk, fork: Desk, mine: Path) -> None:
    ours = checkpoint(desk, mine, "ours.txt")
    desk.ok(*cosign(desk, mine, ours))
    theirs = checkpoint(fork, mine, "theirs.txt")
    longer = checkpoint(fork, mine, "longer.txt")

    assert "another history" in desk.refused(*cosign(desk, mine, theirs), code=3)
    assert "another history" in desk.refused(*cosign(desk, mine, longer, *proof(fork, mine, theirs, longer)), code=3)
    assert theirs.read_text().count("—") == longer.read_text().count("—") == 1


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        pytest.param(
            "checkpoint.txt", "hub.example.org/log\n9\nAAAA\n\n— hub.example.org/log AAAA\n", 3, id="unsigned"
        ),
        pytest.param("checkpoint.txt", "no note", 3, id="no note"),
        pytest.param("hub.pub", "no key", 3, id="no key of a log"),
        pytest.param("mine.key", "no key", 3, id="no key of an officer"),
        pytest.param("mine.key", None, 1, id="no file of a key"),
    ],
)
def test_what_is_not_right_is_not_cosigned(desk: Desk, mine: Path, name: str, text: str | None, code: int) -> None:
    note = checkpoint(desk, mine)
    if text is None:
        (mine / name).unlink()
    else:
        (mine / name).write_text(text)
    before = note.read_bytes()

    desk.refused(*cosign(desk, mine, note), code=code)

    assert note.read_bytes() == before
    assert not (mine / "mine.key.seen").exists()


def test_a_key_that_others_may_read_cosigns_nothing(desk: Desk, mine: Path) -> None:
    note = checkpoint(desk, mine)
    (mine / "mine.key").chmod(0o644)

    assert "0644" in desk.refused(*cosign(desk, mine, note), code=3)


def test_a_key_is_never_written_over_and_stays_with_its_owner(desk: Desk, mine: Path) -> None:
    before = (mine / "mine.key").read_bytes()

    assert "never written over" in desk.refused("audit", "cosigner", NAME, "--key", str(mine / "mine.key"))
    assert "no space" in desk.refused("audit", "cosigner", "two words", "--key", str(mine / "other.key"))

    assert (mine / "mine.key").read_bytes() == before
    assert (mine / "mine.key").stat().st_mode & 0o777 == 0o600
    assert not (mine / "other.key").exists()
