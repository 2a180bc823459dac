"""The demo's story, as data: two companies, four tills, a week, and what shall come of every report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from connectors.demo import reports
from connectors.demo.on_account import DemoSale, SoldRow
from connectors.demo.reports import FOOD, FOOD_AT_SIX, DemoReport, Till, ordinary
from schemas.bas import BAS_DAY_SALES
from schemas.settings import (
    DaySalesSettings,
    GroupRate,
    InvoicingSettings,
    PaymentAccount,
    StoreCalendar,
    StoreCostCentre,
    TenantSettings,
)

MONDAY = date(2026, 3, 30)
_TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = (MONDAY + timedelta(days=n) for n in range(1, 7))
_TWELVE, _SIX = Decimal("12.00"), Decimal("6.00")


@dataclass(frozen=True, slots=True)
class Company:
    """A made-up company: its name here and in Fortnox, Fortnox's number for it, and its stores' cost centres.

    Attributes:
        scopes: what it consents to, from the first token on: what were added later would be known at the next one only.
    """

    tenant: str
    name: str
    organisation_number: str
    database_number: int
    cost_centres: Mapping[str, str]
    settings: TenantSettings
    scopes: str = "bookkeeping companyinformation costcenter settings customer invoice order"


def _settings(
    company_settings: Mapping[str, object], stores: Mapping[str, str], invoicing: InvoicingSettings
) -> TenantSettings:
    food = [
        rate
        for group in FOOD
        for rate in (
            GroupRate(group=group, vat_rate=_TWELVE, valid_to=FOOD_AT_SIX - timedelta(days=1)),
            GroupRate(group=group, vat_rate=_SIX, valid_from=FOOD_AT_SIX, valid_to=date(2027, 12, 31)),
        )
    ]
    chosen = BAS_DAY_SALES.model_copy(
        update={
            "group_rates": tuple(food),
            "cost_centres": tuple(StoreCostCentre(store=s, cost_centre=c) for s, c in stores.items()),
            "days_late": 100_000,  # the week is made up, whenever it is played
            "days_early": 100_000,
            **company_settings,
        }
    )
    return TenantSettings(daysales=DaySalesSettings.model_validate(dict(chosen)), invoicing=invoicing)


_BAGERIET_STORES = {"SODER": "10", "VASTRA": "20"}
_KROGEN_STORES = {"MATSAL": "MAT", "BAREN": "BAR"}
_COLLECTS = InvoicingSettings(order_instead_of_invoice=True, customers="create", series="A")
_INVOICES = InvoicingSettings(allow_tip_on_invoice=True, customers="create", series="A")
BAGERIET = Company(
    "bageriet",
    "Bageriet vid Ån AB",
    "5599990016",
    1001,
    {"10": "Söder", "20": "Västra"},
    _settings({"amended": "reverse"}, _BAGERIET_STORES, _COLLECTS),
)
KROGEN = Company(
    "krogen",
    "Krogen vid Torget AB",
    "5599990024",
    1002,
    {"MAT": "Matsalen", "BAR": "Baren"},
    _settings({"amended": "hold"}, _KROGEN_STORES, _INVOICES),
)
COMPANIES = (BAGERIET, KROGEN)

SODER = Till("bageriet", BAGERIET.name, "SODER", "KASSA1", "HTTP", 412, {"Bröd": 8400, "Fika": 5200, "Presenter": 640})
VASTRA = Till("bageriet", BAGERIET.name, "VASTRA", "KASSA2", "file", 198, {"Bröd": 5650, "Fika": 3120})
MATSAL = Till(
    "krogen", KROGEN.name, "MATSAL", "KASSA1", "HTTP", 1087, {"Mat": 18400, "Öl och vin": 11250, "Take away": 1900}, 870
)
BAREN = Till("krogen", KROGEN.name, "BAREN", "BAR-1", "Kafka", 533, {"Öl och vin": 9800, "Mat": 2640}, 310)
TILLS = (SODER, MATSAL, BAREN, VASTRA)


FAULTS: Mapping[str, str] = {
    "commit_then_lose_answer": "booked, but the answer is lost",
    "commit_then_500": "booked, but the answer is an empty 500",
    "commit_then_html": "booked, but the answer is an error page",
    "late_commit": "the answer is lost, and it is booked only later",
    "reset_before_commit": "the connection is reset, nothing is booked",
    "html_without_commit": "an error page, nothing is booked",
}
"""The sandbox's faults (its README), in words."""


