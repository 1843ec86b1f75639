"""How many: dispatches and deliveries by period, agency, priority and kind, counted by the axis itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller, Role, admit_overseer
from axis_server.errors import Declined, Detail
from axis_server.knowing.events import Side
from axis_server.limits.turns import Turns
from axis_server.reasons import Code
from axis_server.wording import no_agency
from signing.spelling import VIETNAM
from storage.ledger.base import Oversight
from storage.ledger.oversight import Tally

YEARS_MOST = 10
DIMENSIONS = frozenset({"day", "month", "agency", "priority", "kind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days in Viet Nam, first and last inclusive."""

    first: date
    last: date

    @classmethod
    def read(cls, first: str, last: str) -> Span:
        """Reads two days as `yyyy-MM-dd`. Raises `Declined` (INVALID_ARGUMENT), also for more than
        `YEARS_MOST` years."""
        span = cls(first=_day(first), last=_day(last))
        if span.last < span.first:
            raise Declined(
                Code.INVALID_ARGUMENT, Detail("the last day is before the first", "ngày cuối trước ngày đầu")
            )
        if span.last - span.first > timedelta(days=366 * YEARS_MOST):
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    f"at most {YEARS_MOST} years are counted at once",
                    f"mỗi lần thống kê tối đa {YEARS_MOST} năm",
                ),
            )
        return span

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, VIETNAM)

    @property
    def until(self) -> datetime:
        """Exclusive."""
        return datetime.combine(self.last, time.min, VIETNAM) + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted, and when."""

    tallies: tuple[Tally, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be counted."""

    side: Side | None
    """What an agency sent or received; with all agencies together, whom `agency` splits by: recipients (sent)
    or senders (received)."""
    span: Span
    by: Collection[str]
    """Of `DIMENSIONS`."""

    def __post_init__(self) -> None:
        """Raises `Declined` (INVALID_ARGUMENT) for dimensions that do not fit together."""
        if len(set(self.by)) != len(self.by) or not DIMENSIONS.issuperset(self.by):
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail("`by` names each dimension once", "mỗi cách chia chỉ nêu một lần"),
            )
        if {"day", "month"}.issubset(self.by):
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail("`by` names days or months", "chỉ chia theo ngày hoặc theo tháng, không cả hai"),
            )

    async def count(self, ledger: Oversight, agency_id: str | None, at: datetime) -> Counted:
        """Counts for an agency as of a time; None counts all of them together. Raises `Declined`:
        INVALID_ARGUMENT when no side is named for an agency, or when it makes too many rows."""
        if agency_id is not None and self.side is None:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail("name a side: sent or received", "nêu bên gửi (sent) hoặc bên nhận (received)"),
            )
        by = set(self.by)
        if agency_id is None and self.side is Side.RECEIVED and "agency" in by:
            by = by - {"agency"} | {"sender"}
        try:
            tallies = await ledger.tally(
                sender_id=agency_id if self.side is Side.SENT else None,
                mailbox_id=agency_id if self.side is Side.RECEIVED else None,
                since=self.span.since,
                until=self.span.until,
                at=at,
                by=by,
            )
        except ValueError as exc:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    "too many rows: count a shorter time, or by less",
                    "quá nhiều dòng: chọn thời gian ngắn hơn hoặc chia theo ít hơn",
                ),
            ) from exc
        return Counted(tallies=tallies, at=at)


class Statistics:
    """Counts for an agency what it sent or received, and for the operator any agency or all."""

    def __init__(
        self,
        *,
        ledger: Oversight,
        directory: Callable[[], DirectoryView],
        clock: Callable[[], datetime],
        turns: Turns,
    ) -> None:
        """`turns` are the places of all who look over much at once."""
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._turns = turns

    async def count(self, caller: Caller, asked: Asked, of: str = "") -> Counted:
        """Counts as asked; an operator counts agency `of`, or all for an empty one.

        Raises `Declined`: INVALID_ARGUMENT, ROLE_FORBIDDEN for who is no operator and asks for another
        agency, NOT_FOUND.
        """
        admit_overseer(caller)
        whose = self._whose(caller, of)
        async with self._turns.of(caller.actor_id):
            return await asked.count(self._ledger, whose, self._clock())

    def _whose(self, caller: Caller, of: str) -> str | None:
        if caller.role is not Role.OPERATOR:
            if of not in ("", caller.agency_id):
                raise Declined(
                    Code.ROLE_FORBIDDEN,
                    Detail("an agency counts what is its own", "cơ quan chỉ thống kê được văn bản của mình"),
                )
            return caller.agency_id
        if not of:
            return None
        agency = self._directory().resolve(of)
        if agency is None:
            raise Declined(Code.NOT_FOUND, no_agency())
        return agency.agency_id


def _day(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("a day is written yyyy-MM-dd", "ngày viết dạng năm-tháng-ngày")
        )
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail(f"{text} is no day", f"{text} không phải một ngày")
        ) from exc
    if not 1970 <= day.year < 9999:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail("a day is of the years from 1970 on", "ngày phải từ năm 1970 trở đi"),
        )
    return day
