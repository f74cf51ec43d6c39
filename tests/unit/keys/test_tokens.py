"""The files of the keys of tokens: one a day, for all processes, their owner's alone, destroyed when over."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from hub.errors import IntegrityBroken
from hub.ids import RandomIds
from hub.keys.files import read_key
from hub.keys.tokens import TokenFiles, _okp
from tests.network import make

DAY = datetime(2030, 3, 10, 12, tzinfo=UTC)
CLAIMS = {"sub": "harbour-fhir"}


def test_every_process_reads_what_another_has_signed(tmp_path: Path) -> None:
    one, two = (TokenFiles(tmp_path / "tokens", RandomIds()) for _ in range(2))

    assert two.read(one.sign(CLAIMS, DAY), DAY) == CLAIMS
    assert one.read(two.sign(CLAIMS, DAY), DAY) == CLAIMS


def test_processes_that_race_for_a_new_day_end_with_one_key(tmp_path: Path) -> None:
    all_of_them = [TokenFiles(tmp_path / "tokens", RandomIds()) for _ in range(8)]

    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda keys: keys.sign(CLAIMS, DAY), all_of_them))

    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["2030-03-10.key"]
    assert all(keys.read(token, DAY) == CLAIMS for keys in all_of_them for token in tokens)


def test_files_and_folder_are_their_owners_alone(tmp_path: Path) -> None:
    TokenFiles(tmp_path / "tokens", RandomIds()).sign(CLAIMS, DAY)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tokens", *(tmp_path / "tokens").iterdir())]
    assert modes == [0o700, 0o600]


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir(mode=0o755)

    with pytest.raises(IntegrityBroken):
        TokenFiles(tmp_path / "tokens", RandomIds())


def test_what_another_process_destroyed_is_gone_here_too(tmp_path: Path) -> None:
    one, two = (TokenFiles(tmp_path / "tokens", RandomIds()) for _ in range(2))
    token = one.sign(CLAIMS, DAY)

    two.destroy(DAY + timedelta(days=4))

    assert one.read(token, DAY) is None


def test_a_new_day_ends_what_is_over(tmp_path: Path) -> None:
    keys = TokenFiles(tmp_path / "tokens", RandomIds())
    for day in range(6):
        keys.sign(CLAIMS, DAY + timedelta(days=day))

    found = sorted(path.name for path in (tmp_path / "tokens").iterdir())
    assert found == ["2030-03-13.key", "2030-03-14.key", "2030-03-15.key"]


def test_the_housekeeping_ends_what_is_over_also_where_nobody_asks_for_a_token(tmp_path: Path) -> None:
    network = make(tmp_path)
    folder = network.hub.settings.keys / "tokens"
    network.hub.keep_house()
    TokenFiles(folder, RandomIds()).sign(CLAIMS, network.clock.now())

    network.clock.advance(timedelta(days=2))
    network.hub.keep_house()
    assert list(folder.iterdir())
    network.clock.advance(timedelta(days=1))
    network.hub.keep_house()

    assert list(folder.iterdir()) == []
    network.hub.close()


def test_a_damaged_key_is_told_and_not_replaced_in_silence(tmp_path: Path) -> None:
    keys = TokenFiles(tmp_path / "tokens", RandomIds())
    keys.sign(CLAIMS, DAY)
    (tmp_path / "tokens" / "2030-03-10.key").write_bytes(b"x" * 40)

    with pytest.raises(IntegrityBroken):
        keys.sign(CLAIMS, DAY)


@pytest.mark.parametrize("kid", ["t-2030-03-11", "t-../../hub", "2030-03-10", "e-2030-03-10", "t-2030-13-45", 7, None])
def test_a_key_id_that_names_no_key_of_ours_reads_nothing(tmp_path: Path, kid: object) -> None:
    keys = TokenFiles(tmp_path / "tokens", RandomIds())
    _, payload, signature = keys.sign(CLAIMS, DAY).split(".")

    head = jws.serialize_compact({"alg": "HS256"}, b"", OctKey.import_key(b"x" * 32)).split(".")[0]
    assert keys.read(f"{head}.{payload}.{signature}", DAY) is None
    assert keys.read(_headed({"alg": "Ed25519", "kid": kid, "typ": "at+jwt"}, payload, signature), DAY) is None


def test_what_these_keys_have_signed_for_another_use_is_no_token(tmp_path: Path) -> None:
    keys = TokenFiles(tmp_path / "tokens", RandomIds())
    keys.sign(CLAIMS, DAY)
    key = _okp(read_key(tmp_path / "tokens" / "2030-03-10.key"))

    def signed(**header: str) -> str:
        return jws.serialize_compact({"alg": "Ed25519", "kid": "t-2030-03-10", **header}, b"{}", key, ["Ed25519"])

    assert keys.read(signed(typ="at+jwt"), DAY) == {}
    assert keys.read(signed(typ="JWT"), DAY) is None
    assert keys.read(signed(), DAY) is None
    assert keys.read(signed(typ="at+jwt", cty="JWT"), DAY) is None


def _headed(header: dict[str, object], payload: str, signature: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + f".{payload}.{signature}"
