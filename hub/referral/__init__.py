"""The referral state machine: which state may follow which, who may say so, and what goes on the wire.

Standard: FHIR R4 ``ServiceRequest`` and ``Task``; states, codes and transitions T1 to T28 of shared model 6.
Pure and driven by two tables, ``states.py`` and ``transitions.py``; ``move.py`` only walks them, ``due.py`` says by
when something must happen. It stores nothing, sends nothing and knows no system: that a CMS says NO_SHOW for
``no-show`` is the business of its mapping. What the table does not hold is forbidden (DN_TRANSITION).
"""

from hub.referral.move import Forbidden, Moved, Said, Standing, Step, Unchanged, after_delivery, move
from hub.referral.states import STATE_REASONS, STATES, TASK_STATUS, TERMINAL
from hub.referral.transitions import TRANSITIONS, Transition, Writer

__all__ = [
    "STATES",
    "STATE_REASONS",
    "TASK_STATUS",
    "TERMINAL",
    "TRANSITIONS",
    "Forbidden",
    "Moved",
    "Said",
    "Standing",
    "Step",
    "Transition",
    "Unchanged",
    "Writer",
    "after_delivery",
    "move",
]
