"""One run from beginning to end, inside its namespaces."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from axis_server.ledgers import opened_ledger
from axis_server.operation.provision import provision
from axis_server.settings import Address, Secrets, load
from benchmarks.chaos import nodes as axis
from benchmarks.chaos.agency import Orders
from benchmarks.chaos.database import Pair
from benchmarks.chaos.faults import OF_ENGINES, OF_NODES, OF_STORE, Draw, World
from benchmarks.chaos.network import Host, Network
from benchmarks.chaos.nodes import Node
from benchmarks.chaos.reading import read_all
from benchmarks.chaos.sealing_off import furnish
from benchmarks.chaos.store import Store
from benchmarks.chaos.storm import Storm
from benchmarks.soak.country import House, populate, settings
from benchmarks.soak.weather import faketime_library
from benchmarks.subjects import ROOT

REST_WITHIN = 180.0
"""Seconds for the agencies to end what they have begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large and how long a run is."""

    minutes: float
    seed: int
    nodes: int = 3
    houses: int = 4
    pace: float = 0.4
    """Seconds between two documents of one sender."""
    pause: float = 2.0
    """Seconds between two faults, about."""
    calm: float = 15.0
    """Seconds of work after the last fault, in which everybody must be served again."""
    hand_over: tuple[float, ...] = (75, 60, 45, 25, 6)
    answer: tuple[float, ...] = (90, 75, 60, 40, 9)
    """Deadlines in seconds, by priority: all pass while the run goes on, or in its settling."""
    s3: bool = True
    """Whether the archive is an S3 store; else the nodes share a directory."""

    @property
    def draws(self) -> tuple[tuple[Draw, ...], ...]:
        """What befalls nodes, and what befalls engines and lines."""
        return OF_NODES, OF_ENGINES + (OF_STORE if self.s3 else ())


def brief(minutes: float, seed: int) -> Plan:
    """A small one for the tests: two nodes, three agencies, no S3 store, and it ends soon."""
    return Plan(
        minutes=minutes,
        seed=seed,
        nodes=2,
        houses=3,
        pause=1.0,
        calm=5.0,
        hand_over=(16, 14, 12, 10, 4),
        answer=(20, 18, 15, 12, 6),
        s3=False,
    )


def say(sentence: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {sentence}", flush=True)


def run(disk: Path, record: Path, plan: Plan) -> None:
    """Runs it and leaves in `record` what the checker judges."""
    furnish(disk)
    dice = random.Random(plan.seed)
    network = Network(random.Random(f"{plan.seed} packets"))
    network.join("here", 1)
    hosts = {name: network.add(name, 10 + number) for number, name in enumerate(_names(plan))}
    network.begin()
    with ExitStack() as stack:
        say("the engines start")
        store = stack.enter_context(Store.begun(disk / "s3", hosts["s3"])) if plan.s3 else None
        pair = Pair(disk, network)
        pair.begin()
        made, houses = asyncio.run(_found(disk, plan, hosts, pair, store))
        world = World(network=network, pair=pair, store=store, nodes=made)
        for node in made.values():
            node.set_clock(0)
            node.start()
        for node in made.values():
            node.await_serving()
        stack.callback(axis.front(disk / "nginx", hosts["front"], list(made.values())).terminate)
        _keep_what_verifies(disk, record)
        stack.callback(_keep_logs, record, made)
        with _agencies(disk, record, plan, hosts, houses, made) as working:
            _rage(world, plan, dice, record)
            time.sleep(plan.calm)
            _rest(record, working)
            say("what is open ends by its deadline, and everything is read back")
            asyncio.run(read_all(record, houses, f"{hosts['n1'].address}:{axis.PORT}", hosts["n1"].address))
            _caught_up(record, houses)
        scale = {"nodes": plan.nodes, "agencies": plan.houses, "s3": plan.s3, "packets": network.carried}
        (record / "scale.json").write_text(json.dumps(scale))


def _names(plan: Plan) -> list[str]:
    nodes = (f"n{number + 1}" for number in range(plan.nodes))
    return ["db1", "db2", *(["s3"] if plan.s3 else []), "front", "clients", *nodes]


async def _found(
    disk: Path, plan: Plan, hosts: Mapping[str, Host], pair: Pair, store: Store | None
) -> tuple[dict[str, Node], dict[str, House]]:
    """Makes the axis's keys and configuration, one directory for each node, and registers the agencies."""
    base, at = disk / "axis", datetime.now(UTC)
    names = [f"n{number + 1}" for number in range(plan.nodes)]
    config = provision(
        base,
        listen=Address("0.0.0.0", axis.PORT),
        hosts=[hosts[name].address for name in ("front", *names)],
        metrics=None,
        axis_id="AXIS",
        axis_name="A",
        at=at,
    )
    text = _configured(config.read_text(), disk, pair, store)
    config.write_text(text + settings(plan.hand_over, plan.answer))
    secret = {"AXIS_LEDGER_PASSWORD": pair.password}
    if store is not None:
        secret["AXIS_ARCHIVE_SECRET_KEY"] = store.target.secret_key
    secrets = Secrets(ledger_password=SecretStr(pair.password))
    front = f"{hosts['front'].address}:{axis.PORT}"
    async with opened_ledger(load(config), secrets) as ledger:
        houses = await populate(ledger, base, disk, houses=plan.houses, units=0, axis=front, at=at)
    library, made = faketime_library(), {}
    for name in names:
        shutil.copytree(base, disk / name)
        made[name] = Node(hosts[name], disk / name / config.name, library, secret)
    return made, houses


