"""Finding dispatches, over every ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.ledger import catalogue as nouns
from storage.ledger.base import Ledger
from storage.ledger.catalogue import Catalogue, Hits, Phrase, Sought
from storage.ledger.memory import MemoryLedger
from storage.ledger.memory.catalogue import MemoryCatalogue
from storage.ledger.postgres import PostgresCatalogue, PostgresLedger
from storage.ledger.records import NewDispatch, Recipient
from storage.ledger.sqlite import SqliteCatalogue, SqliteLedger
from storage.ledger.words import words_of
from tests.storage.conftest import ENGINE_OF
from tests.storage.postgres import Postgres
from tests.storage.records import RECIPIENTS, SENDER, accepted, at, entry, joining, move, part

PROVINCE, MINISTRY, THIRD = RECIPIENTS
STRANGER = "K99"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A ledger with its catalogue."""

    ledger: Ledger
    catalogue: Catalogue

    async def commit(self, *new: NewDispatch) -> None:
        for one in new:
            await self.ledger.commit(one)
        await self.caught_up()

    async def caught_up(self) -> None:
        while (await self.catalogue.follow(limit=3)).behind:
            pass

    async def names(self, **asked: Any) -> list[str]:
        """What is found, the newest first."""
        found = await self.found(**asked)
        return [hit.entry.dispatch_id for hit in found.items]

    async def found(self, **asked: Any) -> Hits:
        paging = {"newest": asked.pop("newest", True), "after": asked.pop("after", 0)}
        paging["limit"] = asked.pop("limit", 100)
        sought = Sought(**{"viewer": SENDER} | asked)
        return await self.catalogue.search(sought, **paging)


@asynccontextmanager
async def in_memory(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[Stand]:
    ledger = MemoryLedger()
    yield Stand(ledger=ledger, catalogue=MemoryCatalogue(ledger))


@asynccontextmanager
async def in_sqlite(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[Stand]:
    ledger = await SqliteLedger.open(room / "ledger.sqlite3")
    catalogue = await SqliteCatalogue.open(room / "ledger.sqlite3")
    yield Stand(ledger=ledger, catalogue=catalogue)
    await catalogue.aclose()
    await ledger.aclose()


@asynccontextmanager
async def in_postgres(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[Stand]:
    server: Postgres = request.getfixturevalue("postgres")
    with server.emptied() as target:
        ledger = await PostgresLedger.open(target)
        catalogue = await PostgresCatalogue.open(target)
        yield Stand(ledger=ledger, catalogue=catalogue)
        await catalogue.aclose()
        await ledger.aclose()


CATALOGUES: dict[str, Callable[[pytest.FixtureRequest, Path], AbstractAsyncContextManager[Stand]]] = {
    "memory": in_memory,
    "sqlite": in_sqlite,
    "postgres": in_postgres,
}


@pytest.fixture(params=[pytest.param(name, marks=ENGINE_OF.get(name, ())) for name in CATALOGUES])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    async with CATALOGUES[request.param](request, tmp_path) as one:
        yield one


def phrases(*texts: str) -> tuple[Phrase, ...]:
    return tuple(tuple(words_of(text)) for text in texts)


def about(number: int, **changes: object) -> NewDispatch:
    """A dispatch whose entry has other fields."""
    return accepted(number, entry=entry(number, **changes))


async def test_words_are_found_with_and_without_diacritics(stand: Stand) -> None:
    await stand.commit(
        about(1, subject="Về việc chuyển đổi số tại các Sở"), about(2, subject="Phòng, chống bão lụt")
    )
    for typed in ("chuyển đổi số", "chuyen doi so", "CHUYEN ĐỔI", "chuyển"):
        assert await stand.names(phrases=phrases(*typed.split())) == ["dispatch-1"], typed
    assert await stand.names(phrases=phrases("đổi", "bão")) == []


async def test_every_word_is_a_beginning_and_a_phrase_keeps_its_order(stand: Stand) -> None:
    await stand.commit(about(1, subject="Kế hoạch đầu tư công"), about(2, subject="Đầu tư theo kế hoạch"))
    assert await stand.names(phrases=phrases("hoa", "dau")) == ["dispatch-2", "dispatch-1"]
    assert await stand.names(phrases=phrases("hoạch đầu t")) == ["dispatch-1"]
    assert await stand.names(phrases=phrases("oach")) == []


async def test_no_phrase_reaches_from_one_field_into_the_next(stand: Stand) -> None:
    files = (replace(part(1, 0), name="một"), replace(part(1, 1), name="hai"))
    await stand.commit(about(1, subject="Kế hoạch", document_id="mở đầu", parts=files))
    assert await stand.names(phrases=phrases("hoach mo")) == []
    assert await stand.names(files=phrases("mot hai")) == []
    assert await stand.names(files=phrases("mot", "hai")) == ["dispatch-1"]


async def test_text_and_file_names_are_looked_for_apart(stand: Stand) -> None:
    await stand.commit(about(1, subject="bản đồ"), about(2, parts=(replace(part(2, 0), name="Bản đồ.pdf"),)))
    assert await stand.names(phrases=phrases("bản đồ")) == ["dispatch-1"]
    assert await stand.names(files=phrases("ban do pdf")) == ["dispatch-2"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"code_number": "2"}, [2]),
        ({"code_notation": ("qd",)}, [3, 2]),
        ({"code_notation": ("qd", "ub")}, [2]),
        ({"code_notation": ("ubnd",)}, []),
        ({"document_id": "g22.01,2026/03/02,1/bttTT-vp"}, [1]),
        ({"sha256": part(3, 2).sha256}, [3]),
        ({"kinds": frozenset({1, 2})}, [2, 1]),
        ({"priorities": frozenset({4})}, [2]),
        ({"sender_id": SENDER}, [3, 2, 1]),
        ({"sender_id": PROVINCE}, []),
        ({"recipient_id": THIRD}, [3, 2, 1]),
        ({"recipient_id": STRANGER}, []),
        ({"promulgated": ("2026-03-02", "")}, [3, 1]),
        ({"promulgated": ("", "2026-03-01")}, [2]),
        ({"promulgated": ("2026-03-01", "2026-03-01")}, [2]),
        ({"since": at(2)}, [3, 2]),
        ({"until": at(2)}, [1]),
        ({"since": at(2), "until": at(3)}, [2]),
        ({"code_number": "2", "kinds": frozenset({1})}, []),
        ({"phrases": phrases("2/QĐ-UB")}, [2]),
    ],
)
async def test_every_field_narrows(stand: Stand, asked: dict[str, Any], found: list[int]) -> None:
    second = {"kind": 2, "priority": 4, "promulgation_date": "2026-03-01", "code_notation": "QĐ-UBND"}
    await stand.commit(about(1, kind=1), about(2, **second), about(3, code_notation="QĐ-BTTTT"))
    assert await stand.names(**asked) == [f"dispatch-{number}" for number in found]


