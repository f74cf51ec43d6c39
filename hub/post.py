"""What goes out of the hub by itself: alerts by mail (SMTP) and webhook (HTTP POST of JSON), checkpoints, one question.

Alerts: see :class:`hub.ports.Alerts`. ``lodging.py`` posts checkpoints. The question is to a client's address for its
public keys (:func:`read_https`).

Each recipient is told in a thread of its own, one at a time, which nobody waits for: a server that hangs holds up no
worker, and is not asked again before it has let go. What a server answers is not repeated: it may be anything.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from hashlib import sha256
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from threading import Thread, Timer
from typing import Any, Literal

import orjson

from hub.errors import Refused, Unavailable
from hub.model.alerts import Alert, AlertCode, Role

PATIENCE_S = 10.0  # a recipient may be silent for so long
WAIT_S = 30.0  # for all recipients, where a command or the end of a process waits for them
KEYS_PATIENCE_S = 5.0  # [policy] a client's address of its keys: to be reached, to begin its answer, to end it
KEYS_MAX = 64 * 1024  # [policy] of what it says
RECIPIENTS_MAX = 5  # of a role; a longer list is a mailing list's work
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Security = Literal["STARTTLS", "TLS", "NONE"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our mail."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = None


class Job(Thread):
    """One recipient being told; ``failed`` says why it was not, once it has ended."""

    def __init__(self, place: str, send: Callable[[], None]) -> None:
        super().__init__(name="post", daemon=True)  # the end of the process does not wait for a server that hangs
        self._place, self._send = place, send
        self.failed: Unavailable | None = None

    def run(self) -> None:
        """Tell."""
        try:
            self._send()
        except urllib.error.HTTPError as error:
            error.close()
            self.failed = _unreached(self._place, f"HTTP status {error.code}")
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody was told; its text may hold anything
            self.failed = _unreached(self._place, type(error).__name__)


class Post:
    """The recipients of each role, and how they are reached."""

    def __init__(self, name: str, recipients: Mapping[Role, Sequence[str]], mail: MailServer | None) -> None:
        """Refuses what could never work, before it is needed.

        Args:
            name: of this hub, so that who looks after several knows which one speaks.
            recipients: ``mailto:`` and ``https:`` URLs; ``http:`` to this machine alone.

        Raises:
            Refused: a recipient that is none, too many of them, or mail without a server. It names role and place.
        """
        self._name, self._mail = name, mail
        self._at: dict[str, tuple[str, str]] = {}  # recipient -> its place in the settings, its URL
        self._of: dict[Role, list[str]] = {}
        self._jobs: dict[tuple[str, AlertCode], Job] = {}
        for role, urls in recipients.items():
            if len(urls) > RECIPIENTS_MAX:
                raise Refused(f"hub.toml: alerts.{role}", f"{len(urls)} recipients", f"at most {RECIPIENTS_MAX}", "")
            for number, url in enumerate(urls, start=1):
                _checked(f"hub.toml: alerts.{role} {number}", url, mail)
                recipient = f"{role}-{sha256(url.encode()).hexdigest()[:12]}"
                self._at[recipient] = f"alerts.{role} {number}", url
                self._of.setdefault(role, []).append(recipient)

    def recipients(self, role: Role) -> Sequence[str]:
        """See :class:`hub.ports.Alerts`."""
        return self._of.get(role, [])

    def tell(self, recipient: str, alert: Alert) -> bool:
        """See :class:`hub.ports.Alerts`."""
        job = self._jobs.get((recipient, alert.code))
        if job is None:
            self._begin(recipient, alert)
            return False
        if job.is_alive():
            return False
        del self._jobs[recipient, alert.code]
        if job.failed is not None:
            raise job.failed
        return True

    def tell_all(self, alert: Alert) -> Mapping[Role, tuple[int, tuple[Unavailable, ...]]]:
        """Tell every recipient of its roles and wait for it; how many each role has reached, and why not the others."""
        jobs = {role: [self._begin(each, alert) for each in self.recipients(role)] for role in alert.code.roles}
        over_at = time.monotonic() + WAIT_S
        for job in (job for all_of_it in jobs.values() for job in all_of_it):
            job.join(max(0.0, over_at - time.monotonic()))
        return {role: self._outcome(role, found) for role, found in jobs.items()}

    def _outcome(self, role: Role, jobs: Sequence[Job]) -> tuple[int, tuple[Unavailable, ...]]:
        late = [number for number, job in enumerate(jobs, start=1) if job.is_alive()]
        failed = [_unreached(f"alerts.{role} {number}", f"no answer in {WAIT_S:g} s") for number in late]
        failed += [job.failed for job in jobs if not job.is_alive() and job.failed is not None]
        return len(jobs) - len(failed), tuple(failed)

    def _begin(self, recipient: str, alert: Alert) -> Job:
        place, url = self._at[recipient]
        job = self._jobs[recipient, alert.code] = Job(place, partial(self._send, url, alert))
        job.start()
        return job

    def _send(self, url: str, alert: Alert) -> None:
        if url.startswith("mailto:"):
            self._by_mail(url.removeprefix("mailto:"), alert)
        else:
            self._by_http(url, alert)

    def _by_mail(self, address: str, alert: Alert) -> None:
        mail = self._mail
        assert mail is not None, "checked when it was set up"
        message = EmailMessage()
        message["From"], message["To"] = mail.sender, address
        message["Subject"] = f"[{self._name}] {alert.code.name}"
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="hub.invalid")
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
        message.set_content(f"{alert.text}\n\nHub: {self._name}\n")
        context = ssl.create_default_context()
        connect: Any = smtplib.SMTP
        secured = {}
        if mail.security == "TLS":
            connect, secured = smtplib.SMTP_SSL, {"context": context}
        with connect(mail.host, mail.port, timeout=PATIENCE_S, **secured) as server:
            if mail.security == "STARTTLS":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, mail.password or "")
            server.send_message(message)

    def _by_http(self, url: str, alert: Alert) -> None:
        body = orjson.dumps({"hub": self._name, "code": alert.code.name, "count": alert.count, "text": alert.text})
        post(url, body, "application/json")


def post(url: str, body: bytes, kind: str) -> None:
    """POST to a URL that was checked; anything but a 2xx is an error.

    Args:
        kind: of the body: its media type.
    """
    request = urllib.request.Request(url, data=body, method="POST")  # noqa: S310 - its scheme is checked
    request.add_header("Content-Type", kind)
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=PATIENCE_S):
        pass


def read_https(url: str) -> bytes:
    """What an https address answers: a client's public keys.

    Raises:
        Unavailable: it does not answer so, in time, or in this size. Neither the address nor what it said is repeated.
    """
    line = _Line()
    try:
        request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked here
        if request.type != "https":
            raise _unreached_keys("no https address")
        with urllib.request.build_opener(_NoRedirect, line).open(request, timeout=KEYS_PATIENCE_S) as answer:
            over_s = time.monotonic() + KEYS_PATIENCE_S
            found = bytearray()
            while chunk := answer.read1(KEYS_MAX):
                found += chunk
                if len(found) > KEYS_MAX or time.monotonic() > over_s:
                    raise _unreached_keys("an answer that is too long, or comes too slowly")
            if line.is_cut:  # headers may end anywhere: to the library it is an answer
                raise _unreached_keys("an answer that does not begin")
            return bytes(found)
    except urllib.error.HTTPError as error:
        error.close()
        raise _unreached_keys(f"HTTP status {error.code}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise _unreached_keys(type(error).__name__) from None
    finally:
        line.let_go()


class _Line(urllib.request.HTTPSHandler):
    """A connection that is cut where an answer does not begin: a timeout is of one read, and a header may trickle."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = False
        self._made: HTTPSConnection | None = None
        self._cut = Timer(2 * KEYS_PATIENCE_S, self._shut)

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        """Open it; the time begins."""
        self._cut.start()
        return self.do_open(self._connection, request)

    def let_go(self) -> None:
        """What it was for is over."""
        self._cut.cancel()

    def _connection(self, host: str, **more: Any) -> HTTPSConnection:
        self._made = HTTPSConnection(host, **more)
        return self._made

    def _shut(self) -> None:
        door = self._made.sock if self._made else None
        if door is not None:  # else it is not reached yet, which a timeout ends, or the answer has begun
            self.is_cut = True
            with suppress(OSError):
                socket.socket.shutdown(door, socket.SHUT_RDWR)  # below TLS, which another thread reads


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Who is told stands in the settings, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """None: the answer is an error."""
        return


def _checked(place: str, url: str, mail: MailServer | None) -> None:
    """A recipient that can be used. Its URL is not repeated: a webhook's is a secret."""
    if url.startswith("mailto:"):
        if not _ADDRESS.fullmatch(url.removeprefix("mailto:")):
            raise Refused(place, "no mail address", "mailto:name@example.org", "mend it")
        if mail is None:
            raise Refused(place, "mail without a server", "alerts.smtp and alerts.sender", "name both")
    else:
        check_url(place, url, "mailto:… or https://…")


def check_url(place: str, url: str, expected: str = "https://…") -> None:
    """A webhook that can be used.

    Raises:
        Refused: another kind of URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        good = safe and bool(parts.hostname) and (parts.port is None or parts.port > 0) and url.isprintable()
    except ValueError:
        good = False
    if not good or " " in url:
        raise Refused(place, "another kind of recipient", expected, "mend it")


def _unreached_keys(why: str) -> Unavailable:
    step = "the client's agency looks at its address"
    return Unavailable("jwks_url of the client", why, "a key set over https in a few seconds", step)


def _unreached(place: str, why: str) -> Unavailable:
    step = "`hub alerts test` tries it; it is told again"
    return Unavailable(place, why, "a recipient that takes it", step)
