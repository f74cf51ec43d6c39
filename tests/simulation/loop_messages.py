"""What the agencies of the loop hand in: consents, requests, and words about a referral, with the ids of the seed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from hub.model import codes
from hub.model.fhir import Resource, coding, concept
from hub.ports import Ids
from tests.handed_consents import form, handed, patient
from tests.referral_messages import (
    ADD,
    UPDATE,
    appointment,
    encounter,
    output,
    question,
    request,
    status,
    task,
    url,
)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYLLABLES = ("ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu")
SLIP = "2206"  # a year that somebody meant to be 2026


def person(number: int) -> Resource:
    """An invented client: no two are alike."""
    word = "".join(_SYLLABLES[int(digit)] for digit in f"{number:05d}").capitalize()
    born = date(1950, 1, 1) + timedelta(days=number % 20_000)
    return {
        "identifier": [{"system": f"{codes.ID}/uci", "value": f"11{number:08d}"}],
        "name": [{"use": "official", "family": word, "given": ["Zq"]}],
        "birthDate": born.isoformat(),
    }


def consent(client: int, sender: str, recipients: list[str]) -> Resource:
    """The sender may refer the client to these."""
    own = f"pat-{client}"
    found = form(str(client), whose=own)
    (actor,) = found["provision"]["actor"]
    found["provision"]["actor"] = [
        {**actor, "reference": {"reference": f"Organization/{recipient}"}} for recipient in recipients
    ]
    found["organization"] = [{"reference": f"Organization/{sender}"}]
    found["identifier"] = [{"system": f"https://{sender}.example.org/id/consent", "value": str(client)}]
    return handed(found, patient(id=own, **person(client)))


def asked(client: int, sender: str, recipient: str, own: str, now: datetime, *, slip: bool = False) -> Resource:
    """T1."""
    end = f"{SLIP}-06-11" if slip else (now + timedelta(days=10)).date().isoformat()
    need = concept(coding(f"{codes.CODE_SYSTEM}/need", "employment"))
    said = {**_said_at(now), "restriction": {"period": {"end": end}}}
    service = {"authoredOn": now.isoformat(), "reasonCode": [need]}  # a code that a CMS has too
    return request(sender, recipient, own, patient=person(client), service=service, task=said)


def word(event: str, state: str, number: str, ends: tuple[str, str], now: datetime, extra: str = "") -> Resource:
    """A later word about a referral, of the first of its ends to the other."""
    more: dict[str, Any] = EXTRAS[extra](now) if extra else {}
    return status(event, state, number, *ends, task={**_said_at(now), **more.pop("task", {})}, **more)


def written(bundle: Resource, ids: Ids) -> bytes:
    """As it is handed in. The builders' ids are of the machine: each becomes one of the seed's."""
    known: dict[str, str] = {}

    def seeded(found: re.Match[str]) -> str:
        return known.setdefault(found.group(), ids.uuid()) if found.group() not in known else known[found.group()]

    return _UUID.sub(seeded, orjson.dumps(bundle).decode()).encode()


def read(content: bytes) -> tuple[str, str, str, str]:
    """Of what was opened: its event, the referral's number, the state it says, and the message that it answers."""
    bundle = json.loads(content)
    found = [entry["resource"] for entry in bundle["entry"]]
    header, tasks = found[0], [each for each in found if each["resourceType"] == "Task"]
    number = state = ""
    for each in found[1:]:
        if each["resourceType"] in ("Task", "ServiceRequest"):
            own = [one["value"] for one in each.get("identifier", ()) if one["system"] == codes.ID_REFERRAL]
            number = number or (own[0] if own else "")
    if tasks and "businessStatus" in tasks[0]:
        state = tasks[0]["businessStatus"]["coding"][0]["code"]
    return header["eventCoding"]["code"], number, state, header.get("response", {}).get("identifier", "")


def _said_at(now: datetime) -> Resource:
    return {"lastModified": now.isoformat(), "authoredOn": now.isoformat()}


def _reason(_: datetime) -> dict[str, Any]:
    return {"task": {"statusReason": {"coding": [coding(codes.STATE_REASON, "client-unreachable")]}}}


def _appointment(now: datetime) -> dict[str, Any]:
    return {"held": {url(): appointment(f"{(now + timedelta(days=9)).date()}T10:00:00-04:00")}}


def _far_appointment(now: datetime) -> dict[str, Any]:
    return {"held": {url(): appointment(f"{SLIP}{now.date().isoformat()[4:]}T10:00:00-04:00")}}


def _output(now: datetime) -> dict[str, Any]:
    done = url()
    return {"task": {"output": [output(done, "resulting-activity")]}, "held": {done: encounter(now.isoformat())}}


def _redirect(now: datetime) -> dict[str, Any]:
    to = {
        "type": concept(coding(f"{codes.CODE_SYSTEM}/hub-task", "redirect-to")),
        "valueReference": {"identifier": {"system": codes.ID_SERVICE, "value": "another"}},
    }
    return {"task": {**_reason(now)["task"], "output": [to]}}


def _question(_: datetime) -> dict[str, Any]:
    return {"held": {url(): question()}}


def _begins(now: datetime) -> dict[str, Any]:
    return {"task": {"executionPeriod": {"start": (now + timedelta(days=20)).date().isoformat()}}}


def _begins_far_off(now: datetime) -> dict[str, Any]:
    return {"task": {"executionPeriod": {"start": f"{SLIP}{now.date().isoformat()[4:]}"}}}


def _abort(answer: str) -> Callable[[datetime], dict[str, Any]]:
    def found(now: datetime) -> dict[str, Any]:
        kind = concept(coding("http://hl7.org/fhir/CodeSystem/task-code", "abort"))
        return {"held": {url(): {**task("requested"), "code": kind, "status": answer}}, **_reason(now)}

    return found


EXTRAS: Mapping[str, Callable[[datetime], dict[str, Any]]] = {
    "reason": _reason,
    "appointment": _appointment,
    "appointment in 2206": _far_appointment,
    "output": _output,
    "redirect": _redirect,
    "question": _question,
    "begins": _begins,
    "begins in 2206": _begins_far_off,
    "abort accepted": _abort("accepted"),
    "abort rejected": _abort("rejected"),
}

__all__ = ["ADD", "EXTRAS", "UPDATE", "asked", "consent", "person", "read", "word", "written"]
