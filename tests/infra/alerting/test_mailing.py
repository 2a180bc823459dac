"""What waits is mailed by real SMTP: one letter to an address in a period, over all its companies, in its language."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from infra.accounts import accounts
from infra.alerting import hooks, mailing, wording
from infra.alerting.mailing import Waiting
from infra.environment import whole
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.base import Language
from tests.connectors.party import VAULT
from tests.infra.mail_server import Inbox, serving

_ALERT = text(
    """insert into alerts (tenant, alert, kind, about, raised_at, due_at)
       values (:tenant, :alert, :kind, cast(:about as jsonb), clock_timestamp(), clock_timestamp())"""
)
_ACCOUNT = text(
    """insert into accounts (account_id, email, name, language, made_by, made_at)
       values (gen_random_uuid(), :email, 'Lena', 'sv', 'a test', clock_timestamp())"""
)
_LATER = (
    text("update mailings set sent_at = sent_at - make_interval(hours => :hours) where address = :address"),
    text(
        """update alerts set raised_at = raised_at - make_interval(hours => :hours)
           where tenant in (select tenant from alert_hooks where mail_to = :address)"""
    ),
)


@dataclass
class Post:
    """A host with a mail server, and what came to one address."""

    host: Host
    inbox: Inbox
    address: str

    def letters(self) -> list[EmailMessage]:
        """Return what came to the address."""
        return [mail for mail in self.inbox.mails if mail["To"] == self.address]

    async def company(self) -> str:
        """Return a company whose alerts are mailed to the address."""
        tenant = f"t-{uuid.uuid4().hex[:12]}"
        await hooks.change(self.host.engine, VAULT, tenant, url=None, mail_to=(self.address,), by="a test")
        return tenant

    async def alert(self, tenant: str, kind: str, about: str) -> None:
        """Let something be wrong with a company."""
        values = {"tenant": tenant, "alert": uuid.uuid4().hex, "kind": kind, "about": about}
        await self.execute(_ALERT, **values)

    async def later(self, hours: int) -> None:
        """Let hours pass."""
        for statement in _LATER:
            await self.execute(statement, hours=hours, address=self.address)

    async def execute(self, statement: Any, **values: Any) -> None:
        """Change something in the database."""
        async with self.host.engine.begin() as connection:
            await connection.execute(statement, values)


@pytest.fixture
async def post(engine: Engine, tmp_path: Path) -> AsyncIterator[Post]:
    """Yield a host that mails to a real server."""
    settings = whole()(data=tmp_path, _env_file=None)
    async with serving(SMTP) as (inbox, port):
        settings.mail.host, settings.mail.port, settings.mail.encryption = "127.0.0.1", port, "none"
        settings.mail.password = SecretStr("")
        settings.desk.url = "https://desk.example.se"
        host = Host(settings, engine, VAULT, Leases(engine, 5.0), None)
        yield Post(host, inbox, f"{uuid.uuid4().hex[:12]}@example.se")


async def test_an_address_gets_one_letter_in_a_period_over_all_its_companies_and_at_once_what_stopped(
    post: Post,
) -> None:
    """With counts by reason, in its language, with the page behind each; a server that is away loses nothing."""
    await post.execute(_ACCOUNT, email=post.address.upper())
    assert await accounts.languages(post.host.engine, [post.address.title()]) == {post.address: "sv"}
    one, other = await post.company(), await post.company()
    held = '{"hold_id": "1", "flow": "daysales", "reason": "unmapped_payment_method", "business_date": "2026-04-10"}'
    for tenant in (one, one, other):
        await post.alert(tenant, "held", held)
    port = post.host.settings.mail.port
    post.host.settings.mail.port = 1
    await mailing.turn(post.host)
    post.host.settings.mail.port = port
    await mailing.turn(post.host)
    await post.alert(one, "held", held)
    await mailing.turn(post.host)
    [letter] = post.letters()
    assert letter["Subject"] == "bokbuss: 3 väntar på någon (2 företag)"
    plain = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr] # it has one
    html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr] # it has one
    assert "  2  Betalsätt utan konto" in plain
    assert "dag 2026-04-10" in plain
    assert f"https://desk.example.se/companies/{one}/held?reason=unmapped_payment_method" in html
    await post.later(hours=1)
    await mailing.turn(post.host)
    assert len(post.letters()) == 1, "nothing that is new is urgent"
    await post.alert(other, "needs_consent", '{"system": "fortnox"}')
    await mailing.turn(post.host)
    assert [letter["Subject"] for letter in post.letters()][1:] == ["bokbuss: något har stannat, 5 väntar (2 företag)"]
    await post.later(hours=24)
    await mailing.turn(post.host)
    assert len(post.letters()) == 2, "nothing is new"
    await hooks.remove(post.host.engine, one)
    await hooks.remove(post.host.engine, other)


async def test_a_letter_that_was_taken_is_not_sent_again_however_its_server_says_goodbye(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would come every half a minute."""

    async def quits(_inbox: Inbox, _server: SMTP, _session: Session, _at: Envelope) -> str:
        return "421 4.3.2 closing the connection"

    monkeypatch.setattr(Inbox, "handle_QUIT", quits, raising=False)
    tenant = await post.company()
    await post.alert(tenant, "needs_consent", '{"system": "fortnox"}')
    await mailing.turn(post.host)
    await mailing.turn(post.host)
    assert len(post.letters()) == 1
    await hooks.remove(post.host.engine, tenant)


async def test_an_address_that_takes_no_letters_keeps_no_other_from_its_own(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was written wrongly or is there no more is another company's trouble; a server that is away is all's."""

    async def nobody(_inbox: Inbox, _server: SMTP, _session: Session, at: Envelope, address: str, _how: object) -> str:
        if not address.endswith(post.address):
            return "550 5.1.1 there is nobody of this name"
        at.rcpt_tos.append(address)
        return "250 OK"

    monkeypatch.setattr(Inbox, "handle_RCPT", nobody, raising=False)
    tenant, wrong = await post.company(), f"t-{uuid.uuid4().hex[:12]}"
    before_it = ("0", "0åsa@example.se", "<>", "0gone@example.se")
    await hooks.change(post.host.engine, VAULT, wrong, url=None, mail_to=before_it, by="a test")
    for each in (tenant, wrong):
        await post.alert(each, "needs_consent", '{"system": "fortnox"}')
    await mailing.turn(post.host)
    assert len(post.letters()) == 1
    await hooks.remove(post.host.engine, tenant)
    await hooks.remove(post.host.engine, wrong)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_kind_of_alert_has_words_and_a_place(language: Language, tmp_path: Path) -> None:
    """What stopped stands first and loud; no id and no key is in the letter."""
    about = {"system": "fortnox", "sink": "fortnox", "until": "2026-12-05T00:00:00Z", "hold_id": "0f0f"}
    waits = [Waiting("acme", kind, about, is_new=True) for kind in wording.KINDS]
    made = mailing.letter(waits, language, Settings(data=tmp_path, _env_file=None))  # type: ignore[call-arg]
    [part] = made.parts
    loud = [row.loud for row in part.rows]
    assert loud == sorted(loud, reverse=True)
    assert sum(loud) == len(wording.URGENT)
    assert all(row.address.startswith("http://127.0.0.1:8321/companies/acme") for row in part.rows)
    assert "{" not in made.text
    assert "0f0f" not in made.html
    assert len({row.text for row in part.rows}) == len(wording.KINDS)
