"""A year's books as a SIE file."""

from typing import Final

from connectors.fortnox.sandbox import answers, sie
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import Route, number


def export(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give SIE 1 to 4 of a year. ``fromdate`` and ``todate`` and ``selection`` choose among its vouchers."""
    asked.allow("financialYear", "exportall", "fromdate", "todate", "selection")
    kind = number(asked.path["type"])
    if kind not in sie.KINDS:
        raise RequestRefused(answers.BAD_PARAMETER)
    year = company.years.get(asked.count("financialYear") or 0) if "financialYear" in asked.query else None
    if year is None and "financialYear" in asked.query:
        raise RequestRefused(answers.NO_YEAR, asked.query["financialYear"])
    year = year or asked.year(company)
    wanted = sie.SieRequest(
        kind=kind,
        first=asked.day("fromdate") or year.from_date,
        last=asked.day("todate") or year.to_date,
        every_account=asked.query.get("exportall", "").lower() in {"1", "true"},
        selection=_selection(asked.query.get("selection", "")),
    )
    text = sie.write(company, year, wanted, asked.today)
    body = text.encode() if company.sie_utf8 else text.encode("cp437", "replace")
    return ApiAnswer(200, body, "application/octet-stream")


def _selection(text: str) -> dict[str, tuple[int, int]]:
    """Return first and last number by series of a selection such as ``A,20,24;B,5,9``."""
    found = {}
    for part in filter(None, text.split(";")):
        series, *numbers = part.split(",")
        if len(numbers) != 2 or not all(one.isascii() and one.isdecimal() for one in numbers):  # noqa: PLR2004 - first, last
            raise RequestRefused(answers.BAD_PARAMETER)
        found[series] = (int(numbers[0]), int(numbers[1]))
    return found


ROUTES: Final[tuple[Route, ...]] = (("GET", "/3/sie/{type}", "bookkeeping", export),)
