import pytest

from hub.ids import RandomIds
from hub.keys.ring import KeyRing, create_keys
from tests.contract.keys import KeysContract


class TestKeyRing(KeysContract):
    @pytest.fixture
    def keys(self, tmp_path):
        create_keys(tmp_path / "keys", RandomIds(), name="hub.example.org/log")
        return KeyRing(tmp_path / "keys", RandomIds())
