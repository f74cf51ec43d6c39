"""People are told of what does not mend itself, with nothing in it that names anybody."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.__main__ import command_line, real_tools
from hub.compose import Hub, compose
from hub.exchange.alerts import AGAIN, ASKS_AGAIN_S, AWAY_FOR, LOOKS_EVERY_S, NEAR
from hub.exchange.breaker import RESTS_AFTER
from hub.outside import tell_halt
from hub.settings import read_settings
from tests.fakes import SeededIds
from tests.network import Network, refer

LOOK = timedelta(seconds=LOOKS_EVERY_S)


@pytest.fixture
def network(network: Network, hook: Any) -> Network:
    with (network.hub.settings.dir / "hub.toml").open("a") as settings:
        settings.write(f'[alerts]\nadministrator = ["{url(hook)}/administrator"]\nofficer = ["{url(hook)}/officer"]\n')
    again(network)
    return network


def url(hook: Any) -> str:
    return f"http://127.0.0.1:{hook.server_address[1]}"


def again(network: Network) -> None:
    """Another process on the same folder, with its settings as they stand now."""
    network.hub.close()
    settings = read_settings(network.hub.settings.dir)
    network.hub = compose(settings, clock=network.clock, ids=SeededIds(98), limits=network.hub.house.limits)


def told(hook: Any) -> list[tuple[str, int]]:
    return [(each["code"], each["count"]) for each in hook.posts]


def set_aside(network: Network) -> None:
    with network.hub.store.unit() as unit:
        unit.handovers.set_aside("0" * 64, "BUS_FOREIGN", "delivery.x offset 1")


def look(network: Network) -> None:
    """A worker's step when it is time to look, and the one in which it asks how that went."""
    network.clock.advance(LOOK)
    house_kept(network.hub)
    network.clock.advance(timedelta(seconds=ASKS_AGAIN_S))
    house_kept(network.hub)


def house_kept(hub: Hub) -> None:
    """A step; whoever is being told has been, after it."""
    hub.keep_house()
    for job in list(hub.watch._alerts._jobs.values()):  # type: ignore[attr-defined]
        job.join(30)


def test_a_hub_that_is_well_tells_nobody(network: Network, hook: Any) -> None:
    refer(network)
    network.run()
    look(network)

    assert told(hook) == []


def test_a_record_set_aside_is_told_once_to_both_roles(network: Network, hook: Any) -> None:
    set_aside(network)
    for _ in range(3):
        look(network)
    network.clock.advance(AGAIN)
    look(network)

    assert told(hook) == [("SET_ASIDE", 1)] * 2


def test_between_two_looks_nothing_is_asked(network: Network, hook: Any) -> None:
    look(network)
    set_aside(network)
    house_kept(network.hub)

    assert told(hook) == []


def test_two_processes_tell_it_once(network: Network, hook: Any) -> None:
    other = compose(network.hub.settings, clock=network.clock, ids=SeededIds(97), limits=network.hub.house.limits)
    set_aside(network)
    network.clock.advance(LOOK)

    house_kept(network.hub)
    house_kept(other)
    other.close()

    assert told(hook) == [("SET_ASIDE", 1)] * 2


def test_a_system_away_is_told_after_a_while_and_each_day(network: Network, hook: Any) -> None:
    (network.dir / "lakeside.sqlite").rename(network.dir / "lakeside.away")

    def tries() -> None:
        for _ in range(RESTS_AFTER):
            network.clock.advance(timedelta(minutes=3))
            network.hub.step()
        look(network)

    tries()
    assert told(hook) == [], "not at once"
    network.clock.advance(AWAY_FOR)
    tries()
    tries()
    assert told(hook) == [("SYSTEM_AWAY", 1)]
    network.clock.advance(AGAIN)
    tries()
    assert told(hook) == [("SYSTEM_AWAY", 1)] * 2


def test_a_message_near_its_end_is_told_and_not_whose_it_is(network: Network, hook: Any) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "lakeside.away")
    network.run()
    network.clock.advance(timedelta(hours=72) - NEAR)

    look(network)

    assert told(hook) == [("NEAR_RETURN", 1)]
    assert not any(word in json.dumps(hook.posts).lower() for word in ("harbour", "lakeside", "zq"))


def test_who_could_not_be_told_is_told_at_the_next_look(network: Network, hook: Any) -> None:
    file = network.hub.settings.dir / "hub.toml"
    good = file.read_text()
    file.write_text(good.replace(f"{url(hook)}/officer", "http://127.0.0.1:1/"))
    again(network)
    set_aside(network)
    look(network)
    assert told(hook) == [("SET_ASIDE", 1)]

    file.write_text(good)
    again(network)
    network.clock.advance(timedelta(minutes=5))
    look(network)

    assert told(hook) == [("SET_ASIDE", 1)] * 2, "the officer now, the administrator not again"


def test_a_recipient_that_hangs_holds_up_no_worker(network: Network, hook: Any, silent: Any) -> None:
    file = network.hub.settings.dir / "hub.toml"
    file.write_text(file.read_text().replace(f"{url(hook)}/officer", f"{url(silent)}/officer"))
    again(network)
    set_aside(network)
    refer(network)
    network.clock.advance(LOOK)

    for _ in range(30):
        network.hub.step()
        network.hub.keep_house()

    assert network.states() == {"delivered": 1}
    assert silent.asked <= 1
    silent.over.set()


def test_a_halt_is_written_down_though_nobody_could_be_told(network: Network, hook: Any) -> None:
    settings = network.hub.settings.model_copy(update={"alerts_administrator": None, "alerts_officer": None})

    assert tell_halt(settings, network.clock.now()) == ()

    assert settings.halted.exists()
    assert told(hook) == []


def test_a_halt_is_told_once_however_often_the_hub_is_started(network: Network, hook: Any) -> None:
    refer(network)
    network.run()
    network.verifies()
    folder = network.hub.settings.dir
    key = folder / "keys" / "hub.pub"
    right = key.read_text()
    key.write_text(right.replace("+", "+0", 1))

    codes = [
        CliRunner().invoke(command_line(real_tools()), ["work", "--once", "--dir", str(folder)]).exit_code
        for _ in range(3)
    ]

    assert codes == [3, 3, 3]
    assert told(hook) == [("INTEGRITY_HALT", 1)] * 2
    key.write_text(right)
    again(network)
    assert not network.hub.settings.halted.exists(), "it runs again: the next halt is news"
