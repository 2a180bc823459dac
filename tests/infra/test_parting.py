"""A year is cut into parts: the same whatever the order, each small enough, one changed by one voucher."""

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.parting import parting
from infra.plugin import Malformed, YearRead
from schemas import ids, ledger_parts
from schemas.ledger import (
    MOST_ROWS,
    LedgerAccount,
    LedgerBalance,
    LedgerObject,
    LedgerPartRead,
    LedgerRow,
    LedgerVoucher,
    ObjectCode,
)

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
TEN = Decimal("10.00")


def voucher(number: str, series: str = "A", rows: int = 2, text: str = "Kaffe", month: int = 3) -> LedgerVoucher:
    """Return a voucher of so many rows."""
    row = LedgerRow(account="1910", amount=TEN)
    return LedgerVoucher(series=series, number=number, day=date(2025, month, 1), text=text, rows=(row,) * rows)


def parts_of(*entries: LedgerAccount | LedgerBalance | LedgerObject | LedgerVoucher) -> dict[str, LedgerPartRead]:
    """Return the parts that these entries give, by name, as they are read back."""
    return year_of(*entries)[1]


def year_of(
    *entries: LedgerAccount | LedgerBalance | LedgerObject | LedgerVoucher,
) -> tuple[YearRead, dict[str, LedgerPartRead]]:
    """Return what was read, and its parts by name."""
    with parting() as parts:
        for entry in entries:
            match entry:
                case LedgerAccount():
                    parts.account(entry)
                case LedgerObject():
                    parts.object(entry)
                case LedgerBalance():
                    parts.balance(entry)
                case LedgerVoucher():
                    parts.voucher(entry)
        year = parts.whole(FIRST, LAST)
        return year, {part.part: part for part in year.part(one.part for one in year.parts)}


def test_vouchers_stand_in_blocks_of_a_hundred_numbers() -> None:
    """By series and number; what has no number is in the block of its month."""
    entries = [
        voucher("99"),
        voucher("100"),
        voucher("7", "B"),
        voucher("", "B"),
        voucher("1", ""),
        voucher("1", "A B"),
    ]
    found = parts_of(*entries)
    assert [name for name in found if "~" not in name] == [
        "balances",
        "chart",
        "vouchers/A/0000000",
        "vouchers/A/0000001",
        "vouchers/B/0000000",
    ]
    unnamed = [name for name in found if "~" in name]
    assert unnamed[0] == "vouchers/B/~2025-03"
    assert unnamed[1] == "vouchers/~/0000000"
    assert unnamed[2].startswith("vouchers/~")
    assert len(unnamed[2]) == len("vouchers/~/0000000") + 16
    assert sum(len(part.vouchers) for part in found.values()) == len(entries)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_the_order_says_nothing(numbers: list[int], luck: random.Random) -> None:
    """The same year in another order is the same parts, byte for byte, numbers that stand twice among them."""
    entries = [voucher(str(number), text=f"{index % 3}") for index, number in enumerate(numbers)]
    year, found = year_of(*entries)
    luck.shuffle(entries)
    again, others = year_of(*entries)
    assert (year.sha256, year.parts) == (again.sha256, again.parts)
    assert found == others
    written = [int(one.number) for name in sorted(found) for one in found[name].vouchers]
    assert written == sorted(numbers)


def test_a_part_is_known_by_the_digest_of_its_message() -> None:
    """What is told of a part is what anybody computes of the fact; its revision begins with it."""
    account = LedgerAccount(number="1910", name="Kassa", sru=("7281",))
    balance = LedgerBalance(account="1910", kind="opening", amount=TEN)
    year, found = year_of(account, LedgerObject(dimension=1, code="10"), balance, voucher("1"))
    assert {part: ledger_parts.digest(found[part]) for part in found} == {one.part: one.sha256 for one in year.parts}
    assert all(one.sha256.startswith(ids.revision(found[one.part])) for one in year.parts)
    assert (year.vouchers, year.rows) == (1, 2)
    assert year.sha256 == ledger_parts.digest_of_year(reversed(year.parts))


def test_one_voucher_more_changes_one_part() -> None:
    """A refreshed year tells what is new, not everything."""
    entries = [voucher(str(number)) for number in range(1, 1000)]
    before, after = year_of(*entries)[0], year_of(*entries, voucher("1000"), voucher("450", text="again"))[0]
    changed = {one.part for one in after.parts} - {one.part for one in before.parts if one in after.parts}
    assert changed == {"vouchers/A/0000004", "vouchers/A/0000010"}


