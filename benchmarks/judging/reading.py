"""Reading what the axis serves in the end, by each agency through the wire."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import xmlsec
from lxml import etree

from axis.v1 import events_pb2, overview_pb2, records_pb2
from benchmarks.judging.account import Seen
from benchmarks.judging.served import Proof, Sent, Served, Standing, Stated
from benchmarks.judging.table import NOT_ENDED
from benchmarks.judging.wire import Wire, seen

PAGE = 1000
AT_ONCE = 8
ANSWER_SECONDS = 10.0
"""Of a call that only asks whether somebody answers."""


async def read(wires: Mapping[str, Wire], ca: Path, every: int, *, keep: bool = False) -> Served:
    """Reads it all; checks the seal of one evidence in `every` with libxmlsec1. With `keep` all contents are
    kept too."""
    served, keys = Served(), xmlsec.KeysManager()
    keys.load_cert(str(ca), xmlsec.constants.KeyDataFormatPem, xmlsec.constants.KeyDataTypeTrusted)
    for agency_id, wire in wires.items():
        served.events[agency_id] = [one async for one in _events(wire)]
        served.sent[agency_id] = [one async for one in _outbox(wire)]
        turns = asyncio.Semaphore(AT_ONCE)

        async def fill(sent: Sent, wire: Wire = wire, turns: asyncio.Semaphore = turns) -> None:
            async with turns:
                await _fill(served, wire, sent, keys, every, keep)

        await asyncio.gather(*(fill(one) for one in served.sent[agency_id]))
    return served


async def answers(wire: Wire) -> None:
    """Returns when the axis has answered."""
    request = records_pb2.ListOutboxRequest(page_size=1)
    await wire.until_answered(lambda: wire.records.ListOutbox(request, timeout=ANSWER_SECONDS))


async def unsettled(wires: Mapping[str, Wire]) -> int:
    """Counts deliveries that have not ended and questions that are open, as their senders are shown them."""
    return sum([await _unsettled(wire) for wire in wires.values()])


async def _unsettled(wire: Wire) -> int:
    still: int = 0
    async for item in _outbox_items(wire):
        still += sum(int(one.count) for one in item.counts if one.state in NOT_ENDED)
    request = overview_pb2.GetAttentionRequest(most=1)
    told = await wire.until_answered(lambda: wire.overview.GetAttention(request))
    questions = (int(one.count) for one in told.counts if one.why == overview_pb2.WHY_QUESTION_OPEN)
    return sum(questions, still)


def _outbox_items(wire: Wire) -> AsyncIterator[Any]:
    def ask(after: str) -> Awaitable[Any]:
        return wire.records.ListOutbox(records_pb2.ListOutboxRequest(after=after, page_size=PAGE))

    return _pages(wire, ask, "items")


async def _pages(wire: Wire, ask: Callable[[str], Awaitable[Any]], name: str) -> AsyncIterator[Any]:
    after, more = "", True
    while more:
        answer = await wire.until_answered(functools.partial(ask, after))
        for item in getattr(answer, name):
            yield item
        after, more = answer.next, answer.more


async def _events(wire: Wire) -> AsyncIterator[Seen]:
    def ask(after: str) -> Awaitable[Any]:
        return wire.events.ReadEvents(events_pb2.ReadEventsRequest(after=after, page_size=PAGE))

    async for news in _pages(wire, ask, "events"):
        yield seen(news)


async def _outbox(wire: Wire) -> AsyncIterator[Sent]:
    async for item in _outbox_items(wire):
        dispatch = item.dispatch
        yield Sent(
            dispatch_id=dispatch.dispatch_id,
            document_id=dispatch.document_id,
            kind=dispatch.kind,
            digests=tuple(part.sha256 for part in dispatch.parts),
        )


async def _fill(
    served: Served, wire: Wire, sent: Sent, keys: xmlsec.KeysManager, every: int, keep: bool
) -> None:
    def deliveries(after: str) -> Awaitable[Any]:
        return wire.records.ListDeliveries(
            records_pb2.ListDeliveriesRequest(dispatch_id=sent.dispatch_id, after=after, page_size=PAGE)
        )

    def evidence(after: str) -> Awaitable[Any]:
        return wire.records.ListEvidence(
            records_pb2.ListEvidenceRequest(dispatch_id=sent.dispatch_id, after=after, page_size=PAGE)
        )

    sent.deliveries = tuple(
        [
            Standing(one.recipient_id, one.mailbox_id, one.state, one.version, one.HasField("question"))
            async for one in _pages(wire, deliveries, "deliveries")
        ]
    )
    proofs: list[Proof] = []
    statements: list[Stated] = []
    async for record in _pages(wire, evidence, "records"):
        if record.WhichOneof("record") == "evidence":
            one = record.evidence
            proofs.append(_proof(one))
            if keep:
                served.contents[proofs[-1].sha256] = one.content
            if int(proofs[-1].sha256[:8], 16) % every == 0:
                served.verified += 1
                if not holds(one.content, keys):
                    served.broken.append(one.evidence_id)
        else:
            said = record.statement
            sha256 = hashlib.sha256(said.content).hexdigest()
            statements.append(Stated(sha256, said.agency_id, said.status_code))
            if keep:
                served.contents[sha256] = said.content
    sent.proofs, sent.statements = tuple(proofs), tuple(statements)


def _proof(evidence: Any) -> Proof:
    root = etree.fromstring(evidence.content)

    def text(name: str) -> str:
        return (root.findtext(f".//{{*}}{name}") or "").strip()

    return Proof(
        evidence.evidence_id,
        evidence.event,
        evidence.recipient_id,
        hashlib.sha256(evidence.content).hexdigest(),
        text("EvidenceIdentifier"),
        text("ERDSEventId").rpartition("/")[2],
        text("MessageIdentifier"),
        tuple(
            (one.findtext(".//{*}Identifier") or "").strip() for one in root.findall("{*}RecipientDetails")
        ),
        tuple((one.text or "").strip() for one in root.findall(".//{*}PartInfo/{*}DigestValue")),
    )


def holds(content: bytes, keys: xmlsec.KeysManager) -> bool:
    """Asks libxmlsec1 whether the seal of an evidence holds."""
    root = etree.fromstring(content)
    signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    for node in root.iter():
        if isinstance(node.tag, str) and node.get("Id"):
            xmlsec.tree.add_ids(node, ["Id"])
    context: Any = xmlsec.SignatureContext(keys)  # type: ignore[call-arg]
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True
