"""Finding dispatches by what people remember of them: only those that the caller's agency is party to.

    found = await finding.search(caller, Query(text='"chuyển đổi số" 12/QĐ-TTg'), limit=20)

A catalogue behind the ledger finds words; the ledger says who is party and how it stands. What is typed is
taken apart into words here and reaches no engine as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller, admit_reader
from axis_server.errors import Declined, Detail
from axis_server.lifecycle import check_states
from axis_server.limits.turns import Turns
from axis_server.paging import page_items
from axis_server.reasons import Code
from signing.spelling import VIETNAM
from storage.ledger.catalogue import Catalogue, Facets, Hits, Phrase, Sought
from storage.ledger.keeping import Keeping
from storage.ledger.words import words_of

TEXT_MOST = 500
"""Characters of a text that is looked for: the longest subject that the law allows."""
WORDS_MOST = 30
"""Words in all texts of a query together."""
EXACT_MOST = 500
"""Characters of an identifier or a number."""
NUMBERS_MOST = 20
"""Kinds or priorities in one filter."""
YEARS = range(1900, 3000)
_QUOTED_OR_NOT = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for, as a caller writes it; what is empty filters nothing."""

    text: str = ""
    file_name: str = ""
    code_number: str = ""
    code_notation: str = ""
    document_id: str = ""
    sender_id: str = ""
    recipient_id: str = ""
    promulgated_from: str = ""
    promulgated_to: str = ""
    accepted_from: str = ""
    accepted_to: str = ""
    kinds: Collection[int] = field(default=())
    priorities: Collection[int] = field(default=())
    states: Collection[str] = field(default=())
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and up to when everything was looked at."""

    hits: Hits
    facets: Facets | None
    current_to: datetime
    disposed: Mapping[str, str]
    """Of what was found and disposed of since: dispatch to order."""


class Finding:
    """Answers searches, agency after agency."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        keeping: Keeping,
        directory: Callable[[], DirectoryView],
        clock: Callable[[], datetime],
        turns: Turns,
    ) -> None:
        self._catalogue = catalogue
        self._keeping = keeping
        self._directory = directory
        self._clock = clock
        self._turns = turns

    async def search(
        self,
        caller: Caller,
        query: Query,
        *,
        newest: bool = True,
        after: int = 0,
        limit: int = 0,
        facets: bool = False,
    ) -> Found:
        """Finds a page of dispatches; a `limit` of 0 means `PAGE_ITEMS`.

        Raises `Declined`: INVALID_ARGUMENT, and as `admit_reader`.
        """
        admit_reader(caller)
        most = page_items(limit)
        sought = self._sought(caller, query)
        async with self._turns.of(caller.agency_id):
            now = self._clock()
            reached = await self._catalogue.reached()
            hits = await self._catalogue.search(sought, newest=newest, after=after, limit=most)
            counted = await self._catalogue.facets(sought) if facets else None
            disposed = await self._keeping.disposed([hit.entry.dispatch_id for hit in hits.items])
        behind = datetime.min.replace(tzinfo=now.tzinfo) if reached.last is None else reached.last
        current_to = behind if reached.behind else now
        return Found(hits=hits, facets=counted, current_to=current_to, disposed=disposed)

    def _sought(self, caller: Caller, query: Query) -> Sought:
        check_states(query.states)
        if max(len(query.kinds), len(query.priorities)) > NUMBERS_MOST:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    f"a filter names at most {NUMBERS_MOST} numbers",
                    f"mỗi điều kiện có tối đa {NUMBERS_MOST} số",
                ),
            )
        if query.sha256 and _DIGEST.fullmatch(query.sha256) is None:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    "a digest has 64 lower-case hexadecimal digits",
                    "mã băm có 64 chữ số thập lục phân viết thường",
                ),
            )
        texts = [phrases(text) for text in (query.text, query.file_name)]
        notation = tuple(word for phrase in phrases(query.code_notation) for word in phrase)
        if sum(map(len, (notation, *texts[0], *texts[1]))) > WORDS_MOST:
            raise Declined(
                Code.INVALID_ARGUMENT, Detail(f"more than {WORDS_MOST} words", f"nhiều hơn {WORDS_MOST} từ")
            )
        since, until = _day(query.accepted_from), _day(query.accepted_to)
        first, last = (
            day.isoformat() if day else ""
            for day in map(_day, (query.promulgated_from, query.promulgated_to))
        )
        return Sought(
            viewer=caller.agency_id,
            sent=caller.may_send,
            received=caller.may_receive,
            phrases=texts[0],
            files=texts[1],
            code_number=_exact(query.code_number),
            code_notation=notation,
            document_id=_exact(query.document_id),
            sender_id=self._agency_id(query.sender_id),
            recipient_id=self._agency_id(query.recipient_id),
            sha256=query.sha256,
            promulgated=(first, last),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
            kinds=frozenset(query.kinds),
            priorities=frozenset(query.priorities),
            states=frozenset(query.states),
        )

    def _agency_id(self, identifier: str) -> str:
        """Returns the canonical identifier that an alias stands for; one that the directory does not know
        may be that of an agency that was."""
        agency = self._directory().resolve(_exact(identifier)) if identifier else None
        return identifier if agency is None else agency.agency_id


def phrases(text: str) -> tuple[Phrase, ...]:
    """Takes a text apart: what stands in quotation marks, and what stands between spaces. Raises `Declined`
    (INVALID_ARGUMENT) for a text without a word, or a too long one."""
    if len(text) > TEXT_MOST:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(f"a text has at most {TEXT_MOST} characters", f"mỗi đoạn tìm có tối đa {TEXT_MOST} ký tự"),
        )
    parts = (quoted or bare for quoted, bare in _QUOTED_OR_NOT.findall(text))
    found = tuple(phrase for part in parts if (phrase := tuple(words_of(part))))
    if text.strip() and not found:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("there is no word to look for", "không có từ nào để tìm")
        )
    return found


def _exact(text: str) -> str:
    if len(text) > EXACT_MOST or "\0" in text:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(
                f"an identifier has at most {EXACT_MOST} characters",
                f"mã định danh có tối đa {EXACT_MOST} ký tự",
            ),
        )
    return text.strip()


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        if day is None or day.year not in YEARS:
            raise ValueError("another form, or no year of ours")
        return day
    except ValueError as exc:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(
                f"a day is written yyyy-MM-dd, from {YEARS[0]} to {YEARS[-1]}",
                f"ngày viết dạng năm-tháng-ngày, từ năm {YEARS[0]} đến {YEARS[-1]}",
            ),
        ) from exc


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, VIETNAM)
