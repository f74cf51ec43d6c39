"""The key folder keeps what every sealer of words promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.keys.words import WordKeys
from hub.ports import Words
from tests.contract.words import WordsContract
from tests.fakes import SeededIds


class TestWordKeys(WordsContract):
    @pytest.fixture
    def words(self, tmp_path: Path) -> Words:
        return WordKeys(tmp_path / "words", SeededIds())
