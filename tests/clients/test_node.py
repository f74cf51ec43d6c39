"""fhir-kit-client goes the whole loop on Node, which makes its own proof and opens what is sealed by itself.

``make`` installs the package from ``package.json`` where npm is; else this file is skipped, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from hub.model.fhir import Resource
from tests.clients.loop import EVERYTHING, Party, Said, Site, go_the_loop, listed
from tests.services import Absent
from tests.services.plugin import found

HERE = Path(__file__).parent
NODE_MIN = 18  # fetch, and a key of JWK, without a flag


def node() -> str:
    """The program.

    Raises:
        Absent: there is none, it is too old, or the package is not installed.
    """
    program = shutil.which("node")
    if program is None:
        raise Absent("node is not on the PATH")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    if int(said.removeprefix("v").partition(".")[0]) < NODE_MIN:
        raise Absent(f"node is {said}; the client needs {NODE_MIN} or newer")
    if not (HERE / "node_modules" / "fhir-kit-client").exists():
        raise Absent("its package is not installed; `make test` does it where npm is")
    return program


class Node:
    """See ``loop.Client``: a process that does one thing at a time."""

    def __init__(self, party: Party, program: str) -> None:
        self.party = party
        self.process_ = subprocess.Popen(
            [program, str(HERE / "client.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        opening = _jwk(party)
        self._write(
            {
                "base": party.site.base,
                "id": party.id,
                "agency": party.agency,
                "scope": EVERYTHING,
                "now": int(party.site.network.clock.now().timestamp()),
                "signing": party.key.as_dict(private=True),
                "opening": opening,
                "hub": party.hub_key,
            }
        )

    def discover(self) -> str:
        return str(self._do("discover"))

    def authorise(self) -> str:
        return str(self._do("authorise"))

    def process(self, bundle: Resource) -> Resource:
        return dict(self._do("process", bundle=bundle))

    def take(self) -> list[Resource]:
        found = []
        while envelopes := listed(self._do("deliveries")):
            for envelope in envelopes:
                found.append(self._do("open", envelope=envelope))
                self._do("acknowledge", envelope=envelope)
            self.party.site.network.run()
        return found

    def read(self, kind: str, own_id: str) -> Resource:
        return dict(self._do("read", kind=kind, id=own_id))

    def put(self, task: Resource, version: str) -> Resource:
        return dict(self._do("put", task=task, version=version))

    def search(self, kind: str, params: Mapping[str, str]) -> list[Resource]:
        return list(self._do("search", kind=kind, params=params))

    def close(self) -> None:
        """It ends with its input."""
        with self.process_:
            assert self.process_.stdin is not None
            self.process_.stdin.close()
            self.process_.wait(timeout=60)

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self.process_.stdin is not None
        self.process_.stdin.write(json.dumps(line) + "\n")
        self.process_.stdin.flush()

    def _do(self, verb: str, **more: Any) -> Any:
        self._write({"verb": verb, **more})
        assert self.process_.stdout is not None
        answer = json.loads(self.process_.stdout.readline())
        if "outcome" in answer:
            raise Said(answer["status"], answer["outcome"])
        assert "ok" in answer, answer["error"]
        return answer["ok"]


def _jwk(party: Party) -> dict[str, Any]:
    return {**OKPKey.import_key(party.opening).as_dict(private=True), "kid": f"{party.agency}-hpke"}


@pytest.fixture(scope="module")
def program() -> str:
    return found("node", node)


def test_a_client_of_node_goes_the_whole_loop(site: Site, program: str) -> None:
    go_the_loop(site, lambda party: Node(party, program))


def test_without_node_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Absent, match="node is not on the PATH"):
        node()


def test_an_old_node_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v16.20.2\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Absent, match=r"node is v16.20.2; the client needs 18 or newer"):
        node()
