"""No personal number, bank account or token stands in an address, a log line, a metric, a mail or a page by mistake."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx  # noqa: TID251 - a browser, which keeps cookies
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from prometheus_client import generate_latest

from connectors.alexishr import commands
from connectors.alexishr import sandbox as alexis
from connectors.alexishr.settings import AlexisHRSettings
from connectors.desk.pages import PAGES
from connectors.fortnox.sandbox.records import Record
from infra import companies, telemetry, tenants
from infra.accounts.permissions import DeskRole
from infra.settings import MailSettings
from schemas.settings import EmployeesSettings, TenantSettings
from tests.acceptance.house import Roles, Shop, opened
from tests.connectors.desk.web_driver import Visitor
from tests.infra.mail_server import Inbox, serving

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

NUMBERS = {"19900101-2385": "85", "19850505-2384": "84", "19611212-9876": "76"}
"""Valid personal numbers that are nobody's, as they are told; and what a person may see of each."""
ACCOUNTS = {("6000", "987654322"): "22", ("6789", "123456789"): "89"}
"""Valid bank accounts: clearing and account number; and what a person may see of each."""
_BETWEEN = r"[\s\-.,+]?"
_PEOPLE = [_BETWEEN.join(number[2:].replace("-", "")) for number in NUMBERS]
_BANKS = [_BETWEEN.join(number) for _, number in ACCOUNTS]
PERSONAL = re.compile("|".join((*_PEOPLE, *_BANKS)))
"""Any of them in any spelling, with or without the century, the clearing number and what stands between digits."""


