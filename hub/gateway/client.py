"""HTTP with the hub: tokens, requests, answers. It knows what goes over the wire, and nothing of what it means.

It repeats nothing by itself: whoever runs the gateway does, and every request may be repeated.

Standards: RFC 6749 §4.4, RFC 7523 §2.2 (``private_key_jwt``), SMART Backend Services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.errors import Refused, Unavailable
from hub.gateway.config import Config
from hub.gateway.outcome import parse, plain, refusal
from hub.gateway.wire import Answer, Line

ASSERTION_S = 240  # how long a client assertion holds; the hub takes five minutes
TOKEN_MARGIN_S = 30  # a token is not used in its last so many seconds
SCOPE = "system/Bundle.c system/Bundle.r system/Bundle.u"  # send; list and open; acknowledge (settled S52)
FHIR, JSON, FORM = "application/fhir+json", "application/json", "application/x-www-form-urlencoded"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that waits here: the first of its lane."""

    envelope: str
    created: str
    size: int


class Client:
    """A connection with the hub, for one command.

    Args:
        now: reads the clock; an assertion and a token end.
        new_id: makes a random id; an assertion is used once.
        monotonic_s: reads the monotonic clock; an exchange ends.
    """

    def __init__(
        self,
        config: Config,
        key: ECKey,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        monotonic_s: Callable[[], float],
    ) -> None:
        self._config, self._key, self._now, self._new_id = config, key, now, new_id
        self._token, self._until = "", now()
        self._line = Line(config.ca_file, config.proxy, monotonic_s)

    def close(self) -> None:
        """Let go of the connection."""
        self._line.close()

    def deliveries(self) -> list[Delivery]:
        """What waits: of each lane the first. ``created`` is as the hub writes it.

        Raises:
            Refused: the hub takes neither this key nor this question; its answer says why.
            Unavailable: it cannot be reached now.
        """
        said = _object(self._good("list", self._ask("GET", "/$deliveries")), "list")
        found = [each for each in _parameters(said) if each.get("name") == "delivery"]
        return [_delivery(each.get("part")) for each in found]

    def open(self, envelope: str) -> dict[str, str]:
        """``envelope, suite, keyid, sealed``. May be asked again until it is acknowledged.

        Raises:
            Refused: it is refused, unknown or acknowledged (one answer for all three).
            Unavailable: not now.
        """
        answer = self._good(f"message {envelope}", self._ask("POST", "/$open", body=_named(envelope)))
        said = _values(_parameters(_object(answer, "open")))
        wanted = ("envelope", "suite", "keyid", "sealed")
        if not all(isinstance(said.get(name), str) for name in wanted):
            raise _not_understood("open", "Parameters with envelope, suite, keyid, sealed")
        return {name: str(said[name]) for name in wanted}

    def acknowledge(self, envelope: str) -> None:
        """Tell the hub that it is here for good. May be told again.

        Raises:
            Refused: there is no such message.
            Unavailable: not now.
        """
        self._good(f"message {envelope}", self._ask("POST", "/$acknowledge", body=_named(envelope)))

    def receipt(self, envelope: str) -> bytes:
        """The receipt, not yet verified.

        Raises:
            Refused: there is none.
            Unavailable: not yet: its checkpoint is not signed yet.
        """
        answer = self._ask("GET", f"/$receipt?{urlencode({'envelope': envelope})}", accept=JSON)
        return self._good(f"receipt of {envelope}", answer)

    def send(self, message: bytes) -> Answer:
        """Hand in a message; an answer of the hub, success or not.

        Raises:
            Unavailable: nobody knows whether it arrived: send the same bytes again, the hub knows them by their id.
        """
        try:
            return self._ask("POST", "/$process-message", body=message)
        except Unavailable as error:
            again = "send the same file again: the hub knows a message by its id and takes it once"
            raise Unavailable(error.where, error.got, error.expected, again) from None

    def _good(self, place: str, answer: Answer) -> bytes:
        if answer.status != 200:
            raise refusal(place, answer.status, answer.body, answer.retry_after)
        return answer.body

    def _ask(self, method: str, path: str, *, body: bytes | None = None, accept: str = FHIR) -> Answer:
        """Ask with a token; with a new one where the hub no longer takes it (its key may have gone round)."""
        headers = {"Accept": accept} | ({"Content-Type": FHIR} if body is not None else {})
        for last in (False, True):
            answer = self._send(method, path, {**headers, "Authorization": f"Bearer {self._bearer()}"}, body)
            if answer.status != 401 or last:
                break
            self._token = ""
        return answer

    def _bearer(self) -> str:
        """A token that still holds.

        Raises:
            Refused: the hub does not take this client's key.
        """
        if self._token and self._now() < self._until:
            return self._token
        asked_at = self._now()
        self._token, seconds = self.token(SCOPE)
        self._until = asked_at + timedelta(seconds=min(max(seconds - TOKEN_MARGIN_S, 1), 3600))
        return self._token

    def token(self, scope: str) -> tuple[str, int]:
        """A new token with these scopes, as far as the hub grants them, and for how many seconds.

        Raises:
            Refused: the hub does not take this client's key, or grants none of them.
        """
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _BEARER,
            "client_assertion": self._assertion(self._now()),
            "scope": scope,
        }
        answer = self._send("POST", "/token", {"Accept": JSON, "Content-Type": FORM}, urlencode(form).encode())
        said = _object(self._good("token", answer), "token")
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or type(seconds) is not int:
            raise _not_understood("token", "access_token and expires_in")
        return token, seconds

    def _assertion(self, at: datetime) -> str:
        url, client, issued = f"{self._config.base}/token", self._config.client_id, int(at.timestamp())
        claims = {"iss": client, "sub": client, "aud": url, "iat": issued, "exp": issued + ASSERTION_S}
        header = {"alg": "ES384", "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, {**claims, "jti": self._new_id()}, self._key, algorithms=["ES384"])

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        return self._line.exchange(method, self._config.base + path, headers, body)


def _named(envelope: str) -> bytes:
    parameter = {"name": "envelope", "valueString": envelope}
    return orjson.dumps({"resourceType": "Parameters", "parameter": [parameter]})


def _object(body: bytes, place: str) -> dict[str, Any]:
    said = parse(body)
    if said is None:
        raise _not_understood(place, "a JSON object")
    return said


def _parameters(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = said.get("parameter", [])
    if said.get("resourceType") != "Parameters" or not isinstance(found, list):
        raise _not_understood("answer", "Parameters")
    return [each for each in found if isinstance(each, dict)]


def _values(parameters: Sequence[Any]) -> dict[str, Any]:
    """Name to its one value, whatever its type is called."""
    found: dict[str, Any] = {}
    for each in parameters:
        values = [value for name, value in each.items() if name.startswith("value")] if isinstance(each, dict) else []
        if len(values) != 1 or each.get("name") in found:
            raise _not_understood("answer", "each parameter once, with one value")
        found[str(each.get("name"))] = values[0]
    return found


def _delivery(parts: object) -> Delivery:
    said = _values(parts) if isinstance(parts, list) else {}
    envelope, created, size = said.get("envelope"), said.get("created"), said.get("size")
    if not isinstance(envelope, str) or not isinstance(created, str) or type(size) is not int:
        raise _not_understood("list", "deliveries with envelope, created and size")
    return Delivery(plain(envelope), plain(created), size)


def _not_understood(place: str, expected: str) -> Refused:
    return Refused(place, "an answer that is not understood", expected, "is base in --config the hub's FHIR address?")
