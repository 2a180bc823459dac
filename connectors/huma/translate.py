"""Huma's webhooks and records become facts: who was mentioned, and what is now held about a person. Pure.

A webhook says whom it is about; what changed is read again, since the names in its body are not published in full. Only
the fields of Huma's own Fortnox integration travel (README.md), or what a company has chosen for one of them; the
others are named as ignored.
"""

import hmac
import json
import re
from base64 import b64encode
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic.alias_generators import to_snake

from connectors.huma.wire import (
    CHOICES,
    Address,
    BankAccount,
    Delivery,
    Fields,
    Framed,
    Mentioned,
    Position,
    PositionDetails,
    User,
)
from infra.delivery.answers import MOST_IGNORED, field_name, ignored, one_line, read
from infra.plugin import Malformed
from schemas.countries import country_code
from schemas.events import EmployeeChanged, EmployeeField, EmployeeFields, PersonMentioned
from schemas.people import e164
from schemas.personal import Unsealed, flawed, unsealed_account

SYSTEM: Final = "huma"
SUPPORTED: Final[tuple[EmployeeField, ...]] = (
    "email",
    "employment_id",
    "given_name",
    "family_name",
    "phone",
    "street",
    "postal_code",
    "city",
    "country",
    "bank_account",
    "first_day",
    "last_day",
)
"""The fields that travel."""

_SWEDEN: Final = "SE"
_TOPIC: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
_MOST_COMMAS: Final = 100_000
"""A delivery that names everybody of a large company has fewer."""
_DAYS: Final = ("firstDayOfWork", "lastDayOfWork")
_TRAVELS: Final = {str(field.alias) for field in User.model_fields.values()}.difference(*CHOICES.values())
"""What travels whatever was chosen."""


# --- Webhooks -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What a webhook says: who is to be read again, and the names of what else stands in it."""

    topic: str
    mentions: tuple[PersonMentioned, ...]
    ignored: tuple[str, ...]


def heard(body: bytes, at: datetime) -> Heard:
    """Return what a webhook's body says. Everybody whom it names is to be read again, whatever its topic.

    Args:
        at: when it came. Huma gives neither an id nor a time, and a change back and forth and back has the same body as
            the first time: by this the two are told apart.

    Raises:
        Malformed: naming every wrong field, never a value.
    """
    content = _json(body)
    delivery = read(Delivery, content, "body")
    topic = delivery.topic if _TOPIC.fullmatch(delivery.topic) else "(other)"
    users = delivery.users or []
    return Heard(
        topic,
        tuple(
            PersonMentioned(system=SYSTEM, person_id=person_id, topic=topic, mentioned_at=at)
            for person_id in dict.fromkeys(user.id for user in users)
        ),
        _extra(content, users),
    )


def unsigned(body: bytes, headers: Mapping[str, str], secret: str) -> str | None:
    """Say what is wrong with a webhook's signature and topic; None when nothing is.

    The signature is HMAC-SHA256 of the raw body, in hexadecimal or Base64: Huma does not say which.
    """
    digest = hmac.new(secret.encode(), body, sha256)
    given = headers.get("huma-hmac-sha256", "").strip().encode()
    if not given:
        return "huma-hmac-sha256: it is missing; register the webhook in Huma with the client secret that we gave"
    base64 = b64encode(digest.digest())
    possible = (digest.hexdigest().encode(), given.lower()), (base64, given), (base64.rstrip(b"="), given)
    if not any(hmac.compare_digest(wanted, said) for wanted, said in possible):
        return "huma-hmac-sha256: it is not of this body by the company's secret"
    try:
        topic = _json(body).get("topic")
    except Malformed:
        return None  # whoever signed it has a right to know what is wrong with it
    if headers.get("huma-topic") != topic:
        return "huma-topic: it differs from the body's topic"
    return None


