"""The judge: what clients saw against what is served, and both against the rules. Pure, and apart from the
code under test: it knows the wire's words and docs/decisions/0010, nothing else.

    for breach in judge(account, served):
        print(breach)              # none: every promise was kept
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.judging.account import Account, Seen
from benchmarks.judging.served import Served
from benchmarks.judging.table import ENDINGS, NAMES, NOT_ENDED, Impossible, lived

REQUESTS = (1, 2)


class Breach(NamedTuple):
    """A promise that was not kept."""

    rule: str
    where: str
    what: str


def judge(account: Account, served: Served) -> Iterator[Breach]:
    """Yields every breach."""
    yield from same_answers(account)
    yield from nothing_lost(account, served)
    yield from statements_kept(account, served)
    yield from whole_streams(account, served)
    yield from seen_alike(served)
    yield from lives(account, served)
    yield from proofs(served)
    for trouble, often in account.troubles.items():
        yield Breach("the axis is well", trouble, f"heard {often} times")


def same_answers(account: Account) -> Iterator[Breach]:
    """The same bytes get the same answer, and what was accepted once is not refused later."""
    rule = "same bytes, same answer"
    for given in account.given.values():
        told = {(one.dispatch_id, one.evidence) for one in given.accepted}
        if len(told) > 1:
            yield Breach(rule, given.sha256, f"{given.code}: {len(told)} different answers")
        since = min((one.ended for one in given.accepted), default=None)
        for one in given.answers:
            if one.refused and since is not None and one.began > since:
                what = f"{given.code}: accepted, and later refused: {one.refused}"
                yield Breach(rule, given.sha256, what)
    for (dispatch_id, recipient_id), versions in account.stood.items():
        for version, states in versions.items():
            if len(states) > 1:
                named = ", ".join(NAMES[one] for one in sorted(states))
                yield Breach("one state a version", f"{dispatch_id} {recipient_id}", f"{version}: {named}")


def nothing_lost(account: Account, served: Served) -> Iterator[Breach]:
    """What was accepted is there: once, unaltered, for exactly its recipients, with all the evidence that was
    told; and nothing is there that nobody gave."""
    every = {one.dispatch_id: one for outbox in served.sent.values() for one in outbox}
    counted = Counter(one.dispatch_id for outbox in served.sent.values() for one in outbox)
    holders: dict[tuple[str, str], str] = {}
    expected = _recipients(account)
    for agency_id, outbox in served.sent.items():
        for sent in outbox:
            if counted[sent.dispatch_id] > 1:
                yield Breach("nothing doubled", sent.dispatch_id, "listed twice")
            if sent.kind not in REQUESTS:
                other = holders.setdefault((agency_id, sent.document_id), sent.dispatch_id)
                if other != sent.dispatch_id:
                    yield Breach("nothing doubled", sent.dispatch_id, f"{other} is the same document")
            given = account.given.get(sent.digests[0])
            if given is None or given.agency_id != agency_id:
                yield Breach("nothing altered", sent.dispatch_id, "nobody sealed these bytes")
                continue
            meant = expected[sent.digests[0]]
            is_for = sorted(one.recipient_id for one in sent.deliveries)
            if is_for != sorted(meant):
                yield Breach("frozen recipients", sent.dispatch_id, f"{is_for}, not {sorted(meant)}")
    for given in account.given.values():
        for answer in given.accepted:
            kept = every.get(answer.dispatch_id)
            if kept is None:
                yield Breach("nothing lost", answer.dispatch_id, "accepted, and not there")
                continue
            if given.kind is not None and kept.digests[0] != given.sha256:
                yield Breach("nothing altered", answer.dispatch_id, "it was accepted with other bytes")
            missing = set(answer.evidence) - {one.sha256 for one in kept.proofs}
            if missing or not answer.evidence:
                yield Breach("nothing lost", answer.dispatch_id, f"{len(missing)} evidences that were told")
    for (dispatch_id, number), digests in account.fetched.items():
        known = every.get(dispatch_id)
        if known is None or digests != {known.digests[number]}:
            yield Breach("nothing altered", dispatch_id, f"part {number} was handed out as {digests}")


def _recipients(account: Account) -> dict[str, set[str]]:
    """Whom each package is for, by its digest: those it names, and whom accepted updates added. One that is
    kept may be one of which nobody was told."""
    meant: dict[str, set[str]] = {}
    documents: dict[tuple[str, str], str] = {}
    for given in account.given.values():
        if given.kind is not None:
            meant[given.sha256] = set(given.recipients)
            if given.accepted and given.kind not in REQUESTS:
                documents[given.agency_id, given.document_id] = given.sha256
    for given in account.given.values():
        if given.adds and given.accepted:
            meant[documents[given.agency_id, given.document_id]] |= set(given.adds)
    return meant


def statements_kept(account: Account, served: Served) -> Iterator[Breach]:
    """The evidence that answered a statement belongs to an event by which the same was said by the same: by
    these bytes, or by those of which they are a second seal. What was answered is kept, and what is kept was
    given by a client.

    One statement may move the package that asks and the document that is asked about: it is kept at the one
    that it names.
    """
    outboxes = [sent for outbox in served.sent.values() for sent in outbox]
    kept = {one.sha256 for sent in outboxes for one in sent.statements}
    named = {proof.sha256: proof.evidence_id for sent in outboxes for proof in sent.proofs}
    events = {one.evidence_id: one for line in _by_dispatch(served).values() for one in line}
    for sha256 in kept - account.given.keys():
        yield Breach("nothing altered", sha256, "nobody sealed this statement")
    for line in _by_dispatch(served).values():
        for event in line:
            if event.statement_id and event.statement_id not in kept:
                yield Breach("nothing lost", event.dispatch_id, f"the statement of {event}")
    for given in account.given.values():
        if given.kind is None and given.accepted and given.sha256 not in kept:
            yield Breach("nothing lost", given.sha256, f"the statement {given.code}, which was answered")
        for answer in given.accepted if given.kind is None else ():
            for sha256 in answer.evidence:
                left = events.get(named.get(sha256, ""))
                said = None if left is None else account.given.get(left.statement_id)
                if said is None or (said.code, said.speaker_id) != (given.code, given.speaker_id):
                    yield Breach("nothing lost", given.sha256, f"{given.code} was answered by {left}")


def whole_streams(account: Account, served: Served) -> Iterator[Breach]:
    """What a follower was shown is what the replay shows: nothing lost, nothing else, within each document in
    order; and the replay itself is numbered without a gap."""
    for agency_id, replay in served.events.items():
        lines: dict[str, list[Seen]] = defaultdict(list)
        for one in replay:
            lines[one.dispatch_id].append(one)
        for dispatch_id, line in lines.items():
            numbers = [one.sequence for one in line]
            if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
                yield Breach("events in order", f"{agency_id} {dispatch_id}", f"replayed as {numbers}")
        shown: dict[tuple[str, int], Seen] = {}
        followed: dict[str, list[int]] = defaultdict(list)
        for one in account.followed.get(agency_id, ()):
            before = shown.setdefault((one.dispatch_id, one.sequence), one)
            if before is one:
                followed[one.dispatch_id].append(one.sequence)
            elif before != one:
                yield Breach("same event, same words", agency_id, f"{before} and {one}")
        for dispatch_id, line in lines.items():
            numbers = [one.sequence for one in line]
            if followed.pop(dispatch_id, []) != numbers:
                yield Breach(
                    "no event lost", f"{agency_id} {dispatch_id}", "followed otherwise than replayed"
                )
            for one in line:
                if shown.get((one.dispatch_id, one.sequence), one) != one:
                    yield Breach("same event, same words", agency_id, f"{one} was shown otherwise")
        for dispatch_id in followed:
            yield Breach("no event lost", f"{agency_id} {dispatch_id}", "followed, and not replayed")


def seen_alike(served: Served) -> Iterator[Breach]:
    """A recipient's mailbox is shown just what the sender is shown about it, in the same order."""
    whole = _by_dispatch(served)
    mailboxes = {
        (sent.dispatch_id, one.recipient_id): one.mailbox_id
        for outbox in served.sent.values()
        for sent in outbox
        for one in sent.deliveries
    }
    senders = {sent.dispatch_id: who for who, outbox in served.sent.items() for sent in outbox}
    shown: dict[tuple[str, str], list[str]] = defaultdict(list)
    for agency_id, replay in served.events.items():
        for one in replay:
            if one.recipient_id and senders.get(one.dispatch_id) != agency_id:
                shown[agency_id, one.dispatch_id].append(_words(one))
    meant: dict[tuple[str, str], list[str]] = defaultdict(list)
    for dispatch_id, line in whole.items():
        for one in line:
            mailbox = mailboxes.get((dispatch_id, one.recipient_id))
            if mailbox is not None and mailbox != senders[dispatch_id]:
                meant[mailbox, dispatch_id].append(_words(one))
    for key in shown.keys() | meant.keys():
        if shown[key] != meant[key]:
            yield Breach("both sides see the same", " ".join(key), f"{shown[key]}, the sender {meant[key]}")


