"""What everything that seals people's words promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import IntegrityBroken, KeyGone, SealBroken
from hub.ports import Words

DAY = datetime(2030, 3, 10, 12, tzinfo=UTC)


class WordsContract:
    """Every implementation passes this; ``words`` is the one under test."""

    def test_words_are_read_where_they_were_sealed(self, words: Words):
        epoch = words.current(DAY)
        key = words.new_key(epoch)

        sealed = words.seal(epoch, key, "OV1/narrative", "Zoë said so.")

        assert words.open(epoch, key, "OV1/narrative", sealed) == "Zoë said so."
        assert b"Zo" not in sealed

    def test_words_are_read_nowhere_else_and_under_no_other_key(self, words: Words):
        epoch = words.current(DAY)
        key, other = words.new_key(epoch), words.new_key(epoch)
        sealed = words.seal(epoch, key, "OV1/narrative", "Zoë said so.")

        told = "OV1/told"
        for wrapped, where, data in (
            (key, told, sealed),
            (other, "OV1/narrative", sealed),
            (key, "OV1/narrative", b""),
        ):
            with pytest.raises(SealBroken):
                words.open(epoch, wrapped, where, data)

    def test_an_epoch_lasts_thirty_days(self, words: Words):
        first = words.current(DAY)

        assert words.current(DAY + timedelta(days=29)) == first
        assert words.current(DAY + timedelta(days=30)) > first
        assert words.current(DAY - timedelta(days=3)) > first, "a clock that was set back makes no second key"

    def test_a_key_that_is_wrapped_anew_opens_what_it_sealed_and_the_former_one_nothing_more(self, words: Words):
        old = words.current(DAY)
        key = words.new_key(old)
        sealed = words.seal(old, key, "OV1/narrative", "Zoë said so.")
        new = words.current(DAY + timedelta(days=30))

        again = words.rewrap(old, key, new)

        assert words.destroy(new) == [old]
        assert words.open(new, again, "OV1/narrative", sealed) == "Zoë said so."
        with pytest.raises(KeyGone):
            words.open(old, key, "OV1/narrative", sealed)

    def test_a_name_that_is_no_epoch_is_no_path(self, words: Words):
        with pytest.raises(IntegrityBroken):
            words.new_key("../hub")