async def test_what_has_no_date_is_found_by_no_date(stand: Stand) -> None:
    await stand.commit(about(1, promulgation_date=""))
    assert await stand.names(promulgated=("2000-01-01", "")) == []
    assert await stand.names(promulgated=("", "2999-01-01")) == []


async def test_states_are_as_the_ledger_has_them_now_and_of_the_recipient_asked_for(stand: Stand) -> None:
    await stand.commit(accepted(1), accepted(2))
    await stand.ledger.advance([move(1)])
    assert await stand.names(states=frozenset({"accepted"})) == ["dispatch-1"]
    assert await stand.names(states=frozenset({"accepted"}), recipient_id=PROVINCE) == ["dispatch-1"]
    assert await stand.names(states=frozenset({"accepted"}), recipient_id=THIRD) == []
    (hit,) = (await stand.found(states=frozenset({"accepted"}))).items
    assert hit.counts == {"accepted": 1, "consigned": 2}
    assert hit.sent


async def test_only_parties_find_it_and_a_recipient_sees_its_own_side_alone(stand: Stand) -> None:
    await stand.commit(accepted(1))
    await stand.ledger.advance([move(1)])
    assert await stand.names(viewer=STRANGER) == []
    (hit,) = (await stand.found(viewer=MINISTRY)).items
    assert (hit.counts, hit.sent, hit.entry.parts) == ({"consigned": 1}, False, ())
    assert await stand.names(viewer=MINISTRY, states=frozenset({"accepted"})) == []
    assert await stand.names(viewer=MINISTRY, recipient_id=PROVINCE) == []


async def test_a_delegate_finds_what_it_has_leave_for(stand: Stand) -> None:
    await stand.commit(
        accepted(1), replace(accepted(2), recipients=(Recipient(agency_id="U1", mailbox_id=SENDER),))
    )
    assert await stand.names(sent=False) == ["dispatch-2"]
    assert await stand.names(received=False) == ["dispatch-2", "dispatch-1"]
    assert await stand.names(viewer=PROVINCE, received=False) == []
    assert await stand.names(sent=False, received=False) == []
    assert await stand.names(viewer="U1") == []


async def test_who_joins_later_finds_it_once_that_is_followed(stand: Stand) -> None:
    await stand.commit(accepted(1))
    late = Recipient(agency_id=STRANGER, mailbox_id=STRANGER)
    await stand.ledger.commit(accepted(2, joins=(joining(2, 1, late),)))
    assert await stand.names(viewer=STRANGER) == []
    await stand.caught_up()
    assert await stand.names(viewer=STRANGER) == ["dispatch-1"]


