"""Agencies, systems, sites, services, agreements and workers as rows. Writers own ``config``."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Table, select, update

from consent.model import Agreement
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.ports import Directory
from hub.store import tables as t
from hub.store.scope import Scope
from hub.store.sql import upsert

STOPPED = "stopped"  # name of the switch behind `hub suspend all`, kept beside the version of config


ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Agency, System, Site, Service, Worker, Agreement)
}


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
        self._upsert(t.lock_version, name=STOPPED, version=int(stopped))

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
        row = self._scope.one(select(t.lock_version.c.version).where(t.lock_version.c.name == name))
        return int(row.version) if row else 0

    def _read(self, version: int) -> Directory:
        def rows(kind: type[Any], table: Table, *where: Any) -> list[Any]:
            found = self._scope.read(select(table.c.body).where(*where))
            return [ADAPTERS[kind].validate_json(row.body) for row in found]

        return Directory(
            version=version,
            stopped=bool(self._version(STOPPED)),
            agencies={row.id: row for row in rows(Agency, t.agency)},
            systems={row.id: row for row in rows(System, t.system)},
            services=tuple(rows(Service, t.service)),
            sites=tuple(rows(Site, t.site)),
            workers={row.id: row for row in rows(Worker, t.worker)},
            agreements=tuple(rows(Agreement, t.agreement, t.agreement.c.current == 1)),
        )
