"""The fifteen parts of the monthly report (consent rules 4.5), of figures that may be shown.

How they are kept from giving one another away. Every table is a partition, or a number that is part of no other table.
Partitions of the same cases share nothing but their total: no cell of one is a cell, or a sum of cells, of another;
where two questions would make it so, they are asked in one table. What goes on an override is counted in part 5 alone,
what lacks an agreement is named in part 10 and counted nowhere. A part that tells some of another repeats the masked
cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from consent.model import Agreement
from consent.model.reviewed import Outcome
from consent.model.words import Code
from hub.model.incidents import Duty, Incident
from hub.model.rows import Request
from hub.report.cases import Case
from hub.report.masking import SHOWN_FROM, Masked, alone, mask
from hub.report.metrics import LIMITS, NOT_KEPT, Kept, is_night, local, near_identical, on_time
from hub.report.shown import ALL, Cell, Part, Shown, listing, of_masked, partition
from hub.report.standing import AGES, EXPIRING, LAPSED_BEFORE, LAPSED_NOW, NOT_EXPIRING, Standing
from hub.report.tally import GIVEN, TOOK, UNDER_WAY, WITHHELD, Tally

_GATES = {1: "decided when a message comes", 2: "decided when it is handed over"}
_UNUSUAL_MAX = 10
_DAYS = ("up to 7", "8 to 30", "more than 30")
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report is made of.

    Args:
        at: when it is made: what is overdue is so then.
    """

    tally: Tally
    kept: Kept
    standing: Standing
    agreements: Sequence[Agreement]
    requests: Sequence[Request]
    incidents: Sequence[Incident]
    duties: Sequence[Duty]
    at: datetime


def parts(facts: Facts) -> tuple[Part, ...]:
    """All fifteen, in their order."""
    answers = {key: mask(cells) for key, cells in sorted(facts.tally.answers.items())}
    denied = answers.get((1, "DENY"), mask({}))
    by_category = partition("What was taken out, by category", "category", facts.tally.removed)[1]
    forms, by_form = partition("By state and form", "state, form", facts.standing.forms)
    return (
        _messages(answers),
        _consents(facts.standing, by_form),
        _withdrawals(facts.tally, answers.get((2, "DENY"), mask({}))),
        _verbal(forms),
        _overrides(facts),
        _notices(facts),
        _womens(denied),
        _minors(),
        _redactions(facts.tally, by_category),
        _agreements(facts),
        _requests(facts),
        _breaches(facts),
        _log(facts.tally),
        _configuration(facts.tally),
        _looks(facts.tally),
    )


def _messages(answers: dict[tuple[int, str], Masked]) -> Part:
    tables = [
        of_masked(f"{outcome}, {_GATES[gate]}", "first reason", cells) for (gate, outcome), cells in answers.items()
    ]
    notes = (
        "Messages on a declared danger are counted in part 5 alone; what lacks an agreement is named in part 10.",
        "A message that is tried again is answered again.",
    )
    return Part(1, "Messages by outcome and reason", tuple(tables), notes)


def _consents(standing: Standing, by_form: Shown) -> Part:
    tables = (
        by_form,
        partition("By language", "language", standing.languages)[1],
        partition("By age of the record", "age", standing.ages, order=AGES)[1],
        partition("Expiring", "consents on file", standing.ending, order=(EXPIRING, NOT_EXPIRING))[1],
    )
    notes = (
        "As they stood when this was made: make it early in the next month.",
        "Withdrawn ones are in part 3, in the month of the withdrawal.",
    )
    return Part(2, "Consents as they stand", tables, notes)


def _withdrawals(tally: Tally, handed: Masked) -> Part:
    took = partition("From being said to being in force", "time", tally.withdrawn, order=TOOK)[1]
    rows = [("messages that were just being handed over when a withdrawal came", handed.get(UNDER_WAY))]
    return Part(3, "Withdrawals", (took, listing("Perhaps too late", ("what", "count"), rows)), ("A cell of part 1.",))


def _verbal(forms: Masked) -> Part:
    rows = [(label, forms.get(label)) for label in (LAPSED_NOW, LAPSED_BEFORE)]
    note = "They wait for a signature, which has not come. These are cells of part 2, by form."
    return Part(4, "Verbal consents lapsed", (listing("Verbal consents", ("consents", "count"), rows),), (note,))


