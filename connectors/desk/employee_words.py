"""Whom a person means by an id, or by its beginning; who is linked with whom; and pairs from a file. Pure."""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Final

from connectors.desk.plan_words import nearest_id
from connectors.desk.words import wrapped
from infra.plugin import Known

EMPLOYEE: Final = "fortnox/employee/"
STATES: Final = ("linked", "hr_only", "fortnox_only")
"""How somebody can stand who is listed."""
_COLUMNS: Final = ["person", "employee_id"]


class Unclear(ValueError):
    """Nobody is called like this, or several are; the text names the nearest."""


def person(called: str, everybody: Mapping[str, Known]) -> str:
    """Return the key of the person in HR whom an id, or its beginning, means. Raises Unclear."""
    people = {key: who for key, who in everybody.items() if not key.startswith(EMPLOYEE)}
    if called in people:
        return called
    found = [key for key in people if key.startswith(called) or key.partition("/")[2].startswith(called)]
    if len(found) == 1 and called.rstrip("/") not in ("", found[0].partition("/")[0]):
        return found[0]
    if found:
        several = ", ".join(f"{key} ({people[key].name})" for key in sorted(found)[:3])
        raise Unclear(f"{called} can be {several}: give more of the id")
    raise Unclear(f"HR has told of nobody called {called}{nearest_id(called, people)}")


def employee(called: str, everybody: Mapping[str, Known]) -> str:
    """Return the id of the employee in Fortnox that is meant; ids are short, and none is completed. Raises Unclear."""
    employees = {key.removeprefix(EMPLOYEE): who for key, who in everybody.items() if key.startswith(EMPLOYEE)}
    wanted = called.removeprefix(EMPLOYEE)
    if wanted in employees:
        return wanted
    raise Unclear(f"Fortnox has shown no employee {wanted}{nearest_id(wanted, employees)}")


def listed(everybody: Mapping[str, Known]) -> list[dict[str, str | None]]:
    """Return everybody once, by name: the person in HR, the employee in Fortnox, or the two that are linked."""
    rows: list[dict[str, str | None]] = []
    for key, who in everybody.items():
        in_fortnox = key.startswith(EMPLOYEE)
        if in_fortnox and who.partner in everybody:
            continue  # it stands with its person
        employee = key if in_fortnox else who.partner or None
        state = "fortnox_only" if in_fortnox else "linked" if employee else "hr_only"
        number = employee.removeprefix(EMPLOYEE) if employee else None
        rows.append({"state": state, "name": who.name, "person": None if in_fortnox else key, "employee_id": number})
    return sorted(rows, key=lambda row: (str(row["name"]).casefold(), str(row["person"]), str(row["employee_id"])))


def row_lines(row: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return one of those who are listed as lines."""
    number = row["employee_id"]
    ids = filter(None, (row["person"], number and f"{EMPLOYEE}{number}"))
    return (*wrapped(f"{row['state']:<13} {row['name']}"), *wrapped(" = ".join(ids), 14))


def said(key: str, everybody: Mapping[str, Known]) -> str:
    """Return a key with the name of whoever it is."""
    who = everybody.get(key)
    return f"{key} ({who.name})" if who and who.name else key


def free(who: str, employee_id: str, everybody: Mapping[str, Known]) -> str:
    """Say who stands in the way of joining two; nothing when nobody does."""
    partner = everybody[who].partner
    if partner and partner != f"{EMPLOYEE}{employee_id}":
        return f"{said(who, everybody)} is linked with {said(partner, everybody)}: unlink them first"
    other = everybody[f"{EMPLOYEE}{employee_id}"].partner
    if other and other != who:
        return f"employee {employee_id} is linked with {said(other, everybody)}: unlink them first"
    return ""


def pairs(text: str, everybody: Mapping[str, Known]) -> tuple[list[tuple[str, str]], list[str]]:
    """Read pairs from a CSV file with the columns person and employee_id, apart by commas or semicolons.

    Returns:
        The pairs of keys and ids, and what is wrong, by line. With anything wrong no pair is to be used.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    rows = csv.reader(StringIO("\n".join(lines)), delimiter=";" if lines and ";" in lines[0] else ",")
    found: list[tuple[str, str]] = []
    wrong: list[str] = []
    taken: dict[str, int] = {}
    head = [name.strip() for name in next(rows, [])]
    if head != _COLUMNS:
        return [], [f"line 1: the columns are {','.join(_COLUMNS)}"]
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        try:
            if len(cells) != len(_COLUMNS):
                raise Unclear("there are two columns")  # noqa: TRY301 - it is collected with the others
            pair = person(cells[0], everybody), employee(cells[1], everybody)
        except Unclear as unclear:
            wrong.append(f"line {rows.line_num}: {unclear}")
            continue
        for one in (pair[0], f"{EMPLOYEE}{pair[1]}"):
            if one in taken:
                wrong.append(f"line {rows.line_num}: {said(one, everybody)} stands in line {taken[one]} already")
            taken.setdefault(one, rows.line_num)
        if problem := free(*pair, everybody):
            wrong.append(f"line {rows.line_num}: {problem}")
        found.append(pair)
    return found, wrong or ([] if found else ["no pair stands in it"])
