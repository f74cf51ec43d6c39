"""A standing "no" of a client: added, and lifted by name, by the agency that took it down and by nobody else (C-105).

The caller's unit owns the subject. :func:`may_lift` is asked for a consent row's ``lifts`` and at the desk.
"""

from __future__ import annotations

from consent.model import Consent, Directive
from hub.errors import Refused, shape
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Unit


def add_directive(unit: Unit, directive: Directive, actor: Actor) -> None:
    """A standing "no" of the client."""
    unit.consents.put_directive(directive)
    details = {
        "subject_ref": directive.subject_ref,
        "directive_id": directive.directive_id,
        "recipients": list(directive.recipients),
        "purposes": [purpose.value for purpose in directive.purposes],
        "categories": [category.value for category in directive.categories],
    }
    unit.audit.append(Entry(AuditEvent.DIRECTIVE_ADDED, unit.now, actor, details))


def lift_directive(unit: Unit, directive_id: str, agency: str, actor: Actor) -> None:
    """End a directive by name, because the client said so to a worker of the agency that took it (C-105).

    Raises:
        Refused: there is no directive of this id that the agency has taken; the same words for both.
    """
    directive = unit.consents.directive(directive_id)
    if directive is None or not may_lift(directive, agency):
        expected = "a directive that this agency has taken"
        raise Refused("DIRECTIVE", shape(directive_id), expected, "`hub consent show --alias` lists them")
    if directive.lifted_by is None:
        by = f"worker:{actor.ref}"
        unit.consents.lift(directive_id, by)
        details = {"subject_ref": directive.subject_ref, "directive_id": directive_id, "lifted_by": by}
        unit.audit.append(Entry(AuditEvent.DIRECTIVE_LIFTED, unit.now, actor, details))


def may_lift(no: Directive | Consent, agency: str) -> bool:
    """Whether an agency may lift a "no", by a consent row of its own or at its desk: it alone has taken it down.

    Another agency heard a yes to itself, not that the client takes back what it said elsewhere.
    """
    return agency == (no.taken_by if isinstance(no, Directive) else no.discloser)
