"""A run as it was recorded: the histories of all agencies, the faults, and the final dump. Plain files in,
plain values out; nothing of the axis is imported."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.judging.account import Account, Answer, Given, Seen
from benchmarks.judging.served import Proof, Sent, Served, Standing, Stated

Line = dict[str, Any]
LATER = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED")
"""The statuses that say "try later" whoever says them."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """All that is judged."""

    histories: dict[str, list[Line]]
    """By agency, in the order in which it wrote."""
    faults: list[Line]
    calm: float
    """When the last fault was over, on the clock that all histories share."""
    dump: Line
    vkey: str
    """The log's public key."""

    @classmethod
    def load(cls, record: Path) -> Recorded:
        return cls(
            histories={path.stem: _lines(path) for path in sorted(record.glob("H*.jsonl"))},
            faults=_lines(record / "faults.jsonl"),
            calm=float((record / "calm").read_text()),
            dump=json.loads((record / "dump.json").read_text()),
            vkey=(record / "log.vkey").read_text(),
        )

    def lines(self, act: str) -> list[tuple[str, Line]]:
        """All that any agency noted of one kind."""
        return [(who, line) for who, lines in self.histories.items() for line in lines if line["act"] == act]

    def contents(self) -> dict[str, bytes]:
        """Evidence and statements, by the digest under which they were listed."""
        return {name: base64.b64decode(content) for name, content in self.dump["contents"].items()}

    def leaves(self) -> list[bytes]:
        """The hashes of the log's leaves."""
        hashes = base64.b64decode(self.dump["leaves"])
        return [hashes[start : start + 32] for start in range(0, len(hashes), 32)]


def _lines(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def later(call: Line) -> bool:
    """Tells whether a call that failed said nothing about what was asked: try later, or the line broke."""
    return call["code"] in (*LATER, "GAVE_UP") or bool(call["told"].get("later")) or not call["reason"]


def account(recorded: Recorded) -> Account:
    """Makes of the histories what the judge knows of clients."""
    made = Account()
    for who, lines in recorded.histories.items():
        for line in lines:
            if line["act"] == "meant":
                given = Given(sha256=line["sha256"], agency_id=who, document_id=line["document_id"], kind=0)
                given.recipients = tuple(line["recipients"])
                made.given[given.sha256] = given
            elif line["act"] == "event":
                made.followed[who].append(Seen(*line["event"]))
            elif line["act"] == "call":
                _call(made, who, line)
    made.fetched = _fetched(recorded)
    return made


def _call(made: Account, who: str, call: Line) -> None:
    asked, told = call["asked"], call["told"]
    for dispatch_id, recipient_id, version, state in told.get("deliveries", ()):
        made.note_delivery(dispatch_id, recipient_id, version, state)
    if call["rpc"] not in ("Submit", "Report") or (call["code"] != "OK" and later(call)):
        return
    if call["rpc"] == "Report":
        said = Given(
            sha256=asked["sha256"],
            agency_id=who,
            document_id=asked["document_id"],
            kind=None,
            code=asked["code"],
            speaker_id=asked["speaker_id"],
        )
        made.given.setdefault(said.sha256, said)
    refused = "" if call["code"] == "OK" else call["reason"] or call["code"]
    dispatch_id = told.get("dispatch_id") or asked.get("dispatch_id", "")
    answer = Answer(call["began"], call["ended"], refused, dispatch_id, tuple(told.get("evidence", ())))
    made.given[asked["sha256"]].answers.append(answer)


def _fetched(recorded: Recorded) -> dict[tuple[str, int], set[str]]:
    """What was handed out whole, during the run and in the end."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for _, call in recorded.lines("call"):
        if call["rpc"] == "FetchPart" and call["code"] == "OK" and not call["asked"]["offset"]:
            found[call["asked"]["dispatch_id"], call["asked"]["number"]].add(call["told"]["sha256"])
    for dispatch_id, number, digests in recorded.dump["fetched"]:
        found[dispatch_id, number] |= set(digests)
    return found


def served(recorded: Recorded) -> Served:
    """Makes of the dump what the judge knows of the axis."""
    dump = recorded.dump
    return Served(
        sent={who: [_sent(one) for one in outbox] for who, outbox in dump["sent"].items()},
        events={who: [Seen(*one) for one in events] for who, events in dump["events"].items()},
        verified=dump["verified"],
        broken=dump["broken"],
        contents=recorded.contents(),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _sent(one: list[Any]) -> Sent:
    dispatch_id, document_id, kind, digests, deliveries, proofs, statements = one
    return Sent(
        dispatch_id=dispatch_id,
        document_id=document_id,
        kind=kind,
        digests=tuple(digests),
        deliveries=tuple(Standing(*each) for each in deliveries),
        proofs=tuple(Proof._make(map(_frozen, each)) for each in proofs),
        statements=tuple(Stated(*each) for each in statements),
    )
