"""Files in Fortnox: uploaded to the inbox, then joined to their voucher; found by name, by id, else by content.

These are two writes. Each is looked for before it is done, so that an answer that was lost between them doubles none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.fortnox import classify, refusal_words, waiting_words
from connectors.fortnox.classify import list_moved, unreadable_list
from connectors.fortnox.client import Fortnox, unanswered
from connectors.fortnox.forms import file
from connectors.fortnox.paging import Whole, whole
from connectors.fortnox.tokens import SYSTEM
from infra import contents
from infra.delivery.answers import BRIEF_WAIT, Answer, Missing, Unauthorised
from infra.delivery.calls import amend, unheard
from infra.delivery.guests import giving_way
from infra.plugin import Attempt, Kind
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Unknown, Verdict, noting
from schemas.commands import AttachFile
from schemas.envelope import Envelope

_FILES: Final = 20
"""Files of one voucher that are read to compare them, where Fortnox does not say their names."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far an order has come: its file is joined (the id), or waits to be (the ids), or neither."""

    joined: str
    waiting: tuple[str, ...]
    listed: Whole


async def write(fortnox: Fortnox, order: Envelope[AttachFile], attempt: Attempt) -> Verdict:
    """Do what is still to be done of uploading and joining, with calls that nothing else needs."""
    async with giving_way(fortnox.host, SYSTEM, fortnox.company.tenant, attempt) as lent:
        return await _write(fortnox, order, lent)


async def probe(fortnox: Fortnox, order: Envelope[AttachFile], attempt: Attempt) -> Look:
    """Look whether the file is joined to the voucher; one that is only uploaded is still to be joined."""
    async with giving_way(fortnox.host, SYSTEM, fortnox.company.tenant, attempt) as lent:
        return await _probe(fortnox, order, lent)


async def _write(fortnox: Fortnox, order: Envelope[AttachFile], attempt: Attempt) -> Verdict:
    state = await _state(fortnox, order.data, attempt)
    if isinstance(state, RetryLater):
        return state
    if state.joined:
        return AlreadyThere(record=state.joined, **noting([waiting_words.HAS_THIS_FILE()]))
    if state.waiting:
        return await _join(fortnox, order.data, state.waiting[0], attempt)
    uploaded = await _upload(fortnox, order.data, attempt)
    if not isinstance(uploaded, str):
        return uploaded
    verdict = await _join(fortnox, order.data, uploaded, attempt)
    if isinstance(verdict, RetryLater):  # the folder may show the file late: let it settle before anything is sent
        return Unknown.saying(waiting_words.NOT_JOINED_YET(why=verdict.said))
    return verdict


async def _upload(fortnox: Fortnox, order: AttachFile, attempt: Attempt) -> str | Verdict:
    """Upload the file; return its id, or what came of it instead."""
    content = await _content(fortnox, order)
    if not isinstance(content, bytes):
        return content
    uploaded: str | Verdict = await fortnox.ask(
        file.upload(order, content),
        attempt,
        read=lambda response: classify.written(response, "File", file.file_id),
        lost=unheard,
    )
    return uploaded


async def _content(fortnox: Fortnox, order: AttachFile) -> bytes | Rejected | RetryLater:
    """Return what the file holds: as the order has it, or the document store under its hash."""
    if order.content:
        return order.content
    try:
        stored = contents.opened(fortnox.host.settings).read(fortnox.company.tenant, order.sha256)
        return b"".join([piece async for piece in stored])
    except FileNotFoundError:
        why = refusal_words.FILE_NOT_STORED(name=order.name, hash=order.sha256[:12])
        return Rejected.saying("document_missing", why, "operator")
    except OSError as error:
        why = waiting_words.DOCUMENTS_AWAY(how=str(error))
        return RetryLater.saying(BRIEF_WAIT, "documents_away", why, "operator", of_kind=True)


async def _probe(fortnox: Fortnox, order: Envelope[AttachFile], attempt: Attempt) -> Look:
    state = await _state(fortnox, order.data, attempt)
    if isinstance(state, RetryLater):
        return state
    if state.joined:
        amend(attempt, waiting_words.HAS_THE_FILE())
        return AlreadyThere(record=state.joined)
    return state.listed.absent(attempt) if not state.waiting else Absent()


async def _join(fortnox: Fortnox, order: AttachFile, file_id: str, attempt: Attempt) -> Verdict:
    def joined(record: Mapping[str, Any]) -> Delivered:
        return Delivered(record=file_id, **noting(file.note(order, record)))

    def read(response: Answer) -> Verdict | Unauthorised:
        verdict = classify.written(response, file.CONNECTION, joined)
        if isinstance(verdict, Rejected):
            why = refusal_words.FILE_WAITS(why=verdict.said, name=file.name(order))
            return Rejected.saying(verdict.code, why, verdict.who)
        return verdict

    return await fortnox.ask(
        file.connect(order, file_id),
        attempt,
        read=read,
        lost=unheard,
    )


async def _state(fortnox: Fortnox, order: AttachFile, attempt: Attempt) -> _State | RetryLater:
    listed = await whole(
        fortnox,
        lambda page: file.connections(order, page),
        "VoucherFileConnections",
        attempt,
        name=lambda item: (item.get("FileId"), item.get("VoucherYear")),
    )
    if isinstance(listed, RetryLater):
        return listed
    if joined := file.joined(order, listed.items, ()):
        return _State(joined, (), listed)
    if not listed.is_complete:
        return list_moved(listed.key)
    folder = await fortnox.one(file.folder(), "Folder", attempt)
    if isinstance(folder, RetryLater):
        return folder
    waiting = file.waiting(order, {"Files": []} if isinstance(folder, Missing) else folder.fields)
    if waiting is None:
        return unreadable_list("Folder")
    same = file.joined(order, listed.items, waiting) or await _same(fortnox, order, listed, attempt)
    return same if isinstance(same, RetryLater) else _State(same, waiting, listed)


async def _same(fortnox: Fortnox, order: AttachFile, listed: Whole, attempt: Attempt) -> str | RetryLater:
    """Return the id of the voucher's file that has the order's content, among those without a name; "" for none."""
    for file_id in file.nameless(order, listed.items)[:_FILES]:
        for place in ("inbox", "archive"):
            content = await fortnox.ask(
                file.content(place, file_id),
                attempt,
                read=classify.content,
                lost=unanswered,
            )
            if isinstance(content, RetryLater):
                return content
            if isinstance(content, bytes):
                if file.is_same(order, content):
                    return file_id
                break
    return ""


FILES: Final[Any] = Kind(
    order=AttachFile,
    write=write,
    probe=probe,
    found_by="its name, which holds voucher and hash, among the voucher's files; else its content",
    unswept=True,
)
