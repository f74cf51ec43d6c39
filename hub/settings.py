"""Settings: environment and ``hub.toml`` of the data folder into one frozen object. Limits stand in exchange/limits.py.

Environment variables win over the file: ``HUB_DIR``, ``HUB_LOG_KEY`` (the log's private line, where it is not to lie
in the key folder), ``HUB_NAME``, ``HUB_STORE`` (its URL holds a password), ``HUB_KAFKA_…`` and
``HUB_ALERTS_…`` for the keys of the file's tables ``[kafka]`` and ``[alerts]``. The passwords of these two stand in the
environment or in files of their own, not in ``hub.toml``; that file is for its owner alone all the same.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from hub.errors import Refused

DEFAULT_DIR = Path("hub-data")
DEFAULT_NAME = "hub.example.org/log"
DEFAULT_BASE = "http://127.0.0.1:8470/fhir"
IN_FILE = (
    "name",
    "log_key",
    "store",
    "store_password_file",
    "base_url",
)  # keys of hub.toml; where the folder is, a file within it cannot say
TABLES = {  # its tables and their keys
    "kafka": (
        "bootstrap",
        "user",
        "password_file",
        "security",
        "ca_file",
        "replication",
        "admin_user",
        "admin_password_file",
    ),
    "api": ("per_s", "burst"),
    "checkpoints": ("lodge",),
    "alerts": ("smtp", "smtp_security", "smtp_user", "smtp_password_file", "sender", "administrator", "officer"),
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,500}")
_KEYS = (*IN_FILE, *(f"{table}.{key}" for table, keys in TABLES.items() for key in keys))
_KNOWN = "the keys " + ", ".join(f"`{key}`" for key in _KEYS)


class Settings(BaseSettings):
    """One hub's settings.

    Args:
        dir: the data folder: ``hub.toml, hub.sqlite, keys/, checkpoints/, agencies/, mappings/, packs/,
            texts/``.
        name: the log's name, the origin of its checkpoints (a URL without scheme).
        log_key: the log's private line, if it comes from the environment.
        store: the URL of a PostgreSQL database; None: ``hub.sqlite`` of the data folder.
        store_password_file: a file with its user's password, where the URL holds none.
        base_url: where agencies' software reaches the hub: an ``https:`` URL that ends in ``/fhir``; ``http:`` on this
            machine alone.
        api_per_s, api_burst: how many requests a second one client may make of one process, and how many at once.
        kafka_bootstrap: addresses of Kafka, ``host:port`` with commas between; without them the bus is in the store.
        kafka_user: the relay's user there.
        kafka_password: its password; else the file holds it, by default the one that ``hub bus provision`` wrote.
        kafka_replication: copies of each topic that ``hub bus provision`` makes.
        kafka_admin_user: who may make topics, users and rights; ``hub bus`` alone asks for it.
        checkpoints_lodge: ``https:`` URLs of agencies' officers, to whom checkpoints go hourly. Each is a secret.
        alerts_smtp: ``host:port`` of the server that takes our mail.
        alerts_sender: the address that it comes from.
        alerts_administrator, alerts_officer: ``mailto:`` and ``https:`` URLs. A webhook's is a secret.
    """

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, extra="forbid")

    dir: Path = DEFAULT_DIR
    name: str = DEFAULT_NAME
    log_key: SecretStr | None = None
    store: SecretStr | None = None
    store_password_file: Path | None = None
    base_url: str = DEFAULT_BASE
    api_per_s: float = Field(default=100, ge=0.1, le=1_000_000)
    api_burst: int = Field(default=200, ge=1, le=1_000_000)
    kafka_bootstrap: str | None = None
    kafka_user: str = "hub-relay"
    kafka_password: SecretStr | None = None
    kafka_password_file: Path | None = None
    kafka_security: Literal["SASL_SSL", "SASL_PLAINTEXT", "PLAINTEXT"] = "SASL_SSL"
    kafka_ca_file: Path | None = None
    kafka_replication: int = Field(default=3, ge=1, le=100)
    kafka_admin_user: str | None = None
    kafka_admin_password: SecretStr | None = None
    kafka_admin_password_file: Path | None = None
    checkpoints_lodge: tuple[SecretStr, ...] | None = None
    alerts_smtp: str | None = None
    alerts_smtp_security: Literal["STARTTLS", "TLS", "NONE"] = "STARTTLS"
    alerts_smtp_user: str | None = None
    alerts_smtp_password: SecretStr | None = None
    alerts_smtp_password_file: Path | None = None
    alerts_sender: str | None = None
    alerts_administrator: tuple[SecretStr, ...] | None = None
    alerts_officer: tuple[SecretStr, ...] | None = None

    @field_validator("base_url")
    @classmethod
    def _reached_safely(cls, url: str) -> str:
        """A token in the clear is anybody's, so only this machine is reached without TLS."""
        try:
            parts = urlsplit(url)
            safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
            plain = not (parts.query or parts.fragment or parts.username or parts.password) and parts.port != 0
            good = safe and plain and bool(parts.hostname) and parts.path.endswith("/fhir") and _URL.fullmatch(url)
        except ValueError:
            good = None
        if not good:
            raise ValueError("https://…/fhir")
        return url

    @property
    def database(self) -> Path:
        """The store's file, where no ``store`` is named."""
        return self.dir / "hub.sqlite"

    @property
    def keys(self) -> Path:
        """The key folder."""
        return self.dir / "keys"

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints are kept, outside the database."""
        return self.dir / "checkpoints"

    @property
    def agencies(self) -> Path:
        """Agencies' own files, a folder each."""
        return self.dir / "agencies"

    @property
    def mappings(self) -> Path:
        """Mappings that overlay the packaged ones."""
        return self.dir / "mappings"

    @property
    def packs(self) -> Path:
        """Packs that overlay the packaged ones."""
        return self.dir / "packs"

    @property
    def texts(self) -> Path:
        """Wordings of consent forms beside the packaged ones."""
        return self.dir / "texts"

    @property
    def halted(self) -> Path:
        """When it was told that the hub has halted. There from the halt until a hub opens whose bytes verify."""
        return self.dir / "halted"

    @property
    def kafka_passwords(self) -> Path:
        """Where ``hub bus provision`` leaves the passwords that it makes, a file each."""
        return self.dir / "bus"


