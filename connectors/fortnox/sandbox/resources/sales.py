"""Customers, articles, units, terms of payment and labels."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import RequestRefused, to_json
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.forms import Field, Flag, Form, Number, Part, Text
from connectors.fortnox.sandbox.records import Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import registers
from connectors.fortnox.sandbox.resources.registers import Change, Register
from connectors.fortnox.sandbox.resources.route import Route

_COUNTRIES: Final = {"SE": "Sverige", "NO": "Norge", "DK": "Danmark", "FI": "Finland", "DE": "Tyskland"}
"""Names that Fortnox gives for codes; another country shows its code."""

_DELIVERY: Final = Text(choices=frozenset({"PRINT", "EMAIL", "PRINTSERVICE"}), empty="PRINT")
_TEMPLATE: Final = Text(empty="DEFAULTTEMPLATE")
_PHRASE: Final = Text(empty="")


def _texts(names: str, longest: int = 1024, empty: str | None = None) -> dict[str, Field]:
    return {name: Text(longest=longest, empty=empty) for name in names.split()}


# Emptiness is as recorded: null in addresses, "" in most of the rest.
CUSTOMER: Final[Form] = {
    **_texts("Address1 Address2 City"),
    "Country": Field(),
    **_texts("Comments"),
    "Currency": Text(shortest=3, longest=3, empty="SEK"),
    "CostCenter": Text(longest=6),
    "CountryCode": Text(shortest=2, longest=2),
    "Active": Flag(empty=True),
    "CustomerNumber": Text(),
    "DefaultDeliveryTypes": Part(
        form={"Invoice": _DELIVERY, "Order": _DELIVERY, "Offer": _DELIVERY},
        empty={"Invoice": "PRINT", "Order": "PRINT", "Offer": "PRINT"},
    ),
    "DefaultTemplates": Part(
        form={"Order": _TEMPLATE, "Offer": _TEMPLATE, "Invoice": _TEMPLATE, "CashInvoice": _TEMPLATE},
        empty=dict.fromkeys(("Order", "Offer", "Invoice", "CashInvoice"), "DEFAULTTEMPLATE"),
    ),
    **_texts("DeliveryAddress1 DeliveryAddress2 DeliveryCity"),
    "DeliveryCountry": Field(),
    "DeliveryCountryCode": Text(shortest=2, longest=2),
    **_texts("DeliveryFax DeliveryName DeliveryPhone1 DeliveryPhone2"),
    "DeliveryZipCode": Text(longest=10),
    **_texts(
        "Email EmailInvoice EmailInvoiceBCC EmailInvoiceCC EmailOffer EmailOfferBCC EmailOfferCC EmailOrder "
        "EmailOrderBCC EmailOrderCC",
        empty="",
    ),
    "ExternalReference": Text(),
    "Fax": Text(),
    "GLN": Text(shortest=13, longest=13),
    "GLNDelivery": Text(shortest=13, longest=13),
    "InvoiceAdministrationFee": Number(texts=True),
    "InvoiceDiscount": Number(),
    "InvoiceFreight": Number(texts=True),
    "InvoiceRemark": _PHRASE,
    "Name": Text(required=True, shortest=1),
    "OrganisationNumber": _PHRASE,
    "OurReference": Text(longest=50, empty=""),
    **_texts("Phone1 Phone2"),
    "PriceList": Text(empty="A"),
    "Project": Text(longest=20, empty=""),
    "SalesAccount": Number(places=0, least=1000, most=9999, texts=True),
    "ShowPriceVATIncluded": Flag(empty=False),
    **_texts("TermsOfDelivery TermsOfPayment", empty=""),
    "Type": Text(choices=frozenset({"PRIVATE", "COMPANY"}), refusal=answers.BAD_CUSTOMER_TYPE, empty="COMPANY"),
    "VATNumber": _PHRASE,
    "VATType": Text(choices=frozenset({"SEVAT", "SEREVERSEDVAT", "EUREVERSEDVAT", "EUVAT", "EXPORT"}), empty="SEVAT"),
    **_texts("VisitingAddress VisitingCity", longest=128),
    "VisitingCountry": Field(),
    "VisitingCountryCode": Text(shortest=2, longest=2),
    "VisitingZipCode": Text(longest=10),
    "WayOfDelivery": _PHRASE,
    "WWW": Text(longest=128, empty="", free=True),  # "https://example.com" was taken
    "YourReference": Text(longest=50, empty=""),
    "ZipCode": Text(longest=10),
}

ARTICLE: Final[Form] = {
    "ArticleNumber": Text(longest=50),
    "Bulky": Flag(empty=False),
    "ConstructionAccount": Number(places=0, empty=0),
    "Depth": Number(places=0, empty=0),
    "Description": Text(required=True, shortest=1, longest=200),
    "DisposableQuantity": Field(empty=0),
    "EAN": Text(longest=30, empty=""),
    "EUAccount": Number(places=0, least=1000, most=99999, empty=3108),
    "EUVATAccount": Number(places=0, least=1000, most=99999, empty=3106),
    "ExportAccount": Number(places=0, least=1000, most=99999, empty=3105),
    "Height": Number(places=0, empty=0),
    "Housework": Flag(empty=False),
    "HouseworkType": Text(),
    "Active": Flag(empty=True),
    "Manufacturer": Text(longest=50),
    "ManufacturerArticleNumber": Text(longest=50, empty=""),
    "Note": Text(longest=10000, empty=""),
    "PurchaseAccount": Number(places=0, least=1000, most=99999, empty=4000),
    "PurchasePrice": Number(empty=0),
    "QuantityInStock": Number(empty=0, least=-(10**14), most=10**14),
    "ReservedQuantity": Field(empty=0),
    "SalesAccount": Number(places=0, least=1000, most=99999, empty=3001),
    "StockGoods": Flag(empty=False),
    "StockPlace": Text(longest=100),
    "StockValue": Field(empty=0),
    "StockWarning": Number(),
    "SupplierName": Field(),
    "SupplierNumber": Text(),
    "Type": Text(choices=frozenset({"STOCK", "SERVICE"}), empty="STOCK"),
    "Unit": Text(),
    "VAT": Number(places=0, empty=25),
    "WebshopArticle": Flag(empty=False),
    "Weight": Number(places=0, empty=0),
    "Width": Number(places=0, empty=0),
    "Expired": Flag(empty=False),
    "SalesPrice": Field(),
    "CostCalculationMethod": Text(),
    "StockAccount": Number(places=0),
    "StockChangeAccount": Number(places=0),
    "DirectCost": Number(),
    "FreightCost": Number(),
    "OtherCost": Number(),
    "DefaultStockPoint": Text(),
    "DefaultStockLocation": Text(),
    "CommodityCode": Text(empty=""),
}


def _prepare_customer(change: Change) -> Values:
    if not all(character.isalnum() or character in "–-+/_" for character in change.key):  # noqa: RUF001 - theirs
        raise RequestRefused(answers.NOT_TEXT, change.key)
    return change.values


def _show_customer(values: Values, _asked: ApiRequest, _company: Company) -> dict[str, Any]:
    codes = {name: values.get(f"{name}Code") for name in ("Country", "DeliveryCountry", "VisitingCountry")}
    return {name: code and _COUNTRIES.get(str(code), code) for name, code in codes.items()}


def _show_article(values: Values, _asked: ApiRequest, _company: Company) -> dict[str, Any]:
    """Return what follows from other fields; nothing is reserved here. Stock goods have costs (recorded)."""
    price = Decimal(str(values.get("PurchasePrice") or 0))
    costs = {"DirectCost": price, "FreightCost": 0, "OtherCost": 0} if values.get("StockGoods") else {}
    return {
        "DisposableQuantity": Decimal(str(values.get("QuantityInStock") or 0)),
        **{name: cost for name, cost in costs.items() if values.get(name) is None},
    }


_CUSTOMER_ITEM: Final = registers.only(
    "Address1 Address2 City CustomerNumber Email Name OrganisationNumber ZipCode Phone1"
)
_ARTICLE_ITEM: Final = registers.only(
    "ArticleNumber Description DisposableQuantity EAN Housework PurchasePrice SalesPrice QuantityInStock "
    "ReservedQuantity StockPlace StockValue Unit VAT WebshopArticle"
)


def _reduced_customer(full: dict[str, Any]) -> dict[str, Any]:
    """Return a customer as lists show it: "" where the customer has null, and a name of its own for the phone."""
    shown = {name: value or "" for name, value in _CUSTOMER_ITEM(full).items()}
    return {"Phone" if name == "Phone1" else name: value for name, value in shown.items()}


def _reduced_article(full: dict[str, Any]) -> dict[str, Any]:
    """Return an article as lists show it: numbers as text, and "" for no unit."""
    item = (_ARTICLE_ITEM(full) | {"Unit": full["Unit"] or ""}).items()
    return {name: to_json(value).decode() if type(value) in {int, Decimal} else value for name, value in item}


_ACTIVE: Final[Mapping[str, registers.Filter]] = {
    "active": lambda values, _today: values.get("Active") is not False,
    "inactive": lambda values, _today: values.get("Active") is False,
}
CUSTOMERS: Final = Register(
    path="customers",
    one="Customer",
    many="Customers",
    key="CustomerNumber",
    scope="customer",
    form=CUSTOMER,
    missing=answers.NO_CUSTOMER,
    taken=answers.CUSTOMER_NUMBER_USED,
    location="customers",
    deleted=204,
    reserved=answers.CUSTOMER_NUMBER_RESERVED,
    reduced=_reduced_customer,
    contains=registers.named("Name City ZipCode Email Phone OrganisationNumber"),
    equals=registers.named("CustomerNumber GLN GLNDelivery"),
    sort=registers.named("CustomerNumber Name"),
    filters=_ACTIVE,
    prepare=_prepare_customer,
    shown=_show_customer,
)

ARTICLES: Final = Register(
    path="articles",
    one="Article",
    many="Articles",
    key="ArticleNumber",
    scope="article",
    form=ARTICLE,
    missing=answers.NO_ARTICLE,
    taken=answers.ARTICLE_NUMBER_USED,
    location="articles",
    deleted=204,
    reduced=_reduced_article,
    contains=registers.named("Description Manufacturer"),
    equals=registers.named("ArticleNumber EAN SupplierNumber ManufacturerArticleNumber"),
    asks={"webshop": registers.flag("WebshopArticle")},
    sort=registers.named("ArticleNumber Description QuantityInStock ReservedQuantity StockValue"),
    filters=_ACTIVE,
    shown=_show_article,
)

UNITS: Final = Register(
    path="units",
    one="Unit",
    many="Units",
    key="Code",
    scope="settings",
    form={
        "Code": Text(required=True, shortest=1, longest=20),
        "CodeEnglish": Text(longest=100, empty=""),
        "Description": Text(required=True, shortest=1, longest=100),
    },
    missing=answers.NO_UNIT,
    location="units",
    deleted=204,
)

TERMS_OF_PAYMENT: Final = Register(
    path="termsofpayments",
    one="TermsOfPayment",
    many="TermsOfPayments",
    key="Code",
    scope="settings",
    form={
        "Code": Text(required=True, shortest=1, longest=25),
        "Description": Text(required=True, shortest=1),
    },
    missing=answers.NO_TERMS_OF_PAYMENT,
    location="paymentterms",
    deleted=204,
)

LABELS: Final = Register(
    path="labels",
    one="Label",
    many="Labels",
    key="Id",
    scope="settings",
    form={"Id": Number(places=0), "Description": Text(required=True, shortest=1, longest=25)},
    missing=answers.NO_LABEL,
    location="labels",
    deleted=204,
    bare=True,
)

ROUTES: Final[tuple[Route, ...]] = tuple(
    route for each in (CUSTOMERS, ARTICLES, UNITS, TERMS_OF_PAYMENT, LABELS) for route in registers.routes(each)
)