def _overrides(facts: Facts) -> Part:
    tally, kept = facts.tally, facts.kept
    known = sorted(tally.cases, key=lambda case: case.declared_at)
    now = [case for case in known if tally.window.block(case.declared_at) == 0]
    went = [case for case in now if case.opened_at]
    alike = near_identical(known, kept)
    needless = alone(sum(case.needless and not case.opened_at for case in now))
    tables = (
        _rates(mask(Counter(case.agency for case in went)), tally),
        partition("By reason code and second person", "code", Counter(map(_second, went)))[1],
        partition("Imminent", "as declared", Counter("imminent" if c.imminent else "not imminent" for c in went))[1],
        partition("Narratives", "words", Counter(_alike(case.number in alike) for case in went))[1],
        partition("When", "declared", Counter(_when(case, kept) for case in went))[1],
        listing("Not needed", ("what", "count"), [("a consent covered it already (OX_NOT_NEEDED)", needless)]),
        *_reviews(facts),
    )
    notes = (
        "The tables down to: When, are of the overrides that were declared in this month and on which something went.",
        "Not plainly upheld: UPHELD_EXCESS, NOT_JUSTIFIED or MISUSE; each opens a breach assessment.",
        "Workers, clients and cases: hub override metrics and hub override list name them to the officer.",
        f"Alarming [D]: an agency above {LIMITS.per_thousand:g} per 1,000 or at twice its 90-day median, more than "
        f"{LIMITS.without_second:.0%} without a second person, {LIMITS.imminent:.0%} imminent, "
        f"{LIMITS.identical:.0%} alike, {LIMITS.needless:.0%} not needed; reviews below {LIMITS.on_time:.0%} on time, "
        f"above {LIMITS.wrong:.0%} not plainly upheld; any notice overdue.",
    )
    return Part(5, "Overrides", tables, notes, (NOT_KEPT,))


def _alike(alike: bool) -> str:
    return "as in an earlier one, in good part or all" if alike else "own"


def _second(case: Case) -> str:
    if not case.is_duty_of_care:
        return case.code  # a statute's: nobody is put before it
    return f"{case.code}, {'approved' if case.approved else 'without a second person'}"


def _when(case: Case, kept: Kept) -> str:
    if is_night(case, kept):
        return "at night"
    return "on a weekend" if local(case, kept).weekday() >= 5 else "else"


def _rates(by_agency: Masked, tally: Tally) -> Shown:
    """Overrides by agency, and per 1,000 of its messages where both numbers may be shown."""
    senders = Counter({sender: count for (block, sender), count in tally.released.items() if block == 0})
    released = mask(senders)
    shown = of_masked("By agency, and per 1,000 released messages", "agency", by_agency)
    rows: list[tuple[Cell, ...]] = []
    for label, count in shown.rows:
        own = released.get(str(label)) if label in by_agency.cells else None
        rate: Cell = "" if label == ALL or count == 0 else None
        if label != ALL and isinstance(count, int) and count and own is not None:
            rate = round(count * 1000 / (count + own), 2)
        rows.append((label, count, rate))
    return Shown(shown.title, ("agency", "overrides", "per 1,000"), tuple(rows), shown.bars)


def _reviews(facts: Facts) -> Iterable[Shown]:
    tally = facts.tally
    in_time, late = on_time(list(tally.cases), tally.window, facts.at)
    cells = Counter({"on time": len(in_time), "late": len(late)})
    yield partition("Reviews that were due in this month", "done", cells, order=("on time", "late"))[1]
    outcomes: Counter[str] = Counter()
    for (_, outcome), count in tally.outcomes.items():
        outcomes[_weighed(outcome)] += count
    yield partition("Officers' outcomes of this month", "outcome", outcomes)[1]
    waiting = Counter(each.part.value for each in facts.kept.open if each.done_at is None)
    yield partition("Open reviews, when this was made", "part", waiting)[1]


def _weighed(outcome: Outcome) -> str:
    """UPHELD_EXCESS, NOT_JUSTIFIED and MISUSE in one: they are few, and each opens a breach assessment."""
    if outcome in (Outcome.UPHELD, Outcome.SEEN):
        return outcome.value
    return "not plainly upheld"


def _notices(facts: Facts) -> Part:
    cells: Counter[str] = Counter()
    for (_, label), count in facts.tally.notices.items():
        cells[label] += count
    table = partition("Notices to clients, as they ended in this month", "notice", cells)[1]
    return Part(6, "Notices withheld", (table,), (f"`{WITHHELD}` is followed by why; `{GIVEN}` stands beside it.",))


def _womens(denied: Masked) -> Part:
    rows = [("messages that a women's service could not send", denied.get(Code.DN_EXISTENCE.value))]
    missing = ("places of a women's service that were taken out", "questions whether somebody is known there")
    return Part(
        7, "Women's services", (listing("Kept back", ("what", "count"), rows),), ("A cell of part 1.",), missing
    )


def _minors() -> Part:
    return Part(8, "Minors", missing=("decisions by capable minors", "conflicts between decision-makers"))


