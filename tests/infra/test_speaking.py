"""Every text that a plugin says is whole in both languages, and nothing waits or is refused without one."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra import registry, speaking
from schemas.base import Language
from schemas.commands import Choice, HoldForReview, Order, spoken
from schemas.envelope import MESSAGES, type_of
from schemas.events import Fact
from schemas.words import LANGUAGES, Phrase, Said, Wording, amount, catalogue, heard, holes, named, read
from tests.toys.toyflow import FLOW as TOY_FLOW
from tests.toys.toyhr import SYSTEM as TOY_HR

HOUSE = Path(__file__).parents[2]
WORDS: Mapping[str, Said] = {**registry.words(), **TOY_FLOW.words, **TOY_HR.words}
FLOWS = registry.flows()
FORMS = {"", "money", "count", "rate", "sentence", "comma", "space", "and", "or", "or_else", "and_also"}
MAKERS = {"HoldForReview": "message", "CloseReview": "message", "Choice": "means", "Rejected": "why"}
"""What says something to people, and the text that it may not be given without words."""


def calls(folder: Path) -> Iterator[tuple[Path, ast.Call]]:
    """Yield every call in the files below a folder."""
    for file in sorted(folder.rglob("*.py")):
        yield from ((file, node) for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))


def test_every_text_is_whole_in_both_languages() -> None:
    """Both languages say something, fill in the same values in the same forms, and the key names its owner."""
    owners = {"infra", "schemas", *(flow.name for flow in (*FLOWS, TOY_FLOW)), *registry.systems(), TOY_HR.name}
    for key, said in WORDS.items():
        assert re.split(r"[./]", key)[0] in owners, key
        assert said.sv.strip(), key
        assert said.en.strip(), key
        assert holes(said.sv) == holes(said.en), key
        assert {form for _, form in holes(said.sv)} <= FORMS, key


def test_a_reason_that_another_sentence_follows_ends_as_one() -> None:
    """What a system says ends with a full stop or without one: what to do about it begins a sentence of its own."""
    following = [(key, said.en) for key, said in WORDS.items() if re.search(r"\{why\} [A-Z]", said.en)]
    assert following == []
    phrase = Phrase("tests.follows", "Nej: {why:sentence} Svara.", "No: {why:sentence} Answer.")
    assert phrase(why="create it there").english == "No: create it there. Answer."
    assert phrase(why="It is locked.").english == "No: It is locked. Answer."
    said = phrase(why=Phrase("tests.why", "lägg upp det", "create it")())
    words = {"tests.follows": phrase.said, "tests.why": Said("lägg upp det", "create it")}
    assert read(said.wording, words, "sv") == "Nej: lägg upp det. Svara."


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_rule_reason_and_answer_of_a_flow_has_a_name(flow: Any) -> None:
    """Rules are sentences, and what is on a chip or on a button is a word, in both languages."""
    folder = HOUSE / "streams" / flow.name
    for module in ("rules", "plan"):
        if (folder / f"{module}.py").exists():
            for rule in getattr(importlib.import_module(f"streams.{flow.name}.{module}"), "RULES", ()):
                assert f"{flow.name}/rule/{rule.__name__}" in WORDS
    for file, call in calls(folder):
        name = getattr(call.func, "id", "")
        first = call.args[0] if call.args else None
        if name == "Held" and isinstance(first, ast.Constant):
            assert f"{flow.name}/reason/{first.value!s}" in WORDS, (file, first.value)
        if getattr(call.func, "attr", "") == "saying" and isinstance(first, ast.Constant):
            assert f"{flow.name}/answer/{first.value!s}" in WORDS, (file, first.value)


def test_every_fact_and_order_that_a_story_names_has_a_name() -> None:
    """What came and what was ordered is called something in both languages, not by its type."""
    for message in MESSAGES:
        if issubclass(message, Fact | Order):
            name = type_of(message).removeprefix("bokbuss.").rpartition(".")[0].replace("-", "_")
            assert f"desk/activity/{name}" in WORDS, name


@pytest.mark.parametrize("folder", ["streams", "connectors", "infra", "tests/toys"])
def test_nothing_waits_or_is_refused_without_words(folder: str) -> None:
    """Whoever holds, closes, offers or refuses gives a text with its key: a sentence alone would stay English."""
    for file, call in calls(HOUSE / folder):
        name = getattr(call.func, "id", "")
        if text := MAKERS.get(name):
            assert text not in {keyword.arg for keyword in call.keywords}, (file, call.lineno)
            assert not (name == "Rejected" and call.args), (file, call.lineno)


def test_what_is_said_of_people_holds_no_value_of_theirs() -> None:
    """A text about people is filled in with names of fields, keys, days of leaves and what a system answered."""
    allowed = {"key", "said", "names", "field", "fields", "asked", "person", "other", "reason", "employee", "known"}
    allowed |= {"problems", "flaw", "most", "others", "kind", "first", "last", "system", "why", "day"}
    allowed |= {"version", "answer", "number", "days", "origin"}
    filled = {name for key, said in WORDS.items() if key.startswith("employees.") for name, _ in holes(said.sv)}
    assert filled <= allowed


DIFFERS = Phrase(
    "toy.differs", "Skillnaden är {gap:money} av {names:and}: {why}", "The gap is {gap:money} of {names:and}: {why}"
)
RATE = Phrase(
    "toy.rate", "momsen är {rate:rate} %, {number:count} gånger", "VAT is {rate:rate} %, {number:count} times"
)
TOY = catalogue("toy", {"a": DIFFERS, "b": RATE}, reason={"unbalanced": "går inte jämnt ut"})


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("sv", "Skillnaden är 34\xa0464,50 av a och b: momsen är 12,5 %, 1\xa0200 gånger"),
        ("en", "The gap is 34,464.50 of a and b: VAT is 12.5 %, 1,200 times"),
    ],
)
def test_a_reader_reads_texts_amounts_and_lists_in_their_language(language: Language, expected: str) -> None:
    """What was said once is read in each language, through the message and back, the texts within it as well."""
    said = DIFFERS(gap="34464.50", names=["a", "b"], why=RATE(rate="12.5", number=1200))
    assert str(said) == "The gap is 34464.50 of a and b: VAT is 12.5 %, 1,200 times"
    kept = Wording.model_validate_json(said.wording.model_dump_json())
    assert kept == said.wording
    assert read(kept, TOY, language) == expected


def test_what_is_not_known_here_is_shown_as_it_was_written() -> None:
    """A message of a newer version, of a plugin that is gone, or of before there were words, shows its text."""
    assert heard(None, "as ever") == "as ever"
    assert read(None, TOY, "sv") is None
    assert read(Wording(key="toy.newer"), TOY, "sv") is None
    assert read(Wording(key="toy.differs", values={"gap": "1.00"}), TOY, "sv") is None
    assert read(Wording(key="toy.differs", values={"gap": "much", "names": "a", "why": ""}), TOY, "sv") is None
    assert read(DIFFERS(gap="1", names=["a"], why=Phrase("toy.gone", "x", "x")()).wording, TOY, "sv") is None
    old = HoldForReview(
        flow="daysales",
        key="k",
        revision="r",
        step="s",
        rule="r",
        reason="unbalanced",
        **spoken(RATE(rate="6", number=1)),
    )
    assert [speaking.message(old, language) for language in LANGUAGES] == ["VAT is 6 %, 1 times"] * 2


def test_a_name_is_called_something_in_each_language() -> None:
    """By its owner, else by whoever has it, else by its own words; a number behind it stays."""
    assert speaking.name("answer", "daysales", "same/2", "sv") == "samma 2"
    assert speaking.name("answer", "employees", "match 12", "en") == "match 12"
    assert speaking.name("reason", "daysales", "period_locked", "sv") == "låst period"
    assert speaking.name("reason", "daysales", "never_heard_of", "sv") == "never heard of"
    assert read(named("toy", "reason", "unbalanced").wording, TOY, "sv") == "går inte jämnt ut"
    choice = Choice.saying("keep", Phrase("daysales.keep", "", "Leave it.")())
    assert speaking.means(choice, "sv").startswith("Lämna bokföringen")


def test_amounts_below_zero_have_a_minus_sign() -> None:
    """Money is written as people of the language write it."""
    assert [amount(-value, language) for value in (1,) for language in LANGUAGES] == ["\u22121,00", "\u22121.00"]