# --- What can happen in a scene -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver:
    """A till sends a report, by its own way. ``ends`` is what must have become of it when the demo is over."""

    report: DemoReport
    ends: str = "booked"


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """A till sends over HTTP what it sent before: the same delivery, or the same report under a new webhook-id."""

    report: DemoReport
    same_delivery: bool


@dataclass(frozen=True, slots=True)
class Forge:
    """Somebody sends a report with a signature that is not the company's."""

    report: DemoReport


@dataclass(frozen=True, slots=True)
class DeliverBroken:
    """A till sends something that breaks the format."""

    report: DemoReport
    instead: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lock:
    """The accountant locks the company's period in Fortnox up to a day, or opens it again (None)."""

    company: Company
    until: date | None


@dataclass(frozen=True, slots=True)
class Break:
    """What goes wrong with the company's next vouchers at Fortnox, one of FAULTS each; None goes well."""

    company: Company
    script: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """The accountant applies settings."""

    company: Company
    settings: TenantSettings
    what: str


@dataclass(frozen=True, slots=True)
class Simulate:
    """The accountant looks what other settings would have made of what came in. They are not applied."""

    company: Company
    settings: TenantSettings
    what: str


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until a report is ``booked``, ``reversed``, ``replaced`` or ``held REASON``."""

    report: DemoReport
    state: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Wait until something of a company is said to be missing, by its key; or until that is ``over``."""

    company: Company
    key: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Sell:
    """A till sends a sale on account, over HTTP."""

    sale: DemoSale


@dataclass(frozen=True, slots=True)
class Sold:
    """Wait until a sale on account stands in Fortnox as what it becomes, and has left its day."""

    sale: DemoSale


@dataclass(frozen=True, slots=True)
class Bookkeep:
    """The accountant books a company's invoices in Fortnox itself."""

    company: Company