def _redactions(tally: Tally, by_category: Shown) -> Part:
    senders = partition("Messages of which something was taken out, by sender", "sender", tally.over_asking)[1]
    return Part(9, "What senders asked for too much", (by_category, senders))


def _agreements(facts: Facts) -> Part:
    window = facts.tally.window
    soon = [
        (each.agreement_id, each.version, each.expires_at.date().isoformat())
        for each in facts.agreements
        if each.expires_at is not None and window.start <= each.expires_at < window.end + _SOON
    ]
    pairs = sorted(facts.tally.without_agreement)
    tables = (
        listing("Over in this month or in the 30 days after it", ("agreement", "version", "over at"), soon),
        listing("Tried without one", ("sender", "recipient"), pairs),
    )
    return Part(
        10,
        "Agreements",
        tables,
        ("What was tried is named and not counted: it would give away masked reasons of part 1.",),
    )


def _requests(facts: Facts) -> Part:
    """Days from the asking to the answer; the answer is due in 30 (consent rules 4.4)."""
    first, after = facts.tally.window.start.date(), facts.tally.window.end.date()
    took = Counter(
        _days_taken((each.answered_on - each.asked_on).days)
        for each in facts.requests
        if each.answered_on is not None and first <= each.answered_on < after
    )
    waiting = Counter(
        _days_taken((after - each.asked_on).days)
        for each in facts.requests
        if each.asked_on < after and (each.answered_on is None or each.answered_on >= after)
    )
    tables = (
        partition("Answered in this month, by days taken", "days", took, order=_DAYS)[1],
        partition("Not answered by its end, by days since they were asked", "days", waiting, order=_DAYS)[1],
    )
    return Part(11, "Accounting requests", tables)


def _days_taken(days: int) -> str:
    return _DAYS[0] if days <= 7 else _DAYS[1] if days <= 30 else _DAYS[2]


def _breaches(facts: Facts) -> Part:
    window = facts.tally.window
    opened = Counter(each.kind for each in facts.incidents if window.start <= each.opened_at < window.end)
    assessed = Counter(
        each.harm
        for each in facts.incidents
        if each.determined_at is not None and window.start <= each.determined_at < window.end
    )
    told = Counter(
        f"{each.told}, {each.state}"
        for each in facts.duties
        if each.at is not None and window.start <= each.at < window.end
    )
    late = Counter(
        each.told for each in facts.duties if each.due_at < window.end and (each.at is None or each.at >= window.end)
    )
    tables = (
        partition("Incidents opened in this month", "what went wrong", opened)[1],
        partition("Assessments of this month: a real risk of significant harm?", "answer", assessed)[1],
        partition("Notices of this month to regulators and individuals", "told, how", told)[1],
        partition("Notices that were due before its end, and neither given nor withheld by then", "to whom", late)[1],
    )
    note = "A correction is no breach. Assessments that a review of an override opened: part 5, officers' outcomes."
    return Part(12, "Breaches, assessments, notices", tables, (note,))


def _log(tally: Tally) -> Part:
    table = partition("Alarms", "alarm", tally.alarms)[1]
    return Part(
        13, "The log", (table,), ("hub audit verify proves it whenever you like.",), ("results of verifications",)
    )


def _configuration(tally: Tally) -> Part:
    """What changed is no person's: it is named, and how often it did is masked like all counts."""
    named: Counter[str] = Counter()
    for (what, action), count in tally.changes.items():
        if what not in ("rules", "request"):  # the one is named below, each time; the other is part 11's
            named[f"{what}: {action}" if action else what] += count
    rules = listing("Packs and profiles that changed", ("file", "day"), sorted(tally.rules))
    return Part(14, "Configuration and packs", (partition("Changes", "what", named)[1], rules))


def _looks(tally: Tally) -> Part:
    """Who looked much more than usual; of somebody with fewer looks than may be shown, nothing is told."""
    rows: list[tuple[Cell, ...]] = []
    for ref, blocks in tally.looks.items():
        usual = median(blocks[block] for block in (1, 2, 3))
        if blocks[0] >= SHOWN_FROM and blocks[0] > usual:
            agency, role = tally.who[ref]
            rows.append((agency, role, blocks[0], usual if usual >= SHOWN_FROM or usual == 0 else None))
    rows.sort(key=lambda row: (-_ratio(row), str(row)))
    columns = ("agency", "role", "looks in this month", "usual: median of the 90 days before")
    note = "The log names who looked: `VIEW` and `AUDIT_READ` entries of an export."
    return Part(
        15,
        "Unusual access",
        (listing("The ten furthest above what is usual for them", columns, rows[:_UNUSUAL_MAX]),),
        (note,),
    )


def _ratio(row: Sequence[Cell]) -> float:
    looks, usual = row[2], row[3]
    return float(looks or 0) / max(float(usual or 1), 1.0)
