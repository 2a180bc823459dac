"""An auditor gets at a company's year without asking anybody for a file."""

import hashlib
import io
import json
from zipfile import ZipFile

import pytest

from tests.acceptance.house import Roles, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_an_auditor_fetches_a_package(house: Roles) -> None:
    """Read out of Fortnox, packed, fetched over HTTP with a key, the same by command; and on record."""
    shop = await house.shop()
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.command("ledger", "sync", shop.tenant, "--year", "2026")
    made = await house.command("ledger", "key", "make", shop.tenant, "--for", "Revision AB")
    headers = {"Authorization": f"Bearer {made['key']}"}
    below = f"{house.url}/v1/{shop.tenant}/senseworks/years"

    [year] = json.loads((await house.http.send("GET", below, headers=headers)).body)["years"]
    assert (year["year"], year["source"], year["vouchers"]) == (2026, "fortnox", 1)
    answer = await house.http.send("GET", f"{below}/2026/package", headers=headers)
    assert answer.status == 200
    with ZipFile(io.BytesIO(answer.body)) as zipped:
        ledger = zipped.read("ledger.se").decode("cp437")
        index = json.loads(zipped.read("index.json"))
    assert "Dagsavslut CITY KASSA1 Z1 bb-" in ledger
    assert (index["ledger"]["vouchers"], index["ledger"]["source"]) == (1, "fortnox")
    assert index["ledger"]["content_sha256"] == year["sha256"]

    out = house.settings.data / "2026.zip"
    written = await house.command("ledger", "package", shop.tenant, "--year", "2026", "--out", str(out))
    assert written["sha256"] == hashlib.sha256(answer.body).hexdigest()
    assert out.read_bytes() == answer.body
    missing = await house.http.send("GET", f"{below}/1999/package", headers=headers)
    assert (missing.status, "there is: 2026" in missing.text) == (404, True)

    [listed] = await house.command("ledger", "key", "list", shop.tenant)
    await house.command("ledger", "key", "revoke", shop.tenant, listed["key_id"])
    assert (await house.http.send("GET", below, headers=headers)).status == 401
    log = await house.command("audit", "--activity", "--tenant", shop.tenant)
    fetched = {(each["system"], each["status"]) for each in log if each["kind"] == "package"}
    assert fetched == {("senseworks", "whole"), ("desk", "whole")}
    assert {each["kind"] for each in log} >= {"delivery", "day_closed", "post_voucher", "read_ledger", "package"}
