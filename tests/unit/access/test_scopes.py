"""Which part of what a client asks for it gets: never more than it said, never more than there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.scopes import OFFERED, all_offered, granted, satisfies


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        pytest.param("system/Task.rus", "system/Task.rus", id="what there is"),
        pytest.param("system/Task.r system/Task.u", "system/Task.ru", id="of two words one"),
        pytest.param("system/Task.cruds", "system/Task.rus", id="the letters that there are"),
        pytest.param("system/Patient.s launch/patient", "system/Patient.s", id="launch/patient is left out (S53)"),
        pytest.param("system/Task.read", "system/Task.rs", id="the older read"),
        pytest.param("system/Task.write", "system/Task.u", id="the older write"),
        pytest.param("system/Task.*", "system/Task.rus", id="the older everything"),
        pytest.param(
            "system/*.s", " ".join(f"system/{k}.s" for k in sorted(OFFERED) if "s" in OFFERED[k]), id="any type"
        ),
        pytest.param("system/*.cruds", " ".join(all_offered()), id="everything"),
        pytest.param("system/*.*", " ".join(all_offered()), id="everything, the older way"),
        pytest.param("openid fhirUser offline_access", "", id="of a person who logs in"),
        pytest.param("patient/Task.rs user/Task.rs", "", id="of a person"),
        pytest.param("system/Task.sr", "", id="letters in another order"),
        pytest.param("system/Task.rr", "", id="a letter twice"),
        pytest.param("system/Task.", "", id="no letter"),
        pytest.param("system/Task.rs?owner=Organization/x", "", id="narrowed by a query, which we could not hold"),
        pytest.param("system/task.rs", "", id="another spelling"),
        pytest.param("system/Observation.rs", "", id="a type that is not there"),
        pytest.param("system/Patient.c", "", id="a letter that is not there"),
        pytest.param("system/Task.r\tsystem/Task.u", "", id="another space"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_granted(asked: str, got: str) -> None:
    assert granted(asked) == got


@pytest.mark.parametrize(
    ("scopes", "kind", "letter", "enough"),
    [
        (["system/Task.rus"], "Task", "u", True),
        (["system/Task.rus"], "Task", "c", False),
        (["system/Task.r"], "ServiceRequest", "r", False),
        (["system/Patient.rs", "system/Task.u"], "Task", "u", True),
        ([], "Task", "r", False),
        (["user/Task.rus"], "Task", "r", False),
    ],
)
def test_what_is_enough(scopes: list[str], kind: str, letter: str, enough: bool) -> None:
    assert satisfies(scopes, kind, letter) is enough


@given(st.lists(st.sampled_from(["system/Task.rus", "system/*.read", "system/Patient.cruds", "x", "system/Bundle.*"])))
def test_what_was_granted_is_granted_again_and_nothing_more(asked: list[str]) -> None:
    got = granted(" ".join(asked))

    assert granted(got) == got
    assert set(got.split()) <= {f"system/{kind}.{part}" for kind in OFFERED for part in parts(OFFERED[kind])}


def parts(letters: str) -> set[str]:
    return {
        "".join(letters[at] for at in range(len(letters)) if bits >> at & 1) for bits in range(1, 2 ** len(letters))
    }