def _configured(text: str, disk: Path, pair: Pair, store: Store | None) -> str:
    """The configuration of `axis-server init` over these engines."""
    text = text.replace('level = "info"', 'level = "warning"')
    if store is None:
        (disk / "archive").mkdir(mode=0o700)
        archive = f'kind = "files"\npath = "{disk / "archive"}"\n'
    else:
        archive = (
            f'kind = "s3"\nendpoint = "{store.target.endpoint}"\nbucket = "{store.target.bucket}"\n'
            f'access_key = "{store.target.access_key}"\n'
        )
    text = text.replace('kind = "files"\npath = "archive"\n', archive)
    ledger = f'kind = "postgres"\ndsn = "{pair.dsn}"\n'
    text = text.replace('kind = "sqlite"\npath = "ledger/ledger.sqlite3"\n', ledger)
    shown = f'key = "log/log.key"\nlisten = "0.0.0.0:{axis.LOG_PORT}"\n'
    return text.replace('key = "log/log.key" ', f"{shown}# ")


def _keep_what_verifies(disk: Path, record: Path) -> None:
    """Keeps what the checker verifies by: the authority of the evidence, and the log's public key."""
    shutil.copy(disk / "axis" / "ca" / "ca.pem", record / "ca.pem")
    shown = subprocess.run(
        [sys.executable, "-m", "axis_server", "log-key", str(disk / "axis" / "log" / "log.key")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    (record / "log.vkey").write_text(shown.stdout.strip())


def _keep_logs(record: Path, made: Mapping[str, Node]) -> None:
    """Keeps what the nodes said, for who looks into a breach."""
    for name, node in made.items():
        shutil.copy(node.log, record / f"{name}.log")


@contextmanager
def _agencies(
    disk: Path,
    record: Path,
    plan: Plan,
    hosts: Mapping[str, Host],
    houses: Mapping[str, House],
    made: Mapping[str, Node],
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Has the agencies work until the block ends."""
    working = []
    for name, house in houses.items():
        room = disk / f"{name}.room"
        room.mkdir()
        orders = Orders(
            profile=str(house.profile / "profile.toml"),
            room=str(room),
            history=str(record / f"{name}.jsonl"),
            peers=[one for one in houses if one != name],
            logs=[f"{node.host.address}:{axis.LOG_PORT}" for node in made.values()],
            seed=f"{plan.seed} {name}",
            pace=plan.pace,
        )
        command = [sys.executable, "-m", "benchmarks.chaos.agency", json.dumps(asdict(orders))]
        with (room / "log").open("wb") as log:
            process = subprocess.Popen([*hosts["clients"].inside, *command], cwd=ROOT, stdout=log, stderr=log)
        working.append(process)
    try:
        yield working
    finally:
        for process in working:
            process.terminate()
        for name, process in zip(houses, working, strict=True):
            if process.wait(30) != 0:
                raise RuntimeError((disk / f"{name}.room" / "log").read_text()[-3000:])


def _rage(world: World, plan: Plan, dice: random.Random, record: Path) -> None:
    """Both storms, and then the calm."""
    with (record / "faults.jsonl").open("w", buffering=1) as file:

        def note(fault: dict[str, object]) -> None:
            file.write(json.dumps(fault) + "\n")
            lasted = float(str(fault["whole"])) - float(str(fault["began"]))
            say(f"  {fault['kind']}: {fault['where']}, {lasted:.1f} s")

        time.sleep(3)
        storms = [Storm(world, draws, random.Random(dice.random()), plan.pause, note) for draws in plan.draws]
        say(f"{plan.minutes:g} minutes of faults begin")
        with ThreadPoolExecutor(len(storms)) as threads:
            raging = [threads.submit(storm.rage) for storm in storms]
            wait(raging, 60 * plan.minutes, FIRST_COMPLETED)
            for storm in storms:
                storm.stop()
            for one in raging:
                one.result()
    (record / "calm").write_text(str(time.monotonic()))
    say("the last fault is over")


def _rest(record: Path, working: list[subprocess.Popen[bytes]]) -> None:
    """Has the agencies end their work; what they cannot end the checker will name."""
    for process in working:
        process.send_signal(signal.SIGUSR1)
    end = time.monotonic() + REST_WITHIN
    while time.monotonic() < end and any(process.poll() is None for process in working):
        rested = [b'"rested"' in path.read_bytes() for path in record.glob("H*.jsonl")]
        if all(rested):
            return
        time.sleep(0.5)
    say("not every agency came to rest")


def _caught_up(record: Path, houses: Mapping[str, House]) -> None:
    """Waits until each agency was shown its last event, for a minute at most."""
    last = json.loads((record / "dump.json").read_text())["events"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        shown = [
            not last[name] or json.dumps(last[name][-1][-1]) in (record / f"{name}.jsonl").read_text()
            for name in houses
        ]
        if all(shown):
            return
        time.sleep(0.5)