@pytest.mark.parametrize("newest", [True, False])
async def test_pages_stand_still_while_more_is_committed(stand: Stand, newest: bool) -> None:
    await stand.commit(*(accepted(number) for number in range(1, 6)))
    first = await stand.found(newest=newest, limit=2)
    await stand.commit(*(accepted(number) for number in range(6, 9)))
    rest = await stand.found(newest=newest, after=first.next, limit=2)
    names = [hit.entry.dispatch_id for page in (first, rest) for hit in page.items]
    numbers = [5, 4, 3, 2] if newest else [1, 2, 3, 4]
    assert names == [f"dispatch-{number}" for number in numbers]
    last = await stand.found(newest=newest, after=rest.next, limit=100)
    assert [hit.entry.dispatch_id for hit in last.items] == (
        ["dispatch-1"] if newest else [f"dispatch-{number}" for number in range(5, 9)]
    )
    assert (first.more, rest.more, last.more) == (True, True, False)


async def test_a_page_ends_where_much_was_looked_at_in_vain(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (nouns, __import__("storage.ledger.relational.finding", fromlist=["x"])):
        monkeypatch.setattr(module, "LOOKED_AT_MOST", 3)
    monkeypatch.setattr("storage.ledger.memory.catalogue.LOOKED_AT_MOST", 3)
    await stand.commit(*(accepted(number) for number in range(1, 9)))
    found: list[str] = []
    after, more, pages = 0, True, 0
    while more:
        page = await stand.found(until=at(3), after=after)
        found += [hit.entry.dispatch_id for hit in page.items]
        after, more, pages = page.next, page.more, pages + 1
    assert found == ["dispatch-2", "dispatch-1"]
    assert pages == 3


async def test_what_is_committed_is_found_once_it_is_followed(stand: Stand) -> None:
    await stand.ledger.commit(accepted(1))
    assert (await stand.catalogue.reached()).behind
    assert await stand.names() == []
    followed = await stand.catalogue.follow(limit=100)
    assert (followed.taken, followed.behind, followed.last) == (1, False, at(1))
    assert await stand.names() == ["dispatch-1"]
    assert not (await stand.catalogue.reached()).behind


async def test_facets_count_what_the_viewer_finds(stand: Stand) -> None:
    last_year = datetime(2025, 12, 31, 16, 59, tzinfo=UTC)
    await stand.commit(
        about(1, accepted_at=last_year),
        about(2, accepted_at=last_year + timedelta(minutes=1), kind=2, priority=3),
        about(3),
    )
    counted = await stand.catalogue.facets(Sought(viewer=PROVINCE))
    assert (counted.total, counted.complete) == (3, True)
    assert dict(counted.years) == {"2025": 1, "2026": 2}
    assert dict(counted.senders) == {SENDER: 3}
    assert (dict(counted.kinds), dict(counted.priorities)) == ({0: 2, 2: 1}, {1: 2, 3: 1})
    assert (await stand.catalogue.facets(Sought(viewer=STRANGER))).total == 0
    narrowed = await stand.catalogue.facets(Sought(viewer=PROVINCE, kinds=frozenset({2})))
    assert narrowed.total == 1


async def test_facets_say_when_they_have_not_counted_all(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("memory.catalogue", "relational.finding"):
        monkeypatch.setattr(f"storage.ledger.{name}.COUNTED_MOST", 2)
    await stand.commit(*(accepted(number) for number in range(1, 4)))
    counted = await stand.catalogue.facets(Sought(viewer=SENDER))
    assert (counted.total, counted.complete) == (2, False)


@pytest.mark.parametrize(
    "sought",
    [
        Sought(viewer=SENDER, phrases=((),)),
        Sought(viewer=SENDER, phrases=(('a" OR "b',),)),
        Sought(viewer=SENDER, files=(("*",),)),
        Sought(viewer=SENDER, code_notation=("",)),
        Sought(viewer=SENDER, phrases=(("a",) * 41,)),
        Sought(viewer=SENDER, since=datetime(2026, 1, 1)),
        Sought(viewer=SENDER, document_id="\0"),
    ],
)
async def test_what_could_not_be_looked_for_is_refused(stand: Stand, sought: Sought) -> None:
    with pytest.raises(ValueError):
        await stand.catalogue.search(sought, limit=1)
    with pytest.raises(ValueError):
        await stand.catalogue.facets(sought)


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@pytest.mark.parametrize("name", ["sqlite", pytest.param("postgres", marks=ENGINE_OF["postgres"])])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=TEXTS, typed=TEXTS, operators=st.sampled_from(["", '"', "NEAR(", "AND", "marks : ", "*", "^"]))
async def test_whatever_is_written_and_typed_both_find_the_same(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    subject: str,
    typed: str,
    operators: str,
) -> None:
    wanted = phrases(*(word for word in (operators + typed, subject[:7]) if words_of(word)))
    found = []
    for make in (in_memory, CATALOGUES[name]):
        async with make(request, tmp_path_factory.mktemp("stand")) as stand:
            await stand.commit(about(1, subject=subject), about(2, subject=typed))
            found.append(await stand.names(phrases=wanted))
    assert found[0] == found[1]
    if subject[:7] and not words_of(operators + typed):
        assert "dispatch-1" in found[0] or not words_of(subject[:7])
