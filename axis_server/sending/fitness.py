"""What the recipients' systems take: who could not take a package is named before it is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import NAMED_AT_MOST
from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from edxml.codes import KIND
from storage.ledger.records import Part, Recipient
from storage.ledger.registry import Capabilities


def check_fit(
    recipients: Iterable[Recipient], view: DirectoryView, *, kind: int, parts: Sequence[Part]
) -> None:
    """Raises `Declined` (RECIPIENT_UNFIT) when systems of `recipients` do not take this kind or an attachment
    of this size.

    What counts are the systems of the mailbox. The package itself is no attachment.
    """
    largest = max(parts[1:], key=lambda part: part.size, default=None)
    unfit = list(_unfit(recipients, view, kind, largest))
    if not unfit:
        return
    recipient_id, what = unfit[0]
    more = [one for one, _ in unfit[1:NAMED_AT_MOST]]
    english, vietnamese = (
        f"{recipient_id} takes no {what.english}",
        f"{recipient_id} không nhận {what.vietnamese}",
    )
    if more:
        english += f"; nor do {', '.join(more)}"
        vietnamese += f"; {', '.join(more)} cũng vậy"
    if (rest := len(unfit) - NAMED_AT_MOST) > 0:
        english += f" and {rest} more"
        vietnamese += f", và {rest} nơi khác"
    raise Declined(
        Code.RECIPIENT_UNFIT,
        Detail(english, vietnamese),
        facts={"recipient": recipient_id, "lacks": what.english, "count": str(len(unfit))},
    )


def _unfit(
    recipients: Iterable[Recipient], view: DirectoryView, kind: int, largest: Part | None
) -> Iterator[tuple[str, Detail]]:
    """Yields each recipient that is not fit, and what it does not take."""
    for recipient in recipients:
        mailbox = view.resolve(recipient.mailbox_id)
        if mailbox is not None and (what := _lack(mailbox.capabilities, kind, largest)):
            yield recipient.agency_id, what


def _lack(capabilities: Capabilities, kind: int, largest: Part | None) -> Detail | None:
    if kind not in capabilities.kinds:
        named = KIND[str(kind)]
        return Detail(
            f"package of kind {kind} ({named.english})", f"gói tin loại {kind} ({named.vietnamese})"
        )
    most = capabilities.attachment_bytes
    if most and largest is not None and largest.size > most:
        return Detail(f"attachment of more than {most} bytes", f"tệp lớn hơn {most} byte")
    return None
