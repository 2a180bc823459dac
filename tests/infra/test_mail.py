"""Reports are mailed by real SMTP: in plain where the settings say so, else over TLS that is checked, with a login."""

import re
import ssl
from datetime import timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from infra import clock, mail
from infra.letters import Letter, Part, Row
from infra.settings import MailSettings
from tests.infra.mail_server import Inbox, serving

TO = ("lena@example.se", "nils@example.se")
LETTER = Letter(
    language="sv",
    subject="bokbuss: 7 klara, 1 nekad (acme)",
    title="Så här gick det",
    lead="7 klara, 1 nekad.",
    parts=(
        Part("Inte utförda", (Row("Åsa Öberg <b>", "1", "ort i HR", loud=True, address="https://d.se/x?a=1&b=2"),)),
    ),
    button="Se resultatet",
    address="https://desk.example.se/companies/acme",
    foot="Du får det här.",
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a certificate of 127.0.0.1 and its key, for which only itself vouches."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    )
    return file


def context(certificate: Path) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


def plain(inbox: Inbox) -> SMTP:
    """Return a mail server without TLS."""
    return SMTP(inbox, enable_SMTPUTF8=True, hostname="mail.test")


async def test_a_report_is_mailed_to_everybody() -> None:
    """One mail, with sender and subject, as text and as HTML in which a name is a name; nothing in it is loaded."""
    async with serving(plain) as (inbox, port):
        settings = MailSettings(host="127.0.0.1", port=port, sender="bokbuss@example.se", encryption="none")
        assert await mail.send(settings, TO, LETTER)
    [found] = inbox.mails
    assert (found["From"], found["To"]) == ("bokbuss@example.se", ", ".join(TO))
    assert (found["Subject"], found["Content-Language"]) == (LETTER.subject, "sv")
    assert abs(parsedate_to_datetime(found["Date"]) - clock.now()) < timedelta(minutes=5)
    assert found["Message-ID"].endswith("@example.se>")
    assert found.get_content_type() == "multipart/alternative"
    plain_text, html = (part.get_content().replace("\r\n", "\n") for part in found.iter_parts())
    assert plain_text == LETTER.text
    assert "  1  Åsa Öberg <b>\n      ort i HR" in plain_text
    assert html == LETTER.html + "\n" or html == LETTER.html
    assert "Åsa Öberg &lt;b&gt;" in html
    assert 'href="https://d.se/x?a=1&amp;b=2"' in html
    assert not re.search(r"<(script|img|link)|url\(|@import", html)


async def test_without_a_server_or_an_address_nothing_is_mailed() -> None:
    """It is no error: nobody asked for mails."""
    assert not await mail.send(MailSettings(), TO, LETTER)
    async with serving(plain) as (inbox, port):
        assert not await mail.send(MailSettings(host="127.0.0.1", port=port, encryption="none"), (), LETTER)
    assert inbox.mails == []


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
async def test_it_is_mailed_over_tls_with_a_login(
    encryption: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate is checked; without one that somebody vouches for nothing is sent, and no password either."""
    tls = context(certificate)
    password = SecretStr("right")

    def server(inbox: Inbox) -> SMTP:
        if encryption == "tls":
            return SMTP(inbox, hostname="mail.test", authenticator=inbox.login, auth_require_tls=False)
        return SMTP(inbox, hostname="mail.test", tls_context=tls, require_starttls=True, authenticator=inbox.login)

    async with serving(server, tls if encryption == "tls" else None) as (inbox, port):
        settings = MailSettings(host="127.0.0.1", port=port, user="bok", password=password, encryption=encryption)  # type: ignore[arg-type] # one of them
        with pytest.raises(mail.NotMailed, match="SSLCertVerificationError"):
            await mail.send(settings, TO, LETTER)
        assert inbox.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert await mail.send(settings, TO, LETTER)
        assert (inbox.logins, len(inbox.mails)) == (["bok"], 1)
        wrong = settings.model_copy(update={"password": SecretStr("wrong-password")})
        with pytest.raises(mail.NotMailed, match="SMTPAuthenticationError") as refused:
            await mail.send(wrong, TO, LETTER)
        assert "wrong-password" not in str(refused.value)
        swedish = settings.model_copy(update={"password": SecretStr("lösenord")})
        with pytest.raises(mail.NotMailed, match="UnicodeEncodeError") as refused:
            await mail.send(swedish, TO, LETTER)
        assert "lösenord" not in str(refused.value)
        assert len(inbox.mails) == 1


async def test_a_server_that_does_not_answer_is_named() -> None:
    """The report says which server did not take it and which settings to look at."""
    async with serving(plain) as (_, port):
        pass
    with pytest.raises(mail.NotMailed, match=f"127.0.0.1:{port} did not take the report .*BOKBUSS_MAIL__HOST"):
        await mail.send(MailSettings(host="127.0.0.1", port=port, encryption="none"), TO, LETTER)
