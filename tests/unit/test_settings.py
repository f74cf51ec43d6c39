"""Where the hub is reached from outside: TLS, unless it is this machine that asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import Refused
from hub.settings import DEFAULT_BASE, read_settings


def written(folder: Path, text: str) -> Path:
    (folder / "hub.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "https://hub.example.org/fhir",
        "https://hub.example.org:8443/province/fhir",
        "http://127.0.0.1:8470/fhir",
        "http://localhost/fhir",
        "http://[::1]:8470/fhir",
    ],
)
def test_a_base_that_tokens_may_travel_to(tmp_path: Path, url: str) -> None:
    assert read_settings(written(tmp_path, f'base_url = "{url}"\n')).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://hub.example.org/fhir", id="without TLS"),
        pytest.param("http://127.0.0.1.example.org/fhir", id="a name that begins like this machine"),
        pytest.param("http://10.0.0.7/fhir", id="another machine of the network"),
        pytest.param("https://hub.example.org/", id="without fhir at its end"),
        pytest.param("https://hub.example.org/fhir/", id="with a slash at its end"),
        pytest.param("https://hub.example.org/fhir?x=1", id="with a query"),
        pytest.param("https://hub.example.org/fhir#x", id="with a fragment"),
        pytest.param("https://zq:zqname@hub.example.org/fhir", id="with a password"),
        pytest.param("https:///fhir", id="nowhere"),
        pytest.param("ftp://hub.example.org/fhir", id="another way"),
        pytest.param("hub.example.org/fhir", id="no URL"),
        pytest.param("https://[x/fhir", id="no address"),
        pytest.param("https://hub.example.org /fhir", id="with a space"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_base_that_they_may_not(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refused) as error:
        read_settings(written(tmp_path, f'base_url = "{url}"\n'))

    assert "base_url" in str(error.value)
    assert "zq" not in str(error.value)


def test_the_environment_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(tmp_path).base_url == DEFAULT_BASE
    monkeypatch.setenv("HUB_BASE_URL", "https://hub.example.org/fhir")
    assert read_settings(tmp_path).base_url == "https://hub.example.org/fhir"


def test_how_often_a_client_may_ask_stands_in_a_table_of_its_own(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, "[api]\nper_s = 2.5\nburst = 7\n"))

    assert (found.api_per_s, found.api_burst) == (2.5, 7)
    for wrong in ("per_s = 0", "burst = 0", "burst = 1.5", "other = 1"):
        with pytest.raises(Refused):
            read_settings(written(tmp_path, f"[api]\n{wrong}\n"))
