"""Who gets in, judged at each call: the handshake checks once, and knows no revocation list."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from axis.v1 import directory_pb2, directory_pb2_grpc, inbox_pb2, inbox_pb2_grpc
from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.admission import Admission
from axis_server.caller import Role
from axis_server.cli import main
from axis_server.errors import Declined
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.registry import Use, certificate_of
from signing.policy import DEFAULT_POLICY, Policy, Revocation
from signing.trust import TrustStore
from storage.ledger.registry import Agency, Certificate
from tests.axis_server.served import Office, Prepared, Told, prepared, served, told
from tests.axis_server.world import World
from tests.pki import AT, NOT_AFTER, NOT_BEFORE, Authority, Identity, authority

ROOT = authority()


def admission(
    client: Identity, trust: TrustStore, at: datetime = AT, policy: Policy = DEFAULT_POLICY
) -> Admission:
    certificate = Certificate(
        sha256=fingerprint(client),
        pem=client.certificate_pem.decode(),
        role="system",
        may_connect=True,
        may_seal=False,
    )
    view = DirectoryView.of([Agency(agency_id="G90", name="Bộ Mẫu", certificates=(certificate,))])
    return Admission(directory=lambda: view, trust=lambda: trust, policy=policy, clock=lambda: at)


def fingerprint(client: Identity) -> str:
    return client.certificate.fingerprint(hashes.SHA256()).hex()


def fate(client: Identity, trust: TrustStore, at: datetime = AT, policy: Policy = DEFAULT_POLICY) -> str:
    try:
        return admission(client, trust, at, policy).admit(fingerprint(client), client.chain).agency_id
    except Declined as declined:
        return declined.code


def test_a_certificate_that_holds_gets_in_also_one_for_clients_alone() -> None:
    trust = TrustStore.of([ROOT.certificate])
    assert fate(ROOT.issue("Office"), trust) == "G90"
    assert fate(ROOT.issue_tls("Office", server=False), trust) == "G90"


def test_the_intermediates_that_a_peer_brings_lead_up_to_the_authority() -> None:
    client = ROOT.authority("Issuing").issue_tls("Office", server=False)
    trust = TrustStore.of([ROOT.certificate])
    caller = admission(client, trust).admit(fingerprint(client), client.chain)
    assert caller.helpers == client.chain
    assert admission(client, trust).again(caller) == caller


def test_a_revoked_certificate_does_not_get_in() -> None:
    client = ROOT.issue("Office")
    assert fate(client, TrustStore.of([ROOT.certificate], crls=[ROOT.crl([client])])) == "CERTIFICATE_REVOKED"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOT_AFTER + timedelta(seconds=1), "CERTIFICATE_EXPIRED"),
        (NOT_BEFORE - timedelta(seconds=1), "UNTRUSTED"),
    ],
)
def test_a_certificate_gets_in_while_it_is_valid(at: datetime, expected: str) -> None:
    assert fate(ROOT.issue("Office"), TrustStore.of([ROOT.certificate]), at) == expected


def test_a_certificate_of_another_authority_does_not_get_in() -> None:
    assert fate(authority("Another").issue("Office"), TrustStore.of([ROOT.certificate])) == "UNTRUSTED"


@pytest.mark.parametrize(
    "client",
    [
        ROOT.issue_tls("Server", server=True),
        ROOT.issue("Mail", extended=[ExtendedKeyUsageOID.EMAIL_PROTECTION]),
        ROOT.issue("Notary", usage={"content_commitment"}),
    ],
    ids=["a server's", "for mail", "for sealing alone"],
)
def test_a_certificate_that_is_not_for_clients_does_not_get_in(client: Identity) -> None:
    assert fate(client, TrustStore.of([ROOT.certificate])) == "UNTRUSTED"


def test_a_list_that_ran_out_lets_nobody_in_until_it_is_renewed() -> None:
    trust = TrustStore.of([ROOT.certificate], crls=[ROOT.crl(next_update=AT - timedelta(minutes=1))])
    assert fate(ROOT.issue("Office"), trust) == "REVOCATION_UNKNOWN"


def test_without_any_list_the_policy_decides() -> None:
    trust = TrustStore.of([ROOT.certificate])
    assert fate(ROOT.issue("Office"), trust, policy=Policy(revocation=Revocation.REQUIRED)) == (
        "REVOCATION_UNKNOWN"
    )


async def test_a_watch_ends_when_its_certificate_is_revoked(world: World) -> None:
    watch = world.inbox.watch(world.province.caller(), 0)
    coming = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl([world.province.identity])]
    )
    world.changes.notify([world.province.id])
    with pytest.raises(Declined) as caught:
        await asyncio.wait_for(coming, 5)
    assert caught.value.code == "CERTIFICATE_REVOKED"


# Over real mutual TLS.


def ca_of(axis: Prepared) -> Authority:
    base = axis.config.parent / "ca"
    key = serialization.load_pem_private_key((base / "ca.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((base / "ca.pem").read_bytes())
    return Authority(certificate=certificate, key=key, root=True)  # type: ignore[arg-type]


def revoke(axis: Prepared, *offices: Office) -> None:
    now = datetime.now(UTC)
    crl = ca_of(axis).crl(
        [x509.load_pem_x509_certificate((one.profile / "system.pem").read_bytes()) for one in offices],
        this_update=now - timedelta(hours=1),
        next_update=now + timedelta(days=7),
        revoked_at=now - timedelta(hours=2),
    )
    (axis.config.parent / "ca" / "ca.crl").write_bytes(crl.public_bytes(serialization.Encoding.PEM))


async def eventually_refused(stub: directory_pb2_grpc.DirectoryServiceStub) -> Told:
    for _ in range(200):
        try:
            await stub.WhoAmI(directory_pb2.WhoAmIRequest())
        except grpc.aio.AioRpcError as error:
            return told(error)
        await asyncio.sleep(0.05)
    pytest.fail("the certificate was never refused")


async def test_an_open_connection_and_its_watch_end_when_a_new_list_revokes_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axis_server.delivering.inbox.POLL_SECONDS", 0.2)
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        stub = directory_pb2_grpc.DirectoryServiceStub(channel)
        await stub.WhoAmI(directory_pb2.WhoAmIRequest())
        watch = inbox_pb2_grpc.InboxServiceStub(channel).WatchInbox(inbox_pb2.WatchInboxRequest())
        coming = asyncio.ensure_future(anext(aiter(watch)))
        revoke(axis, axis.ministry)
        error = await eventually_refused(stub)
        assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_REVOKED")
        assert "you connect with" in error.sentences["en"]
        assert not error.retry
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(coming, 20)
        assert told(caught.value).reason == "CERTIFICATE_REVOKED"
        async with axis.province.channel(axis.address) as other:
            await directory_pb2_grpc.DirectoryServiceStub(other).WhoAmI(directory_pb2.WhoAmIRequest())


async def test_a_client_below_an_intermediate_that_only_it_brings_gets_in(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(ROOT.certificate_pem)
    another = f'client_ca = ["ca/ca.pem"] => client_ca = ["{tmp_path / "root.pem"}", "ca/ca.pem"]'
    async with served(tmp_path, settings=[another]) as axis:
        client = ROOT.authority("Issuing").issue_tls("Office", server=False)
        record = certificate_of(client.certificate, role=Role.CLERK, use=Use.CONNECT, at=datetime.now(UTC))
        async with opened_ledger(axis.settings) as ledger:
            await registry.add_certificates(ledger, "G22", [record])
        credentials = grpc.ssl_channel_credentials(
            (axis.ministry.profile / "ca.pem").read_bytes(), client.key_pem(), client.certificate_pem
        )
        async with grpc.aio.secure_channel(str(axis.address), credentials) as channel:
            stub = directory_pb2_grpc.DirectoryServiceStub(channel)
            for _ in range(200):
                try:
                    answer = await stub.WhoAmI(directory_pb2.WhoAmIRequest())
                    break
                except grpc.aio.AioRpcError as error:
                    assert told(error).reason == "STRANGER", told(error)
                    await asyncio.sleep(0.05)
    assert answer.role == directory_pb2.ROLE_CLERK


async def test_registering_a_revoked_certificate_warns_that_it_can_neither_connect_nor_seal(
    tmp_path: Path,
) -> None:
    axis = await prepared(tmp_path)
    revoke(axis, axis.stranger)
    line = ["agency", "certificate", "add", "G22", "--config", str(axis.config)]
    command = [*line, "--certificate", str(axis.stranger.profile / "system.pem")]
    result = await asyncio.to_thread(CliRunner().invoke, main, command)
    assert result.exit_code == 0, result.output
    assert "`tls.client_ca` (CERTIFICATE_REVOKED), so it cannot connect" in result.stderr
    assert "`trust` (CERTIFICATE_REVOKED), so its seals are not accepted" in result.stderr