Act = (
    Deliver
    | DeliverAgain
    | Forge
    | DeliverBroken
    | Lock
    | Break
    | Apply
    | Simulate
    | Missing
    | Await
    | Sell
    | Sold
    | Bookkeep
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A few things that happen, with a sentence that says what to look for."""

    title: str
    text: str
    acts: tuple[Act, ...] = field(default=())


# --- The week -----------------------------------------------------------------------------------------------------


def _all(*given: DemoReport) -> tuple[Act, ...]:
    """Return deliveries of these reports, and then the waits for their end."""
    return (*map(Deliver, given), *(Await(report, "booked") for report in given))


def _day(day: date, *tills: Till) -> tuple[Act, ...]:
    return _all(*(ordinary(till, MONDAY, day) for till in tills))


_SODER_TUESDAY = ordinary(SODER, MONDAY, _TUESDAY, rounding="0.50")
_MATSAL_TUESDAY = ordinary(MATSAL, MONDAY, _TUESDAY)
_BAREN_TUESDAY = ordinary(BAREN, MONDAY, _TUESDAY)
_VASTRA_WEDNESDAY = ordinary(VASTRA, MONDAY, _WEDNESDAY)
_VASTRA_OLD_RATE = reports.at_old_rate(_VASTRA_WEDNESDAY)
_VASTRA_CORRECTED = reports.amended(_VASTRA_WEDNESDAY, "Bröd", "0.00")
_SODER_FRIDAY = ordinary(SODER, MONDAY, _FRIDAY)
_SODER_FRIDAY_AMENDED = reports.amended(_SODER_FRIDAY, "Bröd", "245.00")
_MATSAL_FRIDAY = ordinary(MATSAL, MONDAY, _FRIDAY)
_MATSAL_FRIDAY_AMENDED = reports.amended(_MATSAL_FRIDAY, "Öl och vin", "-1180.00")
_BAREN_FRIDAY = reports.paid_also_by(ordinary(BAREN, MONDAY, _FRIDAY), "klarna", "1250.00")
_MATSAL_SATURDAY = reports.counted_twice(ordinary(MATSAL, MONDAY, _SATURDAY, gift_cards_used="500.00"), "gift_card")

_PARTY = DemoSale(
    MATSAL,
    88213,
    _SUNDAY,
    {"organisationNumber": "559999-0032", "name": "Bygg & Mur i Söder AB", "email": "faktura@example.com"},
    (SoldRow("Lunchbuffé", "Mat", 12, 12, "145.00"), SoldRow("Lättöl", "Öl och vin", 25, 12, "39.00")),
    "invoice",
    Decimal("150.00"),
)
_SCHOOL = DemoSale(
    SODER,
    20417,
    _SUNDAY,
    {"name": "Skolan vid Ån", "email": "mat@example.com"},
    (SoldRow("Surdegslimpa", "Bröd", 6, 24, "48.00"),),
    "order",
)
_MATSAL_SUNDAY = reports.paid_also_by(ordinary(MATSAL, MONDAY, _SUNDAY), "invoice", str(_PARTY.total))
_SODER_SUNDAY = reports.paid_also_by(ordinary(SODER, MONDAY, _SUNDAY), "invoice", str(_SCHOOL.total))

_BAS_PAYMENTS = BAS_DAY_SALES.payments
_CLOSES = StoreCalendar(store="BAREN", valid_from=MONDAY, valid_to=_WEDNESDAY, closes_at="23:59", grace_minutes=0)
"""Until Wednesday: to the clock on the wall the whole week is over, and each later day would be missing at once."""
_BAR = {"amended": "hold", "calendars": (_CLOSES,), "gap_grace_minutes": 0}
_WITH_CALENDAR = _settings(_BAR, _KROGEN_STORES, _INVOICES)
_WITH_KLARNA = _settings(
    {**_BAR, "payments": (*_BAS_PAYMENTS, PaymentAccount(method="klarna", account=1580))}, _KROGEN_STORES, _INVOICES
)
_CARDS_APART = _settings(
    {
        "amended": "hold",
        "payments": (
            *(p for p in _BAS_PAYMENTS if p.method != "card"),
            *(PaymentAccount(method=method, account=1580) for method in ("card", "klarna")),
        ),
    },
    _KROGEN_STORES,
    _INVOICES,
)
_MISSING_DAY, _MISSING_NUMBER = f"baren/{_TUESDAY}", "openpos/BAREN/BAR-1/533..535"

SCENES: tuple[Scene, ...] = (
    Scene(
        "Two companies choose their settings",
        "Accounts, VAT rates with dates. Amended days: bageriet reverses and books anew, krogen asks first.",
        tuple(Apply(company, company.settings, "BAS accounts") for company in COMPANIES),
    ),
    Scene(
        "Monday 30 March: four registers close",
        "By signed HTTP, straight on Kafka, and by a file. Each report becomes one voucher in Fortnox.",
        _day(MONDAY, *TILLS),
    ),
    Scene(
        "Tuesday 31 March: tills that got no answer send again",
        "One voucher each, whether the delivery or the report is the same. The bar's till is offline today.",
        (
            Deliver(_SODER_TUESDAY),
            DeliverAgain(_SODER_TUESDAY, same_delivery=True),
            Deliver(_MATSAL_TUESDAY),
            DeliverAgain(_MATSAL_TUESDAY, same_delivery=False),
            Deliver(ordinary(VASTRA, MONDAY, _TUESDAY)),
            Await(_SODER_TUESDAY, "booked"),
            Await(_MATSAL_TUESDAY, "booked"),
            Await(ordinary(VASTRA, MONDAY, _TUESDAY), "booked"),
        ),
    ),
    Scene(
        "What is forged or broken stays outside",
        "A wrong signature and a broken report are refused at the door, and the sender is told why.",
        (
            Forge(ordinary(SODER, MONDAY, _WEDNESDAY)),
            DeliverBroken(ordinary(SODER, MONDAY, _WEDNESDAY), {"totalSales": 15010.5, "tip": "20.00"}),
        ),
    ),
    Scene(
        "Wednesday 1 April: VAT on food falls from 12 to 6 %",
        "One till was not told. Its report is held, not booked wrong; the till corrects it; it is booked.",
        (
            *_day(_WEDNESDAY, SODER, MATSAL, BAREN),
            Deliver(_VASTRA_OLD_RATE, ends="replaced"),
            Await(_VASTRA_OLD_RATE, "held wrong_vat_rate"),
            Deliver(_VASTRA_CORRECTED),
            Await(_VASTRA_CORRECTED, "booked"),
            Await(_VASTRA_OLD_RATE, "replaced"),
        ),
    ),
    Scene(
        "Tuesday is missing at the bar",
        "krogen says by when its bar closes. The day that has not come is said so, and so is the number in its series.",
        (
            Apply(KROGEN, _WITH_CALENDAR, "the bar's calendar"),
            Missing(KROGEN, _MISSING_DAY),
            Missing(KROGEN, _MISSING_NUMBER),
        ),
    ),
    Scene(
        "Thursday 2 April: Fortnox's answers get lost",
        "Was it booked or not? Nothing is sent again until Fortnox was asked. Still one voucher each.",
        (
            Break(BAGERIET, ("commit_then_lose_answer", "reset_before_commit")),
            Break(KROGEN, ("commit_then_html", "late_commit")),
            *_day(_THURSDAY, *TILLS),
        ),
    ),
    Scene(
        "Friday 3 April: a means of payment that nobody has mapped",
        "The bar takes Klarna. The day waits; the accountant adds the account; the day is booked by itself.",
        (
            Deliver(_BAREN_FRIDAY),
            Await(_BAREN_FRIDAY, "held unmapped_payment_method"),
            Apply(KROGEN, _WITH_KLARNA, "klarna goes to account 1580"),
            Await(_BAREN_FRIDAY, "booked"),
            Deliver(_SODER_FRIDAY, ends="reversed"),
            *_all(_MATSAL_FRIDAY, ordinary(VASTRA, MONDAY, _FRIDAY)),
            Await(_SODER_FRIDAY, "booked"),
        ),
    ),
    Scene(
        "A late report meets a locked period",
        "krogen has closed March. Now the bar sends Tuesday: missing no more, it waits; March is opened; it goes on.",
        (
            Lock(KROGEN, _TUESDAY),
            Deliver(_BAREN_TUESDAY),
            Missing(KROGEN, _MISSING_DAY, over=True),
            Missing(KROGEN, _MISSING_NUMBER, over=True),
            Await(_BAREN_TUESDAY, "held period_locked"),
            Lock(KROGEN, None),
            Await(_BAREN_TUESDAY, "booked"),
        ),
    ),
    Scene(
        "Saturday 4 April: a report that does not add up",
        "The till counted a gift card twice. The day is held, and the line that explains the gap is named.",
        (
            Deliver(_MATSAL_SATURDAY, ends="held unbalanced"),
            Await(_MATSAL_SATURDAY, "held unbalanced"),
            *_all(
                ordinary(SODER, MONDAY, _SATURDAY, gift_cards_sold="500.00"),
                ordinary(BAREN, MONDAY, _SATURDAY, short="20.00"),
                ordinary(VASTRA, MONDAY, _SATURDAY),
            ),
        ),
    ),
    Scene(
        "Sunday 5 April: Fortnox has another bad day",
        "An error page after booking and one instead of booking look the same from here.",
        (
            Break(BAGERIET, ("commit_then_500", "html_without_commit")),
            Break(KROGEN, (None, "commit_then_lose_answer")),
            *_all(_SODER_SUNDAY, _MATSAL_SUNDAY, ordinary(BAREN, MONDAY, _SUNDAY), ordinary(VASTRA, MONDAY, _SUNDAY)),
        ),
    ),
    Scene(
        "Sold on account: an invoice with a tip, and an order",
        "krogen invoices each guest, bageriet collects a month's orders. Each leaves its day by a voucher beside it.",
        (
            Sell(_PARTY),
            Sell(_SCHOOL),
            Sold(_PARTY),
            Sold(_SCHOOL),
            Bookkeep(KROGEN),
        ),
    ),
    Scene(
        "Friday again: booked days come back with other content",
        "bageriet: reversed and booked anew, three vouchers that name each other. krogen: a person is asked.",
        (
            Deliver(_SODER_FRIDAY_AMENDED),
            Deliver(_MATSAL_FRIDAY_AMENDED, ends="held amended_after_booking"),
            Await(_SODER_FRIDAY, "reversed"),
            Await(_SODER_FRIDAY_AMENDED, "booked"),
            Await(_MATSAL_FRIDAY_AMENDED, "held amended_after_booking"),
        ),
    ),
    Scene(
        "What would the week have come to under another mapping?",
        "krogen tries cards on an account of their own, on all that came in. bokbuss correct would plan the change.",
        (Simulate(KROGEN, _CARDS_APART, "cards on account 1580"),),
    ),
)
