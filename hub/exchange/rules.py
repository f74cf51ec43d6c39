"""New rule files take effect: what of them differs from the last start wakes who waited."""

from __future__ import annotations

from hub.exchange.entries import HUB
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import AuditEvent, Entry

RULES = "rules"  # stands where a system would, among the hub's own memories


def activate(house: House) -> None:
    """Note the digests of mappings, packs, routes and catchment.

    A change is an entry and owns ``config``: held messages go on.
    """
    loaded = {f"mappings/{kind}": mappings.digest for kind, mappings in house.mappings.items()}
    loaded |= {"packs": house.packs.digest, "routes": house.routes.digest, "catchment": house.catchment.digest}
    with house.store.peek() as rows:
        before = {name: rows.cursors.remembered(RULES, name) for name in loaded}
    if before == loaded:
        return
    changed = [name for name in loaded if before[name] not in (None, loaded[name])]
    with house.store.unit(own=[locks.CONFIG] if changed else []) as unit:
        for name, digest in loaded.items():
            unit.cursors.remember(RULES, name, digest)
        for name in changed:
            details = {"what": "rules", "name": name, "digest": loaded[name]}
            unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, HUB, details))
