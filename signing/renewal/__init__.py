"""Evidence that outlives its algorithms: archive records, the evidence records of RFC 4998.

    row = [group("sha256", hashes) for hashes in groups]    # a group: data objects that are kept together
    token = ...                                             # over imprint_of(root("sha256", row), "sha256")
    tree = (tuple(sorted(groups[7])), *path("sha256", row, 7))
    chain = (ArchiveTimeStamp(digest="sha256", tree=tree, token=token),)
    chain = time_stamp_renewed(chain, later)                # over imprint_over(chain[-1])
    anew = rehashed("sha512", by_sha512, [chain])           # into the tree of the next chain

    der = write_record(ArchiveRecord(chains=(chain,)))
    verdict = verify_record(der, [content(evidence)], trust=authorities, at=now, trusted=ends)
    if isinstance(verdict, Proven):
        verdict.since, verdict.until, verdict.digests

Modules: `record` (DER), `tree`, `building`, `verification`. Pure: time-stamps are fetched by the caller.
"""

from __future__ import annotations

from signing.renewal.building import imprint_of, imprint_over, rehashed, time_stamp_renewed
from signing.renewal.record import (
    ArchiveRecord,
    ArchiveTimeStamp,
    Chain,
    read_record,
    write_record,
    write_sequence,
)
from signing.renewal.tree import group, path, root
from signing.renewal.verification import (
    DataObject,
    Proven,
    Trusted,
    content,
    ends,
    outlived,
    verify_record,
)

__all__ = [
    "ArchiveRecord",
    "ArchiveTimeStamp",
    "Chain",
    "DataObject",
    "Proven",
    "Trusted",
    "content",
    "ends",
    "group",
    "imprint_of",
    "imprint_over",
    "outlived",
    "path",
    "read_record",
    "rehashed",
    "root",
    "time_stamp_renewed",
    "verify_record",
    "write_record",
    "write_sequence",
]
