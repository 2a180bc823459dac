"""What a company's flows need at Fortnox: scopes to consent to, and licences. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.commands import AttachFile, Order, PostVoucher, UpsertEmployee, WriteAbsence
from schemas.invoices import CreateInvoice, FindCustomer
from schemas.ledger import ReadLedger
from schemas.settings import TenantSettings
from schemas.words import Said


@dataclass(frozen=True, slots=True)
class Needs:
    """What an order needs of a company's Fortnox: scopes to be consented to, its own one first, and licences."""

    scopes: tuple[str, ...]
    licences: tuple[str, ...]


_STAFF: Final = Needs(("salary", "companyinformation", "settings", "costcenter", "project"), ("integration", "salary"))
NEEDS: Final[Mapping[type[Order], Needs]] = {
    PostVoucher: Needs(("bookkeeping", "companyinformation", "settings", "costcenter"), ("integration", "bookkeeping")),
    UpsertEmployee: _STAFF,
    WriteAbsence: _STAFF,
    CreateInvoice: Needs(("invoice", "customer", "companyinformation"), ("integration", "invoicing")),
    FindCustomer: Needs(("customer", "companyinformation"), ("integration", "invoicing")),
    AttachFile: Needs(
        ("bookkeeping", "connectfile", "archive", "inbox", "companyinformation"), ("integration", "bookkeeping")
    ),
    ReadLedger: Needs(("bookkeeping", "companyinformation", "settings"), ("integration", "bookkeeping")),
}
"""By what is carried out (facts §1.9; FEATURES P13-P16). A flow is called by its section of TenantSettings."""
ORDERS_INSTEAD: Final = Needs(("order", "customer", "companyinformation"), ("integration", "invoicing", "order"))
"""Of orders instead of invoices; the invoices that a person makes of them take the module as well."""


EXTRAS: Final[Mapping[str, Needs]] = {
    "documents": Needs(
        ("archive", "connectfile", "bookkeeping", "companyinformation", "settings"), ("integration", "bookkeeping")
    ),
    "supplier_documents": Needs(("supplierinvoice",), ("integration", "supplier-invoices")),
    "invoice_documents": Needs(("invoice",), ("integration", "invoicing")),
    "open_customer_invoices": Needs(("payment", "invoice"), ("integration", "invoicing")),
    "open_supplier_invoices": Needs(("payment", "supplierinvoice"), ("integration", "supplier-invoices")),
}
"""What is asked for only when somebody says so, with the link: documents of vouchers, those of two modules more, and
which invoices were open at a balance date."""
EXTRA_NAMES: Final[Mapping[str, Said]] = {
    "documents": Said("verifikationernas dokument", "the vouchers' documents"),
    "supplier_documents": Said("leverantörsfakturornas dokument", "the documents of suppliers' invoices"),
    "invoice_documents": Said("kundfakturorna, som de ser ut", "customers' invoices, as they look"),
    "open_customer_invoices": Said("vilka kundfakturor som var öppna", "which customers' invoices were open"),
    "open_supplier_invoices": Said("vilka leverantörsfakturor som var öppna", "which suppliers' invoices were open"),
}
Extras = tuple[str, ...]

_FIRST: Final = tuple(flow for flow, orders in TenantSettings.ORDERS.items() if PostVoucher in orders)
"""Asked for while nothing is switched on: a company may connect before its accounts are mapped."""


def needs_of(flow: str, settings: TenantSettings) -> Needs:
    """Return what a flow needs for all that it has carried out at Fortnox under a company's settings."""
    orders = settings.invoicing is not None and settings.invoicing.order_instead_of_invoice
    needs: Mapping[type[Order], Needs] = {**NEEDS, CreateInvoice: ORDERS_INSTEAD} if orders else NEEDS
    found = [needs[order] for order in settings.carried_out(flow) if order in needs]
    return Needs(_united(each.scopes for each in found), _united(each.licences for each in found))


def flows(settings: TenantSettings) -> tuple[str, ...]:
    """Return the flows that consent is asked for: those that are switched on."""
    return _switched_on(settings) or _FIRST


def is_switched_on(settings: TenantSettings) -> bool:
    """Tell whether any flow is."""
    return bool(_switched_on(settings))


def _switched_on(settings: TenantSettings) -> tuple[str, ...]:
    chosen = (flow for flow in TenantSettings.ORDERS if getattr(settings, flow, None) is not None)
    return tuple(flow for flow in chosen if settings.carried_out(flow))


def scopes(settings: TenantSettings, extras: Extras = ()) -> tuple[str, ...]:
    """Return the scopes that are asked for, each once."""
    return _united(each.scopes for each in _wanted(settings, extras).values())


def licences(settings: TenantSettings, extras: Extras = ()) -> tuple[str, ...]:
    """Return the licences that the company needs at Fortnox, each once."""
    return _united(each.licences for each in _wanted(settings, extras).values())


def extras_of(settings: TenantSettings, granted: Iterable[str]) -> Extras:
    """Return what was consented to besides what the flows need."""
    held = frozenset(granted)
    more = held - frozenset(scopes(settings))
    return tuple(name for name, needed in EXTRAS.items() if needed.scopes[0] in more and held.issuperset(needed.scopes))


def modules_that_open(refused: Iterable[str], settings: TenantSettings) -> tuple[str, ...]:
    """Return the modules of the flows whose lists a missing licence closes; those of all where no list tells which.

    A flow's first scope is its own; the others are shared.
    """
    closed = frozenset(refused)
    if not closed:
        return ()
    whose = [flow for flow in flows(settings) if needs_of(flow, settings).scopes[0] in closed] or flows(settings)
    return tuple(one for one in _united(needs_of(flow, settings).licences for flow in whose) if one != "integration")


def missing_scopes(settings: TenantSettings, granted: Iterable[str], extras: Extras = ()) -> tuple[str, ...]:
    """Return the scopes that are needed and nobody consented to; a refresh never widens them."""
    held = frozenset(granted)
    return tuple(scope for scope in scopes(settings, extras) if scope not in held)


def has_to_consent(health: str, settings: TenantSettings, granted: Iterable[str]) -> bool:
    """Tell whether a company needs a link: to begin with, again, soon, or for more. Unknown scopes pass for enough."""
    known = tuple(granted)
    lost = {"not connected", "needs consent", "disconnected", "expiring"}
    return health in lost or (bool(known) and bool(missing_scopes(settings, known)))


def flows_that_need(scope: str, settings: TenantSettings, extras: Extras = ()) -> tuple[str, ...]:
    """Return the flows that a scope is asked for, and the extras."""
    return tuple(name for name, needed in _wanted(settings, extras).items() if scope in needed.scopes)


def _wanted(settings: TenantSettings, extras: Extras) -> dict[str, Needs]:
    """Return what is needed, by flow and extra."""
    return {flow: needs_of(flow, settings) for flow in flows(settings)} | {name: EXTRAS[name] for name in extras}


def _united(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in lists for each in one))
