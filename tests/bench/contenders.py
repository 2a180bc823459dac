"""What bokbuss is measured against: the barest programs that could do a part of its work.

python contenders.py faust|aiokafka BOOTSTRAP SOURCE TARGET                validate each fact and forward it
python contenders.py httpx AUTH_URL API_URL CLIENT SECRET COMPANIES        post vouchers, a client per company
python contenders.py sandbox LIMIT                                         a Fortnox with another limit
"""

import asyncio
import sys

import faust
import httpx  # noqa: TID251 - the bare loop is what infra/http.py is measured against
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from connectors.fortnox import encode
from connectors.fortnox.sandbox import Books, running
from infra import telemetry
from schemas import envelope as envelopes
from tests.bench import loads

_YEAR_2026 = 4


async def bare_faust(bootstrap: str, source: str, target: str) -> None:
    """Run a Faust agent that validates and forwards, one event at a time: what the flows role is built on."""
    app = faust.App(
        "bench-faust",
        broker=f"kafka://{bootstrap}",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    facts = app.topic(source, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    out = app.topic(target, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(facts)  # type: ignore[untyped-decorator] # Faust is not typed
    async def forward(stream: faust.Stream) -> None:  # type: ignore[no-any-unimported] # Faust is not typed
        async for key, value in stream.items():
            await out.send(key=key, value=envelopes.decode(value).to_bytes())

    await app.start()
    await asyncio.Event().wait()


async def bare_aiokafka(bootstrap: str, source: str, target: str) -> None:
    """Run a loop over aiokafka that validates and forwards, and commits each batch."""
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id="bench-aiokafka",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5)
    await consumer.start()
    await producer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=200, max_records=500)
        sent = [
            await producer.send(target, envelopes.decode(record.value).to_bytes(), key=record.key)
            for records in batches.values()
            for record in records
        ]
        for future in sent:
            await future
        if sent:
            await consumer.commit()


async def bare_httpx(auth_url: str, api_url: str, client: str, secret: str, companies: str) -> None:
    """Post a voucher over and over, sequentially for each company, each with a client of its own."""
    orders = list(loads.orders(int(companies), int(companies)))
    vouchers = [encode.voucher(order, _YEAR_2026).body for order in orders]

    async def company(number: int) -> None:
        async with httpx.AsyncClient(timeout=30) as http:
            token = await http.post(
                f"{auth_url}/token",
                auth=(client, secret),
                headers={"TenantId": str(1001 + number)},
                data={"grant_type": "client_credentials"},
            )
            headers = {"Authorization": f"Bearer {token.json()['access_token']}", "Content-Type": "application/json"}
            while True:
                answer = await http.post(
                    f"{api_url}/vouchers?financialyear={_YEAR_2026}", content=vouchers[number], headers=headers
                )
                answer.raise_for_status()

    await asyncio.gather(*(company(number) for number in range(int(companies))))


async def sandbox(limit: str) -> None:
    """Serve the sandbox with another limit of requests in 5 seconds."""
    async with running(Books(limit=int(limit))) as url:
        print(url, flush=True)  # noqa: T201 - whoever started it reads this
        await asyncio.Event().wait()


_PROGRAMS = {"faust": bare_faust, "aiokafka": bare_aiokafka, "httpx": bare_httpx, "sandbox": sandbox}


def main() -> None:
    """Run one program until it is ended."""
    telemetry.configure("ERROR")
    name, *arguments = sys.argv[1:]
    asyncio.run(_PROGRAMS[name](*arguments))  # type: ignore[operator] # each has its own arguments


if __name__ == "__main__":
    main()
