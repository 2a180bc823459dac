"""Settings to start from, after the BAS chart of accounts."""

from datetime import date

from schemas.settings import (
    CategoryAccount,
    DaySalesSettings,
    GroupRate,
    PaymentAccount,
    SalesAccount,
    VatAccount,
)

_GIFT_CARDS = ("gift_card", "gift_cards", "gift card", "gift cards", "presentkort")
"""Groups by which tills sell them that do not tell them apart from sales: debt at 0 %, with VAT what their VAT says."""

BAS_DAY_SALES = DaySalesSettings(
    series="F",
    payments=(
        PaymentAccount(method="cash", account=1910),
        PaymentAccount(method="card", account=1580, valid_to=date(2025, 12, 31)),
        PaymentAccount(method="card", account=1686, valid_from=date(2026, 1, 1)),
        PaymentAccount(method="swish", account=1930),
        PaymentAccount(method="invoice", account=1518),
        PaymentAccount(method="gift_card", account=2421),
    ),
    sales=(
        SalesAccount(vat_rate="25", account=3001),  # type: ignore[arg-type] # read as a Rate
        SalesAccount(vat_rate="12", account=3002),  # type: ignore[arg-type] # read as a Rate
        SalesAccount(vat_rate="6", account=3003),  # type: ignore[arg-type] # read as a Rate
        SalesAccount(vat_rate="0", account=3004),  # type: ignore[arg-type] # read as a Rate
        *(
            SalesAccount(group=group, vat_rate="0", account=2421)  # type: ignore[arg-type] # read as a Rate
            for group in _GIFT_CARDS
        ),
    ),
    vat=(
        VatAccount(vat_rate="25", account=2611),  # type: ignore[arg-type] # read as a Rate
        VatAccount(vat_rate="12", account=2621),  # type: ignore[arg-type] # read as a Rate
        VatAccount(vat_rate="6", account=2631),  # type: ignore[arg-type] # read as a Rate
        VatAccount(vat_rate="0"),  # type: ignore[arg-type] # read as a Rate
    ),
    group_rates=(
        GroupRate(group="food", vat_rate="12", valid_to=date(2026, 3, 31)),  # type: ignore[arg-type] # read as a Rate
        GroupRate(
            group="food",
            vat_rate="6",  # type: ignore[arg-type] # read as a Rate
            valid_from=date(2026, 4, 1),
            valid_to=date(2027, 12, 31),
        ),
        GroupRate(group="food", vat_rate="12", valid_from=date(2028, 1, 1)),  # type: ignore[arg-type] # read as a Rate
    ),
    others=(
        CategoryAccount(category="tips", account=2820),
        CategoryAccount(category="rounding", account=3740),
        CategoryAccount(category="gift_cards_sold", account=2421),
        CategoryAccount(category="deposits", account=2420),
        CategoryAccount(category="cash_difference", account=3740),
    ),
)
"""A starting set after the BAS chart (facts: BAS defaults); every company looks it over against its own chart."""
