"""A whole axis, and a real responder (`openssl ocsp`) that is down, comes, and goes away again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import grpc

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.app import running
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.registry import Use, certificate_of
from axis_server.settings import Address, Secrets
from edxml.model import HEADER_PLACE
from edxml.writer import write
from signing.keys import MemorySigner
from signing.seal import seal
from tests.axis_server.packages import document
from tests.axis_server.process import PATIENCE
from tests.axis_server.revoking import issued, responder, root_of_today
from tests.axis_server.served import Prepared, prepared, told
from tests.pki import Identity
from tests.signing import stage

ANCHORS = 'anchors = ["ca/ca.pem"]'


def letter(axis: Prepared, signer: MemorySigner, number: int) -> bytes:
    sender = axis.ministry.id
    unsigned = document(to=("H90",), sender=sender, document_id=f"{sender},2026/03/02,{number}/OC-SP")
    return seal(write(unsigned), signer=signer, at=datetime.now(UTC), place=HEADER_PLACE)


async def sent(axis: Prepared, address: Address, package: bytes) -> str:
    """Why it was not taken; empty when it was."""
    async with axis.ministry.channel(address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        try:
            await stub.Submit(submission_pb2.SubmitRequest(package=package))
        except grpc.aio.AioRpcError as refusal:
            why = told(refusal)
            assert (refusal.code(), why.retry) == (grpc.StatusCode.UNAVAILABLE, True)
            return why.reason
    return ""


async def registered(axis: Prepared, one: Identity) -> None:
    at = datetime.now(UTC)
    record = certificate_of(one.certificate, role=Role.SYSTEM, use=Use.SEAL, at=at)
    async with opened_ledger(axis.settings) as ledger:
        await registry.add_certificates(ledger, axis.ministry.id, (record,))


async def test_a_responder_that_is_away_means_later_and_its_last_answer_counts(tmp_path: Path) -> None:
    root = root_of_today()
    (tmp_path / "seals.pem").write_bytes(root.certificate_pem)
    both = f'anchors = ["ca/ca.pem", "{tmp_path / "seals.pem"}"]'
    fetching = "[revocation]\nprivate = true\n\n[trust]"
    axis = await prepared(tmp_path, settings=[f"{ANCHORS} => {both}", f"[trust] => {fetching}"])
    async with responder(tmp_path / "ocsp", root) as there:
        sealing = issued(root, "Ministry", ocsp_url=there.url)
        there.says(sealing)
        await registered(axis, sealing)
        signer = stage.signer(sealing)
        async with running(axis.settings, Secrets()) as first:
            package = letter(axis, signer, 1)
            assert await sent(axis, first.address, package) == "REVOCATION_UNKNOWN"
            await there.up()
            async with asyncio.timeout(PATIENCE):
                while await sent(axis, first.address, package):
                    await asyncio.sleep(0.2)
            await there.down()
            assert await sent(axis, first.address, letter(axis, signer, 2)) == ""
        async with running(axis.settings, Secrets()) as again:
            assert await sent(axis, again.address, letter(axis, signer, 3)) == ""
