"""Connections to outside systems: who may use which tokens, and how one process at a time renews them for all.

What must not be lost is a refresh token that is exchanged for a new one at each use. So: one renewer over all processes
(a row is claimed by comparing generation and deadline); that it asked is durable before the first byte; no byte leaves
late; the new pair is durable before anybody uses it; an answer that comes late is still written down if nobody has
renewed since; and nothing is thrown away but by a person.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra import clock, faultpoints, registry, telemetry, words
from infra.access.connection import Connection, ConnectionRow, ConnectionRows, Consent, Taken, Tokens, days_left
from infra.access.connection_rows import PostgresRows
from infra.failing import named
from infra.postgres import Engine
from infra.verdicts import Granted, Refused, RetryLater, Unanswered
from schemas.words import Text, heard

if TYPE_CHECKING:  # who only looks how connections stand opens no secret
    from infra.access.vault import Vault

__all__ = ["Connection", "Connections", "Renew", "Taken", "TokenOutcome", "days_left", "health", "settled"]

_log = telemetry.log(__name__)

TokenOutcome = Granted | Refused | Unanswered | RetryLater
"""What came of asking for tokens. A RetryLater certainly used up no refresh token."""
Renew = Callable[[Connection, str | None, Callable[[], None]], Awaitable[TokenOutcome]]
"""Asks a system for new tokens: with what is held, the refresh token, and a ``may_send`` for the first byte."""

EXPIRING_DAYS: Final = 7.0
ANSWER_SECONDS: Final = 10.0
"""How long an answer keeps others from renewing; it is waited for longer, by whoever asked."""
_LOOK_AGAIN: Final = 3.0
"""Seconds after which a process that uses a token looks whether the connection still stands."""
_MARGIN: Final = 300.0  # an access token is renewed so many seconds before its end, a short one at 80 %
_SLACK: Final = 1.0  # for clocks that run at slightly different speeds
_POLL: Final = 0.2
_ALMOST_OVER: Final = 2.0
_STEADY: Final = 2.0  # between two looks of a lane that waits for a person: they cost the system nothing
_AFTER_NO_ANSWER: Final = 2.0
_AGAIN: Final = 300.0  # between two tries of what a person may have mended at the system, without telling us
_WRITING: Final = 600.0
_WAITS: Final = {
    "needs_consent": ("consent_missing", words.NEEDS_CONSENT, words.CONNECT_AGAIN),
    "licence_missing": ("licence_missing", words.LICENCE_MISSING, words.LICENCE_GOES_ON),
    "paused": ("connection_paused", words.PAUSED, words.RESUME),
    "disconnected": ("disconnected", words.DISCONNECTED, words.CONNECT_WITH),
}

_under_way: set[asyncio.Task[RetryLater | None]] = set()


class _TooLate(Exception):
    """The request did not get on its way while others kept away."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An access token in this process's memory, to be used until a moment (monotonic)."""

    access: str = field(repr=False)
    until: float


def health(held: Connection | None, now: float) -> str:
    """Say in words how a connection is, at a time (seconds since 1970)."""
    if held is None:
        return "not connected"
    if held.state != "connected":
        return held.state.replace("_", " ")
    left = days_left(held, now)
    return "expiring" if left is not None and left < EXPIRING_DAYS else "connected"


async def settled(patience: float) -> None:
    """Wait for renewals of this process that are under way: before it ends, their answers are written down."""
    if waiting := set(_under_way):
        await asyncio.wait(waiting, timeout=patience)


