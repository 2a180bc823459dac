"""What every flow must do, asked of all of them: the host finds them, and so does this.

They walk through histories that nobody thought of: samples with parts exchanged. What a flow may do is said and checked
where the host says it (``infra.deciding.decision``): it writes only what it has read, its states come back as they
were, and what is decided twice is decided once; ``tests/flow_driver.py`` asks that of every history in every test.
"""

import importlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.plugin import Flow, Terms
from schemas import envelope as envelopes
from schemas import ids
from schemas.asyncapi import samples
from schemas.audit import GENESIS, AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, VoucherRef
from schemas.events import ChecksPassed, Fact, ReviewAnswered
from schemas.settings import SettingsApplied, TenantSettings
from tests.flow_driver import FlowDriver
from tests.json_values import Place, leaves, put
from tests.streams.flows import FLOWS, folder

TENANT = "krogen-soder"
every_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.name)
START = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
BY_TYPE = {envelopes.type_of(message): message for message in envelopes.MESSAGES}


def _pools() -> tuple[dict[type[Message], list[Any]], dict[str, list[Any]]]:
    of_type, of_name = defaultdict(list), defaultdict(list)
    for sample in samples().values():
        of_type[BY_TYPE[sample["type"]]].append(sample["data"])
        for path, leaf in leaves(sample["data"]):
            of_name[str(path[-1])] += [leaf] if leaf not in of_name[str(path[-1])] else []
    return of_type, of_name


SAMPLES, VALUES = _pools()
"""What the samples hold of each message; and each value that a field of a name has in any of them."""


def changed(message: type[Message], data: Any, path: Place, value: Any) -> Any:
    """Return a message's values with another one, or as they were where that would be no message."""
    new = put(data, path, value)
    try:
        message.model_validate_json(json.dumps(new))
    except ValidationError:
        return data  # not every value goes with every other
    return new


@st.composite
def like_a_sample(draw: st.DrawFn, message: type[Message]) -> Message:
    """Draw a message: a sample, or another thing of its shape, in which some values are others' or none."""
    data = draw(st.sampled_from(SAMPLES[message]))
    paths = [path for path, _ in leaves(data)]
    if twin := draw(st.sampled_from(["", "", "1", "2"])):
        for path, leaf in leaves(data):
            data = changed(message, data, path, f"{leaf}{twin}") if isinstance(leaf, str) else data
    for path in draw(st.lists(st.sampled_from(paths), max_size=4)):
        data = changed(message, data, path, draw(st.sampled_from([None, *VALUES[str(path[-1])]])))
    return message.model_validate_json(json.dumps(data))


def everything_on() -> TenantSettings:
    """Return settings in which every flow that has a sample of its settings is switched on."""
    sections: dict[str, Any] = {}
    for sample in SAMPLES[SettingsApplied]:
        sections |= {name: section for name, section in sample["settings"].items() if section}
    return TenantSettings.model_validate_json(json.dumps(sections))


