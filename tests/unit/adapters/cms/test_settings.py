"""Which settings lead to a CMS, and that no secret stands in them, nor in what is said about them."""

from __future__ import annotations

import traceback

import pytest

from adapters.cms.source import connect
from adapters.servers import address
from hub.errors import Refused, Unavailable
from tests.contract.source import Memory

URL = "postgresql://zqhubuserxj@zqhostxj.example.org:5433/zqcasesxj"
MARKS = ("zqhubuserxj", "zqhostxj", "zqcasesxj", "Zqsecretxj")


def said(error: BaseException) -> str:
    """All that a log could show of an error, its causes too."""
    return "".join(traceback.format_exception(error, limit=0))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"path": ""},
        {"path": 7},
        {"path": "x", "busy_timeout_ms": "1"},
        {"path": "x", "busy_timeout_ms": -1},
        {"path": "x", "y": 1},
        {"path": "x", "language": "de"},
        {"path": "x", "language": 7},
        {"path": "x", "url": URL},
        {"path": "x", "password_file": "y"},
        {"url": ""},
        {"url": 7},
        {"url": URL, "password": "Zqsecretxj"},
        {"url": URL, "password_file": 7},
    ],
)
def test_a_setting_that_is_missing_unknown_or_of_another_type_is_refused(settings, clock):
    with pytest.raises(Refused, match="cms settings") as refused:
        connect(settings, Memory(), clock.now)

    assert refused.value.expected
    assert refused.value.next_step
    assert not [mark for mark in MARKS if mark in said(refused.value)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://zqhubuserxj:Zqsecretxj@zqhostxj/zqcasesxj",
        "postgres://zqhubuserxj:Zqsecretxj@zqhostxj/zqcasesxj",
        "postgresql://zqhubuserxj:@zqhostxj/zqcasesxj",
        f"{URL}?password=Zqsecretxj",
        f"{URL}?sslmode=require&pass%77ord=Zqsecretxj",
        f"{URL}?sslpassword=Zqsecretxj",
    ],
)
def test_a_password_in_the_url_is_refused_and_another_way_is_named(url):
    with pytest.raises(Refused) as refused:
        address("cms settings: url", url)

    assert refused.value.got == "a URL with a password in it"
    assert "password_file" in refused.value.next_step
    assert not [mark for mark in MARKS if mark in said(refused.value)]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("zqcasesxj", id="a word"),
        pytest.param("mysql://zqhubuserxj@zqhostxj/zqcasesxj", id="another database"),
        pytest.param("host=zqhostxj dbname=zqcasesxj", id="libpq's other form"),
        pytest.param("postgresql://zqhostxj/zqcasesxj", id="no user"),
        pytest.param("postgresql://zqhubuserxj@/zqcasesxj", id="no host"),
        pytest.param("postgresql://zqhubuserxj@zqhostxj", id="no database"),
        pytest.param("postgresql://zqhubuserxj@zqhostxj/", id="an empty database"),
        pytest.param("postgresql://zqhubuserxj@%2Frun%2Fzqhostxj/zqcasesxj", id="a folder of sockets"),
        pytest.param("postgresql://zqhubuserxj@zqhostxj:port/zqcasesxj", id="a port that is none"),
        pytest.param("postgresql://zqhubuserxj@zqhostxj/zqcasesxj#x", id="a fragment"),
        pytest.param("postgresql://zqhubuserxj@zqhostxj/%zz", id="an encoding that is none"),
        pytest.param(f"{URL}?host=zqhostxj", id="an option that leads elsewhere"),
        pytest.param(f"{URL}?service=zqhostxj", id="a service"),
        pytest.param(f"{URL}?dbname=zqcasesxj", id="a second database"),
        pytest.param(f"{URL}?sslmode", id="half an option"),
    ],
)
def test_what_is_no_url_of_one_database_is_refused(url):
    with pytest.raises(Refused, match="cms settings: url") as refused:
        address("cms settings: url", url)

    assert refused.value.next_step
    assert not [mark for mark in MARKS if mark in said(refused.value)]


def test_a_url_is_read_as_libpq_reads_it():
    assert address(
        "cms settings: url", "postgresql://hub@h/cases?sslmode=verify-full&options=-c%20search_path%3Dhub"
    ) == {
        "user": "hub",
        "host": "h",
        "port": "5432",
        "dbname": "cases",
        "sslmode": "verify-full",
        "options": "-c search_path=hub",
    }
    assert address("cms settings: url", "postgres://hub@a:5433,[::1]:5434/cases")["port"] == "5433,5434"


@pytest.mark.parametrize(
    ("text", "mode", "got"),
    [
        pytest.param("Zqsecretxj\n", 0o644, "a file that others can use", id="open to others"),
        pytest.param("\n", 0o600, "nothing", id="empty"),
        pytest.param(None, 0o600, "No such file or directory", id="not there"),
    ],
)
def test_a_password_file_that_is_none_is_unavailable_and_not_shown(tmp_path, clock, text, mode, got):
    path = tmp_path / "zqcasesxj.password"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    source = connect({"url": URL, "password_file": str(path)}, Memory(), clock.now)

    with pytest.raises(Unavailable) as refused:
        source.reach()
    (finding,) = source.check()

    assert (refused.value.where, refused.value.got) == ("cms password_file", got)
    assert (finding.place, finding.ok, finding.text) == ("cms password_file", False, got)
    assert finding.next_step
    assert not [mark for mark in MARKS if mark in said(refused.value) + str(finding)]


def test_a_server_that_is_not_there_is_unavailable_and_its_address_is_not_shown(clock):
    source = connect({"url": "postgresql://zqhubuserxj@127.0.0.1:1/zqcasesxj"}, Memory(), clock.now)

    with pytest.raises(Unavailable) as refused:
        source.fetch("")

    assert refused.value.got == "nobody who listens there"
    assert not [mark for mark in (*MARKS, "127.0.0.1") if mark in said(refused.value)]
