"""``routes.csv``: where what names no recipient leads (settled S9). What cannot be read: ``scenario/test_icare.py``."""

from __future__ import annotations

from pathlib import Path

from hub.directory.routes import read_routes


def write(folder: Path, agency: str, text: str) -> None:
    (folder / agency).mkdir(parents=True, exist_ok=True)
    (folder / agency / "routes.csv").write_text(text, encoding="utf-8")


def test_no_folder_is_no_route(tmp_path: Path) -> None:
    assert read_routes(tmp_path / "agencies").services == {}


def test_a_route_is_its_own_agencys_and_its_lists_case_55(tmp_path: Path) -> None:
    write(tmp_path, "maple", "kind,list,code,service\neois,community,60,language\neois,program,60,work\n\n")
    write(tmp_path, "harbour", "kind,list,code,service\neois,community,60,housing\n")

    found = read_routes(tmp_path)

    assert found.service("maple", "eois", ("community", "60")) == "language"
    assert found.service("maple", "eois", ("program", "60")) == "work"
    assert found.service("harbour", "eois", ("community", "60")) == "housing"
    assert found.service("harbour", "icare", ("community", "60")) is None
    assert found.service("harbour", "eois", ("program", "60")) is None


def test_a_changed_file_is_another_digest(tmp_path: Path) -> None:
    write(tmp_path, "maple", "kind,list,code,service\neois,community,60,a\n")
    before = read_routes(tmp_path)
    write(tmp_path, "maple", "kind,list,code,service\neois,community,60,b\n")

    assert read_routes(tmp_path).digest != before.digest
