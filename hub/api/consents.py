"""``Consent``: an agency's own software files, revokes, reads, searches, and asks what would go (settled S42, S50)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from consent.model.words import Category, Code
from hub.api.body import Body, resource_of
from hub.api.metadata import describe
from hub.api.outcome import REASON_CODE, Wrong, faulty, issue_of, resource
from hub.api.parameters import named, read_parameters
from hub.api.search import Hub, absent, add_search, one, versions
from hub.api.security import Caller, needs
from hub.api.served import Served
from hub.desk import consent_api as desk
from hub.desk import consent_search as seen
from hub.desk.asking import Answer, would_go_from
from hub.desk.draining import Drained, drained
from hub.desk.patients import NotRead
from hub.exchange.strict import Fault as Misplaced
from hub.exchange.strict import NotOurMessage
from hub.model import codes
from hub.model.fhir import Resource, coding

KIND = "Consent"
FILING_OUTCOME = f"{codes.EXTENSION}/filing-outcome"
PLACES_STEPS = 20  # [policy] batches of the log, each of which may hold the entry just written
_FAST = "http://hl7.org/fhir/us/consent-management/OperationDefinition"

MayFile = Annotated[Caller, Depends(needs("Consent.c"))]
MayRead = Annotated[Caller, Depends(needs("Consent.r"))]
MayRevoke = Annotated[Caller, Depends(needs("Consent.u"))]

_CATEGORIES = {codes.kebab(category): category for category in Category}
_REVOKE = {
    "consent": (("valueReference", "valueIdentifier", "valueString", "valueId"), 1, 1),
    "at": (("valueDateTime", "valueInstant", "valueDate"), 0, 1),
    "how": (("valueCode", "valueString"), 1, 1),
    "scope": (("valueCode",), 0, 1),
}
_DECIDE = {
    "patient": (("valueReference", "valueIdentifier", "valueString", "valueId"), 1, 1),
    "service": (("valueReference", "valueIdentifier", "valueString", "valueId"), 1, 1),
    "category": (("valueCode", "valueCoding"), 0, len(_CATEGORIES)),
}


def router() -> APIRouter:
    """Operations, read, vread, history, and search by GET and by POST."""
    routes = APIRouter()
    _operations(routes)
    add_search(routes, KIND, seen.search)

    @routes.get(f"/fhir/{KIND}/{{number}}", **describe(KIND, "read"))
    def read(caller: MayRead, hub: Hub, number: str) -> Response:
        """By the caller's own number."""
        return one(seen.read_one(hub.house, caller.system, number))

    @routes.get(f"/fhir/{KIND}/{{number}}/_history", **describe(KIND, "history-instance"))
    def all_versions(caller: MayRead, hub: Hub, number: str) -> Response:
        """Its versions, the last first."""
        return versions(hub.base, KIND, number, seen.history(hub.house, caller.system, number))

    @routes.get(f"/fhir/{KIND}/{{number}}/_history/{{version}}", **describe(KIND, "vread"))
    def version(caller: MayRead, hub: Hub, number: str, version: str) -> Response:
        """One of them."""
        return one(seen.read_version(hub.house, caller.system, number, version))

    return routes


def _operations(routes: APIRouter) -> None:
    filing = describe(KIND, operation="file-consent", definition=f"{_FAST}/file-consent")
    revoking = describe(KIND, operation="revoke-consent", definition=f"{_FAST}/revoke-consent")

    @routes.post(f"/fhir/{KIND}/$file-consent", **filing)
    def file_consent(caller: MayFile, hub: Hub, data: Body) -> Response:
        """A Consent, whom it is about, who decides, and the evidence: filed in one unit."""
        document = resource_of(data, "Parameters")
        try:
            filed = desk.file_consent(hub.house, caller.system, document)
        except NotRead as error:
            return faulty(400, "invalid", error.faults)
        except desk.NotAllowed as error:
            return faulty(422, "business-rule", error.faults, code=error.code)
        except desk.Stale:
            text = "what is filed is as new, or newer; send it with a higher meta.versionId, or read it again"
            raise Wrong(409, "conflict", text, expression=["Consent.meta.versionId"]) from None
        drained(hub.house, filed.drain, hub.sleep)  # what followed it may have ended something
        _keep_outside(hub)
        return _filed(hub.base, filed)

    @routes.post(f"/fhir/{KIND}/$revoke-consent", **revoking)
    def revoke_consent(caller: MayRevoke, hub: Hub, data: Body) -> Response:
        """Withdraw for good; answered when nothing that relied on it leaves any more."""
        said = read_parameters(resource_of(data, "Parameters"), _REVOKE)
        if said["scope"] not in ([], ["whole"]):
            text = "a part: file a Consent that supersedes it; or leave scope out, for the whole"
            raise Wrong(422, "not-supported", text, expression=["Parameters.parameter.where(name='scope')"])
        how, at = codes.rule_word(said["how"][0]), next(iter(said["at"]), None)
        number = _named(said["consent"][0], KIND, f"{codes.ID}/consent", "consent")
        drain = desk.revoke_consent(hub.house, caller.system, number, at=at, how=how)
        if drain is None:
            raise absent()
        found = drained(hub.house, drain, hub.sleep)
        _keep_outside(hub)
        return resource(_receipt(number, found))

    @routes.post(f"/fhir/{KIND}/$decide", **describe(KIND, operation="decide"))
    def decide(caller: MayRead, hub: Hub, data: Body) -> Response:
        """Would a referral go, and what of it? Nothing is sent; the rules are asked as things stand."""
        said = read_parameters(resource_of(data, "Parameters"), _DECIDE)  # a Consent of the caller's is no parameter
        alias = _named(said["patient"][0], "Patient", codes.ID_CLIENT, "patient")
        service = _named(said["service"][0], "HealthcareService", codes.ID_SERVICE, "service")
        found = would_go_from(hub.house, caller.system, alias, service, _categories(said["category"]))
        if found is None:
            raise absent()
        return resource(_answer(found))


