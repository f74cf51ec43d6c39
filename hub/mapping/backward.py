"""Out: the entries of a message become a record. Anything may be missing: withheld, or never said.

A resource belongs to the first block of the file whose type and guards it meets. What no block reads is a loss line,
and so is an element that its block does not know. An instance about another person than the record's is not read:
the facts of two people are never put into one record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.mapping.model import Back, Block, Context, Run
from hub.model.fhir import Resource
from hub.model.record import Loss, Record

# read by the exchange and the directory, not by a record
ENVELOPE = frozenset(
    {
        "MessageHeader",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "HealthcareService",
        "Provenance",
        "Consent",
    }
)
NO_COLUMN = "this record has no column for one of them"
NO_FIELD = "this record has no field for it"
ANOTHER = "about another person or case than this record: not read"


@dataclass(slots=True)
class Node:
    """A record that is being filled."""

    fields: dict[str, str] = field(default_factory=dict)
    children: dict[str, list[Node]] = field(default_factory=dict)

    def record(self, kind: str) -> Record:
        """The finished record; child records that stayed empty are left out."""
        children = {
            name: tuple(node.record(name) for node in nodes if node.fields or node.children)
            for name, nodes in self.children.items()
        }
        return Record(kind, self.fields, {name: records for name, records in children.items() if records})


def from_fhir(kind: str, blocks: tuple[Block, ...], entries: Sequence[Resource], context: Context) -> Back:
    """See :meth:`hub.mapping.RecordMapping.from_fhir`."""
    run = Run(context, index={entry["fullUrl"]: entry["resource"] for entry in entries if "fullUrl" in entry})
    tree = _Tree(run)
    pending = list(entries)
    for block in blocks:
        rest, full = [], set()  # the child records whose row is taken; of the record itself None
        for entry in pending:
            if _is_of(block, entry["resource"]) and (whose := _reference(block, entry["resource"])) not in full:
                tree.take(block, entry.get("fullUrl", ""), entry["resource"])
                if block.row:
                    full.add(whose)
            else:
                rest.append(entry)
        pending = rest
    for entry in pending:
        if (name := entry["resource"].get("resourceType", "")) not in ENVELOPE:
            more = any(_is_of(block, entry["resource"]) for block in blocks)
            run.losses.append(Loss(name, NO_COLUMN if more else f"{kind} has no place for it"))
    for block in blocks:
        for each in (block, *block.insides):
            if each.absents:
                _say_absent(each, tree.root)
    return Back(tree.root.record(kind), tuple(run.losses))


def _is_of(block: Block, resource: Resource) -> bool:
    return resource.get("resourceType") == block.type and all(guard(resource) for guard in block.guards)


def _is_akin(item: Resource, inner: Block) -> bool:
    """Whether an item of a list is one for the rows of a block, though it may be of none of them."""
    return all(guard(item) for guard in inner.kin or inner.guards)


class _Tree:
    """The record with its children, and which resource stands for which child record."""

    __slots__ = ("_nodes", "_run", "_taken", "root")

    def __init__(self, run: Run) -> None:
        self.root = Node()
        self._run = run
        self._nodes: dict[tuple[str, ...], dict[str | None, Node]] = {(): {None: self.root}}
        self._taken: set[str] = set()

    def take(self, block: Block, url: str, resource: Resource) -> None:
        node = self._node(block, url, resource)
        if node is None:
            self._run.losses.append(Loss(block.type, ANOTHER))
            return
        self._read(block, resource, node)

    def _read(self, block: Block, resource: Resource, node: Node) -> None:
        for read in block.reads:
            read(resource, node.fields, self._run)
        taken: dict[str, set[int]] = {}  # items of a list that stand in a column of their own
        held: set[tuple[str, int]] = set()  # those that a block without rows reads
        for inner in block.insides:
            gone = taken.setdefault(inner.at, set()) if inner.row else set()
            for place, item in enumerate(resource.get(inner.at, ())):
                if place not in gone and all(guard(item) for guard in inner.guards):
                    below = self._below(block, inner, item, node)
                    if below is None:
                        self._run.losses.append(Loss(f"{block.type}.{inner.at}", ANOTHER))
                        continue
                    self._read(inner, item, below)
                    if inner.row:  # it holds one
                        gone.add(place)
                        break
                    held.add((inner.at, place))
        for at, places in taken.items():
            places |= {place for name, place in held if name == at}
        self._say_what_is_left(block, resource, taken)

    def _say_what_is_left(self, block: Block, resource: Resource, taken: Mapping[str, set[int]]) -> None:
        """Items that no column of a list has held, and elements that no line reads."""
        for at, places in taken.items():
            rest = [item for place, item in enumerate(resource.get(at, ())) if place not in places]
            if any(at in step.elements for step in block.steps):  # other lines read of this list too
                inners = [inner for inner in block.insides if inner.row and inner.at == at]
                rest = [item for item in rest if any(_is_akin(item, inner) for inner in inners)]
            if rest:
                self._run.losses.append(Loss(f"{block.type}.{at}", NO_COLUMN))
        if block.inside is None:
            unknown = [name for name in resource if name not in block.known]
            self._run.losses += [Loss(f"{block.type}.{name}", NO_FIELD) for name in unknown]

    def _below(self, block: Block, inner: Block, item: Resource, node: Node) -> Node | None:
        """The record that an item inside a resource stands for: below the one that it names, else its resource's."""
        path = inner.child[len(block.child) :]
        if inner.parent and len(path) > 1:
            above = self._find(inner.child[:-1], _reference(inner, item))
            if above is None:
                return None
            node, path = above, path[-1:]
        for name in path:
            node.children.setdefault(name, []).append(Node())
            node = node.children[name][-1]
        return node

    def _node(self, block: Block, url: str, resource: Resource) -> Node | None:
        if not block.child:
            return self._once(f"{block.name} {block.row}", self.root)
        parent = _reference(block, resource)
        if not block.owner:
            return self._find(block.child, parent)
        above = self._find(block.child[:-1], parent)
        if above is None:
            return None
        node = Node()
        above.children.setdefault(block.child[-1], []).append(node)
        self._nodes.setdefault(block.child, {})[url] = node
        return node

    def _once(self, name: str, node: Node) -> Node | None:
        """A block without ``each`` has one instance."""
        if name in self._taken:
            return None
        self._taken.add(name)
        return node

    def _find(self, path: tuple[str, ...], reference: str | None) -> Node | None:
        """The child record that a reference means.

        Where the resource that it names was withheld, the first such reference opens the record; any other is
        about somebody else.
        """
        nodes = self._nodes.setdefault(path, {})
        if not path:
            return self.root
        if reference in nodes:
            return nodes[reference]
        if nodes:
            return next(iter(nodes.values())) if reference is None and len(nodes) == 1 else None
        above = self._find(path[:-1], None)
        if above is None:
            return None
        node = Node()
        above.children.setdefault(path[-1], []).append(node)
        nodes[reference] = node
        return node


def _reference(block: Block, resource: Resource) -> str | None:
    found: Any = block.parent(resource) if block.parent else None
    reference = found.get("reference") if isinstance(found, dict) else None
    return reference if isinstance(reference, str) else None


def _say_absent(block: Block, root: Node) -> None:
    """Write what says "nothing" into the records of a block whose element was missing, or withheld."""
    nodes = [root]
    for name in block.child:
        nodes = [below for node in nodes for below in node.children.get(name, ())]
    for node in nodes:
        for field_name, word in block.absents:
            node.fields.setdefault(field_name, word)
