"""A role that fails ends its process, and says why in one sentence where it can."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr
from structlog.testing import capture_logs

from infra import store
from infra.failing import named
from infra.http import NoCertificates, certificates, leave_by, proxy_to
from infra.kafka.cluster import BrokerUnavailable
from infra.roles import _database, _until_stopped, run
from infra.settings import ProxySettings, Settings


async def lasting(stop: asyncio.Event) -> None:
    """Work until asked to stop."""
    await stop.wait()


async def without_broker(_stop: asyncio.Event) -> None:
    """Fail as a role does whose broker goes away while it starts, in a task of its own."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_refused())


async def _refused() -> None:
    raise KafkaConnectionError("refused")


async def broken(_stop: asyncio.Event) -> None:
    """Fail as a bug does."""
    raise LookupError("a bug")


async def test_a_broker_that_goes_away_at_the_start_is_named() -> None:
    """Whoever reads the log is told what to do, instead of a traceback of somebody else's code."""
    with pytest.raises(BrokerUnavailable, match="KafkaConnectionError"):
        await _until_stopped([lasting, without_broker], asyncio.Event())


async def test_what_a_role_raised_is_raised_and_the_others_end() -> None:
    """A bug ends the process; nothing goes on without the role that failed."""
    stop = asyncio.Event()
    with pytest.raises(LookupError, match="a bug"):
        await _until_stopped([lasting, broken], stop)
    assert stop.is_set()


async def test_names_that_cannot_be_looked_up_keep_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each company names hosts of its own; their name servers may say nothing for as long as the resolver waits."""
    looked_up, silent, ask = list[str](), threading.Event(), socket.getaddrinfo

    def asking(host: str, *more: Any) -> Any:
        looked_up.append(host)
        if host.endswith(".example"):
            silent.wait()
            raise socket.gaierror
        return ask(host, *more)

    async def sources(_stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        waiting = [asyncio.create_task(loop.getaddrinfo(f"{n % 50}.example", 22)) for n in range(200)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(20):
                assert await loop.getaddrinfo("localhost", 443)
                assert await asyncio.to_thread(lambda: "a payload") == "a payload"
        finally:
            silent.set()
            answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(answer) for answer in answers} == {socket.gaierror}
        assert len(looked_up) == 51
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("0.example", 22)  # asked anew
        assert len(looked_up) == 52

    monkeypatch.setattr(socket, "getaddrinfo", asking)
    await _until_stopped([sources], asyncio.Event())


async def test_a_database_that_can_only_be_read_is_not_ready_and_says_so(database_url: str) -> None:
    """As after a failover to a standby: it answers each question, and no fact is accepted."""
    engine = store.engine(database_url, 2)
    await store.prepare(engine)
    await _database(engine)()
    await engine.dispose()
    joint = "&" if "?" in database_url else "?"
    engine = store.engine(f"{database_url}{joint}options=-c%20default_transaction_read_only%3Don", 2)
    with pytest.raises(psycopg.Error) as raised:
        await _database(engine)()
    await engine.dispose()
    assert named(raised.value) == "ReadOnlySqlTransaction"


async def test_certificates_that_cannot_be_read_start_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It was ready, accepted everything, and sent nothing: each lane ended by the error, again and again."""
    certificates.cache_clear()
    for place in (tmp_path / "none.pem", tmp_path):
        monkeypatch.setenv("SSL_CERT_FILE", str(place))
        with pytest.raises(NoCertificates, match="SSL_CERT_FILE"):
            await run(Settings(data=tmp_path), ["desk"], asyncio.Event())


async def test_by_which_proxy_calls_leave_is_settled_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment's is not used, and that is said, without its password; ours is."""
    certificates.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))  # nothing starts
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@theirs.example.se:3128")
    for ours in (None, SecretStr("http://ours.example.se:3128")):
        with capture_logs() as said, pytest.raises(NoCertificates):
            await run(Settings(data=tmp_path, proxy=ProxySettings(url=ours)), ["desk"], asyncio.Event())
        assert proxy_to("https://api.example.se") == (ours and ours.get_secret_value())
        assert [each["event"] for each in said] == ([] if ours else ["proxy of the environment not used"])
        assert "theirs" not in str(said)
    leave_by(ProxySettings())
