"""Several workers on one data folder read one HARTS folder: every file is read once and has its last word."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from hub.compose import Hub, compose
from tests import harts_builder as harts
from tests.fakes import SeededIds
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, make_both
from tests.shapes import Shape

WORKERS = 2
FILES = 400 if os.environ.get("HUB_SOAK") else 40
BOUND_S = 600 if os.environ.get("HUB_SOAK") else 90


def test_files_that_come_in_a_burst_are_all_answered_whoever_reads_them(tmp_path: Path, shape: Shape) -> None:
    both = make_both(tmp_path, shape)
    allow(both, consent_row())
    stop, failures = threading.Event(), list[BaseException]()
    threads = [
        threading.Thread(target=work, args=(both, SeededIds(number), stop, failures)) for number in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    names = []
    for number in range(FILES):
        lines = [harts.referral(to_site=HARBOUR_SITE, ref_no=f"R-{number}")] if number % 2 else []
        names.append(both.site.hand_in(harts.client(*lines)))
        time.sleep(0.005)

    ends = time.monotonic() + BOUND_S
    while (left := [name for name in names if not answered(both, name)]) and time.monotonic() < ends:
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()

    assert failures == []
    assert left == [], f"{len(left)} of {FILES} files"
    assert both.network.states() == {"delivered": FILES // 2}
    both.network.hub.close()


def answered(both: Both, name: str) -> bool:
    found = both.site.answer_to(name)
    lines = found.lines if found else ()
    return bool(lines) and all(line.answer.result == "OK" for line in lines if line.record == "RF")


def work(both: Both, ids: SeededIds, stop: threading.Event, failures: list[BaseException]) -> None:
    hub: Hub = compose(both.network.hub.settings, ids=ids)
    try:
        while not stop.is_set():
            if not hub.step():
                time.sleep(0.01)
    except BaseException as error:  # noqa: BLE001 - told by the test
        failures.append(error)
    finally:
        hub.close()
