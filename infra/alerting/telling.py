"""Tells each company's alerts to its URL, signed as Standard Webhooks says; in vain only so often."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from standardwebhooks import Webhook

from infra import clock, telemetry
from infra.alerting import conditions, hooks
from infra.alerting.conditions import Alert
from infra.alerting.hooks import Hook
from infra.delivery.following import Following
from infra.http import Client, NoAnswer, NotSent
from infra.leases import Lease
from infra.plugin import Host
from schemas import ids

AGAIN: Final = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds until it is told again, as Standard Webhooks proposes: three days in all, and then it is given up."""
_AT_ONCE: Final = 20
_TIMEOUT: Final = 15.0
_MOST: Final = 1024 * 1024
"""Bytes of an answer, of which only the status counts: whose address it is, a company says."""
_LOOK: Final = 5.0
_PATIENCE: Final = 30.0
_log = telemetry.log(__name__)


async def run(host: Host, stop: asyncio.Event) -> None:
    """Tell alerts until asked to stop; one process has a company at a time."""

    async def turn(tenant: str, lease: Lease) -> float | None:
        hook = await hooks.of(host.engine, host.vault, tenant)
        if hook is None:
            return None
        await conditions.look(host.engine, tenant)
        alerts = await conditions.due(host.engine, tenant, _AT_ONCE)
        taken = await tell(host, tenant, hook, alerts, lease) if alerts else 0
        return 0.0 if taken == _AT_ONCE else _LOOK

    async def due() -> list[str]:
        return await hooks.companies(host.engine)

    await Following("alerts", due, turn, look=_LOOK, patience=_PATIENCE).run(host, stop)


async def tell(host: Host, tenant: str, hook: Hook, alerts: Sequence[Alert], lease: Lease) -> int:
    """Tell some alerts of a company, and write down which were taken; return how many. Raises LeaseLost."""
    taken: list[Alert] = []
    async with Client(timeout=_TIMEOUT, most=_MOST) as client:
        for alert in alerts:
            lease.check()
            why = await _send(client, tenant, hook, alert) if hook.url else ""
            if why:
                await _in_vain(host, tenant, alert, why)
                if alert.attempts == 0:
                    break  # whoever does not answer now is not asked twenty times
            else:
                taken.append(alert)
    await conditions.told(host.engine, tenant, taken)
    return len(taken)


async def _in_vain(host: Host, tenant: str, alert: Alert, why: str) -> None:
    after = AGAIN[alert.attempts] if alert.attempts < len(AGAIN) else None
    await conditions.failed(host.engine, tenant, alert, why, after)
    said = _log.error if after is None else _log.warning
    said("alert not told", tenant=tenant, kind=alert.kind, why=why, again_in=after)


async def attempt(tenant: str, hook: Hook) -> str:
    """Tell an alert that says that it is none; return why it was not taken, or nothing."""
    now = clock.now()
    alert = Alert("test", "test", {"says": "alerts of this company come here"}, now, None, 0)
    async with Client(timeout=_TIMEOUT, most=_MOST) as client:
        return await _send(client, tenant, hook, alert)


async def _send(client: Client, tenant: str, hook: Hook, alert: Alert) -> str:
    """Send an alert; return why it was not taken, or nothing. Its id is the same each time that it is sent."""
    body = json.dumps(message(tenant, alert), ensure_ascii=False)
    message_id = f"msg_{ids.digest([tenant, alert.name, alert.raised_at.isoformat(), alert.what])[:24]}"
    now = clock.now()
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(hook.secret).sign(message_id, now, body),
    }
    try:
        answer = await client.send("POST", hook.url or "", content=body.encode(), headers=headers)
    except (NotSent, NoAnswer) as error:
        return f"no answer ({type(error).__name__})"
    return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"  # noqa: PLR2004 - success


def message(tenant: str, alert: Alert) -> dict[str, Any]:
    """Return what is sent of an alert."""
    return {
        "type": f"alert.{alert.what}",
        "timestamp": (alert.ended_at or alert.raised_at).isoformat(),
        "data": {
            "tenant": tenant,
            "alert": alert.name,
            "kind": alert.kind,
            "raisedAt": alert.raised_at.isoformat(),
            "endedAt": alert.ended_at.isoformat() if alert.ended_at else None,
            "about": alert.about,
        },
    }


def said(alert: Alert) -> str:
    """Return an alert in a line: its kind, and what it is about."""
    about = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(alert.about.items()) if value)
    return f"{alert.kind.replace('_', ' ')}: {about}"
