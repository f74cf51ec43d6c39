"""Settings: environment and ``hub.toml`` of the data folder into one frozen object. Limits stand in exchange/house.py.

Environment variables win over the file: ``HUB_DIR``, ``HUB_LOG_KEY`` (the log's private line, where it is not to lie
in the key folder), ``HUB_NAME``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.errors import Refused

DEFAULT_DIR = Path("hub-data")
DEFAULT_NAME = "hub.example.org/log"


class Settings(BaseSettings):
    """One hub's settings.

    Args:
        dir: the data folder: ``hub.toml, hub.sqlite, keys/, checkpoints/, agencies/, mappings/, packs/``.
        name: the log's name, the origin of its checkpoints (a URL without scheme).
        log_key: the log's private line, if it comes from the environment.
    """

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, extra="forbid")

    dir: Path = DEFAULT_DIR
    name: str = DEFAULT_NAME
    log_key: SecretStr | None = None

    @property
    def database(self) -> Path:
        """The store's file."""
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
    def mappings(self) -> Path:
        """Mappings that overlay the packaged ones."""
        return self.dir / "mappings"

    @property
    def packs(self) -> Path:
        """Packs that overlay the packaged ones."""
        return self.dir / "packs"


def read_settings(folder: Path | None = None) -> Settings:
    """Read the settings of a data folder.

    Raises:
        Refused: ``hub.toml`` cannot be read, or holds an unknown word.
    """
    place = folder or Settings().dir
    file = place / "hub.toml"
    try:
        found = tomllib.loads(file.read_text()) if file.exists() else {}
        from_environment = Settings().model_fields_set
        return Settings(dir=place, **{name: value for name, value in found.items() if name not in from_environment})
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise Refused(str(file), type(error).__name__, "TOML with the key `name`", "mend the file") from None
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise Refused(str(file), f"a wrong value or an unknown key: {names}", "`name`", "mend the file") from None
