"""What a package carries: its attachments as numbered parts, each with its digest. Pure, and slow for large
ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from axis_server.documents.judgement import digest
from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from edxml.attachments import Budget, ZipBomb, guard
from edxml.model import Attachment, Package
from storage.ledger.records import Part

PARTS_MOST = 1000
NAME_BYTES = 512
"""Longest identifier or name that is kept, in UTF-8; the law's longest name has 200 characters."""
NAMES_BYTES = 512 << 10
"""Of all parts together: they stand in each list that names the dispatch, and in its evidence."""


def parts_of(original: Part, package: Package, sealed: Mapping[str, str]) -> tuple[Part, ...]:
    """Returns the original and every attachment in manifest order.

    `sealed` are the references of the seal beside the document itself (URI to SHA-256): they name the
    detached attachments by `cid:`, one each, and nothing else. A detached part has size 0 until `sized`.

    Raises `Declined`: ATTACHMENT_NOT_SEALED, ATTACHMENT_MISSING, ZIP_BOMB, FIELD_TOO_LONG,
    TOO_MANY_ATTACHMENTS.
    """
    if len(package.attachments) >= PARTS_MOST:
        raise Declined(
            Code.TOO_MANY_ATTACHMENTS,
            Detail(
                f"{len(package.attachments)}; the most is {PARTS_MOST - 1}",
                f"{len(package.attachments)} tệp; tối đa {PARTS_MOST - 1}",
            ),
        )
    digests = _detached(package.attachments, sealed)
    named = zip(package.part_identifiers[1:], package.attachments, strict=True)
    parts, budget, names = [original], Budget(), 0
    for number, (name, attachment) in enumerate(named, 1):
        parts.append(_part(number, name, attachment, digests, budget))
        names += sum(map(_bytes, (name, attachment.name, attachment.content_type)))
        if names > NAMES_BYTES:
            raise Declined(
                Code.FIELD_TOO_LONG,
                Detail(
                    f"the parts' names have more than {NAMES_BYTES} bytes",
                    f"tên các tệp dài hơn {NAMES_BYTES} byte",
                ),
            )
    return tuple(parts)


def sized(parts: Sequence[Part], held: Mapping[str, int]) -> tuple[Part, ...]:
    """Returns the parts with the sizes of the detached ones, from `held` (SHA-256 to bytes).

    Raises `Declined` (ATTACHMENT_MISSING, naming them) when the sender has not uploaded them all.
    """
    missing = [part.identifier[:64] for part in parts if _apart(part) and part.sha256 not in held]
    if missing:
        raise Declined(
            Code.ATTACHMENT_MISSING,
            Detail(f"not uploaded: {', '.join(missing[:3])}", f"chưa tải lên: {', '.join(missing[:3])}"),
            facts={"attachment": missing[0], "count": str(len(missing))},
        )
    return tuple(replace(part, size=held[part.sha256]) if _apart(part) else part for part in parts)


def apart(parts: Sequence[Part]) -> tuple[str, ...]:
    """Returns the digests of the parts that are stored apart from the package."""
    return tuple(part.sha256 for part in parts if _apart(part))


def bounded(text: str, name: str, most: int = NAME_BYTES) -> str:
    """Returns `text`. Raises `Declined` (FIELD_TOO_LONG) when it has more than `most` bytes of UTF-8."""
    if (size := _bytes(text)) > most:
        raise Declined(
            Code.FIELD_TOO_LONG,
            Detail(
                f"{name} has {size} bytes; the most is {most}", f"{name}: {size} byte; tối đa {most} byte"
            ),
        )
    return text


def _bytes(text: str) -> int:
    return len(text.encode())


def _detached(attachments: Sequence[Attachment], sealed: Mapping[str, str]) -> dict[str, str]:
    """Matches the seal's references with the detached attachments, one to one: ContentId to SHA-256."""
    wanted = [attachment.content_id for attachment in attachments if attachment.content is None]
    for content_id in wanted:
        if f"cid:{content_id}" not in sealed:
            raise Declined(
                Code.ATTACHMENT_NOT_SEALED,
                Detail(
                    f"{content_id[:64]} has neither its bytes in the package nor a digest in the seal",
                    f"{content_id[:64]} không có nội dung trong gói tin và không có mã băm trong chữ ký",
                ),
                facts={"attachment": content_id[:64]},
            )
    if strays := set(sealed) - {f"cid:{content_id}" for content_id in wanted}:
        raise Declined(
            Code.ATTACHMENT_MISSING,
            Detail(
                f"the seal refers to {min(strays)[:64]}, which is no detached attachment",
                f"chữ ký số nêu {min(strays)[:64]}, không phải tệp đính kèm nằm ngoài",
            ),
        )
    return {content_id: sealed[f"cid:{content_id}"] for content_id in wanted}


def _part(
    number: int, identifier: str, attachment: Attachment, digests: Mapping[str, str], budget: Budget
) -> Part:
    content = attachment.content
    if content is not None:
        _check_expansion(content, identifier, budget)
    return Part(
        number=number,
        identifier=bounded(identifier, "ContentId"),
        name=bounded(attachment.name, "AttachmentName"),
        content_type=bounded(attachment.content_type, "ContentType"),
        sha256=digests[attachment.content_id] if content is None else digest(content),
        size=0 if content is None else len(content),
        inline=content is not None,
    )


def _check_expansion(content: bytes, identifier: str, budget: Budget) -> None:
    try:
        guard(content, budget)
    except ZipBomb as bomb:
        raise Declined(
            Code.ZIP_BOMB, Detail(f"{identifier[:64]}: {bomb}", f"{identifier[:64]}: tệp nén nở ra quá lớn")
        ) from bomb


def _apart(part: Part) -> bool:
    return part.number > 0 and not part.inline
