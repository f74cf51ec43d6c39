"""The log's key as text. Source of the vectors: the package documentation of golang.org/x/mod/sumdb/note."""

import base64

import pytest

from hub.errors import IntegrityBroken
from hub.keys.lines import log_key, parse_private

PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_the_published_private_line_gives_the_published_public_line_and_signature():
    key = parse_private(PRIVATE + "\n", "keys/hub.key")

    assert key.verifier == PUBLIC
    assert key.line == PRIVATE
    assert key.private.sign(TEXT) == base64.b64decode(SIGNATURE)[4:]


def test_a_key_goes_through_its_line():
    key = log_key("hub.example.org/log", bytes(range(32)))

    assert parse_private(key.line, "keys/hub.key").verifier == key.verifier


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param(PUBLIC, id="the public line"),
        pytest.param(PRIVATE[:-1], id="cut"),
        pytest.param(PRIVATE.replace("c74f20a3", "c74f20a4"), id="another id"),
        pytest.param(PRIVATE.replace("Peter", "Petra"), id="another name"),
        pytest.param(PRIVATE.replace("+AY", "+AX"), id="another seed"),
        pytest.param(PRIVATE.replace("+AY", "+BY"), id="another algorithm"),
    ],
)
def test_what_is_no_private_line_is_refused_and_not_repeated(line):
    with pytest.raises(IntegrityBroken) as caught:
        parse_private(line, "keys/hub.key")

    assert "EKFALVFGyNhPJEMzD1QIDr" not in str(caught.value)
    assert "keys/hub.key" in str(caught.value)


def test_a_key_does_not_show_itself():
    key = parse_private(PRIVATE, "keys/hub.key")

    assert "EKFALVFGyNhPJEMzD1QIDr" not in repr(key)
    assert key.private.private_bytes_raw().hex() not in repr(key)
