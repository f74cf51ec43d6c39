"""The demo's words and tables, for people at a terminal or behind a pipe. It is handed what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hub.sample.cms import ToDo
from hub.sample.tally import Tally

MEANING = {  # first codes of refusals that the sample meets, for a worker; told here in the sample's own words
    "DN_AUTHORITY": "nobody knows yet that this person decides for the client",
    "DN_COERCED": "it was made a condition of the service",
    "DN_DECEASED": "the client has died",
    "DN_EXISTENCE": "it would tell that somebody is at the shelter",
    "DN_NOT_KNOWLEDGEABLE": "the client was not told enough, or not in a language that they read",
    "DN_NOT_YET_VALID": "the consent begins later",
    "DN_OVERBROAD": "the consent names nobody, or everything",
    "DN_PURPOSE": "the consent is for something else",
    "DN_VERBAL_LAPSED": "it was said on the telephone, and never signed",
    "DN_NO_CONSENT": "no consent on file",
    "DN_PENDING": "a field of the consent is missing",
    "DN_EXPIRED": "the consent has ended",
    "DN_DIRECTIVE": "the client said no",
    "DN_RECIPIENT": "the consent names another agency",
    "DN_REQUIRED_BLOCKED": "the consent leaves out what the referral needs",
    "DN_NO_AGREEMENT": "the two agencies have no agreement",
    "DN_CASE_CLOSED": "the case is closed",
    "DN_WITHDRAWN": "the client has withdrawn",
}
MOVING = ("released", "published", "arrived", "opened", "held")


def progress(states: Mapping[str, int], applied: int, answered: int) -> str:
    """One line on how far the road is.

    Args:
        states: messages by state, as the store counts them.
        applied: messages that the agencies' systems have taken from their inboxes.
        answered: referrals that workers have moved.
    """
    under_way = sum(states.get(name, 0) for name in MOVING)
    return (
        f"accepted {sum(states.values())} · under way {under_way} · delivered {states.get('delivered', 0)}"
        f" · refused {states.get('refused', 0)} · applied {applied} · answered {answered}"
    )


@contextmanager
def counting(console: Console, total: int) -> Iterator[Callable[[int, str], None]]:
    """At a terminal a bar, how long it is likely to take still, and a line that says what stands; else nothing.

    Args:
        total: how much there is to do; a guess will do.

    Yields:
        What is told how much is done, and the line.
    """
    if not console.is_terminal:
        yield lambda _done, _line: None
        return
    columns = (BarColumn(20), TimeRemainingColumn(compact=True), TextColumn("{task.fields[line]}", markup=False))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total, line="")
        yield lambda done, line: bar.update(task, completed=min(done, total), line=line)


def act(console: Console, title: str, *lines: str) -> None:
    """One act of the story."""
    console.print()
    console.print(title, style="bold")
    for line in lines:
        say(console, line)


def say(console: Console, line: str) -> None:
    """One line below an act's title; long ones are not broken, so that they can be copied."""
    console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def result(numbers: Tally, waiting: int) -> Table:
    """What became of everything, at a glance."""
    table = Table(title="What happened", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row("accepted", str(numbers.accepted), "messages that were judged, by the log")
    table.add_row("delivered", str(numbers.delivered), "rows in hub_inbox, clients, packages and rows in files")
    table.add_row("", str(numbers.unsaid), "  of these: in no file, its system has no word for it")
    for state, count in numbers.answered.items():
        table.add_row("", str(count), f"  of these: told the sender {state}")
    table.add_row("refused", str(numbers.refused), "nothing left; the sender was told why")
    for code, count in sorted(numbers.refused_by_code.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row("", str(count), f"  {code}: {MEANING.get(code, 'see docs')}")
    table.add_row("returned", str(numbers.returned), "given back after 72 hours")
    table.add_row("open", str(numbers.open), "still under way")
    table.add_row("unreadable", str(numbers.unreadable), "records that are no message until somebody mends them")
    table.add_row("waiting", str(waiting), "refused or unreadable, and fetched again when something changes")
    return table


def withheld(numbers: Tally) -> Table:
    """What was left out of what was delivered."""
    table = Table(title="Left out of delivered messages", title_justify="left")
    table.add_column("category")
    table.add_column("messages", justify="right")
    for category, count in sorted(numbers.withheld_by_category.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(category, str(count))
    return table


def systems(numbers: Tally) -> Table:
    """Who sent and who received."""
    table = Table(title="Systems", title_justify="left")
    table.add_column("system")
    table.add_column("sent", justify="right")
    table.add_column("received", justify="right")
    for name in numbers.received:
        table.add_row(name, str(numbers.sent[name]), str(numbers.received[name]))
    return table


MARKS = {"carried": "+", "partly": "~", "cannot": "-"}


def matrix(rows: Sequence[Mapping[str, str]]) -> Table:
    """What each kind of system can say to each: a mark for each content.

    Args:
        rows: of :func:`hub.sample.pairs.pairs`.
    """
    legend = ", ".join(f"{mark} {verdict}" for verdict, mark in MARKS.items())
    title = f"What each kind of system can say to each ({legend})"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))  # it fits 80 columns
    _, _, *contents = rows[0]
    table.add_column("", no_wrap=True)
    for name in contents:
        table.add_column(name, no_wrap=True, justify="center")
    for row in rows:
        table.add_row(f"{row['from']} > {row['to']}", *(MARKS[row[name]] for name in contents))
    return table


def problem(place: str) -> list[str]:
    """The hub's sentence about an unreadable record, a line for each part: place, got, expected, next step."""
    where, _, next_step = place.partition("; ")
    return [where, f"next step: {next_step}"] if next_step else [where]


def worklist(agency: str, found: Sequence[ToDo], limit: int = 5) -> list[str]:
    """The first lines of what a worker sees of the hub's words in the agency's own system."""
    lines = [f"{agency}: {one.record}: {one.kind} {one.code}" for one in found[:limit]]
    return [*lines, f"{agency}: and {len(found) - limit} more"] if len(found) > limit else lines
