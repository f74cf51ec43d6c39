"""What packages said before of a site's plans, as far as E4 asks: a closed plan takes nothing new, and a learner has
one active LBS plan at a provider.

Program systems 3.9, 3.12 and §10, cases 50 to 52. The adapter's own small store holds keyed digests alone: of a closed
plan when its package was made and what it held; of a learner which LBS plan is active.

- Only closure details of a closed plan may change, and the reason of one that was opened in error may not.
- A package that was made before the one that closed its plan is judged as it stood then.
- Plans of other programs run beside each other.
- A plan without a number, and a learner without a reference, cannot be known again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from adapters.contract import Memory
from adapters.eois.faults import ROOT, Fault
from adapters.eois.rules import ACTIVE, CLOSED, LBS, VOID
from hub.model.canonical import canonical

_PLAN = f"{ROOT}/ServicePlan"
_CONTENT = ("program", "ClientSummary", "SubGoal")


class Plans:
    """The plans of one site."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def look(self, tree: Mapping[str, Any]) -> Fault | None:
        """Whether a package breaks E4 against what came before; if not, what it says is remembered."""
        plan = tree.get("ServicePlan", {})
        if not plan.get("reference"):
            return None
        return self._closed(tree, plan) or self._twice(tree, plan)

    def _closed(self, tree: Mapping[str, Any], plan: Mapping[str, Any]) -> Fault | None:
        name = f"closed:{self._memory.digest(plan['reference'])}"
        void = plan.get("Closure", {}).get("reason") == VOID
        content = self._memory.digest(canonical({part: plan.get(part) for part in _CONTENT}).decode())
        said = self._memory.get(name)
        if said is None:
            if plan["status"] == CLOSED:
                self._memory.put(name, orjson.dumps([tree["created"], content, void]).decode())
            return None
        created, held, was_void = orjson.loads(said)
        if tree["created"] < created:
            return None
        if plan["status"] != CLOSED:
            return Fault("PLAN_CLOSED", f"{_PLAN}/@status", "a plan that was closed before", "a new plan")
        if was_void and not void:
            return Fault("PLAN_CLOSED", f"{_PLAN}/Closure", "another reason of a void plan", "the reason as it was")
        if content != held and not void:
            return Fault("PLAN_CLOSED", _PLAN, "other content of a closed plan", "closure details alone, or a new plan")
        if void and not was_void:
            self._memory.put(name, orjson.dumps([created, held, True]).decode())
        return None

    def _twice(self, tree: Mapping[str, Any], plan: Mapping[str, Any]) -> Fault | None:
        learner = tree["Person"].get("clientReference")
        if plan["program"] != LBS or not learner:
            return None
        name, own = f"lbs:{self._memory.digest(learner)}", self._memory.digest(plan["reference"])
        active = self._memory.get(name)
        if plan["status"] == CLOSED and active == own:
            self._memory.put(name, None)
        if plan["status"] != ACTIVE:
            return None
        if active not in (None, own):
            return Fault("LBS_ACTIVE_EXISTS", f"{_PLAN}/@program", "a second active LBS plan", "one at a time")
        self._memory.put(name, own)
        return None
