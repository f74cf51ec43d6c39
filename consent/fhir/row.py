"""What was read of a FHIR Consent, as the registry files it: by the rules of a row (``consent/rows.py``). Pure.

The state is not taken as it is said: a record that lacks a mandatory field is DRAFT, one by word of mouth waits for its
signature, and who decided for somebody else must be known to the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from consent.cells import Effect, Fault
from consent.model import Consent, VerbalNote
from consent.model.words import ConsentState, GivenBy
from consent.rows import ConsentRow
from consent.validity import lacks


def as_row(consent: Consent, *, system: str, place: str, digest: Callable[[str], str]) -> ConsentRow:
    """The row of a Consent that was read.

    Args:
        system: where it is entered.
        place: names the record there: it stands for the evidence, which the agency keeps.
        digest: the keyed digest of a form's number.
    """
    draft = replace(
        consent,
        consent_id="",
        version=0,
        subject_ref="",
        state=ConsentState.DRAFT,
        given_by_ref=None,
        authority=None,  # the registry says what it has seen of it
        captured_in=system,
        verbal_note=_note(consent),
        evidence_ref=place if consent.evidence_ref else None,
        form_id=digest(consent.form_id) if consent.form_id else None,
        supersedes=(),
        lifts=(),
    )
    wants = lacks(replace(draft, consent_id="-", version=1, subject_ref="-"))  # these the registry gives
    said_draft = ("state",) if consent.state is ConsentState.DRAFT else ()
    by_other = consent.given_by not in (None, GivenBy.SELF)
    return ConsentRow(
        draft=draft,
        faults=tuple(Fault(name, "nothing", "a value", Effect.DRAFT) for name in (*wants, *said_draft)),
        whole=True,
        declined=consent.state is ConsentState.DECLINED,
        withdrawn=consent.state is ConsentState.WITHDRAWN,
        lifts=consent.lifts,
        supersedes=consent.supersedes,
        decider=consent.given_by_ref or "" if by_other else "",
    )


def _note(consent: Consent) -> VerbalNote | None:
    """Its days are counted from when the consent was taken, at the latest: a later note is no longer bridge (C-48)."""
    note, taken = consent.verbal_note, consent.captured_at
    if note is None or taken is None or note.taken_at is None:
        return note
    return replace(note, taken_at=min(note.taken_at, taken))
