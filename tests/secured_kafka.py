"""A real broker that serves nobody whom it does not know, by a user or a certificate, and grants what is needed."""

import asyncio
import subprocess
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra import clock
from infra.embedded import jars
from infra.embedded.broker import EmbeddedKafka, java
from infra.embedded.owner import free_port
from schemas.topics import TOPICS

USER: Final = "bokbuss"
PASSWORD: Final = "correct-horse-7"
SCRAM_USER: Final = "scrambled"

_LISTENERS: Final = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},USERS://127.0.0.1:{users},\
MUTUAL://127.0.0.1:{mutual}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},USERS://127.0.0.1:{users},MUTUAL://127.0.0.1:{mutual}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_SSL,MUTUAL:SSL
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.users.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.users.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
listener.name.users.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
_TOPIC, _GROUP, _LITERAL, _PREFIXED, _ALLOW = 2, 3, 3, 4, 3
_READ, _WRITE, _CREATE = 3, 4, 5
"""Numbers of Kafka's protocol."""
GRANTED: Final = [
    *((_TOPIC, topic.name, _LITERAL, what) for topic in TOPICS for what in (_READ, _WRITE, _CREATE)),
    (_GROUP, "bokbuss", _PREFIXED, _READ),
]
"""All that is granted to whom it knows, as docs/operations.md says: it is enough."""


class SecuredKafka(EmbeddedKafka):
    """An embedded broker with two more listeners.

    Attributes:
        users: address at which it asks for a user, by PLAIN (``USER``) or SCRAM-SHA-512 (``SCRAM_USER``).
        mutual: address at which it asks for a certificate of the authority's.
        files: ``ca.pem``, ``client.pem`` (certificate and key), ``client.locked.pem`` (the key needs ``PASSWORD``).
    """

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.files = data / "certificates"
        self.files.mkdir()
        _certificates(self.files)
        self.users, self.mutual = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"

    def start(self) -> None:
        """Start, make the user that SCRAM asks for, and grant each what is needed."""
        super().start()
        asyncio.run(self._grant())
        command = [str(java()), "-cp", str(jars.ensure() / "*"), "kafka.admin.ConfigCommand"]
        command += ["--bootstrap-server", self.bootstrap, "--alter", "--entity-type", "users"]
        command += ["--entity-name", SCRAM_USER, "--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]"]
        subprocess.run(command, check=True, capture_output=True)

    async def _grant(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        for who in (USER, SCRAM_USER, "CN=client"):
            for resource, name, pattern, what in GRANTED:
                request = CreateAclsRequest(resource, name, pattern, f"User:{who}", "*", what, _ALLOW)
                answer = await admin._send_request(request)
                assert [code for code, _ in answer.creation_responses] == [0]
        await admin.close()

    def _configure(self) -> tuple[str, int]:
        cluster, port = super()._configure()
        file = self.home / "server.properties"
        known = dict(line.partition("=")[::2] for line in file.read_text().splitlines())
        more = _LISTENERS.format(
            port=port,
            controller=known["controller.quorum.voters"].rpartition(":")[2],
            users=self.users.rpartition(":")[2],
            mutual=self.mutual.rpartition(":")[2],
            folder=self.files,
            user=USER,
            password=PASSWORD,
        )
        file.write_text(file.read_text() + more)  # what stands last counts
        return cluster, port


def _certificates(folder: Path) -> None:
    """Write an authority's certificate, and what it signs: one of 127.0.0.1, and one of a client."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of nobody's")])
    ca = _signed(issuer, issuer, authority, authority, x509.BasicConstraints(ca=True, path_length=None))
    (folder / "ca.pem").write_bytes(ca)
    for name in ("broker", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = _signed(subject, issuer, key, authority, address, usage)
        (folder / f"{name}.pem").write_bytes(_pem(key, serialization.NoEncryption()) + certificate)
        locked = _pem(key, serialization.BestAvailableEncryption(PASSWORD.encode()))
        (folder / f"{name}.locked.pem").write_bytes(locked + certificate)


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> bytes:
    now = clock.now()
    made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    for extension in extensions:
        made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey, locked: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
