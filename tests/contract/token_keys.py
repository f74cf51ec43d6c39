"""What keys of tokens promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.ports import TokenKeys

DAY = datetime(2030, 3, 10, 12, tzinfo=UTC)
CLAIMS = {"sub": "harbour-fhir", "exp": 1, "scope": "system/Task.r"}


class TokenKeysContract:
    """A subclass names its keys (fixture ``keys``) and adds no test."""

    def test_what_was_signed_is_read_as_it_was(self, keys: TokenKeys) -> None:
        assert keys.read(keys.sign(CLAIMS, DAY), DAY) == CLAIMS

    def test_the_key_is_of_the_day_in_utc_and_a_new_day_has_a_new_one(self, keys: TokenKeys) -> None:
        last = keys.sign(CLAIMS, DAY.replace(hour=23, minute=59))

        first = keys.sign(CLAIMS, DAY.replace(hour=23, minute=59) + timedelta(minutes=1))

        assert last.split(".")[0] != first.split(".")[0]
        assert keys.read(last, DAY + timedelta(days=1)) == keys.read(first, DAY + timedelta(days=1)) == CLAIMS

    @pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "...", "é.é.é", "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_no_token_is_none(self, keys: TokenKeys, token: str) -> None:
        keys.sign(CLAIMS, DAY)

        assert keys.read(token, DAY) is None

    def test_every_changed_character_is_found(self, keys: TokenKeys) -> None:
        token = keys.sign(CLAIMS, DAY)

        for at, char in enumerate(token[:-1]):  # the last one holds bits that mean nothing
            other = "A" if char != "A" else "B"
            assert keys.read(token[:at] + other + token[at + 1 :], DAY) is None, at

    def test_reading_makes_no_key(self, keys: TokenKeys) -> None:
        token = keys.sign(CLAIMS, DAY)
        keys.destroy(DAY + timedelta(days=3))

        assert keys.read(token, DAY) is None
        assert keys.destroy(DAY + timedelta(days=9)) == []

    def test_a_key_is_destroyed_two_days_after_its_day_at_the_instant_itself(self, keys: TokenKeys) -> None:
        keys.sign(CLAIMS, DAY)
        over = datetime(2030, 3, 13, tzinfo=UTC)

        assert keys.destroy(over - timedelta(microseconds=1)) == []
        assert list(keys.destroy(over)) == [date(2030, 3, 10)]

    def test_a_token_of_another_day_than_now_is_none(self, keys: TokenKeys) -> None:
        token = keys.sign(CLAIMS, DAY)

        assert keys.read(token, DAY + timedelta(days=2)) is None
        assert keys.read(token, DAY - timedelta(days=2)) is None
