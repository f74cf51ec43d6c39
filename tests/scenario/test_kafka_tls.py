"""Kafka behind TLS, as the settings want it by default: its certificate is judged by ``ca_file``."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.bus.kafka import KafkaBus
from hub.errors import HubError
from hub.outside import kafka_access
from hub.settings import Settings
from tests.services.kafka import Kafka
from tests.services.plugin import own

Certificate = tuple[str, str]


def self_signed() -> Certificate:
    """A certificate of the loopback address, and its key, as text."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kafka.example.org")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    made = made.not_valid_after(now + timedelta(days=2))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return text, key.private_bytes(*form).decode()


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return self_signed()


@pytest.fixture(scope="module")
def broker(certificate: Certificate) -> Iterator[Kafka]:
    text, key = (part.replace("\n", "\\n") for part in certificate)
    yield from own(
        "kafka",
        lambda: Kafka(
            settings={
                "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
                "ssl.keystore.type": "PEM",
                "ssl.keystore.certificate.chain": text,
                "ssl.keystore.key": key,
                "ssl.truststore.type": "PEM",
                "ssl.truststore.certificates": text,
            }
        ),
    )


def bus(broker: Kafka, folder: Path, ca: str | None = None, **changed: str) -> KafkaBus:
    found = {"kafka_bootstrap": broker.bootstrap, "kafka_user": "admin", "kafka_password": broker.passwords["admin"]}
    if ca is not None:
        (folder / "ca.pem").write_text(ca)
        found["kafka_ca_file"] = "ca.pem"
    settings = Settings(dir=folder, **{**found, **changed})  # type: ignore[arg-type]
    return KafkaBus(lambda: kafka_access(settings))


def test_a_certificate_that_is_known_is_taken(broker: Kafka, certificate: Certificate, tmp_path: Path) -> None:
    made = bus(broker, tmp_path, certificate[0])

    assert made.describe([]) == {}

    made.close()


@pytest.mark.parametrize(
    ("ca", "changed", "match"),
    [
        pytest.param(self_signed()[0], {}, "does not verify", id="another's"),
        pytest.param(None, {}, "does not verify", id="the system knows no such"),
        pytest.param("no certificate", {}, "NO_CERTIFICATE", id="a file without one"),
        pytest.param(None, {"kafka_ca_file": "away.pem"}, "No such file", id="no file"),
        pytest.param(None, {"kafka_security": "SASL_PLAINTEXT"}, "hangs up", id="without TLS"),
    ],
)
def test_a_certificate_that_is_not_known_is_told(
    broker: Kafka, tmp_path: Path, ca: str | None, changed: dict[str, str], match: str
) -> None:
    with pytest.raises(HubError, match=match):
        bus(broker, tmp_path, ca, **changed).describe([])