class Connections:
    """The connections of all companies, as one process uses them.

    Args:
        answer_seconds: how long an answer keeps others from renewing.
        rows: where they are kept; the database unless a test says otherwise.
    """

    def __init__(
        self,
        engine: Engine,
        vault: "Vault",
        *,
        answer_seconds: float = ANSWER_SECONDS,
        rows: ConnectionRows | None = None,
    ) -> None:
        self._rows = rows or PostgresRows(engine)
        self._vault = vault
        self._leave_within = answer_seconds / 2
        self._claim = self._leave_within + answer_seconds + _SLACK
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def held(self, tenant: str, system: str) -> Connection | None:
        """Return what is held of a company's connection, without its tokens; None when there is none."""
        return next((held for held in await self.all(system) if held.tenant == tenant), None)

    async def all(self, system: str | None = None) -> tuple[Connection, ...]:
        """Return every connection, by company; those included that only have a DatabaseNumber."""
        return await self._rows.all(system)

    async def consented(
        self,
        tenant: str,
        system: str,
        *,
        grant_type: str,
        access: str | None = None,
        access_seconds: float = 0.0,
        refresh: str | None = None,
        refresh_seconds: float | None = None,
        scopes: tuple[str, ...] = (),
        company_name: str = "",
        database_number: int | None = None,
        consented_by: str = "",
        terms: str = "",
    ) -> None:
        """Write down a consent with its tokens, the company's number at the system, and the audit record, at once.

        A company that somebody has paused stays so: who consents may be somebody else.

        Raises Taken, and writes nothing, when another company of ours has this number.
        """
        locked = self._locked(tenant, system, access, access_seconds, refresh, refresh_seconds)
        consent = Consent(grant_type, scopes, company_name, database_number, consented_by, terms)
        await self._rows.consented(tenant, system, consent, locked)
        self._kept.pop((tenant, system), None)

    async def access(self, tenant: str, system: str, renew: Renew, *, anew: bool = False) -> str | RetryLater:
        """Return an access token that is good for a while, renewing it if need be and if nobody else does so.

        Args:
            anew: use a renewed one, even if the last one is still good.
        """
        kept = self._kept.get((tenant, system))
        if kept and not anew and clock.monotonic() < kept.until:
            return kept.access
        wanted = 0
        while True:
            if (row := await self._rows.read(tenant, system)) is None:
                why = words.NOT_CONNECTED(tenant=tenant, system=system, verb=connects(system, tenant))
                return RetryLater.saying(_STEADY, "consent_missing", why, "operator", steady=True)
            if anew and not wanted:
                wanted = row.generation + 1
            if (answer := self._answer(row, wanted)) is not None:
                return answer
            if row.busy_for > 0:
                await clock.sleep(min(_POLL, row.busy_for))
            elif (failed := await self._renew(row, renew)) and (anew or row.good_for <= _ALMOST_OVER):
                return failed

    async def refused(self, tenant: str, system: str, access: str) -> None:
        """Drop an access token that the system refused, unless another one has come in its place."""
        self._kept.pop((tenant, system), None)
        row = await self._rows.read(tenant, system)
        if row and self._is(row, access):
            await self._rows.drop_access(row)

    async def secret(self, tenant: str, system: str) -> str | None:
        """Return the secret that a company gave for a system; None unless it is connected."""
        row = await self._rows.read(tenant, system)
        return self._refresh(row) if row and row.held.state == "connected" else None

    async def refresh_token(self, tenant: str, system: str) -> str | None:
        """Return the refresh token (or secret) to revoke, connected or not, after a renewal that is under way.

        None where there is none, or it has ended: a system may say of any text that it is revoked.
        """
        while (row := await self._rows.read(tenant, system)) is not None and row.busy_for > 0 and row.renewer:
            await clock.sleep(min(_POLL, row.busy_for))
        return self._revocable(row) if row else None

    async def lost(self, tenant: str, system: str, state: str, reason: Text) -> None:
        """Write down that a connection needs_consent or is licence_missing, and why; nothing is thrown away."""
        await self._rows.become(tenant, system, state, reason)
        self._kept.pop((tenant, system), None)

    async def opens(self, tenant: str, system: str, access: str, number: int, name: str) -> RetryLater | None:
        """Take note which company a token opens; None when it is this one, whose number is learned from it once.

        Another one stops the connection until a person has consented again, however many new tokens come; but not a
        connection that has another token by now: that person may just have done so.
        """
        if (pinned := await self._rows.pin(tenant, number)) == number:
            return None
        row = await self._rows.read(tenant, system)
        if row is None or not self._is(row, access):
            self._kept.pop((tenant, system), None)
            return RetryLater.saying(_POLL, "auth_unreachable", words.NO_TOKEN_NOW())
        own = words.NUMBER_NOT_KNOWN() if pinned is None else str(pinned)
        reason = words.ANOTHER_COMPANY(number=str(number), name=name, system=system, own=own)
        await self._rows.become(tenant, system, "needs_consent", reason, opened=number)
        self._kept.pop((tenant, system), None)
        _log.error("tokens_open_another_company", tenant=tenant, system=system, opened=number, pinned=pinned)
        return _another(tenant, reason)

    async def pause(self, tenant: str, system: str, by: str) -> bool:
        """Let a company's lane wait until it is resumed; tell whether there is a connection to pause."""
        return await self._rows.become(tenant, system, "paused", words.PAUSED_BY(by=by), by=by, only=("connected",))

    async def resume(self, tenant: str, system: str, by: str) -> bool:
        """Let a paused company's lane go on; tell whether it was paused."""
        return await self._rows.become(tenant, system, "connected", words.RESUMED_BY(by=by), by=by, only=("paused",))

    async def disconnect(self, tenant: str, system: str, by: str) -> str | None:
        """Forget every token of a company, after a renewal that is under way.

        Returns:
            The refresh token to revoke, as ``refresh_token`` does.
        """
        self._kept.pop((tenant, system), None)
        while (row := await self._rows.read(tenant, system)) is not None:
            if row.busy_for > 0 and row.renewer:
                await clock.sleep(min(_POLL, row.busy_for))
            elif await self._rows.disconnect(row, by):
                return self._revocable(row)
        return None

    def _answer(self, row: ConnectionRow, wanted: int) -> str | RetryLater | None:
        """Return what a row says, if its token is good and not older than wanted; None: it is to be renewed."""
        if waits := _waits(row):
            self._kept.pop((row.held.tenant, row.held.system), None)
            return waits
        if row.access and row.fresh_for > 0 and row.generation >= wanted:
            return self._keep(row, row.fresh_for)
        if row.busy_for <= 0:
            return None
        if row.access and row.good_for > _ALMOST_OVER and row.generation >= wanted:
            return self._keep(row, min(row.busy_for, row.good_for - _ALMOST_OVER))
        if not row.renewer:
            why = Text(row.held.wording, row.held.reason) if row.held.wording else words.NO_TOKEN_NOW()
            return RetryLater.saying(row.busy_for, "auth_unreachable", why)
        return None

    def _keep(self, row: ConnectionRow, seconds: float) -> str:
        access = self._vault.unlock(row.access or b"", context=_context(row, "access"))
        kept = _Kept(access, clock.monotonic() + min(seconds, _LOOK_AGAIN))
        self._kept[row.held.tenant, row.held.system] = kept
        return access

    def _refresh(self, row: ConnectionRow) -> str | None:
        return self._vault.unlock(row.refresh, context=_context(row, "refresh")) if row.refresh else None

    def _is(self, row: ConnectionRow, access: str) -> bool:
        """Tell whether this is the access token of a connection as it stands."""
        return bool(row.access) and self._vault.unlock(row.access or b"", context=_context(row, "access")) == access

    def _revocable(self, row: ConnectionRow) -> str | None:
        until = row.held.refresh_until
        return self._refresh(row) if until is None or until > clock.now() else None

    def _locked(
        self,
        tenant: str,
        system: str,
        access: str | None,
        access_seconds: float,
        refresh: str | None,
        refresh_seconds: float | None,
    ) -> Tokens:
        return Tokens(
            access=self._vault.lock(access, context=f"{tenant}/{system}/access") if access else None,
            access_seconds=access_seconds,
            renew_seconds=max(access_seconds - _MARGIN, access_seconds * 0.8),
            refresh=self._vault.lock(refresh, context=f"{tenant}/{system}/refresh") if refresh else None,
            refresh_seconds=refresh_seconds,
        )

    async def _renew(self, row: ConnectionRow, renew: Renew) -> RetryLater | None:
        """Renew unless somebody else was faster; return why there is nothing new, or None to look again."""
        claim = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        asked = clock.monotonic()
        if not await self._rows.claim(row, claim, self._claim):
            return None
        faultpoints.reach("tokens.claimed")
        # A task of its own: whoever waits for it may give up or be cancelled, the answer is still written down.
        task = asyncio.create_task(self._carry_out(row, claim, asked, renew))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
        done, _ = await asyncio.wait({task}, timeout=max(asked + self._claim - clock.monotonic(), 0.0))
        if done:
            return task.result()
        return RetryLater.saying(_AFTER_NO_ANSWER, "auth_unreachable", words.RENEWAL_TAKES_LONG())

    async def _carry_out(self, row: ConnectionRow, claim: str, asked: float, renew: Renew) -> RetryLater | None:
        """Ask, and write down what came of it, for as long as it takes the database to answer."""

        def may_send() -> None:
            if clock.monotonic() >= asked + self._leave_within:
                raise _TooLate
            faultpoints.reach("tokens.leaving")

        outcome: TokenOutcome
        try:
            outcome = await renew(row.held, self._refresh(row), may_send)
        except _TooLate:
            outcome = RetryLater.saying(_AFTER_NO_ANSWER, "auth_unreachable", words.TOO_SLOW())
        except Exception as error:  # noqa: BLE001 - a bug of ours; the refresh token may be used up or not
            _log.exception("renewal failed", tenant=row.held.tenant, system=row.held.system)
            outcome = Unanswered(words.OUR_FAILURE(error=named(error)))
        faultpoints.reach("tokens.answered")
        telemetry.TOKEN_RENEWALS.labels(row.held.system, _result(outcome)).inc()
        until = clock.monotonic() + _WRITING
        while True:
            try:
                return await self._write(row, claim, asked, outcome)
            except Exception as error:
                if clock.monotonic() > until:
                    raise
                _log.warning("tokens not written yet", tenant=row.held.tenant, error=named(error))
                await clock.sleep(0.5)

    async def _write(self, row: ConnectionRow, claim: str, asked: float, outcome: TokenOutcome) -> RetryLater | None:
        tenant, system = row.held.tenant, row.held.system
        match outcome:
            case Granted():
                left = max(outcome.access_seconds - (clock.monotonic() - asked), 0.0)
                tokens = self._locked(tenant, system, outcome.access, left, outcome.refresh, outcome.refresh_seconds)
                if not await self._rows.granted(row, tokens, outcome.scopes):
                    _log.warning("new tokens came too late: the connection has changed", tenant=tenant, system=system)
                return None
            case Refused(state, why):
                if state == "needs_consent" and row.asked:
                    why = words.EXCHANGED()
                if await self._rows.refused(row, claim, state, why):
                    _log.warning("connection lost", tenant=tenant, system=system, state=state, why=str(why))
                return None
            case Unanswered(why):
                failed = RetryLater.saying(_AFTER_NO_ANSWER, "auth_unreachable", why)
                await self._rows.later(row, claim, failed.after, why, asked=True)
                return failed
            case RetryLater():
                await self._rows.later(row, claim, outcome.after, outcome.said, asked=row.asked)
                return outcome


