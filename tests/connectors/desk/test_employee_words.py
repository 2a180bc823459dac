"""Whom a person means, and pairs from a file: nobody is guessed, and a file is right as a whole or not at all."""

import pytest

from connectors.desk import employee_words
from connectors.desk.employee_words import Unclear
from infra.plugin import Known

EVERYBODY = {
    "huma/507f1f77aa": Known("Anna Ek"),
    "huma/507f9900bb": Known("Bo Ek", "fortnox/employee/2"),
    "huma/9a": Known("Eva Lind"),
    "fortnox/employee/1": Known("Anna Ek"),
    "fortnox/employee/12": Known("Eva L"),
    "fortnox/employee/2": Known("Bo Ek", "huma/507f9900bb"),
}


@pytest.mark.parametrize("called", ["huma/507f1f77aa", "huma/507f1", "507f1f", "507f1f77aa"])
def test_a_beginning_that_means_one_person_is_completed(called: str) -> None:
    """With the system or without it."""
    assert employee_words.person(called, EVERYBODY) == "huma/507f1f77aa"


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("huma/507f", r"can be huma/507f1f77aa \(Anna Ek\), huma/507f9900bb \(Bo Ek\): give more"),
        ("huma/507f1f78aa", r"HR has told of nobody called huma/507f1f78aa; did you mean huma/507f1f77aa\?"),
        ("huma/nobody", "HR has told of nobody called huma/nobody$"),
        ("fortnox/employee/1", "HR has told of nobody"),
        ("", "can be"),
        ("huma/", "can be"),
    ],
)
def test_nobody_is_guessed(called: str, said: str) -> None:
    """Several are named, and of nobody the nearest."""
    with pytest.raises(Unclear, match=said):
        employee_words.person(called, EVERYBODY)


def test_one_system_name_is_nobody_even_where_there_is_one_person() -> None:
    """A beginning that says nothing means nobody."""
    for called in ("huma", "huma/", ""):
        with pytest.raises(Unclear):
            employee_words.person(called, {"huma/1": Known("Anna Ek")})


def test_an_employee_is_named_as_a_whole() -> None:
    """1 is not 12, with or without its kind."""
    assert employee_words.employee("1", EVERYBODY) == "1"
    assert employee_words.employee("fortnox/employee/12", EVERYBODY) == "12"
    with pytest.raises(Unclear, match=r"Fortnox has shown no employee 13; did you mean 12\?|no employee 13"):
        employee_words.employee("13", EVERYBODY)


@pytest.mark.parametrize(
    "text", ["person,employee_id\n507f1,1\n\nhuma/9a,12\n", "\ufeffperson;employee_id\r\n507f1;1\r\n9a; 12"]
)
def test_pairs_are_read_from_a_file(text: str) -> None:
    """By commas, or by semicolons as Swedish Excel writes them; the pair that stands already may stand there, too."""
    assert employee_words.pairs(text, EVERYBODY) == ([("huma/507f1f77aa", "1"), ("huma/9a", "12")], [])
    assert employee_words.pairs("person,employee_id\n507f9,2\n", EVERYBODY)[1] == []


def test_each_problem_of_a_file_is_named_by_its_line() -> None:
    """Unknown ones, who stands there twice, who is linked with somebody else, a line with three cells."""
    text = "person,employee_id\n507f1,13\nnobody,1\n9a,12\n9a,1\n507f9,1\n507f1,2\na,b,c\n"
    _, wrong = employee_words.pairs(text, EVERYBODY)
    assert [line.split(": ")[0] for line in wrong] == [f"line {n}" for n in (2, 3, 5, 6, 6, 7, 8)]
    said = "\n".join(wrong)
    for part in (
        "Fortnox has shown no employee 13",
        "HR has told of nobody called nobody",
        "huma/9a (Eva Lind) stands in line 4 already",
        "fortnox/employee/1 (Anna Ek) stands in line 5 already",
        "huma/507f9900bb (Bo Ek) is linked with fortnox/employee/2 (Bo Ek): unlink them first",
        "employee 2 is linked with huma/507f9900bb (Bo Ek): unlink them first",
        "there are two columns",
    ):
        assert part in said


@pytest.mark.parametrize("text", ["", "anna,1\n", "person,employee_id\n"])
def test_a_file_without_pairs_is_wrong(text: str) -> None:
    """Nothing done looks like everything done."""
    assert employee_words.pairs(text, EVERYBODY)[1] != []


def test_everybody_is_listed_once_by_name() -> None:
    """Who is linked stands with the other one; who is on one side only, by that side."""
    listed = employee_words.listed(EVERYBODY)
    assert [(row["state"], row["person"], row["employee_id"]) for row in listed] == [
        ("fortnox_only", None, "1"),
        ("hr_only", "huma/507f1f77aa", None),
        ("linked", "huma/507f9900bb", "2"),
        ("fortnox_only", None, "12"),
        ("hr_only", "huma/9a", None),
    ]
    assert employee_words.row_lines(listed[2]) == (
        "linked        Bo Ek",
        "              huma/507f9900bb = fortnox/employee/2",
    )
