"""Mails letters by SMTP, as the settings say: as text and as HTML; without a mail server nothing is mailed."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from email.message import EmailMessage
from email.utils import make_msgid

from infra import clock, words
from infra.letters import Letter
from infra.settings import MailSettings
from schemas.words import Spoken

_PATIENCE = 20.0
"""Seconds that the mail server has to answer."""


class NotMailed(Spoken, RuntimeError):
    """The report was not mailed; what it reports is done all the same. ``said``: why, and what to look at."""


class Undeliverable(NotMailed):
    """The server takes letters, and none for this address: others are none the worse for it."""


async def send(settings: MailSettings, to: Sequence[str], letter: Letter) -> bool:
    """Mail a letter; False when there is no mail server or nobody to mail to. Raises NotMailed, saying why."""
    if settings.host is None or not to:
        return False
    server = f"{settings.host}:{settings.port}"
    message = EmailMessage()
    try:
        message["To"] = ", ".join(to)
    except ValueError as error:
        raise Undeliverable(words.NOT_DELIVERABLE(server=server, how=type(error).__name__)) from None
    message["From"], message["Subject"] = settings.sender, letter.subject
    message["Date"], message["Message-ID"] = clock.now(), make_msgid(domain=settings.sender.rpartition("@")[2])
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"], message["Auto-Submitted"] = letter.language, "auto-generated"
    try:
        await asyncio.to_thread(_send, settings, settings.host, message)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:  # the last: smtplib logs in by ASCII only
        raise NotMailed(words.NOT_MAILED(server=server, how=type(error).__name__)) from None
    return True


def _send(settings: MailSettings, host: str, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if settings.encryption == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, settings.port, timeout=_PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, settings.port, timeout=_PATIENCE)
    with closing(server):
        if settings.encryption == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, settings.password.get_secret_value())
        try:
            server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError) as error:
            how = type(error).__name__
            raise Undeliverable(words.NOT_DELIVERABLE(server=f"{host}:{settings.port}", how=how)) from None
        finally:
            with suppress(OSError, smtplib.SMTPException):  # what it has taken it has, however it says goodbye
                server.quit()