def _context(row: ConnectionRow, purpose: str) -> str:
    return f"{row.held.tenant}/{row.held.system}/{purpose}"


def _waits(row: ConnectionRow) -> RetryLater | None:
    """Return why a company's calls wait for a person; None where there is something to try."""
    held = row.held
    if held.state == "connected":
        return None
    if held.opened is not None and held.state == "needs_consent":
        return _another(held.tenant, heard(held.wording, held.reason))
    by_itself = held.state == "licence_missing" or (
        held.state == "needs_consent" and held.grant_type == "client_credentials"
    )
    if by_itself and row.unchanged_for > _AGAIN:
        return None
    code, named, what_to_do = _WAITS[held.state]
    why = heard(held.wording, held.reason) if held.reason else named()
    said = what_to_do(why=why, tenant=held.tenant, verb=connects(held.system, held.tenant))
    return RetryLater.saying(_STEADY, code, said, "operator", steady=True)


def connects(system: str, tenant: str) -> str:
    """Return the verb by which a company is connected to a system."""
    return f"bokbuss connect {tenant}" if system == registry.ledger() else f"bokbuss {system} connect {tenant}"


def _another(tenant: str, reason: Text | str) -> RetryLater:
    why = words.LET_THE_RIGHT_ONE_CONSENT(why=reason, tenant=tenant)
    return RetryLater.saying(_STEADY, "other_company", why, "operator", steady=True)


def _result(outcome: TokenOutcome) -> str:
    match outcome:
        case Granted():
            return "ok"
        case Refused(state, _):
            return state
        case Unanswered():
            return "no_answer"
        case RetryLater(code=code):
            return code
