"""Events about vouchers over a WebSocket, ``/topics-v1`` (facts §3.13 and §8): at least once, and none is kept."""

import asyncio
import json
from contextlib import ExitStack, suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.fortnox.sandbox import tokens
from connectors.fortnox.sandbox.books import Books, Voucher
from connectors.fortnox.sandbox.forms import names
from infra import clock

ROUTE: Final = "WS /topics-v1"
_TOPIC: Final = "vouchers"
"""The only one that there are events of here; of the others there are none."""
_TOPICS: Final = frozenset(
    names(
        "articles bureau-activities bureau-assignments cost-centers currencies customers financial-years invoices "
        "messages offers orders projects suppliers supplier-invoices termsofdeliveries termsofpayments vouchers "
        "warehouse-stockbalances waysofdeliveries"
    )
)


class Topics:
    """One connection: the companies that were added to it, what was subscribed to, and what is to be told."""

    def __init__(self, books: Books, socket: WebSocket) -> None:
        self._books, self._socket = books, socket
        self._companies: set[int] = set()
        self._topics: set[str] = set()
        self._is_subscribed = False
        self._events: asyncio.Queue[tuple[int, Voucher]] = asyncio.Queue()
        self._listens = ExitStack()

    async def serve(self) -> None:
        """Answer commands and tell events until the client goes, or a fault ends the connection."""
        await self._socket.accept()
        telling = asyncio.create_task(self._tell())
        with self._listens, suppress(WebSocketDisconnect):
            receiving = asyncio.create_task(self._receive())
            await asyncio.wait({telling, receiving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (telling, receiving):
                task.cancel()
            await asyncio.gather(telling, receiving, return_exceptions=True)
        with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
            await self._socket.close()

    async def _receive(self) -> None:
        while True:
            try:
                asked = json.loads(await self._socket.receive_text())
            except ValueError:
                asked = {}
            command = str(asked.get("command", "")) if isinstance(asked, dict) else ""
            await self._socket.send_json({"response": command, **self._answer(command, asked)})

    def _answer(self, command: str, asked: dict[str, Any]) -> dict[str, Any]:
        match command:
            case "add-tenants-v1":
                return self._add(asked)
            case "remove-tenants-v1":
                self._companies -= set(asked.get("tenants", ()))
                return {"result": "ok"}
            case "list-tenants-v1":
                return {"result": "ok", "tenantIds": sorted(self._companies)}
            case "add-topics-v1":
                wanted = {str(one.get("topic")) for one in asked.get("topics", ())}
                wrong = sorted(wanted - _TOPICS)
                self._topics |= wanted & _TOPICS
                return {"result": "error" if wrong else "ok", "invalidTopics": wrong}
            case "subscribe-v1":
                return {"result": "ok" if self._subscribe() else "error"}
            case _:
                return {"result": "error"}

    def _add(self, asked: dict[str, Any]) -> dict[str, Any]:
        known = {client.secret for client in self._books.clients.values()}
        texts = [str(text) for text in asked.get("accessTokens", ())]
        if asked.get("clientSecret") not in known:
            return {"result": "error", "invalidTokens": texts}
        found = {text: tokens.holder(self._books, text, clock.now()) for text in texts}
        wrong = [text for text, held in found.items() if held is None]
        added = {text: held[1].database_number for text, held in found.items() if held is not None}
        for number in set(added.values()) - self._companies:
            self._companies.add(number)
            if self._is_subscribed:
                self._listen(number)
        return {"result": "error" if wrong else "ok", "tenantIds": added, "invalidTokens": wrong}

    def _subscribe(self) -> bool:
        """Tell events from now on, of the companies that were added, too; False: of no company, or no topic."""
        if self._companies and self._topics and not self._is_subscribed:
            self._is_subscribed = True
            for number in self._companies:
                self._listen(number)
        return self._is_subscribed

    def _listen(self, number: int) -> None:
        self._listens.enter_context(
            self._books.companies[number].listening(lambda voucher: self._events.put_nowait((number, voucher)))
        )

    async def _tell(self) -> None:
        while True:
            number, voucher = await self._events.get()
            company, draft = self._books.companies[number], voucher.draft
            if number not in self._companies or _TOPIC not in self._topics:
                continue
            if company.faults.choose(ROUTE, clock.monotonic()) is not None:
                return
            await self._socket.send_json(
                {
                    "topic": _TOPIC,
                    "type": "voucher-created-v1",
                    "tenantId": number,
                    "entityId": str(voucher.number),
                    "id": f"{draft.year_id}-{draft.series}-{voucher.number}",
                    "year": draft.year_id,
                    "series": draft.series,
                    "offset": f"{number:x}{voucher.number:x}",
                    "timestamp": clock.now().isoformat(timespec="milliseconds"),
                }
            )
