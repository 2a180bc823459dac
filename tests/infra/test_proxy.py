"""Calls that leave by a proxy: what it does not let through was not sent; the rest is as without one."""

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidProxyStatus

from infra import clock, contents, http
from infra.http import Client, NoAnswer, NotSent, leave_by, proxy_to
from infra.settings import DocumentsSettings, ProxySettings, Settings

HOST = "api.example.se"
_HEAD = b"\r\n\r\n"


class Proxy:
    """A proxy that speaks CONNECT, and leads everything to one server of ours.

    Attributes:
        says: its answer; None: it says nothing, and b"" that it hangs up.
        asked: what it was asked for, as it came.
    """

    def __init__(self, server: int) -> None:
        self.says: bytes | None = b"HTTP/1.1 200 Connection established\r\n\r\n"
        self.leads_on = True
        self.asked: list[str] = []
        self.port = 0
        self._server = server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.asked.append((await reader.readuntil(_HEAD)).decode())
        writer.write(self.says or b"")
        if self.says is None:
            await reader.read()
        elif self.says.startswith(b"HTTP/1.1 200"):
            if self.leads_on:
                there, back = await asyncio.open_connection("127.0.0.1", self._server)
                await asyncio.gather(_copied(reader, back), _copied(there, writer))
            else:  # where the other side's TLS should begin
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")

    @property
    def targets(self) -> list[str]:
        """What it was to connect to."""
        return [head.split()[1] for head in self.asked]

    def as_settings(self, user: str = "") -> ProxySettings:
        """Return it as it is named to bokbuss."""
        return ProxySettings(url=SecretStr(f"http://{user}127.0.0.1:{self.port}"))


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
    finally:
        writer.close()


@asynccontextmanager
async def _listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve until everybody has left; yield the port."""
    under_way: set[asyncio.Task[None] | None] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async with await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls) as server:
        yield int(server.sockets[0].getsockname()[1])
    await asyncio.gather(*filter(None, under_way))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a key and its certificate, in which whoever has it as SSL_CERT_FILE trusts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(written + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(autouse=True)
def _as_it_was(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    http.certificates.cache_clear()
    yield
    leave_by(ProxySettings())
    http.certificates.cache_clear()


@asynccontextmanager
async def proxied(
    certificate: Path, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbook"
) -> AsyncIterator[Proxy]:
    """Yield a proxy before a server that proves to be HOST, and answers every request alike; b"": it hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(_HEAD) and answer:
            writer.write(answer)

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with _listening(serve, tls) as server:
        proxy = Proxy(server)
        async with _listening(proxy.serve) as proxy.port:
            leave_by(proxy.as_settings("user:p%40ss@"))
            yield proxy


async def test_a_call_to_the_internet_leaves_by_the_proxy(certificate: Path) -> None:
    """The proxy is told the host, who we are, and nothing of the request; one way through serves more than one call."""
    passed: list[str] = []
    async with proxied(certificate) as proxy, Client(timeout=5.0, headers={"Authorization": "Bearer token"}) as client:
        for _ in range(2):
            answer = await client.send("GET", f"https://{HOST}/3/x", may_send=lambda: passed.append(proxy.targets[-1]))
            assert (answer.status, answer.body) == (200, b"book")
    assert proxy.targets == [f"{HOST}:443"]
    assert passed == [f"{HOST}:443"] * 2, "the last moment to stop is when the way through stands"
    assert "token" not in proxy.asked[0]
    assert base64.b64encode(b"user:p@ss").decode() in proxy.asked[0]


