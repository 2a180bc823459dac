"""Personal data is sealed wherever it stands in a message, and what rules compare stays equal."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticSerializationError

from infra.access.vault import Vault
from infra.intake.sealing import opened, sealed
from schemas import ids
from schemas.base import Message
from schemas.events import ChecksPassed
from schemas.personal import Personal, Unsealed

VAULT = Vault(bytes(range(32)))


class Person(Message):
    """Somebody with a number, maybe an account, and others."""

    name: str
    number: Personal | None = None
    others: tuple["Person", ...] = ()
    accounts: tuple[Personal, ...] = ()


def number(plain: str = "198001011234") -> Unsealed:
    """Return a personal number that was just read."""
    return Unsealed(kind="personal_number", plain=plain, shown="•••••••• 34", flaw="", warning="born_long_ago")


PLAINS = st.text("0123456789", min_size=1, max_size=20)
PEOPLE = st.recursive(
    st.builds(Person, name=st.just("x"), number=st.none() | PLAINS.map(number)),
    lambda inner: st.builds(
        Person,
        name=st.just("y"),
        number=st.none() | PLAINS.map(number),
        others=st.lists(inner, max_size=3).map(tuple),
        accounts=st.lists(PLAINS.map(number), max_size=2).map(tuple),
    ),
)


def everything(person: Person) -> list[Personal]:
    """Return all personal data of a person and those below."""
    mine = [*([person.number] if person.number else []), *person.accounts]
    return mine + [each for other in person.others for each in everything(other)]


@given(PEOPLE)
def test_whatever_was_read_is_sealed_and_opens_again(person: Person) -> None:
    """In every place, in order, and with what people may see of it; what is sealed stays as it is."""
    done = sealed(person, VAULT, "acme")
    assert [type(each) for each in everything(done)] == [Personal] * len(everything(person))
    assert [opened(each, VAULT, "acme") for each in everything(done)] == [p.plain for p in everything(person)]  # type: ignore[attr-defined] # they were not sealed
    assert sealed(done, VAULT, "acme") is done
    assert Person.model_validate_json(done.model_dump_json()) == done


def test_what_is_shown_stays_and_what_is_read_goes() -> None:
    """The plain text stands nowhere in what is written; shown, flaw and warning do."""
    done = sealed(Person(name="Anna", number=number()), VAULT, "acme")
    written: dict[str, Any] = json.loads(done.model_dump_json())
    assert "198001011234" not in repr(done) + json.dumps(written)
    assert (written["number"]["shown"], written["number"]["warning"]) == ("•••••••• 34", "born_long_ago")


def test_the_same_person_gives_the_same_revision_in_one_company_only() -> None:
    """A fact that is told twice stays one fact; two companies cannot be joined by a number."""
    one, again, elsewhere = (sealed(Person(name="A", number=number()), VAULT, t) for t in ("acme", "acme", "other"))
    assert ids.revision(one) == ids.revision(again) != ids.revision(elsewhere)


def test_another_company_opens_nothing() -> None:
    """The seal is bound to the company."""
    done = sealed(Person(name="A", number=number()), VAULT, "acme")
    assert done.number is not None
    with pytest.raises(InvalidTag):
        opened(done.number, VAULT, "other")


@pytest.mark.parametrize("place", [{"number": number()}, {"accounts": (number(),)}])
def test_what_is_not_sealed_cannot_be_written(place: dict[str, Any]) -> None:
    """Wherever it stands: a message that nobody sealed does not leave."""
    person = Person(name="A", **place)
    with pytest.raises(PydanticSerializationError, match="must be sealed"):
        person.model_dump_json()


def test_a_message_without_personal_data_is_not_touched() -> None:
    """Most messages can hold none."""
    fact = ChecksPassed(codes=("x",), checked_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert sealed(fact, VAULT, "acme") is fact


def test_a_value_in_plain() -> None:
    """Whether it is sealed, was just read, or is not personal at all."""
    read = number("198001011234")
    kept = sealed(Person(name="x", number=read), VAULT, "acme").number
    assert [opened(value, VAULT, "acme") for value in (kept, read, "Solna", None)] == [read.plain] * 2 + ["Solna", None]
