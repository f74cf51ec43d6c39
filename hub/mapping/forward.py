"""In: a record becomes a collection of resources. Pure; the first field out of shape stops the whole record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.mapping.model import Block, Built, Context, Key, Run, Translation
from hub.model.fhir import Resource
from hub.model.record import Record

URL = "urn:block:"

Made = tuple[Block, Key, Mapping[str, str], Resource]  # an instance, whose references are written once all are there


def to_fhir(blocks: tuple[Block, ...], record: Record, context: Context) -> Translation:
    """See :meth:`hub.mapping.RecordMapping.to_fhir`."""
    run = Run(context)
    made: list[Made] = []
    entries: list[Resource] = []
    for block in blocks:
        for key, row in instances(record, block.child):
            fields = _fields(block, row)
            inner: list[Made] = []
            resource = _build(block, row, fields, run, key, inner)
            if resource is not None:
                ordinals = run.built.setdefault(block.name, Built(block.child)).instances
                url = f"{URL}{block.name}" + (f":{len(ordinals) + 1}" if ordinals else "")
                ordinals.append((key, url))
                made += [(block, key, fields, resource), *inner]
                entries.append({"fullUrl": url, "resource": resource})
    for block, key, fields, resource in made:
        for link in block.links:
            link(fields, resource, key, run)
    return Translation(tuple(entries), tuple(run.losses))


def instances(record: Record, path: tuple[str, ...], key: Key = ()) -> Iterator[tuple[Key, Record]]:
    """The child records at a path with their positions; the record itself where the path is empty."""
    if not path:
        yield key, record
        return
    for position, child in enumerate(record.children.get(path[0], ())):
        yield from instances(child, path[1:], (*key, position))


def _fields(block: Block, row: Record) -> Mapping[str, str]:
    if not block.reaches:
        return row.fields
    fields = dict(row.fields)
    for name, child, field in block.reaches:
        if (children := row.children.get(child)) and (value := children[0].fields.get(field)):
            fields[name] = value
    return fields


def _build(
    block: Block, row: Record, fields: Mapping[str, str], run: Run, key: Key, made: list[Made]
) -> Resource | None:
    """One instance, or None where nothing of the record fills it (settled S17).

    Args:
        key: which instance it is.
        made: takes the instances inside it.
    """
    out: Resource = {} if block.inside is not None else {"resourceType": block.type}
    if block.meta is not None:
        out["meta"] = block.meta()
    filled = False
    for write in block.writes:
        if write(fields, out, run):
            filled = True
    for inner in block.insides:
        for place, child in instances(row, inner.child[len(block.child) :], key):
            own = _fields(inner, child)
            item = _build(inner, child, own, run, place, made)
            if item is not None:
                out.setdefault(inner.at, []).append(item)
                made.append((inner, place, own, item))
                filled = True
    if filled and all(need(out) is not None for need in block.needs):
        return out
    run.losses += [loss for field, loss in block.orphans if fields.get(field)]
    return None
