"""The page of R4 elements against the R4 models of fhir.resources: name, list or not, complex type."""

from __future__ import annotations

import importlib
import re

import pytest

from hub.mapping.elements import ELEMENTS

MODULES = {
    "PatientCommunication": "patient",
    "PatientContact": "patient",
    "TaskRestriction": "task",
    "TaskOutput": "task",
    "ObservationComponent": "observation",
    "CarePlanActivity": "careplan",
    "CarePlanActivityDetail": "careplan",
    "GoalTarget": "goal",
    "EncounterParticipant": "encounter",
    "ProcedurePerformer": "procedure",
    "DocumentReferenceContent": "documentreference",
    "CommunicationPayload": "communication",
}


@pytest.mark.parametrize("kind", ELEMENTS)
def test_the_elements_are_those_of_r4(kind):
    module = importlib.import_module(f"fhir.resources.R4B.{MODULES.get(kind, kind.lower())}")
    fields = {field.alias or name: str(field.annotation) for name, field in getattr(module, kind).model_fields.items()}

    wrong = []
    for name, element in ELEMENTS[kind].items():
        told = fields.get(name, "missing")
        found = re.search(r"abc\.(\w+)Type", told)
        if told == "missing" or ("List[" in told) != element.many or (found[1] if found else "") != element.type:
            wrong.append((name, told))

    assert wrong == []
