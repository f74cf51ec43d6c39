"""May this be disclosed to that recipient? The stages of consent rules 2.3, in their order.

Pure: no clock, no store, no network, no log. The caller gathers the facts (``gather.py``), the gate enforces.
The first stage that decides, decides; silence is a refusal (I-01). The order of ``STAGES`` is the precedence table.

What each stage asks is in ``bars.py`` (before the client is asked) and ``stages.py``; who may decide in
``authority.py``; whether one record is in force in ``validity.py``; on which records a message may rest in
``records.py``; what a client has forbidden in ``standing.py``; what becomes of one item in ``items.py``.

P-11, whether a duty of care changes the answer, is ``override.py``, as is P-3. P-12 is the caller's second call, when a
hand-over is opened: its answer governs.
"""

from __future__ import annotations

from collections.abc import Callable

from consent import bars, override, stages
from consent.model import Decision, Facts

Stage = Callable[[Facts], Decision | None]

STAGES: tuple[Stage, ...] = (
    bars.hub_and_message,  # P-0   who sends, is it well formed, is everything there that is needed to decide?
    bars.absolute_bars,  # P-1   what no consent opens
    bars.about_nobody,  # P-2   is nobody's information in it at all?
    override.statutory,  # P-3   a report that must be made, or an exchange under a statute
    bars.off_bus,  # P-4   what the hub does not carry
    bars.agreement,  # P-5   what the two agencies signed
    stages.directives,  # P-6   what the client forbade; safety
    stages.authority,  # P-7   who said yes
    stages.state_and_time,  # P-8   is that yes in force at this instant?
    stages.recipient_and_purpose,  # P-9   for this recipient, in this direction, for this purpose?
    stages.categories,  # P-10  and what of it may pass
)


def decide(facts: Facts) -> Decision:
    """Answer one disclosure to one recipient.

    Args:
        facts: all that the rules may look at, read at one registry sequence number; instants are aware UTC.

    Returns:
        A decision that names its stage and codes. Equal facts give an equal decision, so that what was stored can be
        decided again, and explained by calling this function.
    """
    answers = (decision for stage in STAGES if (decision := stage(facts)) is not None)  # the last one always answers
    return override.weigh(facts, next(answers))  # P-11
