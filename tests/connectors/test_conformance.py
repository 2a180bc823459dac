"""What every connector must do, asked of all of them: the host finds them, and so does this.

A new one is asked by itself. What cannot be found in its folder is told in ``tests/connectors/<party>/party.py``.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from infra.plugin import Attempt, Company, Malformed, Sink
from infra.postgres import Engine
from infra.verdicts import Absent, AlreadyThere, Delivered, Unknown
from schemas.commands import Order, ReadPerson
from schemas.envelope import Envelope, wrap
from schemas.ledger import ReadLedger
from tests.connectors.party import TENANT, Imitated, Party, parties, shown, written
from tests.infra.opened import Opened, opened
from tests.json_values import leaves, put

PARTIES = parties()
SAMPLES = [(party, path) for party in PARTIES for path in party.samples()]
WRONG = "zz-Canary-4711"

every_party = pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.system.name)


def named(*samples: tuple[Party, Path]) -> pytest.MarkDecorator:
    """Return what asks about each of some samples."""
    names = [f"{party.system.name}/{path.name}" for party, path in samples]
    return pytest.mark.parametrize(("party", "path"), samples, ids=names)


every_sample = named(*SAMPLES)
every_json = named(*[(party, path) for party, path in SAMPLES if path.suffix == ".json"])


def problems(party: Party, name: str, payload: bytes) -> Sequence[str]:
    """Return what is wrong with a payload; nothing when it is taken."""
    try:
        party.facts(name, payload)
    except Malformed as malformed:
        return malformed.problems or ("it says nothing",)
    return ()


# --- Samples --------------------------------------------------------------------------------------------------------


@every_party
def test_what_tells_facts_has_samples(party: Party) -> None:
    """Whoever reads the folder sees what the party says, and what becomes of it."""
    if party.system.source or party.system.refresh:
        assert party.samples(), f"{party.folder.name}/samples: payloads of the party, with *.facts.json beside each"


@every_sample
def test_a_sample_becomes_the_facts_that_lie_beside_it(party: Party, path: Path) -> None:
    """What a payload becomes changes only on purpose: BOKBUSS_WRITE_GOLDEN=1 writes it anew."""
    golden = path.with_suffix(".facts.json")
    facts = shown(party.facts(path.name, path.read_bytes()))
    if os.environ.get("BOKBUSS_WRITE_GOLDEN"):
        golden.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    assert golden.exists(), f"{golden.name} is missing: BOKBUSS_WRITE_GOLDEN=1 writes what {path.name} becomes"
    assert facts == json.loads(golden.read_text()), (
        "if it is meant to be so: BOKBUSS_WRITE_GOLDEN=1, and read the difference"
    )


@every_sample
def test_the_same_payload_is_the_same_facts(party: Party, path: Path) -> None:
    """However often it comes, and with whatever gaps and sequence of names: that JSON says nothing by."""
    facts = party.facts(path.name, path.read_bytes())
    assert party.facts(path.name, path.read_bytes()) == facts
    if path.suffix == ".json":
        assert shown(party.facts(path.name, written(json.loads(path.read_bytes())))) == shown(facts)


@every_sample
def test_only_facts_that_were_announced_are_told(party: Party, path: Path) -> None:
    """``Source.facts`` names them: the host knows by it what a company's systems can tell."""
    if party.system.source is not None:
        assert {type(fact) for fact in party.facts(path.name, path.read_bytes())} <= set(party.system.source.facts)


# --- Payloads that break the format ---------------------------------------------------------------------------------


@every_json
def test_a_wrong_value_is_named_by_its_field_and_never_shown(party: Party, path: Path) -> None:
    """A list where a value stands: it is refused under the name of its field, or nothing reads that field."""
    sample = json.loads(path.read_bytes())
    refused = 0
    for place, _ in leaves(sample):
        found = problems(party, path.name, json.dumps(put(sample, place, [WRONG])).encode())
        named = [str(part) for part in place if isinstance(part, str)]
        assert WRONG not in "".join(found)
        assert not found or any(named[-1] in problem for problem in found), f"{place}: {found}"
        refused += bool(found)
    assert refused or party.system.source is None, "whatever stands in its fields is taken"


@every_json
@pytest.mark.parametrize(
    "odd", ["", " ", "\ud800", "\0", "é\u200b", "9" * 400, -1, 1e300, None, True, [], {}], ids=ascii
)
def test_an_odd_value_is_a_fact_that_can_travel_or_refused(party: Party, path: Path, odd: object) -> None:
    """Half a character, a NUL, nothing at all: one field of one record stops nobody else's."""
    sample = json.loads(path.read_bytes())
    for place, _ in leaves(sample):
        payload = json.dumps(put(sample, place, odd)).encode()
        if not problems(party, path.name, payload):
            json.dumps(shown(party.facts(path.name, payload)), ensure_ascii=False).encode()


@pytest.mark.parametrize("party", [p for p in PARTIES if p.system.source], ids=lambda party: party.system.name)
@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"\x00", b"[" * 50_000, b"{", b"null", b"7", b"[[]]"])
def test_what_is_no_payload_at_all_is_refused(party: Party, payload: bytes) -> None:
    """With words for whoever sent it."""
    assert party.system.source is not None
    with pytest.raises(Malformed) as caught:
        party.system.source.translate(payload)
    assert all(re.match(r"\S+.*: ", problem) for problem in caught.value.problems)


