"""The door: a client's proof becomes a token, and a token the caller that it names.

Nothing is believed before a signature has been checked, and nothing is written before that either: what a stranger
sends changes no row. A wrong secret, an unknown client, a suspended one and a proof that was used before get one
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.access import scopes
from hub.access.assertion import ALGORITHMS, Claims, claimed, proven
from hub.access.compact import NoProof
from hub.access.rates import Rates
from hub.access.registered import Registered, decoy
from hub.exchange.house import House
from hub.model.directory import REMOTE, System
from hub.ports import Directory, TokenKeys

TOKEN_LIVES = timedelta(minutes=5)  # SMART Backend Services: short-lived, at most 5 minutes
USED_KEPT = timedelta(minutes=10)  # [policy] beyond a proof's end, should clocks of two processes differ
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
APART_S = 60  # [policy] so much may the clocks of two processes of ours differ
_NEEDED = {"client_assertion": "invalid_request", "scope": "invalid_scope"}  # RFC 6749, section 5.2


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a client and the agency that it acts for.

    Args:
        client: its id, which is the system's.
        scopes: as they were granted: ``system/Task.rus``.
    """

    client: str
    system: System
    agency: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and what it allows."""

    token: str
    scope: str
    lives_s: int


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """What an operator may set.

    Args:
        base: the public base URL; it ends in ``/fhir``.
        per_s, burst: requests of one client in one process.
    """

    base: str
    per_s: float
    burst: int


class Denied(Exception):
    """No token, by a word of RFC 6749, section 5.2.

    Args:
        wait_s: in how many seconds to ask again, where it was asked too often.
    """

    def __init__(self, error: str, text: str = "", wait_s: int | None = None) -> None:
        super().__init__(error)
        self.error, self.text, self.wait_s = error, text, wait_s


class NoCaller(Exception):
    """A token that names nobody who may come in now."""


class Access:
    """The door of one process.

    Args:
        fetch: reads a client's ``jwks_url``; raises ``Unavailable``.
    """

    def __init__(self, house: House, keys: TokenKeys, fetch: Callable[[str], bytes], settings: AccessSettings) -> None:
        self._house, self._keys, self._base = house, keys, settings.base
        self._registered = Registered(fetch, house.clock)
        for algorithm in ALGORITHMS:
            decoy(algorithm)  # made now: the first stranger would wait for it
        self.rates = Rates(house.clock, per_s=settings.per_s, burst=settings.burst)

    @property
    def token_url(self) -> str:
        """Where tokens are got; also what a proof must name as its audience."""
        return f"{self._base}/token"

    def grant(self, fields: list[tuple[str, str]]) -> Granted:
        """The token that a request of RFC 6749, section 4.4 with RFC 7523, section 2.2 gets.

        Raises:
            Denied: none.
            Unavailable: the store or our own keys cannot be read now.
        """
        given = _fields(fields)
        scope = scopes.granted(given["scope"])
        if not scope:
            raise Denied("invalid_scope", f"ask for one of {' '.join(scopes.all_offered())}")
        try:
            return self._granted(claimed(given["client_assertion"]), given["client_assertion"], scope)
        except NoProof:
            raise Denied("invalid_client") from None

    def _granted(self, untrusted: Claims, assertion: str, scope: str) -> Granted:
        with self._house.store.peek() as rows:
            system = standing(rows.directory.all(), untrusted.client)
        try:
            proof = self._proven(system, untrusted, assertion)
        except NoProof:
            raise Denied("invalid_client", wait_s=self.rates.failed(untrusted.client)) from None
        assert system is not None, "nobody's proof is never right"
        at = self._use(system, proof)  # first: who repeats somebody's proof takes nothing from them
        wait_s = self.rates.granted(system.id)
        if wait_s is not None:
            raise Denied("invalid_client", "more tokens than this client may have; use one until it ends", wait_s)
        claims = {"iss": self._base, "aud": self._base, "sub": system.id, "agency": system.agency, "scope": scope}
        times = {"iat": int(at.timestamp()), "exp": int((at + TOKEN_LIVES).timestamp())}
        token = self._keys.sign({**claims, **times, "jti": self._house.ids.uuid()}, at)
        return Granted(token, scope, int(TOKEN_LIVES.total_seconds()))

    def _proven(self, system: System | None, untrusted: Claims, assertion: str) -> Claims:
        """The proof, believed. Where there is no key to try it with, it takes as long to say so."""
        now = self._house.clock.now()
        try:
            if system is None:
                raise NoProof
            key = self._registered.key(system, untrusted)
        except NoProof:
            with suppress(NoProof):
                proven(assertion, decoy(untrusted.algorithm), self.token_url, now)
            raise
        return proven(assertion, key, self.token_url, now)

    def _use(self, system: System, proof: Claims) -> datetime:
        """Use a proof up, once for all processes: the insert decides. When it was."""
        digest = self._house.keys.digest("jti", proof.token_id)
        with self._house.store.unit() as unit:
            first = unit.access.use(system.id, digest, proof.expires_at + USED_KEPT)
            if not first or unit.now >= proof.expires_at:
                raise NoProof
            return unit.now

    def caller(self, token: str) -> Caller:
        """Whom a token names. The directory is asked each time: who is suspended is out at once.

        Raises:
            NoCaller: nobody who may come in now.
            Unavailable: the store or the keys cannot be read now.
        """
        now = self._house.clock.now()
        claims = self._keys.read(token, now)
        if claims is None or claims.get("iss") != self._base or claims.get("aud") != self._base:
            raise NoCaller
        if not int(claims["iat"]) - APART_S <= now.timestamp() < int(claims["exp"]):
            raise NoCaller
        with self._house.store.peek() as rows:
            system = standing(rows.directory.all(), str(claims["sub"]))
        if system is None or system.agency != claims["agency"]:
            raise NoCaller
        return Caller(system.id, system, system.agency, frozenset(str(claims["scope"]).split(" ")))


def standing(directory: Directory, client: str) -> System | None:
    """The client's system, where it and its agency are active."""
    system = directory.systems.get(client)
    if system is None or system.kind != REMOTE or system.status != "active":
        return None
    agency = directory.agencies.get(system.agency)
    return system if agency is not None and agency.status == "active" else None


def _fields(fields: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a token request, each once (RFC 6749, section 3.2)."""
    given = dict(fields)
    if len(given) != len(fields):
        raise Denied("invalid_request", "a parameter twice; send each once")
    if given.get("grant_type") != "client_credentials":
        known = "grant_type" in given
        raise Denied("unsupported_grant_type" if known else "invalid_request", "grant_type must be client_credentials")
    if given.get("client_assertion_type") != JWT_BEARER:
        raise Denied("invalid_request", f"client_assertion_type must be {JWT_BEARER}")
    if "client_secret" in given:
        raise Denied("invalid_request", "a client_secret; prove the client with client_assertion alone")
    for name, error in _NEEDED.items():
        if not given.get(name):
            raise Denied(error, f"{name} is missing")
    if len(given["scope"]) > scopes.ASKED_MAX:
        raise Denied("invalid_scope", f"scope has more than {scopes.ASKED_MAX} characters")
    return given
