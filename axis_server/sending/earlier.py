"""The documents that a package of kind 1 to 3 speaks of, found in the ledger: its own sender's alone."""

from __future__ import annotations

from collections.abc import Collection

from axis_server.delivering.sides import Threads
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.sending.threads import BEARERS, Document, bearer, document_ids
from axis_server.wording import held_by
from edxml.codes import Kind
from edxml.model import Package
from storage.ledger.records import Delivery, Entry

DELIVERIES_AT_ONCE = 1000


async def spoken_of(
    ledger: Threads, package: Package, *, sender_id: str, by: str, limit: int
) -> dict[str, Document]:
    """Returns the documents that a package speaks of, by DocumentId, as they stand now; none for kind 0. The
    package is to be the dispatch `by`, and `limit` the most recipients of one document.

    Raises `Declined`: DOCUMENT_UNKNOWN for a document that this sender has not sent, whether or not another
    one has; DOCUMENT_ID_TAKEN for a replacement under the DocumentId of a document that it does not replace;
    TOO_MANY_RECIPIENTS for several documents that have more than the limit together; and as `document_ids`.
    """
    named = document_ids(package)
    if package.kind == Kind.REPLACE and package.document_id not in named:
        taken = await _bearing(ledger, sender_id, package.document_id, but=by)
        if taken is not None:
            raise document_id_taken(taken.dispatch_id)
    found: dict[str, Document] = {}
    for one in named:
        found[one] = await _document(ledger, sender_id, one, but=by)
        _check_together(found.values(), limit)
    return found


def document_id_taken(holder: str) -> Declined:
    """Says that a DocumentId is taken, naming the dispatch of this sender that holds it."""
    return Declined(Code.DOCUMENT_ID_TAKEN, held_by(holder), facts={"dispatch_id": holder})


def _check_together(documents: Collection[Document], limit: int) -> None:
    """Each question is a row to read and to write, all of them in one commit: what one package may ask is
    bounded by what one document may have. Raises `Declined`: TOO_MANY_RECIPIENTS."""
    if len(documents) > 1 and sum(len(one.deliveries) for one in documents) > limit:
        many = f"the documents that are replaced have more than {limit} recipients together"
        raise Declined(Code.TOO_MANY_RECIPIENTS, many, facts={"limit": str(limit)})


async def _document(ledger: Threads, sender_id: str, document_id: str, *, but: str) -> Document:
    bearing = await _bearing(ledger, sender_id, document_id, but=but)
    if bearing is None:
        raise Declined(Code.DOCUMENT_UNKNOWN, document_id, facts={"document_id": document_id})
    entry = await ledger.entry(bearing.dispatch_id)  # a thread is without parts
    return Document(entry=entry, deliveries=await _deliveries(ledger, entry.dispatch_id))


async def _bearing(ledger: Threads, sender_id: str, document_id: str, *, but: str) -> Entry | None:
    """Returns the dispatch of this sender, other than `but`, that bears a DocumentId now."""
    thread = await ledger.thread(sender_id, document_id)
    found = bearer(thread, but=but)
    if found is not None:
        return found
    # A thread of more than a hundred packages no longer shows its beginning, but each of them is about it.
    for package in reversed(thread):
        if package.kind not in BEARERS:
            about = [link for link in await ledger.links(package.dispatch_id) if not link.later]
            return await ledger.entry(about[0].dispatch_id) if about else None
    return None


async def _deliveries(ledger: Threads, name: str) -> dict[str, Delivery]:
    found: dict[str, Delivery] = {}
    after, more = 0, True
    while more:
        page = await ledger.deliveries(name, after=after, limit=DELIVERIES_AT_ONCE)
        found |= {one.recipient_id: one for one in page.items}
        after, more = page.next, page.more
    return found
