"""Proofs of the books in words. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from connectors.desk.words import columns, money, when
from infra.rows import ApiKey
from schemas.money import ZERO
from schemas.proofs import BooksProved, Difference

AUDITOR: Final = "senseworks"
"""The party whose programs the keys are for."""


def proof(tenant: str, proved: BooksProved) -> Iterator[str]:
    """Yield what came of a proof: whether it is green, each difference, and the accounts that differ."""
    year = f"{proved.year_from} to {proved.year_to}"
    yield f"{tenant}, {year}, read {when(proved.read_at)}: {proved.posted} vouchers of ours among {proved.vouchers}"
    posted = sum((t.posted for t in proved.totals if t.posted > 0), ZERO)
    yield f"posted {money(posted)} on the debit side of {len(proved.totals)} accounts"
    if proved.on_their_way:
        yield f"on their way, and left out: {', '.join(proved.on_their_way)}"
    if proved.accepted:
        yield f"accepted by people, and left out: {proved.accepted}"
    if proved.green:
        yield "PROVED: the books hold what we posted, to the öre"
        return
    yield f"NOT PROVED: {proved.count} differences"
    for each in proved.differences:
        yield from _difference(each)
    if proved.count > len(proved.differences):
        yield f"and {proved.count - len(proved.differences)} more"
    differ = [t for t in proved.totals if t.posted != t.ledger]
    if differ:
        rows = [("account", "posted", "ledger", "difference")]
        rows += [(t.account, money(t.posted), money(t.ledger), money(t.ledger - t.posted)) for t in differ]
        yield from columns(rows, right=frozenset({1, 2, 3}))


def keys(found: Sequence[ApiKey], now: datetime) -> tuple[str, ...]:
    """Return keys as a table."""
    rows = [("id", "for", "made by", "made", "used", "")]
    for each in found:
        end = f"revoked {when(each.revoked_at)}" if each.revoked_at else f"good until {when(each.expires_at)}"
        end = end if each.revoked_at or each.expires_at > now else f"ended {when(each.expires_at)}"
        used = when(each.used_at) if each.used_at else "never"
        rows.append((each.key_id, each.holder, each.made_by, when(each.made_at), used, end))
    return columns(rows)


def _difference(found: Difference) -> Iterator[str]:
    yield f"{found.id}  {found.kind.replace('_', ' ')}: {found.message}"
    amounts = ", ".join(f"{each.account} {money(each.amount)}" for each in found.accounts)
    if amounts:
        yield f"    by {amounts}"
