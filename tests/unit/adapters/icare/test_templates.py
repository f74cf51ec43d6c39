"""Which template a module is filled into (program systems 2.3; settled S14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.icare import blank
from adapters.icare.folder import Folder
from adapters.icare.layout import modules
from adapters.icare.package import FileRefused, Why
from adapters.icare.templates import template_of
from tests import icare_builder as icare

MODULE = modules()["CLIENT_PROFILE"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "templates").mkdir()
    return Folder(tmp_path)


def test_without_one_of_the_agencys_ours_is_taken(tmp_path: Path):
    assert template_of(Folder(tmp_path), MODULE) == blank.template(MODULE)


def test_the_agencys_own_wins_under_whatever_name_and_the_last_of_several(folder: Folder, tmp_path: Path):
    for name, data in {
        "a download.xlsx": icare.workbook("CLIENT_PROFILE", version=794),
        "b download.xlsx": icare.workbook("CLIENT_PROFILE", version=801),
        "c download.xlsx": icare.workbook("NARS"),
        "notes.txt": b"x",
    }.items():
        (tmp_path / "templates" / name).write_bytes(data)

    assert template_of(folder, MODULE) == icare.workbook("CLIENT_PROFILE", version=801)


def test_one_with_a_client_in_it_is_refused_and_ours_does_not_stand_for_it(folder: Folder, tmp_path: Path):
    used = icare.workbook("CLIENT_PROFILE", [icare.profile(city_txt="Zyxwvut")])
    (tmp_path / "templates" / "own.xlsx").write_bytes(used)

    with pytest.raises(FileRefused) as refused:
        template_of(folder, MODULE)

    assert refused.value.why is Why.LEAKS
    assert "Zyxwvut" not in str(refused.value)
