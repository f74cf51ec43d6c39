"""Run one seed from chaos to the oracles, and say how to run it again where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.simulation.answered import every_line_is_answered
from tests.simulation.forgotten import nothing_is_forgotten
from tests.simulation.promises import keeps_its_promises
from tests.simulation.run import TURNS, Run

AGAIN = "HUB_SEED={seed} pytest tests/simulation -k one_seed"


def simulate(
    folder: Path, seed: int, turns: int = TURNS, odds: Mapping[str, float] | None = None, busy: str = ""
) -> None:
    """One run in an empty folder. What was done is in ``script.txt`` there if it fails.

    Raises:
        AssertionError: a promise is broken; the text names the seed.
    """
    run = Run(folder, seed, odds, busy)
    try:
        run.chaos(turns)
        hub = run.settle()
        keeps_its_promises(run.world, hub)
        nothing_is_forgotten(run.world, hub)
        every_line_is_answered(run.world)
    except (Exception, AssertionError) as error:
        (folder / "script.txt").write_text("\n".join(run.world.history.script))
        raise AssertionError(f"seed {seed}: {error!r}; again: {AGAIN.format(seed=seed)}") from error
    finally:
        run.close()
