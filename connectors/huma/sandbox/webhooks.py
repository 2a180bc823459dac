"""The sandbox's webhooks: what is sent when people change, how it is signed, and what goes wrong on the way."""

import hmac
import json
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Literal

from infra.http import Client, NoAnswer, NotSent


class Mishap(StrEnum):
    """One thing that goes wrong with one delivery."""

    LOSE = "lose"  # it never leaves
    DOUBLE = "double"  # it is sent twice
    DELAY = "delay"  # it is sent when it is let go


@dataclass
class Webhooks:
    """Where a company's changes are sent to.

    Attributes:
        url, secret: as they are registered; nothing is sent without a URL.
        encoding: how the signature is written; Huma does not say.
        script: what goes wrong with the next deliveries, one each; None lets one through.
        sent: topic and status of each delivery that left; status None: no answer.
        held: what is delayed.
    """

    url: str = ""
    secret: str = field(default="", repr=False)
    encoding: Literal["hex", "base64"] = "hex"
    script: deque[Mishap | None] = field(default_factory=deque)
    sent: list[tuple[str, int | None]] = field(default_factory=list)
    held: list[Mapping[str, Any]] = field(default_factory=list)
    _waiting: list[Mapping[str, Any]] = field(default_factory=list)

    def changed(self, topic: str, *users: Mapping[str, Any]) -> None:
        """Note what is to be sent."""
        if not self.url:
            return
        content = {"topic": topic, "users": list(users)}
        match self.script.popleft() if self.script else None:
            case Mishap.LOSE:
                pass
            case Mishap.DELAY:
                self.held.append(content)
            case Mishap.DOUBLE:
                self._waiting += [content, content]
            case None:
                self._waiting.append(content)

    def let_go(self) -> None:
        """Send what was delayed, the last one first."""
        self._waiting += reversed(self.held)
        self.held.clear()

    async def deliver(self) -> None:
        """Send what is waiting, once each: nothing is known of repetitions."""
        while self._waiting:
            content = self._waiting.pop(0)
            body, headers = signed(content, self.secret, self.encoding)
            try:
                async with Client(timeout=5.0) as client:
                    answer = await client.send("POST", self.url, headers=headers, content=body)
            except (NotSent, NoAnswer):
                self.sent.append((content["topic"], None))
            else:
                self.sent.append((content["topic"], answer.status))


def signed(
    content: Mapping[str, Any], secret: str, encoding: Literal["hex", "base64"] = "hex"
) -> tuple[bytes, dict[str, str]]:
    """Return a delivery's body and headers."""
    body = json.dumps(content, ensure_ascii=False).encode()
    digest = hmac.new(secret.encode(), body, sha256)
    signature = digest.hexdigest() if encoding == "hex" else b64encode(digest.digest()).decode()
    return body, {
        "Content-Type": "application/json",
        "huma-topic": str(content["topic"]),
        "huma-hmac-sha256": signature,
    }