@dataclass
class Watch:
    """Everything that was to be seen, by where: of answers their address, headers and text."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def answer(self, role: str, answer: httpx.Response) -> httpx.Response:
        """Take an answer as a browser gets it; the cookie of a session is its own and is no text of a page."""
        where = f"{role} {answer.request.method} {answer.request.url.path}"
        self.seen.append((f"the address of {where}", unquote_plus(str(answer.request.url))))
        headers = [f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie"]
        self.seen.append((f"the headers of {where}", unquote_plus("\n".join(headers))))
        self.seen.append((where, unescape(answer.text)))
        return answer

    def personal(self) -> list[str]:
        """Return where a personal number or a bank account stands."""
        return [where for where, told in self.seen if PERSONAL.search(told)]

    def of_tokens(self) -> list[str]:
        """Return where a token stands: each is shown once, in the answer that has made it, or never."""
        return [
            f"{what} in {where}"
            for what, token in self.tokens.items()
            for where, told in self.seen
            if token in told and where != what
        ]


@dataclass
class Company:
    """A company whose staff is compared, and who looks at it."""

    house: Roles
    shop: Shop
    hr: alexis.Company
    inbox: Inbox
    visitor: Visitor
    watch: Watch = field(default_factory=Watch)
    plan: str = ""

    @property
    def below(self) -> str:
        """Its address."""
        return f"/companies/{self.shop.tenant}"

    async def signs_in(self, role: DeskRole) -> None:
        """Sign somebody in; the session's token is to be seen nowhere."""
        self.visitor.http.cookies.clear()
        await self.visitor.is_signed_in_as(role, self.shop.tenant)
        self.watch.tokens[f"the session of {role}"] = self.visitor.http.cookies["bokbuss_session"]

    async def get(self, role: str, path: str) -> httpx.Response:
        """Look at a page."""
        return self.watch.answer(role, await self.visitor.get(path))

    async def post(self, role: str, path: str, form: Mapping[str, Any]) -> httpx.Response:
        """Send a form."""
        return self.watch.answer(role, await self.visitor.post(path, dict(form)))

    async def compares(self, role: str) -> None:
        """Compare both sides, and wait for the plan of it."""
        begun = await self.post(role, f"{self.below}/employees/compare", {"view": "import"})

        async def made() -> str:
            answer = await self.get(role, begun.headers["location"])
            assert "That failed" not in answer.text
            return answer.headers.get("location", "") if answer.status_code == 303 else ""

        await self.house.until(self.shop, "both sides are compared", made)
        html = (await self.get(role, f"{self.below}/employees")).text
        self.plan = re.findall(rf'"({self.below}/employees/plans/[0-9a-f-]+)', html)[0]

    async def walks(self, role: str) -> set[int]:
        """Look at every page that there is, with all that is known of the staff put into its address."""
        html = (await self.get(role, self.plan)).text
        rows = re.findall(r'id="r(\d+)"', html)
        stories = sorted(set(re.findall(rf'href="{self.below}/(story/[^"?]+)"', html)))
        stories += [f"story/alexishr/{one}" for one in self.hr.records["employee"]]
        holds = re.findall(rf'"{self.below}/held/([0-9a-f-]+)"', (await self.get(role, f"{self.below}/held")).text)
        whole = {"{plan:uuid}": [self.plan.rpartition("/")[2]], "{row}": rows, "{hold:uuid}": holds}
        whole |= {"{system}": ["alexishr", "fortnox"], "{key:path}": [one.removeprefix("story/") for one in stories]}
        met: set[int] = set()
        for page in PAGES:
            if page.act or page.path.endswith("/changes"):
                continue
            addresses = [page.path.replace("{tenant}", self.shop.tenant)]
            for hole, values in whole.items():
                addresses = [
                    one.replace(hole, value) for one in addresses for value in (values if hole in one else [""])
                ]
            for address in addresses:
                met.add((await self.get(role, address)).status_code)
        for query in ("export?tab=all", "import?tab=all", "import?tab=all&q=frida", "export?tab=all&q=anna"):
            met.add((await self.get(role, f"{self.below}/employees/{query}")).status_code)
        met.add((await self.get(role, f"{self.plan}/send?view=plan&tab=all&all=1&do=planned")).status_code)
        return met


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(kafka: str, house_database: str, folder: Path) -> AsyncIterator[Company]:
    """Yield a company whose HR and Fortnox have personal numbers and bank accounts of the same people, and others."""
    hr = alexis.made_up()
    [anna] = [one for one, fields in hr.records["employee"].items() if fields["firstName"] == "Anna"]
    hr.change_person(anna, ssn="19900101-2385", bankAccount={"clearing": "6000", "number": "987654322"})
    frida: dict[str, Any] = {
        "firstName": "Frida",
        "lastName": "Glömsk",
        "workEmail": "frida@example.se",
        "ssn": "19850505-2384",
    }
    hr.add_person("2021-01-01", **frida)
    async with (
        serving(SMTP) as (inbox, port),
        alexis.running(hr) as url,
        opened(
            kafka,
            house_database,
            folder,
            alexishr=AlexisHRSettings(api_url=f"{url}/v1", poll_seconds=0.3, leave_seconds=0.5),
            mail=MailSettings(host="127.0.0.1", port=port, encryption="none"),
        ) as house,
        httpx.AsyncClient(timeout=60.0, headers={"Accept-Language": "en"}) as http,
    ):
        shop = await house.shop("unseen", settings=None)
        shop.fortnox.scopes += " salary"
        there = {"EmployeeId": "1", "FirstName": "Anna", "LastName": "Exempelsson", "Email": "anna@example.se"}
        bank = {"ClearingNo": "6789", "BankAccountNo": "123456789"}
        number: dict[str, Any] = {"PersonalIdentityNumber": "19611212-9876"}
        shop.fortnox.register("employees")["1"] = Record(number | there | bank)
        engine, settings = (
            house.place.engine,
            EmployeesSettings(system="alexishr", source_of_truth="hr", street_line=2, report_to=("lena@example.se",)),
        )
        version = await companies.apply_settings(
            engine, await house.place.producer(), shop.tenant, TenantSettings(employees=settings), by="a test"
        )
        await house.until(shop, "settings", lambda: tenants.is_in_force(engine, shop.tenant, version))
        await commands.store(house.place, shop.tenant, hr.token, "a test")
        yield Company(house, shop, hr, inbox, Visitor(await house.place.host(), http, house.url))