def test_a_block_that_is_too_much_for_a_message_goes_on_in_another() -> None:
    """Rows, bytes and values are bounded, since a message of Kafka is; a larger voucher stands alone."""
    wide = [voucher(str(number), rows=900) for number in range(10)]
    found = parts_of(*wide, voucher("11", rows=MOST_ROWS + 1), voucher("12"))
    assert [(name, [one.number for one in part.vouchers]) for name, part in found.items() if part.vouchers] == [
        ("vouchers/A/0000000", ["0", "1", "2", "3", "4"]),
        ("vouchers/A/0000000/002", ["5", "6", "7", "8", "9"]),
        ("vouchers/A/0000000/003", ["11"]),
        ("vouchers/A/0000000/004", ["12"]),
    ]
    assert list(found) == sorted(found)
    long = [voucher(str(number), text="x" * 400_000) for number in range(5)]
    assert [len(part.vouchers) for part in parts_of(*long).values() if part.vouchers] == [2, 2, 1]
    accounts = [LedgerAccount(number=str(number)) for number in range(MOST_ROWS + 1)]
    assert [len(part.accounts) for name, part in parts_of(*accounts).items() if "chart" in name] == [MOST_ROWS, 1]


def test_a_voucher_is_found_wherever_its_block_goes_on() -> None:
    """In whichever part of its block, and of its series alone; with what stands beside it, and no more."""
    wide = [voucher(str(number), rows=900) for number in range(100, 110)]
    far = [voucher(str(number)) for number in (1, 250, 900, 950)]
    other = [voucher("105", series="AB"), voucher("1", series="Lön 7"), voucher("X 1")]
    found = parts_of(*wide, *far, *other)
    names = [name for name in found if name.startswith(ledger_parts.VOUCHERS)]

    def around(series: str, number: str) -> list[str]:
        near = ledger_parts.around(reversed(names), series, number)
        return [one.number for name in near for one in found[name].vouchers]

    numbers = [one.number for one in wide]
    assert around("A", "109") == ["1", *numbers, "250"]
    assert around("A", "950") == ["250", "900", "950"]
    assert around("A", "X 1") == ["X 1", "1", *numbers, "250", "900", "950"]
    assert (around("AB", "105"), around("Lön 7", "1")) == (["105"], ["1"])
    assert around("B", "1") == around("A", "5000") == []


@pytest.mark.parametrize("alone", [voucher("1", text="," * 80_000), voucher("1", text="x" * 3_100_000)])
def test_what_no_message_can_hold_is_said(alone: LedgerVoucher) -> None:
    """One voucher alone can be too much; then the year is refused, not sent in half."""
    with pytest.raises(Malformed, match=r"vouchers/A/0000000: .* more than a message on Kafka can hold"):
        parts_of(alone)


def test_balances_of_the_same_are_added_up_and_nothing_is_left_out() -> None:
    """Zero balances may be omitted in the books: here they always are. Objects stand in one order."""
    ten, six = ObjectCode(dimension=1, code="10"), ObjectCode(dimension=6, code="P")
    one = LedgerBalance(account="1910", kind="opening", amount=TEN, quantity="2.50")
    found = parts_of(
        one,
        one,
        LedgerBalance(account="1920", kind="closing", amount=Decimal("0.00")),
        LedgerBalance(account="3000", kind="closing", amount=TEN, objects=(six, ten)),
        LedgerBalance(account="3000", kind="closing", amount=TEN, objects=(ten, six)),
    )["balances"].balances
    assert [(each.account, each.amount, each.quantity, each.objects) for each in found] == [
        ("1910", Decimal("20.00"), "5", ()),
        ("3000", Decimal("20.00"), None, (ten, six)),
    ]


def test_a_voucher_stands_in_one_way() -> None:
    """A row's day that is its voucher's says nothing, nor does the order of its objects; that of rows does."""
    ten, six = ObjectCode(dimension=1, code="10"), ObjectCode(dimension=6, code="P")
    first = LedgerRow(account="1910", amount=TEN, objects=(six, ten), day=date(2025, 3, 1))
    second = LedgerRow(account="3000", amount=-TEN, day=date(2025, 3, 2))
    one = voucher("1").model_copy(update={"rows": (first, second)})
    plain = first.model_copy(update={"objects": (ten, six), "day": None})
    assert ledger_parts.canonical(one).rows == (plain, second)
    assert ledger_parts.canonical(voucher("1")) is not None
    other = one.model_copy(update={"rows": (second, first)})
    assert ledger_parts.digest(ledger_parts.canonical(one)) != ledger_parts.digest(ledger_parts.canonical(other))


@pytest.mark.parametrize(("quantity", "text"), [("2.00", "2"), ("-2.50", "-2.5"), ("100", "100"), ("0.0", None)])
def test_a_quantity_is_written_in_one_way(quantity: str, text: str | None) -> None:
    """2 and 2.00 are the same; nothing is none."""
    assert ledger_parts.quantity_text(Decimal(quantity)) == text


def test_balances_beyond_any_amount_are_refused() -> None:
    """Twelve digits are what every system takes."""
    most = LedgerBalance(account="1910", kind="opening", amount=Decimal("999999999999.99"))
    with pytest.raises(Malformed, match="account 1910 sum to more than twelve digits"):
        parts_of(most, most)


def test_a_year_without_anything_has_its_two_parts() -> None:
    """A new year: no vouchers, no balances."""
    year, found = year_of()
    assert [one.part for one in year.parts] == ["balances", "chart"]
    assert (year.vouchers, found["chart"].accounts) == (0, ())