def lives(account: Account, served: Served) -> Iterator[Breach]:
    """Each delivery lived by the table, stands where its events led, and ended with exactly one evidence."""
    whole = _by_dispatch(served)
    for outbox in served.sent.values():
        for sent in outbox:
            of_each: dict[str, list[Seen]] = defaultdict(list)
            for event in whole.get(sent.dispatch_id, ()):
                if event.recipient_id:
                    of_each[event.recipient_id].append(event)
            for standing in sent.deliveries:
                where = f"{sent.dispatch_id} {standing.recipient_id}"
                events = of_each.pop(standing.recipient_id, [])
                try:
                    life = lived(sent.kind, events)
                except Impossible as impossible:
                    yield Breach("states by the table", where, str(impossible))
                    continue
                if (life.state, life.version) != (standing.state, standing.version):
                    told = f"{NAMES[standing.state]} {standing.version}"
                    yield Breach("states by the table", where, f"{told}, by its events {life}")
                if standing.state in NOT_ENDED or standing.asked or life.asked:
                    yield Breach("every delivery ends", where, f"{NAMES[standing.state]}, {standing}")
                ends = [
                    one
                    for one in sent.proofs
                    if one.event in ENDINGS and one.recipient_id == standing.recipient_id
                ]
                if len(ends) != 1 or life.endings != 1:
                    yield Breach("one ending each", where, f"{[one.event for one in ends]}, {life}")
                elif ends[0].evidence_id not in {one.evidence_id for one in events}:
                    yield Breach("one ending each", where, "the evidence is not that of the event")
                for version, states in account.stood.get(
                    (sent.dispatch_id, standing.recipient_id), {}
                ).items():
                    if version > standing.version or (
                        version == standing.version and states != {standing.state}
                    ):
                        yield Breach("states move forward", where, f"was {version} {states}")
            for stray in of_each:
                yield Breach("no stray events", f"{sent.dispatch_id} {stray}", "is no delivery")


