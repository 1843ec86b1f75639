"""Verdicts about the log: is this leaf in it, and did it only grow.

verdict = verify_inclusion(evidence, proof_file, policy)
if isinstance(verdict, Included):
    verdict.index, verdict.head.checkpoint.size

change = compare(kept, received, proof)
if isinstance(change, Inconsistent):      # an alarm: both checkpoints are in it
    alarm(change.reason, change.old.note, change.new.note)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signing.log.checkpoint import LogPolicy, VerifiedCheckpoint, open_checkpoint
from signing.log.merkle import verify_consistency_proof, verify_inclusion_proof
from signing.log.proof import read_proof
from signing.log.refusal import NotProven
from signing.log.tree import leaf_hash
from signing.reasons import Reason
from signing.verdict import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """The leaf stands in the log at this place, under a checkpoint that the policy believes.

    Only `verify_inclusion` makes one.
    """

    leaf: bytes
    """The leaf's hash, 32 bytes."""
    index: int
    head: VerifiedCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistent:
    """The new checkpoint's tree begins with the old one's, or is the same. Only `compare` makes one."""

    old: VerifiedCheckpoint
    new: VerifiedCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistent:
    """An alarm: the log signed both, and they are not one history."""

    reason: Reason
    """`LOG_ROLLBACK`, `LOG_SPLIT_VIEW`, or `LOG_WRONG_ORIGIN` when the two are of different logs."""
    detail: str
    """English; names both checkpoints by size and root."""
    old: VerifiedCheckpoint
    new: VerifiedCheckpoint


def verify_inclusion(leaf: bytes, proof_file: bytes, policy: LogPolicy) -> Included | Refused:
    """Judges whether `leaf`, such as an evidence document's bytes, is in the log that `policy` is about.

    Refuses with `LOG_PROOF_MALFORMED`, with the reasons of `open_checkpoint`, or with `LOG_WRONG_SIZE` or
    `LOG_NOT_INCLUDED` of `verify_inclusion_proof`.
    """
    hashed = leaf_hash(leaf)
    try:
        proof = read_proof(proof_file)
        head = open_checkpoint(proof.checkpoint, policy)
        at = head.checkpoint
        verify_inclusion_proof(hashed, proof.index, at.size, at.root, proof.path)
    except NotProven as error:
        return Refused(reason=error.reason, detail=error.detail)
    return Included(leaf=hashed, index=proof.index, head=head)


def compare(
    old: VerifiedCheckpoint, new: VerifiedCheckpoint, proof: Sequence[bytes]
) -> Consistent | Inconsistent:
    """Judges whether `new`, with its consistency `proof` from `old`'s size, continues the log that `old` was.

    A proof that holds is sound; whatever else comes is an alarm, a damaged proof too: asking once more tells
    that from a log with two histories.
    """
    before, after = old.checkpoint, new.checkpoint
    try:
        if before.origin != after.origin:
            raise NotProven(Reason.LOG_WRONG_ORIGIN, "the checkpoints are of two logs")
        verify_consistency_proof(before.size, before.root, after.size, after.root, proof)
    except NotProven as error:
        names = " and ".join(
            f"{head.origin!r} with {head.size} leaves and root {head.root.hex()}" for head in (before, after)
        )
        return Inconsistent(reason=error.reason, detail=f"{error.detail}: {names}", old=old, new=new)
    return Consistent(old=old, new=new)
