"""``schemas/openapi.json`` is what the application says of itself today, complete, and true of what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hub.api.openapi import EXAMPLES, PATH
from tests.clients.record import OPENAPI_JSON, contract, examples
from tests.door import Door
from tests.network import make

DOCUMENT = json.loads(OPENAPI_JSON.read_text(encoding="utf-8"))
MEDIA = "application/fhir+json"
AGAIN = "run `make schemas` and commit the result"
TEXT_ALONE = {"/metrics", PATH}  # nobody needs an example of these


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def named() -> list[Any]:
    return [pytest.param(*each, id=f"{each[1]} {each[0]}") for each in operations()]


def test_the_committed_examples_are_what_the_hub_answers() -> None:
    assert EXAMPLES.read_text(encoding="utf-8") == examples(), AGAIN


def test_the_committed_document_is_what_the_application_says() -> None:
    assert OPENAPI_JSON.read_text(encoding="utf-8") == contract(), AGAIN


def test_anybody_may_read_it(tmp_path: Path) -> None:
    network = make(tmp_path)

    answer = Door(network).http.get(PATH)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT
    network.hub.close()


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(("path", "method", "operation"), named())
def test_an_operation_says_what_it_does_shows_it_and_how_it_refuses(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    good = operation["responses"]["200"]["content"]
    if path not in TEXT_ALONE and not path.endswith("/_search"):
        assert all("example" in each for each in good.values())
    for each in operation.get("requestBody", {}).get("content", {}).values():
        assert "example" in each
    if path.startswith("/fhir/"):
        assert "default" in operation["responses"]
        open_to_all = "security" not in operation
        assert open_to_all == (operation["tags"] == ["Open to all"])
        assert open_to_all or {"401", "403", "429", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(("path", "method", "operation"), named())
def test_an_example_is_fhir_r4_and_of_the_type_that_is_declared(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    shown = [operation.get("requestBody", {}).get("content", {}), operation["responses"]["200"]["content"]]
    for content in (each[MEDIA] for each in shown if "example" in each.get(MEDIA, {})):
        found = content["example"]
        kind = found["resourceType"]
        assert kind in json.dumps(content["schema"])
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        model.model_validate(found)
