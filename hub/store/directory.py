"""Agencies, systems, sites, services, agreements and workers as rows. Writers own ``config``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Table, bindparam, select, update

from consent.model import Agreement
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.ports import Directory
from hub.store import past
from hub.store import tables as t
from hub.store.scope import Scope, text
from hub.store.sql import upsert

STOPPED = "stopped"  # name of the switch behind `hub suspend all`, kept beside the version of config

_VERSION = select(t.lock_version.c.version).where(t.lock_version.c.name == bindparam("name"))

_TABLES: Mapping[type[Any], Table] = {
    Agency: t.agency,
    System: t.system,
    Site: t.site,
    Service: t.service,
    Worker: t.worker,
    Agreement: t.agreement,
}
ADAPTERS: Mapping[type[Any], TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in _TABLES}
_ADD_PAST = upsert(t.directory_past).on_conflict_do_nothing()  # of one instant what it said before all of it


def _id(row: Any) -> str:
    if isinstance(row, Site):
        return f"{row.kind}/{row.code}"
    return str(row.agreement_id if isinstance(row, Agreement) else row.id)


def _body(row: object) -> str:
    return ADAPTERS[type(row)].dump_json(row).decode()


class DirectoryTable:
    """See :class:`hub.ports.DirectoryRows`."""

    def __init__(self, scope: Scope, cached: dict[int, Directory]) -> None:
        self._scope, self._cached = scope, cached
        self._seen: Directory | None = None  # as this unit read it, under the lock of ``config``

    def all(self) -> Directory:
        """The directory as it stands; parsed once for each version of ``config``, the version read once a unit."""
        self._scope.must_hold(locks.CONFIG)
        if self._scope.as_of is not None:
            return self._as_of(self._scope.as_of)
        if locks.CONFIG in self._scope.dirty:
            return self._read(self._version(locks.CONFIG))
        if self._seen is None:
            version = self._version(locks.CONFIG)
            self._seen = self._cached.get(version) or self._read(version)
            if version not in self._cached:
                self._cached.clear()
                self._cached[version] = self._seen
        return self._seen

    def put(self, row: Agency | System | Site | Service | Worker | Agreement) -> None:
        """Add or replace a row; an agreement keeps its old versions."""
        self._scope.must_own(locks.CONFIG)
        body = _body(row)
        self._keep(type(row).__name__, _id(row), self._before(row), body)
        match row:
            case Agency():
                self._upsert(t.agency, id=row.id, topic=row.topic, status=row.status, body=body)
            case System():
                self._upsert(t.system, id=row.id, agency=row.agency, kind=row.kind, status=row.status, body=body)
            case Site():
                self._upsert(t.site, kind=row.kind, code=row.code, agency=row.agency, body=body)
            case Service():
                self._upsert(
                    t.service,
                    id=row.id,
                    agency=row.agency,
                    wanted=row.wanted,
                    status=row.status,
                    system=row.system,
                    body=body,
                )
            case Worker():
                self._upsert(t.worker, id=row.id, agency=row.agency, role=row.role, ended_at=row.ended_at, body=body)
            case Agreement():
                self._put_agreement(row, body)

    def stop(self, stopped: bool) -> None:
        """Stop or resume all exchange."""
        self._scope.must_own(locks.CONFIG)
        self._keep(STOPPED, STOPPED, str(self._version(STOPPED)), str(int(stopped)))
        self._upsert(t.lock_version, name=STOPPED, version=int(stopped))

    def _keep(self, room: str, key: str, before: str | None, body: str) -> None:
        """Keep what a row says until now, where it says something else from now on (settled S40)."""
        if before != body:
            row = {"room": room, "id": key, "until_at": text(self._scope.now), "body": before}
            self._scope.add(t.directory_past, row, _ADD_PAST)

    def _before(self, row: Any) -> str | None:
        """What the row says as it stands; None: there is none."""
        c = _TABLES[type(row)].c
        if isinstance(row, Agreement):
            mine = (c.id == row.agreement_id) & (c.current == 1)
        else:
            mine = (c.kind == row.kind) & (c.code == row.code) if isinstance(row, Site) else c.id == row.id
        found = self._scope.one(select(c.body).where(mine))
        return str(found.body) if found else None

    def _as_of(self, at: datetime) -> Directory:
        """The directory as it stood; its version is that of now."""
        before = past.rows(self._scope, at)
        stopped = before.get(STOPPED, {}).get(STOPPED, str(self._version(STOPPED)))
        found: dict[type[Any], list[Any]] = {}
        for kind, adapter in ADAPTERS.items():
            was = before.get(kind.__name__, {})
            now = [row for row in self._rows(kind) if _id(row) not in was]
            found[kind] = now + [adapter.validate_json(body) for body in was.values() if body is not None]
        return _directory(self._version(locks.CONFIG), stopped == "1", found)

    def _put_agreement(self, row: Agreement, body: str) -> None:
        self._scope.write(update(t.agreement).where(t.agreement.c.id == row.agreement_id).values(current=0))
        self._upsert(
            t.agreement,
            id=row.agreement_id,
            version=row.version,
            party_a=row.parties[0],
            party_b=row.parties[1],
            status=row.status,
            body=body,
            current=1,
        )

    def _upsert(self, table: Table, **values: Any) -> None:
        keys = [c.name for c in table.primary_key]
        rest = {name: value for name, value in values.items() if name not in keys}
        statement = upsert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=rest)
        self._scope.write(statement)

    def _version(self, name: str) -> int:
        row = self._scope.one(_VERSION, given={"name": name})
        return int(row.version) if row else 0

    def _read(self, version: int) -> Directory:
        return _directory(version, bool(self._version(STOPPED)), {kind: self._rows(kind) for kind in ADAPTERS})

    def _rows(self, kind: type[Any]) -> list[Any]:
        table = _TABLES[kind]
        where = [table.c.current == 1] if table is t.agreement else []
        found = self._scope.read(select(table.c.body).where(*where))
        return [ADAPTERS[kind].validate_json(row.body) for row in found]


def _directory(version: int, stopped: bool, rows: Mapping[type[Any], Sequence[Any]]) -> Directory:
    return Directory(
        version=version,
        stopped=stopped,
        agencies={row.id: row for row in rows[Agency]},
        systems={row.id: row for row in rows[System]},
        services=tuple(rows[Service]),
        sites=tuple(rows[Site]),
        workers={row.id: row for row in rows[Worker]},
        agreements=tuple(rows[Agreement]),
    )
