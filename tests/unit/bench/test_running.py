"""Every bench has its name, one that fails does not stop the others, and the exit code says so."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import running
from bench.figures import Figure
from bench.running import BENCHES, bench_of, run
from tests.services import Absent
from tests.tidy.house import ROOT, tree

FIGURE = Figure("one", 2.0, "ms", 1.0, "nothing")


def whole(folder: Path, scale: float) -> Iterator[Figure]:
    assert folder.is_dir()
    yield Figure("one", 2.0 * scale, "ms", 1.0, "nothing")


def broken(_folder: Path, _scale: float) -> Iterator[Figure]:
    yield FIGURE
    raise KeyError("second\nline two")


def absent(_folder: Path, _scale: float) -> Iterator[Figure]:
    yield FIGURE
    raise Absent("no PostgreSQL here")


def empty(_folder: Path, _scale: float) -> Iterator[Figure]:
    yield from ()


def interrupted(_folder: Path, _scale: float) -> Iterator[Figure]:
    yield FIGURE
    raise KeyboardInterrupt


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this file, and one that is not there."""
    monkeypatch.setattr(running, "import_module", lambda _: __import__(__name__, fromlist=["x"]))
    names = ("whole", "broken", "absent", "empty", "interrupted", "gone")
    monkeypatch.setattr(running, "BENCHES", {name: f"here.{name}" for name in names})
    monkeypatch.setattr(command, "BENCHES", running.BENCHES)


def measured(*args: str, keep: Path) -> int:
    return command.main([*args, "--keep", str(keep)])


def test_every_bench_of_the_folder_has_a_name() -> None:
    """A bench is a function of a folder and a scale that yields figures."""
    found = {
        f"{path.stem}.{node.name}"
        for path in (ROOT / "bench").glob("*.py")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) == "Iterator[Figure]"
        and [ast.unparse(arg.annotation) for arg in node.args.args if arg.annotation] == ["Path", "float"]
    }

    assert found == set(BENCHES.values())


def test_a_bench_is_found_by_its_name() -> None:
    assert callable(bench_of("translate"))


@pytest.mark.parametrize(
    ("name", "count", "missed", "failed"),
    [
        pytest.param("whole", 1, "", False, id="all is measured"),
        pytest.param("broken", 1, "KeyError: 'second\\nline two'", True, id="a fault"),
        pytest.param("absent", 1, "no PostgreSQL here", False, id="a service is absent"),
        pytest.param("empty", 0, "no figure", False, id="no figure"),
        pytest.param("interrupted", 1, "interrupted", True, id="interrupted"),
        pytest.param("gone", 0, "AttributeError", True, id="it cannot be loaded"),
    ],
)
def test_what_is_measured_and_what_is_missed(benches: None, name: str, count: int, missed: str, failed: bool) -> None:
    done = run(name, 1.0)

    assert len(done.figures) == (1 if name == "broken" else count)
    assert done.missed.startswith(missed)
    assert bool(done.missed) == bool(missed)
    assert done.failed == failed


def test_a_bench_that_fails_is_named_and_the_others_are_measured(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = measured("broken", "whole", keep=tmp_path)

    said = capsys.readouterr()
    assert code == 1
    assert said.out.count("one  ") == 2
    assert "Not measured, or not all of it:\nbroken: KeyError" in said.out
    assert "Traceback" in said.err


def test_all_measured_is_exit_code_0(benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert measured("whole", keep=tmp_path) == 0
    assert "Not measured" not in capsys.readouterr().out


def test_whoever_interrupts_gets_what_was_measured_and_no_more(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = measured("whole", "interrupted", "empty", keep=tmp_path)

    said = capsys.readouterr().out
    assert code == 1
    assert "interrupted: interrupted" in said
    assert "empty" not in said


def test_the_second_run_is_compared_with_the_first(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured("whole", keep=tmp_path)
    assert "to last" not in capsys.readouterr().out

    measured("whole", keep=tmp_path)
    assert "×1.00" in capsys.readouterr().out


def test_json_is_one_object(benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured("whole", keep=tmp_path)
    capsys.readouterr()

    code = measured("whole", "absent", "--json", keep=tmp_path)

    document = json.loads(capsys.readouterr().out)
    assert code == 1
    assert document["missed"] == {"absent": "no PostgreSQL here"}
    assert set(document["machine"]) == {"cores", "cpu", "memory_mb", "system", "python", "load"}
    assert [(each["bench"], each["ratio"], each["last_ratio"]) for each in document["figures"]] == [
        ("whole", 2.0, 2.0),
        ("absent", 2.0, None),
    ]


def test_what_is_kept_is_drawn_and_nothing_is_measured(
    benches: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured("whole", "absent", keep=tmp_path / "kept")
    monkeypatch.setattr(command, "run", None)

    assert measured("--draw", str(tmp_path / "all.svg"), keep=tmp_path / "kept") == 0
    assert measured("whole", "--draw", str(tmp_path / "one.svg"), keep=tmp_path / "kept") == 0

    assert "absent  (" in (tmp_path / "all.svg").read_text()
    assert "absent  (" not in (tmp_path / "one.svg").read_text()


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["nonsense"], id="no such bench"),
        pytest.param(["--scale", "0"], id="nothing of everything"),
        pytest.param(["--scale", "much"], id="no number"),
        pytest.param(["--draw", "x.svg"], id="nothing is kept"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        measured(*args, keep=tmp_path)

    assert ended.value.code == 2
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_of(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "at-all")

    assert measured("whole", keep=tmp_path / "link") == 1

    said = capsys.readouterr()
    assert "not kept" in said.err
    assert "one  " in said.out  # what was measured is shown all the same


def test_kept_results_that_cannot_be_read_are_told_of_before_anything_is_measured(
    benches: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scale-1.json").write_text("{")

    with pytest.raises(SystemExit) as ended:
        measured("whole", keep=tmp_path)

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "whole …" not in said.err
    assert "--keep" in said.err