@named(*[(party, path) for party, path in SAMPLES if party.translated is None])
@given(edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=4)), min_size=1))
@effort(max_examples=25, deadline=None)
def test_damaged_bytes_are_facts_or_refused(party: Party, path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    """No bytes whatsoever make another exception: the host knows only this one."""
    raw = path.read_bytes()
    for place, length, put_in in edits:
        at = place % (len(raw) + 1)
        raw = raw[:at] + put_in + raw[at + length :]
    assert "it says nothing" not in problems(party, path.name, raw)


# --- Orders ---------------------------------------------------------------------------------------------------------

SINKS = [(party, sink) for party in PARTIES for sink in party.system.sinks]
every_sink = pytest.mark.parametrize(("party", "sink"), SINKS, ids=[sink.name for _, sink in SINKS])


def attempt() -> Attempt:
    """Return an attempt of a lane that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)


def enveloped(order: Order) -> Envelope[Any]:
    """Return an order as it stands in the journal."""
    at = datetime(2026, 4, 10, tzinfo=UTC)
    return wrap(order, message_id=str(order.id_in(TENANT)), source=f"/streams/{order.flow}", time=at, tenant=TENANT)


@asynccontextmanager
async def opened_at(party: Party, sink: Sink, engine: Engine) -> AsyncIterator[tuple[Imitated, Opened]]:
    """Open a party's sandbox, and our company's client to it, with what the sink carries out."""
    assert party.imitated is not None, f"{party.folder.name}: its party.py must say how its sandbox is reached"
    async with party.imitated(engine) as imitated:
        ours = Company(TENANT, None, imitated.number)
        async with opened(sink, ours, imitated.host) as there:
            yield replace(imitated, orders=tuple(order for order in imitated.orders if sink.takes(order))), there


def reads_only(order: Order) -> bool:
    """Tell whether an order changes nothing at the party: it is looked for by reading again."""
    return isinstance(order, ReadPerson | ReadLedger)


@every_sink
async def test_what_a_write_wrote_its_probe_finds(party: Party, sink: Sink, engine: Engine) -> None:
    """Of each kind of order, and before it was written there was nothing to be found; each call is on record."""
    async with opened_at(party, sink, engine) as (imitated, there):
        assert {type(order) for order in imitated.orders} == set(sink.orders), "an order of each kind"
        for order in imitated.orders:
            if not reads_only(order):
                assert await there.probe(enveloped(order), attempt()) == Absent()
            tried = attempt()
            verdict: object = await there.write(enveloped(order), tried)
            assert isinstance(verdict, Delivered), f"{type(order).__name__}: its write says {verdict}"
            assert tried.calls, f"{type(order).__name__}: its write has put no call on record"
            found = await there.probe(enveloped(order), attempt())
            said = "do encode, wire, translate and the sandbox call each field alike?"
            assert isinstance(found, AlreadyThere), (
                f"{type(order).__name__}: its probe says {found} of what it wrote: {said}"
            )


@every_sink
async def test_a_lost_answer_is_found_and_nothing_is_done_twice(party: Party, sink: Sink, engine: Engine) -> None:
    """Each order is done, and its answer is lost; as a lane does, it is looked for twice before it is sent again."""
    async with opened_at(party, sink, engine) as (imitated, there):
        for order in [order for order in imitated.orders if not reads_only(order)]:
            before = imitated.records()
            imitated.lose()
            verdict: object = await there.write(enveloped(order), attempt())
            assert isinstance(verdict, Unknown), f"{type(order).__name__}: {verdict}"
            done = imitated.records()
            looks = [await there.probe(enveloped(order), attempt()) for _ in range(2)]
            if looks == [Absent(), Absent()]:  # of several steps only the first one was done
                again: object = await there.write(enveloped(order), attempt())
                assert isinstance(again, Delivered | AlreadyThere), (
                    f"{type(order).__name__}: its probe did not find what was written, and a second write says {again}"
                )
                looks = [await there.probe(enveloped(order), attempt())]
                assert imitated.records() > done
            else:
                assert imitated.records() == done
            assert all(isinstance(look, AlreadyThere) for look in looks)
            assert done - before <= 1


@every_sink
def test_each_kind_says_how_it_is_found(party: Party, sink: Sink) -> None:
    """In words, for whoever wants to know what becomes of a lost answer; and no two kinds are of one order."""
    assert sink.system == party.system.name
    assert all(len(kind.found_by.split()) > 2 for kind in sink.kinds)
    assert len(set(sink.orders)) == len(sink.orders)


# --- README ---------------------------------------------------------------------------------------------------------


def headings(party: Party) -> list[str]:
    """Return the headings that a README must have, in their sequence; others may stand between."""
    system = party.system
    demanded = {
        "Set-up": system.source or system.sinks,
        "What becomes what": system.source or system.refresh,
        "Writing": system.sinks,
        "Sandbox": system.sandbox,
    }
    return [heading for heading, why in demanded.items() if why]


@every_party
def test_a_readme_has_the_headings_of_all(party: Party) -> None:
    """Who knows one connector finds their way in the next."""
    demanded, file = headings(party), party.folder / "README.md"
    if demanded:
        found = [line.removeprefix("## ") for line in file.read_text().splitlines() if line.startswith("## ")]
        here = [heading for heading in found if heading in demanded]
        assert here == demanded, f"{file}: the headings of all, in this order, are {', '.join(demanded)}"
