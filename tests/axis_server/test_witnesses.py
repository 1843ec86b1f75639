"""Witnesses: real ones in processes of their own, and one that lies, asked by a log in the background."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.v1 import log_pb2, log_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.material import log_signer
from axis_server.transparency.witnessing import Witness, Witnessing
from plainhttp import Bounds, Reply, Request, serving
from signing.log import (
    KeyKind,
    LogPolicy,
    MemoryNoteSigner,
    NotProven,
    cosign,
    open_checkpoint,
    read_request,
    read_vkey,
)
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.process import ENVIRONMENT, PATIENCE, ROOT, started
from tests.axis_server.served import prepared
from tests.axis_server.test_transparency import POLICY, SIGNER, Shown, shown
from tests.storage.records import accepted

AXIS = str(Path(sys.executable).parent / "axis")
ALIKE = "# [[transparency.witnesses]]        # who cosigns the log; one table each"


async def command(*arguments: str | Path) -> str:
    """Runs `axis witness ...` to its end."""
    process = await asyncio.create_subprocess_exec(
        *(AXIS, "witness", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A witness's key and folder; `running` runs it."""

    base: Path
    vkey: str
    log: str

    @classmethod
    def make(cls, base: Path, name: str, log: str = SIGNER.key.vkey) -> Watcher:
        signer = MemoryNoteSigner(name, Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
        base.mkdir()
        (base / "key").write_text(f"{signer.skey()}\n")
        return cls(base=base, vkey=signer.key.vkey, log=log)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """Yields its address."""
        process = await asyncio.create_subprocess_exec(
            *(AXIS, "witness", "run", "--state", str(self.base / "state")),
            *("--key", str(self.base / "key"), "--log", self.log, "--listen", f"127.0.0.1:{port}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
            cwd=ROOT,
        )
        assert process.stdout is not None and process.stderr is not None
        try:
            line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
            assert line.startswith("listening on "), (await process.stderr.read()).decode()
            yield f"http://{line.removeprefix('listening on ').strip()}"
        finally:
            process.terminate()
            await asyncio.wait_for(process.communicate(), PATIENCE)

    def witness(self, url: str) -> Witness:
        return Witness(key=read_vkey(self.vkey), url=url)


@dataclass(slots=True)
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Shown]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    yield shown(ledger)
    await ledger.aclose()


@dataclass(frozen=True, slots=True)
class Asking:
    """A log that asks witnesses, by a clock of its own."""

    log: Shown
    clock: Clock
    witnessing: Witnessing

    async def grow(self, number: int) -> None:
        """One commit, one checkpoint, one round; an hour passes, so that nobody is left alone any more."""
        await self.log.ledger.commit(accepted(number))
        await self.log.publisher.publish()
        await self.witnessing.round()
        self.clock.now += timedelta(hours=1)

    async def cosigners(self) -> set[str]:
        newest = await self.log.ledger.checkpoint()
        return {line.decode().split(" ")[1] for line in newest.cosignatures}

    def metric(self, name: str, witness: str) -> float | None:
        return self.log.metrics.registry.get_sample_value(name, {"witness": witness})


def asking(log: Shown, workers: ThreadPoolExecutor, witnesses: Sequence[Witness]) -> Asking:
    clock = Clock(datetime.now(UTC))
    witnessing = Witnessing(
        ledger=log.ledger, witnesses=witnesses, workers=workers, clock=clock, metrics=log.metrics
    )
    return Asking(log, clock, witnessing)


def policy(quorum: int, *vkeys: str) -> LogPolicy:
    return replace(POLICY, witnesses=tuple(map(read_vkey, vkeys)), quorum=quorum)


async def test_one_witness_of_two_that_is_down_costs_its_own_cosignature_alone(
    tmp_path: Path, log: Shown, workers: ThreadPoolExecutor
) -> None:
    up, down = Watcher.make(tmp_path / "up", "w.up"), Watcher.make(tmp_path / "down", "w.down")
    async with up.running() as url:
        async with down.running() as other:
            port = int(other.rpartition(":")[2])
            both = asking(log, workers, [up.witness(url), down.witness(other)])
            await both.grow(1)
            assert await both.cosigners() == {"w.up", "w.down"}
        await both.grow(2)
        assert await both.cosigners() == {"w.up"}
        newest = (await log.ledger.checkpoint()).content
        assert len(open_checkpoint(newest, policy(1, up.vkey, down.vkey)).cosignatures) == 1
        with pytest.raises(NotProven) as refused:
            open_checkpoint(newest, policy(2, up.vkey, down.vkey))
        assert refused.value.reason == "LOG_TOO_FEW_WITNESSES"
        await both.witnessing.round()
        assert both.metric("axis_log_witness_lag_seconds", "w.up") == 0
        lag = both.metric("axis_log_witness_lag_seconds", "w.down")
        assert lag is not None and lag >= 3600

        async with down.running(port):  # back again, from where it was
            both.clock.now += timedelta(hours=1)
            await both.witnessing.round()
            newest = (await log.ledger.checkpoint()).content
            assert len(open_checkpoint(newest, policy(2, up.vkey, down.vkey)).cosignatures) == 2
            assert both.metric("axis_log_witness_lag_seconds", "w.down") == 0


async def test_a_witness_that_is_away_is_asked_less_and_less_often(
    log: Shown, workers: ThreadPoolExecutor
) -> None:
    asked: list[str] = []

    async def broken(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(status=503)

    key = MemoryNoteSigner("w.broken", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE).key
    async with serving("127.0.0.1", 0, broken, bounds=Bounds(body=1 << 20)) as port:
        one = asking(log, workers, [Witness(key=key, url=f"http://127.0.0.1:{port}/under/")])
        await log.ledger.commit(accepted(1))
        await log.publisher.publish()
        for _ in range(32):
            await one.witnessing.round()
            one.clock.now += timedelta(seconds=1)
    assert asked == ["/under/add-checkpoint"] * 6  # after 0, 1, 3, 7, 15 and 31 seconds


async def test_what_a_lying_witness_signs_is_not_kept(log: Shown, workers: ThreadPoolExecutor) -> None:
    honest = MemoryNoteSigner("w.liar", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
    other = MemoryNoteSigner("w.liar", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
    lies = iter(("another key", "another note", "more than lines", "nothing", "the truth"))

    async def liar(request: Request) -> Reply:
        note = read_request(request.body).note
        line = cosign(note, honest, 1_800_000_000).line()
        match next(lies):
            case "another key":
                line = cosign(note, other, 1_800_000_000).line()
            case "another note":
                line = cosign(replace(note, text=f"{note.text}more\n"), honest, 1_800_000_000).line()
            case "more than lines":
                line = f"text\n\n{line}"
            case "nothing":
                line = ""
        return Reply(body=line.encode())

    async with serving("127.0.0.1", 0, liar, bounds=Bounds(body=1 << 20)) as port:
        one = asking(log, workers, [Witness(key=honest.key, url=f"http://127.0.0.1:{port}")])
        for number in range(1, 5):
            await one.grow(number)
            assert await one.cosigners() == set()
        await one.grow(5)
        assert await one.cosigners() == {"w.liar"}


async def test_a_ledger_that_was_taken_back_is_refused_by_the_witness_and_an_alarm(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    """The thief has the ledger and the log's key: the witness alone remembers."""
    path, copy = tmp_path / "ledger.sqlite3", tmp_path / "copy.sqlite3"
    ledger = await SqliteLedger.open(path)
    watcher = Watcher.make(tmp_path / "w", "w.one")
    async with watcher.running() as url:
        true = asking(shown(ledger), workers, [watcher.witness(url)])
        await true.grow(1)
        with sqlite3.connect(path) as now, sqlite3.connect(copy) as then:
            now.backup(then)
        await true.grow(2)
        await ledger.aclose()
        old = await SqliteLedger.open(copy)
        back = asking(shown(old), workers, [watcher.witness(url)])
        await back.log.publisher.publish()
        await back.witnessing.round()  # what it cosigned already; nothing is asked
        await back.grow(3)  # as many leaves, others
        assert await back.cosigners() == set()
        assert back.metric("axis_log_witness_sound", "w.one") == 0
        await back.grow(4)  # more leaves, on another beginning
        assert await back.cosigners() == set()
        assert back.metric("axis_log_witness_sound", "w.one") == 0
        await old.aclose()
    (fork,) = (tmp_path / "w" / "state").glob("*.fork-*")
    (kept,) = (tmp_path / "w" / "state").glob("*.checkpoint")
    one, two = (open_checkpoint(each.read_bytes(), POLICY).checkpoint for each in (kept, fork))
    assert one.size == two.size and one.root != two.root


async def test_a_ledger_with_fewer_leaves_than_its_witness_saw_is_an_alarm(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    watcher = Watcher.make(tmp_path / "w", "w.one")
    async with watcher.running() as url:
        long = asking(shown(await SqliteLedger.open(tmp_path / "a.sqlite3")), workers, [watcher.witness(url)])
        for number in (1, 2):
            await long.grow(number)
        short = asking(
            shown(await SqliteLedger.open(tmp_path / "b.sqlite3")), workers, [watcher.witness(url)]
        )
        await short.grow(1)
        assert short.metric("axis_log_witness_sound", "w.one") == 0
        for one in (long, short):
            assert isinstance(one.log.ledger, SqliteLedger)
            await one.log.ledger.aclose()


async def test_a_running_axis_has_its_checkpoints_cosigned(tmp_path: Path) -> None:
    """Real axis, real witnesses: what an agency is given over gRPC satisfies 2 of 2."""
    ready = await prepared(tmp_path)
    log_key = log_signer(ready.settings.transparency.key).key
    assert await command("key", tmp_path / "w.key", "--name", "w.new") == await command(
        "key", tmp_path / "w.key"
    )
    first = Watcher.make(tmp_path / "w1", "w.one", log_key.vkey)
    second = Watcher.make(tmp_path / "w2", "w.two", log_key.vkey)
    async with first.running() as one, second.running() as two:
        tables = "".join(
            f'[[transparency.witnesses]]\nvkey = "{each.vkey}"\nurl = "{url}"\n'
            for each, url in ((first, one), (second, two))
        )
        text = ready.config.read_text(encoding="utf-8")
        ready.config.write_text(text.replace(ALIKE, tables), encoding="utf-8")
        async with started(ready.config) as axis, ready.ministry.channel(axis.address) as channel:
            await submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
                submission_pb2.SubmitRequest(package=ready.ministry.letter(ready.province.id))
            )
            both = LogPolicy(
                origin=log_key.name,
                keys=(log_key,),
                witnesses=(read_vkey(first.vkey), read_vkey(second.vkey)),
                quorum=2,
            )
            stub = log_pb2_grpc.LogServiceStub(channel)
            async with asyncio.timeout(PATIENCE):
                while True:
                    newest = await stub.GetCheckpoint(log_pb2.GetCheckpointRequest())
                    try:
                        if open_checkpoint(newest.checkpoint, both).checkpoint.size:
                            break
                    except NotProven as waiting:
                        assert waiting.reason == "LOG_TOO_FEW_WITNESSES"
                    await asyncio.sleep(0.1)