def _keep_outside(hub: Served) -> None:
    """What a client said is under a checkpoint outside the database before it is answered, a no above all: a backup of
    before, put back, is then noticed.
    """
    for _ in range(PLACES_STEPS):  # others write meanwhile: it need not end where they do
        if not hub.log.step():
            break
    hub.log.checkpoint_step()


def _filed(base: str, filed: desk.Filed) -> Response:
    """The Consent; what its filer should know stands in it."""
    place = f"{base}/{KIND}/{filed.number}"
    headers = {"ETag": f'W/"{filed.version}"', "Location": f"{place}/_history/{filed.version}"}
    told = [
        issue_of(
            "warning" if each.code == Code.DN_DIRECTIVE else "information",
            "business-rule",
            each.text,
            code=each.code,
        )
        for each in filed.told
    ]
    status = 201 if filed.new else 200
    if not told:
        return resource(filed.resource, status=status, headers=headers)
    beside = {"resourceType": "OperationOutcome", "id": "outcome", "issue": told}
    points = {"url": FILING_OUTCOME, "valueReference": {"reference": "#outcome"}}
    body = {**filed.resource, "contained": [beside], "extension": [*filed.resource.get("extension", ()), points]}
    return resource(body, status=status, headers=headers)


def _named(value: Any, kind: str, system: str, name: str) -> str:
    found = named(value, kind, system)
    if found is None:
        expected = f"{kind}/id, or an identifier of {system}"
        raise NotOurMessage([Misplaced(f"Parameters.parameter.where(name='{name}')", "another thing", expected)])
    return found


def _categories(values: Sequence[Any]) -> list[Category]:
    words = [value.get("code") if isinstance(value, Mapping) else value for value in values]
    if not all(isinstance(word, str) and word in _CATEGORIES for word in words):
        expected = f"one of {', '.join(_CATEGORIES)}"
        raise NotOurMessage([Misplaced("Parameters.parameter.where(name='category')", "another word", expected)])
    return [_CATEGORIES[str(word)] for word in words]


def _receipt(number: str, found: Drained) -> Resource:
    """What had left before, by the caller's own messages."""
    receipt = found.receipt
    fates = {"arrived": receipt.arrived, "not-arrived": receipt.not_arrived, "unknown": receipt.unknown}
    messages = [
        {"name": "message", "part": _message(found, envelope, fate)} for fate, ids in fates.items() for envelope in ids
    ]
    said = {"name": "consent", "valueReference": {"reference": f"{KIND}/{number}"}}
    return {"resourceType": "Parameters", "parameter": [said, *messages]}


def _message(found: Drained, envelope: str, fate: str) -> list[Resource]:
    row = found.handovers[envelope]
    parts: list[Resource] = [
        {"name": "envelope", "valueId": envelope},
        {"name": "fate", "valueCode": fate},
        {"name": "recipient", "valueReference": {"reference": f"Organization/{row.recipient}"}},
    ]
    if row.referral_no:
        parts.append({"name": "referral", "valueIdentifier": {"system": codes.ID_REFERRAL, "value": row.referral_no}})
    if envelope in found.receipt.unanswered:
        parts.append({"name": "unanswered", "valueBoolean": True})
    return parts


def _answer(found: Answer) -> Resource:
    """Outcome, the stage that decided and its codes; on what it rests, and what would go."""
    decision = found.decision
    parts: list[Resource] = [
        {"name": "outcome", "valueCode": codes.kebab(decision.outcome)},
        {"name": "stage", "valueString": decision.stage},
        *({"name": "code", "valueCoding": coding(REASON_CODE, each.value)} for each in decision.codes),
        *({"name": "consent", "valueReference": {"reference": f"{KIND}/{each}"}} for each in found.relied),
        *({"name": "goes", "valueCoding": coding(codes.CATEGORY, codes.kebab(each))} for each in found.goes),
        *(_withheld(each.category, each.code) for each in decision.withheld),
        {"name": "explained", "valueString": found.explained.en},
        {"name": "explained-fr", "valueString": found.explained.fr},
        {"name": "policy", "valueString": found.policy},
    ]
    return {"resourceType": "Parameters", "parameter": parts}


def _withheld(category: Category, code: Code) -> Resource:
    said = [
        {"name": "category", "valueCoding": coding(codes.CATEGORY, codes.kebab(category))},
        {"name": "code", "valueCoding": coding(REASON_CODE, code.value)},
    ]
    return {"name": "withheld", "part": said}
