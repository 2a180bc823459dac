"""The fields of invoices and orders. Emptiness is as recorded in 2022 to 2026."""

from typing import Any, Final

from connectors.fortnox.sandbox import forms
from connectors.fortnox.sandbox.forms import Day, Digits, Field, Flag, Form, Number, Part, Rows, Text
from connectors.fortnox.sandbox.resources import house_work


def _texts(names: str, longest: int = 1024, empty: str | None = "") -> dict[str, Field]:
    return {name: Text(longest=longest, empty=empty) for name in names.split()}


def _fixed(names: str, empty: Any) -> dict[str, Field]:
    return {name: Field(empty=empty) for name in names.split()}


_CODE: Final = Text(longest=20, empty="", filled=True)
_EMAIL: Final = {
    **_texts("EmailAddressFrom EmailAddressTo EmailAddressCC EmailAddressBCC", empty=None),
    "EmailSubject": Text(longest=100, free=True),  # "Invoice {no}" was taken
    "EmailBody": Text(longest=20000, free=True),
}
_EDI: Final = {
    **_texts("EDIGlobalLocationNumber EDIGlobalLocationNumberDelivery", longest=13, empty=None),
    **_texts("EDIInvoiceExtra1 EDIInvoiceExtra2 EDIOurElectronicReference EDIYourElectronicReference", empty=None),
    "EDIStatus": Field(empty=""),
}
_HOUSE_WORK: Final = frozenset({"EMPTYHOUSEWORK"}.union(house_work.ENDED, *house_work.KINDS.values()))
_ROW: Final[Form] = {
    "AccountNumber": Number(places=0, least=1000, most=9999),
    "ArticleNumber": Text(empty=""),
    "ContributionPercent": Field(empty="0"),
    "ContributionValue": Field(empty="0"),
    "Cost": Number(empty=0, least=-9_999_999_999, most=9_999_999_999),
    "CostCenter": _CODE,
    "DeliveredQuantity": Digits(empty="0"),
    "Description": Text(longest=255, empty=""),
    "Discount": Number(empty=0),
    "DiscountType": Text(choices=frozenset({"AMOUNT", "PERCENT"}), empty="PERCENT"),
    "HouseWork": Flag(empty=False),
    "HouseWorkHoursToReport": Number(places=0, least=0, most=999),
    "HouseWorkType": Text(choices=_HOUSE_WORK),
    "Price": Number(empty=0),
    "Project": _CODE,
    "RowId": Number(places=0),
    "StockPointCode": Text(),
    "Total": Field(empty=0),
    "Unit": Text(longest=20, empty=""),
    "VAT": Number(places=0, empty=25),
    "VATCode": Text(),
}
INVOICE_ROW: Final[Form] = {**_ROW, "PriceExcludingVAT": Field(empty=0), "TotalExcludingVAT": Field(empty=0)}
ORDER_ROW: Final[Form] = {
    **_ROW,
    "OrderedQuantity": Digits(empty="0"),
    "ReservedQuantity": Field(empty="0"),
    "StockPointId": Text(),
}
_DOCUMENT: Final[Form] = {
    **_texts("Address1 Address2 City Comments Country CostCenter"),
    "AdministrationFee": Number(empty=0),
    **_fixed("AdministrationFeeVAT BasisTaxReduction ContributionPercent ContributionValue FreightVAT", 0),
    **_fixed("Cancelled HouseWork Sent", empty=False),
    "Currency": Text(longest=3, empty="SEK"),
    "CurrencyRate": Number(places=6, empty=1),
    "CurrencyUnit": Number(places=0, empty=1),
    "CustomerName": Text(empty=""),
    "CustomerNumber": Text(required=True),
    **_texts("DeliveryAddress1 DeliveryAddress2 DeliveryCity DeliveryCountry DeliveryName DeliveryZipCode"),
    "DeliveryDate": Day(),
    "DocumentNumber": Text(),
    "EmailInformation": Part(form=_EMAIL, empty=dict.fromkeys(_EMAIL)),
    **_texts("ExternalInvoiceReference1 ExternalInvoiceReference2", longest=80),
    "Freight": Number(empty=0),
    **_fixed("Gross Net RoundOff Total TotalToPay TotalVAT", 0),
    "Labels": Rows(form={"Id": Number(places=0)}),
    "Language": Text(choices=frozenset({"SV", "EN"}), empty="SV"),
    "NotCompleted": Flag(empty=False),
    "OfferReference": Field(empty="0"),
    "OrganisationNumber": Field(empty=""),
    **_texts("OurReference YourReference", longest=50),
    "OutboundDate": Day(),
    **_texts("Phone1 Phone2"),
    "PriceList": Text(empty="A"),
    "Project": Text(empty=""),
    "Remarks": Text(empty=""),
    "TaxReduction": Field(),
    "TaxReductionType": Text(choices=frozenset({"none", "rot", "rut", "green"}), empty="none"),
    "TermsOfDelivery": Text(empty=""),
    "TermsOfPayment": Text(empty="30"),
    "TimeBasisReference": Field(),
    "VATIncluded": Flag(empty=False),
    "WayOfDelivery": Text(empty=""),
    "YourOrderNumber": Text(longest=75, empty=""),
    "ZipCode": Text(empty=""),
    "@urlTaxReductionList": Field(),
}
INVOICE: Final[Form] = {
    **_DOCUMENT,
    "AccountingMethod": Field(empty="ACCRUAL"),
    "Balance": Field(empty=0),
    "Booked": Field(empty=False),
    **_fixed("ContractReference CreditInvoiceReference InvoiceReference OrderReference", "0"),
    "Credit": Field(empty="false"),
    "DueDate": Day(),
    "EDIInformation": Part(form=_EDI, empty=forms.show(_EDI, {})),
    "EUQuarterlyReport": Flag(empty=False),
    "FinalPayDate": Field(),
    "InvoiceDate": Day(),
    **_fixed("InvoicePeriodEnd InvoicePeriodStart", ""),
    "InvoiceRows": Rows(form=INVOICE_ROW),
    "InvoiceType": Text(
        choices=frozenset({"INVOICE", "AGREEMENTINVOICE", "INTRESTINVOICE", "SUMMARYINVOICE", "CASHINVOICE"}),
        empty="INVOICE",
    ),
    "LastRemindDate": Field(),
    "NoxFinans": Field(empty=False),
    "OCR": Text(empty=""),
    "PaymentWay": Text(choices=frozenset({"CASH", "CARD", "AG"}), empty=""),
    "PrintTemplate": Text(empty="st"),
    "Reminders": Field(empty=0),
    **_fixed("VoucherNumber VoucherSeries VoucherYear", None),
    "WarehouseReady": Field(empty=True),
}
ORDER: Final[Form] = {
    **_DOCUMENT,
    "CopyRemarks": Flag(empty=False),
    "DeliveryState": Text(choices=frozenset({"registration", "reservation", "delivery"}), empty="delivery"),
    "InvoiceReference": Field(empty="0"),
    "OrderDate": Day(),
    "OrderRows": Rows(form=ORDER_ROW),
    "OrderType": Field(empty="Order"),
    "PrintTemplate": Text(empty="oc"),
    "StockPointCode": Text(),
    "StockPointId": Text(),
    "WarehouseReady": Field(empty=True),
}
