"""Counts for a monitor, in the text form that Prometheus reads.

Labels are words of ours alone. No agency, system, person or message has one (INV-1), and no reason code: some of them
would tell whoever watches a graph that a women's service takes part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from consent.model.words import Code
from hub.api.look import Look, Seen
from hub.errors import HubError
from hub.model.envelope import MessageState
from hub.model.rows import Tally

_WAITS_ON = {  # all others wait for people: a client, a worker, an agreement
    "hub": {Code.DN_REGISTRY_DOWN, Code.DN_AUDIT_DOWN, Code.DN_STALE, Code.DN_PACK},
    "record": {Code.DN_SCHEMA, Code.DN_TRANSITION, Code.DN_REQUIRED_BLOCKED},
}


class _Hub:
    """What the store says, read when it is asked; where it cannot be read, that alone is said."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before a monitor asks."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics, from one consistent look."""
        try:
            seen, checkpoint_at = self._look.seen(), self._look.checkpoint_at()
        except HubError:
            yield _gauge("hub_store_up", "Whether the store answers.", 0)
            return
        yield _gauge("hub_store_up", "Whether the store answers.", 1)
        yield from _of(seen)
        age = (seen.now - checkpoint_at).total_seconds() if checkpoint_at else float("nan")
        yield _gauge("hub_checkpoint_age_seconds", "Since the newest checkpoint of the log was signed.", age)


def _of(seen: Seen) -> Iterator[Metric]:
    tally = seen.tally
    first = tally.first_return_at
    left = (first - seen.now).total_seconds() if first else float("nan")
    states = {state.value: tally.messages.get(state.value, 0) for state in MessageState}
    yield _labelled("hub_messages", "Accepted messages by state.", "state", states)
    yield _labelled("hub_waiting", "Records that wait, by whom they wait for.", "on", _on(tally))
    aside = CounterMetricFamily("hub_set_aside", "Records of the bus that were set aside.")
    aside.add_metric([], sum(tally.aside.values()))
    yield aside
    yield _gauge("hub_held", "Messages that no mapping can write out.", tally.held)
    yield _gauge("hub_near_return", "Messages that go back undelivered within 24 hours.", tally.near_return)
    yield _gauge("hub_first_return_seconds", "Until the first open message goes back.", left)
    yield _gauge("hub_unpublished", "Sealed messages that the bus does not have yet.", tally.unpublished)
    yield _gauge("hub_notices_waiting", "Words to senders that are not written yet.", tally.notices)
    yield _gauge("hub_systems_away", "Active systems that cannot be reached.", seen.away)
    yield _gauge("hub_stopped", "Whether all exchange is suspended.", int(seen.stopped))
    entries = CounterMetricFamily("hub_log_entries", "Entries of the audit log that have a place in it.")
    entries.add_metric([], tally.log_entries)
    yield entries
    since = tally.log_pending_since
    waited = (seen.now - since).total_seconds() if since else 0
    yield _gauge("hub_log_pending", "Entries of the audit log that have no place in it yet.", tally.log_pending)
    yield _gauge("hub_log_pending_seconds", "Since the oldest of these was written; 0 where there is none.", waited)


def _on(tally: Tally) -> Mapping[str, int]:
    """Waiting records by whom they wait for."""
    found = dict.fromkeys([*_WAITS_ON, "people"], 0)
    for code, count in tally.waiting.items():
        on = next((on for on, codes in _WAITS_ON.items() if code in codes), "people")
        found[on] += count
    return found


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for word, count in sorted(values.items()):
        family.add_metric([word], count)
    return family


def router(look: Look) -> APIRouter:
    """/metrics."""
    registry = CollectorRegistry()
    registry.register(_Hub(look))
    ProcessCollector(registry=registry)
    routes = APIRouter()

    @routes.get("/metrics")
    def metrics() -> Response:
        """All metrics now."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
