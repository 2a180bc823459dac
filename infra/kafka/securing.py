"""How a client and its broker know each other: by TLS, a user's password, a certificate of ours, or not at all."""

import ssl
from functools import cache
from pathlib import Path
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from infra.http import NoCertificates, trusted
from infra.settings import KafkaSettings

_ASK_MS: Final = 5_000


def client(kafka: KafkaSettings) -> dict[str, Any]:
    """Return what every client of the broker is made with, as aiokafka calls it.

    Raises:
        NoCertificates: a file that the settings name cannot be read.
    """
    return {"bootstrap_servers": kafka.bootstrap or "", **_proof(kafka)}


async def why_not(kafka: KafkaSettings, error: BaseException) -> str:
    """Return what to do about a broker that cannot be worked with: aiokafka keeps to itself what went wrong.

    Args:
        error: what a client of ours ended with.
    """
    found = await _met(kafka) or error
    name = f"The broker at {kafka.bootstrap}"
    match found:
        case SaslAuthenticationFailed():
            return (
                f"{name} refuses the user: are BOKBUSS_KAFKA__SASL_USERNAME and __SASL_PASSWORD right, and is "
                f"{kafka.sasl_mechanism} how that user proves it (__SASL_MECHANISM)?"
            )
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return f"{name} takes no user by {kafka.sasl_mechanism}: BOKBUSS_KAFKA__SASL_MECHANISM says how."
        case ssl.SSLCertVerificationError():
            return (
                f"{name} shows a certificate that is not to be trusted ({found.verify_message}): "
                "BOKBUSS_KAFKA__SSL_CA names the authority that signed it, and BOKBUSS_KAFKA__BOOTSTRAP the broker as "
                "it calls itself there."
            )
        case ssl.SSLError():
            return (
                f"{name} and we do not come together by TLS ({found.reason or 'it ended'}): is "
                "BOKBUSS_KAFKA__SECURITY_PROTOCOL what that port speaks, and does it ask for a certificate "
                "(BOKBUSS_KAFKA__SSL_CERTIFICATE)?"
            )
    asks = (
        ""
        if kafka.ssl_certificate or kafka.security_protocol != "SSL"
        else ", and ask for a certificate (__SSL_CERTIFICATE)"
    )
    return (
        f"{name} does not answer ({type(found).__name__}): is it running, is BOKBUSS_KAFKA__BOOTSTRAP right, and does "
        f"it speak {kafka.security_protocol} there (BOKBUSS_KAFKA__SECURITY_PROTOCOL){asks}?"
    )


async def _met(kafka: KafkaSettings) -> BaseException | None:
    """Connect as a client does, and return what that ends with."""
    host, _, port = (kafka.bootstrap or "").partition(",")[0].rpartition(":")
    try:
        connection = await create_conn(host, int(port), request_timeout_ms=_ASK_MS, **_proof(kafka))
        try:
            await connection.send(MetadataRequest([]))
        finally:
            connection.close()
    except (TimeoutError, OSError, KafkaError, ValueError) as error:
        return error
    return None


def _proof(kafka: KafkaSettings) -> dict[str, Any]:
    proof: dict[str, Any] = {"security_protocol": kafka.security_protocol}
    if "SSL" in kafka.security_protocol:
        password = kafka.ssl_key_password and kafka.ssl_key_password.get_secret_value()
        proof["ssl_context"] = _context(kafka.ssl_ca, kafka.ssl_certificate, kafka.ssl_key, password)
    if "SASL" in kafka.security_protocol:
        proof |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password.get_secret_value(),
        }
    return proof


@cache
def _context(ca: Path | None, certificate: Path | None, key: Path | None, password: str | None) -> ssl.SSLContext:
    """Return the one TLS context of these files. What is renewed on disk is read at the next start."""
    what = "ssl_ca"
    try:
        context = ssl.create_default_context(cafile=ca) if ca else trusted()
        if certificate:
            what = "ssl_certificate"
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate, key, password=password or "")
    except OSError as error:  # ssl.SSLError is one
        said = getattr(error, "reason", None) or error.strerror or type(error).__name__
        file = ca if what == "ssl_ca" else certificate
        raise NoCertificates(
            f"BOKBUSS_KAFKA__{what.upper()} names nothing that can be used ({file}: {said}): set it right, its key too"
        ) from None
    return context
