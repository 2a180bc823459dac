"""Toy HR's answers as values, from status and body, never from the content type. Pure."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from infra.delivery import answers
from infra.delivery.answers import BRIEF_WAIT, OPERATOR_WAIT, REFUSAL, Answer, Missing, Page, form, json_object
from infra.verdicts import Delivered, Rejected, RetryLater, Unknown
from tests.toys.toyhr import refusal_words


def people(answer: Answer) -> Page | Missing | RetryLater:
    """Read a list, or one person as a list of one. What cannot be read is asked for again, never empty."""
    content = json_object(answer)
    if answer.status == HTTPStatus.NOT_FOUND and "error" in content:
        return Missing()
    items: Any = [content] if "id" in content else content.get("items")
    if answer.status == HTTPStatus.OK and isinstance(items, list) and all(isinstance(each, dict) for each in items):
        return Page(tuple(items), len(items))
    why = f"Toy HR does not answer: {form(answer)}"
    return _passing(answer) or RetryLater(BRIEF_WAIT, "unreachable", why, alone=True)


def written(answer: Answer, values: Iterable[str]) -> Delivered | Rejected | RetryLater | Unknown:
    """Say what became of a person that was sent; ``values`` are what must not be shown of what it repeats."""
    content = json_object(answer)
    if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED} and isinstance(content.get("id"), str):
        return Delivered(record=content["id"])
    if passing := _passing(answer):
        return passing
    if answer.status in REFUSAL and "error" in content:
        said = answers.without(f"{content['error']}: {content.get('message', '')}", values, answers.PERSONAL_NUMBER)
        return Rejected.saying("refused", refusal_words.REFUSES(status=answer.status, said=said), "accountant")
    return Unknown(f"the answer does not say whether it was written: {form(answer)}")


def _passing(answer: Answer) -> RetryLater | None:
    """Return what is about the token or the pace, whatever was asked; None for the rest."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return RetryLater(OPERATOR_WAIT, "unauthorised", "Toy HR refuses the token (401): give a new one", "operator")
    return answers.throttled(answer, "Toy HR")
