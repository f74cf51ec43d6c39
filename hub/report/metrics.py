"""The metrics of consent rules 3.9 and what is alarming of them. They name cases and workers: they are for the officer.

A share is of the cases of the window; a median is that of the three stretches of 30 days before it. Nothing is said of
what nobody keeps: whether a client's surname or address is a worker's (settled S39 drops the address).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from statistics import median
from typing import Literal

from consent.model.reviewed import Outcome, Part, Review
from consent.review import is_overdue
from hub.model.directory import Worker
from hub.report.cases import Case
from hub.report.tally import Tally
from hub.report.window import BLOCKS, Window

Unit = Literal["per 1,000", "share", "count", "hours"]
NOT_KEPT = "same surname or address as the client"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a figure is alarming: the defaults [D] of consent rules 3.9, and what they leave open [policy].

    Args:
        per_thousand: of an agency's messages; ``times_median`` of its own.
        by_worker: duties of care in ``worker_days``; ``on_subject`` in ``subject_days``, or by one worker.
        night: hours of the agency's local day, from and to [policy].
        alike: share of a narrative's longer sentences that stand in one earlier narrative too [policy].
    """

    per_thousand: float = 5
    times_median: float = 2
    by_worker: int = 3
    worker_days: int = 30
    on_subject: int = 3
    on_subject_by_one: int = 2
    subject_days: int = 90
    without_second: float = 0.25
    imminent: float = 0.60
    identical: float = 0.10
    needless: float = 0.05
    on_time: float = 0.95
    wrong: float = 0.10
    night: tuple[int, int] = (22, 6)
    alike: float = 0.5


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Kept:
    """What the log does not hold, by number of the override: digests, and what is open.

    Args:
        words: keyed digest of the narrative; sentences: of each of its longer sentences.
        open: parts of reviews that are not done, and notices that are withheld.
        near: overrides of which the worker is noted as too near to the client.
        zones: agency -> zone of its local days.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, frozenset[str]] = field(default_factory=dict)
    open: Sequence[Review] = ()
    near: frozenset[str] = frozenset()
    workers: Mapping[str, Worker] = field(default_factory=dict)
    zones: Mapping[str, tzinfo] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Args:
        of: an agency, a reason code, a worker; "one client"; "" for all.
        value: in ``unit``; None: of nothing, there is no share.
        count: what was counted, out of ``base``.
        alert: whether somebody must look; ``limit`` says from when.
        cases: numbers of the overrides to look at.
    """

    name: str
    of: str
    value: float | None
    unit: Unit
    count: int
    base: int
    alert: bool = False
    limit: str = ""
    cases: tuple[str, ...] = ()


def metrics(
    tally: Tally, kept: Kept, *, at: datetime, agency: str | None = None, limits: Limits = LIMITS
) -> tuple[Figure, ...]:
    """All figures of a window.

    Args:
        at: when somebody looks: what is overdue is so then.
        agency: whose; None: of all.
    """
    known = sorted((case for case in tally.cases if agency in (None, case.agency)), key=lambda case: case.declared_at)
    now = [case for case in known if tally.window.block(case.declared_at) == 0]
    found = (
        _rates(tally, known, agency, limits),
        _workers(known, tally.window, limits),
        _subjects(known, tally.window, limits),
        _shares(now, known, kept, limits),
        _reviews(tally, known, at, agency, limits),
        _notices(tally, kept, known, at, agency),
        _listed(now, kept, limits),
    )
    return tuple(figure for each in found for figure in each)


def agency_rate(went: int, released: int, before: Sequence[float], limits: Limits = LIMITS) -> tuple[float, bool]:
    """Overrides per 1,000 messages, and whether that is alarming.

    Args:
        released: other messages.
        before: the same of earlier stretches. With no override in most of them there is no median to be twice of.
    """
    rate = went * 1000 / (went + released) if went else 0.0
    usual = median(before) if before else 0.0
    return rate, rate > limits.per_thousand or 0 < usual * limits.times_median <= rate


