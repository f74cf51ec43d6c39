"""``hub systems submit``: an agency hands in a FHIR message of its own; ``hub/exchange/process.py`` judges it."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.advice import advice
from hub.commands.frame import DONE, REFUSED, As, Dir, Json, opened, read_input, say, show_json, who
from hub.desk.systems import asked
from hub.exchange.process import Processed, process_message


def submit(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="The system for which it is handed in.")],
    file: Annotated[str, typer.Argument(help="A message Bundle (FHIR R4, JSON), or -.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> int:
    """Put a message that an agency's own software made before the gate: a capacity enquiry, its answer, a risk filter.

    What others demand of an agency (access-request, court-order, police-request, research, fundraising) may be handed
    in too: the hub never carries it, and its log says that it was asked. Exit code 1: it does not go; why is said.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        found = process_message(hub.house, asked(hub.house, id, "submit", by), data)
    if as_json:
        show_json(_document(found))
    elif found.decision.permits:
        again = "it has gone already" if found.repeated else "it goes"
        say(f"{again}: number {found.message.referral_no}. The answer to it names that number.")
    else:
        code = found.decision.codes[0].value
        say(f"IT DOES NOT GO ({code}): {advice(code)}")
        for place in found.strange:
            say(f"  not one of its codes: {place}")
    return DONE if found.decision.permits else REFUSED


def _document(found: Processed) -> dict[str, object]:
    return {
        "message": found.message.message_id,
        "outcome": found.decision.outcome.value,
        "codes": [code.value for code in found.decision.codes],
        "number": found.message.referral_no,
        "repeated": found.repeated,
        "strange": list(found.strange),
    }
