"""Each of the axis's keys is replaced while three workers and a second node serve and a large upload is in
mid-stream: nobody meets an error, all of them take it over, and all evidence verifies afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from axis_server.app import running
from axis_server.cli import main
from axis_server.material import log_signer
from axis_server.settings import Address, Secrets
from edxml.writer import write
from tests.axis_server.packages import document
from tests.axis_server.process import PATIENCE, Running, started
from tests.axis_server.served import ANYWHERE, Prepared, Served, prepared
from tests.axis_server.test_rollover import (
    Stream,
    all_verify,
    command,
    issued,
    knows,
    log_of,
    shown_to,
    signing,
    streaming,
)

WORKERS = 3
LARGE = 8 << 20

pytestmark = pytest.mark.xdist_group("axis process")


@dataclass(kw_only=True)
class Nodes:
    """Machines that serve, each with so many processes."""

    processes: tuple[tuple[Running, int], ...]

    @asynccontextmanager
    async def take_over(self) -> AsyncIterator[None]:
        """Leaves the block when every process has taken over what changed in it."""
        before = [loaded(node) for node, _ in self.processes]
        yield
        async with asyncio.timeout(PATIENCE):
            for (node, count), was in zip(self.processes, before, strict=True):
                while loaded(node) < was + count:
                    await asyncio.sleep(0.05)

    def troubles(self) -> list[str]:
        """What was logged of keys that could not be used, or of calls that failed."""
        lines = [line for node, _ in self.processes for line in node.log]
        return [line for line in lines if json.loads(line)["level"] in ("critical", "error")]


def loaded(running: Running) -> int:
    """How often a process of the node took over keys."""
    return sum(json.loads(line)["event"] == "keys.loaded" for line in running.log)


def options(files: tuple[Path, Path]) -> tuple[str | Path, ...]:
    certificate, key = files
    return ("--certificate", certificate, "--key", key)


async def both(*streams: Stream) -> None:
    """Returns when each has sent two more."""
    for stream in streams:
        await stream.after(2)


async def declined(*arguments: str | Path) -> str:
    done = await asyncio.to_thread(CliRunner().invoke, main, [str(one) for one in arguments])
    assert done.exit_code == 1, done.output
    return done.output


@dataclass(kw_only=True)
class SlowRoad:
    """Carries connections to the axis, little by little until it is told to hurry."""

    to: Address
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    carried: int = 0

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counts: bool) -> None:
        while piece := await source.read(1 << 14):
            sink.write(piece)
            await sink.drain()
            if counts:
                self.carried += len(piece)
                if self.carried > LARGE // 4 and not self.hurry.is_set():
                    await asyncio.sleep(0.1)

    async def _joined(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self.to)
        try:
            await asyncio.wait(
                {
                    asyncio.create_task(self._carry(source, back, True)),
                    asyncio.create_task(self._carry(there, sink, False)),
                },
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for each in (sink, back):
                each.close()
                with contextlib.suppress(ConnectionError):
                    await each.wait_closed()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Address]:
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            yield Address(host, port)


@asynccontextmanager
async def uploading(stream: Stream, road: SlowRoad, file: Path) -> AsyncIterator[None]:
    """Has a large file in mid-stream from beginning to end of the block, and sees it accepted after it."""
    letter = document(to=("H90",), sender="G22", document_id="G22,2026/03/02,large/BM-VP")
    async with stream.client(stream.axis.ministry) as client:
        sending = asyncio.create_task(client.send(write(letter), [file]))
        try:
            async with asyncio.timeout(PATIENCE):
                while road.carried <= LARGE // 4:
                    assert not sending.done(), sending.exception()
                    await asyncio.sleep(0.05)
            yield
            assert road.carried < LARGE and not sending.done()
            road.hurry.set()
            async with asyncio.timeout(PATIENCE):
                sent = await sending
            await client.prove(sent.evidence[0])
        finally:
            sending.cancel()
            await asyncio.wait({sending})


def of(axis: Prepared, address: Address) -> Served:
    return Served(
        config=axis.config,
        ministry=axis.ministry,
        province=axis.province,
        neighbour=axis.neighbour,
        stranger=axis.stranger,
        address=address,
        metrics_address=None,
        log_address=None,
    )


def second_node(axis: Prepared, directory: Path) -> Path:
    """Settings and key files of another machine over the same stores."""
    here = axis.config.parent
    for name in ("tls", "evidence", "log", "ca"):
        shutil.copytree(here / name, directory / name)
    settings = axis.settings
    text = axis.config.read_text("utf-8")
    for path in (settings.archive.path, settings.ledger.path):
        assert path is not None
        relative = str(path.relative_to(here))
        assert f'"{relative}"' in text, text
        text = text.replace(f'"{relative}"', f'"{path}"')
    config = directory / "axis.toml"
    config.write_text(text, "utf-8")
    return config


def copied(axis: Prepared, other: Path) -> None:
    """What an operator copies to another machine before a key is used."""
    for name in ("evidence", "log"):
        coming = axis.config.parent / name / "next"
        if coming.exists():
            shutil.copytree(coming, other.parent / name / "next", dirs_exist_ok=True)


async def test_keys_follow_each_other_on_three_workers_and_a_second_node_in_the_middle_of_an_upload(
    tmp_path: Path,
) -> None:
    axis = await prepared(tmp_path)
    other = second_node(axis, tmp_path / "other")
    large = tmp_path / "bản đồ.bin"
    large.write_bytes(bytes(LARGE))
    async with started(axis.config, "--workers", str(WORKERS)) as many, started(other) as one:
        here, there = of(axis, many.address), of(axis, one.address)
        nodes, road = Nodes(processes=((many, WORKERS), (one, 1))), SlowRoad(to=many.address)

        async with nodes.take_over():
            old = log_of(here)
            new = (await command("rollover", "log", "introduce", "--config", axis.config)).strip()
            copied(axis, other)
        knows(axis.ministry, old, new)

        ahead = [timedelta()]
        async with (
            road.open() as slow,
            uploading(Stream(axis=of(axis, slow), ahead=ahead), road, large),
            streaming(here, ahead) as stream,
            streaming(there, ahead) as beside,
        ):
            shown = [await shown_to(node, axis.ministry) for node in (here, there)]
            async with nodes.take_over():
                given = options(issued(here, tmp_path, "tls"))
                for config in (axis.config, other):
                    await command("rollover", "tls", *given, "--config", config)
            for node, before in zip((here, there), shown, strict=True):
                assert await shown_to(node, axis.ministry) != before

            async with nodes.take_over():
                given = options(issued(here, tmp_path, "evidence"))
                await command("rollover", "evidence", "introduce", *given, "--config", axis.config)
                copied(axis, other)
            ahead[0] = timedelta(minutes=2)  # every client has asked again
            await both(stream, beside)

            for kind in ("evidence", "log"):
                async with nodes.take_over():
                    await command("rollover", kind, "use", "--at-once", "--config", axis.config)
                    await both(stream, beside)  # one machine uses it, and the other does not yet
                    await command("rollover", kind, "use", "--at-once", "--config", other)
                await both(stream, beside)

        assert nodes.troubles() == []
        knows(axis.ministry, new)
        await signing(stream, log_signer(axis.config.parent / "log" / "log.key").key)
        assert len(await all_verify(stream) | await all_verify(beside)) == 2
        assert log_of(here) == new != old
    assert "all there" in await command("verify-store", "--config", other)
    await command("audit", "--whole", "--config", other)
    await command("rollover", "status", "--config", other)


async def test_a_machine_that_was_forgotten_in_a_rollover_is_told_what_it_lacks(tmp_path: Path) -> None:
    axis = await prepared(tmp_path)
    other = second_node(axis, tmp_path / "other")
    vkey = (await command("rollover", "log", "introduce", "--config", axis.config)).strip()
    refused = await declined("rollover", "log", "introduce", "--config", other)
    assert "introduced on another machine" in refused and "--anew" in refused
    assert not (other.parent / "log" / "next").exists()
    given = options(issued(of(axis, ANYWHERE), tmp_path, "evidence"))
    await command("rollover", "evidence", "introduce", *given, "--config", axis.config)
    await command("rollover", "evidence", "use", "--at-once", "--config", axis.config)
    said = await declined("rollover", "status", "--config", other)
    assert f"the log key {vkey[:60]} was introduced on another machine" in said
    assert "the axis works with the evidence key" in said
    assert "problem  keys: the axis works with the evidence key" in await declined(
        "doctor", "--config", other
    )
    copied(axis, other)
    shutil.copytree(axis.config.parent / "evidence", other.parent / "evidence", dirs_exist_ok=True)
    await command("rollover", "status", "--config", other)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_what_root_rolls_over_stays_readable_by_the_account_of_the_axis(tmp_path: Path) -> None:
    axis = await prepared(tmp_path)
    nobody = 65534
    for path in (axis.config.parent / "evidence", *(axis.config.parent / "evidence").iterdir()):
        os.chown(path, nobody, nobody)
    given = options(issued(of(axis, ANYWHERE), tmp_path, "evidence"))
    await command("rollover", "evidence", "introduce", *given, "--config", axis.config)
    await command("rollover", "evidence", "use", "--at-once", "--config", axis.config)
    kept = list((axis.config.parent / "evidence").rglob("*"))
    assert len(kept) == 5  # key, certificate, two folders, and the retired certificate
    assert {path.stat().st_uid for path in kept} == {nobody}


async def test_another_log_key_stops_the_start_until_the_old_one_is_known(tmp_path: Path) -> None:
    axis = await prepared(tmp_path)
    async with running(axis.settings, Secrets()):
        pass
    key = axis.config.parent / "log" / "log.key"
    old = log_of(of(axis, ANYWHERE))
    key.unlink()
    await command("log-key", key, "--origin", old.split("+")[0])
    lacks = f"the axis works with the log key {old[:60]}"
    said = await declined("check-config", "--config", axis.config)
    assert f"problem: {lacks}" in said and "copy it from" in said
    with pytest.raises(AssertionError, match=re.escape(lacks)):
        async with started(axis.config):
            pass
    retired = key.parent / "retired"
    retired.mkdir()
    (retired / "lost.vkey").write_text(old + "\n")
    assert "ready to run" in await command("check-config", "--config", axis.config)
    async with running(axis.settings, Secrets()):
        pass
