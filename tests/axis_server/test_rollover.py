"""Each of the axis's keys is replaced while documents are sent without a break: nobody meets an error, and
all evidence verifies afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_client import AsyncClient, EvidenceError, Profile
from axis_client.connection import Surroundings
from axis_server.cli import main
from axis_server.material import log_signer
from axis_server.operation.authority import Authority
from axis_server.operation.provision import issue_profile, new_log_key
from edxml.writer import write
from signing.keys import load_pem
from signing.log import VerifierKey
from tests.axis_client import harness
from tests.axis_server.packages import document
from tests.axis_server.served import Office, Served, served

PATIENCE = 30.0


async def invoked(*arguments: str | Path) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, [str(one) for one in arguments])


async def command(*arguments: str | Path) -> str:
    done = await invoked(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@dataclass(kw_only=True)
class Stream:
    """Documents sent one after the other, by one connection that stays and by one for each."""

    axis: Served
    ahead: list[timedelta] = field(default_factory=lambda: [timedelta()])
    sent: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead[0]

    def client(self, office: Office) -> AsyncClient:
        office.client(self.axis.address)  # which writes the address into the profile
        if "\nlog = " not in (office.profile / "profile.toml").read_text("utf-8"):
            knows(office, log_of(self.axis))
        return AsyncClient(Profile.load(office.profile / "profile.toml"), Surroundings(clock=self.now))

    async def send(self, client: AsyncClient) -> None:
        number = secrets.randbits(32)
        letter = document(to=("H90",), sender="G22", document_id=f"G22,2026/03/02,{number}/BM-VP")
        sent = await client.send(write(letter))
        await client.prove(sent.evidence[0])
        self.sent.append(sent.dispatch.dispatch_id)

    async def run(self) -> None:
        async with self.client(self.axis.ministry) as staying:
            while True:
                await self.send(staying)
                async with self.client(self.axis.ministry) as fresh:
                    await self.send(fresh)

    async def after(self, so_many: int) -> None:
        """Returns when that many more were sent."""
        wanted = len(self.sent) + so_many
        async with asyncio.timeout(PATIENCE):
            while len(self.sent) < wanted:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def streaming(axis: Served, ahead: list[timedelta] | None = None) -> AsyncIterator[Stream]:
    """Sends all the while, by a clock that is `ahead`; raises what the stream met."""
    stream = Stream(axis=axis, ahead=ahead or [timedelta()])
    sending = asyncio.create_task(stream.run())
    try:
        waiting = asyncio.create_task(stream.after(2))
        await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        yield stream
        assert not sending.done(), sending.exception()
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def shown_to(axis: Served, office: Office) -> bytes:
    """The SHA-256 of the server certificate that a new connection is shown."""

    def handshake() -> bytes:
        context = ssl.create_default_context(cafile=str(office.profile / "ca.pem"))
        context.load_cert_chain(office.profile / "system.pem", office.profile / "system.key")
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(axis.address) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            der = secure.getpeercert(binary_form=True)
            assert der
            return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256())

    return await asyncio.to_thread(handshake)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.05)


def issued(axis: Served, room: Path, kind: str) -> tuple[Path, Path]:
    base, at = axis.config.parent, datetime.now(UTC)
    authority = Authority.load((base / "ca" / "ca.pem").read_bytes(), (base / "ca" / "ca.key").read_bytes())
    new = (
        authority.issue_server(["localhost", "127.0.0.1"], at=at)
        if kind == "tls"
        else authority.issue_evidence_signer("AXIS.TEST", at=at)
    )
    certificate, key = room / f"{kind}.pem", room / f"{kind}.key"
    certificate.write_bytes(new.certificate_pem)
    key.write_bytes(new.key_pem)
    return certificate, key


def log_of(axis: Served) -> str:
    """The public key of the log."""
    return log_signer(axis.config.parent / "log" / "log.key").key.vkey


def knows(office: Office, *vkeys: str) -> None:
    """Names the keys of the log in a profile."""
    path = path_of(office)
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("log = ")]
    path.write_text("\n".join([*lines, f"log = {json.dumps(vkeys)}\n"]), encoding="utf-8")


async def all_verify(stream: Stream) -> set[str]:
    """Examines every evidence of all that was sent, and returns the certificates that signed it."""
    signers = set()
    async with stream.client(stream.axis.ministry) as client:
        for dispatch_id in stream.sent:
            async with contextlib.aclosing(client.evidence(dispatch_id)) as records:
                async for record in records:
                    content = record.evidence.content
                    der = content.split(b"<ds:X509Certificate>")[1].split(b"</ds:X509Certificate>")[0]
                    signers.add(der.decode())
    return signers


async def test_the_server_s_certificate_is_replaced_under_load(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, streaming(axis) as stream:
        before = await shown_to(axis, axis.ministry)
        certificate, key = issued(axis, tmp_path, "tls")
        await command("rollover", "tls", "--certificate", certificate, "--key", key, "--config", axis.config)

        async def changed() -> bool:
            return await shown_to(axis, axis.ministry) != before

        await until(changed)
        await stream.after(3)


async def test_the_evidence_key_is_replaced_under_load_and_all_evidence_verifies(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, streaming(axis) as stream:
        certificate, key = issued(axis, tmp_path, "evidence")
        introduce = ("rollover", "evidence", "introduce", "--certificate", certificate, "--key", key)
        await command(*introduce, "--config", axis.config)

        async def published() -> bool:
            async with stream.client(axis.ministry) as client:
                return len((await client.whoami()).axis_certificates) == 2

        await until(published)
        stream.ahead[0] = timedelta(minutes=2)  # every client has asked again
        await stream.after(3)
        await command("rollover", "evidence", "use", "--at-once", "--config", axis.config)
        retired = axis.config.parent / "evidence" / "retired"
        assert len(list(retired.glob("*.pem"))) == 1
        await asyncio.sleep(1.5)  # the axis looks once a second
        await stream.after(3)
        assert len(await all_verify(stream)) == 2


async def test_the_log_s_key_is_replaced_under_load_and_clients_with_the_old_one_go_on(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        old = log_of(axis)
        async with streaming(axis) as stream:
            await replace_log_key(stream)
            await stream.after(2)
            retired = axis.config.parent / "log" / "retired"
            for vkey in retired.glob("*.vkey"):
                vkey.unlink()  # what leads on is the statement beside it
            await asyncio.sleep(1.5)  # the axis looks once a second
            await stream.after(2)
        assert old != log_of(axis)
        assert profile_of(axis.ministry)["log"] == [old]
    assert "names no successor" not in await command("rollover", "status", "--config", axis.config)


async def test_a_client_that_slept_through_two_rollovers_goes_on_with_the_key_that_it_had(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        stream = Stream(axis=axis)
        keys = [log_of(axis)]
        knows(axis.province, keys[0])
        async with stream.client(axis.ministry) as client, stream.client(axis.province) as sleeper:
            await stream.send(client)
            await sleeper.check_log()
            for _ in range(2):
                await replace_log_key(stream)
                keys.append(log_of(axis))
                await stream.send(client)
            state = await sleeper.check_log()
            assert [key.vkey for key in state.policy.keys] == keys
            assert [step.new.vkey for step in state.successions] == keys[1:]
            (line,) = state.head.note.signatures
            assert (line.name, line.key_id) == (state.policy.keys[2].name, state.policy.keys[2].key_id)
            assert state.before is not None and state.before.checkpoint.size < state.head.checkpoint.size
        told = harness.axis("log", "keys", "--json", "--profile", path_of(axis.province)).objects
        assert [(one["key"], one["follows"], one["signs"]) for one in told] == [
            (keys[0], None, False),
            (keys[1], keys[0], False),
            (keys[2], keys[1], True),
        ]
    assert "all there" in await command("verify-store", "--config", axis.config)
    status = await command("rollover", "status", "--config", axis.config)
    assert (status.count("retired"), status.count("names no successor")) == (2, 0)


async def test_who_pins_its_key_by_hand_is_told_and_learns_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        stream = Stream(axis=axis)
        knows(axis.province, old := log_of(axis))
        pinned = path_of(axis.province)
        pinned.write_text(pinned.read_text("utf-8") + "log_follow_keys = false\n", encoding="utf-8")
        async with stream.client(axis.ministry) as client, stream.client(axis.province) as strict:
            await stream.send(client)
            await strict.check_log()
            await replace_log_key(stream)
            await stream.send(client)
            with pytest.raises(EvidenceError) as caught:
                await strict.check_log()
            assert caught.value.reason == "LOG_WRONG_KEY"
        knows(axis.province, old, log_of(axis))
        async with stream.client(axis.province) as told:
            assert (await told.check_log()).successions == ()


async def test_a_key_that_was_introduced_before_there_were_statements_is_named_when_it_is_used(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        stream = Stream(axis=axis)
        for office in (axis.ministry, axis.province):
            knows(office, old := log_of(axis))
        async with stream.client(axis.province) as client:
            await client.check_log()
            await command("rollover", "log", "introduce", "--config", axis.config)
            (said,) = (axis.config.parent / "log" / "next").glob("*.succession")
            said.unlink()
            await command("rollover", "log", "use", "--at-once", "--config", axis.config)
            await signing(stream, log_signer(axis.config.parent / "log" / "log.key").key)
            assert [one.vkey for one in (await client.check_log()).policy.keys] == [old, log_of(axis)]


async def test_no_key_is_named_in_the_place_of_one_that_was_named_before(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        pass
    config = str(axis.config)
    await command("rollover", "log", "introduce", "--config", config)
    coming = axis.config.parent / "log" / "next" / "log.key"
    named = coming.read_bytes()
    coming.unlink()
    done = await invoked("rollover", "log", "introduce", "--config", config)
    assert (done.exit_code, "--anew" in done.output) == (1, True)
    coming.write_bytes(new_log_key(log_signer(axis.config.parent / "log" / "log.key").key.name))
    done = await invoked("rollover", "log", "use", "--at-once", "--config", config)
    assert (done.exit_code, "names another key" in done.output) == (1, True)
    coming.write_bytes(named)
    await command("rollover", "log", "use", "--at-once", "--config", config)


async def replace_log_key(stream: Stream) -> None:
    """Introduces another key of the log and puts it to use; both are seen to sign, then it alone."""
    config = stream.axis.config
    said = await command("rollover", "log", "introduce", "--config", config)
    assert log_signer(config.parent / "log" / "next" / "log.key").key.vkey in said
    old = log_signer(config.parent / "log" / "log.key").key
    new = log_signer(config.parent / "log" / "next" / "log.key").key
    await signing(stream, old, new)
    await command("rollover", "log", "use", "--at-once", "--config", config)
    await signing(stream, new)


async def signing(stream: Stream, *keys: VerifierKey) -> None:
    """Sends until exactly these keys sign the log."""

    async def sign() -> bool:
        async with stream.client(stream.axis.ministry) as client:
            await stream.send(client)
            lines = (await client.check_log()).head.note.signatures
        return {line.key_id for line in lines} == {key.key_id for key in keys}

    await until(sign)


def path_of(office: Office) -> Path:
    return office.profile / "profile.toml"


def profile_of(office: Office) -> dict[str, object]:
    return tomllib.loads(path_of(office).read_text("utf-8"))


async def test_an_agency_rolls_its_certificate_while_it_sends_and_watches(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, streaming(axis) as stream:
        province = axis.province
        async with stream.client(province) as old, contextlib.aclosing(old.watch()) as watching:
            first = await anext(watching)
            new = replace(province, profile=tmp_path / "new")
            at = datetime.now(UTC)
            certificate = issue_profile(
                axis.config.parent,
                new.profile,
                agency_id="H90",
                axis=str(axis.address),
                role="system",
                at=at,
                log=log_of(axis),
            ).certificate
            file = tmp_path / "new.pem"
            file.write_bytes((new.profile / "system.pem").read_bytes())
            await command(
                "agency", "certificate", "add", "H90", "--certificate", file, "--config", axis.config
            )
            await asyncio.sleep(1.5)
            async with stream.client(new) as client:
                assert (await client.whoami()).agency.agency_id == "H90"
                seen = {first.dispatch.dispatch_id, (await anext(watching)).dispatch.dispatch_id}
                assert len(seen) == 2
                gone = x509.load_pem_x509_certificate((province.profile / "system.pem").read_bytes())
                digest = gone.fingerprint(hashes.SHA256()).hex()
                assert digest != certificate.fingerprint(hashes.SHA256()).hex()
                await command("agency", "certificate", "remove", "H90", digest, "--config", axis.config)
                await asyncio.sleep(1.5)
                async with contextlib.aclosing(client.watch()) as goes_on:
                    await anext(goes_on)
        await stream.after(2)


@pytest.mark.parametrize("kind", ["evidence", "log"])
async def test_nothing_is_used_that_was_not_introduced_long_enough(tmp_path: Path, kind: str) -> None:
    async with served(tmp_path) as axis:
        pass
    done = CliRunner().invoke(main, ["rollover", kind, "use", "--config", str(axis.config)])
    assert (done.exit_code, "Nothing was introduced" in done.output) == (1, True)
    if kind == "log":
        await command("rollover", "log", "introduce", "--config", axis.config)
        done = CliRunner().invoke(main, ["rollover", kind, "use", "--config", str(axis.config)])
        assert (done.exit_code, "introduced just now" in done.output) == (1, True)


async def test_a_crash_between_the_key_and_its_certificate_is_ended_by_the_same_command(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        pass
    certificate, key = issued(axis, tmp_path, "evidence")
    introduce = ("rollover", "evidence", "introduce", "--certificate", certificate, "--key", key)
    await command(*introduce, "--config", axis.config)
    evidence = axis.config.parent / "evidence"
    (coming,) = (evidence / "next").glob("*.key")
    coming.replace(evidence / coming.name)
    await command("rollover", "evidence", "use", "--at-once", "--config", axis.config)
    (used,) = evidence.glob("*.pem")
    assert used.read_bytes() == certificate.read_bytes()
    assert load_pem(evidence / coming.name, used).certificate.not_valid_after_utc > datetime.now(UTC)
    assert "introduced" not in await command("rollover", "status", "--config", axis.config)
