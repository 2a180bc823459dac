"""A company's own system is told by webhook what waits for somebody, and that it is over."""

import json

import pytest
from standardwebhooks import Webhook
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.intake import web
from tests.acceptance.house import Roles, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_a_hold_is_told_and_so_is_its_end(house: Roles) -> None:
    """Signed with what ``alerts set`` showed; the URL is tried first, and refuses once."""
    shop = await house.shop("told")
    came: list[tuple[dict[str, str], bytes]] = []
    answers: list[int] = [204, 503]

    async def take(request: Request) -> Response:
        came.append((dict(request.headers), await request.body()))
        return Response(status_code=answers.pop(0) if answers else 204)

    app = web.application({})
    app.router.routes.append(Route("/", take, methods=["POST"]))
    async with web.serving(app, "127.0.0.1", 0) as url:
        secret = (await house.command("alerts", "set", shop.tenant, "--url", url))["secret"]
        await house.command("alerts", "test", shop.tenant)

        async def told() -> list[str]:
            for headers, body in came:
                Webhook(secret).verify(body, headers)
            return [json.loads(body)["type"] for _, body in came]

        await house.deliver(shop, z_report(1, payments=[{"method": "klarna", "amount": "1000.00"}]))
        hold = await house.held(shop, "unmapped_payment_method")

        async def raised() -> bool:
            return (await told()).count("alert.raised") == 3  # the test, one that was refused, and again

        await house.until(shop, "the hold is told", raised)
        assert came[1][0]["webhook-id"] == came[2][0]["webhook-id"]
        [listed] = await house.command("alerts", "list", shop.tenant)
        assert (listed["alert"]["about"]["reason"], listed["told"]) == ("unmapped_payment_method", "raised")
        await house.answer(shop, hold, "discard")

        async def ended() -> bool:
            return (await told())[-1] == "alert.ended"

        await house.until(shop, "its end is told", ended)
        assert await house.command("alerts", "list", shop.tenant) == []
        await house.command("alerts", "remove", shop.tenant)
