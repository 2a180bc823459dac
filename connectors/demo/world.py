"""The outside world of the demo: tills, accountants and Fortnox's troubles, over HTTP, files and Kafka."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from standardwebhooks import Webhook

from connectors.demo import clinic, people
from connectors.demo.clinic import KLINIKEN
from connectors.demo.on_account import DemoSale, Document, documents, is_done
from connectors.demo.people import KONTORET
from connectors.demo.reports import DemoReport
from connectors.demo.scenes import (
    FAULTS,
    Act,
    Apply,
    Await,
    Bookkeep,
    Break,
    Company,
    Deliver,
    DeliverAgain,
    DeliverBroken,
    Forge,
    Lock,
    Missing,
    Sell,
    Simulate,
    Sold,
)
from connectors.demo.simulating import simulated
from connectors.demo.telling import Effect, Progress, TenantRecord, amount, effect, progress, report_name
from connectors.demo.tieout import BookedVoucher, SentReport
from infra import clock, companies, registry, telemetry, tenants
from infra.access.vault import signing_secret
from infra.http import Client
from infra.kafka.fetching import Consumer
from infra.office import Office
from infra.plugin import Host
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.events import ReviewAnswered

WITHIN = 180.0
"""Seconds in which each thing that is waited for must have happened."""
_POLL, _AGAIN = 0.05, 0.5
_SYSTEM = "openpos"
_ACCOUNTANT = "anna@example.com"
_SECONDS = {"late_commit": 1.5}
_CLIENT = (b"sandbox", b"sandbox-secret")


class NotInTime(TimeoutError):
    """What was waited for did not happen."""


class Unexpected(RuntimeError):
    """Something answered otherwise than it should; the message says what."""


class World:
    """Does what tills, accountants and Fortnox do, and listens to the audit trail.

    Attributes:
        told: the audit trail so far.
        sent: each content that was accepted, by company, key and revision.
        sold: each sale on account that was accepted.
        counts: deliveries accepted, sent again, and refused at the door.
        names: of people, by the keys that the trail has of them.
    """

    def __init__(
        self,
        *,
        place: Office,
        url: str,
        sandbox: str,
        secrets: Mapping[str, str],
        http: Client,
        say: Callable[[Effect], None],
    ) -> None:
        self._place = place
        self._url, self._sandbox = url, sandbox
        self._secrets = secrets
        self._http = http
        self._say = say
        self._news = asyncio.Condition()
        self.told: list[TenantRecord] = []
        self.sent: dict[tuple[str, str, str], SentReport] = {}
        self.sold: list[DemoSale] = []
        self.counts: Counter[str] = Counter()
        self.names: dict[str, str] = {}

    # --- Listening --------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Follow ``audit.v1`` from its beginning, and say each effect as it comes."""
        consumer = Consumer(self._place.settings.kafka, auto_offset_reset="earliest")
        consumer.subscribe([AuditRecord.TOPIC])
        await consumer.start()
        try:
            async for record in consumer:
                message = envelopes.decode(record.value)
                heard: AuditRecord = message.data
                before = [r for t, r in self.told if (t, r.key) == (message.tenant, heard.key)]
                if before and before[-1].sequence >= heard.sequence:
                    continue  # the relay may repeat a record
                async with self._news:
                    self.told.append((message.tenant, heard))
                    self._news.notify_all()
                if message.tenant == KONTORET.tenant:
                    self._say(people.effect(message.tenant, heard, self.names))
                elif message.tenant == KLINIKEN.tenant:
                    if said := clinic.told(message.tenant, heard):
                        self._say(said)
                else:
                    self._say(effect(message.tenant, heard, before))
        finally:
            await consumer.stop()

    def progress(self, report: DemoReport) -> Progress:
        """Return how far a report has come."""
        place = (report.tenant, report.key, _revision(report))
        return progress(self.told).get(place, Progress())

    async def _await(self, wanted: Await) -> None:
        """Wait until a report has come as far as it shall.

        Raises:
            NotInTime: saying where it is instead.
        """
        report = wanted.report
        try:
            async with asyncio.timeout(WITHIN), self._news:
                await self._news.wait_for(lambda: self.progress(report).state == wanted.state)
        except TimeoutError:
            now = self.progress(report).state or "under way"
            raise NotInTime(
                f"{report.tenant} {report_name(report.key)} is {now!r} after {WITHIN:.0f} s, not {wanted.state!r}"
            ) from None

    async def _missing(self, wanted: Missing) -> None:
        """Wait until something is said to be missing, or is no more. Raises NotInTime."""
        tenant, last = wanted.company.tenant, "released" if wanted.over else "held"

        async def said() -> bool:
            outcomes = [record.outcome for of, record in self.told if (of, record.key) == (tenant, wanted.key)]
            return outcomes[-1:] == [last]

        await self.until(said, f"{wanted.key} of {tenant} to be {last}")

    # --- Acting -----------------------------------------------------------------------------------------------------

    async def perform(self, act: Act) -> None:  # noqa: C901, PLR0912 - one case for each act
        """Do what a scene says, or wait for what it says.

        Raises:
            NotInTime, Unexpected: see there.
        """
        match act:
            case Deliver(report, ends):
                await self._deliver(report, ends)
            case DeliverAgain(report, same_delivery):
                await self._deliver_again(report, same_delivery=same_delivery)
            case Forge(report):
                await self._forge(report)
            case DeliverBroken(report, instead):
                await self._deliver_broken(report, instead)
            case Lock(company, until):
                await self._lock(company, until)
            case Break(company, script):
                await self._break(company, script)
            case Apply(company):
                await self._apply(company.tenant, act)
            case Simulate(company):
                self.note(company.tenant, "", "simulated", await simulated(self._place.engine, act))
            case Await():
                await self._await(act)
            case Missing():
                await self._missing(act)
            case Sell(sale):
                await self._sell(sale)
            case Sold(sale):
                await self._sold(sale)
            case Bookkeep(company):
                await self._bookkeep(company)

    async def _deliver(self, report: DemoReport, ends: str) -> None:
        self.sent[report.tenant, report.key, _revision(report)] = SentReport(report, _revision(report), ends)
        how = await self._send(report)
        self.counts["delivered"] += 1
        amendment = f" (amendment {report.amendment})" if report.amendment else ""
        self.note(report.tenant, report_name(report.key), "accepted", how + amendment)

    async def _send(self, report: DemoReport) -> str:
        """Send a report by its till's way; return how it was accepted, in words."""
        raw = _bytes(report)
        if report.till.way == "HTTP":
            await self._post(report, raw, _delivery_id(report), self._secrets[report.tenant])
            return "delivered over HTTP: 202, accepted"
        if report.till.way == "Kafka":
            fact = _fact(report)
            await self._publish(report.tenant, fact, ids.fact_id(report.key, ids.revision(fact)), f"/tills/{_SYSTEM}")
            return "published straight on facts.day-closed.v1"
        folder = self._place.settings.data / "inbox" / report.tenant / _SYSTEM
        name = f"{report.till.register}-{report.z}-{report.amendment}.json"
        await asyncio.to_thread(_put, folder / name, raw)
        await self.until(lambda: asyncio.to_thread((folder / "done" / name).exists), f"{name} to be taken in")
        return f"taken from the watched folder: {name}"

    async def _sell(self, sale: DemoSale) -> None:
        raw = json.dumps(sale.wire(), ensure_ascii=False).encode()
        await self.post_signed(f"{sale.tenant}/{_SYSTEM}", raw, f"sale-{sale.receipt}", self._secrets[sale.tenant])
        self.sold.append(sale)
        self.counts["delivered"] += 1
        tip = f", with a tip of {amount(sale.tip)}" if sale.tip else ""
        self.note(sale.tenant, sale.name, "accepted", f"sold on account for {amount(sale.total)}{tip}: 202, accepted")

    async def _sold(self, sale: DemoSale) -> None:
        async def done() -> bool:
            return is_done(sale, self.told)

        await self.until(done, f"{sale.name} of {sale.tenant} to be one {sale.becomes}")

    async def _bookkeep(self, company: Company) -> None:
        """Book what is invoiced, as a person does in Fortnox. Raises Unexpected."""
        api, tenant = self._sandbox, {"TenantId": str(company.database_number)}
        basic = {"Authorization": f"Basic {base64.b64encode(b':'.join(_CLIENT)).decode()}"}
        form = {"grant_type": "client_credentials"}
        answer = await self._http.send("POST", f"{api}/oauth-v1/token", headers=basic | tenant, form=form)
        bearer = {"Authorization": f"Bearer {json.loads(answer.body)['access_token']}"}
        for one in await self.documents(company):
            if one.kind == "invoice" and not one.voucher:
                answer = await self._http.send("PUT", f"{api}/3/invoices/{one.number}/bookkeep", headers=bearer)
                if answer.status != HTTPStatus.OK:
                    raise Unexpected(f"{one.name} of {company.tenant} was not booked: {answer.status} {answer.text}")
                self.note(
                    company.tenant, one.name, "booked", f"booked in Fortnox by the accountant: {amount(one.total)}"
                )

    async def _deliver_again(self, report: DemoReport, *, same_delivery: bool) -> None:
        delivery = _delivery_id(report) + ("" if same_delivery else "-again")
        await self._post(report, _bytes(report), delivery, self._secrets[report.tenant])
        place = (report.tenant, report.key, _revision(report))
        one = self.sent[place]
        self.sent[place] = SentReport(one.report, one.revision, one.ends, one.times + 1)
        self.counts["delivered"] += 1
        self.counts["duplicates"] += 1
        which = "the same delivery again" if same_delivery else "the same report under a new webhook-id"
        self.note(report.tenant, report_name(report.key), "duplicate", f"{which}: 202, the same event id")

    async def _post(
        self, report: DemoReport, raw: bytes, delivery: str, secret: str, status: int = HTTPStatus.ACCEPTED
    ) -> dict[str, Any]:
        """Send a signed delivery; return the answer, which must have this status and name this report."""
        said = await self.post_signed(f"{report.tenant}/{_SYSTEM}", raw, delivery, secret, status)
        expected = [ids.fact_id(report.key, _revision(report))]
        if status == HTTPStatus.ACCEPTED and said["event_ids"] != expected:
            raise Unexpected(f"{report.tenant}/{_SYSTEM}: accepted {said['event_ids']}, not {expected}")
        return said

    async def post_signed(
        self, path: str, raw: bytes, delivery: str, secret: str, status: int = HTTPStatus.ACCEPTED
    ) -> dict[str, Any]:
        """Send what a system signs; return the answer, which must have this status. Raises Unexpected."""
        url, deadline = f"{self._url}/v1/{path}", clock.monotonic() + WITHIN
        while True:
            now = clock.now()
            headers = {
                "content-type": "application/json",
                "webhook-id": delivery,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret).sign(delivery, now, raw.decode()),
            }
            answer = await self._http.send("POST", url, headers=headers, content=raw)
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or clock.monotonic() > deadline:
                break
            await clock.sleep(_AGAIN)  # on a busy machine Kafka may be late: it says to send it again, as tills do
        said: dict[str, Any] = json.loads(answer.body)
        if answer.status != status:
            raise Unexpected(f"{url} answered {answer.status}, not {status}: {said}")
        return said

    async def held(self, tenant: str, reason: str) -> AuditRecord:
        """Wait until something of a company is held for this reason; return its record."""

        async def newest() -> AuditRecord | None:
            records = [record for of, record in self.told if of == tenant]
            closed = {record.order_id for record in records if record.outcome == "released"}
            open_ones = [r for r in records if r.outcome == "held" and r.code == reason and r.order_id not in closed]
            return open_ones[-1] if open_ones else None

        found: AuditRecord = await self.until(newest, f"something to be held as {reason}")
        return found

    @staticmethod
    async def answer(host: Host, tenant: str, held: AuditRecord, answer: str, *, by: str) -> None:
        """Answer a hold, as a person does. Raises Unexpected when the trail does not name it."""
        if held.order_id is None:
            raise Unexpected(f"{held.key} is held without an id")
        fact = ReviewAnswered(
            hold_id=held.order_id,
            flow=held.flow,
            about=held.key,
            answer=answer,
            answered_by=by,
            answered_at=clock.now(),
        )
        await host.accept(tenant, "desk", [fact])

    async def _forge(self, report: DemoReport) -> None:
        said = await self._post(report, _bytes(report), "forged", signing_secret(), HTTPStatus.UNAUTHORIZED)
        self.counts["refused"] += 1
        self.note(report.tenant, report_name(report.key), "refused", f"forged: 401, {said['error']}")

    async def _deliver_broken(self, report: DemoReport, instead: Mapping[str, object]) -> None:
        raw = json.dumps(report.wire() | dict(instead)).encode()
        secret = self._secrets[report.tenant]
        said = await self._post(report, raw, "broken", secret, HTTPStatus.UNPROCESSABLE_ENTITY)
        self.counts["refused"] += 1
        problems = "; ".join(said["problems"])
        self.note(report.tenant, report_name(report.key), "refused", f"broken: 422, {problems}")

    async def _lock(self, company: Company, until: Any) -> None:
        day = until and until.isoformat()
        await self.control("locked-period", {"company": company.database_number, "end_date": day})
        what = f"the accountant locks Fortnox up to {day}" if day else "the accountant opens the locked period"
        self.note(company.tenant, "", "locked" if day else "opened", what)

    async def _break(self, company: Company, script: tuple[str | None, ...]) -> None:
        content = {"company": company.database_number, "script": script, "seconds": _SECONDS}
        await self.control("faults", content)
        faults = "; ".join(FAULTS[fault] if fault else "all goes well" for fault in script)
        self.note(company.tenant, "", "broken", f"Fortnox's next vouchers: {faults}")

    async def _apply(self, tenant: str, act: Apply) -> None:
        engine, producer = self._place.engine, await self._place.producer()
        version = await companies.apply_settings(engine, producer, tenant, act.settings, by=_ACCOUNTANT)
        wanted = f"settings version {version} of {tenant} to be in force"
        await self.until(lambda: tenants.is_in_force(engine, tenant, version), wanted)
        self.note(tenant, "", "settings", f"settings version {version} in force: {act.what}")

    async def _publish(self, tenant: str, data: Any, message_id: str, source: str) -> None:
        producer = await self._place.producer()
        message = envelopes.wrap(
            data,
            message_id=message_id,
            source=source,
            time=clock.now(),
            tenant=tenant,
            trace=telemetry.new_trace(),
        )
        await producer.send_and_wait(data.TOPIC, message.to_bytes(), key=tenant.encode())

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for a condition that nobody announces; return what it gives. Raises NotInTime."""
        deadline = clock.monotonic() + WITHIN
        while not (found := await condition()):
            if clock.monotonic() > deadline:
                raise NotInTime(f"waited {WITHIN:.0f} s in vain for {what}")
            await clock.sleep(_POLL)
        return found

    def note(self, tenant: str, about: str, what: str, said: str) -> None:
        """Say what somebody outside did."""
        self._say(Effect(clock.now(), tenant, about, what, said))

    # --- Fortnox ----------------------------------------------------------------------------------------------------

    async def open_books(self, company: Company) -> None:
        """Give a company its Fortnox."""
        await self.control(
            "companies",
            {
                "database_number": company.database_number,
                "name": company.name,
                "organisation_number": company.organisation_number,
                "cost_centres": dict(company.cost_centres),
                "scopes": company.scopes,
            },
        )

    async def books(self, company: Company) -> list[BookedVoucher]:
        """Return every voucher in a company's books."""
        (found,) = await self._look("books", company)
        return [
            BookedVoucher(
                f"{voucher['series']} {voucher['number']}",
                voucher["description"],
                tuple((row["account"], Decimal(row["debit"]), Decimal(row["credit"])) for row in voucher["rows"]),
            )
            for voucher in found["vouchers"]
        ]

    async def documents(self, company: Company) -> list[Document]:
        """Return the invoices and orders that a company's Fortnox holds."""
        return documents((await self.company(company))["registers"])

    async def calls(self, company: Company) -> dict[str, Any]:
        """Return the calls that a company's Fortnox got: ``calls`` by route, ``faults`` by name, ``throttled``."""
        (found,) = await self._look("calls", company)
        return found

    async def company(self, company: Company) -> dict[str, Any]:
        """Return all that a company's Fortnox holds."""
        url = f"{self._sandbox}/_sandbox/companies/{company.database_number}"
        found: dict[str, Any] = json.loads((await self._http.send("GET", url)).body)
        return found

    async def change_company(self, company: Company, patch: Mapping[str, Any]) -> None:
        """Change what a company's Fortnox holds, as its own people do: a JSON merge patch. Raises Unexpected."""
        await self.control(f"companies/{company.database_number}", patch, "PATCH")

    async def _look(self, what: str, company: Company) -> list[dict[str, Any]]:
        url = f"{self._sandbox}/_sandbox/{what}"
        answer = await self._http.send("GET", url, params={"company": company.database_number})
        companies: list[dict[str, Any]] = json.loads(answer.body)["companies"]
        return companies

    async def control(self, what: str, content: Mapping[str, Any], method: str = "POST") -> None:
        """Tell the sandbox of Fortnox something. Raises Unexpected."""
        answer = await self._http.send(method, f"{self._sandbox}/_sandbox/{what}", json=content)
        if answer.status != HTTPStatus.OK:
            raise Unexpected(f"the sandbox answered {answer.status} to {what}: {answer.text}")


def _put(path: Any, raw: bytes) -> None:
    """Put a file into a watched folder, whole at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}")
    hidden.write_bytes(raw)
    hidden.rename(path)


def _bytes(report: DemoReport) -> bytes:
    return json.dumps(report.wire(), ensure_ascii=False).encode()


def _fact(report: DemoReport) -> Message:
    """Return what a report means, by the connector's own reading: what a till on Kafka publishes itself."""
    (fact,) = registry.sources()[_SYSTEM].translate(_bytes(report))
    return fact


def _revision(report: DemoReport) -> str:
    return ids.revision(_fact(report))


def _delivery_id(report: DemoReport) -> str:
    return f"zr-{report.till.register}-{report.z}-{report.amendment}"
