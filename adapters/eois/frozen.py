"""What packages said before of a site's plans, as far as E4 asks: a closed plan takes nothing new, and a learner has
one active LBS plan at a provider.

Program systems 3.9, 3.12 and §10, cases 50 to 52. The adapter's own small store holds, under keyed digests of a plan
and of a learner, which package closed the plan, when that was made, whether it called the plan void, and a keyed digest
of what the plan held; which package said which LBS plan of the learner is active, that plan as a keyed digest; and of a
package under which of these it spoke. No value of a plan or a person is among them.

- Only closure details of a closed plan may change, and the reason of one that was opened in error may not.
- A package that was made before the one that closed its plan is judged as it stood then.
- A package that is put there again, or taken away before it is settled, takes back what it said; it is judged by what
  others said.
- Plans of other programs run beside each other.
- A plan without a number, and a learner without a reference, cannot be known again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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

    def look(self, package: str, tree: Mapping[str, Any]) -> Fault | None:
        """Whether a package breaks E4 against what others said before; if not, what it says is remembered.

        Args:
            package: its key.
            tree: what it holds; empty: nothing of a plan.
        """
        plan = tree.get("ServicePlan", {})
        if not plan.get("reference"):
            self.forget(package)
            return None
        own = self._memory.digest(plan["reference"])
        closing, active = f"plan:{own}", ""
        if plan["program"] == LBS and plan["status"] == ACTIVE and (learner := tree["Person"].get("clientReference")):
            active = f"learner:{self._memory.digest(learner)}"
        word = self._word(tree, plan)
        fault = self._closed(package, closing, plan, word) or (self._twice(package, active, own) if active else None)
        said = {closing: word} if plan["status"] == CLOSED else {active: own} if active else {}
        self._remember(package, {} if fault else said)
        return fault

    def forget(self, package: str) -> None:
        """A package says nothing of a plan, or is gone."""
        self._remember(package, {})

    def _word(self, tree: Mapping[str, Any], plan: Mapping[str, Any]) -> list[Any]:
        """What is kept of a closing: when its package was made, what the plan held, whether it is void."""
        content = self._memory.digest(canonical({part: plan.get(part) for part in _CONTENT}).decode())
        return [tree["created"], content, plan.get("Closure", {}).get("reason") == VOID]

    def _closed(self, package: str, closing: str, plan: Mapping[str, Any], word: list[Any]) -> Fault | None:
        created, content, void = word
        now = datetime.fromisoformat(created)
        others = self._others(package, closing)
        before = [(at, *rest) for made, *rest in others if (at := datetime.fromisoformat(made)) <= now]
        if not before:
            return None
        if plan["status"] != CLOSED:
            return Fault("PLAN_CLOSED", f"{_PLAN}/@status", "a plan that was closed before", "a new plan")
        if not void and any(was_void for *_, was_void in before):
            return Fault("PLAN_CLOSED", f"{_PLAN}/Closure", "another reason of a void plan", "the reason as it was")
        if not void and content != min(before)[1]:
            return Fault("PLAN_CLOSED", _PLAN, "other content of a closed plan", "closure details alone, or a new plan")
        return None

    def _twice(self, package: str, active: str, own: str) -> Fault | None:
        if self._others(package, f"plan:{own}"):  # closed since: it is judged as it stood
            return None
        plans = set(self._others(package, active)) - {own}
        if all(self._others(package, f"plan:{plan}") for plan in plans):
            return None
        return Fault("LBS_ACTIVE_EXISTS", f"{_PLAN}/@program", "a second active LBS plan", "one at a time")

    def _remember(self, package: str, said: Mapping[str, Any]) -> None:
        """Put what a package says in the place of what it said."""
        spoke: list[str] = orjson.loads(self._memory.get(f"package:{package}") or "[]")
        for name in spoke:
            if name not in said:
                self._keep(name, {by: word for by, word in self._words(name).items() if by != package})
        self._keep(f"package:{package}", list(said))
        for name, word in said.items():
            self._keep(name, {**self._words(name), package: word})

    def _others(self, package: str, name: str) -> list[Any]:
        return [word for by, word in self._words(name).items() if by != package]

    def _words(self, name: str) -> dict[str, Any]:
        """What packages said of a plan or a learner, by package."""
        words: dict[str, Any] = orjson.loads(self._memory.get(name) or "{}")
        return words

    def _keep(self, name: str, value: dict[str, Any] | list[str]) -> None:
        text = orjson.dumps(value).decode() if value else None
        if text != self._memory.get(name):
            self._memory.put(name, text)
