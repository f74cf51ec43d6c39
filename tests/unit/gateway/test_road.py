"""The gateway's road: list, open, prove, write, acknowledge, receipt; and that no death in between loses anything."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hub.audit.verify import proofs
from hub.errors import Unavailable
from hub.gateway import files
from hub.gateway.client import Client
from hub.gateway.folder import Folder
from hub.model.canonical import canonical, content_digest
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import CLIENT, MARK, SALT, Held, TwinHub, response


def on_disk(machine: Machine, held: Held) -> bytes:
    return (machine.out / f"{held.envelope}.json").read_bytes()


def test_a_message_is_opened_proven_written_acknowledged_and_its_receipt_kept(
    machine: Machine, twin: TwinHub, hybrid: bool
) -> None:
    held = twin.hold()

    said = machine.ok("run", "--once")

    name = held.envelope
    assert machine.files() == {f"{name}.json", f"{name}.proof.json", f"{name}.receipt.json"}
    assert on_disk(machine, held) == canonical(held.bundle)
    assert held.acknowledged
    assert f"referral: {machine.out / name}.json" in said
    assert "1 opened, 1 receipts, 0 receipts not ready yet, 0 problems" in said
    receipt = (machine.out / f"{name}.receipt.json").read_bytes()
    found = proofs.judge(receipt, key=twin.keys.verifier)
    assert found.ok
    proof = json.loads((machine.out / f"{name}.proof.json").read_bytes())
    # what proves it later: the file, the salt beside it, and the receipt give one digest
    assert content_digest(bytes.fromhex(proof["salt"]), on_disk(machine, held)) == found.promise["digest"]


def test_what_is_written_is_its_owners_alone(machine: Machine, twin: TwinHub) -> None:
    twin.hold()
    machine.ok("run", "--once")

    assert {path.stat().st_mode & 0o777 for path in machine.out.iterdir()} == {0o600}
    assert machine.out.stat().st_mode & 0o777 == 0o700


def test_a_lane_is_gone_through_to_its_end_in_one_run(machine: Machine, twin: TwinHub) -> None:
    lanes = [twin.hold(lane) for lane in (1, 1, 1, 2)]

    said = machine.json("run", "--once")

    assert [each["envelope"] for each in said["opened"]] == [lanes[n].envelope for n in (0, 3, 1, 2)]
    assert all(each.acknowledged for each in lanes)
    assert said["problems"] == []


def test_nothing_waits(machine: Machine, twin: TwinHub) -> None:
    assert machine.json("run", "--once") == {"opened": [], "receipts": [], "waiting": [], "problems": []}
    assert machine.ok("list") == "nothing waits\n"


def test_listing_opens_nothing(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()

    (row,) = machine.json("list")["deliveries"]

    assert row == {"envelope": held.envelope, "created": "2030-03-10T06:59:59.500Z", "size": row["size"]}
    assert held.openings == []
    assert machine.files() == set()


def test_opening_alone_acknowledges_nothing_and_may_be_repeated(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()

    machine.ok("open", held.envelope)
    said = machine.ok("open", held.envelope)

    assert not held.acknowledged
    assert f"hub gateway ack {held.envelope}" in said
    assert len(held.openings) == 2

    machine.ok("ack", held.envelope)
    machine.ok("ack", held.envelope)

    assert held.acknowledged
    assert "stands at" in machine.ok("receipt", held.envelope)


def test_open_with_ack_does_both(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()

    assert machine.json("open", held.envelope, "--ack")["acknowledged"] is True
    assert held.acknowledged


def test_what_is_not_on_the_disk_is_not_acknowledged(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()

    said = machine.refused("ack", held.envelope)

    assert "was not written here" in said
    assert not any(asked.path.endswith("acknowledge") for asked in twin.asked)


def test_a_disk_that_does_not_take_it_acknowledges_nothing(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    machine.out.mkdir()
    (machine.out / f".{held.envelope}.json.part").mkdir()  # stands where the file is to be written

    said = machine.run("run", "--once")

    assert said.exit_code == 4
    assert "a place that can be written" in said.stderr
    assert not held.acknowledged


def test_a_receipt_that_is_not_ready_is_fetched_at_the_next_run(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    twin.receipts_ready = False

    first = machine.json("run", "--once")
    twin.receipts_ready = True
    second = machine.json("run", "--once")
    third = machine.json("run", "--once")

    assert first["waiting"] == second["receipts"] == [held.envelope]
    assert first["problems"] == []
    assert third["receipts"] == []


def test_a_receipt_alone_that_is_not_ready_says_when_to_ask_again(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    machine.ok("open", held.envelope, "--ack")
    twin.receipts_ready = False

    assert "HTTP 503; in 7 s" in machine.refused("receipt", held.envelope, code=4)


def test_the_agencys_software_may_take_the_bundle_away(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    twin.receipts_ready = False
    machine.ok("run", "--once")
    (machine.out / f"{held.envelope}.json").unlink()
    twin.receipts_ready = True

    assert machine.json("run", "--once")["receipts"] == [held.envelope]


def test_a_message_that_was_narrowed_between_two_openings_is_the_later_one(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    machine.ok("open", held.envelope)
    machine.ok("receipt", held.envelope)
    held.bundle["entry"].pop()

    machine.ok("run", "--once")

    assert MARK.encode() not in on_disk(machine, held)
    receipt = proofs.judge((machine.out / f"{held.envelope}.receipt.json").read_bytes(), key=twin.keys.verifier)
    assert receipt.promise["digest"] == content_digest(bytes.fromhex(SALT), on_disk(machine, held))


def test_a_word_of_the_hub_has_no_promise_and_no_receipt_comes(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    held.word, held.bundle = True, response("fatal-error", {"severity": "error", "code": "processing"})

    said = machine.json("run", "--once")

    assert held.acknowledged
    assert machine.files() == {f"{held.envelope}.json", f"{held.envelope}.word.json"}
    assert (len(said["opened"]), said["receipts"], said["waiting"], said["problems"]) == (1, [], [], [])
    machine.ok("ack", held.envelope)


def test_a_sender_fetches_a_receipt_of_what_it_never_opened(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    held.openings.append(twin.enter(held.envelope, "cd" * 32))

    machine.ok("receipt", held.envelope)

    assert machine.files() == {f"{held.envelope}.receipt.json"}


def test_one_token_serves_a_run_and_a_new_one_is_asked_for_in_time(machine: Machine, twin: TwinHub) -> None:
    for _ in range(3):
        twin.hold()
    machine.ok("run", "--once")
    assert len(twin.jtis) == 1

    twin.seconds = 31  # a second after what is kept back it is too old
    twin.clock.advance = lambda by: type(twin.clock).advance(twin.clock, by * 2000)  # each opening takes two seconds
    for _ in range(2):
        twin.hold()
    machine.ok("run", "--once")

    assert len(twin.jtis) > 2


def test_a_token_that_the_hub_no_longer_takes_is_replaced_once(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    twin.on_acknowledge = lambda _held: twin.tokens.clear()  # its key has gone round

    machine.ok("run", "--once")

    assert held.acknowledged
    assert len(twin.jtis) == 2


def test_the_assertion_is_es384_and_names_the_key(machine: Machine, twin: TwinHub) -> None:
    machine.ok("list")

    form = next(asked for asked in twin.asked if asked.path.endswith("/token")).body.decode()
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=="))
        for part in form.split("client_assertion=")[1].split("&")[0].split(".")[:2]
    )
    assert (header["alg"], header["kid"]) == ("ES384", twin.jwks["keys"][0]["kid"])
    assert claims["sub"] == CLIENT


STEPS = 58  # of a run over two messages, as counted by `_die_at`


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("step", range(1, STEPS + 3))
def test_killed_at_any_step_it_goes_on_without_loss(
    machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A step: a request that goes out, its answer that comes in, a write that becomes durable, a name that changes."""
    lanes = [twin.hold(), twin.hold()]
    seen: list[str] = []

    def whole_on_disk(held: Held) -> None:
        proof = json.loads((machine.out / f"{held.envelope}.proof.json").read_bytes())
        assert on_disk(machine, held) == canonical(held.bundle)
        assert proof["envelope"] == held.envelope
        seen.append(held.envelope)

    twin.on_acknowledge = whole_on_disk
    with monkeypatch.context() as dying:
        _die_at(dying, step)
        died = False
        try:
            machine.agent_runs()
        except Killed:
            died = True

    assert machine.agent_runs().problems == []

    assert died == (step <= STEPS)
    assert set(seen) == {each.envelope for each in lanes}  # each was whole on the disk when it was acknowledged
    for each in lanes:
        assert each.acknowledged
        receipt = (machine.out / f"{each.envelope}.receipt.json").read_bytes()
        assert proofs.judge(receipt, key=twin.keys.verifier).ok
    assert not any(name.endswith(".part") for name in machine.files())


