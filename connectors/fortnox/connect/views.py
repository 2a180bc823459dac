"""What the consent pages show, as values in one language. Pure."""

from dataclasses import dataclass
from typing import Final

from connectors.fortnox import needs, whose, words
from connectors.fortnox.connect import outcomes
from connectors.fortnox.connect.consent import ActivationLink, Result
from schemas.base import SWEDEN, Language
from schemas.words import Said, month


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A permission: what Fortnox calls it, what it is used for, and the flows that need it."""

    name: str
    used: str
    flows: str


@dataclass(frozen=True, slots=True)
class LinkPage:
    """The page that a link opens. ``facts`` are labels and values; ``why`` the flows, by name and purpose."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    why: tuple[tuple[str, str], ...]
    scopes: tuple[ScopeRow, ...]
    licences: tuple[str, ...]
    conditions: tuple[str, ...]
    never: tuple[str, ...]
    end: str


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """The page about an outcome. ``tone`` colours it: good, wait or stop."""

    title: str
    happened: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    steps: tuple[str, ...]
    who: str
    again: bool
    tone: str


def explanation(link: ActivationLink, language: Language, place: str) -> LinkPage:
    """Return what a link asks for; ``place`` is the host that it leads to."""
    flows = (*needs.flows(link.settings), *link.extras)
    said, values = words.EXPLAIN, values_of(link, language)

    def to(key: str) -> str:
        return said[key].to(language, **values, place=place)

    number = link.company.organisation_number
    return LinkPage(
        title=to("title"),
        lead=to("lead"),
        facts=(
            (to("company"), link.company.called),
            *(((to("number"), whose.shown(number)),) if number else ()),
            (to("asker"), to("asker_is")),
            (to("until"), to("until_is")),
        ),
        why=tuple((name.to(language), does.to(language)) for name, does in map(words.FLOWS.__getitem__, flows)),
        scopes=tuple(_scope(scope, link, language) for scope in needs.scopes(link.settings, link.extras)),
        licences=tuple(words.LICENCES[licence].to(language) for licence in needs.licences(link.settings, link.extras)),
        conditions=(to("add_licence"), to("service" if link.service else "person"), to("agency")),
        never=tuple(each.to(language) for each in words.NEVER),
        end=to("end"),
    )


def _scope(scope: str, link: ActivationLink, language: Language) -> ScopeRow:
    name, used = words.SCOPES[scope]
    flows = needs.flows_that_need(scope, link.settings, link.extras)
    return ScopeRow(
        name.to(language), used.to(language), ", ".join(words.FLOWS[flow][0].to(language) for flow in flows)
    )


def outcome(result: Result, link: ActivationLink | None, language: Language) -> OutcomePage:
    """Return how an attempt ended; without a link what can be said without it."""
    told = outcomes.OUTCOMES[result.outcome]
    values = values_of(link, language, result)
    return OutcomePage(
        title=told.title.to(language, **values),
        happened=told.happened.to(language, **values),
        facts=_facts(result, link, language),
        notes=tuple(outcomes.NOTES[note].to(language, **values) for note in _notes(result)),
        steps=tuple(step.to(language, **values) for step in (*told.steps, *_plan(result, link))),
        who=outcomes.WHO.to(language, who=told.who.to(language)) if told.who else "",
        again=told.again,
        tone="good" if result.outcome == "connected" else "stop" if result.found else "wait",
    )


def _plan(result: Result, link: ActivationLink | None) -> tuple[Said, ...]:
    """Return that a plan of the staff comes next, where staff travels."""
    staff = link is not None and link.settings.employees is not None
    return (outcomes.FIRST_PLAN,) if staff and result.outcome == "connected" else ()


def _facts(result: Result, link: ActivationLink | None, language: Language) -> tuple[tuple[str, str], ...]:
    found = result.found
    if found is None or link is None:
        return ()
    label = {key: said.to(language) for key, said in words.LABELS.items()}
    came = f"{found.name or label['no_name']}, {whose.shown(found.organisation_number) or label['no_number']}"
    if result.outcome == "connected":
        return ((label["company"], came), (label["database"], str(found.database_number)))
    known = link.company
    return (
        (label["asked_for"], f"{known.called}, {whose.shown(known.organisation_number) or label['no_number']}"),
        (label["came"], came),
    )


def _notes(result: Result) -> tuple[str, ...]:
    if result.holder:
        return ("kept",)
    if result.outcome in {"other_company", "other_database"}:
        return ("revoked" if result.revoked else "not_revoked",)
    return ("adopted",) * result.adopted + ("missing",) * bool(result.missing)


_NOBODYS_NAME: Final = frozenset({"root", "an operator"})
"""What a link says that nobody has put a name to: strangers are not told that root asks them."""


def values_of(link: ActivationLink | None, language: Language, result: Result | None = None) -> dict[str, str]:
    """Return everything that a text can name of a link and what came of it."""
    found = result.found if result else None
    values = {key: said.to(language) for key, said in words.NOBODY.items()}
    values |= dict.fromkeys(("tenant", "pinned", "until", "scopes", "licences"), "?")
    values["said"], values["holder"] = (result.said, result.holder) if result else ("", "")
    if result and result.missing:
        values["missing"] = ", ".join(words.SCOPES[scope][0].to(language) for scope in result.missing)
    if found:
        values |= {
            "found": found.name or str(found.database_number),
            "number": whose.shown(found.organisation_number),
            "came": str(found.database_number),
        }
    if link:
        company = link.company
        scopes, licences = needs.scopes(link.settings, link.extras), needs.licences(link.settings, link.extras)
        values |= {
            "company": company.called,
            "tenant": company.tenant,
            "pinned": str(company.database_number),
            **({} if link.made_by in _NOBODYS_NAME else {"by": link.made_by}),
            "until": until(link, language),
            "scopes": ", ".join(words.SCOPES[scope][0].to(language) for scope in scopes),
            "licences": ", ".join(words.LICENCES[licence].to(language) for licence in licences),
        }
    return values


def until(link: ActivationLink, language: Language) -> str:
    """Return the end of a link as people in Sweden read it: ``27 november 2026 kl. 14.05``."""
    at = link.expires_at.astimezone(SWEDEN)
    day = f"{at.day} {month(at.month, language)} {at.year}"
    return f"{day} kl. {at:%H.%M}" if language == "sv" else f"{day}, {at:%H:%M}"
