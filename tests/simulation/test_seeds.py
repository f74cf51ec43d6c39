"""The whole hub, one seed = one run, faults injected, the promises as oracles (design §12).

HUB_SEED=17 pytest tests/simulation -k one_seed     run one seed again
HUB_SOAK=1 pytest tests/simulation                  a thousand seeds, or half an hour
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.forgotten import nothing_is_forgotten
from tests.simulation.promises import keeps_its_promises
from tests.simulation.run import Run

SEEDS = 20


def simulate(folder: Path, seed: int) -> Run:
    run = Run(folder, seed)
    try:
        run.chaos()
        hub = run.settle()
        keeps_its_promises(run.world, hub)
        nothing_is_forgotten(run.world, hub)
    except BaseException as error:
        (folder / "script.txt").write_text("\n".join(run.world.history.script))
        raise AssertionError(
            f"seed {seed}: {error!r}; again: HUB_SEED={seed} pytest tests/simulation -k one_seed"
        ) from error
    finally:
        run.close()
    return run


@pytest.mark.parametrize("seed", [int(os.environ["HUB_SEED"])] if "HUB_SEED" in os.environ else range(SEEDS))
def test_one_seed_keeps_every_promise_inv_11(tmp_path: Path, seed: int) -> None:
    simulate(tmp_path, seed)
