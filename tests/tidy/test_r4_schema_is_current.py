"""``schemas/fhir/r4.json`` is what its generator writes today, and nothing in it lies idle."""

from __future__ import annotations

import re

from schemas.fhir.generate import CODES, ELEMENTS, R4_JSON, generate, text


def test_the_committed_schema_is_what_the_generator_writes():
    assert R4_JSON.read_text(encoding="utf-8") == text(), "run `python -m schemas.fhir.generate` and commit the result"


def test_every_definition_is_used_and_none_is_missing():
    defined = set(generate()["$defs"])
    used = set(re.findall(r'"#/\$defs/(\w+)"', text()))

    assert used - defined == set()
    assert defined - used == set()


def test_no_code_list_is_left_as_the_models_cut_it():
    assert '"+"' not in text()
    assert all(element.split(".")[0] in ELEMENTS for element in CODES)


def test_no_definition_lets_in_what_it_does_not_name():
    objects = [part for part in generate()["$defs"].values() if "properties" in part]

    assert all(part["additionalProperties"] is False for part in objects)
