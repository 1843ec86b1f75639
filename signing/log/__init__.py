"""The transparency log, pure: Merkle tree (RFC 6962), checkpoints, tiles, proofs and witnesses (C2SP).

The log, holding one `CompactRange` and a store of nodes by (level, index):

    tree, nodes = tree.append(leaf_hash(content) for content in batch)
    head = Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root())
    note = sign_checkpoint(head, signer)
    proof = InclusionProof(
        index=index, path=inclusion_proof(index, tree.size, fetch), checkpoint=note.content()
    )
    write_proof(proof)                                   # the `.tlog-proof` file

Whoever verifies, holding the log's public key and nothing else:

    policy = LogPolicy(origin=ORIGIN, keys=(read_vkey(vkey),), witnesses=witnesses, quorum=2)
    verdict = verify_inclusion(content, proof_file, policy)       # Included or Refused
    change = compare(kept, open_checkpoint(note, policy), proof)  # Consistent, or Inconsistent: an alarm
    policy = followed(policy, lineage(policy, successions))       # keys that took a trusted one's place

Modules: `tree` and `merkle` (hashing, growing, proofs), `tiles` and `reading` (tlog-tiles), `keys`, `note`,
`checkpoint`, `proof` (the text formats), `succession` (keys that follow each other), `witness` (to cosign or
not), `verify` (verdicts). Everything but `verify` and `witness.decide` raises `NotProven`, with a `Reason`.
"""

from signing.log.checkpoint import (
    Checkpoint,
    Cosignature,
    LogPolicy,
    VerifiedCheckpoint,
    open_checkpoint,
    read_checkpoint,
    sign_checkpoint,
)
from signing.log.keys import KeyKind, MemoryNoteSigner, NoteSigner, VerifierKey, read_skey, read_vkey
from signing.log.merkle import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    verify_consistency_proof,
    verify_inclusion_proof,
)
from signing.log.note import (
    NoteSignature,
    SignedNote,
    read_note,
    read_signature,
    sign_note,
    signatures_by,
    with_signatures,
)
from signing.log.proof import InclusionProof, read_proof, write_proof
from signing.log.reading import TileSource, check_entries, needed_tiles, tile_reader
from signing.log.refusal import NotProven
from signing.log.succession import (
    Succession,
    TwoSuccessors,
    followed,
    given_up,
    leading_to,
    lineage,
    read_succession,
    read_successions,
    sign_succession,
    write_successions,
)
from signing.log.tiles import (
    EntryBundle,
    Tile,
    bundle_content,
    full_tiles,
    parse_path,
    partial_tiles,
    read_bundle,
    read_tile,
    tile_content,
)
from signing.log.tree import EMPTY_ROOT, CompactRange, Fetch, Node, cover, leaf_hash, node_hash
from signing.log.verify import Consistent, Included, Inconsistent, compare, verify_inclusion
from signing.log.witness import (
    AddCheckpoint,
    Cosigned,
    Declined,
    cosign,
    decide,
    read_answer,
    read_request,
    write_request,
)

__all__ = [
    "EMPTY_ROOT",
    "AddCheckpoint",
    "Checkpoint",
    "CompactRange",
    "Consistent",
    "Cosignature",
    "Cosigned",
    "Declined",
    "EntryBundle",
    "Fetch",
    "Included",
    "InclusionProof",
    "Inconsistent",
    "KeyKind",
    "LogPolicy",
    "MemoryNoteSigner",
    "Node",
    "NotProven",
    "NoteSignature",
    "NoteSigner",
    "SignedNote",
    "Succession",
    "Tile",
    "TileSource",
    "TwoSuccessors",
    "VerifiedCheckpoint",
    "VerifierKey",
    "bundle_content",
    "check_entries",
    "compare",
    "consistency_nodes",
    "consistency_proof",
    "cosign",
    "cover",
    "decide",
    "followed",
    "full_tiles",
    "given_up",
    "inclusion_nodes",
    "inclusion_proof",
    "leading_to",
    "leaf_hash",
    "lineage",
    "needed_tiles",
    "node_hash",
    "open_checkpoint",
    "parse_path",
    "partial_tiles",
    "read_answer",
    "read_bundle",
    "read_checkpoint",
    "read_note",
    "read_proof",
    "read_request",
    "read_signature",
    "read_skey",
    "read_succession",
    "read_successions",
    "read_tile",
    "read_vkey",
    "sign_checkpoint",
    "sign_note",
    "sign_succession",
    "signatures_by",
    "tile_content",
    "tile_reader",
    "verify_consistency_proof",
    "verify_inclusion",
    "verify_inclusion_proof",
    "with_signatures",
    "write_proof",
    "write_request",
    "write_successions",
]
