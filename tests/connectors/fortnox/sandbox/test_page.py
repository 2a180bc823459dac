"""The page that shows the books, for people."""

import json
from typing import Any

from connectors.fortnox.sandbox.records import Record

Fortnox = Any  # of conftest.py, which a test cannot import

ADDRESS = "x?client_id=sandbox&redirect_uri=http://localhost/&scope=bookkeeping&state=s&response_type=code"

ROWS = [{"Account": 1910, "Debit": 1234.5, "Credit": 0}, {"Account": 3001, "Debit": 0, "Credit": 1234.5}]
VOUCHER = {"Description": "Dagsavslut", "VoucherSeries": "F", "TransactionDate": "2026-03-01"}


async def page(fortnox: Fortnox, query: str = "") -> str:
    """Return the page's text."""
    answer = await fortnox.client.send("GET", f"{fortnox.url}/_sandbox{query}")
    assert answer.status == 200
    text: str = answer.text
    return text


async def test_it_shows_what_a_company_holds_has_and_was_asked(fortnox: Fortnox) -> None:
    """Vouchers, registers, cost centres, licences, consents, calls and faults."""
    await fortnox.post({"Voucher": {**VOUCHER, "VoucherRows": ROWS}})
    fortnox.company.register("employees")["7"] = Record({"FirstName": "Åsa", "Extra": [{"a": 1}], "Inactive": True})
    fortnox.company.calls.faults["commit_then_500"] = 3
    await fortnox.control("approve", {"url": ADDRESS, "company": 1001})
    text = await page(fortnox)
    for shown in ("Dagsavslut", "1910 Kassa", "1\N{NO-BREAK SPACE}234.50", "Employees", "Åsa", "Södermalm"):
        assert shown in text
    for shown in ("supplier-invoices", "by Siv Sandberg", "commit then 500", "POST /3/vouchers"):
        assert shown in text


async def test_it_shows_no_token_no_code_no_secret_and_no_personal_number(fortnox: Fortnox) -> None:
    """Whoever sees the page learns nothing that opens a door."""
    await fortnox.control("approve", {"url": f"{ADDRESS}&access_type=offline", "company": 1001})
    (code,) = fortnox.books.authorization_codes
    answer = await fortnox.token(grant_type="authorization_code", code=code, redirect_uri="http://localhost/")
    given = json.loads(answer.body)
    fortnox.company.register("employees")["7"] = Record({"PersonalIdentityNumber": "800101-0019", "City": "Umeå"})
    secrets = (code, given["access_token"], given["refresh_token"], "sandbox-secret", "800101-0019")
    shown = (await page(fortnox)) + (await fortnox.control("consents")).text + (await fortnox.control("settings")).text
    assert "Umeå" in shown
    assert [secret for secret in secrets if secret in shown] == []


async def test_it_can_show_one_company(fortnox: Fortnox) -> None:
    """``?company=`` leaves the others out."""
    await fortnox.control("companies", {"database_number": 1002, "name": "Lingon AB"})
    text = await page(fortnox, "?company=1002")
    assert "Lingon AB" in text
    assert "Blåbär AB" not in text
