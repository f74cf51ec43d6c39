"""What the settings say of Kafka: in a file without passwords, or in the environment; never by default a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.errors import Refused
from hub.outside import kafka_access, open_office
from hub.settings import Settings, read_settings

FILE = '[kafka]\nbootstrap = "k-1:9093, k-2:9093"\n'


def folder(tmp_path: Path, text: str = FILE) -> Path:
    (tmp_path / "hub.toml").write_text(text)
    return tmp_path


def secret(path: Path, text: str = "a-password\n", mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    os.chmod(path, mode)


def test_without_a_table_there_is_no_kafka(tmp_path: Path) -> None:
    assert read_settings(folder(tmp_path, "")).kafka_bootstrap is None


def test_the_relay_enters_with_the_password_that_provisioning_wrote(tmp_path: Path) -> None:
    secret(tmp_path / "bus" / "hub-relay.password")

    access = kafka_access(read_settings(folder(tmp_path)))

    assert (access.user, access.password, access.security) == ("hub-relay", "a-password", "SASL_SSL")
    assert access.servers() == ["k-1:9093", "k-2:9093"]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KAFKA_BOOTSTRAP", "other:1")
    monkeypatch.setenv("HUB_KAFKA_PASSWORD", "from-outside")

    access = kafka_access(read_settings(folder(tmp_path)))

    assert (access.bootstrap, access.password) == ("other:1", "from-outside")
    assert "from-outside" not in repr(access)


@pytest.mark.parametrize(
    ("text", "mode", "got"),
    [
        pytest.param(None, 0, "No such file", id="none"),
        pytest.param("x\n", 0o640, "others can use", id="others can read it"),
        pytest.param("\n", 0o600, "nothing", id="empty"),
    ],
)
def test_there_is_no_password_by_default(tmp_path: Path, text: str | None, mode: int, got: str) -> None:
    if text is not None:
        secret(tmp_path / "bus" / "hub-relay.password", text, mode)

    with pytest.raises(Refused, match=got):
        kafka_access(read_settings(folder(tmp_path)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[kafka]\npassword = "x"\n', id="a password in the file"),
        pytest.param('[kafka]\nadmin_password = "x"\n', id="an administrator's"),
        pytest.param('kafka = "x"\n', id="no table"),
        pytest.param(FILE + "replication = 0\n", id="no copy"),
        pytest.param(FILE + 'security = "NONE"\n', id="another protocol"),
    ],
)
def test_what_the_file_may_not_say_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match=r"hub\.toml") as refused:
        read_settings(folder(tmp_path, text))

    assert "NONE" not in str(refused.value)


def test_a_user_with_signs_that_cannot_log_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a user of Kafka"):
        kafka_access(read_settings(folder(tmp_path, FILE + 'user = "a,b"\n')))


def test_without_an_administrator_nothing_is_provisioned(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"kafka\.admin_user"):
        open_office(read_settings(folder(tmp_path)))
    with pytest.raises(Refused, match=r"kafka\.bootstrap"):
        open_office(Settings(dir=tmp_path))
