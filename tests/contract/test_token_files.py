from pathlib import Path

import pytest

from hub.ids import RandomIds
from hub.keys.tokens import TokenFiles
from hub.ports import TokenKeys
from tests.contract.token_keys import TokenKeysContract


class TestTokenFiles(TokenKeysContract):
    @pytest.fixture
    def keys(self, tmp_path: Path) -> TokenKeys:
        return TokenFiles(tmp_path / "tokens", RandomIds())
