"""Contents are stored once, whole or not at all, wherever the settings say."""

import asyncio
import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from infra import contents
from infra.contents import Contents
from infra.settings import DocumentsSettings, Settings

PDF = b"%PDF-1.7 " + bytes(range(256)) * 50_000  # 12.8 MB: a store of objects gets it in several parts
SHA256 = hashlib.sha256(PDF).hexdigest()


@pytest.fixture(scope="module")
def bucket() -> Iterator[DocumentsSettings]:
    """Yield the settings of an S3-compatible store with an empty bucket."""
    import boto3  # noqa: PLC0415 - only who needs them waits the second that it takes
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - the same

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "eu-north-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(
        Bucket="documents", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    yield DocumentsSettings(
        url="s3://documents/bokbuss",
        endpoint=url,
        region="eu-north-1",
        access_key="key",
        secret_key=SecretStr("secret"),
    )
    server.stop()


@pytest.fixture(params=["folder", "file", "memory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Contents:
    """Return each kind of store, by its settings."""
    chosen = {
        "folder": DocumentsSettings,
        "file": lambda: DocumentsSettings(url=f"file://{tmp_path}/elsewhere"),
        "memory": lambda: DocumentsSettings(url=contents.MEMORY),
        "bucket": lambda: request.getfixturevalue("bucket"),
    }[request.param]()
    return contents.opened(Settings(_env_file=None, data=tmp_path, documents=chosen))


async def read(store: Contents, tenant: str, start: int = 0) -> bytes:
    """Return a content."""
    return b"".join([piece async for piece in store.read(tenant, SHA256, start)])


async def test_a_content_is_stored_once_and_read_from_anywhere(store: Contents) -> None:
    """Also by two who store it; another company's is another one; what is removed is gone."""
    assert await store.size("acme", SHA256) is None
    for _ in range(2):
        await store.keep("acme", SHA256, io.BytesIO(PDF))
    assert await store.size("acme", SHA256) == len(PDF)
    assert await read(store, "acme") == PDF
    assert await read(store, "acme", len(PDF) - 7) == PDF[-7:]
    assert await store.size("acme2", SHA256) is None
    await store.keep("acme2", SHA256, io.BytesIO(PDF))
    await store.forget("acme")
    assert await store.size("acme", SHA256) is None
    assert await store.size("acme2", SHA256) == len(PDF)
    with pytest.raises(FileNotFoundError):
        await read(store, "acme")
    await store.forget("acme")


def test_a_process_that_ends_right_after_ends_well(tmp_path: Path) -> None:
    """The store's own threads may outlive the loop; where they call back into it, the process is aborted."""
    program = (
        "import asyncio, pathlib, sys; from infra import contents; from infra.settings import Settings;"
        "store = contents.opened(Settings(_env_file=None, data=pathlib.Path(sys.argv[1])));"
        "asyncio.run(store.forget('acme'))"
    )
    for _ in range(5):
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)


async def test_a_content_that_cannot_be_read_to_its_end_is_not_stored(tmp_path: Path) -> None:
    """Nobody finds half a document under the whole one's hash."""

    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > len(PDF) // 2:
                raise OSError("the disk is gone")
            return super().read(size)

    store = contents.opened(Settings(_env_file=None, data=tmp_path))
    with pytest.raises(Exception, match="the disk is gone"):
        await store.keep("acme", SHA256, Torn(PDF))
    assert await store.size("acme", SHA256) is None


async def test_a_store_that_says_nothing_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    """Payloads without documents are read meanwhile, and people sign in."""
    asked, answers = asyncio.Event(), asyncio.Event()

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await answers.wait()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        keys: Any = {"region": "eu-north-1", "access_key": "key", "secret_key": SecretStr("secret")}
        chosen = DocumentsSettings(url="s3://documents/bokbuss", endpoint=url, **keys)
        store = contents.opened(Settings(_env_file=None, data=tmp_path, documents=chosen))
        waiting = [asyncio.create_task(store.size("acme", SHA256)) for _ in range(100)]
        try:
            async with asyncio.timeout(20):
                await asked.wait()
                assert await asyncio.to_thread(lambda: "a payload") == "a payload"
        finally:
            answers.set()
            found = await asyncio.gather(*waiting)
    assert found == [None] * 100
