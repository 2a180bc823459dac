"""Fetches payloads: each way in of each company has its turns, by one process at a time, and none waits for another.

A turn that fails is tried again, later each time. What stands in its way is logged, and told by ``bokbuss ways check``
and the doctor; nothing of it holds anything secret.
"""

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from infra import clock, faultpoints, telemetry, tenants, way_words, words
from infra.delivery.following import Following
from infra.delivery.reading import NotRead
from infra.failing import raised_in
from infra.intake import letters, outboxes, ways
from infra.intake.accepting import Acceptor, Unavailable
from infra.intake.ways import Trouble, Way
from infra.leases import Lease
from infra.plugin import Host, Malformed
from infra.rows import WayFound
from infra.tenants import UnknownTenant
from infra.verdicts import RetryLater
from schemas.ways import OutboxTable

if TYPE_CHECKING:  # SSH is loaded where there is such a folder
    from infra.intake import sftp

_log = telemetry.log(__name__)

_LOOK: Final = 5.0
"""Seconds between two looks at which ways in there are."""
_AT_LEAST: Final = 30.0
"""Seconds after which a way in is looked at anew in the settings, however seldom it is fetched from."""
_PATIENCE: Final = 10.0
"""Seconds after a failure."""
_CHECKED_WITHIN: Final = 20.0


class Collecting:
    """Fetches from every way in of every company. A crash repeats what was not written down, which changes nothing."""

    def __init__(self, host: Host, acceptor: Acceptor, *, look: float = _LOOK, patience: float = _PATIENCE) -> None:
        self._host = host
        self._acceptor = acceptor
        self._look = look
        self._patience = patience
        self._due: dict[str, float] = {}
        self._folders: dict[str, sftp.Known] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch until asked to stop."""

        async def there() -> list[str]:
            return [way.key for way in await ways.everyone(self._host.engine)]

        await Following("ways", there, self._turn, look=self._look, patience=self._patience).run(self._host, stop)

    async def _turn(self, key: str, lease: Lease) -> float | None:
        """Fetch what there is; return the seconds until the next turn, or None where the way in is gone."""
        tenant, name = key.split("/")
        if (way := await ways.find(self._host.engine, tenant, name)) is None:
            self._due.pop(key, None)
            self._folders.pop(key, None)
            return None
        if (rest := self._due.get(key, 0.0) - clock.monotonic()) > 0:
            return min(rest, _AT_LEAST)
        try:
            secret = await ways.secret_of(self._host.engine, self._host.vault, way)
            if isinstance(way.settings, OutboxTable):
                soon = 0.0 if await self._outbox(way, secret, lease) else None
            else:
                soon = await self._folder(way, secret, lease)
        except Trouble as trouble:
            said = way_words.said(WayFound(way.name, trouble.code, trouble.detail))
            raise NotRead(RetryLater.saying(_PATIENCE, trouble.code, said)) from None
        except Unavailable as error:
            raise NotRead(RetryLater.saying(self._patience, "unavailable", words.UNAVAILABLE(how=str(error)))) from None
        pause = min(float(way.settings.every), float(way.settings.every) if soon is None else soon)
        self._due[key] = clock.monotonic() + pause
        return min(pause, _AT_LEAST)

    async def _outbox(self, way: Way, url: str, lease: Lease) -> bool:
        """Tell the next rows of an outbox; tell whether there are more."""
        engine, files = self._host.engine, way.source.files
        most = self._host.settings.max_body if files is None else self._acceptor.most(files)
        known = await outboxes.position(engine, way)
        read = await outboxes.read(way, url, known, most, self._host.settings.private_networks)
        if read.began_anew:
            _log.warning("outbox began anew", tenant=way.tenant, way=way.name)
        for row in read.rows:
            lease.check()
            try:
                await self._tell(way, row, most)
            except (Unavailable, UnknownTenant):
                raise
            except Malformed as malformed:
                await self._bury(way, row, malformed)
            except Exception as error:  # noqa: BLE001 - one row that a connector stumbles over stops no other
                _, where = raised_in(error)
                said = f"payload: reading it raised {type(error).__name__} ({where}); send it again once that is mended"
                await self._bury(way, row, Malformed([said]))
            faultpoints.reach("ways.told")
        lease.check()
        if known != read.place:
            await outboxes.move(engine, way, read.place, known)
        faultpoints.reach("ways.moved")
        return read.is_more

    async def _bury(self, way: Way, row: outboxes.Row, malformed: Malformed) -> None:
        await self._acceptor.bury(way.tenant, letters.of_row(way, row, malformed))
        _log.warning("dead letter", tenant=way.tenant, way=way.name, row=row.id)

    async def _folder(self, way: Way, secret: str, lease: Lease) -> float | None:
        """Take files of a folder; return the seconds after which more may be whole."""
        files = way.source.files
        most = self._host.settings.max_body if files is None else self._acceptor.most(files)

        async def take(file: BinaryIO, name: str) -> None:
            lease.check()
            try:
                accepted = await self._acceptor.accept_file(
                    tenant=way.tenant, source=way.source, file=file, requested_by=f"sftp: {name}"
                )
            except (Malformed, Unavailable, UnknownTenant):
                raise
            except Exception as error:  # one file that a connector stumbles over stops no other
                raise sftp.NotTaken(type(error).__name__) from error
            faultpoints.reach("ways.told")
            _log.info("file accepted", tenant=way.tenant, way=way.name, file=name, facts=len(accepted.event_ids))

        from infra.intake import sftp

        known = self._folders.setdefault(way.key, sftp.Known())
        soon = await sftp.look(way, secret, known, take, most, self._host.settings.private_networks)
        faultpoints.reach("ways.moved")
        return soon

    async def _tell(self, way: Way, row: outboxes.Row, most: int) -> None:
        if row.size is None:
            raise Malformed(["payload: it is null"])
        if row.payload is None:
            raise Malformed([f"payload: it is larger than {most:,} bytes"])
        source, payload = way.source, row.payload
        if source.files is None:
            accepted = await self._acceptor.accept(
                tenant=way.tenant, source=source, payload=payload, happened=row.created_at
            )
        else:
            told_by = f"outbox: {way.name}"
            accepted = await self._acceptor.accept_file(
                tenant=way.tenant, source=source, file=BytesIO(payload), requested_by=told_by
            )
        _log.info("row accepted", tenant=way.tenant, way=way.name, row=row.id, facts=len(accepted.event_ids))


async def check(host: Host, tenant: str) -> tuple[WayFound, ...]:
    """Try every way in of a company, all at once, and say how each was found. Nothing is read of what lies there."""
    settings, _ = await tenants.settings_in_force(host.engine, tenant)
    return tuple(await asyncio.gather(*(checked(host, way) for way in ways.of(tenant, settings))))


async def checked(host: Host, way: Way) -> WayFound:
    """Try a way in, and say how it was found."""
    allowed = host.settings.private_networks
    try:
        async with asyncio.timeout(_CHECKED_WITHIN):
            secret = await ways.secret_of(host.engine, host.vault, way)
            _ = way.source
            if isinstance(way.settings, OutboxTable):
                await outboxes.check(way, secret, allowed)
            else:
                from infra.intake import sftp

                await sftp.check(way, secret, allowed)
    except TimeoutError:
        return WayFound(way.name, "unreachable")
    except Trouble as trouble:
        return WayFound(way.name, trouble.code, trouble.detail)
    return WayFound(way.name)