def read_settings(folder: Path | None = None) -> Settings:
    """Read the settings of a data folder.

    Raises:
        Refused: ``hub.toml`` cannot be read, or holds an unknown word.
    """
    try:
        environment = Settings()
    except (ValidationError, SettingsError) as error:
        got, step = f"another kind of value of {_fields(error)}", "mend the variable (docs/operator.md, Settings)"
        raise Refused("environment: HUB_…", got, "one of its kind", step) from None
    place = folder or environment.dir
    file = place / "hub.toml"
    found = {name: value for name, value in _read(file).items() if name not in environment.model_fields_set}
    try:
        return Settings(dir=place, **found)
    except ValidationError as error:
        got = f"another kind of value of {_fields(error)}"
        raise Refused(str(file), got, "one of its kind", "mend the file") from None


def _fields(error: ValidationError | SettingsError) -> str:
    """The fields that are wrong, by names of ours alone."""
    if isinstance(error, SettingsError):  # a list that is no JSON: the text names its field and no value
        return next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "a list, which is JSON")
    return ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}))


def _read(file: Path) -> dict[str, Any]:
    """The keys of the file; none where there is no file. What an unknown key is called is not repeated: it may be
    anything.
    """
    try:
        found = tomllib.loads(file.read_bytes().decode()) if file.exists() else {}
    except OSError as error:
        raise Refused(
            str(file), error.strerror or "an error", "a file that can be read", "look at its rights"
        ) from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, or nested too deeply
        raise Refused(str(file), type(error).__name__, f"TOML in UTF-8 with {_KNOWN}", "mend the file") from None
    unknown = len(found.keys() - set(IN_FILE) - TABLES.keys())
    for table, keys in TABLES.items():
        inside = found.pop(table, {})
        if not isinstance(inside, dict):
            raise Refused(f"{file}: {table}", "no table", f"a table `[{table}]`", "mend the file")
        unknown += len(inside.keys() - set(keys))
        found |= {f"{table}_{key}": value for key, value in inside.items()}
    if unknown:
        raise Refused(str(file), f"unknown keys: {unknown}", f"only {_KNOWN}", "correct their spelling, or remove them")
    return found
