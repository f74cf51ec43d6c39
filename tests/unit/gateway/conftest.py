"""An agency's machine: its keys, its configuration, its folder; and a twin of the hub that it speaks with."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.__main__ import command_line, real_tools
from hub.gateway.agent import Run, connected
from hub.gateway.keys import make_keys
from tests.fakes import SeededIds, StandingClock
from tests.unit.gateway.twin import AGENCY, CLIENT, MARK, TwinHub


@dataclass
class Machine:
    """The agency's terminal. ``slept``: how often a command waited."""

    folder: Path
    clock: StandingClock
    ids: SeededIds
    slept: list[float]

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

    @property
    def out(self) -> Path:
        return self.folder / "inbox"

    def write_config(self, **values: str) -> None:
        self.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))

    def change(self, **values: str | None) -> None:
        """Change words of the configuration; None takes one away."""
        said = dict(line.split(" = ", 1) for line in self.config.read_text().splitlines())
        kept = {name: json.loads(value) for name, value in said.items()} | values
        self.write_config(**{name: value for name, value in kept.items() if value is not None})

    def run(self, *args: str, config: bool = True) -> Result:
        tools = replace(real_tools(), now=self.clock.now, new_id=self.ids.uuid, sleep=self._sleep, open=_no_hub)
        named = ("--config", str(self.config)) if config else ()
        result = CliRunner().invoke(command_line(tools), ["gateway", *args, *named])
        assert MARK not in result.output
        assert "Traceback" not in result.output
        return result

    def ok(self, *args: str) -> str:
        result = self.run(*args)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *args: str, code: int = 0) -> Any:
        result = self.run(*args, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def refused(self, *args: str, code: int = 1) -> str:
        result = self.run(*args)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        return result.stderr.strip()

    def agent_runs(self) -> Run:
        """What `run --once` does, without the command around it."""
        with connected(self.config, self.clock.now, self.ids.uuid) as agent:
            return agent.run()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def reach(self, twin: TwinHub, pem: Path, *, trusted: bool = True) -> None:
        """Start the twin with this certificate, and point the configuration at it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        twin.start(context)
        self.change(base=twin.base, ca_file=pem.name if trusted else None)

    def files(self) -> set[str]:
        return {path.name for path in self.out.iterdir() if path.name != ".lock"} if self.out.exists() else set()


def unproven(machine: Machine, twin: TwinHub, code: int = 3) -> str:
    """A run over a message that is not proven: nothing stands on the disk, nothing is acknowledged; what was said."""
    held = twin.held[0]
    said = machine.run("run", "--once")
    assert said.exit_code == code, said.output
    assert machine.files() == set()
    assert not held.acknowledged
    return said.stderr


def _no_hub(*_: Any) -> Any:
    raise AssertionError("the gateway needs no hub beside it")


@pytest.fixture(params=[False, True], ids=["X25519", "hybrid"])
def hybrid(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "agency").mkdir()
    return Machine(tmp_path / "agency", StandingClock(), SeededIds(7), [])


@pytest.fixture
def unstarted(tmp_path: Path, machine: Machine, request: pytest.FixtureRequest) -> Iterator[TwinHub]:
    hybrid = request.getfixturevalue("hybrid") if "hybrid" in request.fixturenames else False
    keys = machine.folder / "keys"
    make_keys(keys, hybrid=hybrid)
    jwks, hpke = (json.loads((keys / name).read_text()) for name in ("jwks.json", "hpke.json"))
    twin = TwinHub(tmp_path, jwks, hpke, machine.clock)
    machine.write_config(
        base=twin.base,
        client_id=CLIENT,
        agency=AGENCY,
        signing_key="keys/signing.private.json",
        opening_key="keys/hpke.private.json",
        hub_key=twin.keys.verifier,
        out="inbox",
    )
    yield twin
    twin.close()


@pytest.fixture
def twin(unstarted: TwinHub) -> TwinHub:
    unstarted.start()
    return unstarted