def _die_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    left = [step]

    def dies(real):
        def stepped(*args, **kwargs):
            if threading.current_thread() is not threading.main_thread():
                return real(*args, **kwargs)  # the twin of the hub lives on
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            done = real(*args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return done

        return stepped

    monkeypatch.setattr(files.os, "fsync", dies(os.fsync))
    monkeypatch.setattr(Path, "rename", dies(Path.rename))
    monkeypatch.setattr(Client, "_send", dies(Client._send))
    monkeypatch.setattr(Path, "unlink", lambda path, **_: _unlinked(path) if _lives(left) else None)


def _lives(left: list[int]) -> bool:
    return left[0] > 0 or threading.current_thread() is not threading.main_thread()


def _unlinked(path: Path) -> None:
    """What a living process removes; a killed one leaves it."""
    if os.path.lexists(path):
        os.unlink(path)


def test_one_gateway_at_a_time_works_in_a_folder(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()

    with Folder(machine.out).alone():
        said = machine.refused("run", "--once")

    assert "another gateway works" in said
    assert held.openings == []
    machine.ok("run", "--once")


def test_once_nobody_answers_the_rest_waits(machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = [twin.hold(lane) for lane in range(5)]
    real, asked = Client._send, []

    def cut(client: Client, method: str, path: str, *request: Any) -> Any:
        asked.append(path)
        if len(asked) > 4:
            raise Unavailable("hub", "ConnectTimeout")
        return real(client, method, path, *request)

    with monkeypatch.context() as off:
        off.setattr(Client, "_send", cut)
        said = machine.run("run", "--once")

    assert said.exit_code == 4
    assert asked == ["/token", "/$deliveries", "/$open", "/$acknowledge", "/$open"]
    assert [each.acknowledged for each in lanes] == [True, False, False, False, False]
    assert len(machine.json("run", "--once")["receipts"]) == 5


def test_a_run_that_goes_on_writes_no_json(machine: Machine, twin: TwinHub) -> None:
    assert machine.run("run", "--json").exit_code == 2


def test_a_command_that_needs_no_http_loads_none() -> None:
    loaded = "bool({'httpx', 'hub.gateway.agent'} & set(sys.modules))"
    code = f"import hub.commands.gateway, hub.toolbox, sys; sys.exit({loaded})"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_run_goes_on_until_it_is_stopped(machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch) -> None:
    late = []

    def sleep(seconds: float) -> None:
        machine.slept.append(seconds)
        if len(machine.slept) == 3:
            late.append(twin.hold())
        if len(machine.slept) == 15:
            os.kill(os.getpid(), 15)

    monkeypatch.setattr(machine, "_sleep", sleep)

    said = machine.ok("run", "--every", "10")

    assert late[0].acknowledged
    assert "1 opened" in said
