"""What the OpenAPI document says of the bodies that the sandbox takes: names, types, lengths, and what is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

_CONTRACTS: Final = frozenset(
    (
        "Permanent",
        "Temporary",
        "Seasonal",
        "Casual",
        "Trainee",
        "JobTrainingProgram",
        "Consultant",
        "Freelance",
        "ThirdParty",
        "Other",
    )
)


def _text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _day(value: Any) -> bool:
    """Tell whether it is a day, or null: how a day is emptied is in no document."""
    try:
        return value is None or bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def is_uuid(value: Any) -> bool:
    """Tell whether it is a UUID."""
    try:
        return bool(UUID(value))
    except (AttributeError, TypeError, ValueError):
        return False


def _address(value: Any) -> bool:
    names = {"line1", "line2", "line3", "postalCode", "city", "country"}
    return isinstance(value, dict) and value.keys() == names and _country(value["country"]) and _texts(value)


def _account(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or not _texts(value):
        return False
    kinds = {"type", "number", "country"}, {"type", "iban", "bic"}
    return value.keys() in kinds and _country(value.get("country", ""))


def _country(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2  # noqa: PLR2004 - alpha-2


def _texts(value: Mapping[str, Any]) -> bool:
    return all(_text(255)(each) for each in value.values())


@dataclass(frozen=True, slots=True)
class Form:
    """A body: what each field may be, and which ones are needed."""

    fields: Mapping[str, Callable[[Any], bool]]
    needed: frozenset[str] = frozenset()

    def wrong(self, body: Any) -> list[str]:
        """Return the names of what is wrong; unknown names are, too, so that none of ours slips through."""
        if not isinstance(body, dict):
            return ["body"]
        wrong = [name for name, value in body.items() if name not in self.fields or not self.fields[name](value)]
        return sorted({*wrong, *(self.needed - body.keys())})


_NAMES: Final = dict.fromkeys(("givenName", "familyName", "preferredName"), _text(255))

NEW_USER: Final = Form(
    {
        **_NAMES,
        **dict.fromkeys(
            ("email", "phone", "supervisor", "inviteSubject", "inviteMessage", "inviteLanguage"), _text(10_000)
        ),
        "invite": _is(bool),
        "groups": lambda value: isinstance(value, list) and all(map(is_uuid, value)),
    },
    frozenset({"email", "familyName", "givenName", "groups"}),
)
USER: Final = Form(
    {
        **_NAMES,
        **dict.fromkeys(("email", "phone", "gender", "employmentId", "privateEmail"), _text(255)),
        **dict.fromkeys(("dietaryRequirements", "funfacts"), _text(2040)),
        **dict.fromkeys(("relevantExperienceInMonths", "relevantExperienceInYears"), _is(int)),
        **dict.fromkeys(("excludeFromInsights", "excludeFromSurveys"), _is(bool)),
        "nationality": _country,
        "birthDate": _day,
        "homeAddress": _address,
        "civilStatus": lambda value: value in {"Married", "Relationship", "Single"},
        "interests": lambda value: isinstance(value, list) and len(value) <= 50,  # noqa: PLR2004 - as documented
        "bankAccount": _account,
        "supervisor": is_uuid,
        "seniorityNote": _text(10_000),
        "custom": _is(dict),
    }
)
POSITION: Final = Form(
    {
        **dict.fromkeys(
            (
                "contractStartDate",
                "contractEndDate",
                "firstDayOfWork",
                "lastDayOfWork",
                "probationEndDate",
                "terminationNoticeDate",
            ),
            _day,
        ),
        "contractCountry": _country,
        "contractType": lambda value: value in _CONTRACTS,
        "percentage": lambda value: _is(int)(value) and 0 <= value <= 100,  # noqa: PLR2004 - as documented
        "titleId": is_uuid,
        "description": _text(10_200),
        "endReason": _text(255),
        "endNote": _text(255),
        "note": _text(255),
        "wantedEnd": _is(bool),
    }
)
NEW_POSITION: Final = Form(POSITION.fields, frozenset({"contractStartDate", "contractType", "titleId"}))
