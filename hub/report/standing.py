"""How the registry's consents stand: counted one by one, nothing of them is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from consent.model import Consent
from consent.model.words import ConsentState
from hub.report.window import Window

AGES = ("under 3 months", "under 12 months", "longer", "no date")
SOON = timedelta(days=30)  # consent rules 4.5
EXPIRING, NOT_EXPIRING = "in force, and expires in 30 days", "all others"
LAPSED_NOW, LAPSED_BEFORE = "LAPSED in this month, EXPRESS_VERBAL", "LAPSED earlier, EXPRESS_VERBAL"


class Standing:
    """Counts of the consents that are on file and were not withdrawn; each is in one cell of every table.

    Args:
        window: the month of which it is told what lapsed.
        at: when somebody looks: what the clock has ended is over then.
        verbal_days: pack -> how long a verbal consent waits for its signature.
    """

    def __init__(self, window: Window, at: datetime, verbal_days: Mapping[str, int]) -> None:
        self.forms: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.ages: Counter[str] = Counter()
        self.ending: Counter[str] = Counter()
        self._window = window
        self._at = at
        self._verbal_days = verbal_days

    def add(self, consent: Consent) -> None:
        """Count one."""
        state = self._state(consent)
        if state is ConsentState.WITHDRAWN:
            return
        self.forms[self._form(consent, state)] += 1
        self.languages[consent.language or "not said"] += 1
        self.ages[self._age(consent)] += 1
        self.ending[EXPIRING if state is ConsentState.ACTIVE and self._ends_soon(consent) else NOT_EXPIRING] += 1

    def _state(self, consent: Consent) -> ConsentState:
        over = consent.expires_at is not None and consent.expires_at <= self._at
        counted = consent.state in (ConsentState.ACTIVE, ConsentState.SUSPENDED)
        return ConsentState.EXPIRED if counted and over else consent.state

    def _form(self, consent: Consent, state: ConsentState) -> str:
        days = self._verbal_days.get(consent.pack)
        if state is ConsentState.VERBAL_PENDING and consent.captured_at is not None and days is not None:
            lapses_at = consent.captured_at + timedelta(days=days)
            if lapses_at < self._window.end:
                return LAPSED_NOW if lapses_at >= self._window.start else LAPSED_BEFORE
        return f"{state.value}, {consent.basis.value if consent.basis else 'form not said'}"

    def _age(self, consent: Consent) -> str:
        if consent.captured_at is None:
            return AGES[3]
        days = (self._at - consent.captured_at).days
        return AGES[0] if days < 90 else AGES[1] if days < 365 else AGES[2]

    def _ends_soon(self, consent: Consent) -> bool:
        return consent.expires_at is not None and consent.expires_at <= self._at + SOON
