"""What commands are handed in earnest: the world as it is. Part of the composition root, apart from ``__main__``.

It loads the whole hub, which takes a second: ``__main__`` imports it when a command asks for its tools.
"""

from __future__ import annotations

import getpass
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from hub.backup import back_up
from hub.clock import LateClock, UtcClock
from hub.commands.tools import KAFKA, POSTGRES, Shape, Tools
from hub.compose import Hub, bring_up_to_date, compose, cut_off, database_of, initialise, require_prepared
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
from hub.ports import Clock
from hub.restore import Request, restore
from hub.settings import Settings, read_settings
from hub.store.dump import EVERY, dump

_LOG_NAME = re.compile(r"[A-Za-z0-9./-]{1,100}")  # C2SP: neither a space nor a plus


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
        kinds=lambda folder: kinds_of(_rules_of(folder).mappings),
        mappings=lambda folder, kind: load_mappings(kind, _rules_of(folder).mappings),
        card=lambda folder, kind: card_of(kind, _rules_of(folder).mappings),
        texts=lambda folder: texts.load_texts(texts.PACKAGED, _rules_of(folder).texts),
        back_up=lambda folder, out, who, tell: back_up(read_settings(folder), out, who, tell),
        restore=_restore,
        shape=lambda folder: _shape(read_settings(folder)),
        is_empty=lambda folder: _is_empty(read_settings(folder)),
        dump=_dump,
        bus=lambda folder: open_office(read_settings(folder)),
        make_cosigner=lambda path, name: make_cosigner(path, name, RandomIds()),
        cosigner=read_cosigner,
        now=UtcClock().now,
        late=LateClock,
        base_url=lambda folder: read_settings(folder).base_url,
        new_id=RandomIds().uuid,
        integrating=integrating,
        listen=_listen,
        try_alerts=lambda folder: try_alerts(_there(folder)),
        tell_halt=lambda folder: tell_halt(read_settings(folder), UtcClock().now()),
        sleep=time.sleep,
        os_user=_os_user(),
    )


def _open(folder: Path | None, report: Report, clock: Clock | None = None) -> Hub:
    return compose(read_settings(folder), report=report, clock=clock)


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
    settings = _there(folder)  # its store may be gone: that is what it is for
    return restore(settings, Request(file, checkpoints, who, behind), tell)


def _shape(settings: Settings) -> Shape:
    store, bus = settings.store is not None, settings.kafka_bootstrap is not None
    return Shape(POSTGRES if store else "sqlite", KAFKA if bus else "store", settings.log_key is not None)


def _is_empty(settings: Settings) -> bool:
    with closing(database_of(settings)) as database, database.reading() as connection:
        return not inspect(connection).get_table_names()


def _dump(folder: Path | None, out: Path) -> None:
    with closing(database_of(_prepared(folder))) as database, database.reading() as connection, out.open("xb") as file:
        for table in EVERY:
            file.writelines(dump(database.where, connection, table))


def _migrate(folder: Path | None) -> None:
    bring_up_to_date(_prepared(folder))


def _prepared(folder: Path | None) -> Settings:
    settings = read_settings(folder)
    require_prepared(settings)
    return settings


def _rules_of(folder: Path | None) -> Settings:
    """For the rules that lie over the packaged ones: a slip in a folder's name must not pass for one without any."""
    if folder is None:
        return read_settings()
    return _there(folder, "name it with --dir, or leave that out for the packaged rules")


def _there(folder: Path | None, step: str = "run `hub init`, or name it with --dir") -> Settings:
    settings = read_settings(folder)
    if not settings.dir.is_dir():
        raise Refused(f"data folder {settings.dir}", "no such folder", "a data folder", step)
    return settings


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return f"uid:{os.getuid()}"