def _json(body: bytes) -> Mapping[str, Any]:
    if body.count(b",") > _MOST_COMMAS:
        raise Malformed([f"body: it holds more than {_MOST_COMMAS:,} values"])
    try:
        content = json.loads(body.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        raise Malformed([f"body: it is no JSON: not UTF-8, from byte {error.start}"]) from None
    except (ValueError, RecursionError):
        raise Malformed(["body: it is no JSON"]) from None
    if not isinstance(content, dict):
        raise Malformed(["body: it is no JSON object"])
    return content


def _extra(content: Mapping[str, Any], users: Iterable[Mentioned]) -> tuple[str, ...]:
    names = {field_name(name) for name in content.keys() - {"topic", "users"}}
    names |= {f"users.{field_name(name)}" for user in users for name in (user.model_extra or {})}
    return tuple(sorted(names))[:MOST_IGNORED]


# --- People -------------------------------------------------------------------------------------------------------


def only_position(record: Mapping[str, Any]) -> str | Literal[False] | None:
    """Return the id of a person's only position, None when they have none; False where the record cannot tell.

    It can when the current position began with the first contract and goes on without an end: then the (deprecated)
    days of work in the record are right, whatever stands beside it. This spares two calls for most people.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    user = read(User, record, "user")
    began, current = user.first_contract_start_date, user.current_positions or []
    if began is None or not all(day in record for day in _DAYS):
        return False
    if not current:
        return False if began.value else None
    only = current[0]
    is_only = len(current) == 1 and only.contract_start_date == began.value and only.contract_end_date is None
    return only.id if is_only and began.value and _held(user.last_day_of_work) is None else False


def telling(positions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the positions that tell the first and the last day of work, which a list does not show.

    The one that began first, those whose contract has no end, and the one whose contract ends last.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    known = [read(Position, each, "position") for each in positions]
    if not known:
        return ()
    first = min(known, key=lambda each: (each.contract_start_date or date.max, each.id))
    ended = [each for each in known if each.contract_end_date is not None]
    last = [max(ended, key=lambda each: (each.contract_end_date, each.id))] if ended else []
    goes_on = [each for each in known if each.contract_end_date is None]
    return tuple(dict.fromkeys(each.id for each in (first, *goes_on, *last)))


def first_and_last(positions: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return the places of the position that began first and of the one that ends last; one without an end does.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    known = [read(PositionDetails, each, "position") for each in positions]
    starts = [_held(each.contract_start_date) for each in known]
    places = range(len(known))
    return (
        min(places, key=lambda at: (starts[at] or date.max, known[at].id)),
        max(places, key=lambda at: (ends(positions[at]), starts[at] or date.min, known[at].id)),
    )


def ends(position: Mapping[str, Any]) -> date:
    """Return the day on which a position ends: the last day of work, else its contract's; the last of days without."""
    known = read(PositionDetails, position, "position")
    return _held(known.last_day_of_work) or _held(known.contract_end_date) or date.max


def person(
    record: Mapping[str, Any],
    at: datetime,
    chosen: Fields,
    ends: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None,
) -> EmployeeChanged:
    """Return what is held about a person.

    Args:
        at: when the record was asked for. Huma does not say when it was changed.
        ends: the positions that began first and that ends last; None where the person's record has the days.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    user = read(User, record, "user")
    address = _held(user.home_address) or Address()
    country = _country(address.country)
    first, last = user.first_day_of_work, user.last_day_of_work
    if ends is not None:
        first = read(PositionDetails, ends[0], "position").first_day_of_work
        last = read(PositionDetails, ends[1], "position").last_day_of_work
    places = {ours: chosen.get(ours, usual) for ours, (usual, _) in CHOICES.items()}
    fields = EmployeeFields(
        email=one_line(_held(getattr(user, to_snake(places["email"])))),
        employment_id=one_line(_held(user.employment_id)),
        given_name=one_line(_held(getattr(user, to_snake(places["given_name"])))),
        family_name=one_line(_held(user.family_name)),
        phone=_phone(_held(user.phone), swedish=country in {None, _SWEDEN}),
        street=one_line(", ".join(filter(None, map(one_line, (address.line1, address.line2, address.line3))))),
        postal_code=one_line(address.postal_code),
        city=one_line(address.city),
        country=country,
        bank_account=_account(_held(user.bank_account)),
        first_day=_held(first),
        last_day=_held(last),
    )
    return EmployeeChanged(
        system=SYSTEM,
        person_id=user.id,
        changed_at=at.astimezone(UTC),
        fields=fields,
        ignored=ignored(record, _TRAVELS | {*places.values()}, {"custom"}, _unframed),
    )


def deleted(person_id: str, at: datetime) -> EmployeeChanged:
    """Return the fact that a person was not there any more when they were asked for."""
    return EmployeeChanged(system=SYSTEM, person_id=person_id, changed_at=at, deleted=True, fields=EmployeeFields())


def requested_email(record: Mapping[str, Any]) -> str | None:
    """Return the address that a person has yet to confirm. Raises Malformed."""
    email = read(User, record, "user").email
    return one_line(email.requested_value) if email else None


def _held(framed: Framed[Any] | None) -> Any:
    return None if framed is None else framed.value


def _country(value: str | None) -> str | None:
    return country_code(line) if (line := one_line(value)) else None


def _phone(value: str | None, *, swedish: bool) -> str | None:
    """Return a phone number as ``+46701234567`` where it can be told, otherwise as it was written."""
    return e164(line, swedish=swedish) if (line := one_line(value)) else None


def _account(account: BankAccount | None) -> Unsealed | None:
    number, iban = (one_line(account.number), one_line(account.iban)) if account else (None, None)
    if (written := number or iban) is None:
        return None
    if number is None or (account and _country(account.country) not in {None, _SWEDEN}):
        return flawed("bank_account", written, "not_swedish")
    return unsealed_account(None, number)


def _unframed(content: Any) -> Any:
    framed = isinstance(content, Mapping) and "editable" in content
    return content.get("value") if framed else content
