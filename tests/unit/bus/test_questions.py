"""What is asked of a broker that has only just begun."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import CoordinatorNotAvailableError

from hub.bus.questions import lags


class Broker:
    """Three records in each topic; of a group's offsets it knows ``committed``, or nobody keeps them yet."""

    def __init__(self, committed: dict[TopicPartition, Any] | None) -> None:
        self.committed = committed

    def list_partition_offsets(self, asked: dict[TopicPartition, Any]) -> dict[TopicPartition, Any]:
        return {at: SimpleNamespace(offset=0 if spec == OffsetSpec.EARLIEST else 3) for at, spec in asked.items()}

    def list_group_offsets(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.committed is None:
            raise CoordinatorNotAvailableError
        return dict.fromkeys(asked, self.committed)


@pytest.mark.parametrize(
    ("committed", "lag"),
    [
        pytest.param({TopicPartition("harbour", 0): SimpleNamespace(offset=1)}, {"harbour": 2}, id="one is read"),
        pytest.param({}, {"harbour": 3}, id="none is read"),
        pytest.param(None, {}, id="nobody can say yet"),
    ],
)
def test_how_far_a_group_has_read(committed: dict[TopicPartition, Any] | None, lag: dict[str, int]) -> None:
    broker: Any = Broker(committed)

    assert lags(broker, "hub", ["harbour"]) == lag
