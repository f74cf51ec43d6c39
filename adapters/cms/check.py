"""Looking at a connection: database, schema, rights, inbox, clock. It says what to do and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from adapters.cms.sql import Database
from adapters.cms.values import local_time
from adapters.contract import Finding
from hub.errors import HubError

CLOCK_SKEW = timedelta(minutes=2)  # between the hub's clock and the database's, before check complains


def look(database: Database, now: datetime) -> list[Finding]:
    """All that there is to say. What cannot be looked at is a finding too."""
    findings: list[Finding] = []
    try:
        about = database.about()
        findings.append(Finding("cms database", about.ok, about.text, about.next_step))
        findings.extend(_schema(database))
        denied = list(_rights(database))
        findings.extend(denied or _inbox(database, now))
        findings.append(_clock(database, now))
    except HubError as error:
        findings.append(Finding(error.where, False, error.got, error.next_step))
    return findings


def _schema(database: Database) -> Iterable[Finding]:
    lacking = database.missing()
    for name, columns in lacking.items():
        text = f"has no column {', '.join(columns)}" if columns else "is not there"
        yield Finding(f"cms {name}", False, text, f"restore it as in {database.schema}")
    if not lacking:
        yield Finding("cms schema", True, "every view and column that is needed is there")


def _rights(database: Database) -> Iterable[Finding]:
    for name, right in database.denied().items():
        yield Finding(f"cms {name}", False, f"the hub's user may not {right}", f"GRANT {right} ON {name} to it")


def _inbox(database: Database, now: datetime) -> Iterable[Finding]:
    database.begin()
    try:
        written = database.insert(("hub-check", "returned", None, None, None, "{}", 0, local_time(now)))
    finally:
        database.rollback()
    if written is None:
        yield Finding("cms hub_inbox", False, "refuses a row", "look at its constraints and triggers")
    else:
        yield Finding("cms hub_inbox", True, "can be written (tried and rolled back)")


def _clock(database: Database, now: datetime) -> Finding:
    skew = abs(now - database.clock())
    fits = skew <= CLOCK_SKEW
    text = f"{int(skew.total_seconds())} s from the hub's clock"
    return Finding("cms clock", fits, text, "" if fits else "set both clocks by NTP")
