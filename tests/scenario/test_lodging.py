"""Checkpoints leave the hub by webhook, hourly while the log grows (consent rules 4.3; S40)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hub.audit.verify.notes import parse_key, read_checkpoint
from hub.compose import compose
from hub.errors import HubError, Refused
from hub.lodging import LODGED_EVERY, LOOKS_EVERY_S, PLACES_MAX, due
from hub.settings import read_settings
from tests.fakes import SeededIds
from tests.listeners import serving
from tests.network import Network, refer

LOOK = timedelta(seconds=LOOKS_EVERY_S)
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)


class Taking(BaseHTTPRequestHandler):
    """Keeps what is posted; `/broken` takes nothing."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        broken = self.path == "/broken" and not server.mended
        if not broken:
            server.notes.append((self.path, self.headers["Content-Type"], body))
        self.send_response(503 if broken else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def officers() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    server.mended = False
    yield from serving(server, "notes")


def lodging(network: Network, officers: Any, *paths: str) -> list[HubError]:
    """The hub begins anew with these places; what it reports."""
    urls = [f"http://127.0.0.1:{officers.server_address[1]}/{path}" for path in paths]
    with (network.hub.settings.dir / "hub.toml").open("a") as settings:
        settings.write(f"[checkpoints]\nlodge = {urls}\n")
    reported: list[HubError] = []
    network.hub.close()
    settings_now = read_settings(network.hub.settings.dir)
    network.hub = compose(
        settings_now, clock=network.clock, ids=SeededIds(98), report=lambda _place, error: reported.append(error)
    )
    return reported


def look(network: Network, *, then: timedelta = LOOK) -> None:
    """A look, the end of what it began, and the look that asks how it went."""
    network.hub.log.step()
    network.hub.keep_house()
    for job, _ in network.hub.lodging._jobs.values():
        job.join(30)
    network.clock.advance(then)


def test_the_newest_checkpoint_goes_to_each_place_as_the_text_that_it_is(network: Network, officers: Any) -> None:
    refer(network)
    network.run()
    lodging(network, officers, "harbour", "lakeside")

    look(network)

    note = network.hub.log.newest()
    assert note is not None
    assert sorted(officers.notes) == [(f"/{who}", "text/plain; charset=utf-8", note) for who in ("harbour", "lakeside")]
    key = parse_key((network.hub.settings.keys / "hub.pub").read_text())
    assert read_checkpoint(officers.notes[0][2], key).size == network.hub.log.head().size


def test_it_goes_again_when_the_log_has_grown_and_an_hour_has_passed(network: Network, officers: Any) -> None:
    refer(network)
    network.run()
    lodging(network, officers, "harbour")
    look(network)
    look(network, then=LODGED_EVERY)
    assert len(officers.notes) == 1

    look(network)
    assert len(officers.notes) == 1, "nothing has happened since"
    refer(network, last_name="Bartok", birth_date="1970-01-02")
    network.run()
    network.clock.advance(LODGED_EVERY)
    look(network)
    look(network)

    sizes = [int(note.split(b"\n")[1]) for _, _, note in officers.notes]
    assert len(sizes) == 2
    assert sizes[0] < sizes[1]


def test_a_place_that_takes_nothing_is_reported_and_tried_again_and_the_others_have_it(
    network: Network, officers: Any
) -> None:
    refer(network)
    network.run()
    reported = lodging(network, officers, "broken", "lakeside")

    look(network)
    look(network)
    told = [str(error) for error in reported]
    officers.mended = True
    look(network)
    look(network)

    assert [path for path, *_ in officers.notes] == ["/lakeside", "/broken"]
    assert told
    assert all(text.startswith("checkpoints.lodge 1: got HTTP status 503") for text in told)
    assert all("127.0.0.1" not in text for text in told)


def test_a_hub_that_begins_anew_knows_what_was_lodged(network: Network, officers: Any) -> None:
    refer(network)
    network.run()
    lodging(network, officers, "harbour")
    look(network)
    look(network)
    network.reopen()

    look(network)

    assert len(officers.notes) == 1


@pytest.mark.parametrize(
    ("size", "lodged", "expected"),
    [
        pytest.param(7, None, True, id="never yet"),
        pytest.param(7, (7, NOW - 2 * LODGED_EVERY), False, id="the log has not grown"),
        pytest.param(8, (7, NOW - LODGED_EVERY), True, id="grown, an hour ago"),
        pytest.param(8, (7, NOW - LODGED_EVERY + timedelta(seconds=1)), False, id="grown, less than an hour ago"),
        pytest.param(8, (7, NOW + timedelta(days=1)), True, id="the clock was set back"),
    ],
)
def test_when_it_is_due(size: int, lodged: tuple[int, datetime] | None, expected: bool) -> None:
    assert due(size, NOW, lodged) is expected


@pytest.mark.parametrize(
    "urls", [["ftp://example.org/x"], ["http://example.org/x"], ["mailto:a@example.org"], ["https://e.org/"] * 21]
)
def test_what_could_never_work_is_refused_before_it_is_needed(network: Network, urls: list[str]) -> None:
    with (network.hub.settings.dir / "hub.toml").open("a") as settings:
        settings.write(f"[checkpoints]\nlodge = {urls}\n")

    with pytest.raises(Refused, match=r"checkpoints\.lodge") as refused:
        compose(read_settings(network.hub.settings.dir), clock=network.clock)

    assert "example" not in str(refused.value)
    assert len(urls) <= PLACES_MAX or "at most 20" in str(refused.value)
