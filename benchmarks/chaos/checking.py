"""The checker: what all agencies wrote down against what is there in the end, and both against the promises.

    for breach in check(Recorded.load(record)):
        print(breach)              # none: the axis kept its word

It replays a record of plain files and imports nothing of the axis. What holds of any run stands in
`benchmarks.judging.judge`: nothing lost, doubled or altered, one ending each, events in order, streams whole.
Here stands what holds of a run under faults.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from benchmarks.chaos.recorded import Recorded, account, later, served
from benchmarks.chaos.tree import Checkpoint, leaf, opened, root
from benchmarks.judging.judge import Breach, judge

AGAIN_WITHIN = 60.0
"""Seconds after the last fault within which each agency must be served again."""
BROKEN = ("INTERNAL", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED", "OUT_OF_RANGE")
"""Statuses with which an axis would say that it does not know what it does."""
TRUE = {
    "Report": {"WRONG_STATE", "LEASE_LOST"},
    "SettleInbox": {"LEASE_LOST"},
    "FetchPart": {"WRONG_STATE"},
}
"""Refusals that a recipient may rightly hear, since deadlines pass and another system may be faster. What
senders ask here is right, so that nothing of theirs may be refused."""
ALARMS = {"EvidenceError", "LogAlarm", "NotTrusted", "LocalError", "NotFound"}
"""What the SDK must never raise here: what it was told would not prove what it should."""


def check(recorded: Recorded) -> Iterator[Breach]:
    """Yields every breach."""
    seen = account(recorded)
    yield from judge(seen, served(recorded))
    yield from refused_truly(recorded)
    yield from no_alarms(recorded)
    yield from accepted_in_the_end(recorded)
    yield from whole_to_the_last_byte(recorded)
    yield from in_the_log(recorded)
    yield from one_log(recorded)
    yield from served_again(recorded)


def refused_truly(recorded: Recorded) -> Iterator[Breach]:
    """What failed was to be tried later; nothing was answered by a failure of the axis's own, or by a verdict
    that is not true. A status without a reason is gRPC's: the line was cut."""
    for who, call in recorded.lines("call"):
        where = f"{who} {call['rpc']}"
        what = f"{call['code']} {call['reason']} {call['told'].get('details', '')}"
        if call["code"] in ("OK", "GAVE_UP"):
            continue
        if call["reason"] and (call["code"] in BROKEN or call["reason"] in ("INTERNAL", "CORRUPT")):
            yield Breach("never INTERNAL", where, what)
        elif not later(call) and call["reason"] not in TRUE.get(call["rpc"], ()):
            yield Breach("no untrue verdict", where, what)


def no_alarms(recorded: Recorded) -> Iterator[Breach]:
    """The SDK, which verifies all that it is told, found nothing wrong."""
    for who, line in recorded.lines("could not"):
        if line["kind"] in ALARMS:
            what = f"{line['kind']} {line['reason']}: {line['message']}"
            yield Breach("the SDK is not alarmed", f"{who} {line['verb']}", what)


def accepted_in_the_end(recorded: Recorded) -> Iterator[Breach]:
    """What an agency meant to send was accepted at last: none was given up."""
    accepted = {
        call["asked"]["sha256"]
        for _, call in recorded.lines("call")
        if call["rpc"] == "Submit" and call["code"] == "OK"
    }
    for who, line in recorded.lines("meant"):
        if line["sha256"] not in accepted:
            yield Breach("accepted in the end", f"{who} {line['document_id']}", "nobody took it")


def whole_to_the_last_byte(recorded: Recorded) -> Iterator[Breach]:
    """In the end each part of each dispatch was read, and hashes to what it is called; so do evidence and
    statements."""
    read = {(one, number): digests for one, number, digests in recorded.dump["fetched"]}
    for outbox in served(recorded).sent.values():
        for sent in outbox:
            for number, digest in enumerate(sent.digests):
                if read.get((sent.dispatch_id, number)) != [digest]:
                    yield Breach("whole to the last byte", sent.dispatch_id, f"part {number}")
    for name, content in recorded.contents().items():
        if hashlib.sha256(content).hexdigest() != name:
            yield Breach("whole to the last byte", name, "is not what it was listed as")


def in_the_log(recorded: Recorded) -> Iterator[Breach]:
    """All evidence and all statements stand in the log, once; so does all evidence that anybody was told."""
    places = Counter(recorded.leaves())
    contents = recorded.contents()
    for name, content in contents.items():
        often = places[leaf(content)]
        if often != 1:
            yield Breach("in the log, once", name, f"{often} times")
    for who, call in recorded.lines("call"):
        for name in call["told"].get("evidence", ()):
            if name not in contents:
                yield Breach("in the log, once", name, f"was told to {who}, and is not there")


def one_log(recorded: Recorded) -> Iterator[Breach]:
    """Every checkpoint that anybody was shown, by any node, is signed and is a beginning of one log."""
    rule = "one log"
    leaves, roots = recorded.leaves(), dict[int, bytes]()
    shown: dict[str, set[str]] = defaultdict(set)
    for who, line in recorded.lines("checkpoint"):
        shown[line["note"]].add(f"{who} by {line['node']}")
    shown[recorded.dump["checkpoint"]].add("the dump")
    heads: dict[str, Checkpoint | None] = {note: opened(note, recorded.vkey) for note in shown}
    for note, head in heads.items():
        where = ", ".join(sorted(shown[note]))
        if head is None:
            yield Breach(rule, where, f"the log's key did not sign it: {note}")
            continue
        if head.size > len(leaves):
            yield Breach(rule, where, f"{head.size} leaves were signed, and {len(leaves)} are there")
            continue
        if roots.setdefault(head.size, root(leaves[: head.size])) != head.root:
            yield Breach(rule, where, f"a checkpoint of {head.size} leaves is of another log")


def served_again(recorded: Recorded) -> Iterator[Breach]:
    """After the last fault each agency is served within a stated time, and comes to the end of its work."""
    for who, lines in recorded.histories.items():
        good = [
            line["ended"]
            for line in lines
            if line["act"] == "call"
            and line["code"] == "OK"
            and line["rpc"] == "Submit"
            and line["ended"] > recorded.calm
        ]
        if not good or min(good) > recorded.calm + AGAIN_WITHIN:
            yield Breach("served again", who, f"not within {AGAIN_WITHIN:g} s after the last fault")
        if not any(line["act"] == "rested" for line in lines):
            yield Breach("served again", who, "did not come to the end of its work")
