"""What the broker's answer about a topic means."""

from __future__ import annotations

from typing import Any

import pytest

from hub.bus.topics import fault

WELL: dict[str, Any] = {
    "error_code": 0,
    "partitions": [{"leader_id": 1}],
    "authorized_operations": ["READ", "WRITE", "DESCRIBE"],
}


def test_a_topic_that_is_as_it_must_be() -> None:
    assert fault("delivery.x", WELL, "READ", "WRITE") is None
    assert fault("delivery.x", WELL | {"authorized_operations": None}, "READ", "WRITE") is None, "nobody is asked"


@pytest.mark.parametrize(
    ("described", "got"),
    [
        pytest.param(None, "no such topic", id="no answer"),
        pytest.param(WELL | {"error_code": 3, "partitions": []}, "no such topic", id="not there"),
        pytest.param(WELL | {"error_code": 29, "partitions": []}, "no right to see it", id="not ours to see"),
        pytest.param(WELL | {"error_code": 17, "partitions": []}, "code 17", id="another answer"),
        pytest.param(WELL | {"partitions": []}, "code 0", id="without a partition"),
        pytest.param(WELL | {"partitions": [{"leader_id": 1}] * 2}, "2 partitions", id="with two"),
        pytest.param(WELL | {"partitions": [{"leader_id": -1}]}, "no broker that leads it", id="its brokers are away"),
        pytest.param(WELL | {"authorized_operations": ["DESCRIBE", "READ"]}, "no right to write", id="to read alone"),
        pytest.param(WELL | {"authorized_operations": []}, "no right to read and write", id="no right at all"),
    ],
)
def test_what_is_wrong_is_said_with_its_next_step_and_is_about_this_topic(described: Any, got: str) -> None:
    wrong = fault("delivery.x", described, "READ", "WRITE")

    assert wrong is not None
    assert got in wrong.got
    assert wrong.where == "bus: topic delivery.x"
    assert wrong.next_step
