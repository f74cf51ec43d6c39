"""HTTP of a composed hub: part of the composition root. Apart from ``compose.py``, since its libraries load slowly.

Only ``hub serve`` and tests import it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import FastAPI

from hub.access import Access, AccessSettings
from hub.api.app import application
from hub.api.look import Look
from hub.api.served import Served
from hub.api.together import Together
from hub.compose import Hub
from hub.errors import Unexpected
from hub.exchange import Report
from hub.exchange.process import names, process_all
from hub.keys.tokens import TokenFiles
from hub.post import read_https


def over_http(
    hub: Hub,
    report: Report,
    sleep: Callable[[float], None],
    fetch: Callable[[str], bytes] = read_https,
) -> FastAPI:
    """The application of a hub.

    Args:
        report: told of a fault of ours.
        sleep: waits some seconds.
        fetch: reads a client's ``jwks_url``.

    Raises:
        IntegrityBroken: others may read the keys of tokens.
    """
    settings = hub.settings
    keys = TokenFiles(settings.keys / "tokens", hub.house.ids)
    allowed = AccessSettings(settings.base_url, settings.api_per_s, settings.api_burst)
    access = Access(hub.house, keys, fetch, allowed)
    look = Look(hub.store, settings.halted, hub.log.signed_at)
    gate = Together(
        partial(process_all, hub.house),
        names,
        hub.house.limits.batch,
        lambda error: report("http", Unexpected.met("messages judged together", error)),
    )
    return application(Served(hub.house, look, access, settings.base_url, sleep, hub.log, gate), report)
