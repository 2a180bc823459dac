"""A mail server, and what it has taken."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from aiosmtpd import handlers
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Inbox(handlers.Message):
    """What a mail server has taken."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []

    def prepare_message(self, session: Session, envelope: Envelope) -> EmailMessage:
        """Read a mail as it came."""
        del session
        content = envelope.content
        assert isinstance(content, bytes)
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def handle_message(self, message: Message) -> None:
        """Keep it."""
        assert isinstance(message, EmailMessage)
        self.mails.append(message)

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object) -> AuthResult:
        """Let the one user in."""
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login.decode())
        return AuthResult(success=given.password == b"right", handled=False)


@asynccontextmanager
async def serving(make: Callable[[Inbox], SMTP], tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Inbox, int]]:
    """Yield a mail server's inbox and port."""
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: make(inbox), "127.0.0.1", 0, ssl=tls)
    async with server:
        yield inbox, server.sockets[0].getsockname()[1]
