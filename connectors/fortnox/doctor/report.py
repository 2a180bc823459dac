"""What the doctor found, as people and programs read it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.fortnox import errors
from connectors.fortnox.doctor.check_words import CONNECTIONS, KINDS, LABELS, STATES, TEXTS
from connectors.fortnox.doctor.checks import CHECKS, CheckState, Finding
from connectors.fortnox.doctor.setup import Names
from infra import way_words
from infra.plugin import CheckSeen
from schemas.base import Language

_CODES: Final = {check.name: check.codes for check in CHECKS}


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found. ``passed``: reasons of holds that were told to be gone; ``calls``: made at Fortnox."""

    tenant: str
    checked_at: datetime
    findings: Mapping[str, Finding]
    passed: Names
    calls: int

    @property
    def red(self) -> Names:
        """The checks that failed."""
        return self._in("failed")

    @property
    def unchecked(self) -> Names:
        """The checks that could not be made: what they are about may be wrong."""
        return self._in("not checked")

    @property
    def ok(self) -> bool:
        """Tell whether nothing stands in the way, as far as that can be known: what is not checked is not green."""
        return not (self.red or self.unchecked)

    def _in(self, state: CheckState) -> Names:
        return tuple(name for name, finding in self.findings.items() if finding.state == state)


def lines(report: Examination, language: Language) -> Iterator[str]:
    """Return the report as lines: what is red with all that must be known to set it right, the rest a line each."""
    summary = LABELS["green" if report.ok else "red" if report.red else "unchecked"]
    counts = {"red": len(report.red), "unchecked": len(report.unchecked), "calls": report.calls}
    yield summary.to(language, tenant=report.tenant, **counts)
    yield ""
    width = max(len(state.to(language)) for state in STATES.values())
    told = set[str]()
    for name, finding in report.findings.items():
        yield f"{STATES[finding.state].to(language):<{width}}  {TEXTS[name].title.to(language)}"
        for line in _explained(name, finding, language):
            if finding.state == "failed" or line not in told:  # why nothing could be checked is said once
                yield f"{'':<{width}}  {line}"
            told.add(line)
    if report.passed:
        yield ""
        yield LABELS["passed"].to(language, codes=", ".join(report.passed))


def _explained(name: str, finding: Finding, language: Language) -> Iterator[str]:
    told = TEXTS[name]
    if finding.state == "not checked":
        yield LABELS["not_checked"].to(language, why=_why(finding, language))
    if finding.state != "failed":
        return
    yield told.wrong.to(language, names=_names(finding, language))
    waiting = f" {LABELS['waiting'].to(language, waiting=finding.waiting)}" if finding.waiting else ""
    yield f"{LABELS['stops'].to(language)}: {told.stops.to(language)}{waiting}"
    yield f"{LABELS['who'].to(language)}: {told.who.to(language)}"
    yield f"{LABELS['where'].to(language)}: {told.where.to(language)}"
    if told.guide:
        yield f"{LABELS['guide'].to(language)}: {told.guide}"


def _names(finding: Finding, language: Language) -> str:
    """Return what was found, in words: a way in, a kind of order and how a connection is have their own."""
    if finding.ways:
        return " ".join(way_words.in_words(way, language) for way in finding.ways)
    called = {**KINDS, **CONNECTIONS}
    return ", ".join(called[name].to(language) if name in called else name for name in finding.names)


def _why(finding: Finding, language: Language) -> str:
    if errors.is_known(finding.why):
        return errors.text(finding.why, language)
    said = LABELS.get(f"why_{finding.why}")
    return said.to(language) if said else finding.why


def seen(name: str, finding: Finding, at: datetime, language: Language) -> CheckSeen:
    """Return what a check found as a page shows it."""
    told = TEXTS[name]
    title = told.title.to(language)
    if finding.state == "not checked":
        return CheckSeen(name, title, finding.state, at, wrong=_why(finding, language))
    if finding.state != "failed":
        return CheckSeen(name, title, finding.state, at)
    return CheckSeen(
        name,
        title,
        finding.state,
        at,
        wrong=told.wrong.to(language, names=_names(finding, language)),
        stops=told.stops.to(language),
        who=told.who.to(language),
        where=told.where.to(language),
        guide=told.guide,
        waiting=finding.waiting,
    )


def as_json(report: Examination, language: Language) -> dict[str, Any]:
    """Return the report as JSON values; names and codes do not depend on the language."""
    return {
        "tenant": report.tenant,
        "ok": report.ok,
        "checked_at": report.checked_at.isoformat(),
        "calls": report.calls,
        "passed": list(report.passed),
        "checks": [_json(name, finding, language) for name, finding in report.findings.items()],
    }


def _json(name: str, finding: Finding, language: Language) -> dict[str, Any]:
    told = TEXTS[name]
    content: dict[str, Any] = {"check": name, "title": told.title.to(language), "state": finding.state}
    if finding.state == "not checked":
        content |= {"why": finding.why, "said": _why(finding, language)}
    if finding.state == "failed":
        content |= {
            "names": list(finding.names),
            "wrong": told.wrong.to(language, names=_names(finding, language)),
            "stops": told.stops.to(language),
            "blocks": {"codes": list(_CODES[name]), "flows": list(finding.flows), "waiting": finding.waiting},
            "who": told.who.to(language),
            "where": told.where.to(language),
            "guide": told.guide,
        }
    return content