@pytest.mark.parametrize(
    "says", [b"HTTP/1.1 502 Bad Gateway\r\n\r\n", b"HTTP/1.1 407 No\r\n\r\n", b"", b"nonsense\r\n\r\n", None]
)
async def test_what_a_proxy_does_not_let_through_was_not_sent(
    says: bytes | None, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An order can go again at once; and no place in the pool is lost, of which there are two."""
    caplog.set_level(logging.DEBUG)
    async with proxied(certificate) as proxy, Client(timeout=0.2 if says is None else 5.0) as client:
        through, proxy.says = proxy.says, says
        for _ in range(3):
            with pytest.raises(NotSent, match=f"POST {HOST}, by the proxy: ") as refused:
                await client.send("POST", f"https://{HOST}/3/vouchers", json={})
        if says and says.startswith(b"HTTP"):
            assert str(refused.value).endswith(f"ProxyError {says[9:12].decode()}")
        proxy.says = through
        assert (await client.send("GET", f"https://{HOST}/3/x")).status == 200
    assert "p@ss" not in caplog.text
    assert "p%40ss" not in caplog.text


async def test_whoever_does_not_prove_to_be_the_other_side_gets_nothing(certificate: Path) -> None:
    """What comes after a way through that leads to nobody is no answer; and no place in the pool is lost."""
    async with proxied(certificate) as proxy, Client(timeout=5.0) as client:
        proxy.leads_on = False
        for _ in range(3):
            with pytest.raises(NotSent):
                await client.send("POST", f"https://{HOST}/3/vouchers", json={})
        proxy.leads_on = True
        assert (await client.send("GET", f"https://{HOST}/3/x")).status == 200


async def test_what_a_proxy_let_through_and_nobody_answered_may_have_been_done(certificate: Path) -> None:
    """Behind the proxy all is as without one."""
    async with proxied(certificate, answer=b""), Client(timeout=5.0) as client:
        with pytest.raises(NoAnswer):
            await client.send("POST", f"https://{HOST}/3/vouchers", json={})


async def test_a_proxy_that_is_not_there_is_named_as_that(certificate: Path) -> None:
    """Who reads it looks at the proxy first."""
    async with proxied(certificate) as proxy:
        pass
    leave_by(proxy.as_settings())
    async with Client(timeout=5.0) as client:
        with pytest.raises(NotSent, match="by the proxy: ConnectError"):
            await client.send("GET", f"https://{HOST}/3/x")


async def test_what_calls_by_itself_leaves_by_it_too(certificate: Path) -> None:
    """Websockets, and stores of objects."""
    async with proxied(certificate) as proxy:
        proxy.says = b"HTTP/1.1 403 No\r\n\r\n"
        with pytest.raises(InvalidProxyStatus):
            await connect("wss://ws.example.se/topics", proxy=proxy_to("wss://ws.example.se/topics"))
        documents = DocumentsSettings(
            url="s3://bucket", endpoint="https://s3.example.se", access_key="k", secret_key=SecretStr("s")
        )
        settings = Settings(_env_file=None, documents=documents, proxy=proxy.as_settings())
        asking = contents.opened(settings).size("acme", "a" * 64)
        with pytest.raises(OSError, match="document store"):
            await asking
    assert set(proxy.targets) == {"ws.example.se:443", "s3.example.se:443"}


async def test_a_store_on_this_machine_is_asked_directly(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    async with proxied(certificate) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("SSL_CERT_FILE")
        documents = DocumentsSettings(
            url="s3://bucket", endpoint="http://127.0.0.1:1", access_key="k", secret_key=SecretStr("s")
        )
        settings = Settings(_env_file=None, documents=documents, proxy=proxy.as_settings())
        with pytest.raises(OSError, match="document store"):
            await contents.opened(settings).size("acme", "a" * 64)
    assert proxy.targets == []


PROXY = "http://proxy.example.se:3128"


LISTED = ProxySettings(url=SecretStr(PROXY), direct="login.example.se, .intern.se,198.41.0.0/24")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.fortnox.se/3/vouchers",
        "wss://ws.fortnox.se/topics-v1",
        "https://203.1.113.7/x",
        "https://notintern.se/x",
        "https://other.example.se/x",
    ],
)
def test_what_is_on_the_internet_is_reached_by_it(url: str) -> None:
    """Where one is named."""
    assert LISTED.by(url) == PROXY
    assert ProxySettings().by(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://hr.intern.se/x",
        "https://intern.se/x",
        "https://LOGIN.example.se/x",
        "https://login.example.se./x",
        "https://198.41.0.4/x",
        "https://10.1.2.3/x",
        "https://[fd12::1]/x",
        "https://localhost:8400/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "http://localhost:8400/3",
        "http://127.0.0.1:8400/3",
        "ws://127.0.0.1:8400/topics",
    ],
)
def test_this_machine_and_what_is_private_or_listed_is_reached_directly(url: str) -> None:
    """A name that leads only into a company's own network is listed."""
    assert LISTED.by(url) is None


@pytest.mark.parametrize(
    "url",
    ["proxy:3128", "https://proxy:3128", "socks5://proxy:1", "http://proxy", "http://proxy:x", "http://p:1/x", ""],
)
def test_what_is_no_proxy_is_refused_and_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold a password."""
    monkeypatch.setenv("BOKBUSS_PROXY__URL", url)
    with pytest.raises(ValidationError, match="it is http://HOST:PORT") as refused:
        Settings(_env_file=None)
    assert [each["msg"] for each in refused.value.errors()] == [
        "Value error, it is http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT"
    ]
