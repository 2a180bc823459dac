"""What an auditor's program asks for with its key: which years there are, and a year's package, from any byte on.

A key that is wrong, ended, or another company's is answered like a company that there is not: it tells nothing.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import Path
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra import ledgers
from infra.documents import Documents
from infra.intake.web import Refusal
from infra.ledgers import LedgerYear
from infra.packages import keys, storing
from infra.packages.keys import Holder
from infra.packages.storing import NoSuchYear, NotBuilt
from infra.plugin import Host

SYSTEM: Final = "senseworks"
_ZIP: Final = "application/zip"
_PRIVATE: Final = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
_YEAR: Final = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?")
_Year = Annotated[str, Path(json_schema_extra={"pattern": f"^{_YEAR.pattern}$"})]  # as described; what is not, is 404
_FROM: Final = re.compile(r"bytes=(\d{1,15})-\d{0,15}", re.ASCII)


class AuditedYear(BaseModel):
    """A financial year of which a package can be had."""

    year: int
    from_: date = Field(alias="from")
    to: date
    replaced_by: date | None
    source: str
    vouchers: int
    sha256: str | None
    read_at: datetime | None
    documents: int
    missing: int
    waiting: int


class AuditedYears(BaseModel):
    """The years that there are."""

    years: list[AuditedYear]


def pages(host: Host) -> list[APIRoute]:
    """Return the routes below ``/v1/{tenant}/senseworks``."""
    site = _Site(host)
    below = "/v1/{tenant}/senseworks/years"
    refused: Any = {code: {"model": Refusal} for code in (401, 404, 422)}
    package: Any = refused | {code: {"content": {_ZIP: {}}} for code in (200, 206)} | {304: {}, 416: {}}
    package |= {503: {"model": Refusal}}
    return [
        APIRoute(below, site.years, response_model=AuditedYears, responses=refused),
        APIRoute(f"{below}/{{year}}/package", site.package, response_class=FileResponse, responses=package),
    ]


class _Site:
    def __init__(self, host: Host) -> None:
        self._host = host

    async def years(self, request: Request, tenant: str) -> Response:
        """List the years of which a package can be had."""
        if await self._holder(request, tenant) is None:
            return _refused()
        counts = await Documents(self._host.engine, tenant).counts()
        listed = []
        for year in await storing.years(self._host.engine, tenant):
            of_year = counts.get(year.last)
            documents = {
                "documents": of_year.documents if of_year else 0,
                "missing": of_year.missing if of_year else 0,
                "waiting": of_year.waiting if of_year else 0,
            }
            listed.append(_listed(year) | documents)
        return JSONResponse({"years": listed}, headers=_PRIVATE)

    async def package(self, request: Request, tenant: str, year: _Year) -> Response:
        """Give a year's package; ``Range`` with ``If-Range`` goes on where a fetch broke off."""
        holder = await self._holder(request, tenant)
        if holder is None:
            return _refused()
        engine, settings = self._host.engine, self._host.settings
        try:
            package = await storing.package(engine, settings, tenant, _meant(year))
        except NoSuchYear as error:
            return JSONResponse({"error": str(error)}, 404, headers=_PRIVATE)
        except NotBuilt as error:
            return JSONResponse({"error": str(error)}, 503, headers=_PRIVATE)
        etag = f'"{package.sha256}"'
        if etag in [each.strip() for each in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=_PRIVATE | {"ETag": etag})
        part = _FROM.fullmatch(request.headers.get("range", ""))
        start = int(part[1]) if part and request.headers.get("if-range", etag) == etag else 0
        if request.method == "GET":
            who = f"{holder.name} ({holder.key_id})"
            await storing.fetched(engine, tenant, package, system=SYSTEM, by=who, start=min(start, package.size))
        return FileResponse(
            package.path,
            media_type=_ZIP,
            filename=package.name,
            headers=_PRIVATE | {"ETag": etag},
        )

    async def _holder(self, request: Request, tenant: str) -> Holder | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return await keys.holder(self._host.engine, tenant, SYSTEM, key.strip())


def _meant(year: str) -> int | date:
    """Return the calendar year in which a financial year ends, or its last day. Raises NoSuchYear."""
    if _YEAR.fullmatch(year):
        with suppress(ValueError):
            return ledgers.called(year)
    raise NoSuchYear("it is no year: name the one in which it ends, 2026, or its last day, 2026-12-31")


def _listed(year: LedgerYear) -> dict[str, Any]:
    known = year.retrieved
    return {
        "year": year.last.year,
        "from": year.first.isoformat(),
        "to": year.last.isoformat(),
        "replaced_by": year.replaced_by[1].isoformat() if year.replaced_by else None,
        "source": year.source,
        "vouchers": known.vouchers if known else 0,
        "sha256": known.sha256 if known else None,
        "read_at": known.read_at.isoformat() if known and known.read_at else None,
    }


def _refused() -> Response:
    return JSONResponse(
        {"error": "this needs a key that opens it: Authorization: Bearer KEY"},
        401,
        headers=_PRIVATE | {"WWW-Authenticate": "Bearer"},
    )
