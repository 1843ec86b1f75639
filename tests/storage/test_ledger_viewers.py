"""What each party sees of a dispatch, and the stream of all that it sees, over every backend."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import Event, Evidence, NewEvent, Recipient
from tests.storage import whole
from tests.storage.records import (
    SENDER,
    accepted,
    asking,
    at,
    entry,
    evidence,
    joining,
    move,
    recipients,
    statement,
)

NAME = "dispatch-1"
PROVINCE = (
    Recipient(agency_id="H37", mailbox_id="H37"),
    Recipient(agency_id="H37.01", mailbox_id="H37"),
    Recipient(agency_id="G01", mailbox_id="G01"),
)
"""A province, a unit of it without systems, and someone else."""


async def step(
    ledger: Ledger, recipient: str, code: str = "01", *, version: int = 1, number: int = 1
) -> None:
    noted = NewEvent(kind=code, at=at(60), recipient_id=recipient, actor_id=recipient)
    issued = evidence(number, code, recipient_id=recipient)
    await ledger.advance(
        [
            move(
                number,
                recipient_id=recipient,
                expected_version=version,
                statement=statement(number, code, agency_id=recipient),
                evidence=(issued,),
                events=(noted,),
            )
        ]
    )


async def told(ledger: Ledger) -> None:
    """A dispatch whose recipients answer in turn."""
    await ledger.commit(accepted(1, recipients=PROVINCE))
    for recipient in ("G01", "H37.01", "H37"):
        await step(ledger, recipient)
    await step(ledger, "G01", "03", version=2)


def kinds(events: tuple[Event, ...]) -> list[tuple[int, str, str]]:
    return [(event.sequence, event.kind, event.recipient_id) for event in events]


OF_ALL = [(1, "accepted", ""), (2, "consigned", "")]
OF_PROVINCE = [*OF_ALL, (3, "01", "H37.01"), (4, "01", "H37")]
OF_OTHER = [*OF_ALL, (3, "01", "G01"), (4, "03", "G01")]
OF_SENDER = [*OF_ALL, (3, "01", "G01"), (4, "01", "H37.01"), (5, "01", "H37"), (6, "03", "G01")]
SEEN = {"H37": OF_PROVINCE, "G01": OF_OTHER, "H99": OF_ALL, "": OF_ALL, "H37.01": OF_ALL, None: OF_SENDER}


@pytest.mark.parametrize("viewer", SEEN)
async def test_a_viewer_counts_what_it_sees_without_gaps(ledger: Ledger, viewer: str | None) -> None:
    await told(ledger)
    for limit in (1, 2, 100):
        seen = await whole.pages(
            lambda after, most=limit: ledger.history(NAME, viewer=viewer, after=after, limit=most)
        )
        assert kinds(seen) == SEEN[viewer]
    rest = await ledger.history(NAME, viewer=viewer, after=2, limit=100)
    assert kinds(rest.items) == SEEN[viewer][2:]


async def test_a_unit_without_systems_is_seen_through_its_mailbox_alone(ledger: Ledger) -> None:
    await told(ledger)
    mine = await ledger.deliveries(NAME, viewer="H37", limit=9)
    assert [one.recipient_id for one in mine.items] == ["H37", "H37.01"]
    assert (await ledger.deliveries(NAME, viewer="H37.01", limit=9)).items == ()
    assert (await ledger.deliveries(NAME, viewer="", limit=9)).items == ()
    assert [item.delivery for item in await whole.inbox(ledger, "H37")] == list(mine.items)
    assert await whole.inbox(ledger, "H37.01") == ()


async def test_a_mailbox_counts_its_own_units_and_nobody_elses(ledger: Ledger) -> None:
    await told(ledger)
    for viewer in ("H37", "G01", "H37.01", "H99"):
        mine = await ledger.deliveries(NAME, viewer=viewer, limit=9)
        assert await ledger.counts(NAME, viewer=viewer) == Counter(one.state for one in mine.items)
    assert (await ledger.counts(NAME, viewer="H37")) != (await ledger.counts(NAME))
    assert await ledger.counts("nothing", viewer="H37") == {}


async def test_deliveries_of_a_viewer_are_paged_and_filtered(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=PROVINCE))
    await step(ledger, "H37.01")
    first = await ledger.deliveries(NAME, viewer="H37", limit=1)
    assert ([one.recipient_id for one in first.items], first.more) == (["H37"], True)
    rest = await ledger.deliveries(NAME, viewer="H37", after=first.next, limit=1)
    assert ([one.recipient_id for one in rest.items], rest.more) == (["H37.01"], False)
    waiting = await ledger.deliveries(NAME, viewer="H37", limit=9, states=["consigned"])
    assert [one.recipient_id for one in waiting.items] == ["H37"]


async def test_records_are_those_of_a_viewers_deliveries(ledger: Ledger) -> None:
    await told(ledger)

    async def read(**asked: str | None) -> list[str]:
        found = (await ledger.records(NAME, limit=99, **asked)).items  # type: ignore[arg-type]
        return [
            f"{one.evidence_id[11:-1]} {one.recipient_id}".strip() if isinstance(one, Evidence) else "stated"
            for one in found
        ]

    of_all = [f"{name}" for name in ("submission", "consignment")]
    assert (await read(viewer="H99")) == (await read(viewer="")) == (await read(recipient_id="")) == of_all
    assert len(await read(viewer="H37")) == 2 + 4
    assert len(await read(viewer="G01")) == 2 + 4
    assert len(await read()) == 2 + 8
    assert (await read(viewer="H37", recipient_id="H37.01")) == (await read(recipient_id="H37.01"))
    assert len(await read(recipient_id="H37.01")) == 2 + 2
    assert (await read(viewer="G01", recipient_id="H37.01")) == of_all
    assert (await read(viewer="", recipient_id="H37.01")) == of_all
    for viewer in ("H37", "G01"):
        named = await ledger.records(NAME, viewer=viewer, events=["SubmissionAcceptance"], limit=99)
        assert len(named.items) == 4


async def test_a_statement_of_the_sender_is_seen_by_the_recipient_it_asks(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=PROVINCE))
    asked = statement(1, "13", agency_id=SENDER, recipient_id="H37.01")
    await ledger.advance([move(1, recipient_id="H37.01", statement=asked, evidence=(), events=())])
    assert asked in (await ledger.records(NAME, viewer="H37", limit=9)).items
    assert asked in (await ledger.records(NAME, recipient_id="H37.01", limit=9)).items
    for unseen in ({"viewer": "G01"}, {"viewer": SENDER}, {"recipient_id": "H37"}):
        assert asked not in (await ledger.records(NAME, limit=9, **unseen)).items  # type: ignore[arg-type]


# Streams.


async def test_a_stream_tells_what_an_agency_sees_of_all_dispatches_in_order(ledger: Ledger) -> None:
    await told(ledger)
    await ledger.commit(accepted(2, recipients=recipients("G01")))
    await step(ledger, "H37", "03", version=2)
    for agency, seen in (("H37", OF_PROVINCE), ("G01", OF_OTHER), (SENDER, OF_SENDER)):
        items = await whole.stream(ledger, agency)
        cursors = [item.event.cursor for item in items]
        assert cursors == sorted(set(cursors))
        assert (
            kinds(tuple(item.event for item in items if item.entry.dispatch_id == NAME))[: len(seen)] == seen
        )
        assert all(item.entry.parts == () for item in items)
        assert await ledger.stream_end(agency) == cursors[-1]
    assert [item.entry for item in await whole.stream(ledger, "G01")][-1] == entry(2, parts=())


@pytest.mark.parametrize("agency", ["H37", "G01", SENDER])
async def test_history_and_stream_tell_the_same(ledger: Ledger, agency: str) -> None:
    await told(ledger)
    viewer = None if agency == SENDER else agency
    history = (await ledger.history(NAME, viewer=viewer, limit=99)).items
    assert tuple(item.event for item in await whole.stream(ledger, agency)) == history


async def test_a_stream_is_followed_from_any_place(ledger: Ledger) -> None:
    await told(ledger)
    everything = await whole.stream(ledger, "G01")
    one_by_one = await whole.pages(lambda after: ledger.stream("G01", after=after, limit=1))
    assert one_by_one == everything
    end = await ledger.stream_end("G01")
    assert await ledger.stream("G01", after=end, limit=9) == Page(items=(), next=end, more=False)
    await step(ledger, "G01", "06", version=3)
    (new,) = (await ledger.stream("G01", after=end, limit=9)).items
    assert (new.event.kind, new.event.sequence) == ("06", 5)


async def test_who_sees_nothing_has_an_empty_stream(ledger: Ledger) -> None:
    await told(ledger)
    for agency in ("H99", "H37.01", ""):
        assert await ledger.stream(agency, after=7, limit=9) == Page(items=(), next=7, more=False)
        assert await ledger.stream_end(agency) == 0


async def test_a_sender_that_addressed_itself_sees_each_event_once_as_the_sender(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=(*PROVINCE, *recipients(SENDER))))
    await step(ledger, "G01")
    await step(ledger, SENDER)
    items = await whole.stream(ledger, SENDER)
    assert kinds(tuple(item.event for item in items)) == [*OF_ALL, (3, "01", "G01"), (4, "01", SENDER)]


async def test_who_joins_sees_from_then_on_numbered_as_in_its_history(ledger: Ledger) -> None:
    await told(ledger)
    await ledger.commit(
        accepted(2, recipients=recipients("Z"), joins=(joining(2, 1, *recipients("Z", "Y")),))
    )
    await step(ledger, "Z")
    history = (await ledger.history(NAME, viewer="Z", limit=9)).items
    assert kinds(history) == [*OF_ALL, (3, "ContentConsignment", "Z"), (4, "01", "Z")]
    streamed = [item.event for item in await whole.stream(ledger, "Z")]
    assert tuple(event for event in streamed if event.dispatch_id == NAME) == history[2:]
    assert kinds((await ledger.history(NAME, viewer="Y", limit=9)).items)[2:] == [
        (3, "ContentConsignment", "Y")
    ]


async def test_a_later_event_of_all_is_in_every_stream(ledger: Ledger) -> None:
    await told(ledger)
    noted = (
        NewEvent(kind="of one", at=at(9), recipient_id="G01"),
        NewEvent(kind="of all", at=at(9)),
        NewEvent(kind="of another", at=at(9), recipient_id="H37"),
        NewEvent(kind="of all", at=at(9)),
    )
    await ledger.advance(
        [move(1, recipient_id="H37", expected_version=2, statement=None, evidence=(), events=noted)]
    )
    expected = {
        "G01": [(5, "of one", "G01"), (6, "of all", ""), (7, "of all", "")],
        "H37": [(5, "of all", ""), (6, "of another", "H37"), (7, "of all", "")],
        SENDER: [(7, "of one", "G01"), (8, "of all", ""), (9, "of another", "H37"), (10, "of all", "")],
    }
    for agency, last in expected.items():
        items = await whole.stream(ledger, agency)
        assert kinds(tuple(item.event for item in items))[-len(last) :] == last
        history = await whole.pages(
            lambda after, who=agency: ledger.history(
                NAME, viewer=None if who == SENDER else who, after=after, limit=2
            )
        )
        assert tuple(item.event for item in items) == history


async def test_a_question_is_in_the_streams_of_who_asks_and_who_is_asked(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=PROVINCE))
    await ledger.commit(accepted(2, recipients=recipients("Z"), asks=(asking(2, 1, "H37", "G01"),)))
    for agency, names in ((SENDER, ["H37", "G01"]), ("H37", ["H37"]), ("G01", ["G01"]), ("Z", [])):
        items = await whole.stream(ledger, agency)
        asked = [item.event for item in items if item.event.kind == "RecallRequested"]
        assert [event.recipient_id for event in asked] == names
        assert all((event.dispatch_id, event.related_id) == (NAME, "dispatch-2") for event in asked)


async def test_a_follower_misses_nothing_while_many_write(ledger: Ledger) -> None:
    count, seen = 60, []

    async def follow() -> None:
        after = 0
        while len(seen) < 3 * count:
            page = await ledger.stream("H37", after=after, limit=7)
            seen.extend(item.event for item in page.items)
            after = page.next
            await asyncio.sleep(0)

    async def send(number: int) -> None:
        await ledger.commit(accepted(number, recipients=PROVINCE))
        await step(ledger, "H37.01", number=number)

    async with asyncio.timeout(60):
        await asyncio.gather(follow(), *map(send, range(count)))
    assert len({(event.dispatch_id, event.sequence) for event in seen}) == len(seen) == 3 * count
    for number in range(count):
        sequences = [event.sequence for event in seen if event.dispatch_id == f"dispatch-{number}"]
        assert sequences == [1, 2, 3]


@pytest.mark.parametrize(("after", "limit"), [(0, 0), (-1, 1), (1 << 63, 1)])
async def test_a_page_of_a_stream_that_cannot_be_is_refused(ledger: Ledger, after: int, limit: int) -> None:
    with pytest.raises(ValueError):
        await ledger.stream(SENDER, after=after, limit=limit)
