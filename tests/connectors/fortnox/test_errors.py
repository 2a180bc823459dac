"""What Fortnox's refusals mean: every code has a name, a consequence, somebody who acts, and words in two languages."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.fortnox import errors
from connectors.fortnox.sandbox import answers as refusing
from infra.delivery import answers, calls, reading

FOLDER = Path(errors.__file__).parent
FIRST_OF_THE_SANDBOX = 9_900_001
FACTS = Path(__file__).parents[4] / "shared" / "facts" / "fortnox.md"


@pytest.mark.parametrize("code", errors.MEANINGS)
def test_every_code_is_explained_in_both_languages(code: str) -> None:
    """Each text is a sentence or more, short enough for a page, and the two differ."""
    told = [errors.text(code, language) for language in ("sv", "en")]
    assert all(20 < len(each) < 400 and each.endswith((".", ").")) for each in told)
    assert told[0] != told[1]
    assert re.fullmatch(r"[a-z_]{3,40}", code)


def test_every_number_and_text_has_a_meaning() -> None:
    """No number and no text leads to a code without words."""
    assert {*errors.NUMBERS.values(), *(code for _, code in errors.TEXTS)} <= errors.MEANINGS.keys()


def test_who_must_act_is_said_where_somebody_must() -> None:
    """A refusal names who acts; what passes by itself names nobody."""
    for code, meaning in errors.MEANINGS.items():
        assert meaning.who is not None or meaning.kind == "retry_later", code
        assert ("by itself" in meaning.en) == (meaning.who is None or meaning.kind == "unknown"), code


@pytest.mark.skipif(not FACTS.exists(), reason="the facts are not here")
def test_every_code_that_is_known_anywhere_is_in_the_table() -> None:
    """All numbers of the facts' table, written alone, as 1/2/3 or as 2004217/18."""
    table = FACTS.read_text().partition("### 2.5")[2].partition("### 2.6")[0]
    numbers: set[int] = set()
    for line in table.splitlines():
        cell = line.strip("|* ").partition("|")[0] if re.match(r"\| \**\d", line) else ""
        for first, more in re.findall(r"(\d{7})((?:/\d{2}\b)*)", cell):
            numbers |= {int(first), *(int(first[:5] + last) for last in more.split("/")[1:])}
    assert len(numbers) > 70
    assert numbers <= errors.NUMBERS.keys()


def test_every_code_that_was_recorded_is_in_the_table() -> None:
    """The sandbox says what recordings of the real Fortnox show; from 9900001 on its numbers are its own."""
    refusals = (each for each in vars(refusing).values() if isinstance(each, refusing.Refusal))
    assert {each.code for each in refusals if each.code < FIRST_OF_THE_SANDBOX} <= errors.NUMBERS.keys()


def test_no_two_refusals_of_the_sandbox_have_one_of_its_own_codes() -> None:
    """What one of them is taken for must not be another: ``Books.codes`` replaces them by name."""
    refusals = {each.name: each.code for each in vars(refusing).values() if isinstance(each, refusing.Refusal)}
    own = [code for code in refusals.values() if code >= FIRST_OF_THE_SANDBOX]
    assert len(own) == len({*own})


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("OCR-numret används redan", "number_series_behind"),
        ("Fakturanummer 5001 används redan.", "number_series_behind"),
        ("Kunde inte hämta/hitta moms", "vat_rate_missing"),
        ("Kunde inte hämta/hitta leveranssätt.", "terms_missing"),
        ("Projekt är obligatoriskt på konto 3001", "project_refused"),
        ("Kundnummer 1 används redan.", "fortnox_2009999"),  # its number is known, and says more
    ],
)
def test_what_support_pages_quote_has_words_of_its_own(message: str, code: str) -> None:
    """Their numbers are not published."""
    assert errors.code_of(2009999, message) == code


def test_a_code_that_nobody_knows_is_the_operators() -> None:
    """It keeps its number, and its words say where to ask."""
    assert errors.code_of(2009999, "Något nytt.") == "fortnox_2009999"
    assert errors.meaning("fortnox_2009999").who == "operator"
    assert not errors.is_known("fortnox_2009999")
    with pytest.raises(KeyError):
        errors.text("no_such_code", "sv")


def codes() -> Iterator[tuple[str, str]]:
    """Yield each code that this connector, or the host's calls for it, rejects an order with or lets it wait under."""
    ours = [path for path in FOLDER.rglob("*.py") if FOLDER / "sandbox" not in path.parents]
    for path in [*ours, *map(Path, (answers.__file__, calls.__file__, reading.__file__))]:
        name = ".".join(path.relative_to(FOLDER.parents[1]).with_suffix("").parts)
        module = importlib.import_module(name.removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            place = {"Rejected.saying": 0, "RetryLater": 1, "RetryLater.saying": 1}.get(name)
            if place is None or not isinstance(node, ast.Call) or len(node.args) <= place:
                continue
            match node.args[place]:
                case ast.Constant(value=str(code)):
                    yield code, path.name
                case ast.Name(id=constant) if isinstance(getattr(module, constant, None), str):
                    yield getattr(module, constant), path.name
                case ast.Attribute(value=ast.Name(id=other), attr=constant) if hasattr(module, other):
                    known = getattr(getattr(module, other), constant, None)
                    if isinstance(known, str):
                        yield known, path.name


def test_every_code_of_the_connector_is_in_the_table() -> None:
    """What an order can be refused for, or wait for, has words for whoever must act."""
    found = dict(codes())
    assert {"throttled", "financial_year_missing", "forbidden"} <= found.keys()
    assert {code: place for code, place in found.items() if not errors.is_known(code)} == {}