async def test_1_nothing_is_to_be_seen_by_anybody_anywhere(company: Company, capfd: pytest.CaptureFixture[str]) -> None:
    """Each role walks over all pages before and after staff is sent; masks are shown, and each token once."""
    watch, below = company.watch, company.below
    await company.signs_in(DeskRole.ACCOUNTANT)
    await company.compares("accountant")
    for role in DeskRole:
        await company.signs_in(role)
        assert await company.walks(role) <= {200, 303, 403, 404, 422}
    pages = "\n".join(told for _, told in watch.seen)
    for shown in (*NUMBERS.values(), *ACCOUNTS.values()):
        assert re.search(rf"•+{shown}\b", pages), f"the pages with what ends in {shown} were not met"

    html = (await company.get("admin", f"{company.plan}/send")).text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    sent = await company.post("admin", f"{company.plan}/send", form)
    assert sent.headers["location"].endswith("/results"), sent.text

    async def mailed() -> bool:
        return bool(company.inbox.mails)

    await company.house.until(company.shop, "the report is mailed", mailed)
    tokens: tuple[tuple[str, dict[str, str], str], ...] = (
        ("connections/fortnox/link", {}, r'id="link">[^<]*/connect/([^<]+)<'),
        ("sources/openpos/secret", {}, r'id="secret">([^<]+)<'),
        ("keys", {"holder": "Revision AB"}, r'id="key">([^<]+)<'),
        ("people", {"email": "cilla@example.se", "role": "viewer"}, r'id="link">[^<]*/invitation/([^<]+)<'),
    )
    for act, what, shown in tokens:
        made = await company.post("admin", f"{below}/{act}", what)
        watch.tokens[watch.seen[-1][0]] = re.findall(shown, made.text)[0]
    for token in list(watch.tokens.values()):
        await company.visitor.get(f"/connect/{token}")
        await company.visitor.get(f"/invitation/{token}")
    await company.walks("admin")
    watch.tokens |= {"HR's key": company.hr.token, "the till's secret": company.shop.secret}
    _and_the_rest(company, capfd)
    assert "[info" in dict(watch.seen)["the log"]
    assert watch.personal() == []
    assert watch.of_tokens() == []


def _and_the_rest(company: Company, capfd: pytest.CaptureFixture[str]) -> None:
    """Take what was logged, mailed and measured meanwhile."""
    told = capfd.readouterr()
    company.watch.seen.append(("the log", told.out + told.err))
    company.watch.seen.append(("metrics", generate_latest().decode()))
    for mail in company.inbox.mails:
        parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
        company.watch.seen.append(("a mail", "\n".join([str(mail["Subject"]), *map(unescape, parts)])))


async def test_2_what_is_planted_is_found(company: Company, capfd: pytest.CaptureFixture[str]) -> None:
    """As somebody's title on a page, in a log line, a metric, a mail, an address; a token on a page and in the log."""
    company.watch.seen.clear()
    [anna] = [one for one, fields in company.hr.records["employee"].items() if fields["firstName"] == "Anna"]
    company.hr.change_person(anna, title="610 years, 611212 9876")
    await company.signs_in(DeskRole.ADMIN)
    session = company.visitor.http.cookies["bokbuss_session"]
    await company.compares("admin")
    await company.walks("admin")
    await company.get("admin", "/explain?what=6789%2C+123456789")
    telemetry.log(__name__).info("planted", note="account 987 654 322", token=session)
    gauge = telemetry.ORDERS_WAITING.labels(sink="850505-2384", state="planted")
    gauge.set(1)
    company.watch.seen.append(("a page", f'<a href="/?session={session}">'))
    letter = EmailMessage()
    letter.set_content("Anna, 19900101-2385")
    company.inbox.mails.append(letter)
    _and_the_rest(company, capfd)
    telemetry.ORDERS_WAITING.remove("850505-2384", "planted")
    found = company.watch.personal()
    assert {"the log", "metrics", "a mail"} <= set(found)
    assert any(where.startswith(f"admin GET {company.plan}") for where in found)
    assert any(where.startswith("the address of") for where in found)
    assert {"the session of admin in a page", "the session of admin in the log"} <= set(company.watch.of_tokens())
