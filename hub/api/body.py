"""The body of a request: read to its end or not at all, within a size and a time, in the one form that is understood.

What a header says of the length is not believed; the bytes that come are counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from hub.api.outcome import MEDIA, Wrong
from hub.exchange.strict import NotOurMessage, coded, read_message
from hub.model.fhir import Resource

BODY_MAX = 4 * 1024 * 1024  # [policy] some hundred times a large referral
FORM_MAX = 64 * 1024  # [policy] a token request has 2 KiB, a search less
FORM_MAX_FIELDS = 100  # [policy]
READ_S = 20.0  # [policy] for the whole of it, however it trickles
_JSON = (MEDIA, "application/json")
_FORM = "application/x-www-form-urlencoded"


async def body(request: Request) -> bytes:
    """The bytes of a JSON body.

    Raises:
        Wrong: 413 too long, 408 too slow, 415 another kind, 400 it ended before its end.
    """
    _must_be(request, *_JSON)
    return await _read(request, BODY_MAX)


async def form(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, in their order: a search by POST, a token request; see :func:`body`."""
    _must_be(request, _FORM)
    data = await _read(request, FORM_MAX)
    try:
        return parse_qsl(data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FORM_MAX_FIELDS)
    except ValueError:
        text = f"a form that cannot be read; send at most {FORM_MAX_FIELDS} fields in UTF-8"
        raise Wrong(400, "structure", text) from None


Body = Annotated[bytes, Depends(body)]
FormFields = Annotated[list[tuple[str, str]], Depends(form)]


def resource_of(data: bytes, *kinds: str) -> Resource:
    """A body as one resource of these types, read as strictly as a message: no key twice, no nesting without end.

    Raises:
        NotOurMessage: it cannot be read.
        Wrong: 400, it is another type's.
    """
    try:
        found = read_message(data, size_max_bytes=BODY_MAX)
    except NotOurMessage as error:
        faults = [replace(fault, path=fault.path.replace("Bundle", kinds[0], 1)) for fault in error.faults]
        raise NotOurMessage(faults) from None
    if found.get("resourceType") not in kinds:
        text = f"got {coded(found.get('resourceType'))}, expected {' or '.join(kinds)}; send one of these"
        raise Wrong(400, "structure", text, expression=["resourceType"])
    return found


def _must_be(request: Request, *kinds: str) -> None:
    given = request.headers.getlist("content-type")
    kind, _, parameters = (given[0] if len(given) == 1 else "").partition(";")
    charset = _parameters(parameters).get("charset", "utf-8")
    if kind.strip().lower() not in kinds or charset not in ("utf-8", "utf8"):
        raise Wrong(415, "not-supported", f"another Content-Type than {' or '.join(kinds)} in UTF-8; send it as that")
    if "content-encoding" in request.headers:
        raise Wrong(415, "not-supported", "a Content-Encoding; send the body as it is")


def _parameters(text: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in pairs}


async def _read(request: Request, max_bytes: int) -> bytes:
    found = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.stream():
                found += chunk
                if len(found) > max_bytes:
                    raise Wrong(413, "too-costly", f"more than {max_bytes} bytes; send less at once", headers=_CLOSE)
    except TimeoutError:
        text = f"a body that took longer than {READ_S:g} s; send it again at once"
        raise Wrong(408, "timeout", text, headers=_CLOSE) from None
    except ClientDisconnect:
        raise Wrong(400, "structure", "a body that ended before its end; send it again") from None
    return bytes(found)


_CLOSE = {"Connection": "close"}  # what of it still comes is not read
