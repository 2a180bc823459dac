"""What a company says of itself, its locked period, and who is asking."""

from typing import Final

from connectors.fortnox.sandbox.answers import ApiAnswer
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import Route, ok


def company_information(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Say whose books these are; here ``DatabaseNumber`` is a number."""
    asked.allow()
    return ok(
        CompanyInformation={
            "Address": "",
            "City": "",
            "CountryCode": "SE",
            "DatabaseNumber": company.database_number,
            "CompanyName": company.name,
            "OrganizationNumber": company.organisation_number,
            "VisitAddress": "",
            "VisitCity": "",
            "VisitCountryCode": "SE",
            "VisitZipCode": "",
            "ZipCode": "",
        }
    )


def settings(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Say the same in the settings' words; here ``DatabaseNumber`` is text."""
    asked.allow()
    empty = (
        "Address BG BIC BranchCode City ContactFirstName ContactLastName Domicile Email Fax IBAN PG Phone1 Phone2 "
        "VATNumber VisitAddress VisitCity VisitCountry VisitCountryCode VisitName VisitZipCode WWW ZipCode"
    )
    return ok(
        CompanySettings={
            **dict.fromkeys(empty.split(), ""),
            "Country": "Sverige",
            "CountryCode": "SE",
            "DatabaseNumber": str(company.database_number),
            "Name": company.name,
            "OrganizationNumber": company.organisation_number,
            "TaxEnabled": True,
        }
    )


def locked_period(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Say until when nothing may be booked; null locks nothing."""
    asked.allow()
    return ok(LockedPeriod={"EndDate": company.locked_until})


def me(asked: ApiRequest, _company: Company) -> ApiAnswer:
    """Say who consented. This does not tell which company it is."""
    asked.allow()
    user = asked.user
    return ok(
        Me={
            "Id": str(asked.user_id),
            "Name": user.name if user else "",
            "Email": user.email if user else "",
            "Locale": "sv-SE",
            "SysAdmin": user is not None and user.administrator,
        }
    )


ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "/3/companyinformation", "companyinformation", company_information),
    ("GET", "/3/settings/company", "settings", settings),
    ("GET", "/3/settings/lockedperiod", "settings", locked_period),
    ("GET", "/3/me", "profile", me),
)
