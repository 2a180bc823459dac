"""What the doctor says: the same in both languages, whole sentences, and where to click."""

import json
from datetime import UTC, datetime

import pytest

from connectors.fortnox.doctor import report
from connectors.fortnox.doctor.check_words import TEXTS
from connectors.fortnox.doctor.checks import CHECKS, OK, Finding
from connectors.fortnox.doctor.report import Examination
from schemas.base import Language
from schemas.words import LANGUAGES

RED = Finding("failed", ("F (2026)", "1910 (2026)"), flows=("daysales",), waiting=3)


def of(**findings: Finding) -> Examination:
    """Return a report with these findings, and everything else green."""
    found = {check.name: findings.get(check.name, OK) for check in CHECKS}
    return Examination("acme", datetime(2026, 4, 10, tzinfo=UTC), found, ("period_locked",), 11)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", [check.name for check in CHECKS])
def test_a_red_check_says_what_is_wrong_what_it_stops_who_acts_and_where(check: str, language: Language) -> None:
    """In each language, with nothing left to fill in."""
    text = "\n".join(report.lines(of(**{check: RED}), language))
    told = TEXTS[check]
    for said in (told.title, told.stops, told.who, told.where):
        assert said.to(language) in text
    assert told.wrong.to(language, names="F (2026), 1910 (2026)") in text
    assert ("3 väntar" if language == "sv" else "3 waiting") in text
    assert told.guide in text
    assert "{" not in text
    assert "period_locked" in text


def test_swedish_and_english_are_not_the_same() -> None:
    """A text that was left untranslated is found here; click paths are Fortnox's own, and Swedish in both."""
    for told in TEXTS.values():
        for said in (told.title, told.wrong, told.stops, told.who):
            assert said.sv != said.en


def test_what_is_green_is_one_line() -> None:
    """Nobody reads past what is red for what is not."""
    lines = list(report.lines(of(), "en"))
    assert lines[0] == "acme: nothing stands in the way (11 calls)."
    assert len(lines) == 2 + len(CHECKS) + 2


@pytest.mark.parametrize("why", ["scope_missing", "not_read", "no_date", "nobody_knows"])
def test_what_could_not_be_checked_says_why(why: str) -> None:
    """In words, where there are some."""
    text = "\n".join(report.lines(of(no_day_is_locked=Finding("not checked", why=why)), "sv"))
    assert "Kunde inte kontrolleras: " in text
    assert (why in text) == (why == "nobody_knows")


def test_why_nothing_could_be_checked_is_said_once() -> None:
    """Twenty checks that need a connection do not say twenty times that there is none."""
    unknown = {check.name: Finding("not checked", why="not_connected") for check in CHECKS[1:5]}
    text = "\n".join(report.lines(of(**unknown), "en"))
    assert text.count("nobody has consented to the connection") == 1
    assert text.count("not checked  ") == len(unknown)


def test_programs_get_names_and_codes() -> None:
    """Besides the words: what is blocked, by the names of refusals and flows."""
    content = json.loads(json.dumps(report.as_json(of(the_series_is_manual=RED), "sv")))
    assert (content["tenant"], content["ok"], content["calls"], content["passed"]) == (
        "acme",
        False,
        11,
        ["period_locked"],
    )
    [red] = [check for check in content["checks"] if check["state"] == "failed"]
    assert (red["check"], red["names"]) == ("the_series_is_manual", ["F (2026)", "1910 (2026)"])
    assert red["blocks"] == {"codes": ["series_not_manual"], "flows": ["daysales"], "waiting": 3}
    assert "Manuell kontering" in red["where"]
    assert red["guide"].startswith("https://support.fortnox.se/")
    assert report.as_json(of(), "en")["ok"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_the_doctor_says_is_an_answer_to_a_question(language: Language) -> None:
    """Plans and the doctor say the same words where nothing is asked; what waits has its choices beside it."""
    for name, text in TEXTS.items():
        said = f"{text.wrong.template(language)} {text.where.template(language)}".casefold()
        assert not [word for word in ("answer ", "svara ", "discard", "retry") if word in said], name