def _rates(tally: Tally, known: Sequence[Case], agency: str | None, limits: Limits) -> Iterator[Figure]:
    went = [case for case in known if case.opened_at]
    by_block = Counter((_block(tally, case), case.agency) for case in went)
    for name in sorted({case.agency for case in went}):
        counts = [by_block[block, name] for block in range(BLOCKS + 1)]
        released = [tally.released[block, name] for block in range(BLOCKS + 1)]
        before = [agency_rate(*pair, ())[0] for pair in zip(counts[1:], released[1:], strict=True)]
        rate, alert = agency_rate(counts[0], released[0], before, limits)
        cases = _numbers(case for case in went if case.agency == name and _block(tally, case) == 0)
        limit = f"above {limits.per_thousand:g}, or {limits.times_median:g} times its 90-day median"
        base = counts[0] + released[0]
        yield Figure(
            "overrides", name, round(rate, 2), "per 1,000", counts[0], base, alert, limit, cases if alert else ()
        )
    now = [case for case in went if _block(tally, case) == 0]
    base = len(now) + sum(n for (block, who), n in tally.released.items() if block == 0 and agency in (None, who))
    by: tuple[tuple[str, Callable[[Case], str]], ...] = (
        ("by code", lambda c: c.code),
        ("by worker", lambda c: c.worker),
    )
    for name, key in by:
        for label in sorted({key(case) for case in now}):
            count = sum(key(case) == label for case in now)
            yield Figure(f"overrides {name}", label, round(count * 1000 / base, 2), "per 1,000", count, base)


def _block(tally: Tally, case: Case) -> int | None:
    return tally.window.block(case.opened_at) if case.opened_at else None


def _workers(known: Sequence[Case], window: Window, limits: Limits) -> Iterator[Figure]:
    span = timedelta(days=limits.worker_days)
    of: defaultdict[str, list[Case]] = defaultdict(list)
    for case in known:
        if case.is_duty_of_care and case.worker:
            of[case.worker].append(case)
    limit = f"{limits.by_worker} in {limits.worker_days} days"
    for worker, cases in sorted(of.items()):
        near = closest(cases, span, window)
        if near:
            alert = len(near) >= limits.by_worker
            yield Figure(
                "duties of care by one worker", worker, len(near), "count", len(near), len(near), alert, limit,
                _numbers(near) if alert else (),
            )  # fmt: skip


def _subjects(known: Sequence[Case], window: Window, limits: Limits) -> Iterator[Figure]:
    span = timedelta(days=limits.subject_days)
    of: defaultdict[str, list[Case]] = defaultdict(list)
    for case in known:
        if case.subject:
            of[case.subject].append(case)
    limit = f"{limits.on_subject}, or {limits.on_subject_by_one} by one worker, in {limits.subject_days} days"
    for cases in of.values():
        near = closest(cases, span, window)
        hands = {case.worker for case in cases}
        by_one = max((closest([c for c in cases if c.worker == hand], span, window) for hand in hands), key=len)
        if len(near) >= limits.on_subject or len(by_one) >= limits.on_subject_by_one:
            found = near if len(near) >= limits.on_subject else by_one
            count = len(found)
            yield Figure(
                "overrides on one client", "one client", count, "count", count, count, True, limit, _numbers(found)
            )


def closest(cases: Sequence[Case], span: timedelta, window: Window) -> list[Case]:
    """The most of them that lie within a span which ends in the window; in the order of their declaration."""
    best: list[Case] = []
    for last, case in enumerate(cases):
        if window.block(case.declared_at) == 0:
            near = [each for each in cases[: last + 1] if each.declared_at > case.declared_at - span]
            best = near if len(near) > len(best) else best
    return best


def _shares(now: Sequence[Case], known: Sequence[Case], kept: Kept, limits: Limits) -> Iterator[Figure]:
    went = [case for case in now if case.opened_at and case.is_duty_of_care]
    alike = near_identical(known, kept, limits)
    yield _share("without a second person", [c for c in went if not c.approved], went, limits.without_second)
    yield _share("imminent", [c for c in went if c.imminent], went, limits.imminent)
    told = [case for case in now if case.number in kept.words]
    yield _share(
        "identical or near-identical narratives", [c for c in told if c.number in alike], told, limits.identical
    )
    yield _share("not needed (OX_NOT_NEEDED)", [c for c in now if c.needless], now, limits.needless)


def _share(name: str, some: Sequence[Case], base: Sequence[Case], limit: float) -> Figure:
    value = len(some) / len(base) if base else None
    alert = value is not None and value > limit
    said = f"above {limit:.0%}"
    return Figure(name, "", value, "share", len(some), len(base), alert, said, _numbers(some) if alert else ())


def near_identical(known: Sequence[Case], kept: Kept, limits: Limits = LIMITS) -> set[str]:
    """Cases whose narrative is an earlier one of the same agency again, or in good part (settled S39)."""
    words: set[tuple[str, str]] = set()
    having: defaultdict[tuple[str, str], list[str]] = defaultdict(list)  # agency, sentence -> earlier cases
    found = set()
    for case in known:
        own = kept.sentences.get(case.number, frozenset())
        shared: defaultdict[str, int] = defaultdict(int)
        for sentence in own:
            for earlier in having[case.agency, sentence]:
                shared[earlier] += 1
            having[case.agency, sentence].append(case.number)
        same = (case.agency, kept.words.get(case.number, ""))
        if same in words or (shared and max(shared.values()) >= limits.alike * len(own)):
            found.add(case.number)
        if same[1]:
            words.add(same)
    return found


