"""In `VERIFY.txt`: the commands that compute an archive record (RFC 4998) anew, step by step.

Every tree from the files to its root, every root under its time-stamp, every time-stamp over the one before
and, across algorithms, over all chains before, with openssl and coreutils alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from signing.package.dossier import Dossier, Record
from signing.package.layout import ORIGINAL, number_of, renewal
from signing.renewal import ArchiveRecord, Chain, read_record, write_sequence
from signing.structure import Breach
from signing.timestamps.token import read_token

_LONG = 0x80
"""In the second byte of DER: the length's own length follows."""


def renewal_commands(record: Record, dossier: Dossier, beside: frozenset[str]) -> str:
    """Returns the block for one record; `beside` are SHA-256 of the files that the document names beside
    itself, which the archive keeps with it."""
    assert record.renewal is not None
    name = renewal(number_of(record.name))
    try:
        read = read_record(record.renewal)
        files = _files(record, dossier, beside, read)
        lines = list(_lines(record.renewal, read, name, files))
    except Breach as breach:
        return f"\n# {name}: {breach.reason}\n"
    head = (
        f"\n# {name}: that these existed at the first of the times shown, by {', '.join(read.digests)}:\n"
        f"#    Các tệp sau đã tồn tại từ thời điểm đầu tiên được nêu:\n"
        f"#    {' '.join(files)}\n"
    )
    if read.chains[0][0].tree and len(read.chains[0][0].tree[0]) != len(files):
        return (
            f"{head}# It covers files that are not in this package as they are: `axis verify` judges it.\n"
            "#    Bản ghi bao trùm cả tệp không có trong gói: dùng `axis verify` để kiểm tra.\n"
        )
    return head + "\n".join(lines) + "\n"


def _files(record: Record, dossier: Dossier, beside: frozenset[str], read: ArchiveRecord) -> Sequence[str]:
    """Names of the files that the record is about: its own, or the document's with it. Each content once, as
    the archive keeps it."""
    tree = read.chains[0][0].tree
    if not tree or len(tree[0]) < 2:
        return (record.name,)
    once = {digest: name for name, digest in dossier.attachments.items() if digest in beside}
    return (record.name, ORIGINAL, *once.values())


def _lines(der: bytes, read: ArchiveRecord, name: str, files: Sequence[str]) -> Iterator[str]:
    flat = [stamp for chain in read.chains for stamp in chain]
    held = [read_token(stamp.token).at for stamp in flat]
    held = [*held[1:], held[-1]]  # each must have held when the next one was made
    at = 0
    for number, chain in enumerate(read.chains):
        digest, first = chain[0].digest, chain[0]
        before = ""
        if number:
            yield _before(der, read.chains[:number], name, digest)
            before = ' "$before"'
        objects = " ".join(f'"$(object {digest} {file}{before})"' for file in files)
        yield f"node=$(node {digest} {objects})"
        for hashes in first.tree[1:]:
            yield f'node=$(node {digest} "$node" {" ".join(one.hex().upper() for one in hashes)})'
        over = '"$node"'
        for stamp in chain:
            at = der.index(stamp.token, at)
            place = f"{name} {at + 1} {len(stamp.token)}"
            yield f"stamped {place} {over} {int(held.pop(0).timestamp())}"
            over = f'"$(piece {place} | hashed {digest})"'
            at += len(stamp.token)


def _before(der: bytes, chains: Sequence[Chain], name: str, digest: str) -> str:
    """The hash over all older chains: as they stand in the file, under a header of their own."""
    sequence = write_sequence(chains)
    header = 2 + (sequence[1] & ~_LONG if sequence[1] & _LONG else 0)
    place = f"{name} {der.index(sequence[header:]) + 1} {len(sequence) - header}"
    return f"before=$(chains {digest} {place} {sequence[:header].hex().upper()})"