def proofs(served: Served) -> Iterator[Breach]:
    """Evidence says what it is listed as, each event has its own, and the seals hold."""
    rule = "no evidence contradicts another"
    whole = _by_dispatch(served)
    for identifier in served.broken:
        yield Breach("seals hold", identifier, "libxmlsec1 refuses it")
    issued: dict[str, str] = {}
    for outbox in served.sent.values():
        for sent in outbox:
            listed = {one.evidence_id: one for one in sent.proofs}
            for proof in sent.proofs:
                if (proof.said_id, proof.said_event) != (proof.evidence_id, proof.event):
                    yield Breach(rule, proof.evidence_id, f"listed as {proof}")
                about_statement = proof.event == "SubmissionAcceptance" and proof.recipient_id
                if not about_statement and proof.said_about != sent.dispatch_id:
                    yield Breach(rule, proof.evidence_id, f"speaks of {proof.said_about}")
                if not about_statement and len(proof.said_digests) != len(sent.digests):
                    yield Breach(rule, proof.evidence_id, f"names {len(proof.said_digests)} parts")
                if (
                    proof.recipient_id
                    and not about_statement
                    and (proof.said_recipients != (proof.recipient_id,))
                ):
                    yield Breach(rule, proof.evidence_id, f"says {proof.said_recipients}")
                if issued.setdefault(proof.evidence_id, proof.sha256) != proof.sha256:
                    yield Breach(rule, proof.evidence_id, "issued twice with other words")
            referred = [one.evidence_id for one in whole.get(sent.dispatch_id, ()) if one.evidence_id]
            if len(referred) != len(set(referred)):
                yield Breach(rule, sent.dispatch_id, "one evidence for two events")
            if set(referred) != set(listed):
                yield Breach(rule, sent.dispatch_id, "evidence without its event, or the other way round")


def _by_dispatch(served: Served) -> dict[str, list[Seen]]:
    """The events of each dispatch as its sender is shown them."""
    found: dict[str, list[Seen]] = {}
    for agency_id, outbox in served.sent.items():
        own: dict[str, list[Seen]] = {sent.dispatch_id: [] for sent in outbox}
        for event in served.events.get(agency_id, ()):
            if event.dispatch_id in own:
                own[event.dispatch_id].append(event)
        found |= own
    return found


def _words(event: Seen) -> str:
    return f"{event.kind} {event.recipient_id} {event.status_code} {event.evidence_id} {event.at}"
