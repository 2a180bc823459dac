"""Real files of many programs: counts, sums and checksums are those that two independent readers found."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.sie.model import Voucher
from tests.connectors.sie.years import read

FOLDER = Path(__file__).parents[4] / "shared" / "samples" / "sie"
EXPECTED: list[dict[str, Any]] = (
    json.loads((FOLDER / "expected.json").read_bytes()) if FOLDER.exists() else [{"file": "none"}]
)


@pytest.mark.skipif(not FOLDER.exists(), reason="the real files are not beside the project")
@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected["file"])
def test_a_real_file(expected: dict[str, Any]) -> None:
    """Each record is counted; out of balance is what is known to be; the checksum is right, or it would be refused."""
    ledger, entries, reading = read((FOLDER / expected["file"]).read_bytes())
    vouchers = [entry for entry in entries if isinstance(entry, Voucher)]
    counts = Counter(
        [entry.kind.value for entry in entries if not isinstance(entry, Voucher)]
        + [row.kind.value for voucher in vouchers for row in voucher.rows]
    )
    counts |= {
        "#VER": len(vouchers),
        "#KONTO": len(ledger.accounts),
        "#SRU": sum(len(account.sru) for account in ledger.accounts),
        "#KTYP": sum(bool(account.kind) for account in ledger.accounts),
        "#ENHET": sum(bool(account.unit) for account in ledger.accounts),
        "#DIM": len(ledger.dimensions),
        "#OBJEKT": len(ledger.objects) + sum("object of dimension" in str(note) for note in reading.notes.kept),
        "#RAR": len(ledger.years),
    }
    assert counts == {label: expected["counts"].get(label, 0) for label in counts}
    unbalanced = [
        [[one.series, one.number, f"{one.day:%Y%m%d}"], float(total)]
        for one in vouchers
        if (total := sum(row.amount for row in one.booked))
    ]
    assert unbalanced == expected["unbalanced_vouchers"]
    assert reading.notes.counts["unbalanced_voucher"] == len(unbalanced)
    assert reading.notes.counts["checksum_skipped"] == 0
