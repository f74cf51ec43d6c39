"""``PUT Task/[number]``: an agency says how a referral stands, where its Task alone says it (settled S45)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import Body, resource_of
from hub.api.messages import hand_over
from hub.api.metadata import describe
from hub.api.outcome import Wrong
from hub.api.search import absent, one
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.index import read_referral
from hub.exchange.put_task import TASK, as_message
from hub.exchange.strict import NotOurMessage

KIND = "Task"
_TAG = re.compile(r'(W/)?"([0-9]{1,9})"')

Hub = Annotated[Served, Depends(served)]
MayMove = Annotated[Caller, Depends(needs("Task.u"))]


def router() -> APIRouter:
    """The one write beside operations."""
    routes = APIRouter()

    @routes.put(f"/fhir/{KIND}/{{number}}", **describe(KIND, "update"))
    def update(caller: MayMove, hub: Hub, request: Request, number: str, body: Body) -> Response:
        """The next step of a referral, from the version that If-Match names."""
        task = resource_of(body, KIND)
        version = _version(request)
        if task.get("id", number) != number:
            raise Wrong(400, "invalid", "got another id than the URL's, expected the same", expression=["Task.id"])
        try:
            posted = as_message(hub.house, caller.system, number, task, version)
            if posted is None:
                raise absent()
            found = hand_over(caller, hub, posted)
        except NotOurMessage as error:
            raise NotOurMessage(
                [replace(each, path=each.path.replace(TASK, KIND, 1)) for each in error.faults]
            ) from None
        return found or one(read_referral(hub.house, caller.system, KIND, number))

    return routes


def _version(request: Request) -> str:
    """The version that its writer has read.

    Raises:
        Wrong: 428 where none is named, 400 where it is none.
    """
    given = request.headers.getlist("if-match")
    if not given:
        text = 'no If-Match; read the Task, and send its ETag, such as W/"3", as If-Match'
        raise Wrong(428, "required", text, expression=["http.if-match"])
    found = _TAG.fullmatch(given[0].strip())
    if found is None or len(given) > 1:
        raise Wrong(
            400,
            "invalid",
            'got another If-Match, expected one ETag of this Task, such as W/"3"',
            expression=["http.if-match"],
        )
    return found.group(2)
