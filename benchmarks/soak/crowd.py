"""One document to five thousand units, each with an ending of its own: `python -m benchmarks.soak.crowd`.

The units have no system: their letters come to one mailbox. It takes the bytes once for all of them and
answers for each, with hand-over and acceptance; but one of them refuses, and one never proves what it holds
and misses its deadline. What the axis serves in the end is judged as in a soak.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from axis.v1 import types_pb2
from benchmarks.judging.account import Account, Given
from benchmarks.judging.judge import judge
from benchmarks.judging.reading import read, unsettled
from benchmarks.judging.served import Served
from benchmarks.judging.table import ENDINGS
from benchmarks.judging.wire import Wire
from benchmarks.soak import country as countries
from benchmarks.soak import letters
from benchmarks.soak.country import SECONDS_TO_ANSWER, House
from benchmarks.soak.weather import Axis, faketime_library
from benchmarks.subjects import ROOT
from signing.dispatch import ni_uri

IN_FLIGHT = 32
KEPT = ROOT / "benchmarks" / "results" / "crowd.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One sender, one mailbox, and the units behind it."""

    account: Account
    sender: House
    mailbox: House
    to_axis: Wire
    """The sender's."""
    from_axis: Wire
    """The mailbox's."""

    async def send(self) -> types_pb2.Dispatch:
        """Sends one document to the group of all units."""
        package = letters.document(self.sender.agency_id, 1, ["UNITS"], priority=0)
        content = letters.sealed_package(package, self.sender.signer, datetime.now(UTC))
        given = self._given(content, self.sender, package.document_id, 0)
        given.recipients = self.mailbox.units
        dispatch = await self.to_axis.submit(given, content)
        assert dispatch is not None, given.answers
        return dispatch

    async def answer(self, dispatch: types_pb2.Dispatch, unit: str, code: str) -> None:
        """States something in a unit's name."""
        held = {ni_uri(part.sha256): part.sha256 for part in dispatch.parts} if code == "01" else {}
        content = letters.statement(
            code,
            dispatch,
            speaker=unit,
            addressee=dispatch.sender_id,
            signer=self.mailbox.signer,
            at=datetime.now(UTC),
            held=held,
        )
        given = self._given(content, self.mailbox, dispatch.document_id, None)
        given.code, given.speaker_id = code, unit
        refused = await self.from_axis.report(given, dispatch.dispatch_id, content)
        assert not refused, f"{unit} {code}: {refused}"

    async def answer_all(self, dispatch: types_pb2.Dispatch) -> None:
        """All take it and accept, but the first, which refuses, and the last, which never proves anything."""
        refusing, *accepting, _ = self.mailbox.units
        await self.answer(dispatch, refusing, "02")
        waiting = iter(accepting)

        async def clerk() -> None:
            for unit in waiting:
                await self.answer(dispatch, unit, "01")
                await self.answer(dispatch, unit, "03")

        await asyncio.gather(*(clerk() for _ in range(IN_FLIGHT)))

    def _given(self, content: bytes, house: House, document_id: str, kind: int | None) -> Given:
        sha256 = hashlib.sha256(content).hexdigest()
        given = Given(sha256=sha256, agency_id=house.agency_id, document_id=document_id, kind=kind)
        return self.account.given.setdefault(sha256, given)


async def gather_crowd(directory: Path, units: int) -> tuple[dict[str, float], list[str]]:
    """Runs it in an empty directory; returns figures, and what was not as it must be."""
    country = await countries.found(directory, houses=2, units=units)
    axis = Axis(config=country.config, address=country.address, library=faketime_library())
    account, figures = Account(), dict[str, float]()
    mailbox, sender = (country.houses[name] for name in ("H00", "H01"))
    await axis.start()
    wires = {
        one.agency_id: Wire(country.address, one.profile, account, random.Random(1))
        for one in (mailbox, sender)
    }
    crowd = Crowd(
        account=account,
        sender=sender,
        mailbox=mailbox,
        to_axis=wires[sender.agency_id],
        from_axis=wires[mailbox.agency_id],
    )
    began = time.monotonic()

    def lap(name: str) -> None:
        nonlocal began
        figures[f"seconds to {name}"] = round(time.monotonic() - began, 2)
        began = time.monotonic()

    try:
        dispatch = await crowd.send()
        lap("send it to all")
        assert not await crowd.from_axis.fetch(dispatch.dispatch_id, 0)
        lap("fetch it for all")
        await crowd.answer_all(dispatch)
        lap("hand over and accept")
        axis.end()
        await axis.start(max(SECONDS_TO_ANSWER) + 60)
        while await unsettled(wires):
            await asyncio.sleep(0.2)
        lap("restart after the deadline and end the rest")
        served = await read(wires, country.config.parent / "ca" / "ca.pem", 20)
        lap("read everything back")
    finally:
        for wire in wires.values():
            await wire.close()
        axis.end()
    account.followed = dict(served.events)  # nobody followed: the replay stands for it
    wrong = [str(one) for one in judge(account, served)]
    return figures | _counts(served) | {"server CPU seconds": round(axis.cpu_seconds, 1)}, wrong


def _counts(served: Served) -> dict[str, float]:
    (sent,) = (one for outbox in served.sent.values() for one in outbox)
    ends = Counter(proof.event for proof in sent.proofs if proof.event in ENDINGS)
    return {"deliveries": len(sent.deliveries), "evidence": len(sent.proofs), **ends}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.soak.crowd", description=__doc__)
    arguments.add_argument("--units", type=int, default=5_000)
    arguments.add_argument("--output", type=Path, default=KEPT)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures, wrong = asyncio.run(gather_crowd(Path(name), given.units))
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": figures,
        "wrong": wrong,
    }
    given.output.write_text(json.dumps(result, indent=2) + "\n")
    for label, value in figures.items():
        print(f"{label:<50}{value:>12,}")
    print("\n".join(wrong[:20]) or "every delivery ended exactly once")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