class Walk:
    """A company and one flow, and what has come out so far."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.remembered = FlowDriver(flow)
        self.terms = Terms(everything_on(), 1)
        self.orders: list[Order] = []
        self.holds: list[HoldForReview] = []
        self.number = 0

    def tell(self, data: Message) -> None:
        """Let the flow decide a message, over what it names or over what waits."""
        self.number += 1
        fact = ids.fact_id(str(getattr(data, "key", "")), ids.revision(data))
        message_id = fact if isinstance(data, Fact) else f"{TENANT}/{self.number}"
        at = START + timedelta(hours=self.number)
        message = envelopes.wrap(data, message_id=message_id, source="/tests", time=at, tenant=TENANT)
        named: list[tuple[str, ...]] = [()]
        if isinstance(data, SettingsApplied):
            self.terms = Terms(data.settings, self.number)
        if isinstance(data, SettingsApplied | ChecksPassed):
            named = [(key,) for key in self.remembered.told(getattr(data, "codes", None))]
        for keys in named:
            for order in self.remembered.decide(message, self.terms, keys):
                (self.holds if isinstance(order, HoldForReview) else self.orders).append(order)

    def step(self, draw: st.DrawFn) -> None:
        """Let something happen."""
        kinds = ["settings", "checks", *["fact"] * 6]
        kinds += ["outcome"] * 6 if self.orders else []
        kinds += ["answer"] * 3 if any(hold.choices for hold in self.holds) else []
        match draw(st.sampled_from(kinds)):
            case "fact":
                self.tell(draw(like_a_sample(draw(st.sampled_from(self.flow.facts)))))
            case "settings":
                self.tell(draw(like_a_sample(SettingsApplied)))
            case "checks":
                codes = sorted(set(self.remembered.waiting.values())) or ["period_locked"]
                self.tell(ChecksPassed(codes=(draw(st.sampled_from(codes)),), checked_at=START))
            case "outcome":
                self.tell(self.outcome(draw, draw(st.sampled_from(self.orders[-5:]))))
            case "answer":
                hold = draw(st.sampled_from([hold for hold in self.holds if hold.choices][-5:]))
                answer = draw(st.sampled_from(hold.choices)).answer
                self.tell(
                    ReviewAnswered(
                        hold_id=hold.id_in(TENANT),
                        flow=hold.flow,
                        about=hold.key,
                        answer=answer,
                        answered_by="lena",
                        answered_at=START,
                    )
                )

    def outcome(self, draw: st.DrawFn, order: Order) -> Message:
        """Draw what became of an order."""
        result = draw(st.sampled_from(["delivered", "already_there", "rejected", "unknown"]))
        done = result in {"delivered", "already_there"}
        voucher = hasattr(order, "rows")
        return AuditRecord(
            sequence=1,
            previous=GENESIS,
            at=START + timedelta(hours=self.number),
            outcome="released" if isinstance(order, CloseReview) else result,  # type: ignore[arg-type] # one of them
            flow=order.flow,
            key=order.key,
            message_id=str(order.id_in(TENANT)),
            message_type=envelopes.type_of(type(order)),
            fact_id="fact",
            revision=order.revision,
            step=order.step,
            rule=order.rule,
            voucher=VoucherRef(series="F", number=self.number, year_id=1) if voucher and done else None,
            record=draw(st.sampled_from(["", "1007", "1001", "x"])) if done and not voucher else "",
            code=draw(st.sampled_from(["period_locked", "record_moved"])) if result == "rejected" else "",
            who="accountant" if result == "rejected" else None,
        )


@every_flow
@given(data=st.data())
@effort(max_examples=60)
def test_whatever_comes_a_flow_keeps_to_what_was_agreed(flow: Flow, data: st.DataObject) -> None:
    """Facts in any order, settings that change, outcomes of all kinds, answers and checks."""
    walk = Walk(flow)
    first = [one.model_validate_json(json.dumps(sample)) for one in flow.facts for sample in SAMPLES[one]]
    for fact in data.draw(st.permutations(first)):
        walk.tell(fact)
    for _ in range(data.draw(st.integers(1, 20))):
        walk.step(data.draw)


@pytest.mark.parametrize("package", FLOWS)
def test_the_rules_stand_in_one_tuple_and_their_names_say_them(package: str) -> None:
    """A rule's name is in orders, audit records and on the page: one sentence each, none twice."""
    rules = importlib.import_module(f"{package}.rules").RULES
    names = [rule.__name__ for rule in rules]
    assert isinstance(rules, tuple)
    assert len(names) == len(set(names))
    assert all(len(name.split("_")) >= 3 and len(name) <= 64 for name in names)
    assert all(rule.__doc__ for rule in rules)


def test_every_rule_decides_in_some_history(tmp_path: Path) -> None:
    """Of the histories that the flows' own tests tell: a rule that decides in none is not tested, or cannot decide."""
    folders = [str(folder(package)) for package in FLOWS]
    plugin = ["-p", "no:cacheprovider", "-p", "tests.streams.rules_that_decided"]
    left = tmp_path / "left"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, "-m", "not hypothesis", *folders],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"NO_DECISION": str(left)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert left.exists(), run.stdout + run.stderr
    assert left.read_text().split() == []
