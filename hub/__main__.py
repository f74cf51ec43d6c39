"""The command line ``hub``: it builds what the commands are handed and registers them, a file per group.

The only place where time is waited for. Arguments and printing are in ``hub/commands/``, rules in the rooms.
"""

from __future__ import annotations

import getpass
import os
import re
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import typer

from hub.backup import back_up
from hub.clock import UtcClock
from hub.commands import (
    agreements,
    alerts,
    audit,
    backup,
    bus,
    consent,
    deliveries,
    directory,
    disclosures,
    gateway,
    incident,
    override,
    receipt,
    report,
    setup,
    subjects,
    systems,
    work,
)
from hub.commands.demo import demo
from hub.commands.frame import HubGroup
from hub.commands.sample import sample
from hub.commands.tools import Tools
from hub.compose import Hub, bring_up_to_date, compose, cut_off, initialise, require_prepared
from hub.desk.who import Who
from hub.doctor import examine, open_log
from hub.errors import Refused, Unavailable, shape
from hub.exchange import Report
from hub.forms import texts
from hub.ids import RandomIds
from hub.integrator import integrating
from hub.keys.cosigner import make_cosigner, read_cosigner
from hub.kinds import card_of, kinds_of, load_mappings
from hub.outside import make_passwords, open_office, tell_halt, try_alerts
from hub.restore import Request, restore
from hub.settings import read_settings

_LOG_NAME = re.compile(r"[A-Za-z0-9./-]{1,100}")  # C2SP: neither a space nor a plus
EXIT_CODES = "Exit codes: 0 done, 1 refused or findings, 2 wrong usage, 3 integrity broken, 4 unavailable now."


def main() -> None:
    """Run the command line. A process that dies leaves no memory behind (design §5)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    command_line(real_tools())()


def command_line(given: Tools) -> typer.Typer:
    """All commands, handed what they need."""
    app = typer.Typer(
        cls=HubGroup,
        help="Agencies exchange referrals through a gate that asks the client's consent.",
        epilog=EXIT_CODES,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they would print the values of variables
        add_completion=False,
        invoke_without_command=True,
    )

    @app.callback(epilog=EXIT_CODES, invoke_without_command=True)
    def root(ctx: typer.Context) -> None:
        """Agencies exchange referrals through a gate that asks the client's consent."""
        ctx.obj = given
        if ctx.invoked_subcommand is None:
            typer.echo(ctx.get_help())

    people = (agreements, consent, subjects, override, incident, report, deliveries, disclosures, audit, receipt)
    for group in (setup, backup, work, directory, systems, bus, alerts, *people, gateway):
        group.register(app)
    app.command(epilog="Example: hub demo --once --json")(demo)
    app.command(epilog="Example: hub sample --out network --clients 40 --seed 1")(sample)
    return app


def real_tools() -> Tools:
    """The world as it is."""
    return Tools(
        open=_open,
        cut_off=lambda folder: cut_off(read_settings(folder)),
        prepare=_prepare,
        make_passwords=lambda folder: make_passwords(read_settings(folder)),
        migrate=_migrate,
        examine=examine,
        stored_log=lambda folder: open_log(read_settings(folder)),
        kinds=lambda folder: kinds_of(read_settings(folder).mappings),
        mappings=lambda folder, kind: load_mappings(kind, read_settings(folder).mappings),
        card=lambda folder, kind: card_of(kind, read_settings(folder).mappings),
        texts=lambda folder: texts.load_texts(texts.PACKAGED, read_settings(folder).texts),
        back_up=lambda folder, out, who, tell: back_up(read_settings(folder), out, who, tell),
        restore=_restore,
        bus=lambda folder: open_office(read_settings(folder)),
        make_cosigner=lambda path, name: make_cosigner(path, name, RandomIds()),
        cosigner=read_cosigner,
        now=UtcClock().now,
        base_url=lambda folder: read_settings(folder).base_url,
        new_id=RandomIds().uuid,
        integrating=integrating,
        listen=_listen,
        try_alerts=lambda folder: try_alerts(read_settings(folder)),
        tell_halt=lambda folder: tell_halt(read_settings(folder), UtcClock().now()),
        sleep=time.sleep,
        os_user=_os_user(),
    )


def _open(folder: Path | None, report: Report) -> Hub:
    return compose(read_settings(folder), report=report)


def _listen(hub: Any, host: str, port: int, report: Report) -> AbstractContextManager[Callable[[], bool]]:
    """HTTP of a hub that `_open` has opened. Its libraries take half a second to load: only `hub serve` waits."""
    from hub.doorway import over_http  # noqa: PLC0415
    from hub.listen import listening  # noqa: PLC0415

    return listening(over_http(hub, report, time.sleep), host, port)


def _prepare(folder: Path | None, name: str | None) -> str:
    settings = read_settings(folder)
    if name is not None:
        if not _LOG_NAME.fullmatch(name):
            raise Refused("--name", shape(name), "letters, digits, dots, slashes and hyphens", "hub.example.org/log")
        if (settings.dir / "hub.toml").exists() and name != settings.name:
            raise Refused("--name", "another name than this folder's log has", "the same", "a log's name cannot change")
        settings = settings.model_copy(update={"name": name})
    try:
        initialise(settings)
        return (settings.keys / "hub.pub").read_text().strip()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable("data folder", reason, "a folder that can be written", "name another, or mend it") from None


def _restore(
    folder: Path | None, file: Path, checkpoints: Sequence[bytes], who: Who, behind: bool, tell: Callable[[str], None]
) -> Mapping[str, Any]:
    return restore(read_settings(folder), Request(file, checkpoints, who, behind), tell)


def _migrate(folder: Path | None) -> None:
    settings = read_settings(folder)
    require_prepared(settings)
    bring_up_to_date(settings)


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return f"uid:{os.getuid()}"


if __name__ == "__main__":
    main()
