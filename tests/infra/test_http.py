"""An answer that is held, or written to a file: whole, or none, and never too much. And a client that goes on."""

import asyncio
import gzip
import io
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

import pytest

from infra.http import Client, Download, NoAnswer, NotSent, Response

BODY = b"#FLAGGA 0\r\n" * 20_000
HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_PIECE = 100_000


@asynccontextmanager
async def serving(raw: bytes) -> AsyncIterator[str]:
    """Serve these bytes to whoever asks; yield the address."""
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):  # whoever has read enough leaves
            for start in range(0, len(raw), _PIECE):
                writer.write(raw[start : start + _PIECE])
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    for writer in writers:
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[Callable[[Download], Awaitable[Response]]]:
    """Serve these bytes, and yield what asks."""
    async with serving(raw) as url, Client(timeout=5.0) as client:
        yield lambda into: client.send("GET", url, into=into)


@pytest.mark.parametrize(
    "raw",
    [LENGTH + BODY, CHUNKED + f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"],
    ids=["length", "chunked"],
)
async def test_a_whole_answer_is_in_the_file(raw: bytes) -> None:
    """In place of what an answer before has left there."""
    file = io.BytesIO(b"#" * (len(BODY) + 1))
    async with answering(raw) as ask:
        answer = await ask(Download(file, len(BODY)))
    assert (answer.status, answer.body, answer.received, answer.is_too_large) == (200, b"", len(BODY), False)
    assert file.getvalue() == BODY


@pytest.mark.parametrize(
    "raw",
    [LENGTH + BODY[:-1], CHUNKED + b"3e8\r\n" + BODY[:1000] + b"\r\n", HEAD + b"\r\n" + BODY],
    ids=["length", "chunked", "an end that nobody can tell"],
)
async def test_a_part_of_an_answer_is_none(raw: bytes) -> None:
    """A half year must not pass for a year."""
    async with answering(raw) as ask:
        with pytest.raises(NoAnswer):
            await ask(Download(io.BytesIO(), 10**9))


async def test_an_answer_is_read_no_further_than_allowed() -> None:
    """Whatever the other side sends, the disk does not fill."""
    file = io.BytesIO()
    async with answering(LENGTH + BODY) as ask:
        assert (await ask(Download(file, 100_000))).is_too_large
    assert len(file.getvalue()) <= 100_000


async def test_what_is_no_success_is_held_and_can_be_read() -> None:
    """Words that say why; the file stays empty."""
    file = io.BytesIO()
    async with answering(b"HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\n{  }") as ask:
        answer = await ask(Download(file, 100))
    assert (answer.status, answer.body, file.getvalue()) == (403, b"{  }", b"")


@pytest.mark.parametrize("status", [b"200 OK", b"500 No"])
async def test_an_answer_that_does_not_end_is_none_before_it_fills_the_memory(status: bytes) -> None:
    """Whoever is asked, a company's own address among them, cannot take a process' memory."""
    sent = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while sent < 100 * len(BODY):
                writer.write(f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n")
                await writer.drain()
                sent += len(BODY)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(timeout=30.0, most=len(BODY)) as client:
            with pytest.raises(NoAnswer):
                await client.send("GET", url)
    assert sent < 50 * len(BODY)


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    """Return an answer with such a body, which the next call can follow on the same connection."""
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return HEAD + head.encode() + body


@pytest.mark.parametrize("raw", [packed(gzip.compress(BODY)), packed(gzip.compress(BODY, 0), "GZIP")])
async def test_a_packed_answer_is_unpacked(raw: bytes) -> None:
    """Held, or written to a file."""
    file = io.BytesIO()
    async with serving(raw) as url, Client(timeout=5.0, most=len(BODY)) as client:
        assert (await client.send("GET", url)).body == BODY
        assert (await client.send("GET", url, into=Download(file, len(BODY)))).received == len(BODY)
    assert file.getvalue() == BODY


async def test_a_connection_is_used_again_after_a_packed_answer() -> None:
    """Each new one takes a handshake."""
    connections: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with suppress(EOFError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(packed(gzip.compress(BODY)))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(timeout=5.0) as client:
            assert [(await client.send("GET", url)).body for _ in range(3)] == [BODY] * 3
        [connection] = connections
        await connection.wait_closed()


@pytest.mark.parametrize("more", [b"", b"X", HEAD], ids=["whole", "begun", "its_head"])
async def test_what_nobody_asked_for_is_nobodys_answer(more: bytes) -> None:
    """A server, or a proxy, answers twice: the second answer is not the next request's, nor are all that follow."""
    asked, connections = 0, list[asyncio.StreamWriter]()

    def said(number: int) -> bytes:
        return HEAD + b"Content-Length: 2\r\n\r\n" + f"{number:2}".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        connections.append(writer)
        with suppress(EOFError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                asked += 1
                writer.write(said(asked) + (more or said(0) if asked == 1 else b""))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(timeout=5.0) as client:
            assert [int((await client.send("GET", url)).body) for _ in range(3)] == [1, 2, 3]
        for connection in connections:
            with suppress(ConnectionError):
                await connection.wait_closed()


async def test_what_only_says_that_it_is_packed_is_no_answer() -> None:
    """A write that was answered so may have been carried out."""
    async with serving(packed(BODY)) as url, Client(timeout=5.0) as client:
        with pytest.raises(NoAnswer):
            await client.send("GET", url)


_LARGE = gzip.compress(bytes(512 * len(BODY)), 9)


@pytest.mark.parametrize(
    "raw",
    [
        packed(_LARGE),
        packed(gzip.compress(_LARGE, 9), "gzip, gzip"),
        packed(gzip.compress(BODY[:1000]) + bytes(64 * len(BODY))),
    ],
    ids=["once", "twice", "behind its end"],
)
async def test_what_a_packed_answer_holds_does_not_fill_the_memory(raw: bytes) -> None:
    """Few bytes can become as many as they like; a company says which address is told its alerts."""
    async with serving(raw) as url, Client(timeout=30.0, most=len(BODY)) as client:
        tracemalloc.start()
        try:
            with suppress(NoAnswer):
                assert len((await client.send("GET", url)).body) <= len(BODY)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 20 * len(BODY)


async def test_an_answer_of_just_the_size_that_is_allowed_is_whole() -> None:
    """Not a byte less is read."""
    for most, whole in ((len(BODY), True), (len(BODY) - 1, False)):
        async with serving(LENGTH + BODY) as url, Client(timeout=5.0, most=most) as client:
            with nullcontext() if whole else pytest.raises(NoAnswer):
                assert (await client.send("GET", url)).body == BODY


async def test_a_client_goes_on_after_its_process_stood() -> None:
    """Wherever two requests were when it stood for longer than their patience; the server closes what is idle."""
    patience = 0.1

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(timeout=patience) as client:
            for steps in range(12):
                await _until_answered(client, url)
                sending = [asyncio.create_task(client.send("GET", url)) for _ in range(2)]
                for _ in range(steps):
                    await asyncio.sleep(0)
                time.sleep(1.5 * patience)  # noqa: ASYNC251 - it stands
                await asyncio.gather(*sending, return_exceptions=True)
            await _until_answered(client, url)


async def _until_answered(client: Client, url: str) -> None:
    """Send, as often as whoever has a thing to send: the machine may be slow."""
    for _ in range(200):
        with suppress(NotSent, NoAnswer):
            answers = await asyncio.gather(client.send("GET", url), client.send("GET", url))
            assert [answer.status for answer in answers] == [200, 200]
            await asyncio.sleep(0.02)
            return
    raise AssertionError("nothing is sent any more")
