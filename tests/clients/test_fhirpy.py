"""fhirpy goes the whole loop. It has neither discovery nor OAuth: what it is told is a URL and a header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import BaseFHIRError, OperationOutcome, ResourceNotFound

from hub.model.fhir import Resource
from tests.clients.loop import EVERYTHING, Party, Said, Site, go_the_loop, listed, named, plain
from tests.door import BEARER


class Fhirpy:
    """See ``loop.Client``."""

    def __init__(self, party: Party) -> None:
        self.party, self.base = party, party.site.base
        self.http, self.token_url = SyncFHIRClient(self.base), ""

    def discover(self) -> str:
        said = self.http.execute(".well-known/smart-configuration", method="get")
        statement = self.http.execute("metadata", method="get")
        assert statement["fhirVersion"] == "4.0.1"
        self.token_url = str(said["token_endpoint"])
        return self.token_url

    def authorise(self) -> str:
        form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "scope": EVERYTHING}
        form |= {"client_assertion": self.party.proof(self.token_url)}
        answer = requests.post(self.token_url, data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        self.http = SyncFHIRClient(self.base, authorization=f"Bearer {answer.json()['access_token']}")
        return str(answer.json()["scope"])

    def process(self, bundle: Resource) -> Resource:
        with told():
            return dict(plain(self.http.execute("$process-message", data=bundle)))

    def take(self) -> list[Resource]:
        found = []
        while envelopes := listed(self.http.execute("$deliveries", method="get")):
            for envelope in envelopes:
                found.append(self.party.open(self.http.execute("$open", data=named(envelope)), envelope))
                self.http.execute("$acknowledge", data=named(envelope))
            self.party.site.network.run()
        return found

    def read(self, kind: str, own_id: str) -> Resource:
        with told():
            return dict(plain(self.http.get(kind, own_id)))

    def put(self, task: Resource, version: str) -> Resource:
        """``save`` and ``update`` send no If-Match, and have no place for one; a client may be made with a header."""
        headers = {"If-Match": f'W/"{version}"'} if version else None
        writing = SyncFHIRClient(self.base, authorization=self.http.authorization, extra_headers=headers)
        with told():
            return dict(plain(writing.resource("Task", **task).update()))

    def search(self, kind: str, params: Mapping[str, str]) -> list[Resource]:
        """Its set iterates over the matches of all pages; what is included it gives by ``fetch_raw`` alone."""
        found = self.http.resources(kind).search(**params)
        if "_include" in params:
            return [dict(plain(each["resource"])) for each in found.fetch_raw()["entry"]]
        return [dict(plain(each)) for each in found]

    def close(self) -> None:
        """It keeps no connection."""


@contextmanager
def told() -> Iterator[None]:
    """What the library raises; of most statuses it passes on the outcome alone."""
    try:
        yield
    except OperationOutcome as error:
        raise Said(None, dict(error.resource)) from None
    except BaseFHIRError as error:
        raise Said(404 if isinstance(error, ResourceNotFound) else None, json.loads(str(error))) from None


def test_fhirpy_goes_the_whole_loop(site: Site) -> None:
    go_the_loop(site, Fhirpy)


def test_what_fhirpy_asks_beyond_is_refused_in_a_way_that_it_understands(site: Site) -> None:
    """``count`` asks for ``_count=0`` and a total, which would tell how many there are (S49); the rest: S53."""
    client = Fhirpy(site.party("harbour"))
    client.discover()
    client.authorise()
    for ask in (
        lambda: client.http.resources("Task").count(),
        lambda: client.http.resource("Task", status="requested", intent="order").is_valid(),
        lambda: client.http.patch("Task", "AAAAAAAAAAAA", status="accepted"),
        lambda: client.http.delete("Task", "AAAAAAAAAAAA"),
        lambda: client.http.resource("Task", status="requested", intent="order").create(),
    ):
        with pytest.raises(Said) as no, told():
            ask()
        assert no.value.outcome["resourceType"] == "OperationOutcome"
