"""Alerts by mail and webhook, against a server of each kind on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import Refused, Unavailable
from hub.model.alerts import Alert, AlertCode, Role
from hub.post import RECIPIENTS_MAX, MailServer, Post

ALERT = Alert(AlertCode.SYSTEM_AWAY, 3)
SECRET = "zq-hook-secret"


def url(hook: Any, path: str = f"/{SECRET}") -> str:
    return f"http://127.0.0.1:{hook.server_address[1]}{path}"


def mail(smtp: Any) -> MailServer:
    return MailServer("127.0.0.1", smtp.server_address[1], "NONE", "hub@example.org")


def post(*urls: str, mail: MailServer | None = None) -> Post:
    return Post("hub.example.org/log", {Role.ADMINISTRATOR: urls}, mail)


def tell(made: Post, alert: Alert = ALERT) -> tuple[int, list[str]]:
    """How many administrators were reached, and why the others were not."""
    reached, failed = made.tell_all(alert)[Role.ADMINISTRATOR]
    return reached, [str(error) for error in failed]


def test_a_mail_says_code_number_and_what_to_do(smtp: Any) -> None:
    assert tell(post("mailto:it@example.org", mail=mail(smtp))) == (1, [])

    (text,) = smtp.mails
    assert "Subject: [hub.example.org/log] SYSTEM_AWAY" in text
    assert "3: systems that cannot be reached." in text
    assert "hub doctor" in text


def test_a_webhook_gets_the_same_as_json(hook: Any) -> None:
    assert tell(post(url(hook))) == (1, [])
    assert hook.posts == [{"hub": "hub.example.org/log", "code": "SYSTEM_AWAY", "count": 3, "text": ALERT.text}]


def test_a_role_without_recipients_tells_nobody(hook: Any) -> None:
    made = post(url(hook))

    assert made.recipients(Role.OFFICER) == []
    assert made.tell_all(Alert(AlertCode.TEST))[Role.OFFICER] == (0, ())


def test_one_recipient_out_of_reach_does_not_keep_the_others_from_being_told(hook: Any) -> None:
    assert tell(post(url(hook, "/broken"), url(hook))) == (
        1,
        [
            "alerts.administrator 1: got HTTP status 500, expected a recipient that takes it; "
            "`hub alerts test` tries it; it is told again"
        ],
    )


def test_nobody_is_told_at_a_place_that_the_settings_do_not_name(hook: Any) -> None:
    assert tell(post(url(hook, "/elsewhere")))[0] == 0
    assert len(hook.posts) == 1, "the redirect is not followed"


@pytest.mark.parametrize("kind", ["smtp refuses", "nobody listens", "hook away"])
def test_what_a_server_says_is_not_repeated_nor_a_webhooks_url(smtp: Any, kind: str) -> None:
    port = smtp.server_address[1]
    nobody = MailServer("127.0.0.1", 1, "NONE", "hub@example.org")
    made = {
        "smtp refuses": post("mailto:nobody@example.org", mail=mail(smtp)),
        "nobody listens": post("mailto:it@example.org", mail=nobody),
        "hook away": post(f"http://127.0.0.1:1/{SECRET}"),
    }[kind]

    _, (error,) = tell(made)

    assert not any(word in error for word in ("Patient", SECRET, "nobody@", str(port)))


def test_telling_waits_for_nobody_and_asks_a_server_that_hangs_no_second_time(silent: Any) -> None:
    made = post(url(silent))
    (recipient,) = made.recipients(Role.ADMINISTRATOR)

    assert [made.tell(recipient, ALERT) for _ in range(5)] == [False] * 5

    assert silent.met.wait(30)
    assert silent.asked == 1


def test_how_it_went_is_known_later(hook: Any) -> None:
    made = post(url(hook), url(hook, "/broken"))
    good, bad = made.recipients(Role.ADMINISTRATOR)
    assert not made.tell(good, ALERT)
    assert not made.tell(bad, ALERT)
    for job in made._jobs.values():
        job.join(30)

    assert made.tell(good, ALERT)
    with pytest.raises(Unavailable, match="HTTP status 500"):
        made.tell(bad, ALERT)


@pytest.mark.parametrize(
    "bad",
    [
        f"http://example.org/{SECRET}",
        f"ftp://example.org/{SECRET}",
        "https://",
        f"https://[{SECRET}",
        f"https://example.org/{SECRET}\r\nX: y",
        f"https://example.org/ {SECRET}",
        f"mailto:{SECRET}",
        f"mailto:it@example.org\r\nBcc: {SECRET}@example.org",
        SECRET,
        "",
    ],
)
def test_what_could_never_work_is_refused_before_it_is_needed_and_not_repeated(bad: str) -> None:
    with pytest.raises(Refused, match=r"alerts\.administrator 1") as refused:
        post(bad, mail=MailServer("127.0.0.1", 25, "NONE", "hub@example.org"))

    assert SECRET not in str(refused.value)


def test_mail_without_a_server_is_refused() -> None:
    with pytest.raises(Refused, match="mail without a server"):
        post("mailto:it@example.org")


def test_too_many_recipients_are_refused() -> None:
    with pytest.raises(Refused, match="at most 5"):
        post(*["https://example.org/x"] * (RECIPIENTS_MAX + 1))
