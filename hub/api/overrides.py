"""``$override``: a worker's signed word about a duty of care, beside the agency's token (shared model 10, settled S46).

One request is one act of one worker about one client and one recipient. The scope is that of handing a message in,
``system/Bundle.c``: it says that this software may speak for its agency. What allows the override is the worker's
signature, and no scope gives that.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hub.access.compact import NoProof
from hub.access.rates import spend_alone
from hub.access.worker_proof import UNSIGNED_PER_MINUTE, Signed, TooOften, proven
from hub.api.body import Body, resource_of
from hub.api.metadata import describe
from hub.api.outcome import Wrong, for_software, issue_of, resource
from hub.api.parameters import read_parameters
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.desk import override_api as desk
from hub.desk.draining import drained
from hub.desk.overrides import Declared
from hub.desk.who import Who
from hub.errors import Refused
from hub.model import codes
from hub.model.advice import advice
from hub.model.fhir import Resource

Hub = Annotated[Served, Depends(served)]
MaySpeak = Annotated[Caller, Depends(needs("Bundle.c"))]

_TAKES = {"request": (("valueString",), 0, 1)}
_REQUEST = "Parameters.parameter.where(name='request')"
_NO_ROLE = "OX_ROLE"
_UNSIGNED = (
    "no request that a worker of your agency has signed, just now and for this once, with the key that the hub has of "
    "them; telephone now, and see to the key then (docs/gateway.md)"
)
_GONE = "it has gone already, or has ended; declare another one for another message"


def router() -> APIRouter:
    """The one operation."""
    routes = APIRouter()

    @routes.post("/fhir/$override", **describe("", operation="override"))
    def override(caller: MaySpeak, hub: Hub, body: Body) -> Response:
        """Declare, approve, end or self-review a duty of care, as its worker has signed it."""
        given = read_parameters(resource_of(body, "Parameters"), _TAKES)["request"]
        signed = _signed(caller, hub, given[0] if given else "")
        try:
            desk.must_fit(signed.act, signed.words)
            return _done(caller, hub, signed)
        except desk.NotThere:
            raise Wrong(404, "not-found", "your agency has no override of this number") from None
        except Refused as error:
            code = desk.code_of(error)
            status, issue = (403, "forbidden") if code else (422, "business-rule")
            raise Wrong(status, issue, for_software(error), code=code, expression=[_REQUEST]) from None

    return routes


def _signed(caller: Caller, hub: Served, compact: str) -> Signed:
    """What a worker of the caller's agency has signed. Whatever is wrong with it has one answer."""
    try:
        return proven(hub.house, caller.agency, compact)
    except TooOften as error:
        raise _too_often(error.wait_s) from None
    except NoProof:
        wait_s = spend_alone(hub.house.store, caller.agency, "override", UNSIGNED_PER_MINUTE)
        if wait_s is not None:
            raise _too_often(wait_s) from None
        raise Wrong(403, "forbidden", _UNSIGNED, code=_NO_ROLE, expression=[_REQUEST]) from None


def _too_often(wait_s: int) -> Wrong:
    text = f"more of these than in one minute; telephone now, and ask again in {wait_s} s"
    return Wrong(429, "throttled", text, headers={"Retry-After": str(wait_s)})


def _done(caller: Caller, hub: Served, signed: Signed) -> Response:
    house, agency, who, words = hub.house, caller.agency, Who(signed.worker, signed.account), signed.words
    if signed.act == "declare":
        return _declared(desk.declare(house, caller.system, words["document"], who))
    number: str = words["override"]
    if signed.act == "approve":
        return resource(_about(number, {"name": "approved", "valueBoolean": desk.approve(house, agency, number, who)}))
    if signed.act == "end":
        receipt = drained(house, desk.end(house, agency, number, words["cause"], who), hub.sleep).receipt
        fates = {"arrived": receipt.arrived, "not-arrived": receipt.not_arrived, "unknown": receipt.unknown}
        return resource(_about(number, *(_message(each, fate) for fate, ids in fates.items() for each in ids)))
    desk.review_oneself(house, agency, number, words["words"], who)
    return resource(_about(number, {"name": "reviewed", "valueBoolean": True}))


def _declared(found: Declared) -> Response:
    """It goes; or what it lacks, with its number: it stands, and may be approved and said again."""
    number = found.override_id
    if found.goes:
        goes = {"name": "goes", "valueBoolean": True}
        return resource(_about(number, goes, {"name": "code", "valueCode": found.code}))
    if not found.code:
        raise Wrong(409, "duplicate", _GONE, expression=[_REQUEST])
    text = "; ".join(each for each in (found.place, advice(found.code).en) if each)
    issue = issue_of("error", "forbidden", text, code=found.code, expression=[_REQUEST])
    named = [{"url": codes.OVERRIDE_ID, "valueString": number}]
    return resource({"resourceType": "OperationOutcome", "extension": named, "issue": [issue]}, status=403)


def _about(number: str, *parts: Resource) -> Resource:
    return {"resourceType": "Parameters", "parameter": [{"name": "override", "valueString": number}, *parts]}


def _message(envelope: str, fate: str) -> Resource:
    parts = [{"name": "envelope", "valueId": envelope}, {"name": "fate", "valueCode": fate}]
    return {"name": "message", "part": parts}
