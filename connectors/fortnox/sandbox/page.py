"""The page that shows the books, for people."""

from collections.abc import Sequence
from html import escape
from itertools import islice

from connectors.fortnox.sandbox.books import Company, Voucher

_NEWEST = 100
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem }
th, td { text-align: left; padding: .15rem .5rem; border-bottom: 1px solid #ccc; vertical-align: top }
.amount { text-align: right; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding: .3rem .5rem }
"""


def html(companies: Sequence[Company]) -> str:
    """Return a page with each company's newest vouchers and their rows."""
    content = "".join(map(_company, companies)) or "<p>No company yet: POST /_sandbox/companies adds one.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fortnox sandbox</title>'
        f"<style>{_STYLE}</style></head><body><h1>Fortnox sandbox</h1>"
        f"<p>An imitation of Fortnox: nothing here is real.</p>{content}</body></html>"
    )


def _company(company: Company) -> str:
    vouchers = sorted(company.vouchers(), key=lambda one: one.booked_at, reverse=True)
    shown = "".join(_voucher(voucher, company) for voucher in islice(vouchers, _NEWEST))
    more = f", the newest {_NEWEST} shown" if len(vouchers) > _NEWEST else ""
    locked = f" Locked until {company.locked_until}." if company.locked_until else ""
    return (
        f"<h2>{escape(company.name)}</h2><p>Database number {company.database_number},"
        f" organisation number {escape(company.organisation_number)}. {len(vouchers)} vouchers{more}.{locked}</p>"
        f"{shown}"
    )


def _voucher(voucher: Voucher, company: Company) -> str:
    draft = voucher.draft
    chart = company.years[draft.year_id].accounts
    rows = "".join(
        f"<tr><td>{row.account} {escape(chart[row.account].description)}</td><td>{escape(row.cost_centre or '')}</td>"
        f"<td>{escape(row.text or '')}</td>"
        f"<td class=amount>{row.debit or ''}</td><td class=amount>{row.credit or ''}</td></tr>"
        for row in draft.rows
    )
    return (
        f"<table><caption>{escape(draft.series)} {voucher.number}, {draft.date}: {escape(draft.description)}</caption>"
        "<thead><tr><th>Account</th><th>Cost centre</th><th>Text</th>"
        "<th class=amount>Debit</th><th class=amount>Credit</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
