"""fhirclient of SMART Health IT goes the whole loop. It reads every answer into models that refuse what R4 has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import requests
from fhirclient import client as smart
from fhirclient.models.task import Task
from fhirclient.server import FHIRNotFoundException, FHIRPermissionDeniedException, FHIRUnauthorizedException

from hub.model.fhir import Resource
from tests.clients.loop import EVERYTHING, Party, Said, Site, go_the_loop, listed, named


class Fhirclient:
    """See ``loop.Client``."""

    def __init__(self, party: Party) -> None:
        self.party = party
        settings = {"app_id": party.id, "api_base": party.site.base, "scope": EVERYTHING}
        self.client = smart.FHIRClient(settings={**settings, "jwt_token": party.proof(f"{party.site.base}/token")})

    @property
    def server(self) -> Any:
        return self.client.server

    def discover(self) -> str:
        """By the extension of the CapabilityStatement alone: it does not read smart-configuration (S53)."""
        assert not self.client.prepare()
        return str(self.server.auth.state["token_uri"])

    def authorise(self) -> str:
        """It asks for launch/patient besides, and keeps the answer's scope to itself."""
        assert self.client.desired_scope.startswith("launch/patient ")
        granted = self.server.auth.authorize(self.server)
        assert self.client.ready
        return str(granted["scope"])

    def process(self, bundle: Resource) -> Resource:
        with told():
            return dict(self.server.post_json("$process-message", bundle).json())

    def take(self) -> list[Resource]:
        found = []
        while envelopes := listed(self.server.request_json("$deliveries")):
            for envelope in envelopes:
                opened = self.server.post_json("$open", named(envelope)).json()
                found.append(self.party.open(opened, envelope))
                self.server.post_json("$acknowledge", named(envelope))
            self.party.site.network.run()
        return found

    def read(self, kind: str, own_id: str) -> Resource:
        with told():
            return dict(model(kind).read(own_id, self.server).as_json())

    def put(self, task: Resource, version: str) -> Resource:
        """``update`` sends no If-Match, and has no place for one; its session has."""
        if version:
            self.server.session.headers["If-Match"] = f'W/"{version}"'
        try:
            with told():
                return dict(Task(task).update(self.server))
        finally:
            self.server.session.headers.pop("If-Match", None)

    def search(self, kind: str, params: Mapping[str, str]) -> list[Resource]:
        asked = dict(params)
        included = asked.pop("_include", "")
        search = model(kind).where(asked)
        if included:
            search = search.include(included.partition(":")[2])
        return [dict(each.as_json()) for each in search.perform_resources_iter(self.server)]

    def close(self) -> None:
        self.server.session.close()


def model(kind: str) -> Any:
    return getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)


@contextmanager
def told() -> Iterator[None]:
    """What the library raises; each holds the response."""
    try:
        yield
    except (
        requests.HTTPError,
        FHIRNotFoundException,
        FHIRPermissionDeniedException,
        FHIRUnauthorizedException,
    ) as error:
        raise Said(error.response.status_code, error.response.json()) from None


def test_fhirclient_goes_the_whole_loop(site: Site) -> None:
    go_the_loop(site, Fhirclient)
