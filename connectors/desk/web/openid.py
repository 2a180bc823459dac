"""Signing in at an OpenID provider: there, and back."""

from typing import Final

from cryptography.exceptions import InvalidTag
from starlette.responses import RedirectResponse, Response

from connectors.desk.web.signing_in import here, sign_in_page
from connectors.desk.web.site import address_of, agent_of
from connectors.desk.web.visit import ANYBODY, NoSuchPage, Page, Visit
from infra import clock, telemetry
from infra.accounts import sessions
from infra.accounts.openid import Departure, NotVouchedFor, OpenId
from schemas.words import Said

_log = telemetry.log(__name__)
_BACK: Final = "/sign-in/openid/back"
_CONTEXT: Final = "openid"
_WHY: Final = {
    "away": Said("svarar inte som väntat. Försök igen om en stund.", "does not answer as expected. Try again soon."),
    "denied": Said("släppte inte in dig.", "did not let you in."),
    "forged": Said(
        "gav ett svar som inte hör till din inloggning här. Börja om.",
        "gave an answer that does not belong to your sign-in here. Begin anew.",
    ),
    "late": Said("svarade för sent. Börja om.", "answered too late. Begin anew."),
    "unverified": Said("har inte bekräftat din e-postadress.", "has not verified your e-mail address."),
    "wrong": Said(
        "vet vem du är, men ingen har bjudit in den adressen hit.",
        "knows who you are, but nobody has invited that address here.",
    ),
    "often": Said("fick vänta: för många försök. Vänta en kvart.", "had to wait: too many tries. Wait 15 minutes."),
}


async def _leave(visit: Visit) -> Response:
    provider = _provider(visit)
    try:
        address, kept = await provider.leave(visit.from_outside(_BACK), here(visit.asked("to")), clock.now())
    except NotVouchedFor as refused:
        return await _refused(visit, provider, refused.why, refused.detail)
    response = RedirectResponse(address, 303)
    visit.cookies.keep_departure(response, visit.host.vault.lock(kept.model_dump_json(), context=_CONTEXT))
    return response


async def _come_back(visit: Visit) -> Response:
    provider, host = _provider(visit), visit.host
    try:
        try:
            kept = Departure.model_validate_json(
                host.vault.unlock(visit.cookies.departure(visit.request), context=_CONTEXT)
            )
        except (InvalidTag, ValueError):
            raise NotVouchedFor("forged", "no departure") from None
        back = visit.from_outside(_BACK)
        vouched = await provider.come_back(kept, visit.request.query_params, back, clock.now())
        token, had_password = await sessions.sign_in_vouched(
            host.engine,
            email=vouched.email,
            openid=vouched.openid,
            name=vouched.name,
            address=address_of(visit.request),
            agent=agent_of(visit.request),
        )
    except (NotVouchedFor, sessions.NotSignedIn) as refused:
        response = await _refused(visit, provider, refused.why, getattr(refused, "detail", ""))
        visit.cookies.forget_departure(response)
        return response
    said = visit.say(
        "Du loggar in så här från nu: kontots lösenord gäller inte längre.",
        "You sign in this way from now on: the account's password is good no longer.",
    )
    response = visit.go(here(kept.to), said if had_password else "")
    visit.cookies.forget_departure(response)
    visit.cookies.remember(response, token)
    return response


async def _refused(visit: Visit, provider: OpenId, why: str, detail: str) -> Response:
    _log.warning("nobody was signed in by the OpenID provider", why=why, detail=detail)
    status = {"away": 502, "often": 429}.get(why, 403)
    return await sign_in_page(visit, status, [("", f"{provider.settings.name} {_WHY[why].to(visit.language)}")])


def _provider(visit: Visit) -> OpenId:
    if visit.openid is None:
        raise NoSuchPage
    return visit.openid


PAGES: Final = (
    Page("/sign-in/openid", ANYBODY, _leave),
    Page(_BACK, ANYBODY, _come_back),
)
