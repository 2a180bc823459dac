"""Customers in Fortnox's words: who fits, and a new one. Pure.

Facts: ``fortnox.md`` §3.12 and A24. Every customer is listed and compared here: a search would put personal numbers and
addresses into a URL, and Fortnox holds numbers with and without hyphen and century.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.fortnox import encode
from connectors.fortnox.classify import NO_RIGHT
from infra.delivery.requests import Request
from infra.verdicts import Delivered
from schemas.characters import sanitise
from schemas.identities import is_persons, ten_digits, ten_of
from schemas.invoices import FindCustomer
from schemas.personal import Personal

ONE: Final = "Customer"
MANY: Final = "Customers"
_WITH_ITS_CITY: Final = re.compile(r"(\d{3} ?\d{2})\s+([^\W\d].*)")
"""A postal code as many write it in one field: ``79192 Falun``. Fortnox takes no letters after one."""


def listed(page: int, *, active: bool = False) -> Request:
    """Return the request for a page of all customers, or of the active ones: a list does not say which they are."""
    params: dict[str, str | int] = {"filter": "active"} if active else {}
    return Request("GET", "customers", params | {"limit": encode.LIMIT, "page": page})


def number(item: Mapping[str, Any]) -> str:
    """Return a customer's number, "" where there is none."""
    return str(item.get("CustomerNumber") or "").strip()


def kept(order: FindCustomer, personal_number: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is held of a listed customer: the number, how well it fits, 0 best, and what of it is hidden from us.

    By the customer's number; else by organisation or personal number; else by e-mail address. Many can have one, their
    accountants' say: a customer with another number than the buyer's is somebody else.
    """
    buyer, theirs = order.buyer, str(item.get("OrganisationNumber") or "").strip()
    has_number = bool(buyer.organisation_number or personal_number)
    is_other = has_number and ten_of(theirs) is not None
    fits = (
        bool(order.customer_number) and number(item) == order.customer_number,
        bool(theirs) and (ten_digits(theirs) == buyer.organisation_number or is_persons(theirs, personal_number)),
        not is_other
        and bool(buyer.email)
        and str(item.get("Email") or "").strip().casefold() == (buyer.email or "").casefold(),
    )
    wanted = {"OrganisationNumber": has_number, "Email": bool(buyer.email)}
    hidden = tuple(name for name, is_wanted in wanted.items() if is_wanted and item.get(name) == NO_RIGHT)
    return {"CustomerNumber": number(item), "fits": fits.index(True) if any(fits) else None, "hidden": hidden}


def found(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the numbers of the customers that fit best, of those that were kept."""
    best = min((item["fits"] for item in items if item["fits"] is not None), default=None)
    return () if best is None else tuple(number(item) for item in items if item["fits"] == best)


def hidden(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what customers could be found by and Fortnox does not show, by its names; nothing where one was found."""
    is_found = any(item["fits"] in {0, 1} for item in items)
    return () if is_found else tuple(sorted({name for item in items for name in item["hidden"]}))


def among(items: Sequence[Mapping[str, Any]], numbers: Sequence[str]) -> tuple[str, ...]:
    """Return those of the numbers that are among customers; all of them where none is."""
    known = {number(item) for item in items}
    return tuple(each for each in numbers if each in known) or tuple(numbers)


def by_number(items: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of those that were kept is the customer of the number that was asked for: nobody fits better."""
    return any(item["fits"] == 0 for item in items)


def same_buyer(one: FindCustomer, other: FindCustomer) -> bool:
    """Tell whether two orders look for the same customer: by what one is found by, a number before an address."""
    ours, theirs = (
        (one.customer_number, _named(one), _address(one)),
        (other.customer_number, _named(other), _address(other)),
    )
    same_number, same_name, same_address = (
        mine is not None and mine == yours for mine, yours in zip(ours, theirs, strict=True)
    )
    return same_number or same_name or (same_address and (_named(one) is None or _named(other) is None))


def _named(order: FindCustomer) -> str | Personal | None:
    """Return the number that an organisation or a person has."""
    person = order.buyer.personal_number
    return order.buyer.organisation_number or (person if person and not person.flaw else None)


def _address(order: FindCustomer) -> str | None:
    return order.buyer.email and order.buyer.email.casefold()


def create(order: FindCustomer, personal_number: str) -> Request:
    """Return the request for a new customer, of what the till says; terms and the like are Fortnox's own defaults."""
    buyer = order.buyer
    code, city = buyer.postal_code or "", buyer.city
    if found := _WITH_ITS_CITY.fullmatch(code):
        code, city = found[1], city or found[2]
    kind = "COMPANY" if buyer.organisation_number else "PRIVATE" if personal_number else None
    fields = {
        "Name": sanitise(buyer.name or ""),
        "CustomerNumber": order.customer_number,
        "OrganisationNumber": buyer.organisation_number or personal_number,
        "Email": buyer.email,
        "Address1": sanitise(buyer.street or ""),
        "ZipCode": sanitise(code)[:10],
        "City": sanitise(city or ""),
        "Type": kind,
    }
    return Request("POST", "customers", body=encode.body(ONE, {name: value for name, value in fields.items() if value}))


def written(record: Mapping[str, Any]) -> Delivered | None:
    """Read the answer to a write: the customer's number."""
    return Delivered(record=number(record)) if number(record) else None
