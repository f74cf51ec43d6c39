"""A package's bytes as the records that it holds: what it is itself, how its plan ended, each follow-up.

Program systems 9.5, settled S8. Here alone a package is looked at before it is parsed, since its plan tells how many
records there are and what came before may forbid it (E4). One that cannot be read is one record, which says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.contract import Raw
from adapters.eois import package, service_plan
from adapters.eois.faults import ROOT, UNREADABLE, faulty
from adapters.eois.frozen import Plans
from hub.errors import RecordUnreadable
from hub.model.canonical import canonical

PARTS = ("P", "X", "F")  # what a package is itself, how its plan ended, a follow-up
MONTHS = ("0", "3", "6", "12")
_PLAN = b"ServicePlan"


def keys(key: str) -> tuple[str, ...]:
    """The keys of all records that a package may hold.

    Args:
        key: of the package itself, ``P/3898A/4102B/PKG-1``.
    """
    place = key.removeprefix("P")
    return (key, f"X{place}", *(f"F{place}/{month}" for month in MONTHS))


def records(key: str, data: bytes, site: str, before: Plans) -> list[Raw]:
    """The records of a package.

    Args:
        before: what other packages said of the same plans.
    """
    tree = _with_plan(key, data, site)
    if fault := before.look(key, tree):
        return [Raw(key, "", b"", site, fault=str(faulty(f"eois {key}", fault)))]
    try:
        whole = canonical({"package": data.decode("utf-8")})
    except UnicodeDecodeError:
        got = f"eois {key}: {UNREADABLE} {ROOT}: got bytes that are no UTF-8, expected UTF-8"
        return [Raw(key, "", b"", site, fault=got)]
    if not tree:
        return [Raw(key, "", whole, site)]
    own = {} if "Referral" in tree else {key: canonical(tree["ServicePlan"])}
    return [Raw(each, "", whole, site, said) for each, said in {key: b"", **own, **dict(_beside(key, tree))}.items()]


def _with_plan(key: str, data: bytes, site: str) -> package.Tree:
    """What a package with a plan holds; nothing where its parser, in its place, has nothing else to say of it."""
    if _PLAN not in data:
        return {}
    try:
        tree = package.read(f"eois {key}", data)
    except RecordUnreadable:
        return {}
    return tree if "ServicePlan" in tree and tree["Sender"]["sds"] == site else {}


def _beside(key: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Key and own words of each record beside the package's own."""
    place, plan = key.removeprefix("P"), tree["ServicePlan"]
    if service_plan.ends(tree):
        yield f"X{place}", canonical(plan["Closure"])
    for month, each in service_plan.made(tree).items():
        yield f"F{place}/{month}", canonical(each)
