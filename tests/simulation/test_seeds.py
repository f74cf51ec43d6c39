"""The whole hub, one seed = one run, faults injected, the promises as oracles (design §12).

HUB_SEED=17 pytest tests/simulation -k one_seed     run one seed again
HUB_SOAK=1 pytest tests/simulation                  a thousand seeds, or half an hour
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.simulate import AGAIN, simulate

SEEDS = 20
SOAK = bool(os.environ.get("HUB_SOAK"))
SOAK_SEEDS = 1_000
SOAK_S = 1_800.0
ONE_RUN = "import sys, pathlib; from tests.simulation.simulate import simulate; simulate(pathlib.Path(sys.argv[1]), {})"


@pytest.mark.parametrize("seed", [int(os.environ["HUB_SEED"])] if "HUB_SEED" in os.environ else range(SEEDS))
def test_one_seed_keeps_every_promise_inv_11(tmp_path: Path, seed: int) -> None:
    simulate(tmp_path, seed)


def test_two_runs_of_one_seed_write_the_same_log_byte_for_byte_inv_11(tmp_path: Path) -> None:
    """In two processes, so that neither the order of sets nor the process itself may matter."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, hash_seed in zip(folders, ("1", "2"), strict=True):
        folder.mkdir()
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", ONE_RUN.format(3), str(folder)], env=env, check=True, timeout=300)

    one, other = ((folder / "export" / "entries.jsonl").read_bytes() for folder in folders)

    assert one.count(b"\n") > 50
    assert one == other
    assert (folders[0] / "export" / "checkpoint.txt").read_bytes() != b""


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="half an hour: HUB_SOAK=1")
def test_a_thousand_seeds_or_half_an_hour(tmp_path: Path) -> None:
    until_s, failed = time.monotonic() + SOAK_S, []
    for seed in range(SEEDS, SOAK_SEEDS):
        if time.monotonic() > until_s:
            break
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            simulate(folder, seed)
        except AssertionError as error:
            failed.append(str(error))
        shutil.rmtree(folder)

    assert failed == [], AGAIN
