"""The last results: where they are, what replaces them, and what is no file of ours."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from bench.figures import Figure
from bench.kept import Kept, cache, keep, last_ratios, read, renewed
from bench.machine import Machine
from bench.running import Run
from hub.errors import Refused

MACHINE = Machine(2, "Some CPU", 8_192, "Linux x86_64", "3.11.7", 0.5)
NOW = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
FIGURE = Figure("decide", 40_000, "/s", 80_000, "Regorus", "target")
OLD = Kept("2026-05-01T00:00:00+00:00", MACHINE, (replace(FIGURE, value=20_000),))


WORD = orjson.dumps(
    {"form": 1, "benches": {"decide": {**asdict(OLD), "figures": [{**asdict(FIGURE), "value": "x"}]}}}
).decode()


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    kept = renewed({}, [Run("decide", (FIGURE,))], MACHINE, NOW)

    keep(tmp_path / "made", 1.0, kept)

    assert read(tmp_path / "made", 1.0) == kept == {"decide": Kept("2026-06-01T16:00:00+00:00", MACHINE, (FIGURE,))}


def test_nothing_is_kept_before_the_first_run(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere", 1.0) == {}


def test_another_scale_has_results_of_its_own(tmp_path: Path) -> None:
    keep(tmp_path, 1.0, {"decide": OLD})

    assert read(tmp_path, 100.0) == {}


def test_a_bench_replaces_its_own_results_and_no_others() -> None:
    kept = renewed({"decide": OLD, "batch": OLD}, [Run("decide", (FIGURE,))], MACHINE, NOW)

    assert (kept["decide"].figures, kept["batch"]) == ((FIGURE,), OLD)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(Run("decide", (FIGURE,), "KeyError: x", failed=True), id="it failed after a figure"),
        pytest.param(Run("decide", (), "no PostgreSQL"), id="it has no figure"),
    ],
)
def test_a_bench_that_was_not_measured_leaves_what_was_kept(run: Run) -> None:
    assert renewed({"decide": OLD}, [run], MACHINE, NOW) == {"decide": OLD}


def test_a_bench_that_lacked_a_service_keeps_what_it_measured() -> None:
    kept = renewed({}, [Run("gather", (FIGURE,), "no PostgreSQL")], MACHINE, NOW)

    assert kept["gather"].figures == (FIGURE,)


def test_a_figure_is_found_by_its_name_and_of_equal_names_by_its_turn() -> None:
    twice = replace(OLD, figures=(*OLD.figures, FIGURE))
    other = replace(FIGURE, name="another")

    assert OLD.ratios([FIGURE, other, FIGURE]) == [0.25, None, None]
    assert twice.ratios([other, FIGURE, FIGURE, FIGURE]) == [None, 0.25, 0.5, None]


def test_a_bench_that_was_never_kept_has_no_last_ratio() -> None:
    assert last_ratios({"batch": OLD}, Run("decide", (FIGURE, FIGURE))) == [None, None]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"form": 2, "benches": {}}', '{"form": 1, "benches": {"decide": {"at": "x"}}}', WORD],
    ids=["empty", "cut", "a list", "no form", "another form", "a bench without figures", "a word for a number"],
)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    keep(tmp_path, 1.0, {})
    (file,) = tmp_path.iterdir()
    file.write_text(text)

    with pytest.raises(Refused) as refused:
        read(tmp_path, 1.0)

    assert file.name in refused.value.next_step
    assert str(tmp_path) not in str(refused.value)


def test_results_are_in_the_users_cache_and_not_in_the_repository() -> None:
    assert cache({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere/interop-hub/bench")
    assert cache({}) == cache({"XDG_CACHE_HOME": ""}) == Path.home() / ".cache/interop-hub/bench"


def test_what_else_a_machine_does_makes_it_no_other() -> None:
    assert MACHINE.is_like(replace(MACHINE, load=7.5))
    assert not MACHINE.is_like(replace(MACHINE, cores=4))
    assert str(MACHINE) == "2 cores, load 0.50, Some CPU, 8.0 GB, Linux x86_64, Python 3.11.7"
