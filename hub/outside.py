"""The servers outside the hub, by its settings: PostgreSQL, Kafka, mail and webhooks; and the passwords for them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub.errors import HubError, Refused
from hub.exchange.alerts import AGAIN
from hub.ids import RandomIds
from hub.lodging import check_places
from hub.model.alerts import Alert, AlertCode, Role
from hub.passwords import password_file, read_password, write_password
from hub.ports import Ids
from hub.post import MailServer, Post
from hub.settings import Settings
from hub.store.postgres import with_password

if TYPE_CHECKING:  # Kafka's client takes a quarter of a second to load: only who uses it waits for it
    from hub.bus.clients import Access
    from hub.bus.provision import Office

BUS_KEPT = timedelta(hours=96)  # longer than any message may be under way (72 h)
PASSWORD_OCTETS = 24  # of a user: random, so nobody guesses it


def store_url(settings: Settings) -> str | None:
    """The URL of the store's database, with the password where that stands in a file; None: it is on SQLite.

    Raises:
        Refused: the URL is none, or the file cannot be used.
    """
    if settings.store is None:
        return None
    url, file = settings.store.get_secret_value(), settings.store_password_file
    return with_password(url, read_password(settings.dir / file)) if file else url


def make_passwords(settings: Settings, ids: Ids | None = None) -> list[str]:
    """Make the password files that the settings name and that are not there; their names.

    For servers that are started beside the hub and take their passwords from there.

    Raises:
        Refused: the settings name none.
    """
    named = [file for file in (settings.store_password_file, settings.kafka_admin_password_file) if file]
    if not named:
        step = "name store_password_file or kafka.admin_password_file first"
        raise Refused("hub.toml", "no password file", "the name of at least one", step)
    made = []
    for file in named:
        path = settings.dir / file
        if path.is_file():
            continue
        try:
            write_password(path, _password(ids or RandomIds()))
        except OSError as error:
            got, step = error.strerror or type(error).__name__, "mend the setting, or remove what stands there"
            raise Refused(f"password file {path.name}", got, "a file, or nothing", step) from None
        made.append(path.name)
    return made


def kafka_access(settings: Settings, *, admin: bool = False) -> Access:
    """Who the hub is at Kafka: its relay, or the administrator whom ``hub bus`` needs.

    Raises:
        Refused: no address, no user or no password.
    """
    from hub.bus.clients import Access  # noqa: PLC0415 - see above

    if not settings.kafka_bootstrap:
        raise Refused("hub.toml: kafka.bootstrap", "nothing", "host:port", "see docs/operator.md, Kafka")
    if settings.kafka_security == "PLAINTEXT":
        return Access(settings.kafka_bootstrap, None, None, settings.kafka_security)
    user, given, named = settings.kafka_user, settings.kafka_password, settings.kafka_password_file
    if admin:
        if settings.kafka_admin_user is None:
            step = "set kafka.admin_user, and HUB_KAFKA_ADMIN_PASSWORD or kafka.admin_password_file"
            raise Refused("hub.toml: kafka.admin_user", "nothing", "a user who may make topics, users and rights", step)
        user, given = settings.kafka_admin_user, settings.kafka_admin_password
        named = settings.kafka_admin_password_file
    file = settings.dir / named if named else password_file(settings.kafka_passwords, user)
    ca_file = settings.dir / settings.kafka_ca_file if settings.kafka_ca_file else None
    password = given.get_secret_value() if given else read_password(file)
    return Access(settings.kafka_bootstrap, user, password, settings.kafka_security, ca_file)


def open_office(settings: Settings, ids: Ids | None = None) -> Office:
    """Kafka for its administrator.

    Raises:
        Refused: the settings name no Kafka, or no administrator.
    """
    from hub.bus.provision import Office, Plan  # noqa: PLC0415 - see above

    ids = ids or RandomIds()
    kafka_access(settings, admin=True)
    given, named = settings.kafka_password, settings.kafka_password_file
    plan = Plan(
        relay=settings.kafka_user,
        given=given.get_secret_value() if given else read_password(settings.dir / named) if named else None,
        passwords=settings.kafka_passwords,
        replication=settings.kafka_replication,
        kept=BUS_KEPT,
        secured=settings.kafka_security != "PLAINTEXT",
    )
    return Office(lambda: kafka_access(settings, admin=True), plan, lambda: _password(ids))


def alerts_of(settings: Settings) -> Post:
    """The way to the people who look after the hub.

    Raises:
        Refused: a recipient that is none, or mail without a server.
    """
    mail = None
    if settings.alerts_smtp is not None:
        host, _, port = settings.alerts_smtp.rpartition(":")
        if not host or not port.isascii() or not port.isdecimal() or not settings.alerts_sender:
            got = "another form, or no alerts.sender beside it"
            raise Refused("hub.toml: alerts.smtp", got, "host:port, and alerts.sender", "mend the file")
        given, named = settings.alerts_smtp_password, settings.alerts_smtp_password_file
        mail = MailServer(
            host=host,
            port=int(port),
            security=settings.alerts_smtp_security,
            sender=settings.alerts_sender,
            user=settings.alerts_smtp_user,
            password=given.get_secret_value() if given else read_password(settings.dir / named) if named else None,
        )
    named_for = {Role.ADMINISTRATOR: settings.alerts_administrator, Role.OFFICER: settings.alerts_officer}
    recipients = {role: [url.get_secret_value() for url in urls or ()] for role, urls in named_for.items()}
    return Post(settings.name, recipients, mail)


def lodge_of(settings: Settings) -> list[str]:
    """Where checkpoints are lodged.

    Raises:
        Refused: a URL that is none, or too many of them.
    """
    urls = [url.get_secret_value() for url in settings.checkpoints_lodge or ()]
    check_places(urls)
    return urls


def try_alerts(settings: Settings) -> Mapping[str, tuple[int, tuple[HubError, ...]]]:
    """Send a test to all recipients; by role how many it reached, and why not the others.

    Raises:
        Refused: see :func:`alerts_of`.
    """
    answers = alerts_of(settings).tell_all(Alert(AlertCode.TEST))
    return {role.value: (reached, failed) for role, (reached, failed) in answers.items()}


def tell_halt(settings: Settings, now: datetime) -> tuple[HubError, ...]:
    """Write down that the hub has halted, and tell it: without the store, and once a day however often it is started.

    Returns:
        What failed.
    """
    told_at = ""
    with suppress(OSError, ValueError):
        told_at = settings.halted.read_text()
        if timedelta() <= now - datetime.fromisoformat(told_at) < AGAIN:
            return ()
    failed: tuple[HubError, ...] = ()
    try:
        answers = alerts_of(settings).tell_all(Alert(AlertCode.INTEGRITY_HALT))
        failed = tuple(error for _, errors in answers.values() for error in errors)
        told_at = now.isoformat() if any(reached for reached, _ in answers.values()) else told_at
    except Refused as error:
        failed = (error,)
    with suppress(OSError):
        settings.halted.write_text(told_at)
    return failed


def _password(ids: Ids) -> str:
    return base64.urlsafe_b64encode(ids.octets(PASSWORD_OCTETS)).decode().rstrip("=")