def _reviews(tally: Tally, known: Sequence[Case], at: datetime, agency: str | None, limits: Limits) -> Iterator[Figure]:
    in_time, late = on_time(known, tally.window, at)
    value = len(in_time) / (len(in_time) + len(late)) if in_time or late else None
    alert = value is not None and value < limits.on_time
    cases = tuple(sorted({case.number for case in late})) if alert else ()
    base, said = len(in_time) + len(late), f"below {limits.on_time:.0%}"
    yield Figure("reviews on time", "", value, "share", len(in_time), base, alert, said, cases)
    hours = [
        (task.done_at - case.declared_at).total_seconds() / 3600
        for case in known
        if (task := case.tasks.get(Part.OFFICER)) and task.done_at and tally.window.block(task.done_at) == 0
    ]
    middle = round(median(hours), 1) if hours else None
    yield Figure("median time to the officer's outcome", "", middle, "hours", len(hours), len(hours))
    outcomes = {
        outcome: sum(n for (who, each), n in tally.outcomes.items() if each is outcome and agency in (None, who))
        for outcome in Outcome
    }
    wrong = outcomes[Outcome.UPHELD_EXCESS] + outcomes[Outcome.NOT_JUSTIFIED] + outcomes[Outcome.MISUSE]
    weighed = wrong + outcomes[Outcome.UPHELD]
    share = wrong / weighed if weighed else None
    over = share is not None and share > limits.wrong
    yield Figure(
        "excess, not justified or misuse", "", share, "share", wrong, weighed, over, f"above {limits.wrong:.0%}"
    )


def on_time(known: Sequence[Case], window: Window, at: datetime) -> tuple[list[Case], list[Case]]:
    """The cases of reviews that were due in the window: done in time, and late; one that is not late yet is neither."""
    in_time, late = [], []
    for case in known:
        for part, task in case.tasks.items():
            if part in (Part.NOTICE, Part.BREACH) or task.due_at is None or window.block(task.due_at) != 0:
                continue
            if task.done_at is not None and task.done_at < task.due_at:
                in_time.append(case)
            elif at >= task.due_at:
                late.append(case)
    return in_time, late


def _notices(tally: Tally, kept: Kept, known: Sequence[Case], at: datetime, agency: str | None) -> Iterator[Figure]:
    due = [c for c in known if _is_due(c, tally.window)]
    yield Figure("notices due", "", len(due), "count", len(due), len(due))
    for label in sorted({why for who, why in tally.notices if agency in (None, who)}):
        count = sum(n for (who, why), n in tally.notices.items() if why == label and agency in (None, who))
        yield Figure("notices", label, count, "count", count, count)
    late = [each for each in kept.open if each.part is Part.NOTICE and is_overdue(each, at)]
    numbers = tuple(sorted(each.override_id for each in late))
    yield Figure("notices overdue", "", len(late), "count", len(late), len(late), bool(late), "any", numbers)


def _is_due(case: Case, window: Window) -> bool:
    task = case.tasks.get(Part.NOTICE)
    return task is not None and task.due_at is not None and window.block(task.due_at) == 0


def _listed(now: Sequence[Case], kept: Kept, limits: Limits) -> Iterator[Figure]:
    checks: tuple[tuple[str, Callable[[Case], bool]], ...] = (
        ("at night", lambda case: is_night(case, kept, limits)),
        ("on a weekend", lambda case: local(case, kept).weekday() >= 5),
        ("after the worker had left", lambda case: _has_left(case, kept)),
        ("by a worker noted as too near to the client", lambda case: case.number in kept.near),
    )
    for name, check in checks:
        found = [case for case in now if check(case)]
        count = len(found)
        yield Figure(name, "", count, "count", count, len(now), bool(found), "each one", _numbers(found))


def is_night(case: Case, kept: Kept, limits: Limits = LIMITS) -> bool:
    """Whether it was declared at night, where its agency is."""
    begins, ends = limits.night
    hour = local(case, kept).hour
    return hour >= begins or hour < ends


def local(case: Case, kept: Kept) -> datetime:
    """When it was declared, where its agency is."""
    return case.declared_at.astimezone(kept.zones.get(case.agency, case.declared_at.tzinfo))


def _has_left(case: Case, kept: Kept) -> bool:
    worker = kept.workers.get(case.worker)
    if worker is None or worker.ended_at is None:
        return False
    left = datetime.fromisoformat(worker.ended_at)
    return case.declared_at >= (left if left.tzinfo else left.replace(tzinfo=local(case, kept).tzinfo))


def _numbers(cases: Iterable[Case]) -> tuple[str, ...]:
    return tuple(case.number for case in cases)
